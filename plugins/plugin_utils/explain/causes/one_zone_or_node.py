# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""one_zone_or_node: another zone or node has it, and this request may not use that one."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    LIKELY,
    Cause,
    Evidenced,
    Unhelpful,
    action,
    kb_told,
    useless,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation, ZonesAt
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action


def _places(situation: Situation) -> tuple[list[tuple[int, str]], dict[tuple[int, str], int]]:
    """(zones that had nothing, those that had plenty with how many requests), at the moment of the failure."""
    then = situation.then
    if then is None:
        return [], {}
    found = then.by_place(situation.failed_orders[0])
    enough = cause_limits()["one_zone_or_node"]["granted_elsewhere"]
    return [place for place, number in found.items() if number < 1 and _has_pages(then, place)], {
        place: number for place, number in found.items() if number >= enough
    }


def _has_pages(moment: ZonesAt, place: tuple[int, str]) -> bool:
    """A zone without watermarks has no memory."""
    return any((zone["node"], zone["zone"]) == place and (zone.get("high_pages") or 0) > 0 for zone in moment.zones)


def _find(situation: Situation) -> Evidenced | None:
    empty, plenty = _places(situation)
    if not empty or not plenty:
        return None
    order, most = situation.failed_orders[0], max(plenty, key=lambda place: plenty[place])
    moment = situation.then
    told = (
        f"{moment.when if moment else ''}: {_named(empty)} had no block of order {order}, while {_named([most])} would have granted "
        f"{plenty[most]} such requests: this one may not have been allowed to use it"
    )
    return Evidenced(LIKELY, (told,), {"order": order, "granted_elsewhere": plenty[most], "zones_without": len(empty)})


def _named(places: list[tuple[int, str]]) -> str:
    return ", ".join(f"node {node} zone {zone}" for node, zone in places[:4])


def _advice(situation: Situation) -> list[Action]:
    empty, _plenty = _places(situation)
    moment = situation.now
    free = {}
    for zone in moment.zones if moment else ():
        free[zone["node"]] = free.get(zone["node"], 0) + (zone.get("free_pages") or 0) * situation.page_size_bytes // 1024
    told = ", ".join(f"node {node}: {kb_told(kb)}" for node, kb in sorted(free.items())[:8])
    return [
        action(
            "move_memory",
            f"See who binds memory or interrupts to {_named(empty)} (numactl, cpusets, the NIC's node), and spread them (free now: {told})",
        )
    ]


def _unhelpful(situation: Situation) -> list[Unhelpful]:
    empty, _plenty = _places(situation)
    if len({node for node, _zone in empty}) == 1 and (situation.host.nodes or 1) > 1:
        return [
            useless(
                "raise_min_free_kbytes",
                "vm.min_free_kbytes is shared out over all nodes by size: most of a rise goes to those that have enough",
            )
        ]
    return []


CAUSE = Cause("one_zone_or_node", _find, _advice, _unhelpful)
