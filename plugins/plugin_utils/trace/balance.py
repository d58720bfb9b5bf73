# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much each caller took in a trace, gave back and kept. Linear in the number of events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.attribution import Caller, caller_of, counted_as, trace_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_text import PageEvent

#: No block starts there: the kernel writes it for a request that it refused.
_REFUSED = 0


@dataclass(frozen=True)
class Window:
    """The milliseconds of a trace that count, and how many slices they have."""

    start: int
    end: int
    slices: int

    def slice_of(self, milliseconds: int) -> int:
        """From 0 on."""
        length = max(1, self.end - self.start)
        return min(self.slices - 1, max(0, (milliseconds - self.start) * self.slices // length))


@dataclass
class TakenBlocks:
    """One caller's blocks. ``stays``: (slice of the window in which it was taken, order) -> blocks that are there at the end."""

    blocks: int = 0
    pages: int = 0
    back_blocks: int = 0
    stays_pages: int = 0
    refused: int = 0
    stays: Counter[tuple[int, int]] = field(default_factory=Counter)

    @property
    def stays_blocks(self) -> int:
        return self.stays.total()


@dataclass
class Balance:
    """``older_back``: (kind, order) -> blocks from before the trace that were given back."""

    callers: dict[Caller, TakenBlocks]
    older_back: Counter[tuple[str, int]]


@dataclass
class _Block:
    """``back``: the first page frames of its parts that were given back."""

    caller: Caller
    order: int
    slice: int
    pages_left: int
    back: set[int] = field(default_factory=set)


def window_of(events: Sequence[PageEvent], seconds: int, *, lost: bool, cut: bool) -> Window:
    """If events were lost, the oldest events of each processor are missing, so the window starts when all processors have events. If the
    answer is incomplete, it ends with the last event."""
    first: dict[str, int] = {}
    for event in events:
        first.setdefault(event.cpu, event.milliseconds)
    start = max(first.values(), default=0) if lost else 0
    last = events[-1].milliseconds if events else 0
    end = last if lost or cut else max(last, seconds * 1000)
    return Window(start, max(start, end), trace_limits()["slices"])


def balance_of(events: Iterable[PageEvent], window: Window) -> Balance:
    """The balance of the events in the window."""
    out: dict[int, _Block] = {}
    balance = Balance({}, Counter())
    seen_back: set[int] = set()
    for event in events:
        if not event.stack.takes:
            if not _give_back(out, event, balance) and event.pfn not in seen_back:
                balance.older_back[counted_as(event.stack), event.order] += 1
            seen_back.add(event.pfn)
        elif event.milliseconds >= window.start:
            _take(out, event, window, balance)
            seen_back.discard(event.pfn)
    for block in out.values():
        taken = balance.callers[block.caller]
        taken.stays[block.slice, block.order] += 1
        taken.stays_pages += block.pages_left
    return balance


def _take(out: dict[int, _Block], event: PageEvent, window: Window, balance: Balance) -> None:
    caller = caller_of(event.stack)
    taken = balance.callers.setdefault(caller, TakenBlocks())
    if event.pfn == _REFUSED:
        taken.refused += 1
        return
    before = event.pfn if event.pfn in out else _find(out, event)
    if before is not None:  # the trace did not see that it was given back
        _end(out, before, balance)
    taken.blocks += 1
    taken.pages += 1 << event.order
    out[event.pfn] = _Block(caller, event.order, window.slice_of(event.milliseconds), 1 << event.order)


def _give_back(out: dict[int, _Block], event: PageEvent, balance: Balance) -> bool:
    """Whether the trace saw that this block, or the larger block around it, was taken."""
    found = _find(out, event)
    if found is None:
        return False
    block = out[found]
    if event.pfn not in block.back:  # Linux 2.6.32 reports twice that a single page is given back
        block.back.add(event.pfn)
        block.pages_left -= 1 << event.order
    if block.pages_left <= 0:
        _end(out, found, balance)
    return True


def _end(out: dict[int, _Block], pfn: int, balance: Balance) -> None:
    balance.callers[out.pop(pfn).caller].back_blocks += 1


def _find(out: dict[int, _Block], event: PageEvent) -> int | None:
    """The first page frame of the block that has this one. A block of 1 << order pages begins at a multiple of that."""
    for order in range(event.order, 21):
        base = event.pfn >> order << order
        if base in out and out[base].order >= order:
            return base
    return None
