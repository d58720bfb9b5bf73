# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``sos collect`` leaves: the packed reports of several hosts, in a folder or in one archive around them.

Those in an archive are read where they lie, as the archive goes by; nothing is unpacked to disk. Their paths are that of the
archive, a slash and their own, as if it were a folder.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.archive import NESTED, read_members, unpacked
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import names_report
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.unpacking import MAGIC_BYTES, Readable, Unpacked

#: A path in an archive that is longer is no report's.
_MAX_PATH_CHARS = 4096


class PackedMember:
    """A member of an archive as a file: read forward, and from its start once more as long as no more than the first bytes were."""

    def __init__(self, stream: Unpacked, size: int) -> None:
        self._stream = stream
        self._head = stream.read(min(size, MAGIC_BYTES))
        self._size = size
        self._at = 0

    def read(self, size: int = -1, /) -> bytes:
        left = self._size - self._at
        wanted = left if size < 0 else min(size, left)
        head = self._head[self._at : self._at + wanted]
        self._at += wanted
        return head + self._stream.read(wanted - len(head))

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if whence == os.SEEK_CUR and offset >= 0 and self._at >= len(self._head):
            self._skip(min(offset, self._size - self._at))
        elif whence == os.SEEK_SET and offset == 0 and self._at <= len(self._head):
            self._at = 0
        else:
            raise io.UnsupportedOperation("a packed member is read forward")
        return self._at

    def finish(self) -> None:
        """Leave out what was not read."""
        self._at = max(self._at, len(self._head))
        self._skip(self._size - self._at)

    def _skip(self, size: int) -> None:
        self._stream.skip(size)
        self._at += size


def each_packed_report(file: Readable, visit: Callable[[str, Readable], None]) -> None:
    """Call ``visit(path, content)`` for each archive among the members of ``file``. ArchiveError where that one is damaged."""
    stream = unpacked(file)

    def take(block: bytes, path: str, _linkpath: str | None, size: int) -> int:
        if block[156:157] not in (b"0", b"\0", b"7") or not _may_be_report(path):
            return size
        member = PackedMember(stream, size)
        visit(path, member)
        member.finish()
        return 0

    read_members(stream, take)


def split_path(path: Path) -> tuple[Path, str]:
    """(the file, the path of what is meant within it, "" for the file itself)."""
    if not os.path.lexists(path):
        for parent in path.parents:
            if parent.is_file():
                return parent, str(path.relative_to(parent))
    return path, ""


def is_collection(folder: Path) -> bool:
    """Whether a folder is what sos collect left: its own logs beside reports, and nothing of a host."""
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return False
    own = "sos_logs" in names or "sos_reports" in names or folder.name.startswith("sos-collector-")
    return own and "sos_commands" not in names and any(names_report(name) for name in names)


def _may_be_report(path: str) -> bool:
    return path.endswith(NESTED) and path.isprintable() and len(path) <= _MAX_PATH_CHARS and ".." not in path and not path.startswith("/")
