# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The causes: tables on both sides of each boundary, what counts more than what, and advice with the host's own numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.account import account_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.all_causes import CAUSE_NAMES, CAUSES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import CERTAINTIES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.explanation import explain_fleet, explained, seen_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify, verdict_for_unreached
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.unit.plugins.plugin_utils.builders import (
    BY_VERDICT,
    ROOMY,
    SHATTERED,
    Facts,
    blank,
    facts,
    failure_group,
    failures,
    kernel,
    memory_trouble,
    nic,
    zone,
)

TOTAL_KB = 1_000_000
#: A newer kernel, whose rule takes any block of the order or above.
NEWER = "6.1.0-25-amd64"


def memory(lost: float = 2, slab: float = 2, available: float = 40, **more: int) -> Facts:
    """Memory of TOTAL_KB, in percent of it: nobody's, unreclaimable slab, available. Processes have the rest."""
    kb = {"lost": lost, "slab": slab, "available": available}
    kb = {name: round(percent * TOTAL_KB / 100) for name, percent in kb.items()}
    free, files = 60_000, max(0, kb["available"] - 60_000)
    rest = TOTAL_KB - free - files - kb["lost"] - kb["slab"] - 2_000
    seen = {
        "total_kb": TOTAL_KB, "free_kb": free, "available_kb": kb["available"], "active_anon_kb": rest, "inactive_anon_kb": 0,
        "active_file_kb": files, "inactive_file_kb": 0, "shmem_kb": 0, "unevictable_kb": 0, "slab_kb": kb["slab"] + 1_000,
        "reclaimable_slab_kb": 1_000, "unreclaimable_slab_kb": kb["slab"], "kernel_stack_kb": 0, "page_tables_kb": 1_000,
    }  # fmt: skip
    return blank("memory", **{**seen, **more})


def host(**over: Any) -> Facts:
    """Starved by default: plenty free, in blocks too small, min_free_kbytes of 4 MB."""
    base = {
        "kernel": kernel(NEWER, "debian"),
        "nics": [nic("eth0", "ixgbe")],
        "memory": memory(),
        "zones": [zone(list(SHATTERED), min_pages=1000)],
        "vm": blank("vm", min_free_kbytes=4000),
    }
    return facts(**{**base, **over})


def block(free_blocks: list[int], node: int = 0, high_kb: int = 6000, **more: Any) -> Facts:
    """A zone of Mem-Info."""
    seen = {
        "node": node, "zone": "Normal", "free_blocks": free_blocks, "free_kb": sum(n << o for o, n in enumerate(free_blocks)) * 4,
        "min_kb": high_kb * 2 // 3, "low_kb": high_kb * 5 // 6, "high_kb": high_kb, "lowmem_reserve_pages": [0, 0, 0, 0],
    }  # fmt: skip
    return blank("mem_info_zone", **{**seen, **more})


def failed(order: int = 2, zones: list[Facts] | None = None, **more: Any) -> Facts:
    """A failure, with its Mem-Info where there are ``zones``."""
    block_of = None if zones is None else blank("mem_info", zones=zones)
    return failures({str(order): 1}, mem_info=block_of, last={"drivers": ["ixgbe"]}, **more)


