# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the memory went: every kB of MemTotal in one account, from the counters in /proc/meminfo of the host's kernel.

The rest after all counters is ``unaccounted``: pages that somebody took from the page allocator and that the kernel counts nowhere.
Drivers have their buffers there, and a leak of a driver shows there.

Which kernel counts what (fs/proc/meminfo.c, meminfo_proc_show, where no other file is named):

- 2.6.18: ``AnonPages``, ``Cached``, ``Buffers``, ``Slab``, ``PageTables``. Slab is not divided (since 2.6.19), and there is no
  ``KernelStack`` and no ``Shmem`` (since 2.6.32).
- 2.6.28: the LRU lists by kind, ``Active(anon)`` and so on, and ``Unevictable`` (mm/vmscan.c). They are used before the older lines,
  because a page is on one list only. Shared memory lies on the lists of anonymous memory.
- ``VmallocUsed``: before 4.4 the address space in use, with that of devices, which is not memory; then always 0; since 5.3 the pages
  (mm/vmalloc.c, vmalloc_nr_pages). Before 4.4 ``VmallocChunk`` is never 0, and since then always: this shows which of the two it is.
  With CONFIG_VMAP_STACK (4.9) kernel stacks are in it too, so they are taken off: the part is at least 0, at most the line.
- ``CmaFree``: since 3.19, part of ``MemFree``. Used pages of CMA are in the parts of their users.
- ``Hugetlb``: all sizes, since 4.16; before, only ``HugePages_Total`` of the default size is counted.
- ``Percpu``: since 4.20 (mm/percpu.c, pcpu_nr_pages), and in EL 8. It has the first chunk too, which is not in MemTotal.
- ``KReclaimable``: since 4.20, with pages that are no slab, such as pools of graphics drivers. ``SecPageTables``: since 6.0.
- Free pages in the lists of each processor: ``count:`` of /proc/zoneinfo (mm/vmstat.c), never in ``MemFree``. Since 6.7 the kernel
  lets these lists grow, up to an eighth of a zone (mm/page_alloc.c, zone_highsize).
- Pages of zram and zswap: ``nr_zspages`` of /proc/vmstat since 4.8. ``Balloon``: only the newest. Older ones, and the balloon of VMware,
  take pages that the kernel does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import why_not_seen

#: The parts in the order of the report, each in words.
PARTS: dict[str, str] = {
    "free": "free",
    "free_cma": "free in CMA's areas, which drivers cannot use",
    "per_cpu_lists": "free pages in the processors' own lists",
    "anonymous": "processes",
    "file": "page cache",
    "shmem": "shared memory and tmpfs",
    "unevictable": "locked memory",
    "slab": "kernel caches",
    "slab_reclaimable": "kernel caches that can be freed",
    "slab_unreclaimable": "kernel caches that cannot be freed",
    "kernel_stacks": "kernel stacks",
    "page_tables": "page tables",
    "per_cpu": "per-CPU variables",
    "vmalloc": "vmalloc",
    "huge_pages": "huge pages set aside",
    "other": "other memory that the kernel counts",
}
#: The lines that are addresses or swap, and may be larger than all memory.
_NOT_OF_MEMORY = ("vmalloc_total_kb", "vmalloc_used_kb", "vmalloc_chunk_kb", "swap_total_kb", "swap_free_kb", "huge_page_kb")


class UnclearAccountError(Exception):
    """No account can be made; the message is a sentence that says why."""


