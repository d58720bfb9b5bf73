# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which facts hosts with the trouble differ from the rest: from results of hosts to one plain document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.conclusions import Findings, RankedGroup, conclusion
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.groups import FactGroups, Item, groups_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.pairs import Pair, pairs_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.statistics import (
    ALPHA,
    corrected_p,
    fisher_p,
    least_p,
    number_to_correct_for,
    odds_ratio,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

SCHEMA = "fleetcare.pagealloc/comparison/1"

#: The limits of groups, pairs, facts of a group and names of hosts in the document. The counts include all.
_MOST_FACTS, _MOST_PAIRS, _MOST_ITEMS, _MOST_NAMES = 50, 20, 20, 20


@dataclass(frozen=True)
class Sides:
    """The names of the hosts on both sides, and how many hosts are on neither and why."""

    troubled: list[str]
    others: list[str]
    no_facts: int
    symptom_not_known: int
    not_in_fleet: list[str]


def compare(hosts: Mapping[str, Mapping[str, Any]], troubled: Sequence[str] = ()) -> dict[str, Any]:
    """The comparison; docs/fleet.schema.json describes it under ``comparison``.

    ``hosts``: name -> {``symptom``: true, false or null, ``facts``: the value of ``ansible_facts.pagealloc`` or null}. The hosts with the
    trouble are those in ``troubled``, or, if it is empty, those with the symptom. Hosts without facts are on neither side. Without
    ``troubled``, the same holds for hosts whose symptom is not known.
    """
    sides = _sides(hosts, troubled)
    groups = groups_of((hosts[name]["facts"] for name in sides.troubled + sides.others), (1 << len(sides.troubled)) - 1)
    ranked, tests = _ranked(groups)
    pairs = pairs_of(groups.groups, (1 << len(sides.troubled)) - 1)
    findings = Findings(
        troubled=len(sides.troubled),
        others=len(sides.others),
        best_possible_p=least_p(len(sides.troubled) + len(sides.others), len(sides.troubled), len(sides.troubled)),
        groups=ranked,
        tests=tests,
        pairs=pairs,
    )
    return {
        "schema": SCHEMA,
        "troubled_by": "list" if troubled else "symptom",
        "conclusion": conclusion(findings),
        "hosts": _counts(sides),
        "tried": {
            "facts": len(ranked),
            "facts_corrected_for": tests,
            "facts_left_out": groups.left_out,
            "pairs": pairs.tried,
            "pairs_corrected_for": pairs.corrected_for,
        },
        "facts": [_fact(one, findings) for one in ranked[:_MOST_FACTS]],
        "pairs": [_pair(one, findings) for one in pairs.pairs[:_MOST_PAIRS]],
    }


def _sides(hosts: Mapping[str, Mapping[str, Any]], listed: Sequence[str]) -> Sides:
    names = frozenset(listed)
    sides: tuple[list[str], list[str]] = ([], [])
    no_facts = not_known = 0
    for name, result in hosts.items():
        ill = name in names if names else result["symptom"]
        if result["facts"] is None:
            no_facts += 1
        elif ill is None:
            not_known += 1
        else:
            sides[0 if ill else 1].append(name)
    return Sides(*sides, no_facts, not_known, sorted(names - set(hosts)))


def _ranked(groups: FactGroups) -> tuple[list[RankedGroup], int]:
    """The groups, the smallest chance first, and the number of tests for which their p are corrected."""
    tests = number_to_correct_for(least_p(*group.table.margins) for group in groups.groups)
    ranked = []
    for group in groups.groups:
        p = fisher_p(group.table)
        ranked.append(RankedGroup(group, *odds_ratio(group.table), p, corrected_p(p, tests)))
    ranked.sort(key=lambda one: (one.p, -one.odds_ratio, one.group.order))
    return ranked, tests


def _counts(sides: Sides) -> dict[str, Any]:
    return {
        "troubled": len(sides.troubled),
        "others": len(sides.others),
        "no_facts": sides.no_facts,
        "symptom_not_known": sides.symptom_not_known,
        "not_in_fleet": len(sides.not_in_fleet),
        "not_in_fleet_names": [clip(name, 80) for name in sides.not_in_fleet[:_MOST_NAMES]],
    }


def _fact(one: RankedGroup, findings: Findings) -> dict[str, Any]:
    return {
        "facts": _items(one.group.items),
        "opposite": _items(one.group.opposite),
        **one.group.table._asdict(),
        "not_seen": findings.hosts - sum(one.group.table),
        "odds_ratio": _figure(one.odds_ratio),
        "half_added": one.half_added,
        "p": _figure(one.p),
        "p_corrected": _figure(one.p_corrected),
        "sets_apart": one.p_corrected <= ALPHA,
    }


def _pair(pair: Pair, findings: Findings) -> dict[str, Any]:
    parts = {name: getattr(pair, name) for name in ("both", "first_only", "second_only", "neither")}
    return {
        "first": _items(pair.first.items),
        "second": _items(pair.second.items),
        **{name: part._asdict() for name, part in parts.items()},
        "not_seen": findings.hosts - sum(part.hosts for part in parts.values()),
        "p": _figure(pair.p),
        "p_corrected": _figure(pair.p_corrected),
        "both_needed": pair.both_needed,
    }


def _items(items: Iterable[Item]) -> list[dict[str, str]]:
    return [{"fact": fact, "value": clip(value, 120)} for fact, value in list(items)[:_MOST_ITEMS]]


def _figure(number: float) -> float:
    """Four digits are enough for any such figure."""
    return float(f"{number:.4g}")
