# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of a compressed file, read forward only and within bounds. Its first bytes tell how it is compressed, not its name."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Protocol

_READ_BYTES = 1 << 18
_CHUNK_BYTES = 1048576

#: What a whole archive may unpack to, and how many times its packed size beyond the first bytes. A report of logs alone
#: reaches 50 times; xz makes 7,000 times of zeroes and gzip 1,000.
MAX_UNPACKED_BYTES = 16 * 2**30
MAX_RATIO = 300
RATIO_COUNTS_FROM_BYTES = 128 * 2**20
#: The memory that xz may ask for: what its highest level needs, twice.
_MAX_XZ_MEMORY_BYTES = 128 * 2**20


class Readable(Protocol):
    """What is asked of a file: to be read forward, and from its start once more."""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes; fewer only at the end."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """As that of a file."""


class ArchiveError(Exception):
    """What is wrong with an archive as a whole; the message is the reason, a sentence's end."""


class _Gzip:
    """zlib's decompressor with the methods of the other two."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data


_KINDS: tuple[tuple[bytes, str, Callable[[], Any]], ...] = (
    (b"\xfd7zXZ\0", "xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_XZ_MEMORY_BYTES)),
    (b"\x1f\x8b", "gzip", _Gzip),
    (b"BZh", "bzip2", bz2.BZ2Decompressor),
)
MAGIC_BYTES = 512


def kind_of(head: bytes) -> str | None:
    """ "xz", "gzip", "bzip2" or "tar" by the first MAGIC_BYTES of a file; None for anything else."""
    for magic, name, _make in _KINDS:
        if head.startswith(magic):
            return name
    return "tar" if head[257:262] == b"ustar" else None


class Unpacked:
    """``read`` and ``skip`` over the unpacked bytes of ``file``. Raises ArchiveError where they are damaged or too many."""

    def __init__(self, file: Readable, kind: str) -> None:
        self._file = file
        self._make = next((make for _magic, name, make in _KINDS if name == kind), None)
        self._unpacker = self._make() if self._make else None
        self._kind = kind
        self._packed_bytes = 0
        self._unpacked_bytes = 0
        self._chunk = b""
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes; ArchiveError where there are fewer."""
        at = self._at
        if at + size <= len(self._chunk):
            self._at = at + size
            return self._chunk[at : self._at]
        pieces = [self._chunk[at:]]
        missing = size - len(pieces[0])
        while missing:
            self._next_chunk()
            pieces.append(self._chunk[:missing])
            self._at = len(pieces[-1])
            missing -= self._at
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        """Leave out the next ``size`` bytes; ArchiveError where there are fewer."""
        while self._at + size > len(self._chunk):
            size -= len(self._chunk) - self._at
            if self._unpacker is None and size > _READ_BYTES:
                size = self._seek(size)
            self._next_chunk()
        self._at += size

    def _seek(self, size: int) -> int:
        """Leap over what is not packed, all but the last bytes: those are read, so that an end too soon is seen."""
        self._file.seek(size - 512, 1)
        return 512

    def _next_chunk(self) -> None:
        try:
            self._chunk = self._more()
        except (lzma.LZMAError, zlib.error, OSError, EOFError, ValueError) as error:
            raise ArchiveError(f"is damaged: {error} ({self._kind})") from None
        self._at = 0
        if not self._chunk:
            raise ArchiveError("is incomplete: the file ends too early")
        self._unpacked_bytes += len(self._chunk)
        if self._unpacked_bytes > MAX_UNPACKED_BYTES:
            raise ArchiveError(f"unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB")
        if self._unpacked_bytes > max(RATIO_COUNTS_FROM_BYTES, MAX_RATIO * self._packed_bytes) and self._unpacker is not None:
            raise ArchiveError(f"unpacks to more than {MAX_RATIO} times its size, so it is a decompression bomb")

    def _more(self) -> bytes:
        if self._unpacker is None or self._make is None:
            return self._file.read(_CHUNK_BYTES)
        while True:
            data = b""
            if self._unpacker.eof:  # another stream may follow, as parallel compressors write them
                data = self._unpacker.unused_data.lstrip(b"\0") or self._read_packed().lstrip(b"\0")
                if not data:
                    return b""
                self._unpacker = self._make()
            elif self._unpacker.needs_input:
                data = self._read_packed()
                if not data:
                    return b""
            unpacked: bytes = self._unpacker.decompress(data, _CHUNK_BYTES)
            if unpacked:
                return unpacked

    def _read_packed(self) -> bytes:
        data = self._file.read(_READ_BYTES)
        self._packed_bytes += len(data)
        return data
