# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The closed form against the step-by-step buddy allocator, and the figures of real kernels."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom import headroom, why_unknown
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.buddy_simulation import SimulatedZone, pages, requests_granted
from tests.unit.plugins.plugin_utils.builders import blank

#: Rule -> a kernel that has it.
RELEASES = {"before-4.4": "2.6.32-358.el6.x86_64", "rhel-6.5": "2.6.32-431.el6.x86_64", "since-4.4": "4.4.0"}
#: Two rules, and one holds -> a kernel that has one of them.
EITHER = {("before-4.4", "rhel-6.5"): "2.6.32-400.el6.x86_64", ("before-4.4", "2.6.38-to-3.2"): "3.2.0-4-amd64"}
KINDS = (("atomic", True), ("non_atomic", False))

Zones = dict[tuple[int, str], SimulatedZone]


def zone_facts(node: int, name: str, zone: SimulatedZone) -> dict[str, Any]:
    return blank(
        "zone",
        node=node,
        zone=name,
        free_blocks=zone.all_blocks(),
        free_pages=zone.free_pages,
        min_pages=zone.min_pages,
        lowmem_reserve_pages=[0, 0, zone.reserve_pages, zone.reserve_pages],
        free_cma_pages=zone.cma_pages,
        free_highatomic_pages=zone.highatomic_pages,
    )


def facts_of(release: str, zones: Zones) -> dict[str, Any]:
    """With /proc/pagetypeinfo: ``release`` may be a rule's name instead."""
    return {
        "kernel": {"release": RELEASES.get(release, release), "machine": "x86_64"},
        "zones": [zone_facts(node, name, zone) for (node, name), zone in zones.items()],
        "pagetypes": [row for (node, name), zone in zones.items() for row in type_facts(node, name, zone)],
    }


def type_facts(node: int, name: str, zone: SimulatedZone) -> list[dict[str, Any]]:
    """The kernel prints a row for every type it knows."""
    lists = (
        ("Unmovable", zone.free_blocks),
        ("HighAtomic", zone.highatomic_blocks),
        ("CMA", zone.cma_blocks),
        ("Isolate", zone.isolated_blocks),
    )
    orders = len(zone.all_blocks())
    return [
        blank("pagetype", node=node, zone=name, migrate_type=migrate_type, free_blocks=blocks + [0] * (orders - len(blocks)))
        for migrate_type, blocks in lists
    ]


ORDERS = st.integers(1, 14)
NAMES = ("DMA", "DMA32", "Normal")


@st.composite
def hosts(draw: st.DrawFn, *types: str) -> Zones:
    """Zones of one to three nodes, each with its own number of columns; Normal keeps no reserve from its own class. ``types``: the lists
    of blocks that not every request may have."""
    names = draw(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(NAMES)), min_size=1, max_size=5, unique=True))
    zones = {}
    for node, name in names:
        orders = draw(ORDERS)
        blocks = [draw(st.integers(0, 30 >> order)) for order in range(orders)]
        blocks[draw(st.integers(0, orders - 1))] += draw(st.integers(0, 1))
        few = {key: [draw(st.integers(0, 2)) for _order in range(draw(st.integers(0, orders)))] for key in types}
        reserve = 0 if name == "Normal" else draw(st.integers(0, 120))
        zones[node, name] = SimulatedZone(blocks, draw(st.integers(0, 250)), reserve, **few)
    return zones


ONE_LARGE_BLOCK = {(0, "Normal"): SimulatedZone([0, 0, 0, 0, 0, 1], 16)}
MANY_SMALL_BLOCKS = {(0, "Normal"): SimulatedZone([5000, 300, 1], 1000)}
AT_THE_MARK = {(0, "DMA32"): SimulatedZone([0, 0, 25], 64, 36)}
UNEQUAL_COLUMNS = {(0, "DMA"): SimulatedZone([3], 1), (1, "Normal"): SimulatedZone([0, 2, 0, 1], 4)}
ONLY_THE_LOOP_REFUSES = {(0, "Normal"): SimulatedZone([200, 0, 20], 160)}
ODD_MARKS = {
    (0, "Normal"): SimulatedZone([1, 1, 1, 3], 7),
    (0, "DMA"): SimulatedZone([0, 0, 5], 3, 5),
    (1, "Normal"): SimulatedZone([9, 9, 9], 2),
}


