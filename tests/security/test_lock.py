# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the workaround's program at once: one wins, and the others say that it is at work, whatever a dead one left behind.

``./dev test`` takes a sample of the rounds; with PAGEALLOC_LAB_ALL=1 all 1,000 are run.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer, read_answer

from tests.security.workaround_host import NONCE, ORIGINAL_KB, SHELLS, Left, WorkaroundHost, is_applied

ROUNDS = 1000 if os.environ.get("PAGEALLOC_LAB_ALL") else 40
ROUNDS_OF_A_TEST = 20
BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
#: Above every pid_max: nobody's.
DEAD = 2**22 + 1


def began(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19])


def dead(number: int) -> str:
    return f"{DEAD + number} {BOOT} {number}"


def leave_nothing(_host: WorkaroundHost) -> None:
    """No lock."""


def leave_a_dead_holder(host: WorkaroundHost) -> None:
    host.lock.symlink_to(dead(1))


def leave_one_of_another_boot(host: WorkaroundHost) -> None:
    host.lock.symlink_to(f"{os.getpid()} 00000000-0000-0000-0000-000000000000 {began(os.getpid())}")


def leave_one_whose_number_is_another_process_now(host: WorkaroundHost) -> None:
    host.lock.symlink_to(f"{os.getpid()} {BOOT} {began(os.getpid()) - 1}")


def leave_one_of_an_older_version(host: WorkaroundHost) -> None:
    host.lock.symlink_to(f"{DEAD} {BOOT}")


def leave_a_chain_of_dead_ones(host: WorkaroundHost) -> None:
    host.lock.symlink_to(dead(1))
    Path(f"{host.lock}.{dead(1)}").symlink_to(dead(2))
    Path(f"{host.lock}.{dead(2)}").symlink_to(dead(3))


def leave_the_rest_of_a_chain(host: WorkaroundHost) -> None:
    """Of one that was killed while it gave the lock back."""
    Path(f"{host.lock}.{dead(1)}").symlink_to(dead(2))


STALE: list[Callable[[WorkaroundHost], None]] = [
    leave_nothing, leave_a_dead_holder, leave_one_of_another_boot, leave_one_whose_number_is_another_process_now,
    leave_one_of_an_older_version, leave_a_chain_of_dead_ones, leave_the_rest_of_a_chain,
]  # fmt: skip


class Race:
    """Runs that begin at the same moment. Whoever holds the lock keeps it (its ``sleep`` lasts) until all others have ended."""

    def __init__(self, host: WorkaroundHost) -> None:
        self.host = host
        self.gate, self.over = host.folder / "gate", host.folder / "over"
        os.mkfifo(self.gate)
        programs = host.folder / "bin"
        programs.mkdir()
        (programs / "sleep").write_text(f"#!/bin/sh\nuntil [ -e {self.over} ]; do /bin/sleep 0.02; done\n")
        (programs / "sleep").chmod(0o755)
        self.environment = {"PATH": f"{programs}:{os.environ['PATH']}"}

    def run(self, shells: list[str]) -> dict[int, Answer]:
        """{process: its answer}."""
        text = f"exec 3<{self.gate}; exec 3<&-\n" + self.host.program("apply", watch_seconds=1)
        runs = [self.host.start(shell, text, self.environment) for shell in shells]
        gate = os.open(self.gate, os.O_RDWR)
        try:
            end = time.monotonic() + 20
            while sum(run.poll() is None for run in runs) > 1 and time.monotonic() < end:
                time.sleep(0.005)
        finally:
            self.over.touch()
            os.close(gate)
        return {run.pid: _answer(run) for run in runs}


def _answer(run: subprocess.Popen[str]) -> Answer:
    output, errors = run.communicate(timeout=60)
    assert errors == ""
    return read_answer(output, NONCE)