def told(given_facts: Facts, fleet: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return explained(classify(given_facts, load_catalogue()), given_facts, fleet)


def causes(given_facts: Facts, fleet: Mapping[str, Any] | None = None) -> list[tuple[str, str]]:
    result = told(given_facts, fleet)
    check(result)
    return [(one["cause"], one["certainty"]) for one in result["causes"]]


def check(result: Mapping[str, Any]) -> None:
    """What holds for every explained result."""
    ranks = [CERTAINTIES.index(one["certainty"]) for one in result["causes"]]
    assert ranks == sorted(ranks), "the likeliest first"
    assert {one["cause"] for one in result["causes"]} <= set(CAUSE_NAMES)
    assert len({one["cause"] for one in result["causes"]}) == len(result["causes"])
    for one in result["causes"]:
        assert one["reasons"] and all(reason.isprintable() and "None" not in reason for reason in one["reasons"]), one
        assert all(isinstance(number, (int, float)) for number in one["figures"].values())
    actions = {one["action"] for one in result["actions"]}
    assert not actions & {one["action"] for one in result["unhelpful"]}, "nothing is asked for and called useless"
    for one in result["actions"]:
        assert "None" not in one["description"] and "in steps" not in one["description"]
        if one["action"] == "raise_min_free_kbytes" and "advisory" not in one["description"]:
            assert re.search(r"to [0-9]+ kB, and never above [0-9]+ kB", one["description"])
    if not result["symptom"]:
        assert result["causes"] == result["unhelpful"] == []
    else:
        assert result["causes"]


FLEET = {
    "hosts": 12,
    "unaccounted_percent": {"median": 2.0, "spread": 0.5},
    "slab_unreclaimable_percent": {"median": 2.0, "spread": 0.5},
}
WIDE = {**FLEET, "unaccounted_percent": {"median": 2.0, "spread": 4.0}}


@pytest.mark.parametrize(
    ("lost", "fleet", "certainty"),
    [
        (7.9, None, None), (8, None, "possible"), (14.9, None, "possible"), (15, None, "likely"), (50, None, "likely"),
        (6.9, FLEET, None), (7, FLEET, "likely"), (11.9, FLEET, "likely"), (12, FLEET, "shown"),
        # the spread: three times 4 % above 2 %
        (13.9, WIDE, None), (14, WIDE, "shown"),
        # all of a fleet leak alike
        (20, {**FLEET, "unaccounted_percent": {"median": 19.0, "spread": 0.5}}, "possible"),
    ],
)  # fmt: skip
def test_a_leak_is_unaccounted_memory_above_the_fleets_or_else_above_any_healthy_hosts(
    lost: float, fleet: Mapping[str, Any] | None, certainty: str | None
) -> None:
    assert dict(causes(host(memory=memory(lost=lost)), fleet)).get("leak") == certainty


@pytest.mark.parametrize(
    ("slab", "fleet", "certainty"), [(9.9, None, None), (10, None, "possible"), (20, None, "likely"), (12, FLEET, "shown")]
)
def test_a_leak_of_slab_likewise(slab: float, fleet: Mapping[str, Any] | None, certainty: str | None) -> None:
    assert dict(causes(host(memory=memory(slab=slab)), fleet)).get("slab_leak") == certainty


def test_a_leak_comes_before_what_comes_of_it() -> None:
    """Memory used up or in pieces is then no surer than the leak."""
    assert causes(host(memory=memory(lost=30))) == [("leak", "likely"), ("fragmentation", "likely")]
    assert causes(host(memory=memory(lost=9))) == [("fragmentation", "shown"), ("leak", "possible")]


NEARLY_NONE = [700, 0, 0, 0]  # 2.8 MB, below the high watermark of 6 MB
PIECES = [5000, 0, 0, 0]  # 20 MB


@pytest.mark.parametrize(
    ("blocks", "high_kb", "there"),
    [
        (PIECES, 19_996, True), (PIECES, 20_000, False),  # just above the high watermark, and at it
        ([5000, 0, 1, 0], 6000, False),  # a block is left
        ([0, 0, 0, 0], 6000, False),
    ],
)  # fmt: skip
def test_fragmentation_is_pages_above_the_watermark_and_no_block(blocks: list[int], high_kb: int, there: bool) -> None:
    assert (("fragmentation", "shown") in causes(host(failures=failed(2, [block(blocks, high_kb=high_kb)])))) is there


def test_the_moment_of_the_failure_counts_more_than_now() -> None:
    now_in_pieces = host(failures=failed(2, [block(NEARLY_NONE)]))
    assert causes(now_in_pieces) == [("reserve_too_small", "likely")]
    now_roomy = host(zones=[zone(list(ROOMY), min_pages=1000)], failures=failed(2, [block(PIECES)]))
    assert causes(now_roomy) == [("fragmentation", "shown")]


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (4.9, [("exhaustion", "shown")]),
        (5.1, [("reserve_too_small", "likely")]),
    ],
)
def test_little_to_reclaim_is_exhaustion_and_much_a_small_reserve(available: float, expected: list[tuple[str, str]]) -> None:
    found = host(zones=[zone(list(ROOMY), min_pages=1000)], memory=memory(available=available), failures=failed(2, [block(NEARLY_NONE)]))
    assert causes(found) == expected


