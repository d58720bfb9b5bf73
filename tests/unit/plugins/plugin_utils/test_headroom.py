# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The closed form against the step-by-step buddy allocator, and the figures of real kernels."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.headroom import headroom, why_unknown
from tests.unit.buddy_simulation import SimulatedZone, requests_granted

RELEASES = {"before-4.4": "2.6.32-358.el6.x86_64", "since-4.4": "4.4.0"}


def zone_facts(node: int, name: str, zone: SimulatedZone) -> dict[str, Any]:
    free = sum(count << order for order, count in enumerate(zone.free_blocks))
    return {
        "node": node, "zone": name, "free_blocks": zone.free_blocks, "free_pages": free, "min_pages": zone.min_pages,
        "lowmem_reserve_pages": [0, 0, zone.reserve_pages, zone.reserve_pages],
        "free_cma_pages": zone.cma_pages, "free_highatomic_pages": zone.highatomic_pages,
    }


def facts_of(rule: str, zones: dict[tuple[int, str], SimulatedZone]) -> dict[str, Any]:
    return {
        "kernel": {"release": RELEASES[rule], "machine": "x86_64"},
        "zones": [zone_facts(node, name, zone) for (node, name), zone in zones.items()],
    }


ORDERS = st.integers(1, 14)
NAMES = ("DMA", "DMA32", "Normal")


@st.composite
def hosts(draw: st.DrawFn) -> dict[tuple[int, str], SimulatedZone]:
    """Zones of one to three nodes with the same number of columns; Normal keeps no reserve from its own class."""
    orders = draw(ORDERS)
    names = draw(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(NAMES)), min_size=1, max_size=5, unique=True))
    zones = {}
    for node, name in names:
        blocks = draw(st.lists(st.integers(0, 40), min_size=orders, max_size=orders))
        blocks = [count if order < 7 else count % 2 for order, count in enumerate(blocks)]
        reserve = 0 if name == "Normal" else draw(st.integers(0, 300))
        zones[node, name] = SimulatedZone(blocks, draw(st.integers(0, 600)), reserve, draw(st.integers(0, 40)), draw(st.integers(0, 40)))
    return zones


ONE_LARGE_BLOCK = {(0, "Normal"): SimulatedZone([0, 0, 0, 0, 0, 1], 16)}
MANY_SMALL_BLOCKS = {(0, "Normal"): SimulatedZone([5000, 300, 1], 1000)}
AT_THE_MARK = {(0, "DMA32"): SimulatedZone([0, 0, 25], 64, 36)}


@pytest.mark.parametrize("rule", RELEASES)
@given(zones=hosts())
@example(zones=ONE_LARGE_BLOCK)
@example(zones=MANY_SMALL_BLOCKS)
@example(zones=AT_THE_MARK)
def test_the_closed_form_is_the_simulation(rule: str, zones: dict[tuple[int, str], SimulatedZone]) -> None:
    result = headroom(facts_of(rule, zones))
    assert result is not None and result["rule"] == rule
    orders = len(next(iter(zones.values())).free_blocks)
    for kind, atomic in (("atomic", True), ("non_atomic", False)):
        for order in range(orders):
            everywhere = requests_granted(list(zones.values()), rule, order, atomic)
            assert result[kind][order] == everywhere
            for row in result["zones"]:
                assert row[kind][order] == requests_granted([zones[row["node"], row["zone"]]], rule, order, atomic)
            for row in result["nodes"]:
                assert row[kind][order] == sum(other[kind][order] for other in result["zones"] if other["node"] == row["node"])


@pytest.mark.parametrize("rule", RELEASES)
@given(zones=hosts(), more=st.integers(1, 500))
def test_a_higher_watermark_never_gives_more(rule: str, zones: dict[tuple[int, str], SimulatedZone], more: int) -> None:
    before = headroom(facts_of(rule, zones))
    for zone in zones.values():
        zone.min_pages += more
    after = headroom(facts_of(rule, zones))
    assert before is not None and after is not None
    for kind in ("atomic", "non_atomic"):
        assert all(a <= b for a, b in zip(after[kind], before[kind]))
    assert all(n <= a for n, a in zip(before["non_atomic"], before["atomic"])), "who can wait may take less at once"


def seed_facts() -> dict[str, Any]:
    """The seed's buddyinfo lines, its [..] taken as none, with the watermarks 2.6.32 sets for 67584 kB on 16 GB."""
    zones = [
        {"node": 0, "zone": "DMA", "free_blocks": [1, 0, 1, 1], "min_pages": 17, "lowmem_reserve_pages": [0, 2898, 15186, 15186]},
        {"node": 0, "zone": "DMA32", "free_blocks": [8, 7, 5, 7], "min_pages": 3213, "lowmem_reserve_pages": [0, 0, 12288, 12288]},
        {"node": 0, "zone": "Normal", "free_blocks": [9539, 4328, 7412, 2374], "min_pages": 13625, "lowmem_reserve_pages": [0, 0, 0, 0]},
    ]
    return {"kernel": {"release": "2.6.32-358.el6.x86_64", "machine": "x86_64"}, "zones": zones}


