# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit of a remedy, and the sums of a host's memory for the limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import why_not_seen
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import Policy


class UnknownLimitError(Exception):
    """Data for a limit is missing; the message is a sentence that says which."""


class Limit(NamedTuple):
    """``most``: the largest value that a remedy may have, in its own unit; ``because``: the calculation, without a full stop."""

    most: int
    because: str


def short_of_memory_kb(facts: Mapping[str, Any], policy: Policy) -> int:
    """If less than this is available, the host is short of memory."""
    return int(total_memory_kb(facts) * policy.short_percent // 100)


def available_kb(memory: Mapping[str, Any], low_kb: int) -> tuple[int, str]:
    """(memory available without swapping, how that is known): MemAvailable, or the value that Linux 3.14 would print.

    ``low_kb``: the sum of the low watermarks. The sum is that of si_mem_available (mm/page_alloc.c of 3.14, in meminfo.c then).
    Raises UnknownLimitError.
    """
    told = memory.get("available_kb")
    if told is not None:
        return told, "available by /proc/meminfo"
    if memory.get("free_kb") is None:
        raise UnknownLimitError("the free memory is not known")
    active, inactive, slab = (memory.get(name) for name in ("active_file_kb", "inactive_file_kb", "reclaimable_slab_kb"))
    if active is None or inactive is None or slab is None:
        return memory["free_kb"], "free by /proc/meminfo (an old kernel that does not print MemAvailable)"
    cache = active + inactive
    kept = min(cache // 2, low_kb) + min(slab // 2, low_kb)
    return max(0, memory["free_kb"] - low_kb + cache + slab - kept), "available, calculated as Linux 3.14 does"


def low_watermarks_kb(facts: Mapping[str, Any], page_kb: int) -> int:
    """The sum of the low watermarks; a zone without known watermarks counts as 0."""
    return int(sum(zone.get("low_pages") or 0 for zone in facts.get("zones") or ()) * page_kb)


def total_memory_kb(facts: Mapping[str, Any]) -> int:
    """All memory that the kernel has. Raises UnknownLimitError."""
    memory = facts.get("memory")
    if not memory or not memory.get("total_kb"):
        raise UnknownLimitError(f"the size of the host's memory is not known{why_not_seen(facts, 'memory')}")
    total: int = memory["total_kb"]
    return total
