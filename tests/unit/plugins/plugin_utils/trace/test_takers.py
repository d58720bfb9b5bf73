# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks taken and given back, by caller; what is called a leak, on both sides of each limit; hostile answers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.attribution import caller_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.balance import balance_of, window_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.takers import findings
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_answer import TraceRefusedError, read_trace
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_screen import render_takers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_text import read_events
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import NoAnswerError
from hypothesis import given
from hypothesis import strategies as some

STACKS = """\
1 a GFP_ATOMIC __alloc_pages,receive[mlx4_en],net_rx_action
2 f - free_unref_page,receive[mlx4_en],net_rx_action
3 a GFP_KERNEL __alloc_pages,allocate_slab,___slab_alloc,kmem_cache_alloc,ext4_alloc_inode[ext4]
4 a GFP_HIGHUSER_MOVABLE __alloc_pages,vma_alloc_folio,handle_mm_fault
"""
NONCE = "0123456789abcdef"
#: One block of order 2 each half second of ten.
STEADY = [(1, 500 * number, 0x1000 + 4 * number, 2) for number in range(20)]


def told(*events: tuple[int, int, int, int], stacks: str = STACKS, symbol: str = "") -> list[Any]:
    lines = "\n".join(f"{stack} 0 {when} {pfn:#x} {order}" for stack, when, pfn, order in sorted(events, key=lambda event: event[1]))
    return read_events({"stack": stacks, "event": lines, "symbol": symbol})


def found(*events: tuple[int, int, int, int], seconds: int = 10, lost: bool = False, cut: bool = False) -> dict[str, Any]:
    return findings(told(*events), seconds, 4, lost=lost, cut=cut)


def test_what_is_taken_and_not_given_back_is_named_with_its_module() -> None:
    result = found(*STEADY)
    assert result["outcome"] == "leak"
    (row,) = result["callers"]
    assert (row["module"], row["function"], row["stays_blocks"], row["stays_bytes"]) == ("mlx4_en", "receive", 20, 20 * 16384)
    assert (row["taken_blocks_per_second"], row["stays_bytes_per_second"]) == (2.0, 32768)
    assert result["sentences"] == [
        "Module mlx4_en, function receive takes blocks and does not give them back: in 10 seconds it took 20 blocks, gave back 0 and kept "
        "20, 32 kB a second."
    ]


def test_what_is_given_back_is_not() -> None:
    back = [(2, when + 100, pfn, order) for _stack, when, pfn, order in STEADY]
    result = found(*STEADY, *back)
    assert result["outcome"] == "nothing_stays"
    assert result["callers"][0]["given_back_blocks"] == 20
    assert result["sentences"][0].startswith("Nothing stays: in 10 seconds no caller kept 10 blocks or more")
    assert result["sentences"][1].startswith("receive [mlx4_en] takes many blocks and gives them back: 2.0 blocks a second")


@pytest.mark.parametrize(("blocks", "outcome"), [(12, "nothing_stays"), (13, "leak")])
def test_the_first_three_quarters_need_ten_blocks(blocks: int, outcome: str) -> None:
    every = 10000 / blocks
    assert found(*[(1, int(every * number), 0x1000 + 4 * number, 2) for number in range(blocks)])["outcome"] == outcome


def test_what_was_taken_once_fills_a_ring() -> None:
    """All in one quarter of the time."""
    assert found(*[(1, 3000 + number, 0x1000 + 4 * number, 2) for number in range(200)])["outcome"] == "nothing_stays"


@pytest.mark.parametrize(("older", "outcome"), [(7, "leak"), (8, "nothing_stays")])
def test_a_ring_gives_back_older_blocks_while_it_takes_new_ones(older: int, outcome: str) -> None:
    """15 blocks stay of the first three quarters: twice seven, not twice eight."""
    back = [(2, 100 + 500 * number, 0x9000 + 4 * number, 2) for number in range(older)]
    assert found(*STEADY, *back)["outcome"] == outcome
    assert found(*STEADY, *[(stack, when, pfn, 3) for stack, when, pfn, _order in back])["outcome"] == "leak", "of another order"


@pytest.mark.parametrize("stack", [3, 4])
def test_what_the_kernel_counts_is_no_leak(stack: int) -> None:
    result = found(*[(stack, when, pfn, order) for _stack, when, pfn, order in STEADY])
    assert result["outcome"] == "nothing_stays"
    assert [
        sentence for sentence in result["sentences"] if "Slab grows too, most for ext4_alloc_inode [ext4]" in sentence
    ] != [] or stack == 4


@pytest.mark.parametrize(("seconds", "outcome"), [(20, "nothing_stays"), (30, "unclear")])
def test_less_than_half_of_the_time_says_nothing(seconds: int, outcome: str) -> None:
    events = [(1, 0, 0x1000, 2), (2, 10000, 0x1000, 2)]
    assert found(*events, seconds=seconds, cut=True)["outcome"] == outcome


def test_where_events_were_lost_what_counts_begins_where_every_processor_has_some() -> None:
    events = read_events({"stack": STACKS, "event": "1 0 0 0x10 1\n1 1 4000 0x20 1\n2 1 9000 0x20 1\n"})
    window = window_of(events, 10, lost=True, cut=False)
    assert (window.start, window.end) == (4000, 9000)
    (taken,) = balance_of(events, window).callers.values()
    assert (taken.blocks, taken.back_blocks) == (1, 1)


