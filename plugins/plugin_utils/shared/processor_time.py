# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit for the processor time of one host's text, because a text can be made to be slow to read."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError

#: Reading and judging one host takes some milliseconds; a slow controller may need ten times as much.
HOST_SECONDS = 30
#: Unpacking a report as large as is allowed takes some minutes.
ARCHIVE_SECONDS = 300


class _TookTooLong(Exception):
    """Raised somewhere in the block. No EvidenceError there, for that may cost one datum only, and the block would go on."""


class _Bound:
    """The handler of one block's timer, which raises as long as the block lasts."""

    current: _Bound | None = None

    def __init__(self) -> None:
        self.lasts = True

    def __call__(self, _signal: int, _frame: object) -> None:
        if self.lasts:
            raise _TookTooLong


@contextmanager
def limited_processor_time(seconds: float) -> Iterator[None]:
    """EvidenceError where the block takes more of the processor's time than that, however busy the machine is.

    The timer is that of profilers, SIGPROF, since up to ansible-core 2.18 that of alarm() ends a task that takes longer than its
    own timeout. What was set before is set again. Python lets only the main thread have a handler: in another there is no bound.
    A block within another has the bound of the outer one.
    """
    if _Bound.current or threading.current_thread() is not threading.main_thread():
        yield
        return
    bound = _Bound.current = _Bound()
    handler = signal.signal(signal.SIGPROF, bound)
    # once more each second: the first one may be lost where nothing can be raised, such as at the end of an object
    left, interval = signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        try:
            yield
        finally:
            bound.lasts = False
    except _TookTooLong:
        raise EvidenceError("evidence", None, f"reading it took more than {seconds:g} s of processor time") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, left, interval)
        signal.signal(signal.SIGPROF, handler or signal.SIG_DFL)
        _Bound.current = None
