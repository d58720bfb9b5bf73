# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zones of a host for the headroom: free blocks, marks and reserves, checked, all in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.watermark_rules import WatermarkRule, rules_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import is_whole_number
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import why_not_seen

#: The zones that an ordinary kernel request (class zone Normal) may take from.
USABLE_ZONES = ("DMA", "DMA32", "Normal")

#: Migrate types whose blocks an ordinary kernel request cannot use, and the type whose blocks only atomic requests can use.
_CMA, _HIGHATOMIC = "CMA", "HighAtomic"
_UNUSABLE_TYPES = (_CMA, "Isolate")

#: More orders than any kernel has. This limits the work that hostile facts can cause.
_MAX_ORDERS = 64

#: buddyinfo and zoneinfo are read a moment apart. If they differ more than this, one of them is from another host.
_CONTRADICTION_FACTOR, _CONTRADICTION_PAGES = 2, 4096


class UnknownHeadroomError(Exception):
    """The headroom is not known; the message is a sentence that says why."""


class HeadroomZone(NamedTuple):
    """What a rule needs of a zone, in pages. The blocks have one column for each order of the host."""

    node: int
    name: str
    free_blocks: Sequence[int]
    min_pages: int
    reserve_pages: int
    cma_pages: int
    highatomic_pages: int
    #: Blocks that no ordinary request can use, and those that only an atomic request can use; all 0 if that is not known.
    unusable_blocks: Sequence[int]
    highatomic_blocks: Sequence[int]
    #: Pages of CMA and of the reserve whose blocks are not known.
    unplaced_cma_pages: int
    unplaced_highatomic_pages: int

    def not_for(self, *, atomic: bool) -> int:
        """The free pages that a request cannot use."""
        return self.cma_pages + (0 if atomic else self.highatomic_pages)

    def unplaced(self, *, atomic: bool) -> int:
        """How many of these are in unknown blocks."""
        return self.unplaced_cma_pages + (0 if atomic else self.unplaced_highatomic_pages)


def read_zones(facts: Mapping[str, Any]) -> tuple[tuple[WatermarkRule, ...], list[HeadroomZone]]:
    """(rules, zones) of the facts. Raises UnknownHeadroomError if data is missing or has the wrong shape."""
    try:
        rules = _rules(facts)
        zones = facts.get("zones")
        if not zones:
            raise UnknownHeadroomError(f"/proc/buddyinfo could not be read{why_not_seen(facts, 'zones')}.")
        names = [(zone["node"], zone["zone"]) for zone in zones]
        if len(set(names)) < len(names):
            raise UnknownHeadroomError("A zone is listed twice, so the contents of each zone are not known.")
        orders = max(len(zone["free_blocks"]) for zone in zones)
        read = [_zone(facts, zone, _above(zone, names), orders) for zone in zones]
        if all(zone.name not in USABLE_ZONES for zone in read):
            raise UnknownHeadroomError("This host has no zone that an ordinary kernel request may use.")
        return rules, read
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise UnknownHeadroomError(f"The facts do not have the expected shape ({type(error).__name__}).") from error


def _rules(facts: Mapping[str, Any]) -> tuple[WatermarkRule, ...]:
    kernel = facts.get("kernel")
    if not kernel or not kernel.get("release"):
        raise UnknownHeadroomError(f"The kernel's release and its watermark rule are not known{why_not_seen(facts, 'kernel')}.")
    try:
        return rules_of(kernel["release"])
    except EvidenceError as error:
        raise UnknownHeadroomError(f"The kernel's watermark rule is not known: {error.reason}.") from error


def _above(zone: Mapping[str, Any], names: Sequence[tuple[int, str]]) -> tuple[bool, bool]:
    """What decides Normal's column: (has the host both low zones, is Normal the first zone above a low zone of its node)."""
    everywhere = {name for _node, name in names}
    of_node = {name for node, name in names if node == zone["node"]}
    return {"DMA", "DMA32"} <= everywhere, "Normal" in of_node or of_node <= set(USABLE_ZONES)


def _zone(facts: Mapping[str, Any], zone: Mapping[str, Any], above: tuple[bool, bool], orders: int) -> HeadroomZone:
    name, blocks = zone["zone"], _counts(zone["free_blocks"])
    if not isinstance(name, str) or orders > _MAX_ORDERS:
        raise ValueError
    where = f"node {zone['node']}, zone {name}"
    usable, min_pages = name in USABLE_ZONES, zone.get("min_pages")
    if usable and min_pages is None:
        raise UnknownHeadroomError(f"The watermarks of {where} are not known{why_not_seen(facts, 'zones.watermarks')}.")
    _check_against_zoneinfo(blocks, zone.get("free_pages"), where)
    types = _types(facts, zone)
    cma_pages, highatomic_pages = _count(zone.get("free_cma_pages") or 0), _highatomic_pages(zone, types)
    return HeadroomZone(
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
    """What the kernel keeps from requests that may wait: newer kernels the free part of the reserve, older ones all of it."""
    kept = zone.get("free_highatomic_pages")
    if kept is None:
        kept = types.get(_HIGHATOMIC, {}).get("pageblock_pages")
    return _count(kept or 0)


def _types(facts: Mapping[str, Any], zone: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Migrate type -> its row of this zone; empty if /proc/pagetypeinfo was not read."""
    rows = facts.get("pagetypes") or ()
    return {row["migrate_type"]: row for row in rows if (row["node"], row["zone"]) == (zone["node"], zone["zone"])}


def _columns(lists: Sequence[Sequence[int]], orders: int) -> list[int]:
    """The sum of the lists, with a column for each order. A zone may have fewer orders than others, and no type has more."""
    if len(lists) > 1:
        return [sum(column) for column in zip_longest([0] * orders, *lists, fillvalue=0)][:orders]
    return [*(lists[0] if lists else ()), *[0] * orders][:orders]


def _check_against_zoneinfo(blocks: Sequence[int], told: int | None, where: str) -> None:
    """Raises UnknownHeadroomError if buddyinfo and zoneinfo differ too much for the same host and hour."""
    if told is None:
        return
    free = sum(count << order for order, count in enumerate(blocks))
    least, most = sorted((free, _count(told)))
    if most - least > _CONTRADICTION_PAGES and most > _CONTRADICTION_FACTOR * least:
        against = f"{free} against {told} free pages"
        raise UnknownHeadroomError(f"/proc/buddyinfo and /proc/zoneinfo contradict each other on {where}: {against}.")


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
        raise UnknownHeadroomError(f"The lowmem reserve of {where} is not known{why_not_seen(facts, 'zones.watermarks')}.")
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
    if not is_whole_number(value):
        raise ValueError
    return value
