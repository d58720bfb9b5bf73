# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report in a tar archive: one pass over it, the members wanted kept in memory, nothing unpacked to disk.

The headers are read here and not by tarfile, which makes an object of each of thousands of members and takes as long as
the decompression itself; tarfile still judges the headers of the members that are kept.
"""

from __future__ import annotations

import contextlib
import io
import posixpath
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.layout import (
    MAX_MEMBER_BYTES,
    is_log,
    is_mark,
    is_wanted,
    rotated,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import KeptMembers, UnreadableMember, target_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.unpacking import (
    MAGIC_BYTES,
    MAX_UNPACKED_BYTES,
    ArchiveError,
    Readable,
    Unpacked,
    kind_of,
)

#: What is kept of one archive, all in all, and of how many members; how many it may have; how long a name may be.
MAX_KEPT_BYTES = 64 * 2**20
MAX_KEPT_MEMBERS = 100_000
MAX_MEMBERS = 2_000_000
_MAX_NAME_BYTES = 65536

_BLOCK = 512
_ZEROES = bytes(_BLOCK)
#: How the names of archives within an archive end.
NESTED = (".tar", ".tar.xz", ".tar.gz", ".tar.bz2", ".tgz")
#: Top-level folders of a report that was packed without the folder around it.
_TOPS = frozenset(("boot", "etc", "proc", "sos_commands", "sos_reports", "sos_logs", "sos_strings", "sys", "var", "usr", "run"))


class PackedReportsError(ArchiveError):
    """An archive holds packed reports, and is none itself."""


@dataclass
class _Kept:
    also: frozenset[str] = frozenset()
    contents: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    root: str | None = None
    bytes: int = 0
    is_report: bool = False
    nested: int = 0
    targets: set[str] = field(default_factory=set)
    outside: list[str] = field(default_factory=list)


def read_archive(file: Readable) -> tuple[KeptMembers, list[str]]:
    """(the members wanted, what was odd about the rest, as sentences) of the report in ``file``, of any compression.

    Raises ArchiveError where there is no whole report in it, PackedReportsError where there are several, each packed.
    """
    kept = _read_all(file, frozenset())
    missing = {path for path in kept.targets if path not in kept.contents and path not in kept.links and path.startswith("sos_commands/")}
    if missing:  # links of sos's own that came behind what they lead to
        with contextlib.suppress(io.UnsupportedOperation):
            kept = _read_all(file, frozenset(missing))
    if kept.nested and not kept.contents:
        raise PackedReportsError(f"is not a sosreport but a collection of {kept.nested} packed reports, as sos collect makes it")
    if not kept.is_report:
        raise ArchiveError("is no sosreport: it has none of the folders that sos writes")
    odd = []
    if kept.outside:
        odd.append(f"{len(kept.outside)} of its members point outside it and were skipped, such as {clip(kept.outside[0])}")
    return KeptMembers(kept.contents, kept.links, kept.unreadable), odd


def unpacked(file: Readable) -> Unpacked:
    """The bytes of an archive, of any compression. ArchiveError where it is none."""
    file.seek(0)
    head = file.read(MAGIC_BYTES)
    file.seek(0)
    if not head:
        raise ArchiveError("is empty")
    kind = kind_of(head)
    if kind is None:
        raise ArchiveError("is not a tar archive, packed or unpacked")
    return Unpacked(file, kind)


def _read_all(file: Readable, also: frozenset[str]) -> _Kept:
    kept = _Kept(also)
    stream = unpacked(file)
    read_members(stream, lambda block, path, linkpath, size: _take(stream, kept, block, path, linkpath, size))
    return kept


def read_members(stream: Unpacked, take: Callable[[bytes, str, str | None, int], int]) -> None:
    """Call ``take(header, path, target of a link, size)`` for each member; it returns how many of the bytes it left unread."""
    overrides: dict[str, str] = {}
    for _number in range(MAX_MEMBERS):
        block = stream.read(_BLOCK)
        if block == _ZEROES:
            return
        if block[257:262] != b"ustar":
            raise ArchiveError("is damaged: a member has no valid header")
        kind, size = block[156:157], _size(block)
        if kind in b"xgLK":
            _extend(overrides, kind, _payload(stream, size))
            continue
        size = int(overrides.get("size", size)) if kind not in b"123456" else 0  # links, folders and devices have no content
        if size > MAX_UNPACKED_BYTES:
            raise ArchiveError(f"is damaged, or unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB: a member claims {size} bytes")
        if kind == b"S":  # sparse: its map goes on in blocks of its own
            more = block[482]
            while more:
                more = stream.read(_BLOCK)[504]
        path = overrides.get("path") or _name(block)
        left = take(block, path, overrides.get("linkpath"), size)
        stream.skip(left + -size % _BLOCK)
        overrides = {}
    raise ArchiveError(f"has more than {MAX_MEMBERS:,} members")


def _take(stream: Unpacked, kept: _Kept, block: bytes, whole: str, linkpath: str | None, size: int) -> int:
    """Keep a member if it is wanted; returns how many of its bytes are still to be skipped."""
    kind = block[156:157]
    path = _relative(kept, whole)
    if path is None:
        return size
    if not kept.is_report:
        kept.is_report = is_mark(path)
    if whole.endswith(NESTED):
        kept.nested += 1
    if not is_wanted(path) and path not in kept.also and path not in kept.targets:
        return size
    _judge(block)
    if len(kept.contents) + len(kept.links) + len(kept.unreadable) >= MAX_KEPT_MEMBERS:
        raise ArchiveError(f"holds more than {MAX_KEPT_MEMBERS:,} files of the kinds that are read")
    for table in (kept.contents, kept.links, kept.unreadable):
        table.pop(path, None)  # of two members of one name the later counts, as when unpacking
    if kind in (b"0", b"\0", b"7"):
        return _keep_file(stream, kept, path, size)
    if kind in (b"1", b"2"):
        _keep_link(kept, path, linkpath or _text(block[157:257]), hard=kind == b"1")
    elif kind != b"5":
        kept.unreadable[path] = "is not a regular file but a device, a pipe or similar"
    return size


def _keep_file(stream: Unpacked, kept: _Kept, path: str, size: int) -> int:
    wanted = min(size, MAX_MEMBER_BYTES)
    if size > MAX_MEMBER_BYTES and not is_log(path):
        kept.unreadable[path] = f"is larger than {MAX_MEMBER_BYTES} bytes"
        return size
    if kept.bytes + wanted > MAX_KEPT_BYTES // 2 and rotated(path):
        kept.unreadable[path] = "is not read: the report holds too many logs"
        return size
    kept.bytes += wanted
    if kept.bytes > MAX_KEPT_BYTES:
        raise ArchiveError(f"holds more than {MAX_KEPT_BYTES >> 20} MiB of files that are read")
    stream.skip(size - wanted)
    data = stream.read(wanted)
    kept.contents[path] = data if size == wanted else data[data.find(b"\n") + 1 :]
    return 0


def _keep_link(kept: _Kept, path: str, target: str, *, hard: bool) -> None:
    if hard:  # names the target from the archive's root
        inside = _relative(kept, target)
        if inside is None:
            kept.unreadable[path] = "is a hard link that points outside the report"
            return
        target = posixpath.relpath("/" + inside, "/" + posixpath.dirname(path))
    kept.links[path] = target
    with contextlib.suppress(UnreadableMember):
        kept.targets.add(target_of(path, target))


def _relative(kept: _Kept, whole: str) -> str | None:
    """A member's path in the report; None for the report's own folder, and for what leads out of it."""
    path = whole[2:] if whole.startswith("./") else whole
    if path.startswith("/") or ".." in path.split("/"):
        kept.outside.append(whole[:200])
        del kept.outside[1000:]
        return None
    root, slash, rest = path.partition("/")
    if kept.root is None and slash and rest:
        kept.root = "" if root in _TOPS else root
    if kept.root == "":
        return path.rstrip("/")
    if root != kept.root:
        if is_mark(rest) and kept.is_report:
            raise ArchiveError(f"holds more than one report: {clip(kept.root)} and {clip(root)}")
        return None
    return rest.rstrip("/")


def _judge(block: bytes) -> None:
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise ArchiveError(f"is damaged: {error} in the header of a member") from None


def _size(block: bytes) -> int:
    text = block[124:136]
    if text[0] == 0x80:  # GNU's binary form, for more than 8 GiB; one that begins with 0xff is negative
        return int.from_bytes(text[1:], "big")
    digits = text.split(b"\0", 1)[0].strip(b" ")
    if digits.strip(b"01234567"):  # int() takes a sign, and others too
        raise ArchiveError("is damaged: the size of a member is not a number")
    return int(digits or b"0", 8)


def _name(block: bytes) -> str:
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and block[345]:
        return _text(block[345:500]) + "/" + name
    return name


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "replace")


def _payload(stream: Unpacked, size: int) -> bytes:
    if size > _MAX_NAME_BYTES:
        raise ArchiveError("is damaged: a header's extension is too long")
    data = stream.read(size)
    stream.skip(-size % _BLOCK)
    return data


def _extend(overrides: dict[str, str], kind: bytes, data: bytes) -> None:
    """What a header of GNU's or of pax says of the member that follows it."""
    if kind == b"L":
        overrides["path"] = _text(data)
    elif kind == b"K":
        overrides["linkpath"] = _text(data)
    elif kind == b"x" and (b"path=" in data or b"size=" in data):
        overrides.update(_pax_records(data))


def _pax_records(data: bytes) -> dict[str, str]:
    records = {}
    start = 0
    while start < len(data):
        length, space, _rest = data[start : start + 10].partition(b" ")
        end = start + int(length) if length.isdigit() else 0
        if not space or not start + len(length) + 1 < end <= len(data):
            raise ArchiveError("is damaged: a pax header is malformed")
        name, _equals, value = data[start + len(length) + 1 : end].rstrip(b"\n").partition(b"=")
        if name in (b"path", b"linkpath") or (name == b"size" and value.isdigit() and len(value) < 20):
            records[name.decode()] = value.decode("utf-8", "replace")
        start = end
    return records
