# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headroom: how many more requests of each order the kernel would grant, by its own watermark rule, in closed form.

The rule is that of ``zone_watermark_ok`` in mm/page_alloc.c: of v2.6.32 for kernels before 4.4, and since commit
97a16fc82a7c (v4.4) the one that asks for any free block of the order or above. A request of order k takes from blocks of
order k and above only, and what it splits leaves blocks of order k and above, so the pages in smaller blocks stay the same
from one grant to the next. Each of the rule's inequalities therefore bounds the number of grants by one division.

Counted are the requests that succeed at once: what reclaim and compaction could free for those that may wait is left out,
and so are the pages in per-CPU lists, which /proc/buddyinfo does not show. A request that may wait is measured by the min
watermark too, which is what its last attempt has to pass.

Since 4.4 a request takes blocks of some migrate types only: none of CMA or isolated ones, and of the reserve that the kernel
makes for atomic requests of higher orders (HighAtomic, up to one percent of a zone) only if it is one. /proc/buddyinfo does not
tell the types. Where the facts hold ``pagetypes`` they are reckoned with; else CMA's and HighAtomic's pages count as not free as
far as zoneinfo tells them, and their blocks as if all could have them.

Not followed: 2.6.38 to about 3.3, and Red Hat's 2.6.32 of EL 6, subtract two pages more (upstream repaired that slip), one request
at most. Red Hat's 2.6.32 of EL 6.5 and later (seen in the sources of builds 430 and 503) also ask for no high order pages below
the min watermark: they grant more than is counted here, never less but for those two pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.rpm_version import split_kernel_release

BEFORE_4_4, SINCE_4_4 = "before-4.4", "since-4.4"

#: The zones that an ordinary kernel request (class zone Normal) may take from.
_USABLE = ("DMA", "DMA32", "Normal")

#: Migrate types that hold no block for an ordinary kernel request, and the one that holds some for atomic ones alone.
_UNUSABLE_TYPES = ("CMA", "Isolate")
_HIGHATOMIC = "HighAtomic"

#: More orders than any kernel has; bounds what hostile facts can make us compute.
_MAX_ORDERS = 64

#: buddyinfo and zoneinfo are read a moment apart. Further apart than this, one of them is not of this host.
_CONTRADICTION_FACTOR, _CONTRADICTION_PAGES = 2, 4096


class _Unknown(Exception):
    """The headroom cannot be told; the message is a sentence that says why."""


class _Zone(NamedTuple):
    """What the rule needs of a zone, all in pages but the blocks."""

    node: int
    name: str
    free_blocks: Sequence[int]
    min_pages: int
    reserve_pages: int
    cma_pages: int
    highatomic_pages: int
    #: Blocks that no ordinary request may have, and those that only an atomic one may have; () where that is not known.
    unusable_blocks: Sequence[int] = ()
    highatomic_blocks: Sequence[int] = ()


