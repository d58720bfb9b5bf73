# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mem-Info blocks as EL 6, EL 7 and newer kernels write them, whole and damaged."""

from __future__ import annotations

import time

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.failure_memory import parse_mem_info
from hypothesis import given
from hypothesis import strategies as st

EL6 = """\
Mem-Info:
Node 0 DMA per-cpu:
CPU    0: hi:    0, btch:   1 usd:   0
Node 0 Normal per-cpu:
CPU    0: hi:  186, btch:  31 usd: 173
active_anon:124534 inactive_anon:25112 isolated_anon:0
 free:11212 slab_reclaimable:21334 slab_unreclaimable:30992
Node 0 DMA free:15732kB min:60kB low:72kB high:88kB active_anon:0kB inactive_anon:0kB present:15340kB pages_scanned:0 all_unreclaimable? yes
lowmem_reserve[]: 0 3000 16100 16100
Node 0 Normal free:2344kB min:53404kB low:66752kB high:80104kB active_anon:498136kB present:13415040kB all_unreclaimable? no
lowmem_reserve[]: 0 0 0 0
Node 0 DMA: 3*4kB 1*8kB 0*16kB 1*32kB 1*64kB 0*128kB 1*256kB 0*512kB 1*1024kB 1*2048kB 3*4096kB = 15732kB
Node 0 Normal: 486*4kB 46*8kB 2*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 2344kB
58923 total pagecache pages
Free swap  = 4194296kB
Total swap = 4194296kB
"""

NEWER = """\
Node 0 active_anon:1882184kB inactive_anon:13515832kB active_file:5344kB all_unreclaimable? no
Node 0 DMA32 free:63088kB boost:0kB min:7004kB low:8752kB high:10500kB reserved_highatomic:0KB free_pcp:0kB free_cma:0kB
lowmem_reserve[]: 0 0 13997 13997 13997
Node 0 DMA32: 4*4kB (UM) 2*8kB (M) 0*16kB 1*32kB (UMEH) = 64kB
Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB
"""


def test_a_block_of_el6() -> None:
    assert parse_mem_info(EL6.split("\n")) == [
        {
            "node": 0,
            "zone": "DMA",
            "free_blocks": [3, 1, 0, 1, 1, 0, 1, 0, 1, 1, 3],
            "free_kb": 15732,
            "min_kb": 60,
            "low_kb": 72,
            "high_kb": 88,
            "free_cma_kb": None,
            "file_kb": None,
            "lowmem_reserve_pages": [0, 3000, 16100, 16100],
        },
        {
            "node": 0,
            "zone": "Normal",
            "free_blocks": [486, 46, 2, 0, 0, 0, 0, 0, 0, 0, 0],
            "free_kb": 2344,
            "min_kb": 53404,
            "low_kb": 66752,
            "high_kb": 80104,
            "free_cma_kb": None,
            "file_kb": None,
            "lowmem_reserve_pages": [0, 0, 0, 0],
        },
    ]


def test_a_block_of_newer_kernels_with_migrate_types_and_boost() -> None:
    (zone,) = parse_mem_info(NEWER.split("\n"))
    assert zone == {
        "node": 0,
        "zone": "DMA32",
        "free_blocks": [4, 2, 0, 1],
        "free_kb": 63088,
        "min_kb": 7004,
        "low_kb": 8752,
        "high_kb": 10500,
        "free_cma_kb": 0,
        "file_kb": None,
        "lowmem_reserve_pages": [0, 0, 13997, 13997, 13997],
    }


@pytest.mark.parametrize(
    ("said", "file_kb"),
    [
        ("active_file:5344kB inactive_file:128kB", 5472),
        ("active_file:0kB inactive_file:0kB", 0),
        ("active_file:5344kB", None),
        ("inactive_file:128kB", None),
        ("active_file:5344kB inactive_file:128", None),
    ],
)
def test_page_cache_is_active_and_inactive_or_not_known(said: str, file_kb: int | None) -> None:
    (zone,) = parse_mem_info([f"Node 0 Normal free:2344kB min:53404kB {said} present:1kB", "Node 0 Normal: 1*4kB = 4kB"])
    assert (zone["file_kb"], zone["min_kb"]) == (file_kb, 53404)


