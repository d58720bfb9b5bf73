# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data that a template hands to filters and tests, and what tasks registered: of any shape, with hostile text in any place."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from random import Random
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OUTCOMES

from tests.security.attacks.transcripts import sound, transcript
from tests.security.attacks.words import junk, number, word

#: What stands where something else should.
_ODD: tuple[Callable[[Random], Any], ...] = (
    lambda _chance: None,
    lambda _chance: True,
    lambda _chance: [],
    lambda _chance: {},
    lambda _chance: -1,
    lambda _chance: 0,
    lambda _chance: 1.5,
    lambda _chance: float("nan"),
    lambda _chance: float("inf"),
    lambda _chance: 1 << 64,
    lambda _chance: 10**400,
    lambda _chance: [[[]]],
    lambda _chance: functools.reduce(lambda inner, _level: [inner], range(600), []),
    lambda chance: {word(chance): word(chance)},
    lambda chance: [word(chance)] * 3,
    word,
    word,
    word,
    number,
    junk,
)


@functools.cache
def sound_facts() -> tuple[dict[str, Any], ...]:
    """Of the sample fleet's hosts that gave any."""
    return tuple(facts_from(read_transcript(text)) for name, text in sound().items() if not name.startswith(("db17", "db18")))


def facts(chance: Random) -> Any:
    """The facts of a host as they might come out of a cache, a play's vars or a template."""
    if chance.random() < 0.05:
        return odd(chance)
    made = copy.deepcopy(chance.choice(sound_facts()))
    for _number in range(chance.choice((1, 1, 2, 5, 20))):
        _spoil(chance, made)
    return made


def odd(chance: Random) -> Any:
    """Any value."""
    return chance.choice(_ODD)(chance)


def results(chance: Random) -> dict[str, Any]:
    """{host: result} as fleet.json has them under ``hosts``."""
    names = [word(chance) if chance.random() < 0.3 else f"h{number}" for number in range(chance.choice((0, 1, 2, 6, 12)))]
    return {name: _result(chance) for name in names}


def _result(chance: Random) -> Any:
    if chance.random() < 0.05:
        return odd(chance)
    symptom = chance.choice((True, False, None)) if chance.random() < 0.95 else odd(chance)
    return {"symptom": symptom, "facts": facts(chance) if chance.random() < 0.5 else chance.choice(sound_facts())}


def registered(chance: Random) -> Any:
    """What a task of ours, or one that took its name, left in a variable."""
    if chance.random() < 0.1:
        return odd(chance)
    keys: dict[str, Callable[[Random], Any]] = {
        "msg": word,
        "unreachable": odd,
        "failed": odd,
        "skip_reason": word,
        "transcript": transcript,
        "ansible_facts": lambda chance: {"pagealloc": facts(chance)} if chance.random() < 0.8 else odd(chance),
    }
    return {key: (make if chance.random() < 0.85 else odd)(chance) for key, make in keys.items() if chance.random() < 0.4}


def change(chance: Random) -> dict[str, Any]:
    """What the workaround's role says it did, with a host's words in its sentences."""
    return {
        "what": "workaround",
        "outcome": chance.choice(list(OUTCOMES)),
        "step": chance.choice((None, 1, 7)),
        "order": 2,
        "sentences": [word(chance) for _number in range(chance.randrange(3))],
        "before": None,
        "after": None,
    }


def _spoil(chance: Random, value: Any) -> None:
    """Change one place somewhere below: another value, a key too many, one too few."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = chance.choice(keys)
        below = value[key]
        if isinstance(below, (dict, list)) and below and chance.random() < 0.8:
            value = below
            continue
        roll = chance.random()
        if roll < 0.75:
            value[key] = odd(chance)
        elif roll < 0.9:
            del value[key]
        elif isinstance(value, dict):
            value[word(chance)] = odd(chance)
        else:
            value.append(odd(chance))
        return