@pytest.mark.parametrize("rule", RELEASES)
@settings(deadline=None)
@given(zones=hosts())
@example(zones=ONE_LARGE_BLOCK)
@example(zones=MANY_SMALL_BLOCKS)
@example(zones=AT_THE_MARK)
@example(zones=UNEQUAL_COLUMNS)
@example(zones=ONLY_THE_LOOP_REFUSES)
@example(zones=ODD_MARKS)
def test_the_closed_form_is_the_simulation(rule: str, zones: Zones) -> None:
    result = headroom(facts_of(rule, zones))
    assert result is not None and (result["rule"], result["rules"]) == (rule, [rule])
    nodes = sorted({node for node, _name in zones})
    assert [row["node"] for row in result["nodes"]] == nodes
    of_nodes = [[zone for (node, _name), zone in zones.items() if node == row["node"]] for row in result["nodes"]]
    of_zones = [[zones[row["node"], row["zone"]]] for row in result["zones"]]
    rows = [(result, list(zones.values())), *zip(result["nodes"], of_nodes, strict=True), *zip(result["zones"], of_zones, strict=True)]
    for row, counted in rows:
        for kind, atomic in KINDS:
            granted = [requests_granted(counted, rule, order, atomic) for order in range(len(result["atomic"]))]
            assert row[kind] == row[f"{kind}_at_most"] == granted


RESERVE_ALONE = {(0, "Normal"): SimulatedZone([9, 0, 0], 0, highatomic_blocks=[0, 0, 2])}
CMA_ALONE = {(0, "Normal"): SimulatedZone([9, 0, 0], 0, cma_blocks=[0, 0, 2])}
ISOLATED_ALONE = {(0, "Normal"): SimulatedZone([9, 0, 0], 0, isolated_blocks=[0, 0, 2])}


@pytest.mark.parametrize("rule", ["before-4.4", "since-4.4"])
@settings(deadline=None)
@given(zones=hosts("highatomic_blocks", "cma_blocks", "isolated_blocks"))
@example(zones=RESERVE_ALONE)
@example(zones=CMA_ALONE)
@example(zones=ISOLATED_ALONE)
def test_with_migrate_types_too(rule: str, zones: Zones) -> None:
    if rule == "before-4.4":  # there was no such reserve then
        zones = {place: replace(zone, highatomic_blocks=[]) for place, zone in zones.items()}
    result = headroom(facts_of(rule, zones))
    assert result is not None
    for order in range(len(result["atomic"])):
        for kind, atomic in KINDS:
            granted = requests_granted(list(zones.values()), rule, order, atomic)
            assert result[kind][order] == result[f"{kind}_at_most"][order] == granted


@pytest.mark.parametrize("rule", ["before-4.4", "since-4.4"])
@settings(deadline=None)
@given(zones=hosts("cma_blocks"))
@example(zones=CMA_ALONE)
def test_without_migrate_types_the_truth_lies_between_the_bounds(rule: str, zones: Zones) -> None:
    result = headroom({**facts_of(rule, zones), "pagetypes": None})
    assert result is not None
    for order in range(len(result["atomic"])):
        for kind, atomic in KINDS:
            granted = requests_granted(list(zones.values()), rule, order, atomic)
            assert result[kind][order] <= granted <= result[f"{kind}_at_most"][order]


