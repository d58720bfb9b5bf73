# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs run to their end and measured: wall time, CPU time of all their processes, memory."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.playbook import own

_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 2.0


@dataclass(frozen=True)
class Run:
    """``cpu``: user and system seconds of the program, of all it started, and of what served it (``Elsewhere``).

    ``largest_mb``: the most any one of its processes held; ``tree_mb``: the most all held together at any sample, pages
    they share counted once, 0 where that was not asked for.
    """

    wall: float
    cpu: float
    largest_mb: float
    tree_mb: float
    said: str


def clean_environment(home: Path) -> dict[str, str]:
    """That of the tests' Ansible, without an agent that would add keys to try."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in own().environment(home).items() if not name.startswith(("SSH_", "PYTHON"))}
    return {**kept, "LC_ALL": "C.UTF-8"}


def measured(command: list[str], folder: Path, *, served_by: Callable[[], float] = lambda: 0.0, sample_memory: bool = False) -> Run:
    """Run ``command`` in ``folder``; RuntimeError with its last words where it fails.

    ``served_by`` tells the CPU seconds used so far by processes that serve the command without being its children.
    """
    before = served_by()
    output = folder / "output"
    with output.open("wb") as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env=clean_environment(folder / "home")
        )
        with _Sampler(process.pid, sample_memory) as sampler:
            # Of this child and of all it has itself waited for: nothing else that runs on the machine is in it.
            _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_text(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{text[-3000:]}")
    cpu = usage.ru_utime + usage.ru_stime + served_by() - before
    return Run(wall, cpu, usage.ru_maxrss / 1024, sampler.most_kb / 1024, text)


class _Sampler:
    """Looks at the memory of a process and all below it every other second, in a thread."""

    def __init__(self, pid: int, wanted: bool) -> None:
        self.most_kb = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True) if wanted else None

    def __enter__(self) -> _Sampler:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self.most_kb = max(self.most_kb, sum(_proportional_kb(pid) for pid in _tree(self._pid)))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for child in children(pid):
        yield from _tree(child)


def children(pid: int) -> list[int]:
    """The child processes of a process and of all its threads; none where it has ended."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # it may end while it is looked at
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, task.read_text().split())
    return found


def _proportional_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def cpu_with_ended_children(pid: int) -> float:
    """User and system seconds of ``pid`` and of the children it has waited for, once it has none left running.

    For a daemon that serves the measured program: its children, and theirs, are counted when they have ended.
    """
    for _attempt in range(500):
        if not children(pid):
            break
        time.sleep(0.01)
    else:
        raise RuntimeError(f"process {pid} still has children: {children(pid)}")
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS  # utime, stime, cutime, cstime: fields 14 to 17 of proc(5)


def ansible_playbook(*words: str) -> list[str]:
    return [sys.executable, str(Path(sys.executable).parent / "ansible-playbook"), *words]
