# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet's figures beside a host's own. Hosts with the same kernel and memory size show whether one is unusual, without a history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from statistics import median
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits

#: The compared figures, in percent of all memory: name -> the part of the account, None for unaccounted memory.
FIGURES: dict[str, str | None] = {"unaccounted": None, "slab_unreclaimable": "slab_unreclaimable"}


def percent_of_total(account: Mapping[str, Any], part: str | None) -> float | None:
    """A part of an account, or the unaccounted memory, in percent of all memory; None if there is no account."""
    if account["unclear"] is not None:
        return None
    kb: int = account["unaccounted_kb"] if part is None else account["parts"].get(part, 0)
    total_kb: int = account["total_kb"]
    return round(100 * kb / total_kb, 2)


def fleet_figures(hosts: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, dict[str, Any] | None]:
    """Host -> {hosts, FIGURE_percent: {median, spread}}, None if there are too few similar hosts. ``hosts``: name -> (facts, account).

    Similar hosts have the same kernel release, and their memory rounds up to the same power of two GB. ``hosts`` is their number with the
    host itself, ``spread`` the median distance from the median.
    """
    groups: dict[tuple[str, int], list[str]] = defaultdict(list)
    for name, (facts, account) in hosts.items():
        release = (facts.get("kernel") or {}).get("release")
        if release and account["unclear"] is None:
            groups[release, (account["total_kb"] - 1).bit_length()].append(name)
    found: dict[str, dict[str, Any] | None] = dict.fromkeys(hosts)
    for names in groups.values():
        if len(names) >= cause_limits()["fleet"]["hosts_at_least"]:
            found.update(dict.fromkeys(names, _figures([hosts[name][1] for name in names])))
    return found


def _figures(accounts: list[Mapping[str, Any]]) -> dict[str, Any]:
    figures: dict[str, Any] = {"hosts": len(accounts)}
    for name, part in FIGURES.items():
        values = [value for account in accounts if (value := percent_of_total(account, part)) is not None]
        middle = median(values)
        figures[f"{name}_percent"] = {"median": round(middle, 2), "spread": round(median(abs(value - middle) for value in values), 2)}
    return figures
