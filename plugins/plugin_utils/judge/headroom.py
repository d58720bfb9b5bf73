# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headroom: how many more requests of each order the kernel would grant, by its own watermark rule, in closed form.

The rules are those of ``zone_watermark_ok`` in mm/page_alloc.c; watermark_rules.yml tells which kernel has which. A request of
order k takes from blocks of order k and above only, and what it splits leaves blocks of order k and above, so the pages in smaller
blocks stay the same from one grant to the next. Each of the rule's inequalities therefore bounds the number of grants by one division.

Counted are the requests that succeed at once: what reclaim and compaction could free for those that may wait is left out,
and so are the pages in per-CPU lists, which /proc/buddyinfo does not show. A request that may wait is measured by the min
watermark too, which is what its last attempt has to pass.

A request takes blocks of some migrate types only: none of CMA or isolated ones, and of the reserve that the kernel makes for atomic
requests of higher orders (HighAtomic, up to one percent of a zone) only if it is one. /proc/buddyinfo does not tell the types. Where
the facts hold ``pagetypes`` they are reckoned with. Else zoneinfo tells how many free pages are CMA's (and, of newer kernels, of the
HighAtomic reserve), but not in which blocks they lie: the headroom is then at least what is left where they lie in the blocks that
hurt most, and at most what is left where they lie in those that hurt least. Two bounds there are also where one of two rules holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.watermark_rules import WatermarkRule, rules_of

#: The zones that an ordinary kernel request (class zone Normal) may take from.
_USABLE = ("DMA", "DMA32", "Normal")

#: Migrate types that hold no block for an ordinary kernel request, and the one that holds some for atomic ones alone.
_CMA, _HIGHATOMIC = "CMA", "HighAtomic"
_UNUSABLE_TYPES = (_CMA, "Isolate")

#: The lists of a result: the least that is granted, and the most.
_LEAST, _MOST = ("atomic", "non_atomic"), ("atomic_at_most", "non_atomic_at_most")

#: More orders than any kernel has; bounds what hostile facts can make us compute.
_MAX_ORDERS = 64

#: buddyinfo and zoneinfo are read a moment apart. Further apart than this, one of them is not of this host.
_CONTRADICTION_FACTOR, _CONTRADICTION_PAGES = 2, 4096


class _Unknown(Exception):
    """The headroom cannot be told; the message is a sentence that says why."""


class _Zone(NamedTuple):
    """What a rule needs of a zone, all in pages but the blocks, which have one column for each order of the host."""

    node: int
    name: str
    free_blocks: Sequence[int]
    min_pages: int
    reserve_pages: int
    cma_pages: int
    highatomic_pages: int
    #: Blocks that no ordinary request may have, and those that only an atomic one may have; all 0 where that is not known.
    unusable_blocks: Sequence[int]
    highatomic_blocks: Sequence[int]
    #: Of the pages of CMA and of the reserve those whose blocks are not known.
    unplaced_cma_pages: int
    unplaced_highatomic_pages: int

    def not_for(self, *, atomic: bool) -> int:
        """The free pages that a request may not have."""
        return self.cma_pages + (0 if atomic else self.highatomic_pages)

    def unplaced(self, *, atomic: bool) -> int:
        """Of these, those whose blocks are not known."""
        return self.unplaced_cma_pages + (0 if atomic else self.unplaced_highatomic_pages)


