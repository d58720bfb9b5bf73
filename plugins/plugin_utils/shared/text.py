# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small text helpers of the reports: hostile text made harmless, widths, cutting, natural order."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"

_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029\u00a0]")
# Printable by Unicode's book, but invisible, and able to widen what stands before them.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# One character together with the marks that a terminal draws on top of it.
_CLUSTER = re.compile(r"(?s).[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]*")
_DIGITS = re.compile(r"([0-9]+)")

#: How one part of a natural key compares: text by text, a number by its length, then its digits.
NaturalKey = tuple[tuple[tuple[int, str], ...], str]


def printable(text: object, limit: int = 500) -> str:
    """Any text of a host, made safe to print on a terminal and at most ``limit`` characters long.

    Line breaks and tabs become spaces. Every other character that is not printable (control
    characters and with them all ANSI sequences, bidirectional overrides, zero-width and private
    ones, lone surrogates) becomes its visible escape, so that a reader sees that it was there.

    >>> printable("eth0\\x1b[31m")
    'eth0\\\\x1b[31m'
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    # Plain str: a subclass (Ansible's tagged or unsafe text) must not carry its methods along.
    raw = str.__str__(text) if isinstance(text, str) else str(text)
    if len(raw) <= limit and raw.isascii() and raw.isprintable():
        return raw
    raw = _SPACES.sub(" ", raw[: limit + 1])
    if not raw.isprintable():
        raw = "".join(char if char.isprintable() else _escape(char) for char in raw)
    if not raw.isascii():
        raw = _INVISIBLE.sub(lambda match: _escape(match.group()), raw)
    return raw if len(raw) <= limit else raw[: limit - 1] + ELLIPSIS


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clusters(text: str) -> list[str]:
    """``text`` split into what a terminal draws as one: a character and its combining marks."""
    return list(text) if text.isascii() else _CLUSTER.findall(text)


def cluster_width(cluster: str) -> int:
    """Terminal columns of one cluster: 2 for the wide characters of East Asian scripts and emoji.

    Source: Unicode Standard Annex 11. Scripts whose marks stand beside the letter are counted
    too wide rather than too narrow.
    """
    return 2 if unicodedata.east_asian_width(cluster[0]) in "WF" else 1


def display_width(text: str) -> int:
    """Terminal columns that ``text`` (already :func:`printable`) takes."""
    return len(text) if text.isascii() else sum(map(cluster_width, clusters(text)))


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, an ellipsis at its end where something is missing."""
    if display_width(text) <= width:
        return text
    return _head(text, width - 1)[0].rstrip() + ELLIPSIS if width > 0 else ""


def wrap(text: str, width: int, max_lines: int) -> list[str]:
    """``text`` in lines of at most ``width`` columns, at most ``max_lines``, then an ellipsis.

    Breaks at spaces where it can, inside a word where it must.
    """
    lines: list[str] = []
    rest = text.strip()
    while rest:
        if len(lines) == max_lines - 1 or display_width(rest) <= width:
            return [*lines, cut(rest, width)]
        head, tail = _head(rest, width)
        if not head:  # not even one wide character fits
            return [*lines, cut(rest, width)]
        if not tail.startswith(" ") and " " in head.strip():
            head, _space, broken = head.rpartition(" ")
            tail = broken + tail
        lines.append(head.rstrip())
        rest = tail.lstrip()
    return lines


def _head(text: str, width: int) -> tuple[str, str]:
    """The longest start of ``text`` that takes at most ``width`` columns, and what is left."""
    used = 0
    place = 0
    for cluster in clusters(text):
        used += cluster_width(cluster)
        if used > width:
            break
        place += len(cluster)
    return text[:place], text[place:]


def natural_key(name: str) -> NaturalKey:
    """A sort key that puts ``db-2`` before ``db-10``; the name itself settles ties.

    >>> sorted(["db-10", "db-2", "DB-1"], key=natural_key)
    ['DB-1', 'db-2', 'db-10']
    """
    parts: list[tuple[int, str]] = []
    # Splitting at digits puts text and numbers at alternate places, so like meets like. Numbers
    # compare by length and digits because int() refuses very long ones.
    for place, part in enumerate(_DIGITS.split(name)):
        digits = part.lstrip("0")
        parts.append((len(digits), digits) if place % 2 else (0, part.casefold()))
    return tuple(parts), name


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun: ``1 host``, ``10,000 hosts``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
