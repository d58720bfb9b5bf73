# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sound text in, a damaged one out: what falsifiers, broken disks and bad luck make of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from tests.security.attacks.words import junk, number, word

#: No mutation makes a text longer than this.
MOST_CHARS = 400_000

_NUMBER = re.compile(r"\d+")
_TOKEN = re.compile(r"[^\s:,=()]+")


def mutated(chance: Random, text: str, pool: Sequence[str] = ()) -> str:
    """``text`` after a few mutations. ``pool``: other texts of the kind; pieces of them may be put in."""
    for _number in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        text = chance.choice(_MUTATIONS)(chance, text, pool)
        if len(text) > MOST_CHARS:
            text = text[:MOST_CHARS]
    return text


def mutated_bytes(chance: Random, data: bytes) -> bytes:
    """The same of bytes: flipped, cut, put in twice, zeroed, overwritten."""
    found = bytearray(data)
    for _number in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(found) + 1)
        length = chance.choice((1, 1, 2, 8, 100, 512, 4096))
        roll = chance.randrange(6)
        if roll == 0 and at < len(found):
            found[at] ^= 1 << chance.randrange(8)
        elif roll == 1:
            found[at : at + length] = chance.randbytes(min(length, len(found) - at))
        elif roll == 2:
            del found[at : at + length]
        elif roll == 3:
            found[at:at] = found[at : at + length]
        elif roll == 4:
            found[at : at + length] = bytes((chance.choice((0, 0xFF, 0x20, 0x80)),)) * min(length, len(found) - at)
        elif chance.random() < 0.3:
            del found[at:]
    return bytes(found)


def _replace_token(chance: Random, text: str, _pool: Sequence[str]) -> str:
    return _replaced(chance, _TOKEN, text, word)


def _replace_number(chance: Random, text: str, _pool: Sequence[str]) -> str:
    return _replaced(chance, _NUMBER, text, number)


def _replaced(chance: Random, pattern: re.Pattern[str], text: str, make: Callable[[Random], str]) -> str:
    """A match of the pattern near a random place, replaced."""
    found = pattern.search(text, chance.randrange(len(text) + 1)) or pattern.search(text)
    return text + make(chance) if found is None else text[: found.start()] + make(chance) + text[found.end() :]


def _insert(chance: Random, text: str, _pool: Sequence[str]) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice((word, number, junk))(chance) + text[at:]


def _delete(chance: Random, text: str, _pool: Sequence[str]) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at + chance.choice((1, 1, 2, 5, 20, 200)) :]


def _cut(chance: Random, text: str, _pool: Sequence[str]) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _repeat(chance: Random, text: str, _pool: Sequence[str]) -> str:
    """A piece many times over: a huge line, or thousands of lines."""
    at = chance.randrange(len(text) + 1)
    piece = text[at : at + chance.choice((1, 1, 2, 5, 30, 200))]
    times = chance.choice((2, 3, 10, 10, 100)) if chance.random() < 0.97 else chance.choice((1000, 20_000))
    return text[:at] + piece * min(times, MOST_CHARS // (len(piece) or 1)) + text[at:]


def _change_newlines(chance: Random, text: str, _pool: Sequence[str]) -> str:
    return text.replace("\n", chance.choice(("\r\n", "\r", "\n\n", "\v", "\f", "\x85", "\u2028", "#012", " ", "\x00\n", "\x1c")))


def _change_spaces(chance: Random, text: str, _pool: Sequence[str]) -> str:
    return text.replace(" ", chance.choice(("", "  ", "\t", "\u00a0", "\u3000", "\x1f", " " * 40)), chance.choice((1, 5, -1)))


def _change_case(chance: Random, text: str, _pool: Sequence[str]) -> str:
    return chance.choice((str.upper, str.lower, str.swapcase))(text)


def _move_lines(chance: Random, text: str, _pool: Sequence[str]) -> str:
    lines = text.split("\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    roll = chance.randrange(5)
    if roll == 0:
        lines[first], lines[second] = lines[second], lines[first]
    elif roll == 1:
        del lines[first]
    elif roll == 2:
        lines.insert(second, lines[first])
    elif roll == 3:
        lines.insert(first, word(chance))
    else:
        chance.shuffle(lines)
    return "\n".join(lines)


def _splice(chance: Random, text: str, pool: Sequence[str]) -> str:
    """The start of this text and the end of another."""
    other = chance.choice(pool) if pool else text
    return text[: chance.randrange(len(text) + 1)] + other[chance.randrange(len(other) + 1) :]


_MUTATIONS: tuple[Callable[[Random, str, Sequence[str]], str], ...] = (
    _replace_token,
    _replace_token,
    _replace_token,
    _replace_number,
    _replace_number,
    _insert,
    _insert,
    _delete,
    _cut,
    _repeat,
    _change_newlines,
    _change_spaces,
    _change_case,
    _move_lines,
    _move_lines,
    _splice,
)
