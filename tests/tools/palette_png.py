# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PNG of a browser made smaller: 256 colours, and a word about what is on it. Standard library only."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: A keyword of the PNG standard for text about the picture.
_KEYWORD = b"Source\0"

Colour = bytes


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, content) of each chunk."""
    place = len(_SIGNATURE)
    while place < len(png):
        size = struct.unpack(">I", png[place : place + 4])[0]
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        place += size + 12


def size_of(png: bytes) -> tuple[int, int]:
    """(width, height) in pixels."""
    width, height = struct.unpack(">II", dict(chunks(png))[b"IHDR"][:8])
    return width, height


def source_of(png: bytes) -> str:
    """The word that :func:`with_palette` put in; empty where there is none."""
    text = dict(chunks(png)).get(b"tEXt", b"")
    return text.removeprefix(_KEYWORD).decode("ascii") if text.startswith(_KEYWORD) else ""


def with_palette(png: bytes, source: str) -> bytes:
    """The same picture in its 256 most frequent colours; any other becomes the nearest of these."""
    width, height = size_of(png)
    pixels = [row[place : place + 3] for row, step in _rows(png) for place in range(0, width * step, step)]
    palette = [colour for colour, _count in Counter(pixels).most_common(256)]
    index = {colour: place for place, colour in enumerate(palette)}
    for colour in set(pixels) - set(index):
        index[colour] = _nearest(colour, palette)
    flat = bytes(index[pixel] for pixel in pixels)
    lines = b"".join(b"\0" + flat[row * width : (row + 1) * width] for row in range(height))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"tEXt", _KEYWORD + source.encode("ascii")),
        (b"PLTE", b"".join(palette)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _nearest(colour: Colour, palette: list[Colour]) -> int:
    red, green, blue = colour
    return min(range(len(palette)), key=lambda place: sum((a - b) ** 2 for a, b in zip(palette[place], (red, green, blue), strict=True)))


def _rows(png: bytes) -> Iterator[tuple[bytes, int]]:
    """(a row without its filter, bytes a pixel) of a picture in RGB or RGBA, as browsers write them."""
    width, _height, _depth, kind = struct.unpack(">IIBB", dict(chunks(png))[b"IHDR"][:10])
    step = {2: 3, 6: 4}[kind]
    data = zlib.decompress(b"".join(content for name, content in chunks(png) if name == b"IDAT"))
    above = bytearray(width * step)
    for start in range(0, len(data), width * step + 1):
        row = _unfiltered(data[start], bytearray(data[start + 1 : start + 1 + width * step]), above, step)
        yield bytes(row), step
        above = row


def _unfiltered(kind: int, row: bytearray, above: bytearray, step: int) -> bytearray:
    """One row as it was before its filter: none, left, above, mean of both, or Paeth's choice."""
    if kind == 0:
        return row
    if kind == 2:
        return bytearray((value + up) & 255 for value, up in zip(row, above, strict=True))
    for place, value in enumerate(row):
        left, corner = (row[place - step], above[place - step]) if place >= step else (0, 0)
        up = above[place]
        guess = {1: left, 3: (left + up) // 2, 4: _paeth(left, up, corner)}[kind]
        row[place] = (value + guess) & 255
    return row


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))
