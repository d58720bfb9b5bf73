# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison for the table and the HTML report. All text is printable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.conclusions import figure
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.traits import NAMES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of, printable

#: So many rows are shown; fleet.json has more.
_MOST_FACTS, _MOST_PAIRS = 10, 3


class FactRow(NamedTuple):
    """Facts that occur together, how many hosts of each side have them, and the figures; ``certain``: not by chance."""

    names: list[str]
    troubled: str
    others: str
    not_seen: int
    odds_ratio: str
    p: str
    p_corrected: str
    certain: bool


class PairRow(NamedTuple):
    """Two such, and how many of the hosts with both, one and neither showed the trouble."""

    first: list[str]
    second: list[str]
    both: str
    first_only: str
    second_only: str
    neither: str
    p: str
    p_corrected: str
    certain: bool


class ComparisonView(NamedTuple):
    """The whole comparison for display."""

    heading: str
    conclusion: list[str]
    left_out: str
    facts: list[FactRow]
    pairs: list[PairRow]


def comparison_view(fleet: Mapping[str, Any]) -> ComparisonView | None:
    """None if no comparison was wanted, or if no host has the symptom and none was named."""
    found = fleet["comparison"]
    if found is None or not (found["hosts"]["troubled"] or found["troubled_by"] == "list"):
        return None
    hosts = found["hosts"]
    return ComparisonView(
        heading=f"What sets the {count_of(hosts['troubled'], 'host')} with the trouble apart from the {hosts['others']:,} without",
        conclusion=[printable(sentence, 1000) for sentence in found["conclusion"]],
        left_out=_left_out(hosts),
        facts=[_fact_row(entry) for entry in found["facts"][:_MOST_FACTS]],
        pairs=[_pair_row(entry) for entry in found["pairs"][:_MOST_PAIRS]],
    )


def _left_out(hosts: Mapping[str, Any]) -> str:
    parts = []
    if hosts["no_facts"]:
        parts.append(f"{hosts['no_facts']:,} without facts")
    if hosts["symptom_not_known"]:
        parts.append(f"{hosts['symptom_not_known']:,} where it is not known whether the symptom is there")
    if hosts["not_in_fleet"]:
        names = ", ".join(printable(name, 80) for name in hosts["not_in_fleet_names"][:3])
        more = ", …" if hosts["not_in_fleet"] > 3 else ""
        parts.append(f"{hosts['not_in_fleet']:,} named as troubled but not audited ({names}{more})")
    return f"Left out: {'; '.join(parts)}." if parts else ""


def _fact_row(entry: Mapping[str, Any]) -> FactRow:
    return FactRow(
        names=_names(entry["facts"]),
        troubled=_of(entry["troubled_with"], entry["troubled_without"]),
        others=_of(entry["others_with"], entry["others_without"]),
        not_seen=entry["not_seen"],
        odds_ratio=figure(entry["odds_ratio"]),
        p=figure(entry["p"]),
        p_corrected=figure(entry["p_corrected"]),
        certain=entry["sets_apart"],
    )


def _pair_row(entry: Mapping[str, Any]) -> PairRow:
    return PairRow(
        first=_names(entry["first"]),
        second=_names(entry["second"]),
        both=_part(entry["both"]),
        first_only=_part(entry["first_only"]),
        second_only=_part(entry["second_only"]),
        neither=_part(entry["neither"]),
        p=figure(entry["p"]),
        p_corrected=figure(entry["p_corrected"]),
        certain=entry["both_needed"],
    )


def _of(having: int, lacking: int) -> str:
    return f"{having:,} of {having + lacking:,}"


def _part(part: Mapping[str, int]) -> str:
    return f"{part['troubled']:,} of {part['hosts']:,}"


def _names(items: Sequence[Mapping[str, str]]) -> list[str]:
    return [f"{NAMES[item['fact']]} {printable(item['value'], 120)}" for item in items]
