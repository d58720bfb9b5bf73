# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A step is put back where the kernel killed a process because memory ran out, and not where a user's process makes the log look so.

The log and the counter of the kernel are files here: no test may bring this machine out of memory.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import read_answer

from tests.security.workaround_host import NONCE, SHELLS, WorkaroundHost

BEFORE = "[    1.000000] Out of memory: Killed process 7 (old) total-vm:1kB\n[    2.000000] eth0: link up\n"
KILLS = {
    "EL 6": "Out of memory: Kill process 4711 (java) score 900 or sacrifice child",
    "EL 5": "Out of memory: Killed process 4711 (java).",
    "2.6.32": "Out of memory: kill process 4711 (java) score 900 or a child",
    "EL 7": "[90000.000000] Out of memory: Kill process 4711 (java) score 900 or sacrifice child",
    "EL 9": "[90000.000000] Out of memory: Killed process 4711 (java) total-vm:1kB, anon-rss:1kB",
    "with a level": "<3>[90000.000000] Out of memory: Killed process 4711 (java) total-vm:1kB",
    "with the caller": "[90000.000000][ T4711] Out of memory: Killed process 4711 (java) total-vm:1kB",
    "who asked": "[90000.000000] Out of memory (oom_kill_allocating_task): Killed process 4711 (java) total-vm:1kB",
}
#: A process of any name of 15 characters that crashes, at the limit of its container, or whose log lines tell of another.
NO_KILLS = {
    "a name": "[90000.000000] Out of memory[4711]: segfault at 0 ip 0 sp 0 error 4 in cat[1000+2000]",
    "a longer name": "[90000.000000] Out of memory: [4711]: segfault at 0 ip 0 sp 0 error 4 in cat[1000+2000]",
    "a name of two lines": "[90000.000000] x\nOut of memory:[4711]: segfault at 0 ip 0 sp 0 error 4 in cat[1000+2000]",
    "in a sentence": "[90000.000000] cat[4711]: segfault at 0 in Out of memory: Killed process 1 (init)",
    "a container": "[90000.000000] Memory cgroup out of memory: Killed process 4711 (java) total-vm:1kB",
}


def outcome(host: WorkaroundHost, shell: str, log: str, counts: tuple[int, int] | None) -> tuple[str, str]:
    """(outcome, reason) of a step in whose watch the log becomes ``log`` and the counter goes from the one to the other."""
    programs = host.folder / "bin"
    programs.mkdir()
    texts = {"log": BEFORE, "next": log, "vmstat": _vmstat(counts and counts[0]), "vmstat.next": _vmstat(counts and counts[1])}
    for name, text in texts.items():
        (host.folder / name).write_text(text)
    _program(programs / "dmesg", f"cat {host.folder}/log")
    _program(programs / "sleep", f"cat {host.folder}/next >{host.folder}/log; cat {host.folder}/vmstat.next >{host.folder}/vmstat")
    text = host.program("apply", watch_seconds=1)
    assert "/proc/vmstat" in text
    run = host.start(shell, text.replace("/proc/vmstat", f"{host.folder}/vmstat"), {"PATH": f"{programs}:{os.environ['PATH']}"})
    output, errors = run.communicate(timeout=60)
    assert errors == ""
    answer = read_answer(output, NONCE)
    return answer.outcome, answer.reason


def _vmstat(kills: int | None) -> str:
    return "nr_free_pages 4711\n" + ("" if kills is None else f"oom_kill {kills}\n") + "pgfault 4711\n"


def _program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


@pytest.fixture
def host(tmp_path: Path) -> WorkaroundHost:
    return WorkaroundHost(tmp_path / "host")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("counts", [None, (1, 2)], ids=["without a counter", "counted"])
@pytest.mark.parametrize("kernel", KILLS)
def test_a_kill_puts_the_step_back(host: WorkaroundHost, kernel: str, counts: tuple[int, int] | None, shell: str) -> None:
    found = outcome(host, shell, f"{BEFORE}{KILLS[kernel]}\n[90001.000000] eth0: link up\n", counts)
    assert found == ("rolled_back", "the kernel ran out of memory and killed a process")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("counts", [None, (1, 2)], ids=["without a counter", "counted"])
@pytest.mark.parametrize("kind", NO_KILLS)
def test_what_any_user_can_bring_about_does_not(host: WorkaroundHost, kind: str, counts: tuple[int, int] | None, shell: str) -> None:
    """Counted: the kernel counts also what it killed at the limit of a container."""
    assert outcome(host, shell, f"{BEFORE}{NO_KILLS[kind]}\n", counts) == ("applied", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_nor_does_a_line_that_the_kernels_counter_knows_nothing_of(host: WorkaroundHost, shell: str) -> None:
    assert outcome(host, shell, f"{BEFORE}{KILLS['EL 9']}\n", (1, 1)) == ("applied", "")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("counts", [None, (1, 2)], ids=["without a counter", "counted"])
def test_an_old_kill_that_leaves_the_log_is_no_new_one(host: WorkaroundHost, counts: tuple[int, int] | None, shell: str) -> None:
    assert outcome(host, shell, "[    2.000000] eth0: link up\n", counts) == ("applied", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_new_kill_that_pushes_the_old_one_out_of_the_log_is_seen(host: WorkaroundHost, shell: str) -> None:
    assert outcome(host, shell, f"{KILLS['EL 9']}\n", (1, 2))[0] == "rolled_back"
