# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damage whose truth is known: after it nobody can read the free blocks, or the kernel's log, and the host must not be ``clear``.

Cannot be read means: the text is not there, the text is there and no line of it is one of its kind, a line that is there breaks
its own form, or the evidence ends before it or in it. A text that is sound and untrue is another matter: nobody can tell that.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.security.attacks.transcripts import sound
from tests.security.attacks.words import WORDS

_BUDDYINFO = "/proc/buddyinfo:"
_LOGS = ("$dmesg:", "$journal:", "$messages:")
#: Hosts of the sample fleet that are clear as they are.
CLEAR = ("db01-el63", "db05-el65", "app11-el9", "web20-el64-ixgbe")
_NO_NUMBERS = ("x", "-1", "1.5", "0x10", "١", "9" * 21, "1e3", "NaN", "{{ 7*7 }}", "<b>", "\x00", "1\udc80")


def damaged(chance: Random) -> tuple[str, str]:
    """(which damage, the transcript)."""
    kind = chance.choice(list(KINDS))
    return kind, KINDS[kind](chance, sound()[chance.choice(CLEAR)])


def _without(text: str, *sources: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith(sources))


def _absent(_chance: Random, text: str) -> str:
    return _without(text, _BUDDYINFO)


def _denied(chance: Random, text: str) -> str:
    reason = chance.choice(("grep: /proc/buddyinfo: Permission denied", "/proc/buddyinfo:", "grep: /proc/buddyinfo: {{ 7*7 }}"))
    return _without(text, _BUDDYINFO).replace("\n", f"\n!{reason}\n", 1)


def _binary(_chance: Random, text: str) -> str:
    return _without(text, _BUDDYINFO).replace("\n", "\nBinary file /proc/buddyinfo matches\n", 1)


def _a_column_that_is_no_number(chance: Random, text: str) -> str:
    lines = text.split("\n")
    zones = [number for number, line in enumerate(lines) if line.startswith(_BUDDYINFO)]
    at = chance.choice(zones)
    words = lines[at].split()
    words[chance.randrange(4, len(words))] = chance.choice(_NO_NUMBERS)
    lines[at] = " ".join(words)
    return "\n".join(lines)


def _no_line_is_one(chance: Random, text: str) -> str:
    every = [word for words in WORDS.values() for word in words if "\n" not in word and not word.startswith("Node ")]
    lines = [_BUDDYINFO + chance.choice(every) if line.startswith(_BUDDYINFO) else line for line in text.split("\n")]
    return "\n".join(lines)


def _a_zone_twice(_chance: Random, text: str) -> str:
    line = next(line for line in text.split("\n") if line.startswith(_BUDDYINFO))
    return text.replace(line, f"{line}\n{line}")


def _cut_in_it(chance: Random, text: str) -> str:
    start = text.index(_BUDDYINFO)
    end = text.index("\n", text.rindex(_BUDDYINFO))
    return text[: chance.randrange(start, end)]


def _no_log(_chance: Random, text: str) -> str:
    return _without(text, *_LOGS)


def _log_denied(chance: Random, text: str) -> str:
    reason = chance.choice(("read kernel buffer failed: Operation not permitted", "no such command", "no answer within 10 s", ""))
    return _without(text, *_LOGS).replace("\n", f"\n!$dmesg:{reason}\n", 1)


def _failures_that_nobody_can_read(chance: Random, text: str) -> str:
    """The filter on the host counted failures, and their lines did not arrive as they were."""
    count = chance.randrange(1, 5)
    lines = [f"$dmesg:[ 9.0] x: page allocation {chance.choice(('fail', 'failure? order:x'))} {number}" for number in range(count)]
    return _without(text, *_LOGS).replace("\n", "\n".join(["", *lines, f"$dmesg:#boot 1 failures {count}", ""]), 1)


def _cut_before_the_log(chance: Random, text: str) -> str:
    return text[: chance.randrange(text.index(_BUDDYINFO), text.index("$dmesg:"))]


KINDS: dict[str, Callable[[Random, str], str]] = {
    "buddyinfo is absent": _absent,
    "buddyinfo is denied": _denied,
    "buddyinfo is binary": _binary,
    "a column of buddyinfo is no number": _a_column_that_is_no_number,
    "no line of buddyinfo is one": _no_line_is_one,
    "a zone of buddyinfo is there twice": _a_zone_twice,
    "the evidence ends in buddyinfo": _cut_in_it,
    "no log is there": _no_log,
    "the log is denied": _log_denied,
    "the log's failures are garbled": _failures_that_nobody_can_read,
    "the evidence ends before the log": _cut_before_the_log,
}
