# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things made once and kept by what they are made of: kernels, images, the modules of the lab."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.conftest import ROOT, locked

#: All that the lab makes; ignored by git, and safe to remove while no lab runs.
LAB = Path(os.environ.get("PAGEALLOC_LAB") or ROOT / "build" / "lab")
_KEPT = 2


def digest(*parts: str | bytes | Path) -> str:
    """What these texts and files are, in sixteen characters. A folder stands for all files in it."""
    sum_ = hashlib.sha256()
    for part in parts:
        for data in _contents(part):
            sum_.update(len(data).to_bytes(8, "big") + data)
    return sum_.hexdigest()[:16]


def _contents(part: str | bytes | Path) -> Iterator[bytes]:
    if isinstance(part, Path) and part.is_dir():
        for file in sorted(path for path in part.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            yield str(file.relative_to(part)).encode()
            yield file.read_bytes()
    elif isinstance(part, Path):
        yield part.read_bytes()
    else:
        yield part.encode() if isinstance(part, str) else part


def cached(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder of this kind and key. Where it is missing, ``make`` fills it; one left half done is never used.

    Of each kind the newest two stay: what they are made of changes while one works on it, and a disk is finite.
    """
    target = LAB / "cache" / f"{kind}-{key}"
    with locked(LAB / f".lock-{kind}"):
        if target.exists():
            os.utime(target)
            return target
        unfinished = target.with_name(f".{target.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        try:
            make(unfinished)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        unfinished.rename(target)
        others = sorted(target.parent.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in others[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
    return target