@pytest.mark.parametrize(
    ("file_kb", "slab_kb", "expected"),
    [
        (None, 1_000, [("reserve_too_small", "likely")]),
        (44_000, 1_000, [("exhaustion", "likely")]),
        (48_000, 1_000, [("reserve_too_small", "likely")]),
        (44_000, 6_000, [("reserve_too_small", "likely")]),
    ],
)
def test_what_could_be_taken_back_when_it_failed_counts_more_than_what_can_be_now(
    file_kb: int | None, slab_kb: int, expected: list[tuple[str, str]]
) -> None:
    """A program that took all memory and has ended leaves much to take back. 5 % of memory are 50,000 kB, and 4,000 kB were free."""
    zones = [block([1000], high_kb=6000, file_kb=file_kb)]
    found = host(zones=[zone(list(ROOMY), min_pages=1000)], memory=memory(reclaimable_slab_kb=slab_kb), failures=failed(2, zones))
    assert causes(found) == expected
    assert (set_of_advice(found) & {"raise_min_free_kbytes", "set_watermark_scale_factor"} == set()) is (expected[0][0] == "exhaustion")


def set_of_advice(given_facts: Facts) -> set[str]:
    return {one["action"] for one in told(given_facts)["actions"]}


def test_failures_for_a_single_page_are_exhaustion_always() -> None:
    roomy = host(zones=[zone(list(ROOMY), min_pages=1000)], failures=failed(0, [block(NEARLY_NONE)]))
    assert causes(roomy) == [("reserve_too_small", "likely"), ("exhaustion", "possible")]
    assert causes({**roomy, "memory": memory(available=2)}) == [("exhaustion", "shown")]
    assert causes({**roomy, "memory": None, "failures": failed(0)})[0] == ("exhaustion", "likely")


@pytest.mark.parametrize(("order", "certainty"), [(3, None), (4, "shown"), (5, "shown")])
def test_a_large_request(order: int, certainty: str | None) -> None:
    pieces = [3000, 1000, 500, 200, 0, 0, 0, 0] if order > 3 else [5000, 500, 500, 0, 0, 0, 0, 0]
    found = host(zones=[zone(list(ROOMY), min_pages=1000)], failures=failed(order, [block(pieces)]))
    assert dict(causes(found)).get("request_too_large") == certainty
    if certainty:
        action = next(one for one in told(found)["actions"] if one["action"] == "shrink_request")
        assert "ixgbe" in action["description"] and f"{4 << order} kB" in action["description"] and "32 kB" in action["description"]


def test_small_ones_beside_it_make_it_no_proof() -> None:
    groups = [failure_group(order, atomic=True, drivers=["ixgbe"]) for order in (2, 5)]
    both = failures({"2": 1, "5": 1}, groups=groups, mem_info=blank("mem_info", zones=[block(PIECES)]))
    assert dict(causes(host(failures=both)))["request_too_large"] == "likely"


@pytest.mark.parametrize(("elsewhere", "there"), [(15, False), (16, True)])
def test_another_node_has_it(elsewhere: int, there: bool) -> None:
    zones = [block(NEARLY_NONE), block([3000, 0, elsewhere, 0], node=1)]
    found = host(zones=[zone(list(ROOMY), node, min_pages=1000) for node in (0, 1)], failures=failed(2, zones))
    assert (dict(causes(found)).get("one_zone_or_node") == "likely") is there


@pytest.mark.parametrize(("cma_kb", "there"), [(18_000, True), (13_000, False), (0, False), (None, False)])
def test_what_is_free_is_cmas(cma_kb: int | None, there: bool) -> None:
    """Of 20 MB: 2 MB or 7 MB are left, the high watermark is at 6 MB."""
    found = host(failures=failed(2, [block(PIECES, free_cma_kb=cma_kb)]))
    assert (dict(causes(found)).get("cma") == "shown") is there
    assert (dict(causes(found)).get("fragmentation") is None) is there


def test_no_pages_were_missing() -> None:
    vmalloc, limited = memory_trouble("vmalloc"), memory_trouble("slab", limited=True, atomic=False)
    roomy = host(zones=[zone(list(ROOMY), min_pages=1000)])
    assert causes(roomy) == []
    for trouble in (vmalloc, limited, memory_trouble("slab", atomic=False)):
        result = told({**roomy, "failures": failures({}, others=[trouble])})
        assert (result["verdict"], result["causes"], result["unhelpful"]) == ("clear", [], [])
        assert any("kernel log" in reason and "time" in reason for reason in result["reasons"]), "the reasons tell of it"
    starved = host(failures={**failed(2, [block(PIECES)]), "others": [vmalloc]})
    assert causes(starved) == [("fragmentation", "shown"), ("not_pages", "likely")]


