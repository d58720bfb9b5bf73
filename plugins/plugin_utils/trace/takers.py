# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the balance of a trace to its sentences: who takes blocks and does not give them back, and who takes many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.attribution import PAGES, Caller, trace_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.balance import Balance, TakenBlocks, balance_of, window_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_text import PageEvent

#: The outcomes of a trace. "unclear": the trace covers too little of the time.
LEAK, NOTHING_STAYS, UNCLEAR = "leak", "nothing_stays", "unclear"


def findings(events: Sequence[PageEvent], seconds: int, page_kb: int, *, lost: bool, cut: bool) -> dict[str, Any]:
    """{outcome, sentences, callers, slabs, counted_seconds} of a trace of this many seconds. ``lost``: the buffer lost events; ``cut``:
    the answer is incomplete."""
    window = window_of(events, seconds, lost=lost, cut=cut)
    balance = balance_of(events, window)
    length = (window.end - window.start) / 1000
    rows = [_row(caller, taken, balance, length, page_kb) for caller, taken in balance.callers.items()]
    rows.sort(key=lambda row: (not row["leaks"], -row["stays_bytes"], -row["taken_blocks"], row["caller"]))
    leaks = [row for row in rows if row["leaks"]]
    enough = length * 2 >= seconds
    outcome = LEAK if leaks else NOTHING_STAYS if enough else UNCLEAR
    return {
        "outcome": outcome,
        "sentences": [*_answer(outcome, leaks, length, seconds), *_slabs(rows), *_much(rows)],
        "counted_seconds": round(length, 1),
        "callers": rows[: trace_limits()["callers"]],
    }


def _row(caller: Caller, taken: TakenBlocks, balance: Balance, length: float, page_kb: int) -> dict[str, Any]:
    page_bytes, seconds = page_kb * 1024, max(length, 0.001)
    return {
        "caller": caller.name,
        "function": caller.function,
        "module": caller.module,
        "kind": caller.kind,
        "leaks": _leaks(caller, taken, balance),
        "taken_blocks": taken.blocks,
        "given_back_blocks": taken.back_blocks,
        "stays_blocks": taken.stays_blocks,
        "stays_bytes": taken.stays_pages * page_bytes,
        "refused_blocks": taken.refused,
        "taken_blocks_per_second": round(taken.blocks / seconds, 1),
        "taken_bytes_per_second": round(taken.pages * page_bytes / seconds),
        "stays_blocks_per_second": round(taken.stays_blocks / seconds, 1),
        "stays_bytes_per_second": round(taken.stays_pages * page_bytes / seconds),
        "steady": _is_steady(taken),
    }


def _is_steady(taken: TakenBlocks) -> bool:
    """Whether blocks stay from each slice of the time except the last."""
    limits = trace_limits()
    by_slice = [0] * limits["slices"]
    for (number, _order), blocks in taken.stays.items():
        by_slice[number] += blocks
    counting = by_slice[:-1]
    return min(counting) >= limits["slice_blocks"] and sum(counting) >= limits["blocks"]


def _leaks(caller: Caller, taken: TakenBlocks, balance: Balance) -> bool:
    """Whether the kernel counts the blocks nowhere, some stay from each slice, and they are more than the older blocks that were given
    back."""
    if caller.kind != PAGES or caller.function == "unknown" or not _is_steady(taken):
        return False
    last = trace_limits()["slices"] - 1
    stays = sum(blocks for (number, _order), blocks in taken.stays.items() if number != last)
    orders = {order for number, order in taken.stays if number != last}
    older = sum(balance.older_back[PAGES, order] for order in orders)
    return stays >= older * trace_limits()["times_older_given_back"]


def _answer(outcome: str, leaks: Sequence[dict[str, Any]], length: float, seconds: int) -> list[str]:
    if outcome == LEAK:
        return [_of_leak(row, length) for row in leaks[:5]]
    if outcome == UNCLEAR:
        return [
            f"The trace covers {length:.0f} of {seconds} seconds. That is too little to say whether anything stays. "
            "Raise trace_order or trace_buffer_kb, or lower trace_seconds."
        ]
    limits = trace_limits()
    return [
        f"Nothing stays: in {length:.0f} seconds no caller kept {limits['blocks']} blocks or more that the kernel counts nowhere. "
        f"Only callers with some from each of the first {limits['slices'] - 1} quarters of the time count."
    ]


def _of_leak(row: dict[str, Any], length: float) -> str:
    where = f"module {row['module']}, function {row['function']}" if row["module"] else f"the kernel's function {row['function']}"
    return (
        f"{where[0].upper()}{where[1:]} takes blocks and does not give them back: in {length:.0f} seconds it took "
        f"{count_of(row['taken_blocks'], 'block')}, gave back {row['given_back_blocks']:,} and kept {row['stays_blocks']:,}, "
        f"{row['stays_bytes_per_second'] // 1024:,} kB a second."
    )


def _slabs(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Slab that grows may be a cache that fills or a leak of kmalloc; a short trace cannot show which."""
    grown = max((row for row in rows if row["kind"] == "slab" and row["steady"]), key=lambda row: row["stays_bytes"], default=None)
    if grown is None:
        return []
    return [
        f"Slab grows too, most for {grown['caller']}: {grown['stays_bytes_per_second'] // 1024:,} kB a second. "
        "The kernel counts slab, so the audit tells whether it leaks (slab_leak)."
    ]


def _much(rows: Sequence[dict[str, Any]]) -> list[str]:
    most = max((row for row in rows if not row["leaks"] and row["given_back_blocks"]), key=lambda row: row["taken_blocks"], default=None)
    if most is None:
        return []
    return [
        f"{most['caller']} takes many blocks and gives them back: {most['taken_blocks_per_second']:,} blocks a second, "
        f"of {count_of(most['taken_blocks'], 'block')} {most['given_back_blocks']:,} given back."
    ]
