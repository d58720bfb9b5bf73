# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/buddyinfo: the free blocks of each zone by order (mm/vmstat.c, frag_show_print)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import count

_LINE = re.compile(r"Node\s+([0-9]{1,9}),\s+zone\s+([A-Za-z0-9]{1,32})\s+(\S.*)\Z")

#: No kernel was built with more orders; a longer line does not come from a kernel.
MAX_ORDERS = 64
#: No kernel has more than 1024 nodes, or more zones in one than these.
MAX_ZONES = 1024 * 6


def parse_buddyinfo(text):
    """[{node, zone, free_blocks[]}] in the order of the file, free_blocks[k] the free blocks of 2**k pages.

    >>> parse_buddyinfo("Node 0, zone   Normal   9539   4328   7412   2374")
    [{'node': 0, 'zone': 'Normal', 'free_blocks': [9539, 4328, 7412, 2374]}]
    """
    zones = []
    seen = set()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        zone = _zone(number, line)
        name = (zone["node"], zone["zone"])
        if name in seen:
            raise EvidenceError("buddyinfo", number, "node %d, zone %s appears twice" % name)
        seen.add(name)
        zones.append(zone)
        if len(zones) > MAX_ZONES:
            raise EvidenceError("buddyinfo", number, "it has more zones than any kernel")
    if not zones:
        raise EvidenceError("buddyinfo", None, "it has no zone")
    return zones


def _zone(number, line):
    found = _LINE.match(line)
    if not found:
        raise EvidenceError("buddyinfo", number, "%.60r is not a line of buddyinfo" % str(line))
    columns = found.group(3).split()
    if len(columns) > MAX_ORDERS:
        raise EvidenceError("buddyinfo", number, "it has %d columns, more than any kernel" % len(columns))
    return {
        "node": int(found.group(1)),
        "zone": found.group(2),
        "free_blocks": [count("buddyinfo", number, column) for column in columns],
    }
