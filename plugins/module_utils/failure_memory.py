# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mem-Info block of a kernel log: each zone's watermarks, reserves and free blocks (mm/page_alloc.c and
lib/show_mem.c, show_free_areas), logged with a failure, by the OOM killer or after "m" to sysrq-trigger."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

#: The lines of a block that say something of a zone, an extended regular expression that awk and Python read alike.
ZONE_LINE = r" free:[0-9]+kB|lowmem_reserve\[\]:|[0-9]\*[0-9]+kB"

# Kernels without NUMA leave "Node 0" out.
_NAME = r"(?:Node ([0-9]{1,9}) )?([A-Za-z0-9]{1,32})"
_WATERMARKS = re.compile(r" *" + _NAME + r" free:([0-9]{1,15})kB ")
_BLOCKS = re.compile(r" *" + _NAME + r": ((?:[0-9]{1,15}\*[0-9]{1,15}kB (?:\([A-Z]*\) )?)+)= ([0-9]{1,15})kB\s*\Z")
_BLOCK = re.compile(r"([0-9]{1,15})\*([0-9]{1,15})kB")
_RESERVE = re.compile(r" *lowmem_reserve\[\]:((?: [0-9]{1,15})+)\s*\Z")
_MARK = re.compile(r" (min|low|high|free_cma|active_file|inactive_file):([0-9]{1,15})kB(?= |\Z)")

_MARKS = ("free_kb", "min_kb", "low_kb", "high_kb", "free_cma_kb", "file_kb", "lowmem_reserve_pages")
#: The page cache, without what is in memory by name alone, as tmpfs. Since Linux 2.6.28.
_FILES = ("active_file", "inactive_file")


def parse_mem_info(lines):
    """[{node, zone, free_blocks[], free_kb, min_kb, low_kb, high_kb, free_cma_kb, file_kb, lowmem_reserve_pages[]}] of a block's lines.

    ``lines``: str without the log's prefixes. free_blocks[k] are the free blocks of 2**k pages, file_kb is page cache; what the block does
    not say is None. A zone whose free blocks it does not list is left out, and so are lines that make no sense, since
    anything may stand between those of the kernel.
    """
    marks, blocks, order = {}, {}, []
    zone = None
    for line in lines:
        found = _WATERMARKS.match(line)
        if found:
            zone = _zone_of(found)
            marks[zone] = _watermarks(found.group(3), line)
            continue
        found = _RESERVE.match(line)
        if found and zone is not None:
            marks[zone]["lowmem_reserve_pages"] = [int(word) for word in found.group(1).split()]
            zone = None  # the line follows its zone's; another one belongs to nobody
            continue
        found = _BLOCKS.match(line)
        if found and _doubling(found.group(3)):
            name = _zone_of(found)
            if name not in blocks:
                order.append(name)
            blocks[name] = _free_blocks(found)
    return [_zone(name, blocks[name], marks.get(name)) for name in order]


def _zone_of(found):
    return int(found.group(1) or 0), found.group(2)


def _watermarks(free, line):
    said = {}
    for name, value in _MARK.findall(line):
        said.setdefault(name, int(value))
    values = dict((key, said.get(key[: -len("_kb")])) for key in _MARKS)
    values["free_kb"] = int(free)
    if all(name in said for name in _FILES):
        values["file_kb"] = sum(said[name] for name in _FILES)
    return values


def _doubling(text):
    """Whether each block is twice as large as the one before: else numbers are missing, and orders would be wrong."""
    sizes = [int(size) for unused, size in _BLOCK.findall(text)]
    return sizes[0] != 0 and all(size == sizes[0] << order for order, size in enumerate(sizes))


def _free_blocks(found):
    return [int(number) for number, unused in _BLOCK.findall(found.group(3))], int(found.group(4))


def _zone(name, blocks, marks):
    free_blocks, free_kb = blocks
    zone = {"node": name[0], "zone": name[1], "free_blocks": free_blocks}
    zone.update(marks or dict.fromkeys(_MARKS))
    if zone["free_kb"] is None:
        zone["free_kb"] = free_kb
    return zone
