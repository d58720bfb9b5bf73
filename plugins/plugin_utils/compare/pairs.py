# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are two facts together needed? Then, among the hosts with the first fact, those with the second have more trouble, and the reverse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.groups import FactGroup
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.statistics import (
    ALPHA,
    Table,
    corrected_p,
    fisher_p,
    least_p,
    number_to_correct_for,
)

#: Pairs are made from this many groups, the first ones.
MOST_GROUPS_IN_PAIRS = 64


class Part(NamedTuple):
    """A number of hosts, and how many of them have the trouble."""

    troubled: int
    hosts: int


@dataclass(frozen=True)
class Pair:
    """Two groups, and the hosts with both, with one of them only, and with neither.

    ``p`` is the larger of two: that of the second group among the hosts with the first, and that of the first among those
    with the second. Both must be small before both are needed, so the larger one is the p of that (an intersection-union
    test).
    """

    first: FactGroup
    second: FactGroup
    both: Part
    first_only: Part
    second_only: Part
    neither: Part
    p: float
    p_corrected: float

    @property
    def both_needed(self) -> bool:
        return self.p_corrected <= ALPHA


class Pairs(NamedTuple):
    """``pairs``, the most important first; ``tried``: how many pairs were tried; ``corrected_for``: how many of them could give a
    result."""

    pairs: list[Pair]
    tried: int
    corrected_for: int


class _Parts(NamedTuple):
    both: Part
    first_only: Part
    second_only: Part
    neither: Part

    def least(self) -> float:
        """The smallest p that the pair could have with this number of hosts."""
        return max(least_p(*_margins(self.both, alone)) for alone in (self.first_only, self.second_only))

    def p(self) -> float:
        return max(fisher_p(Table.of(*_margins(self.both, alone), self.both.troubled)) for alone in (self.first_only, self.second_only))

    def worse_together(self) -> bool:
        ill, hosts = self.both
        return all(ill * alone.hosts > alone.troubled * hosts for alone in (self.first_only, self.second_only))


def pairs_of(groups: Sequence[FactGroup], troubled: int) -> Pairs:
    """All pairs of the first MOST_GROUPS_IN_PAIRS groups in which both facts make it worse, the smallest chance first."""
    told = [(first, second, parts, parts.least()) for first, second, parts in _parted(groups[:MOST_GROUPS_IN_PAIRS], troubled)]
    tests = number_to_correct_for(least for _first, _second, _parts, least in told)
    found = []
    for first, second, parts, least in told:
        if least <= ALPHA and parts.worse_together():
            p = parts.p()
            found.append(Pair(first, second, *parts, p, corrected_p(p, tests)))
    found.sort(key=lambda pair: (pair.p, -pair.both.troubled, pair.first.order, pair.second.order))
    return Pairs(found, len(told), tests)


def _parted(groups: Sequence[FactGroup], troubled: int) -> Iterator[tuple[FactGroup, FactGroup, _Parts]]:
    """Pairs of groups with hosts that have both, hosts that have the first alone and hosts that have the second alone."""
    for pair in combinations(sorted(groups, key=lambda group: group.order), 2):
        first, second = pair
        seen = first.seen & second.seen
        both = first.having & second.having
        first_only, second_only = first.having & seen & ~both, second.having & seen & ~both
        if both and first_only and second_only:
            four = (both, first_only, second_only, seen & ~first.having & ~second.having)
            yield first, second, _Parts(*(Part((hosts & troubled).bit_count(), hosts.bit_count()) for hosts in four))


def _margins(both: Part, alone: Part) -> tuple[int, int, int]:
    """(hosts, troubled ones, those with the second fact too) among the hosts with one fact."""
    return both.hosts + alone.hosts, both.troubled + alone.troubled, both.hosts
