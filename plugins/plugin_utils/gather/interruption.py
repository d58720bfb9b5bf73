# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends a wait of the main thread that nothing else ends: for a lock, or for an event that never comes."""

from __future__ import annotations

import contextlib
import signal
import threading
from types import FrameType


class Interruption(BaseException):
    """Raised in a block whose time is over. It is no Exception, because connections try again after any Exception."""


class Interrupter:
    """Raises Interruption in the main thread, between ``install`` and ``restore`` and while ``lasts`` is true.

    The signal is SIGURG. Ansible uses that of alarm() for the timeout of a task, and a process without a handler ignores SIGURG. Python
    lets only the main thread have a handler: in another thread nothing is interrupted. Neither is a library that waits again by itself
    after a signal.
    """

    def __init__(self, *around: object) -> None:
        """``around``: functions that enter or leave the block. They are not interrupted: nobody would catch the error."""
        self.lasts = False
        self.raised = False
        self._asked = False
        managers = contextlib._GeneratorContextManager
        self._around = {getattr(function, "__code__", None) for function in (*around, managers.__enter__, managers.__exit__)}
        self._main = threading.main_thread().ident if threading.current_thread() is threading.main_thread() else None

    def install(self) -> None:
        """Sets the handler."""
        if self._main is not None:
            self._before = signal.signal(signal.SIGURG, self._handle)

    def restore(self) -> None:
        """Sets again what was set before."""
        if self._main is not None:
            signal.signal(signal.SIGURG, self._before or signal.SIG_DFL)

    def interrupt(self) -> None:
        """Any thread may call this. The error may be lost, for example in ``__del__``, so call it again if the block goes on."""
        if self._main is not None:
            self._asked = True
            signal.pthread_kill(self._main, signal.SIGURG)

    def _handle(self, _signal: int, frame: FrameType | None) -> None:
        if not (self._asked and self.lasts) or (frame is not None and frame.f_code in self._around):
            return
        self._asked, self.raised = False, True
        raise Interruption
