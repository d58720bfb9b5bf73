# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account: meminfo of each era, what is missing or absurd, and that the parts are never more than the whole."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.meminfo import parse_meminfo
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.account import PARTS, account_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.fleet_figures import fleet_figures, percent_of_total
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import shapes
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.plugin_utils.builders import blank, facts, kernel, zone


def meminfo(text: str) -> dict[str, Any]:
    """``text``: "NAME NUMBER, ..." as the lines of /proc/meminfo."""
    pairs = [words.split() for words in text.split(",")]
    return dict(parse_meminfo("".join(f"{name}: {number}{'' if name == 'HugePages_Total' else ' kB'}\n" for name, number in pairs)))


LISTS = "free pages in the processors' lists"
#: Of a kernel each: RHEL 5, RHEL 6, one that counts no vmalloc, one that counts all.
ERAS = {
    "2.6.18": (
        "MemTotal 1000, MemFree 100, Buffers 20, Cached 300, AnonPages 200, Slab 80, PageTables 10, VmallocUsed 7, VmallocChunk 999",
        {"free": 100, "anonymous": 200, "file": 320, "slab": 80, "page_tables": 10},
        290,
        ["kernel stacks", "per-CPU variables", LISTS, "vmalloc"],
    ),
    "2.6.32": (
        "MemTotal 1000, MemFree 100, Active(anon) 150, Inactive(anon) 60, Active(file) 200, Inactive(file) 100, Unevictable 5, Shmem 10, "
        "AnonPages 201, Cached 999, Slab 80, SReclaimable 50, SUnreclaim 30, KernelStack 4, PageTables 10, VmallocUsed 340, "
        "VmallocChunk 34350810220, HugePages_Total 20, Hugepagesize 2",
        {"free": 100, "anonymous": 200, "file": 300, "shmem": 10, "unevictable": 5, "slab_reclaimable": 50, "slab_unreclaimable": 30,
         "kernel_stacks": 4, "page_tables": 10, "huge_pages": 40},
        251,
        ["per-CPU variables", LISTS, "vmalloc"],
    ),
    "4.18": (
        "MemTotal 1000, MemFree 100, Active(anon) 200, Inactive(anon) 0, Active(file) 300, Inactive(file) 0, Slab 80, SReclaimable 50, "
        "SUnreclaim 30, KernelStack 4, PageTables 10, VmallocUsed 0, VmallocChunk 0, Percpu 16, CmaFree 60, HugePages_Total 20, "
        "Hugepagesize 2, Hugetlb 140",
        {"free": 40, "free_cma": 60, "anonymous": 200, "file": 300, "slab_reclaimable": 50, "slab_unreclaimable": 30, "kernel_stacks": 4,
         "page_tables": 10, "per_cpu": 16, "huge_pages": 140},
        150,
        [LISTS, "vmalloc"],
    ),
    "6.1": (
        "MemTotal 1000, MemFree 100, Active(anon) 200, Inactive(anon) 0, Active(file) 300, Inactive(file) 0, KReclaimable 75, Slab 80, "
        "SReclaimable 50, SUnreclaim 30, KernelStack 4, PageTables 10, SecPageTables 2, VmallocUsed 24, VmallocChunk 0, Percpu 16, "
        "Bounce 1",
        {"free": 100, "anonymous": 200, "file": 300, "slab_reclaimable": 50, "slab_unreclaimable": 30, "kernel_stacks": 4,
         "page_tables": 12, "per_cpu": 16, "vmalloc": 20, "other": 26},
        242,
        [LISTS],
    ),
}  # fmt: skip


@pytest.mark.parametrize("era", ERAS)
def test_each_kernel_by_what_it_counts(era: str) -> None:
    text, parts, unaccounted, not_counted = ERAS[era]
    found = account_of(facts(memory=meminfo(text)))
    assert found == {"total_kb": 1000, "parts": parts, "unaccounted_kb": unaccounted, "not_counted": not_counted, "unclear": None}
    assert sum(parts.values()) + unaccounted == 1000


@pytest.mark.parametrize(("page_bytes", "kb"), [(None, 36), (65536, 576)])
def test_the_processors_lists_are_counted_in_all_zones(page_bytes: int | None, kb: int) -> None:
    zones = [zone([1], per_cpu_list_pages=pages) for pages in (7, 2, None)]
    memory = {**meminfo(ERAS["6.1"][0]), "total_kb": 2000}
    found = account_of(facts(memory=memory, zones=zones, page_size_bytes=page_bytes))
    assert found["parts"]["per_cpu_lists"] == kb and found["unaccounted_kb"] == 1242 - kb and found["not_counted"] == []


def test_lists_of_more_than_all_memory_are_unclear() -> None:
    found = account_of(facts(memory=meminfo(ERAS["6.1"][0]), zones=[zone([1], per_cpu_list_pages=251)]))
    assert "lists hold 1004 kB, more than all memory (1000 kB)" in found["unclear"]


