# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A buddy allocator, one request at a time: what headroom.py's closed form is held against.

Written from the kernel's sources and not from the closed form: before each grant it runs __zone_watermark_ok over the free lists as
they are then, takes the smallest block that will do, and splits it. The sources: v2.6.32, v2.6.38 (two pages more), v4.4, and Red Hat's
2.6.32 of EL 6.5 and later.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from itertools import zip_longest

#: Of x86 with huge pages of 2 MB.
PAGEBLOCK_ORDER = 9


@dataclass
class SimulatedZone:
    """A zone's free lists, and the marks in pages that guard them.

    ``free_blocks`` are those that any request may have, ``highatomic_blocks`` those of the reserve for atomic requests (none before
    4.4), ``cma_blocks`` and ``isolated_blocks`` those that no request may have.
    """

    free_blocks: list[int]
    min_pages: int
    reserve_pages: int = 0
    highatomic_blocks: list[int] = field(default_factory=list)
    cma_blocks: list[int] = field(default_factory=list)
    isolated_blocks: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Like the kernel's NR_FREE_PAGES and its relatives, counted once and then kept up to date."""
        self.free_pages = pages(self.all_blocks())
        self.cma_pages = pages(self.cma_blocks)
        self.highatomic_pages = pages(self.highatomic_blocks)

    def all_blocks(self) -> list[int]:
        """As /proc/buddyinfo has them, of whatever type."""
        lists = (self.free_blocks, self.highatomic_blocks, self.cma_blocks, self.isolated_blocks)
        return [sum(column) for column in zip_longest(*lists, fillvalue=0)]

    def lists_for(self, atomic: bool) -> list[list[int]]:
        """The free lists of the types that a request may take from."""
        return [self.free_blocks, self.highatomic_blocks] if atomic else [self.free_blocks]

    def watermark_ok_before_4_4(self, order: int, atomic: bool, two_pages_more: bool = False) -> bool:
        mark = self._mark(atomic)
        free_pages = self.free_pages - (1 << order) + (-1 if two_pages_more else 1)
        if free_pages - self.cma_pages <= mark + self.reserve_pages:
            return False
        for smaller, blocks in enumerate(self.all_blocks()[:order]):
            free_pages -= blocks << smaller
            mark >>= 1
            if free_pages <= mark:
                return False
        return True

    def watermark_ok_2_6_38(self, order: int, atomic: bool) -> bool:
        return self.watermark_ok_before_4_4(order, atomic, two_pages_more=True)

    def watermark_ok_rhel_6_5(self, order: int, atomic: bool) -> bool:
        free_pages = self.free_pages - ((1 << order) + 1)
        if free_pages <= self._mark(atomic) + self.reserve_pages:
            return False
        # what the request is measured by, the min watermark, less the zone's min watermark
        mark = 0
        for smaller, blocks in enumerate(self.free_blocks[:order]):
            free_pages -= blocks << smaller
            if smaller < PAGEBLOCK_ORDER >> 2:
                mark >>= 1
            if free_pages <= mark:
                return False
        return True

    def watermark_ok_since_4_4(self, order: int, atomic: bool) -> bool:
        mark = self._mark(atomic)
        free_pages = self.free_pages - ((1 << order) - 1)
        if not atomic:
            free_pages -= self.highatomic_pages
        free_pages -= self.cma_pages
        if free_pages <= mark + self.reserve_pages:
            return False
        return order == 0 or any(any(blocks[order:]) for blocks in self.lists_for(atomic))

    def _mark(self, atomic: bool) -> int:
        mark = self.min_pages
        if atomic:
            mark -= mark // 2  # ALLOC_HIGH
            mark -= mark // 4  # ALLOC_HARDER
        return mark

    def take(self, order: int, atomic: bool = True) -> bool:
        """Take a block of the order out of the smallest that holds one, leaving a buddy of each order it splits."""
        for blocks in self.lists_for(atomic):
            for larger in range(order, len(blocks)):
                if blocks[larger]:
                    blocks[larger] -= 1
                    for left_over in range(order, larger):
                        blocks[left_over] += 1
                    self.free_pages -= 1 << order
                    return True
        return False


def requests_granted(zones: list[SimulatedZone], rule: str, order: int, atomic: bool) -> int:
    """How many requests of an order succeed until the first is refused by every zone, trying them in the order given."""
    zones = deepcopy(zones)
    granted = 0
    while any(_grant(zone, rule, order, atomic) for zone in zones):
        granted += 1
    return granted


def pages(blocks: list[int]) -> int:
    return sum(count << order for order, count in enumerate(blocks))


def _grant(zone: SimulatedZone, rule: str, order: int, atomic: bool) -> bool:
    allowed = {
        "before-4.4": zone.watermark_ok_before_4_4,
        "2.6.38-to-3.2": zone.watermark_ok_2_6_38,
        "rhel-6.5": zone.watermark_ok_rhel_6_5,
        "since-4.4": zone.watermark_ok_since_4_4,
    }[rule]
    return allowed(order, atomic) and zone.take(order, atomic)
