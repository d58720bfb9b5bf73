# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a comparison in sentences. Values of hosts are clipped as in all sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.groups import FactGroup
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.pairs import Pair, Pairs, Part
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.statistics import ALPHA
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.traits import NAMES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

#: How many facts get a sentence; the others are in the list.
_MOST_TOLD = 3


class RankedGroup(NamedTuple):
    """A group with its figures. ``half_added``: 0.5 was added to each cell for the odds ratio, because one is empty."""

    group: FactGroup
    odds_ratio: float
    half_added: bool
    p: float
    p_corrected: float


@dataclass(frozen=True)
class Findings:
    """The input of a conclusion. ``best_possible_p``: of a fact that all hosts with the trouble and no others have."""

    troubled: int
    others: int
    best_possible_p: float
    groups: list[RankedGroup]
    tests: int
    pairs: Pairs

    @property
    def hosts(self) -> int:
        return self.troubled + self.others


def conclusion(findings: Findings) -> list[str]:
    """One sentence or more, the most important first."""
    hinders = _hindered(findings)
    return [hinders] if hinders else list(_told(findings))


def _hindered(found: Findings) -> str:
    """Why there is no conclusion, or ""."""
    if not found.troubled:
        return "No host with enough facts has the trouble, so there is nothing to compare."
    if not found.others:
        return "Every host with enough facts has the trouble, so there are no other hosts to compare with."
    if found.best_possible_p > ALPHA:
        return (
            f"Too few hosts to say anything: {found.troubled} with the trouble, {found.others} without. Even a fact on all hosts "
            f"with the trouble and on no other could be chance (p {figure(found.best_possible_p)})."
        )
    if not found.groups:
        return "All hosts are alike in every fact that is compared."
    if not found.tests:
        return "Too few hosts to say anything: every difference could be chance."
    return ""


def _told(found: Findings) -> Iterator[str]:
    best = found.pairs.pairs[0] if found.pairs.pairs else None
    apart = [one for one in found.groups if one.p_corrected <= ALPHA]
    if best and best.both_needed:
        yield f"Both are needed: {_of_pair(best)}."
        apart = [one for one in apart if _adds_to(best, one)][:1]
    elif best and best.p <= ALPHA:
        yield f"Perhaps both are needed, but there are too few hosts to be sure: {_of_pair(best)}."
    for one in apart[:_MOST_TOLD]:
        yield f"{_name(one.group)}: {_of_group(one, found)}."
    if not apart and not (best and best.both_needed):
        nearest = found.groups[0]
        yield f"No single fact differs by more than chance could explain. Nearest: {_name(nearest.group)}: {_of_group(nearest, found)}."


def _adds_to(pair: Pair, one: RankedGroup) -> bool:
    """Whether it says more than the pair: neither a part of its facts or the whole of them, nor a sign of their absence."""
    parts = (pair.first.having, pair.second.having)
    return one.odds_ratio > 1 and all(one.group.having & ~part and part & ~one.group.having for part in parts)


def _of_pair(pair: Pair) -> str:
    return (
        f"{_name(pair.first)}, and {_name(pair.second)}. The trouble is on {_part(pair.both)} with both, {_part(pair.first_only)} with the "
        f"first alone, {_part(pair.second_only)} with the second alone, {_part(pair.neither)} with neither "
        f"(p {figure(pair.p)}, corrected {figure(pair.p_corrected)})"
    )


def _of_group(one: RankedGroup, found: Findings) -> str:
    table = one.group.table
    with_it = f"{table.troubled_with} of {table.troubled_with + table.troubled_without} with the trouble have it"
    others = f"{table.others_with} of {table.others_with + table.others_without} without"
    unseen = found.hosts - sum(table)
    not_seen = f", not known on {unseen}" if unseen else ""
    return f"{with_it}, {others}{not_seen} (odds ratio {figure(one.odds_ratio)}, p {figure(one.p)}, corrected {figure(one.p_corrected)})"


def _part(part: Part) -> str:
    return f"{part.troubled} of {part.hosts}"


def _name(group: FactGroup) -> str:
    """``NIC driver e1000e (always with firmware e1000e 0.5-4)``"""
    words = [f"{NAMES[fact]} {clip(value, 60)}" for fact, value in group.items]
    if len(words) == 1:
        return words[0]
    more = f" and {len(words) - 3} more" if len(words) > 3 else ""
    return f"{words[0]} (always with {', '.join(words[1:3])}{more})"


def figure(number: float) -> str:
    """Two digits, or all digits before the point. A number that is too small for a float gets words."""
    if number < 1e-300:
        return "below 1e-300"
    return f"{number:,.0f}" if number >= 9.95 else f"{number:.2g}"