def test_a_block_that_is_given_back_in_pieces_is_given_back() -> None:
    pieces = [(2, 100 + number, 0x1000 + number, 0) for number in range(4)]
    (row,) = found((1, 0, 0x1000, 2), *pieces)["callers"]
    assert (row["given_back_blocks"], row["stays_blocks"]) == (1, 0)
    (row,) = found((1, 0, 0x1000, 2), *pieces[1:])["callers"]
    assert (row["stays_blocks"], row["stays_bytes"]) == (1, 4096)


def test_a_block_that_is_taken_twice_was_given_back_unseen() -> None:
    (row,) = found((1, 0, 0x1000, 2), (1, 10, 0x1000, 2))["callers"]
    assert (row["taken_blocks"], row["given_back_blocks"], row["stays_blocks"]) == (2, 1, 1)


def test_what_the_kernel_refused_is_no_block() -> None:
    (row,) = found((1, 0, 0, 2))["callers"]
    assert (row["taken_blocks"], row["refused_blocks"], row["stays_blocks"]) == (0, 1, 0)


@pytest.mark.parametrize(
    ("frames", "name", "kind"),
    [
        ("__alloc_pages_nodemask,alloc_pages_current,mlx4_en_alloc_frags[mlx4_en],mlx4_en_poll_rx_cq[mlx4_en]",
         "mlx4_en_alloc_frags [mlx4_en]", "pages"),
        ("__alloc_pages,skb_page_frag_refill,try_fill_recv[virtio_net]", "try_fill_recv [virtio_net]", "pages"),
        ("__alloc_pages,__kmalloc_large_node,do_it,helper,ioctl[vendor]", "ioctl [vendor]", "pages"),
        ("__alloc_pages,a,b,c,d,e,far[away]", "a", "pages"),
        ("__alloc_pages.constprop.0,tcp_sendmsg", "tcp_sendmsg", "pages"),
        ("alloc_pages_mine[vendor]", "alloc_pages_mine [vendor]", "pages"),
        ("__alloc_pages,allocate_slab,___slab_alloc,__kmalloc,fill[vendor]", "fill [vendor]", "slab"),
        ("__alloc_pages,pgd_alloc,mm_init", "pgd_alloc", "page_tables"),
        ("__alloc_pages,vm_area_alloc_pages,__vmalloc_node_range,load_module", "load_module", "vmalloc"),
        ("__alloc_pages", "unknown", "pages"),
        ("", "unknown", "pages"),
    ],
)  # fmt: skip
def test_who_took_a_block(frames: str, name: str, kind: str) -> None:
    (event,) = read_events({"stack": f"1 a GFP_KERNEL {frames}", "event": "1 0 0 0x10 1"})
    caller = caller_of(event.stack)
    assert (caller.name, caller.kind) == (name, kind)


def test_kallsyms_names_the_modules_where_the_stacks_do_not() -> None:
    symbols = "receive [mlx4_en]\ntwice [one]\ntwice [other]\nboth [one]\nboth -\n"
    for function, module in {"receive": "mlx4_en", "twice": None, "both": None, "nowhere": None}.items():
        (event,) = told((1, 0, 0x10, 1), stacks=f"1 a GFP_KERNEL __alloc_pages,{function}", symbol=symbols)
        assert caller_of(event.stack).module == module


@pytest.mark.parametrize(
    "texts",
    [
        {"event": "1 0 0 0x10 1"},
        {"stack": STACKS, "event": "1 0 0 0x10 21"},
        {"stack": STACKS, "event": "1 0 0 -1 1"},
        {"stack": STACKS, "event": "1 0 0 0x10"},
        {"stack": "1 a GFP {{x}}"},
        {"stack": "1 a GFP f[m"},
        {"stack": "x"},
        {"symbol": "a b"},
    ],
)
def test_what_no_host_sends_is_an_error(texts: dict[str, str]) -> None:
    with pytest.raises(EvidenceError):
        read_events(texts)


@given(some.lists(some.tuples(some.integers(1, 4), some.integers(0, 9999), some.integers(0, 64), some.integers(0, 3))), some.booleans())
def test_nobody_gives_back_more_than_he_took(events: list[tuple[int, int, int, int]], lost: bool) -> None:
    result = found(*events, lost=lost)
    for row in result["callers"]:
        assert row["taken_blocks"] == row["given_back_blocks"] + row["stays_blocks"]
        assert row["stays_bytes"] >= 0
    assert len(render_takers("host", result, None).splitlines()) < 24


@given(some.text(max_size=300), some.text(max_size=300), some.text(max_size=100))
def test_hostile_answers_are_errors_of_ours(stack: str, event: str, seen: str) -> None:
    body = f"$outcome:traced\n$page_kb:4\n$seen:{seen}\n$stack:{stack}\n$event:{event}"
    output = f"pagealloc-evidence 1 {NONCE}\n{body}\npagealloc-evidence end {NONCE}\n"
    with pytest.raises((EvidenceError, NoAnswerError, TraceRefusedError)):
        read_trace(output, NONCE, 10)
