# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that this one started, ended when what they were started for is given up or takes too long."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path
from types import TracebackType


class Deadline:
    """Bounds what the processes started inside may take: ``with Deadline(120) as deadline: ...; deadline.passed``.

    An ssh that hangs in the key exchange waits for ever, and Ansible's own task timeout interrupts the wait but leaves that
    ssh behind: one more for every stalled host and every run. Here it is ended, after ``seconds`` (0: no bound) or when the
    block is left by an exception.
    """

    def __init__(self, seconds: int) -> None:
        self.passed = False
        self._seconds = seconds
        self._listed = Path(f"/proc/self/task/{threading.get_native_id()}/children")
        self._over = threading.Event()

    def __enter__(self) -> Deadline:
        self._before = self._children()
        if self._seconds:
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        if kind is not None:
            self._end_children()

    def _watch(self) -> None:
        if self._over.wait(self._seconds):
            return
        self.passed = True
        while not self._over.is_set():  # again, since a connection may be tried anew
            self._end_children()
            self._over.wait(1)

    def _end_children(self) -> None:
        for child in self._children() - self._before:
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGTERM)

    def _children(self) -> set[int]:
        """The ids of the child processes; none where /proc does not tell, as on macOS."""
        try:
            return {int(word) for word in self._listed.read_text().split()}
        except OSError:
            return set()
