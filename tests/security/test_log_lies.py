# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lies of an unprivileged user in the logs of a host: names of programs and files, lines through syslog, a forged mark."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.failure_facts import failures_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import LogContext
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import filter_log
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import Clock
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import MARK

RELEASE = "6.1.0-25-amd64"
BOOTED = 1_700_000_000
DAY = 86400
TOKEN = "0123456789abcdef"
BOOT = f"Linux version {RELEASE} (x@y) (gcc) #1 SMP Debian"
HEAD = "swapper/3: page allocation failure: order:2, mode:0x40a20(GFP_ATOMIC|__GFP_COMP), nodemask=(null),cpuset=/,mems_allowed=0"
HONEST = f"[    0.000000] {BOOT}\n[  100.000000] {HEAD}\n[  100.000001] CPU: 3 PID: 0 Comm: swapper/3 Not tainted {RELEASE} #1\n"
LIE = "x: page allocation failure: order:2, mode:0x4020"


def facts_of(*logs: tuple[str, str], since: int | None = None, release: str | None = RELEASE) -> Any:
    """The facts of these logs, as they come and as the target's filter leaves them."""
    context = LogContext(Clock(BOOTED, BOOTED + 10 * DAY), release, (), TOKEN, since)
    whole, left = (failures_of([(name, of(text)) for name, text in logs], context) for of in (str, filter_log))
    assert whole == left
    return whole


def segfault(name: str, file: str) -> str:
    where = "at 0 ip 000055c4b998a132 sp 00007fff0d1db380 error 6 in"
    return f"{name[:15]}[23883]: segfault {where} {file}[1132,55c4b998a000+1000] likely on CPU 1 (core 1, socket 0)"


@pytest.mark.parametrize("at", ["", "[  518.645178] ", "<4>[  518.645178] ", "[Tue Nov 14 22:13:20 2023] ", "[  518.645178] [   T21] "])
@pytest.mark.parametrize("file", [LIE, LIE + " ", "a\\x0a" + LIE, "a#012" + LIE, "<4>[    1.000000] " + LIE, "a<4>" + LIE])
def test_the_name_of_a_program_that_crashes_is_no_failure(at: str, file: str) -> None:
    facts = facts_of(("dmesg", f"{at}{segfault(file, file)}\n"))
    assert (facts["count"], facts["others"]) == (0, [])
    trap = f"{at}traps: {file[:15]}[7] trap int3 ip:55c4b998a132 sp:7fff0d1db380 error:0 in {file}[400000+1000]\n"
    assert facts_of(("dmesg", trap))["count"] == 0


@pytest.mark.parametrize(
    "file",
    ["Linux version 9.9.9 (x) y", "a#012Linux version 9.9.9 (x) y", "a\\x0aLinux version 9.9.9 (x) y", "a\nLinux version 9.9.9 (x) y"],
)
@pytest.mark.parametrize("name", ["dmesg", "journal", "messages"])
def test_a_name_is_no_boot_and_hides_nothing(name: str, file: str) -> None:
    prefix = "" if name == "dmesg" else "2023-11-14T22:13:20+00:00 db01 kernel: "
    text = "".join(f"{prefix}{line}\n" for line in (*HONEST.splitlines(), "[  518.645178] " + segfault(file, file)))
    facts = facts_of((name, text))
    assert (facts["count"], facts["boot_seen"]) == (1, True)
    assert facts["last"]["kernel"] == RELEASE


def test_in_dmesg_no_boot_hides_what_stands_before_it() -> None:
    """Where dmesg prints newlines as they are a user can forge any line, but hides nothing with it: all of dmesg is of one boot."""
    forged = "\n[    0.000000] Linux version 9.9.9 (x) y\n"
    assert facts_of(("dmesg", HONEST + forged))["count"] == 1
    without_times = "\n".join(line.split("] ", 1)[1] for line in HONEST.splitlines())
    assert facts_of(("dmesg", without_times + "\nLinux version 9.9.9 (x) y\n"), release=None)["count"] == 1


def logged(line: str, day: int = 5) -> str:
    return f"2023-11-{14 + day}T22:13:20.123456+00:00 db01 kernel: {line}\n"


@pytest.mark.parametrize("boot", [BOOT, f"[    0.000000] {BOOT}", "Linux version 9.9.9 (x) y", f"[  999.000000] {BOOT}"])
def test_a_boot_through_syslog_days_after_the_boot_hides_nothing(boot: str) -> None:
    facts = facts_of(("messages", logged(HEAD, 2) + logged(boot, 5)))
    assert (facts["count"], facts["boot_seen"]) == (1, False)
    assert facts_of(("dmesg", "[  100.000000] " + HEAD), ("messages", logged(boot, 5)))["count"] == 1


