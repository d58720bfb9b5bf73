# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that this one started, ended when what they were started for is given up."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path


def _children() -> set[int]:
    """The ids of this thread's child processes; none where /proc does not tell, as on macOS."""
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    try:
        return {int(word) for word in listed.read_text().split()}
    except OSError:
        return set()


@contextlib.contextmanager
def ended_if_given_up() -> Iterator[None]:
    """Ends the processes started inside where it is left by an exception.

    Ansible's task timeout interrupts the wait for an ssh that hangs in the key exchange, but leaves that ssh behind: one more
    for every stalled host and every run.
    """
    before = _children()
    try:
        yield
    except BaseException:
        for child in _children() - before:
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGTERM)
        raise
