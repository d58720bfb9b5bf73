# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""one_zone_or_node: another zone or node has such a block, but this request may not use it."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    LIKELY,
    Cause,
    Evidenced,
    action,
    kb_told,
    useless,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation, ZonesAt
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful

Place = tuple[int, str]


def places_of(situation: Situation) -> tuple[list[Place], dict[Place, int]]:
    """(places without such a block, places with many and the number of requests), at the moment of the failure. A place is (node, zone)."""
    then = situation.then
    if then is None:
        return [], {}
    granted, free = then.by_place(situation.failed_orders[0]), _free_above_high(then)
    enough = cause_limits()["one_zone_or_node"]["granted_elsewhere"]
    plenty = {place: number for place, number in granted.items() if number >= enough and free.get(place, 0) > 0}
    return [place for place, number in granted.items() if number < 1 and place in free], plenty


def is_elsewhere(situation: Situation) -> bool:
    """Whether another zone or node had such a block."""
    return all(places_of(situation))


def _free_above_high(moment: ZonesAt) -> dict[Place, int]:
    """Pages above the high watermark, negative if there are fewer. A zone without watermarks has no memory and is left out."""
    return {
        (zone["node"], zone["zone"]): (zone.get("free_pages") or 0) - zone["high_pages"] for zone in moment.zones if zone.get("high_pages")
    }


def _find(situation: Situation) -> Evidenced | None:
    if not is_elsewhere(situation):
        return None
    empty, plenty = places_of(situation)
    order, most = situation.failed_orders[0], max(plenty, key=lambda place: plenty[place])
    moment = situation.then
    told = (
        f"{moment.when if moment else ''}: {_named(empty)} had no block of order {order}, but {_named([most])} could grant "
        f"{plenty[most]} such requests; perhaps this request could not use it"
    )
    return Evidenced(LIKELY, (told,), {"order": order, "granted_elsewhere": plenty[most], "zones_without": len(empty)})


def _named(places: list[Place]) -> str:
    return ", ".join(f"node {node} zone {zone}" for node, zone in places[:4])


def _advice(situation: Situation) -> list[Action]:
    empty, _plenty = places_of(situation)
    moment = situation.now
    free: dict[int, int] = {}
    for zone in moment.zones if moment else ():
        free[zone["node"]] = free.get(zone["node"], 0) + (zone.get("free_pages") or 0) * situation.page_size_bytes // 1024
    told = ", ".join(f"node {node}: {kb_told(kb)}" for node, kb in sorted(free.items())[:8])
    return [
        action(
            "move_memory",
            f"Find who binds memory or interrupts to {_named(empty)} (numactl, cpusets, the NIC's node), and spread it (free now: {told})",
        )
    ]


def _unhelpful(situation: Situation) -> list[Unhelpful]:
    empty, _plenty = places_of(situation)
    if len({node for node, _zone in empty}) == 1 and (situation.host.nodes or 1) > 1:
        return [
            useless(
                "raise_min_free_kbytes",
                "The kernel divides vm.min_free_kbytes over all nodes by size: most goes to nodes that have enough",
            )
        ]
    return []


CAUSE = Cause("one_zone_or_node", _find, _advice, _unhelpful)
