# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/pagetypeinfo: free blocks by zone, migrate type and order (mm/vmstat.c, pagetypeinfo_showfree)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import count

_LINE = re.compile(r"Node\s+([0-9]{1,9}), zone\s+([A-Za-z0-9]{1,32}), type\s+(\S{1,32})\s+(\S.*)\Z")


def parse_pagetypeinfo(text):
    """[{node, zone, migrate_type, free_blocks[]}]. A kernel that stopped counting prints ">100000": that is 100000."""
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        found = _LINE.match(line)
        if found:
            node, zone, migrate_type, columns = found.groups()
            blocks = [count("pagetypeinfo", number, column.lstrip(">")) for column in columns.split()]
            rows.append({"node": int(node), "zone": zone, "migrate_type": migrate_type, "free_blocks": blocks})
        elif line.startswith("Number of blocks type"):
            break  # what follows counts pageblocks, in lines of another shape
    if not rows:
        raise EvidenceError("pagetypeinfo", None, "it holds no free list")
    return rows
