# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The input of the causes: one judged host, its account, its fleet, and its zones now and at the moment of the failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.fleet_figures import percent_of_total
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Thresholds
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.counted_by import thresholds_of_symptom
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.granted import granted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom import headroom
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom_zones import USABLE_ZONES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import FailureGroup, Host, MemoryTrouble
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.symptom import failures_that_count, others_that_count
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip


@dataclass(frozen=True)
class ZonesAt:
    """The zones that an ordinary kernel request may use, at one moment; in kB. ``when``: the start of a sentence about it. ``headroom``:
    of these zones, None if it is not known."""

    when: str
    zones: Sequence[Mapping[str, Any]]
    headroom: Mapping[str, Any] | None
    page_kb: int

    @property
    def free_kb(self) -> int:
        return self._sum("free_pages")

    @property
    def free_cma_kb(self) -> int:
        return self._sum("free_cma_pages")

    @property
    def high_kb(self) -> int:
        """The sum of the high watermarks: kswapd frees memory up to here."""
        return self._sum("high_pages")

    @property
    def file_kb(self) -> int | None:
        """Page cache that the kernel could take back; None if it is not known of a zone."""
        return self._sum("file_pages") if all(zone.get("file_pages") is not None for zone in self.zones) else None

    def _sum(self, name: str) -> int:
        return sum(zone.get(name) or 0 for zone in self.zones) * self.page_kb

    def granted(self, order: int) -> int | None:
        """How many atomic requests of the order the kernel would grant, at most."""
        return granted(self.headroom, "atomic_at_most", order)

    def by_place(self, order: int) -> dict[tuple[int, str], int]:
        """The same by (node, zone), at least; empty where it is not known."""
        rows = self.headroom["zones"] if self.headroom else ()
        return {(row["node"], row["zone"]): row["atomic"][order] for row in rows if row["usable"] and order < len(row["atomic"])}


@dataclass(frozen=True)
class Situation:
    """One host with the symptom. ``failures``: those that count. ``fleet``: fleet_figures.py, None if there are too few similar hosts."""

    host: Host
    facts: Mapping[str, Any]
    order: int
    account: Mapping[str, Any]
    fleet: Mapping[str, Any] | None
    failures: Sequence[FailureGroup]
    others: Sequence[MemoryTrouble]

    @classmethod
    def of(
        cls, host: Host, result: Mapping[str, Any], account: Mapping[str, Any], fleet: Mapping[str, Any] | None, catalogue: Catalogue
    ) -> Situation:
        """From a host and its result, which must have an order. The failures are those that the verdict counted."""
        limits = thresholds_of_symptom(host, Thresholds(result["order"], 1, result["failures_up_to_order"], 1), catalogue)
        return cls(host, host.facts, result["order"], account, fleet, failures_that_count(host, limits), others_that_count(host))

    @cached_property
    def now(self) -> ZonesAt | None:
        """From buddyinfo and zoneinfo."""
        zones = self.facts.get("zones")
        return self._moment("now", zones, self.facts) if zones else None

    @cached_property
    def then(self) -> ZonesAt | None:
        """From the last Mem-Info in the kernel log, printed with a failure."""
        block = (self.facts.get("failures") or {}).get("mem_info")
        if not self.failures or not block or not block.get("zones"):
            return None
        zones = [self._zone_then(zone) for zone in block["zones"]]
        at = f" ({clip(block['at'], 40)})" if block.get("at") else ""
        return self._moment(f"when it failed{at}", zones, {**self.facts, "zones": zones, "pagetypes": None})

    @property
    def decisive(self) -> ZonesAt | None:
        """The moment of the failure counts more than the present buddyinfo."""
        return self.then or self.now

    def _moment(self, when: str, zones: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> ZonesAt:
        usable = [zone for zone in zones if zone.get("zone") in USABLE_ZONES]
        return ZonesAt(when, usable, headroom(facts), max(1, self.page_size_bytes // 1024))

    def _zone_then(self, zone: Mapping[str, Any]) -> dict[str, Any]:
        """A zone of Mem-Info in the shape of ``zones``."""
        pages = {name: self._pages(zone.get(f"{name}_kb")) for name in ("free", "min", "low", "high", "free_cma", "file")}
        named = {"free_pages": None, "free_highatomic_pages": None, **{f"{name}_pages": number for name, number in pages.items()}}
        # the kernel counts the line of the blocks and that of the marks one after the other; the blocks are used
        named["free_pages"] = sum(count << order for order, count in enumerate(zone["free_blocks"][:64]))
        kept = ("node", "zone", "free_blocks", "lowmem_reserve_pages")
        return {**{name: zone.get(name) for name in kept}, **named}

    def _pages(self, kb: int | None) -> int | None:
        return None if kb is None else kb * 1024 // self.page_size_bytes

    @property
    def page_size_bytes(self) -> int:
        return self.host.page_size_bytes or 4096

    @property
    def total_kb(self) -> int:
        """All memory; 0 if it is not known."""
        return self.account["total_kb"] or 0

    @cached_property
    def available_kb(self) -> int | None:
        """Memory available now without swapping: MemAvailable, and on older kernels free memory plus half of the cache."""
        memory = self.facts.get("memory") or {}
        if memory.get("available_kb") is not None or memory.get("free_kb") is None:
            return memory.get("available_kb")
        cache = [memory.get(name) for name in ("active_file_kb", "inactive_file_kb", "reclaimable_slab_kb")]
        known = [kb for kb in cache if kb is not None]
        return int(memory["free_kb"] + sum(known) // 2) if len(known) == len(cache) else None

    def percent(self, kb: int) -> float:
        """Of all memory."""
        return round(100 * kb / self.total_kb, 1) if self.total_kb else 0.0

    def part_percent(self, part: str | None) -> float | None:
        """A part of the account (None: unaccounted memory) in percent of all memory."""
        return percent_of_total(self.account, part)

    @property
    def failed_orders(self) -> list[int]:
        return sorted({group.order for group in self.failures})

    @property
    def asked_order(self) -> int:
        """The smallest order above 0 that failed, else the order by which the host is judged."""
        return next((order for order in self.failed_orders if order), self.order)

    @cached_property
    def available_then_kb(self) -> int | None:
        """The same when the last request failed. The slab that can be taken back is that of now, because Mem-Info has it for no zone."""
        if self.then is None or self.then.file_kb is None:
            return None
        return self.then.free_kb + self.then.file_kb + ((self.facts.get("memory") or {}).get("reclaimable_slab_kb") or 0)

    def has_room(self, times: int, percent: int) -> bool:
        """Whether this percentage of all memory, and this multiple of the high watermarks, is available now."""
        return self.now is not None and self.available_kb is not None and self._is_room(self.available_kb, self.now, times, percent)

    def had_room(self, times: int, percent: int) -> bool | None:
        """The same when the last request failed; None if it is not known."""
        if self.then is None or self.available_then_kb is None or not self.total_kb:
            return None
        return self._is_room(self.available_then_kb, self.then, times, percent)

    def _is_room(self, available_kb: int, moment: ZonesAt, times: int, percent: int) -> bool:
        return available_kb * 100 >= self.total_kb * percent and available_kb >= moment.high_kb * times