def test_without_numa_and_with_pages_of_64_kb() -> None:
    lines = ["Normal free:128kB min:64kB low:64kB high:64kB", "lowmem_reserve[]: 0 0", "Normal: 0*64kB 1*128kB = 128kB"]
    (zone,) = parse_mem_info(lines)
    assert (zone["node"], zone["zone"], zone["free_blocks"]) == (0, "Normal", [0, 1])


def test_nodes_are_kept_apart() -> None:
    lines = ["Node 1 Normal: 1*4kB = 4kB", "Node 0 Normal: 2*4kB = 8kB", "Node 1 Normal: 3*4kB = 12kB"]
    assert [(zone["node"], zone["free_blocks"]) for zone in parse_mem_info(lines)] == [(1, [3]), (0, [2])], "the last one counts"


def test_what_is_not_said_is_none_and_not_zero() -> None:
    (zone,) = parse_mem_info(["Node 0 Normal: 1*4kB 0*8kB = 4kB"])
    assert zone["free_kb"] == 4, "the sum of the blocks"
    assert [zone[name] for name in ("min_kb", "low_kb", "high_kb", "lowmem_reserve_pages")] == [None] * 4
    (zone,) = parse_mem_info(["Node 0 Normal free:0kB min:0kB", "Node 0 Normal: 0*4kB = 0kB"])
    assert (zone["free_kb"], zone["min_kb"], zone["low_kb"]) == (0, 0, None)


@pytest.mark.parametrize(
    "line",
    [
        "Node 0 Normal: 1*4kB 1*16kB = 20kB",  # a column lost on the way
        "Node 0 Normal: 1*4kB 0*8kB",
        "Node 0 Normal: = 0kB",
        "Node 0 Normal: " + "1*0kB " * 65 + "= 0kB",
        "Node 0 Normal: x*4kB = 0kB",
        "Node 0 Normal: -1*4kB = 0kB",
        "Node 0 Nor mal: 1*4kB = 4kB",
        "Node 0 Normal free:4kB min:1kB",
        "prefix Node 0 Normal: 1*4kB = 4kB",
        "Node 0 Normal: " + " ".join(f"1*{4 << order}kB" for order in range(65)) + " = 1kB",
        "lowmem_reserve[]: 0 0",
    ],
)
def test_a_damaged_line_makes_no_zone(line: str) -> None:
    assert parse_mem_info([line]) == []


def test_a_reserve_belongs_to_the_zone_right_before_it() -> None:
    lines = ["Node 0 Normal free:8kB min:1kB", "noise", "lowmem_reserve[]: 1 2", "lowmem_reserve[]: 9 9", "Node 0 Normal: 2*4kB = 8kB"]
    assert parse_mem_info(lines)[0]["lowmem_reserve_pages"] == [1, 2]


BLOCKS = st.lists(st.integers(0, 10**9), min_size=1, max_size=14)


@given(
    st.dictionaries(st.tuples(st.integers(0, 99), st.sampled_from(["DMA", "DMA32", "Normal", "Movable"])), BLOCKS, max_size=6),
    st.booleans(),
)
def test_what_a_kernel_writes_is_read_back(zones: dict[tuple[int, str], list[int]], letters: bool) -> None:
    lines = []
    for (node, zone), blocks in zones.items():
        columns = " ".join(f"{count}*{4 << order}kB" + (" (UME)" if letters and count else "") for order, count in enumerate(blocks))
        lines.append(f"Node {node} {zone}: {columns} = {sum(count * (4 << order) for order, count in enumerate(blocks))}kB")
    read = parse_mem_info(lines)
    assert {(zone["node"], zone["zone"]): zone["free_blocks"] for zone in read} == zones


@given(st.lists(st.text() | st.sampled_from(EL6.split("\n") + NEWER.split("\n")), max_size=12))
def test_any_text_is_survived(lines: list[str]) -> None:
    for zone in parse_mem_info(lines):
        assert zone["free_blocks"]


@pytest.mark.parametrize("filler", ["1*4kB ", "a", " ", "Node 0 ", "(", "0 ", "min:1kB ", "lowmem_reserve[]: 0 "])
def test_long_lines_cost_linear_time(filler: str) -> None:
    line = filler * ((1 << 20) // len(filler))
    started = time.process_time()
    parse_mem_info([line, "Node 0 Normal: " + line, "Node 0 Normal free:1kB " + line, "lowmem_reserve[]: " + line])
    assert time.process_time() - started < 3
