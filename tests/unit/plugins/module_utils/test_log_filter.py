# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves the target: the same in every awk as in Python, bounded, the newest of each kind."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.failure_facts import failures_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import LogContext
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import (
    AWK_FILTER,
    KINDS,
    MAX_TRACE_LINES,
    TRACE_BYTES,
    WORDS,
    filter_log,
    without_closing,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import Clock
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import tool
from tests.unit.plugins.module_utils.test_kernel_log import ANY, BODIES, EL6, EL7, HEAD, LINES, MARKED, NEW, PREFIXES, prefixed

AWKS = ("mawk", "gawk", "gawk --posix", "gawk --traditional", "busybox awk", "original-awk")
LOGS = st.builds("{}{}".format, st.lists(LINES, max_size=25).map("\n".join), st.sampled_from(["", "\n"]))


def awk(words: str, text: str, tag: str = "$dmesg") -> str:
    first, *rest = words.split()
    done = subprocess.run(
        [tool(first), *rest, "-v", "tag=" + tag, AWK_FILTER],
        input=text.encode(),
        capture_output=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode(errors="replace").split("\n")
    assert lines.pop() == ""
    assert all(line.startswith(tag + ":") for line in lines)
    return "".join(line[len(tag) + 1 :] + "\n" for line in lines)


def test_the_program_fits_into_single_quotes_and_a_command_line() -> None:
    assert "'" not in AWK_FILTER
    assert "@" not in AWK_FILTER, "a mark was not filled in"
    assert AWK_FILTER.isascii()
    assert len(AWK_FILTER) < 2048


def test_no_word_is_read_as_a_pattern_by_awk() -> None:
    others = [word.replace(".", "x").replace("*", "x") for word in WORDS]
    text = "".join(f"x{word}x\n" for word in (*WORDS, *others))
    assert filter_log(text) == awk("mawk", text)


@pytest.mark.parametrize("words", AWKS)
@pytest.mark.parametrize("text", [EL6, EL7, NEW, EL7 + EL6, EL6 + HEAD + MARKED, EL6.rstrip("\n"), "", "\n", "noise"])
@pytest.mark.parametrize("prefix", ["none", "syslog"])
def test_awk_and_python_keep_the_same(words: str, text: str, prefix: str) -> None:
    text = prefixed(text, PREFIXES[prefix]) if PREFIXES[prefix] else text
    assert awk(words, text) == filter_log(text)


@pytest.mark.parametrize("before", ["__ratelimit: 3 callbacks suppressed", "swapper/7: "])
def test_a_line_right_before_a_failure_is_kept_that_may_be_about_it(before: str) -> None:
    for text in (f"{before}\n{HEAD}\n", f"x\n{before}\n{HEAD}\n"):
        assert filter_log(text) == f"{text}#log failures 1 dropped 0 0 0 0 0\n"


@example("x:\nx:\n" + HEAD + "\nx:\nx:\n" + HEAD)
@example("__ratelimit: 3 callbacks suppressed\n" + HEAD)
@example("a#012" * 3000 + HEAD)
@settings(max_examples=60)
@given(LOGS)
def test_awk_and_python_keep_the_same_of_any_text(text: str) -> None:
    text = text.encode("ascii", "replace").decode()  # they cut other characters differently
    for words in ("mawk", "gawk", "busybox awk", "original-awk"):
        assert awk(words, text) == filter_log(text), words


@pytest.mark.parametrize("name", ["dmesg", "messages"])
@settings(max_examples=150)
@given(st.sampled_from(list(PREFIXES.values())), st.lists(BODIES | ANY, max_size=25))
def test_the_facts_of_what_is_kept_are_those_of_the_whole(name: str, prefix: str, lines: list[str]) -> None:
    text = "".join(f"{prefix}{line}\n" for line in lines)
    context = LogContext(Clock(1363600000, 1363700000), None, ("mlx4_en",), "0123456789abcdef", None)
    of_whole, of_kept = (failures_of([(name, one)], context) for one in (text, filter_log(text)))
    for fact in ("count", "by_order", "source", "boot_seen", "untrusted"):
        assert of_kept[fact] == of_whole[fact], fact


@pytest.mark.parametrize("words", AWKS)
def test_what_travels_is_bounded_and_the_newest_of_each_kind_stays(words: str) -> None:
    zones = "Mem-Info:\n" + "Node 0 Normal: 1*4kB = 4kB\n" * 5000
    trace = "Pid: 0, comm: swapper Not tainted 2.6.32-358.2.1.el6.x86_64 #1\nCall Trace:\n"
    trace += ("y+0x1/0x2 [m]" + "y" * 400 + "\n") * (MAX_TRACE_LINES + 50)
    others = "SLUB: Unable to allocate memory on node -1 (gfp=0x20)\n" * 5000
    text = EL6 + zones + others + (HEAD + "z" * 2000 + "\n") * 5 + (HEAD + "\n") * 4000 + trace
    kept = awk(words, text)
    assert kept == filter_log(text)
    assert len(kept) < TRACE_BYTES + sum(room + 513 for _words, room in KINDS.values())
    assert max(map(len, kept.split("\n"))) <= 512, "and so is each line"
    failures = failures_of([("dmesg", kept)], LogContext(Clock()))
    assert failures["count"] == 4006, "all are counted"
    assert 500 < failures["by_order"]["2"] < 4006, "the last ones are told apart"
    assert failures["boot_seen"] and failures["by_driver"] == {"m": 1}, "a flood of one kind costs none of another"


#: How many KiB of each kind travel, as docs/evidence.md says, and a line of the kind.
ROOMS = {
    "failures": (80, 1, HEAD),
    "boots and marks": (8, 2, "Linux version 6.1"),
    "other trouble": (16, 3, "oom-kill"),
    "Mem-Info": (24, 4, "Mem-Info:"),
    "traces": (80, 5, " y+0x1/0x2 [m]"),
}


@pytest.mark.parametrize(("room_kib", "kind", "line"), ROOMS.values(), ids=ROOMS.keys())
def test_each_kind_has_its_room_to_the_byte(room_kib: int, kind: int, line: str) -> None:
    before = "x\n" + HEAD + "\n" if kind == 5 else "Mem-\n" if kind == 2 else "x\n"
    lines = [line.ljust(512, "_")] * (2 * room_kib - 1)
    for more, dropped in ((0, 0), (1, 1)):
        text = before + "\n".join([line.ljust(256, "_"), line.ljust(256 + more, "_"), *lines]) + "\n"
        kept = filter_log(text)
        assert kept == awk("mawk", text)
        assert int(kept.split()[-6 + kind]) == dropped


def test_what_may_belong_to_a_failure_is_looked_for_300_lines_behind_it() -> None:
    text = HEAD + "\n" + "x\n" * 299 + " y+0x1/0x2 [in]\n y+0x1/0x2 [out]\n"
    assert filter_log(text) == awk("mawk", text) == f"{HEAD}\n y+0x1/0x2 [in]\n#log failures 1 dropped 0 0 0 0 0\n"


@pytest.mark.parametrize(("line", "length"), [(HEAD, 512), (HEAD + "#012", 6144)])
def test_a_line_is_cut_and_one_that_holds_several_later(line: str, length: int) -> None:
    text = line.ljust(9000, "_") + "\n"
    assert filter_log(text) == awk("mawk", text)
    assert filter_log(text).split("\n")[0] == text[:length]


@pytest.mark.parametrize("words", AWKS)
@pytest.mark.parametrize("between", [0, 59, 60])
@pytest.mark.parametrize("trouble", ["Linux\na invoked oom-killer: order=0\n", "WARNING: CPU: 0 PID: 1 at net/x.c:1\n"])
def test_whose_another_trouble_was_is_kept(words: str, between: int, trouble: str) -> None:
    who = "CPU: 1 PID: 2 Comm: a Not tainted 4.14.98 #1\n"
    text = trouble + "x\n" * between + who + " y+0x1/0x2 [m]\n" + "x\n" * 60 + who
    kept = filter_log(text)
    assert kept.count(who) == (between < 60) and "+0x" not in kept, "but not its trace"
    assert awk(words, text) == kept


def test_the_closing_line_of_earlier_versions_is_read() -> None:
    assert without_closing(HEAD + "\n#boot 1 failures 77 after 3\n") == (HEAD + "\n", 76, 0)
    assert without_closing("#lines 4000 boot 0 failures 0\n") == ("", 0, 0)
    assert without_closing(HEAD + "\n#log failures 5 dropped 4 0 0 0 7\n") == (HEAD + "\n", 4, 7)
    for text in (HEAD, HEAD + "\n[    1.000000] #log failures 5 dropped 4 0 0 0 0", "#log failures 5 dropped 4 0 0 0 0\n" + HEAD):
        assert without_closing(text) == (text, 0, 0), "only the last line is the filter's"


@pytest.mark.parametrize("words", AWKS)
def test_a_long_log_is_filtered_fast(words: str) -> None:
    text = prefixed("\n".join(f"usb 1-1: new device {number}" for number in range(40000)) + "\n" + EL6, PREFIXES["syslog"])
    started = time.monotonic()
    assert len(awk(words, text).split("\n")) < 40
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "text",
    ["a" * (1 << 20), "[" * (1 << 20), ": page allocation failure" * 40000, "#012" * (1 << 18), "\n" * (1 << 20), "x:\n" * (1 << 18)],
)
def test_hostile_text_costs_linear_time(text: str) -> None:
    started = time.process_time()
    filter_log(text)
    filter_log(HEAD + "\n" + text)
    assert time.process_time() - started < 8
