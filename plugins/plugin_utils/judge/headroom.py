# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headroom: how many more requests of each order the kernel would grant, by its own watermark rule, in closed form.

The rules are those of ``zone_watermark_ok`` in mm/page_alloc.c; watermark_rules.yml tells which kernel has which. A request of
order k takes from blocks of order k and above only, and what it splits leaves blocks of order k and above, so the pages in smaller
blocks stay the same from one grant to the next. Each of the rule's inequalities therefore bounds the number of grants by one division.

Only requests that succeed at once count. Memory that reclaim and compaction could free for requests that may wait is left out. So are the
pages in per-CPU lists, which /proc/buddyinfo does not show. A request that may wait is also measured by the min watermark, because its
last attempt has to pass it.

A request can use blocks of some migrate types only. It cannot use blocks of CMA or isolated blocks. Only an atomic request of a higher
order can use the HighAtomic reserve, which is up to one percent of a zone. /proc/buddyinfo does not show the types. If the facts have
``pagetypes``, they are used. Otherwise zoneinfo says how many free pages belong to CMA (and, on newer kernels, to the HighAtomic reserve),
but not in which blocks they are. The lower bound of the headroom then puts them into the blocks where they hurt most, and the upper bound
into those where they hurt least. There are also two bounds if the kernel may have one of two rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom_zones import (
    USABLE_ZONES,
    HeadroomZone,
    UnknownHeadroomError,
    read_zones,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.watermark_rules import WatermarkRule

#: The lists of a result: the least that is granted, and the most.
_LEAST, _MOST = ("atomic", "non_atomic"), ("atomic_at_most", "non_atomic_at_most")


def headroom(facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """How many requests the kernel would grant, per order, or None if ``why_unknown`` says why not.

    {rule, rules[], atomic[], non_atomic[], atomic_at_most[], non_atomic_at_most[], unusable_free_percent[], nodes: [{node, ...}],
    zones: [{node, zone, usable, ...}]}: index k of each list is for blocks of 2**k pages. ``atomic`` and ``non_atomic`` are the least that
    would be granted. ``unusable_free_percent`` is the share of the usable zones' free memory in smaller blocks, None if no page is free.
    ``rules``: the possible watermark rules of the kernel; ``rule`` is the first.
    """
    try:
        rules, zones = read_zones(facts)
    except UnknownHeadroomError:
        return None
    rows = [_zone_row(zone, rules) for zone in zones]
    nodes = [{"node": node, **_sum([row for row in rows if row["node"] == node])} for node in sorted({zone.node for zone in zones})]
    names = [rule.name for rule in rules]
    result: dict[str, Any] = {"rule": names[0], "rules": names, **_sum(rows), "nodes": nodes, "zones": rows}
    for row in rows:
        del row["_free_from"]
    return result


def why_unknown(facts: Mapping[str, Any]) -> str | None:
    """Why the headroom of a host is not known: a sentence that names the missing data. None if it is known."""
    try:
        read_zones(facts)
    except UnknownHeadroomError as reason:
        return str(reason)
    return None


def _grants(zone: HeadroomZone, rule: WatermarkRule, *, atomic: bool, at_most: bool) -> list[int]:
    """The number of requests in a row that a zone grants, per order. Each is judged as the kernel would judge it.

    n requests of order k need n << k pages: above each mark that the kernel's loop checks, and in blocks that they may use.
    """
    mark, free_from = _watermark(zone.min_pages, atomic=atomic), _free_from(zone.free_blocks)
    usable_from = _usable_from(zone, atomic=atomic, at_most=at_most)
    left = free_from[0] - zone.not_for(atomic=atomic) - mark - zone.reserve_pages - rule.margin_pages
    grants = []
    for order, free in enumerate(free_from):
        if order:
            left = min(left, free - (mark >> order if rule.halves_mark else 0) - rule.margin_pages)
        grants.append(max(0, min(left, usable_from[order]) >> order))
    return grants


def _usable_from(zone: HeadroomZone, *, atomic: bool, at_most: bool) -> list[int]:
    """[k]: the pages in blocks of order k and above that a request may use. Unplaced pages are where they hurt least or most."""
    blocks = zone.free_blocks
    if any(zone.unusable_blocks):
        blocks = _less(blocks, zone.unusable_blocks)
    if not atomic and any(zone.highatomic_blocks):
        blocks = _less(blocks, zone.highatomic_blocks)
    free_from, unplaced = _free_from(blocks), zone.unplaced(atomic=atomic)
    if not unplaced:
        return free_from
    if at_most:  # the smaller blocks take all they can; the rest is in as few of the larger blocks as possible
        return [_filled(blocks, order, free - max(0, unplaced - (free_from[0] - free))) for order, free in enumerate(free_from)]
    return [free - _filled(blocks, order, unplaced) for order, free in enumerate(free_from)]


def _filled(blocks: Sequence[int], order: int, pages: int) -> int:
    """The most of so many pages that fill whole blocks of an order and above."""
    filled = 0
    for larger in reversed(range(order, len(blocks))):
        filled += min(blocks[larger], max(0, pages - filled) >> larger) << larger
    return filled


def _watermark(min_pages: int, *, atomic: bool) -> int:
    """The min watermark that holds for a request: lower for one that cannot wait (ALLOC_HIGH and ALLOC_HARDER)."""
    if not atomic:
        return min_pages
    lowered = min_pages - min_pages // 2
    return lowered - lowered // 4


def _zone_row(zone: HeadroomZone, rules: Sequence[WatermarkRule]) -> dict[str, Any]:
    usable, nothing = zone.name in USABLE_ZONES, [0] * len(zone.free_blocks)
    free_from = _free_from(zone.free_blocks)
    row: dict[str, Any] = {"node": zone.node, "zone": zone.name, "usable": usable}
    for least, most, atomic in zip(_LEAST, _MOST, (True, False), strict=True):
        row[least] = row[most] = nothing
        if usable:
            lower = [_grants(zone, rule, atomic=atomic, at_most=False) for rule in rules]
            upper = [_grants(zone, rule, atomic=atomic, at_most=True) for rule in rules] if zone.unplaced(atomic=atomic) else lower
            row[least], row[most] = _each(min, lower), _each(max, upper)
    return {**row, "unusable_free_percent": _unusable(free_from), "_free_from": free_from if usable else nothing}


def _each(pick: Callable[[Sequence[int]], int], lists: Sequence[Sequence[int]]) -> list[int]:
    """For each order the smallest or the largest number that the rules give."""
    return [pick(numbers) for numbers in zip(*lists, strict=True)]


def _free_from(blocks: Sequence[int]) -> list[int]:
    """[k]: the pages in blocks of order k and above."""
    free_from = [0] * (len(blocks) + 1)
    for order in reversed(range(len(blocks))):
        free_from[order] = free_from[order + 1] + (blocks[order] << order)
    return free_from[:-1]


def _less(blocks: Sequence[int], taken: Sequence[int]) -> list[int]:
    """What is left, by order. The two files are read one after the other, so more may be taken than there was."""
    return [max(0, count - gone) for count, gone in zip(blocks, taken, strict=True)]


def _sum(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Node and host are the sums of their zones: a request that one zone refuses goes on to the next, and to other nodes."""
    totals = {name: list(map(sum, zip(*(row[name] for row in rows), strict=True))) for name in (*_LEAST, *_MOST, "_free_from")}
    return {"unusable_free_percent": _unusable(totals.pop("_free_from")), **totals}


def _unusable(free_from_order: Sequence[int]) -> list[float | None]:
    """The percentage of free pages that lie in blocks smaller than each order; free_from_order[k]: pages in blocks from k on."""
    if not free_from_order[0]:
        return [None] * len(free_from_order)
    total = free_from_order[0]
    return [round(100 * (total - free) / total, 1) for free in free_from_order]