def headroom(facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """How many requests would be granted, per order, or None where ``why_unknown`` says why not.

    {rule, atomic[], non_atomic[], unusable_free_percent[], nodes: [{node, ...}], zones: [{node, zone, usable, ...}]}: index k of
    each list is for blocks of 2**k pages. ``unusable_free_percent`` is the share of the usable zones' free memory that lies in
    smaller blocks, None where no page is free.
    """
    try:
        rule, zones = _read(facts)
    except _Unknown:
        return None
    orders = max(len(zone.free_blocks) for zone in zones)
    rows = [_zone_row(zone, rule, orders) for zone in zones]
    nodes = [
        {"node": node, **_sum([row for row in rows if row["node"] == node])} for node in sorted({zone.node for zone in zones})
    ]
    result: dict[str, Any] = {"rule": rule, **_sum(rows), "nodes": nodes, "zones": rows}
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


def _grants(zone: _Zone, free_from: Sequence[int], rule: str, *, atomic: bool) -> list[int]:
    """The number of requests in a row that a zone grants, per order, each judged as the kernel would judge it then.

    ``free_from[k]``: the zone's free pages in blocks of order k and above.
    """
    minimum = _watermark(zone.min_pages, atomic=atomic)
    bound = free_from[0] - zone.cma_pages - minimum - zone.reserve_pages
    if rule == SINCE_4_4:
        if not atomic:
            bound -= zone.highatomic_pages
        blocks = _less(zone.free_blocks, zone.unusable_blocks)
        blocks += [0] * (len(free_from) - len(blocks))
        usable_from = _free_from(blocks if atomic else _less(blocks, zone.highatomic_blocks))
        return [max(0, min(bound, free) >> order) for order, free in enumerate(usable_from)]
    # n requests of order k need n << k <= free_from[o] - (minimum >> o) for every order o the kernel's loop looks at
    grants = []
    for order, free in enumerate(free_from):
        if order:
            bound = min(bound, free - (minimum >> order))
        grants.append(max(0, bound >> order))
    return grants


def _watermark(min_pages: int, *, atomic: bool) -> int:
    """The min watermark that holds for a request: lower for one that cannot wait (ALLOC_HIGH and ALLOC_HARDER)."""
    if not atomic:
        return min_pages
    lowered = min_pages - min_pages // 2
    return lowered - lowered // 4


def _zone_row(zone: _Zone, rule: str, orders: int) -> dict[str, Any]:
    usable = zone.name in _USABLE
    nothing = [0] * orders
    free_from = _free_from([*zone.free_blocks, *nothing[len(zone.free_blocks) :]])
    return {
        "node": zone.node,
        "zone": zone.name,
        "usable": usable,
        "atomic": _grants(zone, free_from, rule, atomic=True) if usable else nothing,
        "non_atomic": _grants(zone, free_from, rule, atomic=False) if usable else nothing,
        "unusable_free_percent": _unusable(free_from),
        "_free_from": free_from if usable else nothing,
    }


def _free_from(blocks: Sequence[int]) -> list[int]:
    """[k]: the pages in blocks of order k and above."""
    free_from = [0] * (len(blocks) + 1)
    for order in reversed(range(len(blocks))):
        free_from[order] = free_from[order + 1] + (blocks[order] << order)
    return free_from[:-1]


def _less(blocks: Sequence[int], taken: Sequence[int]) -> list[int]:
    """What is left by order; the two are read a moment apart, so that more may be taken than there was."""
    return [max(0, count - (taken[order] if order < len(taken) else 0)) for order, count in enumerate(blocks)]


def _sum(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Node and host are the sums of their zones: a request that one zone refuses goes on to the next, and to other nodes."""
    atomic, non_atomic, free_from = (
        list(map(sum, zip(*(row[name] for row in rows), strict=True))) for name in ("atomic", "non_atomic", "_free_from")
    )
    return {"atomic": atomic, "non_atomic": non_atomic, "unusable_free_percent": _unusable(free_from)}


def _unusable(free_from_order: Sequence[int]) -> list[float | None]:
    """The percentage of free pages that lie in blocks smaller than each order; free_from_order[k]: pages in blocks from k on."""
    if not free_from_order[0]:
        return [None] * len(free_from_order)
    total = free_from_order[0]
    return [round(100 * (total - free) / total, 1) for free in free_from_order]


def _read(facts: Mapping[str, Any]) -> tuple[str, list[_Zone]]:
    """(rule, zones) of the facts; _Unknown where they do not hold what is needed, or not in the shape it should have."""
    try:
        rule = _rule(facts)
        zones = facts.get("zones")
        if not zones:
            raise _Unknown(_because(facts, "zones", "/proc/buddyinfo was not seen"))
        names = [(zone["node"], zone["zone"]) for zone in zones]
        if len(set(names)) < len(names):
            raise _Unknown("A zone is there twice, so what each zone holds is not known.")
        read = [_zone(facts, zone, _above(zone, names)) for zone in zones]
        if all(zone.name not in _USABLE for zone in read):
            raise _Unknown("No zone of this host is one that an ordinary kernel request may use.")
        return rule, read
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise _Unknown(f"The facts are not in the shape that gathering gives them ({type(error).__name__}).") from error


def _because(facts: Mapping[str, Any], datum: str, what: str) -> str:
    """A sentence with the reason for which a datum is missing, where the facts say it."""
    reason = (facts.get("unavailable") or {}).get(datum)
    return f"{what} ({reason})." if reason else f"{what}."


def _rule(facts: Mapping[str, Any]) -> str:
    kernel = facts.get("kernel")
    if not kernel or not kernel.get("release"):
        raise _Unknown(_because(facts, "kernel", "The kernel's release was not seen, so its watermark rule is not known"))
    try:
        words = split_kernel_release(kernel["release"]).version.split(".")
    except EvidenceError as error:
        raise _Unknown(f"The kernel's watermark rule is not known: {error.reason}.") from error
    if len(words) < 2 or not (words[0].isdigit() and words[1].isdigit()):
        raise _Unknown("The kernel's release names no version, so its watermark rule is not known.")
    return BEFORE_4_4 if (int(words[0]), int(words[1])) < (4, 4) else SINCE_4_4


def _above(zone: Mapping[str, Any], names: Sequence[tuple[int, str]]) -> tuple[bool, bool]:
    """What tells Normal's column: (has the host both low zones, is the first zone above a low one of its node Normal)."""
    everywhere = {name for _node, name in names}
    of_node = {name for node, name in names if node == zone["node"]}
    return {"DMA", "DMA32"} <= everywhere, "Normal" in of_node or of_node <= set(_USABLE)


def _zone(facts: Mapping[str, Any], zone: Mapping[str, Any], above: tuple[bool, bool]) -> _Zone:
    name, blocks = zone["zone"], _counts(zone["free_blocks"])
    if not isinstance(name, str) or len(blocks) > _MAX_ORDERS:
        raise ValueError
    where = f"node {zone['node']}, zone {name}"
    usable, min_pages = name in _USABLE, zone.get("min_pages")
    if usable and min_pages is None:
        raise _Unknown(_because(facts, "zones.watermarks", f"The watermarks of {where} were not seen"))
    _check_against_zoneinfo(blocks, zone.get("free_pages"), where)
    types = _types(facts, zone)
    highatomic = types.get(_HIGHATOMIC, {})
    # newer kernels keep from others what is free of the reserve, and count that; older ones the whole of it
    kept_pages = zone.get("free_highatomic_pages")
    if kept_pages is None:
        kept_pages = highatomic.get("pageblock_pages")
    return _Zone(
        node=_count(zone["node"]),
        name=name,
        free_blocks=blocks,
        min_pages=_count(min_pages or 0),
        reserve_pages=_reserve_pages(facts, zone, where, above) if usable else 0,
        cma_pages=_count(zone.get("free_cma_pages") or 0),
        highatomic_pages=_count(kept_pages or 0),
        unusable_blocks=_added([_counts(row["free_blocks"]) for name, row in types.items() if name in _UNUSABLE_TYPES]),
        highatomic_blocks=_counts(highatomic["free_blocks"]) if highatomic else (),
    )


def _types(facts: Mapping[str, Any], zone: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Migrate type -> its row of this zone; empty where /proc/pagetypeinfo was not asked for."""
    rows = facts.get("pagetypes") or ()
    return {row["migrate_type"]: row for row in rows if (row["node"], row["zone"]) == (zone["node"], zone["zone"])}


def _added(lists: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip_longest(*lists, fillvalue=0)]


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