def test_blocks_of_the_reserve_that_are_not_told_apart_bound_only_who_may_wait() -> None:
    zones = {(0, "Normal"): SimulatedZone([4, 0, 10], 0, highatomic_blocks=[0, 0, 1])}
    result = headroom({**facts_of("since-4.4", zones), "pagetypes": None})
    assert result is not None
    assert (result["atomic"][2], result["atomic_at_most"][2]) == (11, 11)
    assert (result["non_atomic"][2], result["non_atomic_at_most"][2]) == (10, 11)


def placements(blocks: list[int], taken: int) -> list[list[int]]:
    """Every way in which some of the blocks hold exactly so many pages."""
    ways = [list(way) for way in itertools.product(*(range(count + 1) for count in blocks))]
    return [way for way in ways if pages(way) == taken]


@settings(deadline=None)
@given(
    blocks=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    cma=st.lists(st.integers(0, 2), max_size=4),
    mark=st.integers(0, 20),
    order=st.integers(0, 3),
)
@example(blocks=[4, 0, 0, 1], cma=[0, 0, 1], mark=0, order=2)
def test_the_bounds_are_those_of_the_worst_and_the_best_place(blocks: list[int], cma: list[int], mark: int, order: int) -> None:
    zone = SimulatedZone(blocks, mark, cma_blocks=cma)
    everything, granted = zone.all_blocks(), []
    order = min(order, len(everything) - 1)
    for way in placements(everything, zone.cma_pages):
        left = [free - taken for free, taken in zip(everything, way, strict=True)]
        granted.append(requests_granted([SimulatedZone(left, mark, cma_blocks=way)], "since-4.4", order, True))
    result = headroom({**facts_of("since-4.4", {(0, "Normal"): zone}), "pagetypes": None})
    assert result is not None and (result["atomic"][order], result["atomic_at_most"][order]) == (min(granted), max(granted))


@pytest.mark.parametrize("rules", EITHER)
@settings(deadline=None)
@given(zones=hosts())
@example(zones=MANY_SMALL_BLOCKS)
@example(zones=AT_THE_MARK)
def test_where_one_of_two_rules_holds_both_bound_the_answer(rules: tuple[str, str], zones: Zones) -> None:
    result = headroom(facts_of(EITHER[rules], zones))
    assert result is not None and result["rules"] == list(rules)
    for row in result["zones"]:
        for order in range(len(row["atomic"])):
            for kind, atomic in KINDS:
                granted = [requests_granted([zones[row["node"], row["zone"]]], rule, order, atomic) for rule in rules]
                assert (row[kind][order], row[f"{kind}_at_most"][order]) == (min(granted), max(granted))


def test_the_whole_reserve_is_kept_from_who_may_wait_where_the_kernel_does_not_count_what_is_free_of_it() -> None:
    facts = facts_of("since-4.4", {(0, "Normal"): SimulatedZone([0, 0, 100], 0, highatomic_blocks=[0, 0, 10])})
    facts["zones"][0]["free_highatomic_pages"] = None
    facts["pagetypes"][1]["pageblock_pages"] = 300
    result = headroom(facts)
    assert result is not None and result["non_atomic"][2] == (440 - 300) // 4 and result["atomic"][2] == 110


@given(zones=hosts(), order=st.integers(0, 13))
def test_a_request_never_lessens_what_lies_in_smaller_blocks(zones: Zones, order: int) -> None:
    """The ground the closed form stands on."""
    for zone in zones.values():
        below = zone.free_blocks[:order]
        zone.take(order)
        assert zone.free_blocks[:order] == below


@pytest.mark.parametrize("rule", RELEASES)
@given(zones=hosts(), more=st.integers(1, 500))
def test_a_higher_watermark_never_gives_more(rule: str, zones: Zones, more: int) -> None:
    before = headroom(facts_of(rule, zones))
    for zone in zones.values():
        zone.min_pages += more
    after = headroom(facts_of(rule, zones))
    assert before is not None and after is not None
    for kind in ("atomic", "non_atomic"):
        assert all(a <= b for a, b in zip(after[kind], before[kind], strict=True))
    assert all(n <= a for n, a in zip(before["non_atomic"], before["atomic"], strict=True)), "who can wait may take less at once"


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
    old, new = (headroom(facts_of(rule, MANY_SMALL_BLOCKS)) for rule in ("before-4.4", "since-4.4"))
    assert old is not None and new is not None
    assert old["atomic"][2] == 0 and new["atomic"][2] == 1


