# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/zoneinfo: the watermarks and reserves of each zone (mm/vmstat.c, zoneinfo_show_print)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import count

_ZONE = re.compile(r"Node\s+([0-9]{1,9}), zone\s+([A-Za-z0-9]{1,32})\s*\Z")

#: The counters of a zone: its name in the file -> ours, all in pages.
_COUNTERS = {
    "pages free": "free_pages",
    "min": "min_pages",
    "low": "low_pages",
    "high": "high_pages",
    "present": "present_pages",
    "managed": "managed_pages",
    "nr_free_cma": "free_cma_pages",
    "nr_free_highatomic": "free_highatomic_pages",
}

#: Every field of a zone, null where the kernel does not print it.
FIELDS = tuple(sorted(_COUNTERS.values())) + ("lowmem_reserve_pages", "per_cpu_list_pages")


def parse_zoneinfo(text):
    """{(node, zone): {free_pages, min_pages, low_pages, high_pages, present_pages, managed_pages, free_cma_pages,
    free_highatomic_pages, lowmem_reserve_pages[], per_cpu_list_pages}}, null for what the kernel does not print."""
    zones = {}
    zone = None
    for number, line in enumerate(text.split("\n"), 1):
        head = _ZONE.match(line)
        if head:
            name = (int(head.group(1)), head.group(2))
            if name in zones:
                raise EvidenceError("zoneinfo", number, "node %d, zone %s appears twice" % name)
            zone = zones[name] = dict.fromkeys(FIELDS)
        elif zone is not None:
            _take(zone, number, line)
    if not zones:
        raise EvidenceError("zoneinfo", None, "it has no zone")
    return zones


def _take(zone, number, line):
    """Add what a line of the zone says, where it says anything we ask; the first word of a counter counts, since
    per-CPU sets repeat names further down ("high: 186")."""
    words = line.split()
    if not words:
        return
    if words[0] == "protection:":
        zone["lowmem_reserve_pages"] = _reserve(number, line)
        return
    if words[0] == "count:":
        zone["per_cpu_list_pages"] = (zone["per_cpu_list_pages"] or 0) + count("zoneinfo", number, words[-1])
        return
    name = " ".join(words[:-1])
    field = _COUNTERS.get(name)
    if field and zone[field] is None:
        zone[field] = count("zoneinfo", number, words[-1])


def _reserve(number, line):
    """The numbers of "protection: (0, 3019, 5067)"."""
    inside = line.partition("(")[2].partition(")")[0]
    return [count("zoneinfo", number, word.strip()) for word in inside.split(",")]
