# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken of a host's facts, and what counts as not seen."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.traits import NAMES, Seen, kernel_line, seen_facts
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import facts, kernel, nic, zone
from hypothesis import given
from hypothesis import strategies as st


def seen(of: Any) -> dict[str, Seen]:
    return dict(seen_facts(of))


def whole(*values: str) -> Seen:
    return Seen(frozenset(values), True)


def part(*values: str) -> Seen:
    return Seen(frozenset(values), False)


def test_every_fact_of_a_host() -> None:
    of = seen(facts(zones=[zone([1]), zone([1], node=1)], modules={"out_of_tree": [], "proprietary": ["vendorfs"]}))
    assert list(of) and set(of) == set(NAMES)
    assert of == {
        "driver": whole("mlx4_en"),
        "kernel_line": whole("2.6.32-358.el6"),
        "distribution": whole("rhel 6.4"),
        "kernel": whole("2.6.32-358.2.1.el6"),
        "driver_version": whole("mlx4_en 2.0 (Dec 2011)"),
        "firmware": whole("mlx4_en 2.10.700"),
        "out_of_tree_driver": whole(),
        "out_of_tree_module": part(),  # such a kernel does not mark them
        "proprietary_module": whole("vendorfs"),
        "mtu": whole("at most 1500"),
        "memory": whole("up to 16 GB"),
        "numa_nodes": whole("2"),
        "min_free_kbytes": whole("67584"),
        "zone_reclaim_mode": whole("0"),
        "machine": whole("x86_64"),
        "unaccounted": part(),  # most lines of meminfo are not there
        "unreclaimable_slab": part(),
    }


@pytest.mark.parametrize(("lost", "slab"), [(149, 199), (150, 200)])
def test_where_the_memory_went(lost: int, slab: int) -> None:
    memory = {
        "total_kb": 1000, "free_kb": 1000 - lost - slab - 2, "active_anon_kb": 0, "active_file_kb": 1, "slab_kb": slab, "page_tables_kb": 1,
        "inactive_anon_kb": 0, "inactive_file_kb": 0, "unreclaimable_slab_kb": slab, "reclaimable_slab_kb": 0,
    }  # fmt: skip
    of = seen(facts(memory=memory))
    more = lost == 150
    assert of["unaccounted"] == whole("15 % of memory or more" if more else "less than 15 % of memory")
    assert of["unreclaimable_slab"] == whole("20 % of memory or more" if more else "less than 20 % of memory")
    assert seen({"memory": {"total_kb": "x"}, "vmstat": 7})["unaccounted"] == part()


@pytest.mark.parametrize(
    ("release", "line"),
    [
        ("2.6.32-358.el6.x86_64", "2.6.32-358.el6"),
        ("2.6.32-358.23.2.el6.mpc07.x86_64", "2.6.32-358.el6"),
        ("2.6.32-431.20.3.el6.centos.plus.x86_64", "2.6.32-431.el6"),
        ("2.6.39-400.17.1.el6uek.x86_64", "2.6.39-400.el6uek"),
        ("3.10.0-1160.102.1.el7.x86_64", "3.10.0-1160.el7"),
        ("4.18.0-553.el8_10.x86_64", "4.18.0-553.el8"),
        ("5.14.0-427.13.1.el9_4.x86_64", "5.14.0-427.el9"),
        ("6.1.0-25-amd64", "6.1.0"),
        ("5.15.0-91-generic", "5.15.0"),
        ("6.18.0", "6.18.0"),
        ("no release", None),
    ],
)
def test_the_line_of_a_kernel(release: str, line: str | None) -> None:
    assert kernel_line(release) == line


def test_what_was_not_seen_is_no_answer() -> None:
    nothing = seen({})
    assert set(nothing.values()) == {part()}
    one_unknown = seen(facts(nics=[nic(), nic("eth1", None)]))
    assert one_unknown["driver"] == part("mlx4_en"), "it has this one, and may have others"
    assert one_unknown["firmware"] == part("mlx4_en 2.10.700")
    assert seen(facts(nics=[]))["driver"] == part()
    assert seen(facts(nics=[nic(in_tree=None)]))["out_of_tree_driver"] == part()
    assert seen(facts(modules=None))["proprietary_module"] == part()
    assert seen(facts(kernel=kernel("2.6.32-358.el6.x86_64", None)))["distribution"] == part()


def test_virtual_interfaces_do_not_count() -> None:
    of = seen(facts(nics=[nic(), nic("bond0", "bonding", virtual=True, mtu=9000), nic("lo", None, virtual=True, mtu=65536)]))
    assert of["driver"] == whole("mlx4_en") and of["mtu"] == whole("at most 1500")


def test_the_first_word_is_the_driver() -> None:
    assert seen(facts(nics=[nic("eth0", "mlx4_en (MT_0DD0120009_CX3)")]))["driver"] == whole("mlx4_en")


def test_modules_from_elsewhere() -> None:
    modern = facts(kernel=kernel("3.10.0-1160.el7.x86_64"), modules={"out_of_tree": ["zfs"], "proprietary": []})
    assert seen(modern)["out_of_tree_module"] == whole("zfs")
    assert seen(facts(nics=[nic(in_tree=False), nic("eth1", "igb")]))["out_of_tree_driver"] == whole("mlx4_en")


@pytest.mark.parametrize(
    ("total_kb", "told"),
    [
        (1, "up to 1 GB"),
        (1 << 20, "up to 1 GB"),
        ((1 << 20) + 1, "up to 2 GB"),
        (16_000_000, "up to 16 GB"),
        (16 << 20, "up to 16 GB"),
        (65_842_116, "up to 64 GB"),
        (0, None),
        (None, None),
        (True, None),
    ],
)
def test_the_size_of_memory(total_kb: object, told: str | None) -> None:
    assert seen(facts(memory={"total_kb": total_kb}))["memory"] == (whole(told) if told else part())


@pytest.mark.parametrize(("sizes", "told"), [((1500, 1400), "at most 1500"), ((1500, 1501), "above 1500"), ((9000, None), "above 1500")])
def test_the_largest_mtu_counts(sizes: tuple[int | None, ...], told: str) -> None:
    assert seen(facts(nics=[nic(f"eth{place}", mtu=size) for place, size in enumerate(sizes)]))["mtu"] == whole(told)
    assert seen(facts(nics=[nic(), nic("eth1", mtu=None)]))["mtu"] == part()


def test_a_host_with_thousands_of_modules_is_bounded() -> None:
    many = seen(facts(modules={"out_of_tree": [], "proprietary": [f"m{number}" for number in range(5000)]}))["proprietary_module"]
    assert len(many.values) == 64 and not many.whole
    assert max(map(len, seen(facts(nics=[nic(firmware="x" * 100_000)]))["firmware"].values)) < 600


ODD = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(facts())), ODD))
def test_odd_facts_are_not_seen_and_raise_nothing(odd: dict[str, Any]) -> None:
    for one in seen({**facts(), **odd}).values():
        assert all(value.strip() for value in one.values)
    nics = [{**nic(), **dict(zip(nic(), odd.values(), strict=False))}]
    seen(facts(nics=nics))
