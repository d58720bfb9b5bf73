# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page size of the host: from getconf, or else from the machine and the sizes of its memory."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import sole_count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceMissing

#: Pages of these machines are 4 kB without exception (arch/*/include/asm/page.h).
_ALWAYS_4_KB = ("x86_64", "i386", "i486", "i586", "i686", "s390x")

#: What other machines' kernels may be built with.
_PAGE_SIZES_BYTES = (4096, 8192, 16384, 65536, 262144)


def page_size_bytes(evidence, facts):
    """The size of a page. ``facts``: kernel, memory, vm and zones, as far as they are known. EvidenceMissing where nothing tells it."""
    if "$getconf" in evidence.texts:
        return sole_count("page_size_bytes", evidence.texts["$getconf"])
    if facts["kernel"] and facts["kernel"]["machine"] in _ALWAYS_4_KB:
        return 4096
    reckoned = _reckoned_page_size_bytes(facts["memory"], facts["zones"]) or _page_size_of_reserve_bytes(facts["vm"], facts["zones"])
    if reckoned is None:
        raise EvidenceMissing("$getconf", evidence.why_missing("$getconf"))
    return reckoned


def _reckoned_page_size_bytes(memory, zones):
    """The size at which all zones' pages make up all memory; None where none does. Old kernels count no managed pages,
    but those present, which are up to a fifth more."""
    pages, least = [zone["managed_pages"] for zone in zones or ()], 0.97
    if None in pages:
        pages, least = [zone["present_pages"] for zone in zones], 0.8
    if memory is None or None in pages or not sum(pages):
        return None
    share = 1024.0 * memory["total_kb"] / sum(pages)
    return next((size for size in _PAGE_SIZES_BYTES if least * size <= share <= 1.03 * size), None)


def _page_size_of_reserve_bytes(vm, zones):
    """The size at which the min watermarks of all zones make up vm.min_free_kbytes, as setup_per_zone_wmarks of mm/page_alloc.c
    parts it; None where none does. HighMem and Movable are not among those that it is parted among."""
    pages = [zone["min_pages"] for zone in zones or () if zone["zone"] not in ("HighMem", "Movable")]
    if vm is None or vm["min_free_kbytes"] is None or None in pages or sum(pages) < 64:  # fewer say too little
        return None
    share = 1024.0 * vm["min_free_kbytes"] / sum(pages)
    return next((size for size in _PAGE_SIZES_BYTES if 0.97 * size <= share <= 1.03 * size), None)