def test_pages_of_zram_are_counted_by_the_size_of_a_page() -> None:
    memory = meminfo(ERAS["6.1"][0])
    zram = facts(memory=memory, vmstat=blank("vmstat", nr_zspages=2), page_size_bytes=65536)
    assert account_of(zram)["parts"]["other"] == 26 + 128


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("MemTotal 0, MemFree 0", "no memory"),
        ("MemTotal 1000, MemFree 100", "lacks Slab, PageTables, Active(anon) or AnonPages, Active(file) or Cached"),
        (ERAS["2.6.18"][0].replace("PageTables 10, ", ""), "lacks PageTables"),
        (ERAS["2.6.18"][0].replace("Slab 80", "Slab 1001"), "slab_kb is 1001 kB"),
        (ERAS["2.6.32"][0].replace("Hugepagesize 2", "Hugepagesize 60"), "huge pages are 1200 kB"),
        (ERAS["6.1"][0].replace("Active(file) 300", "Active(file) 563"), "21 kB more than all memory"),
    ],
)
def test_what_is_missing_or_absurd_is_unclear(text: str, reason: str) -> None:
    found = account_of(facts(memory=meminfo(text)))
    assert reason in found["unclear"]
    assert (found["parts"], found["unaccounted_kb"]) == ({}, None)


def test_lines_counted_at_different_moments_are_no_fault() -> None:
    found = account_of(facts(memory=meminfo(ERAS["6.1"][0].replace("Active(file) 300", "Active(file) 562"))))
    assert found["unclear"] is None and found["unaccounted_kb"] == 0
    assert sum(found["parts"].values()) == 1000 and found["parts"]["file"] == 542


def test_no_meminfo_is_unclear_with_its_reason() -> None:
    found = account_of(facts(memory=None, unavailable={"memory": "Permission denied"}))
    assert found["unclear"] == "/proc/meminfo could not be read (Permission denied)" and found["total_kb"] is None


_NUMBERS = st.none() | st.integers(0, 3000) | st.integers(0, 1 << 64)


_PAGE_SIZES = st.sampled_from([4096, 65536, None])


@given(st.fixed_dictionaries(dict.fromkeys(shapes()["memory"], _NUMBERS)), st.integers(0, 1 << 70), _NUMBERS, _PAGE_SIZES)
def test_parts_are_never_more_than_the_whole_and_none_is_negative(
    memory: dict[str, Any], zspages: int, listed: int | None, page_size: int | None
) -> None:
    memory = {**memory, "total_kb": memory["total_kb"] or 0, "free_kb": memory["free_kb"] or 0}
    zones = [zone([1], per_cpu_list_pages=listed)]
    _holds(account_of(facts(memory=memory, zones=zones, vmstat=blank("vmstat", nr_zspages=zspages), page_size_bytes=page_size)))


@given(st.dictionaries(st.sampled_from(sorted(set(shapes()["memory"]) - {"total_kb"})), st.integers(0, 90)), st.integers(1, 1000))
def test_sound_lines_make_an_account(lines: dict[str, int], total: int) -> None:
    needed = ("free_kb", "slab_kb", "page_tables_kb", "anonymous_kb", "cached_kb")
    found = account_of(facts(memory=blank("memory", **{**dict.fromkeys(needed, 1), **lines, "total_kb": total * 100})))
    _holds(found)


def _holds(found: dict[str, Any]) -> None:
    if found["unclear"] is not None:
        assert found["parts"] == {} and found["unaccounted_kb"] is None and found["unclear"]
        return
    assert set(found["parts"]) <= set(PARTS)
    assert all(kb > 0 for kb in found["parts"].values()) and found["unaccounted_kb"] >= 0
    assert sum(found["parts"].values()) + found["unaccounted_kb"] == found["total_kb"]


@given(st.text(alphabet="MemTotalFrActive(n)SbPgk: 0123456789\nBHugePages_i", max_size=200))
def test_any_text_of_meminfo_is_an_account_or_an_error_of_its_own(text: str) -> None:
    try:
        memory = parse_meminfo(text)
    except EvidenceError:
        return
    _holds(account_of(facts(memory=memory)))


def alike(unaccounted_kb: int, release: str = "6.1.0") -> tuple[dict[str, Any], dict[str, Any]]:
    account = {"total_kb": 1000, "parts": {"slab_unreclaimable": 30}, "unaccounted_kb": unaccounted_kb, "not_counted": [], "unclear": None}
    return facts(kernel=kernel(release)), account


def test_the_fleet_is_hosts_of_the_same_kernel_and_size() -> None:
    hosts = {f"h{number}": alike(20 + number) for number in range(4)}
    hosts["leaks"] = alike(300)
    hosts["other"] = alike(300, "6.1.1")
    hosts["larger"] = (hosts["h0"][0], {**hosts["h0"][1], "total_kb": 2000})
    hosts["unclear"] = (hosts["h0"][0], {**hosts["h0"][1], "unclear": "no reason"})
    found = fleet_figures(hosts)
    figures = {"median": 2.2, "spread": 0.1}
    assert found["leaks"] == {"hosts": 5, "unaccounted_percent": figures, "slab_unreclaimable_percent": {"median": 3.0, "spread": 0.0}}
    assert found["h0"] == found["leaks"]
    assert [found[name] for name in ("other", "larger", "unclear")] == [None, None, None]
    assert percent_of_total(hosts["leaks"][1], None) == 30.0 and percent_of_total(hosts["unclear"][1], None) is None
