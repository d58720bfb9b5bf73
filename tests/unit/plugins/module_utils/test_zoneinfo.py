# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/zoneinfo of 2.6.32 and of Linux 6."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.zoneinfo import FIELDS, parse_zoneinfo
from hypothesis import given
from hypothesis import strategies as st

EL6 = """\
Node 0, zone      DMA
  pages free     3939
        min      16
        low      20
        high     24
        scanned  0
        spanned  4095
        present  3834
    nr_free_pages 3939
        protection: (0, 2991, 16121, 16121)
  pagesets
    cpu: 0
              count: 0
              high:  0
              batch: 1
"""
LINUX_6 = """\
Node 0, zone   Normal
  pages free     351057
        boost    0
        min      6808
        low      8510
        high     10212
        promo    11914
        spanned  5505024
        present  5505024
        managed  524288
        cma      0
        protection: (0, 0, 0, 0, 0)
      nr_free_pages 351057
      nr_zone_inactive_anon 1576
      nr_free_cma  77
      nr_free_highatomic 512
  pagesets
    cpu: 0
              count:    1177
              high:     1178
              high_min: 1178
              high_max: 9407
              batch:    63
    cpu: 1
              count:    110
              high:     1178
"""


def test_el6_has_no_managed_pages() -> None:
    zone = parse_zoneinfo(EL6)[(0, "DMA")]
    assert zone["free_pages"] == 3939
    assert (zone["min_pages"], zone["low_pages"], zone["high_pages"]) == (16, 20, 24), "not the per-CPU high: 0"
    assert zone["present_pages"] == 3834
    assert zone["lowmem_reserve_pages"] == [0, 2991, 16121, 16121]
    assert zone["managed_pages"] is None and zone["free_highatomic_pages"] is None


def test_linux_6_counts_cma_and_highatomic() -> None:
    zone = parse_zoneinfo(LINUX_6)[(0, "Normal")]
    assert (zone["managed_pages"], zone["free_cma_pages"], zone["free_highatomic_pages"]) == (524288, 77, 512)
    assert set(zone) == set(FIELDS)


def test_the_lists_of_all_processors_are_one_sum_and_null_where_none_was_read() -> None:
    assert parse_zoneinfo(LINUX_6)[(0, "Normal")]["per_cpu_list_pages"] == 1177 + 110
    assert parse_zoneinfo(EL6)[(0, "DMA")]["per_cpu_list_pages"] == 0
    assert parse_zoneinfo("Node 0, zone Normal\n  pages free 7\n")[(0, "Normal")]["per_cpu_list_pages"] is None


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", None, "no zone"),
        ("Node 0, zone Normal\n  pages free  many\n", 2, "not a count"),
        ("Node 0, zone Normal\n   protection: 1 2\n", 2, "not a count"),
        ("Node 0, zone Normal\n   count: -1\n", 2, "not a count"),
        ("Node 0, zone Normal\nNode 0, zone Normal\n", 2, "twice"),
    ],
)
def test_malformed_lines_are_named(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(EvidenceError, match=reason) as caught:
        parse_zoneinfo(text)
    assert (caught.value.datum, caught.value.line) == ("zoneinfo", line)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, EL6 + text):
        try:
            assert parse_zoneinfo(candidate)
        except EvidenceError as error:
            assert error.datum == "zoneinfo"
