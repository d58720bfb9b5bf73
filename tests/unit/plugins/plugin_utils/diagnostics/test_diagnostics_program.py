# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that a host runs, on this machine: every shell says the same, all of it is bounded, and nothing is written."""

from __future__ import annotations

import re
import resource
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.collected import members_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.diagnostics_program import render_diagnostics

from tests.conftest import tool
from tests.security.workaround_host import NONCE, SHELLS

#: As for the trace: dropbear takes no command of more than 9000 bytes.
MOST_BYTES = 8910
ASKED: dict[str, Any] = {"seconds": 60, "log_kb": 64, "text_kb": 64, "most_bytes": 8 * 2**20, "sysrq": False}
BOOT = "[    0.000000] Linux version 2.6.32-358.el6.x86_64 (mockbuild@build) #1 SMP"
#: What does not move from one look to the next.
STEADY = re.compile(r"\$(?!uptime|date|ip_link|ethtool_S)|/etc/|/proc/(?:cmdline|version|sys/vm/|cpuinfo)|/sys/module/")


def answer(program: str, *words: str, most_bytes: int = 8 * 2**20) -> Evidence:
    shell = words or (tool("dash"),)
    done = subprocess.run([*shell, "-c", program], capture_output=True, timeout=120, check=False)
    return read_transcript(done.stdout.decode("utf-8", "replace"), NONCE, most_bytes)


def with_commands(folder: Path, program: str, **scripts: str) -> str:
    """The program on a machine where these commands do what the scripts do."""
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return program.replace("PATH=$PATH:", f"PATH={folder}:$PATH:", 1)


def test_it_is_not_too_long_for_an_sshd() -> None:
    largest = {"seconds": 3600, "log_kb": 4096, "text_kb": 4096, "most_bytes": 64 * 2**20, "sysrq": True}
    assert len(shlex.quote(render_diagnostics(NONCE, **largest)).encode()) < MOST_BYTES


@pytest.mark.parametrize("name", ["seconds", "log_kb", "text_kb", "most_bytes"])
@pytest.mark.parametrize("value", ["1; reboot", "1", True, -1, 1.0, None])
def test_nothing_but_a_number_gets_into_it(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match="deadbeef|'0123"):
        render_diagnostics(NONCE, **{**ASKED, name: value})


def reasons(evidence: Evidence) -> dict[str, str]:
    """Without which files were longer than the room: some of them grow and shrink."""
    return {source: reason for source, reason in evidence.reasons.items() if not source.startswith("$cut")}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_says_the_same(shell: str, tmp_path: Path) -> None:
    first, *rest = shell.split()
    program = with_commands(tmp_path, render_diagnostics(NONCE, **ASKED), dmesg=f"echo '{BOOT}'; echo; echo last")
    here, reference = answer(program, tool(first), *rest), answer(program)
    assert here.whole and reasons(here) == reasons(reference)
    assert {s: t for s, t in here.texts.items() if STEADY.match(s)} == {s: t for s, t in reference.texts.items() if STEADY.match(s)}
    assert set(here.texts) == set(reference.texts)
    assert here.texts["$dmesg"] == f"{BOOT}\n\nlast\n"


def test_it_has_what_an_engineer_asks_for(tmp_path: Path) -> None:
    evidence = answer(with_commands(tmp_path, render_diagnostics(NONCE, **ASKED), dmesg=f"echo '{BOOT}'"))
    collected = members_of(evidence)
    asked = ("meminfo", "zoneinfo", "buddyinfo", "pagetypeinfo", "vmstat", "slabinfo", "vmallocinfo", "interrupts", "softirqs", "cpuinfo",
             "cmdline", "net/softnet_stat", "net/sockstat", "version", "sys/vm/min_free_kbytes", "sys/kernel/tainted")  # fmt: skip
    there = {path.removeprefix("proc/") for path in collected.texts}
    assert {name for name in asked if Path("/proc", name).exists() and name not in there} == set()
    assert not collected.left_out and collected.whole
    whole = Path("/proc/zoneinfo").read_text()
    assert collected.texts["proc/zoneinfo"].count("\n") == whole.count("\n")
    assert "sos_commands/kernel/sysctl_-a" in collected.texts
    assert facts_from(evidence)["zones"] is not None


def test_each_card_is_asked_for_its_link_settings_and_counters(tmp_path: Path) -> None:
    program = with_commands(tmp_path, render_diagnostics(NONCE, **ASKED), ethtool='echo "asked: $*"')
    texts = members_of(answer(program)).texts
    cards = [path.parent.name for path in Path("/sys/class/net").glob("*/device")]
    flags = ("", "-i ", "-g ", "-l ", "-k ", "-S ")
    told = {f"sos_commands/networking/ethtool_{flag.replace(' ', '_')}{card}": f"asked: {flag}{card}\n" for card in cards for flag in flags}
    assert cards and told.items() <= texts.items()


