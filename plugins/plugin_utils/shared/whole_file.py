# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are complete or missing: written beside their place, and then moved into it.

What is beside has a name that nobody can guess, and is made by us or not at all: two containers may share a folder, and another user
may have laid a link into it. Nothing is written through a link; one that stands in a file's place is replaced.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

#: The file that shows whether a folder can be written, as if it had a place of this name.
TRIAL = "trial"
#: A file beside its place that is older than this is left from a killed run.
LEFT_SECONDS = 3600
#: Older versions put the number of the process behind the name.
_BESIDE = re.compile(r"[0-9a-f]{1,16}")


def write_whole(target: Path, text: str | bytes, mode: int = 0o666) -> None:
    """``text`` in UTF-8, what cannot be encoded replaced; bytes as they are. ``mode``: who may read it, less the umask. OSError that names
    the file where it cannot be written."""
    with _written_beside(target, text, mode) as path, _naming(target):
        path.replace(target)


def write_together(texts: Mapping[Path, str | Iterable[str]]) -> None:
    """All the files, each of a text or of its parts, or none: what was in their places is there again where one cannot be
    written. Raises as ``write_whole``."""
    with contextlib.ExitStack() as beside:
        unfinished = {target: beside.enter_context(_written_beside(target, text, 0o666)) for target, text in texts.items()}
        with contextlib.ExitStack() as undo:
            for target, path in unfinished.items():
                with _naming(target):
                    previous = beside.enter_context(_kept_beside(target))
                    undo.callback(_put_back, target, previous)
                    path.replace(target)
            undo.pop_all()


def require_writable_folder(folder: Path) -> None:
    """Make the folder where it is missing. OSError that names it where no file can be made in it."""
    with _naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _written_beside(folder / TRIAL, "", 0o600):
        pass


def remove_leftovers(targets: Iterable[Path], left_seconds: float = LEFT_SECONDS) -> None:
    """Remove what killed runs left beside these files. What is younger than ``left_seconds`` may be of a run that is at work."""
    names: dict[Path, list[str]] = {}
    for target in targets:
        names.setdefault(target.parent, []).append(f".{target.name}.")
    for folder, heads in names.items():
        with os.scandir(folder) as entries:
            for entry in entries:
                head = next((head for head in heads if entry.name.startswith(head)), None)
                if head and _BESIDE.fullmatch(entry.name[len(head) :]):
                    _remove_old(Path(entry.path), left_seconds)


def _remove_old(path: Path, left_seconds: float) -> None:
    with contextlib.suppress(OSError):  # somebody else's, or gone already
        # not of the time of its text: what is kept beside has that of an old report
        if path.lstat().st_ctime <= time.time() - left_seconds:
            path.unlink()


@contextlib.contextmanager
def _naming(target: Path) -> Iterator[None]:
    """An OSError of the block names ``target``: that of a write to a full disk names nothing, others name what was beside it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(target)) from error


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}")


@contextlib.contextmanager
def _written_beside(target: Path, text: str | bytes | Iterable[str], mode: int) -> Iterator[Path]:
    """The path of a new file with the text. It is gone at the end of the block, unless it was put into its place."""
    path = _beside(target)
    with _naming(target):
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with _naming(target), os.fdopen(number, "wb") as file:
            for part in [text] if isinstance(text, (str, bytes)) else text:
                file.write(part if isinstance(part, bytes) else part.encode("utf-8", "replace"))
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _kept_beside(target: Path) -> Iterator[Path | None]:
    """What is in the file's place now, under another name until the end of the block; None if there is no file. A link is kept as a
    link."""
    path = _beside(target)
    kept = _keep(target, path)
    try:
        yield path if kept else None
    finally:
        path.unlink(missing_ok=True)


def _keep(target: Path, path: Path) -> bool:
    """Give what is in the place of ``target`` the name ``path`` too. False if there is no file.

    Another run may replace the file at any moment. The kernel then says that a file is missing which had only just lost its last name
    (``vfs_link`` in fs/namei.c); what took its place is found with the next try.
    """
    while os.path.lexists(target):
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISDIR(target.lstat().st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
            _link_or_move(target, path)
            return True
    return False


def _link_or_move(target: Path, path: Path) -> None:
    try:
        os.link(target, path, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without links, or another user's file
        target.rename(path)


def _put_back(target: Path, previous: Path | None) -> None:
    if previous is None:
        target.unlink(missing_ok=True)
    else:
        previous.replace(target)