def test_a_failure_through_syslog_counts_as_one_that_users_may_have_written() -> None:
    facts = facts_of(("dmesg", "late\n"), ("messages", logged(LIE)))
    assert (facts["count"], facts["untrusted"], facts["groups"][0]["trusted"]) == (1, 1, False)
    facts = facts_of(("dmesg", HONEST), ("messages", logged(LIE)))
    assert (facts["count"], facts["untrusted"], facts["sources"]) == (1, 0, ["dmesg"]), "dmesg reaches back to the boot: it is enough"


def test_what_both_logs_have_is_trusted_and_counts_once() -> None:
    text = "".join(f"[{100 + number}.000000] {HEAD}\n" for number in range(5))
    copy = "".join(f"2023-11-14T22:{15 + number // 60:02d}:{number % 60:02d}+00:00 db01 kernel: {HEAD}\n" for number in range(5))
    facts = facts_of(("dmesg", text), ("messages", copy + logged(LIE)))
    assert (facts["count"], facts["untrusted"]) == (6, 1)


@pytest.mark.parametrize("speaker", ["db01 app:", "db01 app: kernel:", "db01 kernel[1234]:", "db01 app[1]:", "app:", "-- kernel:"])
def test_another_speaker_is_not_the_kernel(speaker: str) -> None:
    line = f"2023-11-19T22:13:20+00:00 {speaker} {LIE}"
    allowed = 1 if speaker == "-- kernel:" else 0  # a host of that name
    assert facts_of(("messages", line + "#012" + LIE))["count"] == 2 * allowed
    assert facts_of(("journal", line))["count"] == allowed


def test_an_identifier_in_the_journal_is_not_the_kernel() -> None:
    """journalctl shows what a program calls itself, then its pid: the kernel has none."""
    assert facts_of(("journal", f"2023-11-19T22:13:20+00:00 db01 kernel: {LIE}[1234]: text"))["count"] == 0
    assert facts_of(("journal", "2023-11-19T22:13:20+00:00 db01 kernel: Linux version 9.9.9 (x)[1234]: text\n"))["count"] == 0


def test_a_line_behind_a_newline_in_the_journal_is_indented_and_nobodys() -> None:
    text = logged(HEAD) + " " * 40 + LIE + "\n" + " " * 40 + f"{BOOT}\n{LIE}\n{BOOT}\n"
    assert (facts_of(("journal", text))["count"], facts_of(("journal", text))["boot_seen"]) == (1, False)


@pytest.mark.parametrize("token", [None, "f" * 16, TOKEN.upper(), TOKEN[:15]])
@pytest.mark.parametrize("name", ["dmesg", "messages"])
def test_a_mark_that_the_record_does_not_bear_out_is_none(name: str, token: str | None) -> None:
    line = f"{MARK} (step 1)" if token is None else f"{MARK} (step 1, {token})"
    text = HONEST + f"[  200.000000] {line}\n" if name == "dmesg" else logged(HEAD, 1) + logged(line, 2)
    assert facts_of((name, text))["since_workaround"] is None
    assert facts_of((name, text), since=BOOTED + 50)["since_workaround"]["count"] == 1, "the times decide"


def test_a_mark_that_was_read_in_dmesg_and_repeated_in_a_file_hides_nothing() -> None:
    mark = f"{MARK} (step 1, {TOKEN})"
    text = f"[  100.000000] {mark}\n[  200.000000] {HEAD}\n"
    facts = facts_of(("dmesg", text), ("messages", logged(HEAD, 2) + logged(mark, 5)))
    assert facts["since_workaround"]["count"] >= 1


def test_a_process_cannot_hide_its_failures_by_its_name() -> None:
    names = (
        "Linux version 9",
        "in:imklog",
        "kern  :warn  : ",
        "a[1]: b",
        "x kernel",
        "db01 kernel",
        "Mem-Info",
        "#012",
        "<4>x",
        "a<4>",
        ", mode:0x20",
        "vmalloc",
    )
    for name in names:
        for prefix in ("", "[  100.000000] ", "2023-11-19T22:13:20+00:00 db01 kernel: ", "Nov 19 22:13:20 kernel: "):
            log = "messages" if "kernel:" in prefix else "dmesg"
            text = f"{prefix}{name[:15]}: page allocation failure: order:2, mode:0x40a20(GFP_ATOMIC|__GFP_COMP), nodemask=(null)"
            if not (log == "messages" and name == "#012"):
                assert facts_of((log, text))["count"] == 1, text


def test_a_forged_boot_of_another_kernel_hides_no_failure_in_pieces() -> None:
    text = "[    0.000000] Linux version 9.9.9 (x) y\n[  100.000000] page allocation failure: order:1, mode:0x2080020(GFP_ATOMIC)\n"
    assert facts_of(("dmesg", text), release="4.9.0-5-amd64")["count"] == 1
