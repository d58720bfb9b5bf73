# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random states of a guest's memory, and what the kernel grants in each beside what the collection says it would."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom import headroom, why_unknown

from tests.lab.guest import Guest

#: States looked at in one go: each go is a login.
_AT_ONCE = 20


@dataclass(frozen=True)
class State:
    """``shapes``: (how, take permille, depth, keep permille, seed) of the oracle's shaper, one after the other."""

    min_free_kb: int
    order: int
    atomic: bool
    shapes: tuple[tuple[str, int, int, int, int], ...]

    def line(self) -> str:
        words = " ".join(str(number) for shape in self.shapes for number in shape)
        return f"{self.min_free_kb} {self.order} {'atomic' if self.atomic else 'wait'} {words}"


@dataclass(frozen=True)
class Seen:
    """What became of a state: asked and counted by the kernel, expected by the collection.

    ``asked``: whether one order-2 atomic request is granted. ``counted``: how many of the state's own order and kind in a row.
    """

    state: State
    guest: str
    asked: bool
    asked_expected: bool
    counted: int
    expected: int
    expected_without_types: int
    texts: list[str]


def random_states(seed: int, number: int, memory_kb: int) -> Iterator[State]:
    """States from untouched to starved, for a guest with so much memory; the same for the same seed."""
    dice = random.Random(seed)
    for _each in range(number):
        yield State(
            # up to the 5 % at which hosts die; evenly over the orders of magnitude
            min_free_kb=int(1000 * (memory_kb * 0.05 / 1000) ** dice.random()),
            order=dice.randint(1, 4),
            atomic=dice.random() < 0.6,
            shapes=(*(_random_shape(dice) for _shape in range(dice.choice((0, 1, 1, 1, 2, 2, 3)))), *_last_drop(dice)),
        )


def _last_drop(dice: random.Random) -> Iterator[tuple[str, int, int, int, int]]:
    """Every other state ends where the next request is in question: all that an atomic request gets is taken, almost all kept."""
    if dice.random() < 0.5:
        yield "atomic", 1000, dice.randint(0, 2), dice.randint(930, 1000), dice.getrandbits(31)


def _random_shape(dice: random.Random) -> tuple[str, int, int, int, int]:
    take = dice.choice((1000, 1000, 1000, dice.randint(0, 1000)))
    # What is kept decides which orders are left: (1 - keep) ** 4 of the order-2 blocks, for one.
    keep = dice.choice((dice.randint(0, 1000), dice.randint(500, 950), dice.randint(850, 985), dice.randint(940, 985)))
    return dice.choice(("all", "atomic")), take, dice.randint(0, 10), keep, dice.getrandbits(31)


def look(guest: Guest, name: str, states: Sequence[State]) -> Iterator[Seen]:
    """Each state made on the guest, looked at and asked about."""
    uname = guest.run("uname -a")
    for start in range(0, len(states), _AT_ONCE):
        batch = states[start : start + _AT_ONCE]
        lines = "\n".join(state.line() for state in batch)
        said = guest.run(f"lab_look <<'END'\n{lines}\nEND\n", timeout=60 + 30 * len(batch))
        answers = said.split("asked ")[1:]
        if len(answers) != len(batch):
            raise guest.error(f"{len(answers)} answers to {len(batch)} states: {said[-300:]}")
        for state, answer in zip(batch, answers, strict=True):
            yield _seen(name, uname, state, answer)


def _seen(name: str, uname: str, state: State, answer: str) -> Seen:
    head, counted, rest = answer.split("\n", 2)
    texts = rest.split("--\n")[:-1]
    at_asking, at_counting = (_facts(uname, texts[start : start + len(_SOURCES)]) for start in (0, len(_SOURCES)))
    return Seen(
        state,
        name,
        head == "1",
        _expected(at_asking, 2, atomic=True) > 0,
        int(counted.split()[1]),
        _expected(at_counting, state.order, atomic=state.atomic),
        _expected({**at_counting, "pagetypes": None}, state.order, atomic=state.atomic),
        texts[len(_SOURCES) :],
    )


_SOURCES = ("/proc/buddyinfo", "/proc/zoneinfo", "/proc/pagetypeinfo")


def _facts(uname: str, texts: Sequence[str]) -> dict[str, Any]:
    facts: dict[str, Any] = facts_from(Evidence({"$uname": uname, **dict(zip(_SOURCES, texts, strict=True))}, {}))
    return facts


def _expected(facts: dict[str, Any], order: int, *, atomic: bool) -> int:
    room = headroom(facts)
    if room is None:
        raise AssertionError(f"the headroom is unknown: {why_unknown(facts)}")
    number: int = room["atomic" if atomic else "non_atomic"][order]
    return number