def headroom(facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """How many requests would be granted, per order, or None where ``why_unknown`` says why not.

    {rule, rules[], atomic[], non_atomic[], atomic_at_most[], non_atomic_at_most[], unusable_free_percent[], nodes: [{node, ...}],
    zones: [{node, zone, usable, ...}]}: index k of each list is for blocks of 2**k pages. ``atomic`` and ``non_atomic`` are the
    least that would be granted. ``unusable_free_percent`` is the share of the usable zones' free memory that lies in smaller
    blocks, None where no page is free. ``rules``: the watermark rules of which the kernel has one; ``rule`` is the first.
    """
    try:
        rules, zones = _read(facts)
    except _Unknown:
        return None
    rows = [_zone_row(zone, rules) for zone in zones]
    nodes = [{"node": node, **_sum([row for row in rows if row["node"] == node])} for node in sorted({zone.node for zone in zones})]
    names = [rule.name for rule in rules]
    result: dict[str, Any] = {"rule": names[0], "rules": names, **_sum(rows), "nodes": nodes, "zones": rows}
    for row in rows:
        del row["_free_from"]
    return result


def why_unknown(facts: Mapping[str, Any]) -> str | None:
    """Why the headroom of a host cannot be told, a sentence naming what is missing; None where it can."""
    try:
        _read(facts)
    except _Unknown as reason:
        return str(reason)
    return None


def _grants(zone: _Zone, rule: WatermarkRule, *, atomic: bool, at_most: bool) -> list[int]:
    """The number of requests in a row that a zone grants, per order, each judged as the kernel would judge it then.

    n requests of order k need n << k pages: above each mark that the kernel's loop looks at, and in blocks that they may have.
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


def _usable_from(zone: _Zone, *, atomic: bool, at_most: bool) -> list[int]:
    """[k]: the pages in blocks of order k and above that a request may have, the unplaced ones being where they hurt least or most."""
    blocks = zone.free_blocks
    if any(zone.unusable_blocks):
        blocks = _less(blocks, zone.unusable_blocks)
    if not atomic and any(zone.highatomic_blocks):
        blocks = _less(blocks, zone.highatomic_blocks)
    free_from, unplaced = _free_from(blocks), zone.unplaced(atomic=atomic)
    if not unplaced:
        return free_from
    if at_most:  # the smaller blocks take all they can; what remains lies in as few of the larger ones as will hold it
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


def _zone_row(zone: _Zone, rules: Sequence[WatermarkRule]) -> dict[str, Any]:
    usable, nothing = zone.name in _USABLE, [0] * len(zone.free_blocks)
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
    """For each order the least, or the most, of what the rules give."""
    return [pick(numbers) for numbers in zip(*lists, strict=True)]


def _free_from(blocks: Sequence[int]) -> list[int]:
    """[k]: the pages in blocks of order k and above."""
    free_from = [0] * (len(blocks) + 1)
    for order in reversed(range(len(blocks))):
        free_from[order] = free_from[order + 1] + (blocks[order] << order)
    return free_from[:-1]


def _less(blocks: Sequence[int], taken: Sequence[int]) -> list[int]:
    """What is left by order; the two are read a moment apart, so that more may be taken than there was."""
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


def _read(facts: Mapping[str, Any]) -> tuple[tuple[WatermarkRule, ...], list[_Zone]]:
    """(rules, zones) of the facts; _Unknown where they do not hold what is needed, or not in the shape it should have."""
    try:
        rules = _rules(facts)
        zones = facts.get("zones")
        if not zones:
            raise _Unknown(_because(facts, "zones", "/proc/buddyinfo was not seen"))
        names = [(zone["node"], zone["zone"]) for zone in zones]
        if len(set(names)) < len(names):
            raise _Unknown("A zone is there twice, so what each zone holds is not known.")
        orders = max(len(zone["free_blocks"]) for zone in zones)
        read = [_zone(facts, zone, _above(zone, names), orders) for zone in zones]
        if all(zone.name not in _USABLE for zone in read):
            raise _Unknown("No zone of this host is one that an ordinary kernel request may use.")
        return rules, read
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise _Unknown(f"The facts are not in the shape that gathering gives them ({type(error).__name__}).") from error


def _because(facts: Mapping[str, Any], datum: str, what: str) -> str:
    """A sentence with the reason for which a datum is missing, where the facts say it."""
    reason = (facts.get("unavailable") or {}).get(datum)
    return f"{what} ({reason})." if reason else f"{what}."


def _rules(facts: Mapping[str, Any]) -> tuple[WatermarkRule, ...]:
    kernel = facts.get("kernel")
    if not kernel or not kernel.get("release"):
        raise _Unknown(_because(facts, "kernel", "The kernel's release was not seen, so its watermark rule is not known"))
    try:
        return rules_of(kernel["release"])
    except EvidenceError as error:
        raise _Unknown(f"The kernel's watermark rule is not known: {error.reason}.") from error


def _above(zone: Mapping[str, Any], names: Sequence[tuple[int, str]]) -> tuple[bool, bool]:
    """What tells Normal's column: (has the host both low zones, is the first zone above a low one of its node Normal)."""
    everywhere = {name for _node, name in names}
    of_node = {name for node, name in names if node == zone["node"]}
    return {"DMA", "DMA32"} <= everywhere, "Normal" in of_node or of_node <= set(_USABLE)


def _zone(facts: Mapping[str, Any], zone: Mapping[str, Any], above: tuple[bool, bool], orders: int) -> _Zone:
    name, blocks = zone["zone"], _counts(zone["free_blocks"])
    if not isinstance(name, str) or orders > _MAX_ORDERS:
        raise ValueError
    where = f"node {zone['node']}, zone {name}"
    usable, min_pages = name in _USABLE, zone.get("min_pages")
    if usable and min_pages is None:
        raise _Unknown(_because(facts, "zones.watermarks", f"The watermarks of {where} were not seen"))
    _check_against_zoneinfo(blocks, zone.get("free_pages"), where)
    types = _types(facts, zone)
    cma_pages, highatomic_pages = _count(zone.get("free_cma_pages") or 0), _highatomic_pages(zone, types)
    return _Zone(
        node=_count(zone["node"]),
        name=name,
        free_blocks=_columns([blocks], orders),
        min_pages=_count(min_pages or 0),
        reserve_pages=_reserve_pages(facts, zone, where, above) if usable else 0,
        cma_pages=cma_pages,
        highatomic_pages=highatomic_pages,
        unusable_blocks=_columns([_counts(types[name]["free_blocks"]) for name in _UNUSABLE_TYPES if name in types], orders),
        highatomic_blocks=_columns([_counts(types[_HIGHATOMIC]["free_blocks"])] if _HIGHATOMIC in types else [], orders),
        unplaced_cma_pages=0 if _CMA in types else cma_pages,
        unplaced_highatomic_pages=0 if _HIGHATOMIC in types else highatomic_pages,
    )


def _highatomic_pages(zone: Mapping[str, Any], types: Mapping[str, Mapping[str, Any]]) -> int:
    """What the kernel keeps from requests that may wait: newer ones what is free of the reserve, older ones the whole of it."""
    kept = zone.get("free_highatomic_pages")
    if kept is None:
        kept = types.get(_HIGHATOMIC, {}).get("pageblock_pages")
    return _count(kept or 0)


def _types(facts: Mapping[str, Any], zone: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Migrate type -> its row of this zone; empty where /proc/pagetypeinfo was not asked for."""
    rows = facts.get("pagetypes") or ()
    return {row["migrate_type"]: row for row in rows if (row["node"], row["zone"]) == (zone["node"], zone["zone"])}


def _columns(lists: Sequence[Sequence[int]], orders: int) -> list[int]:
    """The lists added up, with a column for each order; a zone may have fewer than others, and no type has more."""
    if len(lists) > 1:
        return [sum(column) for column in zip_longest([0] * orders, *lists, fillvalue=0)][:orders]
    return [*(lists[0] if lists else ()), *[0] * orders][:orders]


def _check_against_zoneinfo(blocks: Sequence[int], told: int | None, where: str) -> None:
    """_Unknown where buddyinfo and zoneinfo are too far apart to be of the same host and hour."""
    if told is None:
        return
    free = sum(count << order for order, count in enumerate(blocks))
    least, most = sorted((free, _count(told)))
    if most - least > _CONTRADICTION_PAGES and most > _CONTRADICTION_FACTOR * least:
        raise _Unknown(f"/proc/buddyinfo and /proc/zoneinfo contradict each other on {where}: {free} against {told} free pages.")


def _reserve_pages(facts: Mapping[str, Any], zone: Mapping[str, Any], where: str, above: tuple[bool, bool]) -> int:
    """lowmem_reserve of the zone for requests of class Normal. A zone keeps nothing from requests of its own class.

    The columns are the kernel's zones in its order: DMA and DMA32 where it is built with them, Normal, HighMem, Movable, Device.
    Which it is built with differs by architecture and by release (arm64 had one or the other low zone for years), and a host
    shows the populated ones only. Both low zones seen: Normal's column is the third. One seen: whatever columns lie before
    Normal's are of zones without pages, which hold 0, so Normal's is the first that does not, unless the node has no Normal but
    a zone above it, and then it is 0. The last column will not do: it counts Movable and HighMem in, and some kernels of 6.10 to
    6.13 write 0 into the columns of empty zones (commit 96a5c186efff, reverted).
    """
    if zone["zone"] == "Normal":
        return 0
    columns = zone.get("lowmem_reserve_pages")
    if columns is None:
        raise _Unknown(_because(facts, "zones.watermarks", f"What {where} keeps in reserve was not seen"))
    reserve = _counts(columns)
    both_low_zones, normal_comes_first = above
    if both_low_zones:
        return reserve[2]
    return next((pages for pages in reserve if pages), 0) if normal_comes_first else 0


def _counts(values: Any) -> list[int]:
    if not isinstance(values, (list, tuple)) or not values:
        raise ValueError
    return [_count(value) for value in values]


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 64:
        raise ValueError
    return value