def account_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The account of one host: {total_kb, parts: {part: kB}, unaccounted_kb, not_counted: [what this kernel does not count], unclear}.

    The parts and ``unaccounted_kb`` add up to ``total_kb``, and none is negative. If that is impossible, ``unclear`` is a sentence with
    the reason, ``parts`` is empty and ``unaccounted_kb`` is null. The facts must have the shape of facts_shape.yml.
    """
    memory = facts.get("memory") or {}
    try:
        _check(facts, memory)
        parts = _trimmed({name: kb for name, kb in _parts(facts, memory) if kb}, memory["total_kb"])
    except UnclearAccountError as reason:
        total = memory.get("total_kb") or None
        return {"total_kb": total, "parts": {}, "unaccounted_kb": None, "not_counted": [], "unclear": str(reason)}
    ordered = {name: parts[name] for name in PARTS if name in parts}
    left = memory["total_kb"] - sum(ordered.values())
    return {
        "total_kb": memory["total_kb"],
        "parts": ordered,
        "unaccounted_kb": left,
        "not_counted": _not_counted(facts, memory),
        "unclear": None,
    }


def _check(facts: Mapping[str, Any], memory: Mapping[str, Any]) -> None:
    """Check that the lines that an account needs are there and possible."""
    if not memory:
        raise UnclearAccountError(f"/proc/meminfo could not be read{why_not_seen(facts, 'memory')}")
    total = memory.get("total_kb")
    if not total:
        raise UnclearAccountError("/proc/meminfo says that the host has no memory")
    needed = {
        "MemFree": memory.get("free_kb"),
        "Slab": _either(memory, "slab_kb", "unreclaimable_slab_kb"),
        "PageTables": memory.get("page_tables_kb"),
        "Active(anon) or AnonPages": _either(memory, "active_anon_kb", "anonymous_kb"),
        "Active(file) or Cached": _either(memory, "active_file_kb", "cached_kb"),
    }
    missing = [line for line, value in needed.items() if value is None]
    if missing:
        raise UnclearAccountError(f"/proc/meminfo lacks {', '.join(missing)}")
    listed = _lists_kb(facts)
    if listed is not None and listed > total:
        raise UnclearAccountError(f"/proc/zoneinfo: the processors' lists hold {listed} kB, more than all memory ({total} kB)")
    for name, value in memory.items():
        if name.endswith("_kb") and name not in _NOT_OF_MEMORY and value is not None and value > total:
            raise UnclearAccountError(f"/proc/meminfo: {name} is {value} kB, more than all memory ({total} kB)")


def _either(memory: Mapping[str, Any], first: str, second: str) -> int | None:
    found: int | None = memory.get(first)
    return memory.get(second) if found is None else found


def _of(memory: Mapping[str, Any], *names: str) -> int:
    """The sum of these; a line that this kernel does not print counts as 0."""
    return sum(memory.get(name) or 0 for name in names)


def _parts(facts: Mapping[str, Any], memory: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    free = _of(memory, "free_kb")
    free_cma = min(free, _of(memory, "cma_free_kb"))
    yield "free", free - free_cma
    yield "free_cma", free_cma
    yield "per_cpu_lists", _lists_kb(facts) or 0
    yield from _user(memory)
    yield from _slab(memory)
    stacks = _of(memory, "kernel_stack_kb")
    yield "kernel_stacks", stacks
    yield "page_tables", _of(memory, "page_tables_kb", "secondary_page_tables_kb")
    yield "per_cpu", _of(memory, "per_cpu_kb")
    yield "vmalloc", max(0, _of(memory, "vmalloc_used_kb") - stacks) if _counts_vmalloc(memory) else 0
    yield "huge_pages", _huge_pages_kb(memory)
    yield "other", _other_kb(facts, memory)


def _user(memory: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """From the lists if the kernel has them, else from the older lines."""
    if any(memory.get(name) is None for name in ("active_anon_kb", "inactive_anon_kb", "active_file_kb", "inactive_file_kb")):
        yield "anonymous", _of(memory, "anonymous_kb")
        yield "file", _of(memory, "cached_kb", "buffers_kb")
        return
    listed = _of(memory, "active_anon_kb", "inactive_anon_kb")
    shared = min(listed, _of(memory, "shmem_kb"))
    yield "anonymous", listed - shared
    yield "shmem", shared
    yield "file", _of(memory, "active_file_kb", "inactive_file_kb")
    yield "unevictable", _of(memory, "unevictable_kb")


def _slab(memory: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    if memory.get("unreclaimable_slab_kb") is None:
        yield "slab", _of(memory, "slab_kb")
        return
    yield "slab_reclaimable", _of(memory, "reclaimable_slab_kb")
    yield "slab_unreclaimable", _of(memory, "unreclaimable_slab_kb")


def _counts_vmalloc(memory: Mapping[str, Any]) -> bool:
    """Whether VmallocUsed is memory, not address space."""
    chunk = memory.get("vmalloc_chunk_kb")
    return memory.get("vmalloc_used_kb") is not None and (chunk == 0 or (chunk is None and memory.get("per_cpu_kb") is not None))


def _huge_pages_kb(memory: Mapping[str, Any]) -> int:
    if memory.get("hugetlb_kb") is not None:
        return _of(memory, "hugetlb_kb")
    pages = _of(memory, "huge_pages") * _of(memory, "huge_page_kb")
    if pages > memory["total_kb"]:
        raise UnclearAccountError(f"/proc/meminfo: huge pages are {pages} kB, more than all memory ({memory['total_kb']} kB)")
    return pages


def _other_kb(facts: Mapping[str, Any], memory: Mapping[str, Any]) -> int:
    not_slab = max(0, _of(memory, "kernel_reclaimable_kb") - _of(memory, "reclaimable_slab_kb"))
    compressed = _of(facts.get("vmstat") or {}, "nr_zspages") * _page_kb(facts)
    most: int = memory["total_kb"]
    kept = _of(memory, "bounce_kb", "writeback_temporary_kb", "hardware_corrupted_kb", "balloon_kb")
    return not_slab + min(compressed, most) + kept


def _lists_kb(facts: Mapping[str, Any]) -> int | None:
    """What the processors keep in their lists, of all zones; None where no list was read."""
    listed = [zone["per_cpu_list_pages"] for zone in facts.get("zones") or () if zone.get("per_cpu_list_pages") is not None]
    return sum(listed) * _page_kb(facts) if listed else None


def _page_kb(facts: Mapping[str, Any]) -> int:
    return (facts.get("page_size_bytes") or 4096) // 1024


def _trimmed(parts: dict[str, int], total_kb: int) -> dict[str, int]:
    """The parts, with the excess taken from the largest. Raises UnclearAccountError if the excess is larger than counting at different
    moments explains."""
    excess = sum(parts.values()) - total_kb
    if excess <= 0:
        return parts
    most = cause_limits()["account"]["excess_percent"]
    largest = max(parts, key=lambda name: parts[name])
    if excess * 100 > total_kb * most or parts[largest] < excess:
        raise UnclearAccountError(f"the parts in /proc/meminfo are {excess} kB more than all memory ({total_kb} kB): a line is wrong")
    return {**parts, largest: parts[largest] - excess}


def _not_counted(facts: Mapping[str, Any], memory: Mapping[str, Any]) -> list[str]:
    """What this kernel does not count, or what was not read. It is part of ``unaccounted``."""
    told = {
        "kernel stacks": memory.get("kernel_stack_kb"),
        "per-CPU variables": memory.get("per_cpu_kb"),
        "free pages in the processors' lists": _lists_kb(facts),
    }
    missing = [what for what, value in told.items() if value is None]
    # a kernel with modules that says 0 is 4.4 to 5.2, which do not count it
    return missing if _counts_vmalloc(memory) and memory["vmalloc_used_kb"] else [*missing, "vmalloc"]
