# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/pagetypeinfo: free blocks by zone, migrate type and order (mm/vmstat.c, pagetypeinfo_showfree)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import count

_PAGES_PER_BLOCK = re.compile(r"Pages per block:\s+([0-9]{1,9})\s*\Z")
_BLOCKS_HEAD = re.compile(r"Number of blocks type\s+(\S.*)\Z")
_BLOCKS = re.compile(r"Node\s+([0-9]{1,9}), zone\s+([A-Za-z0-9]{1,32})\s+([0-9][0-9 ]*)\Z")
_LINE = re.compile(r"Node\s+([0-9]{1,9}), zone\s+([A-Za-z0-9]{1,32}), type\s+(\S{1,32})\s+(\S.*)\Z")


def parse_pagetypeinfo(text):
    """[{node, zone, migrate_type, free_blocks[], pageblock_pages}]. A kernel that stopped counting prints ">100000": that is
    100000. ``pageblock_pages``: how many pages are in the zone's pageblocks of the type, used or free; null where it is not said.
    """
    rows, by_name = [], {}
    pages_per_block, types = None, ()
    for number, line in enumerate(text.split("\n"), 1):  # both tables come again for each node
        found, size, head = _LINE.match(line), _PAGES_PER_BLOCK.match(line), _BLOCKS_HEAD.match(line)
        if found:
            node, zone, migrate_type, columns = found.groups()
            blocks = [count("pagetypeinfo", number, column.lstrip(">")) for column in columns.split()]
            row = {"node": int(node), "zone": zone, "migrate_type": migrate_type, "free_blocks": blocks, "pageblock_pages": None}
            by_name[int(node), zone, migrate_type] = row
            rows.append(row)
        elif size:
            pages_per_block = int(size.group(1))
        elif head:
            types = head.group(1).split()
        else:
            _take_pageblocks(by_name, types, pages_per_block, number, line)
    if not rows:
        raise EvidenceError("pagetypeinfo", None, "it has no free list")
    return rows


def _take_pageblocks(by_name, types, pages_per_block, number, line):
    """A line of the second table: the pageblocks of a zone, by type in the order of its head."""
    found = _BLOCKS.match(line)
    if not found or pages_per_block is None:
        return
    node, zone, columns = int(found.group(1)), found.group(2), found.group(3).split()
    for migrate_type, column in zip(types, columns):
        row = by_name.get((node, zone, migrate_type))
        if row is not None:
            row["pageblock_pages"] = count("pagetypeinfo", number, column) * pages_per_block
