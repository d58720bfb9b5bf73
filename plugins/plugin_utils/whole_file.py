# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are there whole or not at all: written beside their place, and then put into it."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(target: Path, text: str, mode: int = 0o666) -> None:
    """``text`` in UTF-8, what cannot be encoded replaced. ``mode``: who may read it, less the umask. OSError where it cannot be written."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode), "wb") as file:
        file.write(text.encode("utf-8", "replace"))
    unfinished.replace(target)