def test_where_the_figures_do_not_tell_it_is_unclear_with_what_to_gather() -> None:
    unseen = host(zones=None, memory=None, failures=failed(2), unavailable={"zones": "Permission denied", "memory": "gone"})
    result = told(unseen)
    assert causes(unseen) == [("unclear", "possible")]
    assert any("Permission denied" in reason for reason in result["causes"][0]["reasons"])
    asked = [one["description"] for one in result["actions"] if one["action"] == "gather_missing"]
    assert any("/proc/meminfo" in one and "/proc/buddyinfo" in one for one in asked)


def test_nodes_that_are_there_at_one_moment_alone_are_no_fault() -> None:
    """A host that swaps two nodes between reads."""
    gone = host(zones=[zone(list(SHATTERED), 7, min_pages=1000)], failures=failed(2, [block(PIECES, node=3), block(NEARLY_NONE, node=4)]))
    assert causes(gone)


@pytest.mark.parametrize("verdict", BY_VERDICT)
def test_only_hosts_with_the_symptom_have_a_cause(verdict: str) -> None:
    result = told(BY_VERDICT[verdict])
    check(result)
    assert bool(result["causes"]) is (result["symptom"] is True)
    assert "find_cause" not in {one["action"] for one in result["actions"]}


def test_a_host_that_gave_no_facts_has_nothing() -> None:
    result = explained(verdict_for_unreached("unreachable", "no route"), None)
    assert (result["account"], result["causes"], result["unhelpful"]) == (None, [], [])


def test_advice_has_this_hosts_own_figures() -> None:
    burst = host(
        zones=[zone(list(ROOMY), min_pages=1000)],
        failures=failed(2, [block(NEARLY_NONE)]),
        vm=blank("vm", min_free_kbytes=4000, watermark_scale_factor=10),
    )
    said = {one["action"]: one["description"] for one in told(burst)["actions"]}
    assert "from 4000 to 10000 kB, and never above 30000 kB (3 % of memory)" in said["raise_min_free_kbytes"]
    assert "to 50 (10 now, no more than 200)" in said["set_watermark_scale_factor"]
    further = told({**burst, "vm": blank("vm", min_free_kbytes=4000, watermark_scale_factor=50)})
    assert (
        "to 200 (50 now, no more than 200)"
        in {one["action"]: one["description"] for one in further["actions"]}["set_watermark_scale_factor"]
    )
    at_ceiling = told({**burst, "vm": blank("vm", min_free_kbytes=30_000, watermark_scale_factor=200)})
    assert {one["action"] for one in at_ceiling["actions"]} == {"shrink_bursts"}
    leaking = told(host(memory=memory(lost=30)))
    said = {one["action"]: one["description"] for one in leaking["actions"]}
    assert "292 MB, 29 MB a day since it booted" in said["find_leak"] and "No trace of a failure names a driver" in said["find_leak"]
    assert {one["action"] for one in leaking["unhelpful"]} == {"raise_min_free_kbytes", "drop_caches"}


def test_one_leaking_host_stands_out_of_its_fleet_without_any_history() -> None:
    fleet = {f"h{number}": host(memory=memory(lost=2 + number / 10), zones=[zone(list(ROOMY))]) for number in range(6)}
    fleet["leaks"] = host(memory=memory(lost=10))
    hosts = {name: judge_host(Gathered(one), load_catalogue()) for name, one in fleet.items()}
    results = {**hosts, "gone": {**verdict_for_unreached("unreachable", "no route"), "facts": None}}
    found = explain_fleet(results, {name: seen for name, result in results.items() if (seen := seen_of(result))})
    assert [one["cause"] for one in found["leaks"]["causes"]] == ["leak", "fragmentation"]
    assert found["leaks"]["account"]["fleet"]["hosts"] == 7
    assert all(found[name]["causes"] == [] for name in found if name != "leaks")
    assert told(fleet["leaks"])["causes"][0]["cause"] == "fragmentation", "alone, 10 % may be anybody's"


def looked_deep(**more: Any) -> Facts:
    return blank("deep", nics=[], **more)


def reasons_of(given_facts: Facts, cause: str) -> str:
    result = told(given_facts)
    check(result)
    return " | ".join(reason for one in result["causes"] if one["cause"] == cause for reason in one["reasons"])