def test_a_zone_that_kernel_requests_may_not_use_counts_for_nothing() -> None:
    zones = {(0, "Normal"): SimulatedZone([4, 4, 4], 0), (0, "Movable"): SimulatedZone([90, 0, 1], 0)}
    result = headroom(facts_of("since-4.4", zones))
    assert result is not None
    assert [row["usable"] for row in result["zones"]] == [True, False]
    assert result["zones"][1]["atomic"] == result["zones"][1]["non_atomic"] == [0, 0, 0]
    assert result["zones"][1]["unusable_free_percent"] != result["zones"][0]["unusable_free_percent"]
    assert result["atomic"] == result["zones"][0]["atomic"]
    assert result["unusable_free_percent"] == result["zones"][0]["unusable_free_percent"]


def test_nothing_free_has_no_share() -> None:
    result = headroom(facts_of("since-4.4", {(0, "Normal"): SimulatedZone([0, 0], 5)}))
    assert result is not None and result["unusable_free_percent"] == [None, None]


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
        (without("zones"), "/proc/buddyinfo could not be read"),
        (without("zones", value=[]), "/proc/buddyinfo could not be read"),
        (without("kernel"), "release and its watermark rule are not known"),
        (without("kernel", "release"), "release and its watermark rule are not known"),
        (without("kernel", "release", value="{{ 7*7 }}"), "rule is not known"),
        (without("kernel", "release", value="3"), "rule is not known"),
        (without("zones", 2, "min_pages"), "watermarks of node 0, zone Normal are not known"),
        (without("zones", 0, "lowmem_reserve_pages"), "lowmem reserve of node"),
        (without("zones", 2, "free_pages", value=3), "contradict"),
        (without("zones", 2, "min_pages", value=-1), "do not have the expected shape"),
        (without("zones", 2, "min_pages", value=True), "do not have the expected shape"),
        (without("zones", 2, "min_pages", value=1 << 64), "do not have the expected shape"),
        (without("zones", 2, "free_cma_pages", value=-1), "do not have the expected shape"),
        (without("zones", 2, "zone", value=7), "do not have the expected shape"),
        (without("zones", 2, "free_blocks", value=["1"]), "do not have the expected shape"),
        (without("zones", 2, "free_blocks", value=[]), "do not have the expected shape"),
        (without("zones", 2, "free_blocks", value={0: 1}), "do not have the expected shape"),
        (without("zones", 2, "free_blocks", value=[0] * 65), "do not have the expected shape"),
        (without("zones", 0, "lowmem_reserve_pages", value=[]), "do not have the expected shape"),
        (without("zones", 0, "lowmem_reserve_pages", value=[0, 1]), "do not have the expected shape"),
        (without("zones", 2, "lowmem_reserve_pages"), ""),
        (without("zones", 2, "free_blocks", value=[0] * 64), ""),
        (without("zones", 2, "zone", value="Movable"), ""),
        ({}, "release and its watermark rule are not known"),
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


FREE = 1 << 20

