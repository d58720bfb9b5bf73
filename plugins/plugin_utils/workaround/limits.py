# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large vm.min_free_kbytes may be on a host: by its memory, by what of it is available, and by its zones.

The kernel shares vm.min_free_kbytes out to the zones by their size (mm/page_alloc.c, __setup_per_zone_wmarks), all but HighMem
and, in newer kernels, Movable. It sets each zone's low watermark a quarter of that above the min one, and the high one as much
again: kswapd frees memory up to the high watermarks. So a rise of D kB puts 1.5 D kB out of everybody's reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import Policy

#: Zones that vm.min_free_kbytes is not shared out to. Older kernels count Movable in; left out, the limit is the tighter one.
_WITHOUT_SHARE = ("HighMem", "Movable", "Device")


class UnknownLimitError(Exception):
    """What a limit rests on was not seen; the message is a sentence that says what."""


class Limit(NamedTuple):
    """``kb``: the most that vm.min_free_kbytes may be, ``because``: a sentence with the arithmetic."""

    kb: int
    because: str


def limits(facts: Mapping[str, Any], now_kb: int, policy: Policy) -> list[Limit]:
    """Every limit, the tightest first; ``now_kb``: vm.min_free_kbytes as it is. Raises UnknownLimitError."""
    found = [
        _of_memory(_total_kb(facts), policy),
        _of_available(facts, now_kb, policy),
        _of_zones(facts, policy),
    ]
    return sorted(found, key=lambda limit: limit.kb)


def short_of_memory_kb(facts: Mapping[str, Any], policy: Policy) -> int:
    """Less available than this is a host short of memory."""
    return int(_total_kb(facts) * policy.short_percent // 100)


def available_kb(memory: Mapping[str, Any], low_kb: int) -> tuple[int, str]:
    """(memory available without swapping, how that is known): MemAvailable, or what Linux 3.14 would have said.

    ``low_kb``: the sum of the low watermarks. The sum is that of si_mem_available (mm/page_alloc.c of 3.14, in meminfo.c then).
    Raises UnknownLimitError.
    """
    told = memory.get("available_kb")
    if told is not None:
        return told, "available by /proc/meminfo"
    if memory.get("free_kb") is None:
        raise UnknownLimitError("how much memory is free was not seen")
    active, inactive, slab = (memory.get(name) for name in ("active_file_kb", "inactive_file_kb", "reclaimable_slab_kb"))
    if active is None or inactive is None or slab is None:
        return memory["free_kb"], "free by /proc/meminfo, which does not tell what else is available"
    cache = active + inactive
    kept = min(cache // 2, low_kb) + min(slab // 2, low_kb)
    return max(0, memory["free_kb"] - low_kb + cache + slab - kept), "available, as Linux 3.14 reckons it"


def _of_memory(total_kb: int, policy: Policy) -> Limit:
    kb = int(total_kb * policy.cap_percent // 100)
    return Limit(kb, f"{_number(policy.cap_percent)} % of the host's {total_kb} kB is {kb} kB")


def _of_available(facts: Mapping[str, Any], now_kb: int, policy: Policy) -> Limit:
    _zones, page_kb = _sharing_zones(facts)
    low_kb = sum(zone.get("low_pages") or 0 for zone in facts["zones"]) * page_kb
    available, known = available_kb(facts["memory"], low_kb)
    kb = now_kb + int(available * policy.available_percent // 100) * 2 // 3
    told = f"{_number(policy.available_percent)} % of the {available} kB {known}"
    return Limit(kb, f"at {kb} kB a rise, which costs one and a half times itself, would spend {told}")


def _of_zones(facts: Mapping[str, Any], policy: Policy) -> Limit:
    zones, page_kb = _sharing_zones(facts)
    total_kb = sum(size for _zone, size in zones) * page_kb
    kb = int(total_kb * policy.zone_percent // 100) * 2 // 3
    names = ", ".join(dict.fromkeys(f"{zone['zone']}" for zone, _size in zones))
    return Limit(
        kb,
        f"the zones that share it ({names}) hold {total_kb} kB, and their high watermarks, one and a half times the value, "
        f"would be {_number(policy.zone_percent)} % of that at {kb} kB",
    )


def _total_kb(facts: Mapping[str, Any]) -> int:
    memory = facts.get("memory")
    if not memory or not memory.get("total_kb"):
        raise UnknownLimitError(_why(facts, "memory", "how much memory the host has was not seen"))
    total: int = memory["total_kb"]
    return total


def _sharing_zones(facts: Mapping[str, Any]) -> tuple[Sequence[tuple[Mapping[str, Any], int]], int]:
    """([(zone, the pages it holds)], kB of a page) of the zones that vm.min_free_kbytes is shared out to."""
    size_bytes = facts.get("page_size_bytes")
    if not size_bytes:
        raise UnknownLimitError(_why(facts, "page_size_bytes", "the size of a page was not seen"))
    zones = []
    for zone in facts.get("zones") or ():
        held = zone.get("managed_pages")
        held = zone.get("present_pages") if held is None else held
        if held is None:
            where = f"what node {zone['node']}, zone {zone['zone']} holds was not seen"
            raise UnknownLimitError(_why(facts, "zones.watermarks", where))
        if zone["zone"] not in _WITHOUT_SHARE and held:
            zones.append((zone, held))
    if not zones:
        raise UnknownLimitError(_why(facts, "zones", "the memory zones were not seen"))
    return zones, size_bytes // 1024


def _why(facts: Mapping[str, Any], datum: str, what: str) -> str:
    reason = (facts.get("unavailable") or {}).get(datum)
    return f"{what} ({reason})" if reason else what


def _number(value: float) -> str:
    return f"{value:g}"