def cache(name: str, percent: float) -> Facts:
    return {"name": name, "objects": 5000, "object_bytes": 2048, "kb": round(percent * TOTAL_KB / 100)}


def test_a_leak_of_slab_names_the_cache() -> None:
    """Not one that is given up where memory is short, nor one that is larger than all that cannot be."""
    caches = [cache("everything", 32), cache("dentry", 24), cache("kmalloc-2048", 20), cache("kmalloc-64", 1)]
    leaking = host(memory=memory(slab=25), deep=looked_deep(slab_caches=caches))
    assert "largest such caches: kmalloc-2048 195 MB (5000 objects of 2048 bytes), kmalloc-64 10000 kB" in reasons_of(leaking, "slab_leak")
    result = told(leaking)
    assert result["causes"][0]["figures"]["largest_cache_kb"] == 200_000
    assert "the cache kmalloc-2048 195 MB of 244 MB" in next(
        one["description"] for one in result["actions"] if one["action"] == "name_slab_cache"
    )
    grown = host(memory=memory(slab=25), deep=looked_deep(slab_caches=[cache("kmalloc-2048", 26)]))
    assert "kmalloc-2048" in reasons_of(grown, "slab_leak"), "it is read a moment later"
    assert "largest" not in reasons_of(host(memory=memory(slab=25), deep=looked_deep(slab_caches=[cache("dentry", 20)])), "slab_leak")
    hostile = host(memory=memory(slab=25), deep=looked_deep(slab_caches=[cache("\u202ex" * 64, 20)]))
    check(told(hostile))


@pytest.mark.parametrize(
    ("mtu", "channels", "expected"),
    [
        (1500, 8, "hold 16 MB: eth0 has 1024 buffers of 2 kB in a ring, and 8 channels"),
        (9000, 8, "hold 128 MB: eth0 has 1024 buffers of 16 kB in a ring, and 8 channels"),
        (65520, 1, "hold 128 MB: eth0 has 1024 buffers of 128 kB in a ring, and 1 channel"),
        (1500, None, "hold at least 2048 kB: eth0 has 1024 buffers of 2 kB in a ring, and an unknown number of channels"),
        (1646, 1, "buffers of 2 kB"), (1647, 1, "buffers of 4 kB"),
        (None, 8, None), (10**9, 8, None),
    ],
)  # fmt: skip
def test_a_reserve_stands_beside_what_the_nics_can_ask_for(mtu: int | None, channels: int | None, expected: str | None) -> None:
    nics = [blank("deep_nic", name="eth0", rx_ring=1024, rx_channels=channels)]
    burst = host(
        nics=[nic("eth0", "ixgbe", mtu=mtu)], zones=[zone(list(ROOMY), min_pages=1000)], failures=failed(2, [block(NEARLY_NONE)]),
        deep=blank("deep", nics=nics),
    )  # fmt: skip
    told_of = reasons_of(burst, "reserve_too_small")
    assert told_of and (expected in told_of if expected else "rings" not in told_of)


def types(**free_blocks: list[int]) -> list[Facts]:
    """Rows of /proc/pagetypeinfo; each type has as many pageblocks as its first column says."""
    return [
        blank("pagetype", zone="Normal", migrate_type=name, free_blocks=blocks, pageblock_pages=blocks[0])
        for name, blocks in free_blocks.items()
    ]


@pytest.mark.parametrize(("unmovable", "is_fixed"), [(990, False), (1000, True)])
def test_fragmentation_tells_whether_its_pages_can_be_moved(unmovable: int, is_fixed: bool) -> None:
    rows = types(Unmovable=[unmovable, 0], Movable=[1000, 0])
    for where in ({"deep": looked_deep(pagetypes=rows)}, {"pagetypes": rows}):
        found = host(failures=failed(2, [block(PIECES)]), **where)
        assert "4000 kB is free among movable pages, " in reasons_of(found, "fragmentation")
        result = told(found)
        assert ("compact_memory" in {one["action"] for one in result["unhelpful"]}) is is_fixed
        assert ("compact_memory" in {one["action"] for one in result["actions"]}) is not is_fixed


