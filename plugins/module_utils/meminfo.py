# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/meminfo: what becomes of memory, as far as the kernel counts it (fs/proc/meminfo.c, meminfo_proc_show)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import count

_FIELDS = {
    "MemTotal:": "total_kb",
    "MemFree:": "free_kb",
    "MemAvailable:": "available_kb",
    "Buffers:": "buffers_kb",
    "Cached:": "cached_kb",
    "SwapCached:": "swap_cached_kb",
    "Active(anon):": "active_anon_kb",
    "Inactive(anon):": "inactive_anon_kb",
    "Active(file):": "active_file_kb",
    "Inactive(file):": "inactive_file_kb",
    "Unevictable:": "unevictable_kb",
    "Mlocked:": "mlocked_kb",
    "SwapTotal:": "swap_total_kb",
    "SwapFree:": "swap_free_kb",
    "AnonPages:": "anonymous_kb",
    "Shmem:": "shmem_kb",
    "KReclaimable:": "kernel_reclaimable_kb",
    "Slab:": "slab_kb",
    "SReclaimable:": "reclaimable_slab_kb",
    "SUnreclaim:": "unreclaimable_slab_kb",
    "KernelStack:": "kernel_stack_kb",
    "PageTables:": "page_tables_kb",
    "SecPageTables:": "secondary_page_tables_kb",
    "Bounce:": "bounce_kb",
    "WritebackTmp:": "writeback_temporary_kb",
    "VmallocTotal:": "vmalloc_total_kb",
    "VmallocUsed:": "vmalloc_used_kb",
    "VmallocChunk:": "vmalloc_chunk_kb",
    "Percpu:": "per_cpu_kb",
    "HardwareCorrupted:": "hardware_corrupted_kb",
    "Balloon:": "balloon_kb",
    "CmaTotal:": "cma_total_kb",
    "CmaFree:": "cma_free_kb",
    "HugePages_Total:": "huge_pages",
    "HugePages_Free:": "huge_pages_free",
    "Hugepagesize:": "huge_page_kb",
    "Hugetlb:": "hugetlb_kb",
}


def parse_meminfo(text):
    """{total_kb, free_kb, and the other names of _FIELDS}, null for what this kernel does not print.

    Which kernel prints what is told where the account is made (plugin_utils/explain/account.py).
    """
    memory = dict.fromkeys(_FIELDS.values())
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if words and words[0] in _FIELDS:
            name = _FIELDS[words[0]]
            unit = ["kB"] if name.endswith("_kb") else []
            if words[2:] != unit or len(words) < 2:
                raise EvidenceError("meminfo", number, "%.60r is not a line of meminfo" % str(line))
            memory[name] = count("meminfo", number, words[1])
    for name in ("total_kb", "free_kb"):
        if memory[name] is None:
            raise EvidenceError("meminfo", None, "%s is missing" % {"total_kb": "MemTotal", "free_kb": "MemFree"}[name])
    return memory
