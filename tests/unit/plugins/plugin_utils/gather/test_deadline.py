# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host sends is bounded; the files that a module is made of are no flood. Whatever a block waits for, its wait ends."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.deadline import MAX_ANSWER_BYTES, MAX_MODULE_BYTES, Deadline
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.interruption import Interrupter, Interruption


@pytest.mark.parametrize(("most_bytes", "flooded"), [(MAX_ANSWER_BYTES, True), (MAX_MODULE_BYTES, False)])
def test_files_that_are_read_beside_a_child_count(most_bytes: int, flooded: bool, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * (2 * MAX_ANSWER_BYTES))
    with Deadline(60, most_bytes) as deadline, subprocess.Popen(["sleep", "0.5"]) as child:
        (tmp_path / "file").read_bytes()
        child.wait()
        time.sleep(0.1)
    assert (deadline.flooded, deadline.passed) == (flooded, False)


def wait_for_ever() -> None:
    threading.Event().wait()


def hold_two_locks() -> None:
    """Whose clean-up waits too."""
    lock = threading.Lock()
    lock.acquire()
    try:
        lock.acquire()
    finally:
        wait_for_ever()


def try_again() -> None:
    """As connections do."""
    try:
        wait_for_ever()
    except Exception:
        wait_for_ever()


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Deadline.__enter__.__globals__, "_GRACE_SECONDS", 0.3)


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("wait", [wait_for_ever, hold_two_locks, try_again, lambda: time.sleep(60), signal.pause])
def test_a_block_that_waits_for_ever_is_interrupted(wait: Callable[[], object]) -> None:
    before, began = signal.getsignal(signal.SIGURG), time.monotonic()
    with Deadline(1) as deadline:
        wait()
    assert (deadline.passed, deadline.interrupted) == (True, True)
    assert time.monotonic() - began < 10
    assert signal.getsignal(signal.SIGURG) is before


def test_a_block_that_ends_in_time_is_not_interrupted() -> None:
    with Deadline(60) as deadline:
        signal.raise_signal(signal.SIGURG)  # that of another
    assert (deadline.passed, deadline.interrupted) == (False, False)


def test_an_error_of_the_block_is_raised() -> None:
    with pytest.raises(KeyError), Deadline(60):
        raise KeyError
    assert signal.getsignal(signal.SIGURG) == signal.SIG_DFL


def test_in_another_thread_a_child_is_still_ended() -> None:
    ended: list[Deadline] = []

    def ask() -> None:
        with Deadline(1) as deadline:
            subprocess.run(["sleep", "60"], check=False)
        ended.append(deadline)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(20)
    assert [(deadline.passed, deadline.interrupted) for deadline in ended] == [(True, False)]


@pytest.mark.usefixtures("short_grace")
def test_a_watcher_that_meets_errors_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_number(_process: int) -> NoReturn:
        raise ValueError("no number")

    with Deadline(1) as deadline:
        monkeypatch.setitem(Deadline.__enter__.__globals__, "_sockets", no_number)
        wait_for_ever()
    assert (deadline.passed, deadline.interrupted) == (True, True)


def test_a_block_that_is_being_left_is_not_interrupted() -> None:
    interrupter = Interrupter(signal.pthread_sigmask)
    interrupter.install()
    interrupter.lasts = True
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGURG])
    interrupter.interrupt()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGURG])  # the signal comes here
    assert not interrupter.raised
    with pytest.raises(Interruption):
        interrupter.interrupt()
    interrupter.lasts = False
    interrupter.interrupt()
    interrupter.restore()