RESERVES = [
    # zones of the host, the zone asked, its columns in zoneinfo, what it keeps from requests of class Normal
    ("x86_64, Linux 6.18, Movable and Device empty", "DMA DMA32 Normal", "DMA", [0, 3019, 5323, 5323, 5323], 5323),
    ("its DMA32", "DMA DMA32 Normal", "DMA32", [0, 0, 2304, 2304, 2304], 2304),
    ("Linux 6.10 to 6.13: 0 for empty zones", "DMA DMA32 Normal", "DMA", [0, 3019, 5323, 0, 0], 5323),
    ("RHEL 6", "DMA DMA32 Normal", "DMA", [0, 2898, 15186, 15186], 15186),
    ("Movable has pages", "DMA DMA32 Normal Movable", "DMA32", [0, 0, 2304, 9000], 2304),
    ("a small machine without Normal", "DMA DMA32", "DMA", [0, 1900, 1900, 1900], 1900),
    ("the same on Linux 6.10", "DMA DMA32", "DMA", [0, 1900, 0, 0], 0),
    ("i686 with HighMem", "DMA Normal HighMem", "DMA", [0, 865, 8016, 8016], 865),
    ("ppc64 with all memory in DMA", "DMA", "DMA", [0, 0, 0], 0),
    ("ppc64 with memory added to Movable", "DMA Movable", "DMA", [0, 0, 70], 0),
    ("s390x", "DMA Normal Movable", "DMA", [0, 900, 1500], 900),
    ("arm64 from 4.16 to 5.4", "DMA32 Normal Movable", "DMA32", [0, 900, 1500], 900),
    ("arm64 from 5.5, DMA32 empty", "DMA Normal Movable", "DMA", [0, 0, 900, 1300, 1300], 900),
    ("reserve ratio 0", "DMA Normal", "DMA", [0, 0, 0, 0], 0),
]


@pytest.mark.parametrize(("names", "asked", "columns", "reserve"), [row[1:] for row in RESERVES], ids=[row[0] for row in RESERVES])
def test_the_reserve_is_that_for_requests_of_class_normal(names: str, asked: str, columns: list[int], reserve: int) -> None:
    zones = {(0, name): SimulatedZone([FREE], 0) for name in names.split()}
    facts = facts_of("since-4.4", zones)
    for zone in facts["zones"]:
        zone["lowmem_reserve_pages"] = columns if zone["zone"] == asked else [0] * len(columns)
    result = headroom(facts)
    assert result is not None
    assert {row["zone"]: row["non_atomic"] for row in result["zones"]}[asked] == [FREE - reserve]


def test_normal_on_another_node_does_not_move_the_column() -> None:
    facts = facts_of("since-4.4", {place: SimulatedZone([99], 0) for place in ((0, "DMA"), (0, "DMA32"), (1, "Normal"))})
    facts["zones"][0]["lowmem_reserve_pages"] = [0, 40, 40, 40]
    facts["zones"][1]["lowmem_reserve_pages"] = [0, 0, 0, 0]
    result = headroom(facts)
    assert result is not None and [row["atomic"] for row in result["zones"]] == [[59], [99], [99]]


def test_what_a_zone_that_is_not_used_lacks_is_not_missed() -> None:
    facts = seed_facts()
    facts["zones"].append({"node": 0, "zone": "Device", "free_blocks": [0, 0], "min_pages": None, "lowmem_reserve_pages": None})
    assert why_unknown(facts) is None and headroom(facts) is not None


@pytest.mark.parametrize(("told", "known"), [(66835 + 66835, True), (133671, False), (33418, True), (33417, False), (0, False)])
def test_buddyinfo_and_zoneinfo_may_differ_by_a_factor_of_two(told: int, known: bool) -> None:
    facts = without("zones", 2, "free_pages", value=told)
    assert (why_unknown(facts) is None) == known == (headroom(facts) is not None)


@pytest.mark.parametrize(("told", "known"), [(4096, True), (4097, False)])
def test_a_small_difference_is_no_contradiction_whatever_the_factor(told: int, known: bool) -> None:
    facts = facts_of("since-4.4", {(0, "Normal"): SimulatedZone([0, 0], 1)})
    facts["zones"][0]["free_pages"] = told
    assert (why_unknown(facts) is None) == known


