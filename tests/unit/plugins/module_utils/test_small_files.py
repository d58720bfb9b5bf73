# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""meminfo, pagetypeinfo, modules and taint, and the counts in them."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import count, sole_count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_modules import parse_modules, taint_flags
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.meminfo import parse_meminfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.pagetypeinfo import parse_pagetypeinfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.vmstat import parse_vmstat
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import shapes
from hypothesis import given
from hypothesis import strategies as st


def test_meminfo_of_old_and_new_kernels() -> None:
    old = "MemTotal: 100 kB\nMemFree: 7 kB\nBuffers: 1 kB\n"
    seen = {"total_kb": 100, "free_kb": 7, "buffers_kb": 1}
    found = parse_meminfo(old)
    assert {name: value for name, value in found.items() if value is not None} == seen
    assert set(found) == set(shapes()["memory"])
    assert parse_meminfo(old + "Inactive(file): 3 kB\nInactive: 9 kB\n")["inactive_file_kb"] == 3
    assert parse_meminfo(old + "MemAvailable: 0 kB\n")["available_kb"] == 0, "zero is not absent"
    assert parse_meminfo(old + "HugePages_Total:   12\n")["huge_pages"] == 12, "pages, not kB"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", None, "MemTotal is missing"),
        ("MemTotal: 5 kB", None, "MemFree is missing"),
        ("MemFree: 5 kB", None, "MemTotal is missing"),
        ("MemFree: 1 kB\nMemTotal: 5 MB", 2, "not a line"),
        ("MemTotal: 5", 1, "not a line"),
        ("MemTotal: 5 kB more", 1, "not a line"),
        ("\nMemTotal: x kB", 2, "not a count"),
        ("MemTotal: 5 kB\nMemFree: 1 kB\nHugePages_Total: 12 kB", 3, "not a line"),
        ("MemTotal: 5 kB\nMemFree: 1 kB\nPercpu:", 3, "not a line"),
    ],
)
def test_malformed_meminfo(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(EvidenceError, match=reason) as caught:
        parse_meminfo(text)
    assert (caught.value.datum, caught.value.line) == ("meminfo", line)


def test_vmstat_adds_up_what_some_kernels_count_by_zone() -> None:
    one = parse_vmstat("allocstall 7\npgsteal_kswapd 3\ncompact_fail 2\ncompact_free_scanned 99\npgscan_direct_throttle 5\n")
    assert {name: value for name, value in one.items() if value is not None} == {"allocstall": 7, "pgsteal_kswapd": 3, "compact_fail": 2}
    assert set(one) == set(shapes()["vmstat"])
    by_zone = parse_vmstat("allocstall_dma 0\nallocstall_dma32 2\nallocstall_normal 5\nallocstall_movable 1\n")
    assert by_zone["allocstall"] == 8
    assert by_zone["pgscan_direct"] is None, "not counted is not zero"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", None, "none of the counters"),
        ("allocstall", 1, "not a line"),
        ("\noom_kill x", 2, "not a count"),
        ("oom_kill 1\noom_kill 2", 2, "twice"),
    ],
)
def test_malformed_vmstat(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(EvidenceError, match=reason) as caught:
        parse_vmstat(text)
    assert (caught.value.datum, caught.value.line) == ("vmstat", line)


PAGETYPES = """\
Page block order: 9
Pages per block:  512

Free pages count per migrate type at order       0      1      2
Node    0, zone      DMA, type    Unmovable      1      0      3
Node    0, zone      DMA, type      Movable >100000     4      5

Number of blocks type     Unmovable      Movable
Node 0, zone      DMA            1            7
Page block order: 9
Pages per block:  512

Free pages count per migrate type at order       0      1      2
Node    1, zone   Normal, type   HighAtomic      6      0      1

Number of blocks type     Unmovable      Movable   HighAtomic
Node 1, zone   Normal          100            7            2
"""


def test_pagetypeinfo() -> None:
    rows = parse_pagetypeinfo(PAGETYPES)
    assert [(row["node"], row["migrate_type"]) for row in rows] == [(0, "Unmovable"), (0, "Movable"), (1, "HighAtomic")], "each node"
    assert rows[1]["free_blocks"] == [100000, 4, 5]
    assert [row["pageblock_pages"] for row in rows] == [512, 7 * 512, 2 * 512]
    assert parse_pagetypeinfo(PAGETYPES.partition("Number of")[0])[0]["pageblock_pages"] is None, "not said"
    assert parse_pagetypeinfo(PAGETYPES.replace("Pages per block", "Blocks"))[0]["pageblock_pages"] is None, "of a size that is not said"
    unlisted = PAGETYPES.replace("Node 0, zone      DMA            1", "Node 0, zone    DMA32            1")
    assert [row["pageblock_pages"] for row in parse_pagetypeinfo(unlisted)] == [None, None, 2 * 512], "another zone's pageblocks"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Node 0, zone DMA, type Movable 1 x", 1),
        ("\nNode 0, zone DMA, type Movable 1 -2", 2),
        (PAGETYPES.replace(" 7\nPage", " 7" + "7" * 20 + "\nPage"), 9),
        ("", None),
    ],
)
def test_malformed_pagetypeinfo(text: str, line: int | None) -> None:
    with pytest.raises(EvidenceError) as caught:
        parse_pagetypeinfo(text)
    assert (caught.value.datum, caught.value.line) == ("pagetypeinfo", line)