@pytest.mark.parametrize(
    ("text", "kept", "part"),
    [
        ("seq 100000 | sed 's/^/dmesg /'", "last", "tail"),
        ("head -c 300000 /dev/zero | tr '\\0' x", "", "tail"),
        ("echo a; printf b", "a\nb\n", None),
        ("printf ''", None, None),
    ],
)
def test_of_a_long_log_the_newest_whole_lines_are_kept(text: str, kept: str | None, part: str | None, tmp_path: Path) -> None:
    evidence = answer(with_commands(tmp_path, render_diagnostics(NONCE, **ASKED), dmesg=text))
    told = evidence.texts.get("$dmesg")
    if kept == "last":
        assert told is not None and told.endswith("\ndmesg 100000\n") and 60_000 < len(told) <= 64 * 1024
        assert told.startswith("dmesg ")
    elif kept == "":
        assert told is not None and len(told) < 9000
    else:
        assert told == kept
    assert (evidence.reasons.get("$cut$dmesg") == "last") == (kept == "last")
    assert evidence.whole and part in ("tail", None)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'dmesg: Operation not permitted' >&2; exit 1", "dmesg: Operation not permitted"),
        ("exit 3", "exit status 3"),
        ("exit 124", "no answer in time"),
    ],
)
def test_a_log_that_cannot_be_read_is_missing_with_the_reason(script: str, reason: str, tmp_path: Path) -> None:
    evidence = answer(with_commands(tmp_path, render_diagnostics(NONCE, **ASKED), dmesg=script, journalctl="echo '-- No entries --'"))
    assert evidence.reasons["$dmesg"] == reason and "$dmesg" not in evidence.texts
    assert evidence.reasons["$journal"] == "-- No entries --"


def test_a_log_that_poses_as_the_frame_stays_a_log(tmp_path: Path) -> None:
    lies = f"pagealloc-evidence end {NONCE}\n/etc/os-release:lie\n{NONCE}0\n!/proc/meminfo:lie"
    evidence = answer(with_commands(tmp_path, render_diagnostics(NONCE, **ASKED), dmesg=f"cat <<'E'\n{lies}\nE"))
    assert evidence.texts["$dmesg"] == lies + "\n"
    assert "MemTotal" in evidence.texts["/proc/meminfo"] and evidence.whole


def test_a_driver_that_hangs_costs_its_own_answers_alone(tmp_path: Path) -> None:
    program = with_commands(tmp_path, render_diagnostics(NONCE, **ASKED), ethtool="exec sleep 60", dmesg=f"echo '{BOOT}'")
    evidence = answer(re.sub(r"\btimeout 10\b", "timeout 1", program))
    assert evidence.whole and evidence.texts["$dmesg"] and evidence.texts["/proc/slabinfo"]
    assert not any(source.startswith("$ethtool") for source in evidence.texts)


def test_when_time_is_up_it_sends_what_it_has() -> None:
    evidence = answer(render_diagnostics(NONCE, **ASKED).replace("LATE=42", "LATE=0"))
    assert evidence.whole and evidence.reasons["$dmesg"] == "time is up"
    assert "MemTotal" in evidence.texts["/proc/meminfo"]


def test_the_whole_answer_is_bounded() -> None:
    evidence = answer(render_diagnostics(NONCE, **{**ASKED, "most_bytes": 30_000}), most_bytes=30_000)
    assert not evidence.whole and sum(map(len, evidence.texts.values())) < 30_000


def test_it_gives_way_to_others_and_costs_the_host_little(tmp_path: Path) -> None:
    program = with_commands(tmp_path, render_diagnostics(NONCE, **ASKED), dmesg="nice")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    evidence = answer(program)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert evidence.whole and evidence.texts["$dmesg"] == "19\n"
    # half a second of a processor is usual
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5


def test_it_writes_nothing_but_the_request_of_sysrq() -> None:
    program = render_diagnostics(NONCE, **ASKED)
    targets = {target for target in re.findall(r">+ ?([^ ;&)'\"]+)", program) if target.startswith(("/", "$"))}
    assert {"/dev/null", "/proc/sysrq-trigger"} <= targets <= {"/dev/null", "/proc/sysrq-trigger", "$LATE", "$room"}
    assert " SYSRQ= " in program and " SYSRQ=m " in render_diagnostics(NONCE, **{**ASKED, "sysrq": True})
    sources = answer(program).texts
    assert not any(source.endswith(("/stat_refresh", "/compact_memory", "/drop_caches")) for source in sources)