@given(zones=hosts())
def test_the_unusable_share_is_of_the_pages_in_smaller_blocks(zones: Zones) -> None:
    result = headroom(facts_of("since-4.4", zones))
    assert result is not None
    orders = max(len(zone.free_blocks) for zone in zones.values())
    for order in range(orders):
        total = sum(zone.free_pages for zone in zones.values())
        smaller = sum(count << o for zone in zones.values() for o, count in enumerate(zone.free_blocks) if o < order)
        share = result["unusable_free_percent"][order]
        assert share is None if not total else abs(share - 100 * smaller / total) <= 0.051
    shares = [share for share in result["unusable_free_percent"] if share is not None]
    assert shares == sorted(shares) and all(0 <= share <= 100 for share in shares)


KEYS = st.sampled_from(["kernel", "release", "machine", "zones", "zone", "node", "free_blocks", "min_pages", "unavailable"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats() | st.binary(max_size=3) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4) | st.tuples(inner),
)
OF_A_ZONE = ("node", "zone", "free_blocks", "min_pages", "free_pages", "lowmem_reserve_pages", "free_cma_pages", "free_highatomic_pages")
PLACES = [
    ("kernel",),
    ("zones",),
    ("unavailable",),
    ("kernel", "release"),
    ("kernel", "machine"),
    ("zones", 1),
    ("zones", 2, "free_blocks", 1),
    ("zones", 0, "lowmem_reserve_pages", 2),
    *(("zones", index, key) for index in (0, 2) for key in OF_A_ZONE),
]


def known_or_unknown(facts: Any) -> None:
    """The one or the other, with lists of one length and a number for each order."""
    result, why = headroom(facts), why_unknown(facts)
    assert (result is None) == (why is not None)
    assert why is None or (why.endswith(".") and len(why) < 2000)
    for row in [] if result is None else [result, *result["nodes"], *result["zones"]]:
        assert len(row["atomic"]) == len(row["non_atomic"]) == len(row["unusable_free_percent"]) > 0
        assert {type(count) for count in row["atomic"] + row["non_atomic"]} == {int} and min(row["atomic"] + row["non_atomic"]) >= 0


@given(facts=JUNK)
@example(facts={"kernel": {"release": "4.4.0"}, "zones": [{"node": 0, "zone": "Normal", "free_blocks": [], "min_pages": 1}]})
@example(facts={"kernel": {"release": "4.4.0"}, "zones": [{"node": 0, "zone": "Normal", "free_blocks": {0: 1}, "min_pages": 1}]})
@example(facts={"kernel": {"release": "4.4.0"}, "zones": [{"node": 0, "zone": "Normal", "free_blocks": [1] * 70, "min_pages": 1}]})
def test_junk_is_unknown_with_a_reason(facts: Any) -> None:
    known_or_unknown(facts)


@given(place=st.sampled_from(PLACES), junk=JUNK, release=st.sampled_from(sorted(RELEASES.values())))
@example(place=("zones", 2, "free_blocks"), junk=[], release="4.4.0")
@example(place=("zones", 0, "lowmem_reserve_pages"), junk=[], release="4.4.0")
@example(place=("zones", 0, "lowmem_reserve_pages"), junk=[0, 1], release="4.4.0")
@example(place=("zones", 1), junk=None, release="4.4.0")
def test_one_odd_fact_among_good_ones_never_raises(place: tuple[Any, ...], junk: Any, release: str) -> None:
    facts: Any = seed_facts()
    facts["kernel"]["release"] = release
    inner = facts
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    known_or_unknown(facts)


def test_a_zone_that_is_there_twice_is_not_counted_twice() -> None:
    facts = seed_facts()
    facts["zones"].append(copy.deepcopy(facts["zones"][2]))
    assert headroom(facts) is None and "twice" in (why_unknown(facts) or "")


def test_no_zone_that_a_kernel_request_may_use() -> None:
    facts = without("zones", value=[dict(seed_facts()["zones"][2], zone="Movable")])
    assert headroom(facts) is None and "ordinary kernel request" in (why_unknown(facts) or "")