@pytest.mark.parametrize("first", range(0, ROUNDS, ROUNDS_OF_A_TEST))
def test_one_wins_and_the_others_say_that_it_is_at_work(tmp_path: Path, first: int) -> None:
    for number in range(first, first + ROUNDS_OF_A_TEST):
        chosen = random.Random(number)
        host = WorkaroundHost(tmp_path / str(number))
        leave = STALE[number % len(STALE)]
        leave(host)
        shells = [chosen.choice(SHELLS) for _run in range(chosen.randint(2, 12))]
        answers = Race(host).run(shells)
        told = f"round {number}, {leave.__name__}, {shells}: {answers}"
        [winner] = [pid for pid, answer in answers.items() if answer.outcome == "applied"] or [pytest.fail(told)]
        lost = {answer.reason for pid, answer in answers.items() if pid != winner}
        assert {answer.outcome for pid, answer in answers.items() if pid != winner} == {"busy"}, told
        assert lost == {f"another run is active on this host, as process {winner}"}, told
        assert is_applied(host.left()) and host.leftovers() == [], told
        assert host.kernel_log.read_text().count("workaround in force") == 1, told


@pytest.mark.parametrize("first", range(0, ROUNDS // 2, ROUNDS_OF_A_TEST))
def test_what_killed_runs_leave_is_mended_by_the_next(tmp_path: Path, first: int) -> None:
    """Runs at once, some of them killed at any moment, so that others take over in the middle. The host ends with the old or the new."""
    for number in range(first, first + ROUNDS_OF_A_TEST):
        chosen = random.Random(number)
        host = WorkaroundHost(tmp_path / str(number))
        text = host.program("apply")
        runs = [host.start(chosen.choice(SHELLS), text) for _run in range(chosen.randint(2, 6))]
        for run in chosen.sample(runs, chosen.randint(1, len(runs))):
            time.sleep(chosen.uniform(0, 0.02))
            run.send_signal(signal.SIGKILL)
        outcomes = [_answer(run).outcome for run in runs if run.wait(60) == 0]
        assert outcomes.count("applied") <= 1, (number, outcomes)
        mended = host.ask(chosen.choice(SHELLS), "mend")
        assert mended.outcome in ("kept", "mended"), (number, mended)
        left = host.left()
        assert is_applied(left) or left == Left((str(ORIGINAL_KB), "0"), None, None), (number, outcomes, mended, left)
        assert host.leftovers() == [], (number, outcomes, mended)


def as_a_folder(lock: Path, _folder: Path) -> None:
    lock.mkdir()


def as_a_file(lock: Path, _folder: Path) -> None:
    lock.touch()


def as_a_link_to_a_folder(lock: Path, folder: Path) -> None:
    lock.symlink_to(folder)


def as_a_link_to_nowhere(lock: Path, folder: Path) -> None:
    lock.symlink_to(folder / "nowhere")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("lay", [as_a_folder, as_a_file, as_a_link_to_a_folder, as_a_link_to_nowhere])
def test_what_is_no_lock_of_ours_is_refused_and_not_followed(tmp_path: Path, lay: Callable[[Path, Path], None], shell: str) -> None:
    host, folder = WorkaroundHost(tmp_path / "host"), tmp_path / "folder"
    folder.mkdir()
    lay(host.lock, folder)
    answer = host.ask(shell, "apply")
    assert (answer.outcome, answer.reason) == ("refused", f"{host.lock} cannot be made: run this as root")
    assert host.left() == Left((str(ORIGINAL_KB), "0"), None, None) and list(folder.iterdir()) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_holder_counts_while_it_lives(tmp_path: Path, shell: str) -> None:
    """One that has ended, and that its parent has not asked after yet, lives no more."""
    host = WorkaroundHost(tmp_path / "host")
    holder = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
    for words in (f"{holder.pid} {BOOT} {began(holder.pid)}", f"{holder.pid} {BOOT}"):
        host.lock.unlink(missing_ok=True)
        host.lock.symlink_to(words)
        answer = host.ask(shell, "apply")
        assert (answer.outcome, answer.reason) == ("busy", f"another run is active on this host, as process {holder.pid}")
    assert host.left() == Left((str(ORIGINAL_KB), "0"), None, None)
    holder.kill()
    while ") Z " not in Path(f"/proc/{holder.pid}/stat").read_text():
        time.sleep(0.01)
    assert host.ask(shell, "apply").outcome == "applied" and is_applied(host.left()) and host.leftovers() == []
    holder.wait()
