# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report unpacked in a folder: its members are read from their known places, and nothing else is searched."""

from __future__ import annotations

import os
import stat
from functools import lru_cache

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.regular_file import real_path
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.layout import MAX_MEMBER_BYTES, is_log, is_mark
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import UnreadableMember

#: No report has more of anything in one folder; of a folder with more, the rest is not looked at.
_MAX_NAMES = 20_000


class TreeMembers:
    """Members of the folder ``root``. Links are followed within it and nowhere else; nothing but regular files is opened."""

    def __init__(self, root: str) -> None:
        self._root = real_path(root)
        self._inside = self._root.rstrip("/") + "/"
        # the links among the folders above a member are resolved once for each folder
        self._folder = lru_cache(maxsize=None)(self._resolve)

    def data(self, path: str) -> bytes | None:
        folder, _slash, name = path.rpartition("/")
        try:
            real = self._folder(folder)
            if real is None:
                return None
            whole = f"{real}/{name}"
            about = os.lstat(whole)
            if stat.S_ISLNK(about.st_mode):
                whole = self._within(real_path(whole))
                about = os.lstat(whole)
            if not stat.S_ISREG(about.st_mode):
                raise UnreadableMember("is not a regular file")
            return _read(whole, about.st_size, from_end=is_log(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UnreadableMember(str(error.strerror)) from None

    def link(self, path: str) -> str | None:
        folder, _slash, name = path.rpartition("/")
        try:
            real = self._folder(folder)
            return None if real is None else os.readlink(f"{real}/{name}")  # noqa: PTH115
        except (OSError, UnreadableMember):
            return None

    def names(self, folder: str) -> list[str]:
        try:
            real = self._folder(folder)
            return [] if real is None else sorted(os.listdir(real)[:_MAX_NAMES])  # noqa: PTH208
        except (OSError, UnreadableMember):
            return []

    def _resolve(self, folder: str) -> str | None:
        """Where a folder really is, None where there is none; looked at part by part, since most parts are no links."""
        if not folder:
            return self._root
        above, _slash, name = folder.rpartition("/")
        parent = self._folder(above)
        if parent is None:
            return None
        real = f"{parent}/{name}"
        try:
            mode = os.lstat(real).st_mode
            if stat.S_ISLNK(mode):
                real = self._within(real_path(real))
                mode = os.lstat(real).st_mode
        except OSError:
            return None
        return real if stat.S_ISDIR(mode) else None

    def _within(self, real: str) -> str:
        if real != self._root and not real.startswith(self._inside):
            raise UnreadableMember("is a link that points outside the directory")
        return real


def is_report(folder: str) -> bool:
    """Whether a folder is itself an unpacked report."""
    try:
        return any(is_mark(name) for name in os.listdir(folder))  # noqa: PTH208
    except OSError:
        return False


def _read(path: str, size: int, *, from_end: bool) -> bytes:
    if size > MAX_MEMBER_BYTES and not from_end:
        raise UnreadableMember(f"is larger than {MAX_MEMBER_BYTES} bytes")
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # it is another one by now
            raise UnreadableMember("is not a regular file")
        if size <= MAX_MEMBER_BYTES:
            return os.read(descriptor, size)
        data = os.pread(descriptor, MAX_MEMBER_BYTES, size - MAX_MEMBER_BYTES)
        return data[data.find(b"\n") + 1 :]
    finally:
        os.close(descriptor)