def test_the_seeds_lines_by_hand() -> None:
    """Normal: 66835 pages free, mark 13625 -> 6813 -> 5110 for an atomic request. Order 2: the blocks below hold 9539 + 8656 =
    18195 pages, so min((66835 - 5110), (66835 - 9539 - 2555), (66835 - 18195 - 1277)) >> 2 = 47363 >> 2. DMA and DMA32 keep
    more in reserve than they have."""
    result = headroom(seed_facts())
    assert result is not None
    assert [row["atomic"][2] for row in result["zones"]] == [0, 0, 11840]
    assert result["atomic"][2] == 11840
    assert result["zones"][2]["unusable_free_percent"][2] == round(100 * 18195 / 66835, 1)


def test_many_small_blocks_are_no_headroom_before_4_4_and_one_block_is_since() -> None:
    old, new = (headroom(facts_of(rule, MANY_SMALL_BLOCKS)) for rule in RELEASES)
    assert old is not None and new is not None
    assert old["atomic"][2] == 0 and new["atomic"][2] == 1


def test_a_zone_that_kernel_requests_may_not_use_counts_for_nothing() -> None:
    zones = {(0, "Normal"): SimulatedZone([4, 4, 4], 0), (0, "Movable"): SimulatedZone([90, 90, 90], 0)}
    result = headroom(facts_of("since-4.4", zones))
    assert result is not None
    assert [row["usable"] for row in result["zones"]] == [True, False]
    assert result["zones"][1]["atomic"] == [0, 0, 0]
    assert result["atomic"] == result["zones"][0]["atomic"]
    assert result["unusable_free_percent"] == result["zones"][0]["unusable_free_percent"]


def test_nothing_free_has_no_share() -> None:
    result = headroom(facts_of("since-4.4", {(0, "Normal"): SimulatedZone([0, 0], 5)}))
    assert result is not None and result["unusable_free_percent"] == [None, None]


@pytest.mark.parametrize(
    ("release", "rule"),
    [("2.6.32-358.el6.x86_64", "before-4.4"), ("3.10.0-1160.el7.x86_64", "before-4.4"), ("4.3.9", "before-4.4"),
     ("4.4.0", "since-4.4"), ("4.18.0-553.el8.x86_64", "since-4.4"), ("6.18.0", "since-4.4")],
)
def test_the_rule_is_of_the_kernels_version(release: str, rule: str) -> None:
    facts = seed_facts()
    facts["kernel"]["release"] = release
    result = headroom(facts)
    assert result is not None and result["rule"] == rule


def without(*path: Any, value: Any = None) -> dict[str, Any]:
    """The seed's facts with one of them replaced."""
    facts: Any = seed_facts()
    inner = facts
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return dict(facts)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (without("zones"), "/proc/buddyinfo was not seen"),
        (without("zones", value=[]), "/proc/buddyinfo was not seen"),
        (without("kernel"), "release was not seen"),
        (without("kernel", "release"), "release was not seen"),
        (without("kernel", "release", value="{{ 7*7 }}"), "rule is not known"),
        (without("kernel", "release", value="3"), "rule is not known"),
        (without("zones", 2, "min_pages"), "watermarks of node 0, zone Normal were not seen"),
        (without("zones", 0, "lowmem_reserve_pages"), "keeps in reserve was not seen"),
        (without("zones", 2, "free_pages", value=3), "contradict"),
        (without("zones", 2, "min_pages", value=-1), "not in the shape"),
        (without("zones", 2, "free_blocks", value=["1"]), "not in the shape"),
        (without("zones", 2, "zone", value="Movable"), ""),
        ({}, "release was not seen"),
    ],
)
def test_what_is_missing_is_named(facts: dict[str, Any], reason: str) -> None:
    why = why_unknown(facts)
    if reason:
        assert headroom(facts) is None and why is not None and reason in why
    else:
        assert headroom(facts) is not None and why is None


def test_the_reason_of_the_probe_is_passed_on() -> None:
    facts = without("zones")
    facts["unavailable"] = {"zones": "/proc/buddyinfo: Permission denied"}
    assert "Permission denied" in (why_unknown(facts) or "")


def test_the_reserve_of_an_unknown_machine_with_a_movable_zone_is_not_guessed() -> None:
    facts = seed_facts()
    facts["kernel"]["machine"] = "alpha"
    assert headroom(facts) is not None, "no zone above Normal: the last column is Normal's"
    facts["zones"].append(dict(copy.deepcopy(facts["zones"][2]), zone="Movable"))
    assert "alpha" in (why_unknown(facts) or "")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kernel", "release", "zones", "zone", "node", "free_blocks", "min_pages"]), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from(["kernel", "zones", "unavailable"]), JUNK), JUNK)
def test_junk_is_unknown_with_a_reason(facts: dict[str, Any], zones: Any) -> None:
    for candidate in (facts, dict(seed_facts(), zones=zones), dict(seed_facts(), kernel=facts)):
        assert (headroom(candidate) is None) == (why_unknown(candidate) is not None)
