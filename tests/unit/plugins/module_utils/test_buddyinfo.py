# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/buddyinfo: real lines, the seed's, and lines of no kernel."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.buddyinfo import MAX_ZONES, parse_buddyinfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from hypothesis import example, given
from hypothesis import strategies as st

SEED = """\
Node 0, zone      DMA      1      0      1      1
Node 0, zone    DMA32      8      7      5      7
Node 0, zone   Normal   9539   4328   7412   2374
"""


def test_the_seeds_own_lines() -> None:
    assert [zone["free_blocks"] for zone in parse_buddyinfo(SEED)] == [[1, 0, 1, 1], [8, 7, 5, 7], [9539, 4328, 7412, 2374]]


def test_nodes_keep_their_zones_apart() -> None:
    zones = parse_buddyinfo("Node 0, zone Normal 1 2\nNode 1, zone Normal 3 4\n")
    assert [(zone["node"], zone["zone"], zone["free_blocks"]) for zone in zones] == [(0, "Normal", [1, 2]), (1, "Normal", [3, 4])]


@pytest.mark.parametrize("columns", [1, 11, 14, 64])
def test_any_column_count(columns: int) -> None:
    line = "Node 0, zone Normal " + " ".join(["7"] * columns)
    assert parse_buddyinfo(line)[0]["free_blocks"] == [7] * columns


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", None, "no zone"),
        ("\n\n", None, "no zone"),
        ("Node 0, zone Normal 1 2\nNode 0, zone Normal 1 2", 2, "twice"),
        ("Node 0, zone Normal 1 -2", 1, "not a count"),
        ("Node 0, zone Normal 1 2x", 1, "not a count"),
        ("Node 0, zone Normal " + "9" * 30, 1, "not a count"),
        ("Node 0, zone Normal " + "1 " * 65, 1, "columns"),
        ("Knoten 0, Zone Normal 1 2", 1, "not a line of buddyinfo"),
        ("Node 0, zone Normal", 1, "not a line of buddyinfo"),
        ("{{ 7*7 }}", 1, "not a line of buddyinfo"),
    ],
)
def test_malformed_lines_are_named(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(EvidenceError, match=reason) as caught:
        parse_buddyinfo(text)
    assert (caught.value.datum, caught.value.line) == ("buddyinfo", line)


def test_no_machine_has_more_zones() -> None:
    lines = [f"Node {node}, zone Normal 1" for node in range(MAX_ZONES + 1)]
    assert len(parse_buddyinfo("\n".join(lines[:-1]))) == MAX_ZONES
    with pytest.raises(EvidenceError, match="more zones") as caught:
        parse_buddyinfo("\n".join(lines))
    assert caught.value.line == MAX_ZONES + 1
    assert MAX_ZONES == 6144, "1024 nodes (NODES_SHIFT is 10 at most), six kinds of zones (enum zone_type)"


@given(st.lists(st.lists(st.integers(0, 2**40), min_size=1, max_size=14), min_size=1, max_size=8))
def test_what_a_kernel_prints_is_read_back(rows: list[list[int]]) -> None:
    text = "".join(f"Node {node}, zone {'Normal':>8s} " + "".join(f"{count:6d} " for count in row) + "\n" for node, row in enumerate(rows))
    assert [zone["free_blocks"] for zone in parse_buddyinfo(text)] == rows


@given(st.text())
@example("Node 0, zone Normal ²")
@example("Node 0, zone Normal ١")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert parse_buddyinfo(text)
    except EvidenceError as error:
        assert error.datum == "buddyinfo"
