# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A buddy allocator, one request at a time: what headroom.py's closed form is held against.

Written from the kernel's sources and not from the closed form: before each grant it runs the loop of __zone_watermark_ok
(v2.6.32, or v4.4) over the free lists as they are then, takes the smallest block that will do, and splits it.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from itertools import zip_longest


@dataclass
class SimulatedZone:
    """A zone's free lists, and the marks in pages that guard them.

    ``free_blocks`` are those that any request may have, ``highatomic_blocks`` those of the reserve for atomic requests and
    ``unusable_blocks`` those of CMA or isolated ones. Before 4.4 there are only the first.
    """

    free_blocks: list[int]
    min_pages: int
    reserve_pages: int = 0
    cma_pages: int = 0
    highatomic_pages: int = 0
    highatomic_blocks: list[int] = field(default_factory=list)
    unusable_blocks: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Like the kernel's NR_FREE_PAGES, counted once and then kept up to date."""
        self.free_pages = sum(count << order for order, count in enumerate(self.all_blocks()))

    def all_blocks(self) -> list[int]:
        """As /proc/buddyinfo has them, of whatever type."""
        lists = (self.free_blocks, self.highatomic_blocks, self.unusable_blocks)
        return [sum(column) for column in zip_longest(*lists, fillvalue=0)]

    def lists_for(self, atomic: bool) -> list[list[int]]:
        """The free lists of the types that a request may take from."""
        return [self.free_blocks, self.highatomic_blocks] if atomic else [self.free_blocks]

    def watermark_ok_before_4_4(self, order: int, atomic: bool) -> bool:
        mark = self._mark(atomic)
        free_pages = self.free_pages - (1 << order) + 1
        if free_pages - self.cma_pages <= mark + self.reserve_pages:
            return False
        for smaller in range(order):
            free_pages -= self.free_blocks[smaller] << smaller
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


def _grant(zone: SimulatedZone, rule: str, order: int, atomic: bool) -> bool:
    allowed = zone.watermark_ok_before_4_4 if rule == "before-4.4" else zone.watermark_ok_since_4_4
    return allowed(order, atomic) and zone.take(order, atomic)
