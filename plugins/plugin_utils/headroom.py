# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headroom: how many more requests of each order the kernel would grant, by its own watermark rule, in closed form.

The rule is that of ``zone_watermark_ok`` in mm/page_alloc.c: of v2.6.32 for kernels before 4.4, and since commit
97a16fc82a7c (v4.4) the one that asks for any free block of the order or above. A request of order k takes from blocks of
order k and above only, and what it splits leaves blocks of order k and above, so the pages in smaller blocks stay the same
from one grant to the next. Each of the rule's inequalities therefore bounds the number of grants by one division.

Counted are the requests that succeed at once: what reclaim and compaction could free for those that may wait is left out,
and so are the pages in per-CPU lists, which /proc/buddyinfo does not show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.rpm_version import split_kernel_release

BEFORE_4_4, SINCE_4_4 = "before-4.4", "since-4.4"

#: The zones that an ordinary kernel request (class zone Normal) may take from.
_USABLE = ("DMA", "DMA32", "Normal")

#: Machine -> place of Normal among its zones (include/linux/mmzone.h with the architecture's Kconfig). Needed only where a
#: zone above Normal is populated.
_NORMAL_PLACE = {"x86_64": 2, "aarch64": 2, "i386": 1, "i486": 1, "i586": 1, "i686": 1, "ppc64": 1, "ppc64le": 1, "s390x": 1}

#: buddyinfo and zoneinfo are read a moment apart. Further apart than this, one of them is not of this host.
_CONTRADICTION_FACTOR, _CONTRADICTION_PAGES = 2, 4096


class _Unknown(Exception):
    """The headroom cannot be told; the message is a sentence that says why."""


@dataclass(frozen=True)
class _Zone:
    """What the rule needs of a zone, all in pages but the blocks."""

    node: int
    name: str
    free_blocks: Sequence[int]
    min_pages: int
    reserve_pages: int
    cma_pages: int
    highatomic_pages: int


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
        return [max(0, min(bound, free) >> order) for order, free in enumerate(free_from)]
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
    free_from = [0] * (orders + 1)
    for order in reversed(range(len(zone.free_blocks))):
        free_from[order] = free_from[order + 1] + (zone.free_blocks[order] << order)
    free_from.pop()
    nothing = [0] * orders
    return {
        "node": zone.node,
        "zone": zone.name,
        "usable": usable,
        "atomic": _grants(zone, free_from, rule, atomic=True) if usable else nothing,
        "non_atomic": _grants(zone, free_from, rule, atomic=False) if usable else nothing,
        "unusable_free_percent": _unusable(free_from),
        "_free_from": free_from if usable else nothing,
    }


def _sum(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Node and host are the sums of their zones: a request that one zone refuses goes on to the next, and to other nodes."""
    atomic, non_atomic, free_from = (
        [sum(column) for column in zip(*(row[name] for row in rows))] for name in ("atomic", "non_atomic", "_free_from")
    )
    return {"atomic": atomic, "non_atomic": non_atomic, "unusable_free_percent": _unusable(free_from)}


def _unusable(free_from_order: Sequence[int]) -> list[float | None]:
    """The percentage of free pages that lie in blocks smaller than each order; free_from_order[k]: pages in blocks from k on."""
    if not free_from_order[0]:
        return [None] * len(free_from_order)
    return [round(100 * (1 - free / free_from_order[0]), 1) for free in free_from_order]


def _read(facts: Mapping[str, Any]) -> tuple[str, list[_Zone]]:
    """(rule, zones) of the facts; _Unknown where they do not hold what is needed, or not in the shape it should have."""
    try:
        rule = _rule(facts)
        zones = facts.get("zones")
        if not zones:
            raise _Unknown(_because(facts, "zones", "/proc/buddyinfo was not seen"))
        place = _normal_place(facts, [zone["zone"] for zone in zones])
        read = [_zone(facts, zone, place) for zone in zones]
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


def _normal_place(facts: Mapping[str, Any], names: Sequence[str]) -> int | None:
    """Which column of a zone's reserve is for requests of class Normal; None if that cannot be told.

    The last, where no zone above Normal holds a page: every column from Normal's on then has the same sum.
    """
    if not any(name not in _USABLE for name in names):
        return -1
    return _NORMAL_PLACE.get(facts["kernel"].get("machine"))


def _zone(facts: Mapping[str, Any], zone: Mapping[str, Any], normal_place: int | None) -> _Zone:
    name, blocks = zone["zone"], [_count(blocks) for blocks in zone["free_blocks"]]
    where = f"node {zone['node']}, zone {name}"
    if zone.get("min_pages") is None:
        raise _Unknown(_because(facts, "zones.watermarks", f"The watermarks of {where} were not seen"))
    free, told = sum(count << order for order, count in enumerate(blocks)), zone.get("free_pages")
    if told is not None:
        least, most = sorted((free, _count(told)))
        if most - least > _CONTRADICTION_PAGES and most > _CONTRADICTION_FACTOR * least:
            raise _Unknown(f"/proc/buddyinfo and /proc/zoneinfo contradict each other on {where}: {free} against {told} free pages.")
    return _Zone(
        node=_count(zone["node"]),
        name=name,
        free_blocks=blocks,
        min_pages=_count(zone["min_pages"]),
        reserve_pages=_reserve_pages(facts, zone, where, normal_place),
        cma_pages=_count(zone.get("free_cma_pages") or 0),
        highatomic_pages=_count(zone.get("free_highatomic_pages") or 0),
    )


def _reserve_pages(facts: Mapping[str, Any], zone: Mapping[str, Any], where: str, normal_place: int | None) -> int:
    """lowmem_reserve of the zone for requests of class Normal. A zone keeps nothing from requests of its own class."""
    if zone["zone"] not in _USABLE or zone["zone"] == "Normal":
        return 0
    reserve = zone.get("lowmem_reserve_pages")
    if not reserve:
        raise _Unknown(_because(facts, "zones.watermarks", f"What {where} keeps in reserve was not seen"))
    if normal_place is None or normal_place >= len(reserve):
        raise _Unknown(f"Which zones a {facts['kernel'].get('machine')} kernel has is not known, so neither is the reserve of {where}.")
    return _count(reserve[normal_place])


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 64:
        raise ValueError
    return value