def test_modules_of_el6_and_of_today() -> None:
    text = "vendorfs 812345 2 - Live 0xffffffffa0400000 (P)\nnvidia 1 2 a,b, Live 0x0 (POE)\next4 9 1 - Live 0x0\nzfs 1 1 - Live 0x0 (PO)\n"
    assert parse_modules(text) == {"out_of_tree": ["nvidia", "zfs"], "proprietary": ["nvidia", "vendorfs", "zfs"]}


@pytest.mark.parametrize(
    ("mask", "letters"), [(0, ""), (1, "P"), (4097, "PO"), (1 << 12 | 1 << 13, "OE"), (1 << 63, ""), ((1 << 19) - 1, "PFSRMBUDAWCIOELKXTN")]
)
def test_taint_letters(mask: int, letters: str) -> None:
    assert "".join(taint_flags(mask)) == letters


@pytest.mark.parametrize("text", ["", "-1", "1.5", "0x10", "1 2", "²", "9" * 21, "ten"])
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(EvidenceError):
        sole_count("datum", text)


@given(st.integers(0, 2**64))
def test_counts(number: int) -> None:
    assert count("datum", 1, str(number)) == number


@given(st.lists(st.sampled_from(["MemTotal: 7 kB", "MemFree: 0 kB", "MemAvailable: 5 kB", "Mlocked: 3 kB"]) | st.text(max_size=20)))
def test_whatever_stands_between_the_lines_no_number_is_made_up(lines: list[str]) -> None:
    try:
        memory = parse_meminfo("\n".join(lines))
    except EvidenceError as error:
        assert error.datum == "meminfo"
        assert error.line or not {"MemTotal: 7 kB", "MemFree: 0 kB"} <= set(lines)
        return
    assert (memory["total_kb"], memory["free_kb"]) == (7, 0)
    assert memory["available_kb"] == (5 if "MemAvailable: 5 kB" in lines else None)


@given(st.lists(st.sampled_from(["mlx4_en 1 0 - Live 0x0 (OE)", "own 1 0 - Live 0x0 (PO)", "ext4 1 0 - Live 0x0"]) | st.text(max_size=20)))
def test_only_a_module_that_says_so_is_from_outside(lines: list[str]) -> None:
    found = parse_modules("\n".join(lines))
    assert {"mlx4_en", "own"} & set(found["out_of_tree"]) == {line.split()[0] for line in lines if line.endswith(("(OE)", "(PO)"))}
    assert "own" in found["proprietary"] or not any(line.endswith("(PO)") for line in lines)
    assert "ext4" not in found["out_of_tree"] + found["proprietary"]


@given(st.text())
def test_text_without_a_free_list_is_none(text: str) -> None:
    with pytest.raises(EvidenceError, match="has no free list"):
        parse_pagetypeinfo(text)
