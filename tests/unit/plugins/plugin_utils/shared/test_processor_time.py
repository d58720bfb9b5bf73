# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bound on processor time: it ends work, and leaves everybody else's timers as they were."""

from __future__ import annotations

import re
import signal
import threading
import time
from contextlib import suppress

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.processor_time import limited_processor_time


def work(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_work_without_end_is_ended() -> None:
    began = time.process_time()
    with pytest.raises(EvidenceError, match=r"more than 0\.2 s"), limited_processor_time(0.2):
        work(60)
    assert time.process_time() - began < 5


def test_a_pattern_that_backtracks_for_ever_is_ended() -> None:
    with pytest.raises(EvidenceError), limited_processor_time(0.2):
        re.match(r"(a|a)*b", "a" * 40)  # 2 ** 40 ways


def test_one_that_is_lost_comes_again() -> None:
    with pytest.raises(EvidenceError), limited_processor_time(0.1):
        with suppress(Exception):
            work(60)
        work(60)


def test_waiting_costs_nothing() -> None:
    with limited_processor_time(0.1):
        time.sleep(0.5)


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_what_was_set_before_is_set_again(seconds: float) -> None:
    def handler(_signal: int, _frame: object) -> None:
        raise AssertionError

    alarm, profile = signal.signal(signal.SIGALRM, handler), signal.signal(signal.SIGPROF, handler)
    try:
        signal.setitimer(signal.ITIMER_PROF, 100.0)
        signal.alarm(200)
        with suppress(EvidenceError), limited_processor_time(0.1):
            work(seconds)
        assert signal.getsignal(signal.SIGPROF) is handler and 50 < signal.getitimer(signal.ITIMER_PROF)[0] < 101
        assert signal.getsignal(signal.SIGALRM) is handler and signal.alarm(0) > 100, "Ansible's own timeout of a task"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGALRM, alarm)
        signal.signal(signal.SIGPROF, profile)
    work(0.3)


def test_a_block_within_another_has_the_bound_of_the_outer_one() -> None:
    with pytest.raises(EvidenceError, match=r"0\.2 s"), limited_processor_time(0.2):
        with limited_processor_time(60):
            pass
        work(60)


def test_a_thread_has_no_bound() -> None:
    with limited_processor_time(60):
        pass
    ended: list[bool] = []

    def bounded() -> None:
        with limited_processor_time(0.05):
            work(0.2)
        ended.append(True)

    thread = threading.Thread(target=bounded)
    thread.start()
    thread.join()
    assert ended
