# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcripts of hostile hosts: those of the sample fleet damaged, and such as no probe would make."""

from __future__ import annotations

import functools
from collections.abc import Callable
from random import Random

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, end_line, head_line
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import MANIFEST, PAGETYPEINFO

from tests.conftest import SAMPLE_FLEET
from tests.security.attacks.mutation import mutated
from tests.security.attacks.texts import every_text, samples, text_like
from tests.security.attacks.words import junk, word

_REASONS = ("Permission denied", "No such file or directory", "no such command", "no answer within 10 s", "")


@functools.cache
def sound() -> dict[str, str]:
    """The records of the sample fleet by host."""
    return {path.stem: path.read_text() for path in sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))}


def transcript(chance: Random) -> str:
    """One of any kind."""
    return chance.choice(_KINDS)(chance)


def evidence(chance: Random) -> Evidence:
    """What no transcript need have carried: texts under any name, with reasons beside them."""
    texts = {_source(chance): _content(chance) for _number in range(chance.randrange(12))}
    whole = {source: text_like(chance, pool) if chance.random() < 0.3 else chance.choice(pool) for source, pool in samples().items()}
    texts |= {source: text for source, text in whole.items() if chance.random() < 0.7}
    reasons = {_source(chance): _reason(chance) for _number in range(chance.randrange(4))}
    return Evidence(texts, reasons, chance.random() < 0.8)


def _damaged(chance: Random) -> str:
    """The text as a whole: lines, frames and sources alike."""
    return mutated(chance, _a_sound_one(chance), list(sound().values()))


def _with_hostile_contents(chance: Random) -> str:
    """The frame is sound, and what some lines of some sources say is not."""
    lines = _a_sound_one(chance).split("\n")
    for _number in range(chance.choice((1, 2, 4, 30))):
        at = chance.randrange(1, len(lines))
        source, colon, content = lines[at].partition(":")
        if colon:
            lines[at] = source + colon + mutated(chance, content)
    return "\n".join(lines)


def _with_odd_sources(chance: Random) -> str:
    """Lines of sources that the manifest does not name, or names otherwise; reasons where there are none."""
    lines = _a_sound_one(chance).split("\n")
    for _number in range(chance.choice((1, 3, 10, 100))):
        made = f"{_source(chance)}:{_content(chance)}" if chance.random() < 0.7 else f"!{_source(chance)}:{_reason(chance)}"
        lines.insert(chance.randrange(len(lines)), made)
    return "\n".join(lines)


def _with_frames(chance: Random) -> str:
    """Heads and ends where they do not belong."""
    lines = _a_sound_one(chance).split("\n")
    for _number in range(chance.choice((1, 2, 5))):
        nonce = chance.choice(("sample", "other", "recorded", "", "x" * 64, "x" * 65, "NONCE x", word(chance)))
        lines.insert(chance.randrange(len(lines)), chance.choice((head_line, end_line))(nonce))
    return "\n".join(lines)


def _made(chance: Random) -> str:
    """By a grammar: any source with any content, in any order."""
    lines = [head_line("made")]
    for _number in range(chance.choice((0, 1, 5, 20, 60))):
        source = _source(chance)
        lines += [f"{source}:{line}" for line in _content(chance).split("\n")]
    return "\n".join([*lines, *([end_line("made")] if chance.random() < 0.8 else [])]) + "\n"


def _of_nothing(chance: Random) -> str:
    """No transcript at all: a login shell's words, an error, junk."""
    return "\n".join(chance.choice((word, junk))(chance) for _line in range(chance.choice((0, 1, 2, 50))))


def _unreached(chance: Random) -> str:
    """The record of a host that could not be reached, in a host's own words."""
    said = mutated(chance, chance.choice(("Connection timed out during banner exchange", "ssh: connect to host x port 22: refused", "x")))
    return f"{head_line('recorded')}\n!$connection:{said}\n{end_line('recorded')}\n"


def _a_sound_one(chance: Random) -> str:
    return chance.choice(list(sound().values()))


def _source(chance: Random) -> str:
    """A name of the manifest, its stars filled in with anything; or any name."""
    if chance.random() < 0.15:
        return chance.choice(("/", "$", "!", "")) + word(chance)
    name = chance.choice(
        [entry.source for entry in (*MANIFEST, PAGETYPEINFO)] + list(samples()) + ["$connection", "$sosreport", "$virtual"]
    )
    while "*" in name:
        name = name.replace("*", chance.choice(("eth0", "lo", "bond0", "mlx4_en", "..", "*", word(chance).replace("*", ""))), 1)
    return str(name)


def _content(chance: Random) -> str:
    return text_like(chance, every_text())


def _reason(chance: Random) -> str:
    return chance.choice(_REASONS) if chance.random() < 0.6 else word(chance)


_KINDS: tuple[Callable[[Random], str], ...] = (
    _damaged,
    _damaged,
    _with_hostile_contents,
    _with_hostile_contents,
    _with_hostile_contents,
    _with_odd_sources,
    _with_frames,
    _made,
    _of_nothing,
    _unreached,
)
