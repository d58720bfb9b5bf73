# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of others, opened only if they are regular files: a pipe blocks a reader for ever, and opening a device may have effects."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_WHY = "Not a regular file, but a pipe, a socket, a device or similar"


def open_regular(path: Path) -> BinaryIO:
    """The file, for reading. OSError where it cannot be opened or is none; links are followed. Never waits: where there is nothing
    to read yet (/proc/kmsg), reading gives None or raises BlockingIOError."""
    _require_regular(path, path.stat().st_mode)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _require_regular(path, os.fstat(descriptor).st_mode)  # it may be another one by now
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def real_path(path: str) -> str:
    """Where a path leads. OSError where it leads nowhere, or over more links than the kernel follows, which is 40: Python's own
    function follows each by a call within the last, and so ends at the thousandth."""
    Path(path).stat()
    return os.path.realpath(path, strict=True)


def _require_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, _WHY, str(path))