def test_cma_is_seen_by_migrate_type_where_the_kernel_tells_it_nowhere_else() -> None:
    zones = [zone(list(SHATTERED), min_pages=1000)]
    most = types(CMA=[SHATTERED[0] + 2 * SHATTERED[1] - 1000, 0])
    assert dict(causes(host(zones=zones, deep=looked_deep(pagetypes=most)))).get("cma") == "shown"
    assert "cma" not in dict(causes(host(zones=zones, deep=looked_deep(pagetypes=types(CMA=[1000, 0])))))
    failed_before = host(failures=failed(2, [block(PIECES)]), deep=looked_deep(pagetypes=most))
    assert "cma" not in dict(causes(failed_before)), "what is so now tells nothing of that moment"


def test_a_large_request_names_driver_and_what_makes_it_large() -> None:
    deep = blank("deep", nics=[blank("deep_nic", name="eth0", rx_ring=4096, ipoib_mode="connected")])
    large = host(nics=[nic("eth0", "ixgbe", mtu=65520)], failures=failed(5, [block(PIECES)]), deep=deep)
    told_of = reasons_of(large, "request_too_large")
    assert "the traces name ixgbe" in told_of
    assert "eth0 (ixgbe) has an MTU of 65520, receive rings of 4096, the IPoIB mode connected" in told_of
    groups = [failure_group(5, atomic=True)]
    nobody = failures({"5": 1}, groups=groups, mem_info=blank("mem_info", zones=[block(PIECES)]))
    assert "names no driver" in reasons_of({**large, "failures": nobody}, "request_too_large")


def test_failures_count_as_the_verdict_counts_them() -> None:
    """Those that an advisory knows to be harmless are no cause; those that it tells by their trace are one."""
    harmless = failure_group(4, atomic=True, drivers=["r8152"])
    own = failure_group(2, atomic=True, drivers=["ixgbe"])
    found = {"nics": [nic("eth0", "r8152"), nic("eth1", "ixgbe")], "kernel": kernel("5.10.218", None), "zones": [zone(list(ROOMY))]}
    both = host(**found, failures=failures({"2": 1, "4": 1}, groups=[own, harmless], mem_info=blank("mem_info", zones=[block(PIECES)])))
    result = told(both)
    assert result["symptom"] and any("r8152" in reason for reason in result["reasons"])
    assert "request_too_large" not in dict(causes(both))
    assert "request_too_large" in dict(causes({**both, "kernel": kernel("5.15.1", None)})), "the advisory is not of this kernel"
    waiting = failure_group(4, atomic=False, drivers=["vhost_net"])
    by_trace = host(
        kernel=kernel("3.13.2", None), nics=[nic("eth0", "igb")], zones=[zone(list(ROOMY))],
        failures=failures({"4": 1}, groups=[waiting], mem_info=blank("mem_info", zones=[block([5000, 500, 500, 0, 0, 0])])),
    )  # fmt: skip
    assert told(by_trace)["verdict"] == "affected"
    assert dict(causes(by_trace)).get("request_too_large") == "shown"


def test_each_cause_has_its_file_and_its_limits_are_data() -> None:
    folder = ROOT / "plugins" / "plugin_utils" / "explain" / "causes"
    helpers = {"all_causes", "cause", "beside_fleet"}
    assert {path.stem for path in folder.glob("*.py")} - helpers == set(CAUSE_NAMES)
    assert [cause.name for cause in CAUSES] == list(CAUSE_NAMES)
    assert all(isinstance(number, int) for numbers in cause_limits().values() for number in numbers.values())


_FREE = st.lists(st.integers(0, 3000), min_size=4, max_size=4)


@settings(deadline=None)
@given(
    st.floats(0, 60), st.floats(0, 30), st.floats(0, 60), _FREE, st.none() | _FREE, st.integers(0, 6), st.sampled_from([4096, 65536]),
    st.sampled_from([None, FLEET, WIDE]), st.none() | st.integers(0, 40_000),
)  # fmt: skip
def test_any_figures_give_causes_in_order(
    lost: float, slab: float, available: float, now: list[int], then: list[int] | None, order: int, page: int, fleet: Any, cma: int | None
) -> None:
    zones = None if then is None else [block(then, free_cma_kb=cma), block(now, node=1)]
    made = host(
        memory=memory(min(lost, 30), slab, min(available, 30)), zones=[zone(now, min_pages=1000)], failures=failed(order, zones),
        page_size_bytes=page, nics=[nic("eth0", "ixgbe")],
    )  # fmt: skip
    result = told(made, fleet)
    check(result)
    if order == 0:
        assert "exhaustion" in [one["cause"] for one in result["causes"]]
    assert result["account"] == account_of(made)
