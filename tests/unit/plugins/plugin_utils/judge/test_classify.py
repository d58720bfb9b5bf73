# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""classify: every verdict, every boundary, and that nothing missing reads as clear."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import (
    FactsError,
    classify,
    counts_by_verdict,
    verdict_for_unreached,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import (
    ADVISORY,
    AFFECTED_KERNEL,
    BY_VERDICT,
    CLEAR_BY_DRIVER,
    FIXED_KERNEL,
    SHATTERED,
    SITE_ADVISORY,
    WORKAROUND,
    facts,
    failures,
    kernel,
    nic,
    no_failures,
    pending_kernel,
    zone,
)
from hypothesis import given
from hypothesis import strategies as st

CATALOGUE = load_catalogue()


def verdict(given_facts: Any) -> str:
    """The verdict by the bundled catalogue, having seen that the result is in order."""
    result = classify(given_facts, CATALOGUE)
    assert list(result) == [
        "verdict", "symptom", "reasons", "advisories", "order", "failures_up_to_order", "headroom", "actions", "unhelpful"
    ]  # fmt: skip
    assert result["verdict"] in VERDICTS
    assert result["reasons"]
    assert all(reason and reason.isprintable() for reason in result["reasons"])
    assert len(set(result["reasons"])) == len(result["reasons"])
    assert result["verdict"] == "clear" or result["actions"]
    assert result["verdict"] != "clear" or not result["advisories"]
    return result["verdict"]


def said(given_facts: Any) -> str:
    """All its sentences."""
    return "\n".join(classify(given_facts, CATALOGUE)["reasons"])


def actions(given_facts: Any) -> list[str]:
    """The words of its actions."""
    return [action["action"] for action in classify(given_facts, CATALOGUE)["actions"]]


@pytest.mark.parametrize("wanted", BY_VERDICT)
def test_every_verdict_that_facts_can_bring_about(wanted: str) -> None:
    assert verdict(BY_VERDICT[wanted]) == wanted


@pytest.mark.parametrize("wanted", BY_VERDICT)
def test_whether_the_symptom_is_there(wanted: str) -> None:
    assert classify(BY_VERDICT[wanted], CATALOGUE)["symptom"] is (wanted in ("affected", "starved"))


def test_the_symptom_whatever_the_verdict() -> None:
    pending = classify(facts(kernel=pending_kernel(), failures=failures({"2": 1})), CATALOGUE)
    assert (pending["verdict"], pending["symptom"]) == ("reboot_pending", True)
    at_risk = classify(facts(failures=None), CATALOGUE)
    assert (at_risk["verdict"], at_risk["symptom"]) == ("at_risk", None), "half of it was not seen"
    assert classify(facts(failures=None, zones=[zone(list(SHATTERED))]), CATALOGUE)["symptom"] is True
    assert verdict_for_unreached("stalled", "x")["symptom"] is None


def test_every_verdict_is_reachable() -> None:
    unreached = {verdict_for_unreached(kind, "x")["verdict"] for kind in ("stalled", "unreachable", "unknown")}
    assert set(BY_VERDICT) | unreached == set(VERDICTS)


def test_the_decisive_sentences_come_first_and_name_numbers() -> None:
    result = classify(facts(failures=failures({"2": 12})), CATALOGUE)
    assert result["reasons"][0] == (
        "kernel log (dmesg): 12 order-2 page allocation failures since boot, the last by swapper at 2026-11-20T04:00:00Z, "
        "mlx4_en in its trace"
    )
    assert f"kernel {AFFECTED_KERNEL} is in the affected range [2.6.32-358.el6, 2.6.32-431.el6) (advisory {ADVISORY})" in result["reasons"]
    assert "ethtool -i: eth0: the driver is mlx4_en" in result["reasons"]
    assert result["advisories"] == [ADVISORY]
    assert [action["action"] for action in result["actions"]] == ["raise_min_free_kbytes", "upgrade_kernel"]
    assert "from 67584 kB to at least 262144 kB" in result["actions"][0]["description"]


# The order that comes with the result


def site_advisory(order: int, name: str = "site", **symptom: int) -> dict[str, Any]:
    """An advisory that matches every host with the driver of the case."""
    return {
        "id": name, "title": "x", "driver": "mlx4_en", "order": order, "symptom": symptom, "fix": "x", "references": ["https://example.com"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("site", "page_size_bytes", "orders"),
    [
        ([], 4096, (2, 3)),
        ([site_advisory(3)], 4096, (3, 3)),
        ([site_advisory(1)], 4096, (2, 3)),
        ([site_advisory(5), site_advisory(4, "other")], 4096, (5, 3)),
        ([site_advisory(3, failures_up_to_order=6)], 4096, (3, 6)),
        ([site_advisory(3)], None, (3, 3)),
        ([], 65536, (0, 0)),
        ([site_advisory(6)], 65536, (2, 0)),
    ],
)
def test_the_order_is_that_of_the_advisory_that_matches_in_pages_of_the_host(
    site: list[dict[str, Any]], page_size_bytes: int | None, orders: tuple[int, int]
) -> None:
    result = classify(facts(page_size_bytes=page_size_bytes), merge_site_advisories(CATALOGUE, site))
    assert (result["order"], result["failures_up_to_order"]) == orders


def test_an_advisory_that_does_not_match_gives_no_order() -> None:
    catalogue = merge_site_advisories(CATALOGUE, [{**site_advisory(5), "driver": "ixgbe"}])
    assert classify(facts(), catalogue)["order"] == classify(BY_VERDICT["clear"], catalogue)["order"] == CATALOGUE.thresholds.order


def test_a_host_without_facts_has_no_order() -> None:
    unreached = verdict_for_unreached("unknown", "x")
    assert (unreached["order"], unreached["failures_up_to_order"]) == (None, None)


# The kernel range


def test_a_kernel_the_range_says_nothing_of_is_a_question_for_its_maker() -> None:
    assert actions(BY_VERDICT["unknown"]) == ["review_kernel"]
    assert "gather_missing" in actions({**BY_VERDICT["unknown"], "failures": None})


def test_another_kernel_without_the_driver_is_clear() -> None:
    assert verdict(facts(kernel=kernel("2.6.39-400.17.1.el6uek.x86_64", "ol"), nics=[nic("eth0", "igb")])) == "clear"


# The driver


@pytest.mark.parametrize(
    ("nics", "wanted"),
    [
        ([nic("eth0", "igb")], "clear"),
        ([], "clear"),
        ([nic("eth0", "igb"), nic("eth1", "mlx4_en")], "at_risk"),
        ([nic("eth0", "mlx4_en (MT_0DD0120009_CX3)")], "at_risk"),
        ([nic("eth0", "mlx4_enx")], "clear"),
        # No ethtool: the driver the bus shows rules out what it can.
        ([nic("eth0", None, bus_driver="igb")], "clear"),
        ([nic("eth0", None, bus_driver="mlx4_core")], "unknown"),
        ([nic("eth0", None, bus_driver=None)], "unknown"),
        ([nic("eth0", "igb"), nic("eth1", None)], "unknown"),
        ([nic("ib0", "ib_ipoib", bus_driver="mlx4_core")], "clear"),
        # Bonds, VLANs and bridges answer by what is beneath them.
        ([nic("bond0", "bonding", lower=["eth0"]), nic("eth0", "mlx4_en")], "at_risk"),
        ([nic("bond0", "bonding", lower=["eth0"]), nic("eth0", "igb")], "clear"),
        ([nic("br0", "bridge", lower=["bond0.7"]), nic("bond0.7", "802.1Q VLAN Support", lower=["bond0"])], "unknown"),
        ([nic("br0", None, lower=["eth0"]), nic("eth0", "igb")], "clear"),
        ([nic("bond0", "bonding", lower=["eth9"])], "unknown"),
        ([nic("bond0", "bonding", lower=None)], "unknown"),
        ([nic("bond0", "bonding", lower=["bond0"])], "clear"),
        # No device behind it: no driver to miss. Without any device, the cards are not to be seen from here.
        ([nic("veth0", None, bus_driver=None, virtual=True), nic("eth0", "igb")], "clear"),
        ([nic("veth0", None, bus_driver=None, virtual=True)], "unknown"),
        ([nic("lo", None, bus_driver=None, virtual=True), nic("eth0", "veth", bus_driver=None, virtual=True)], "unknown"),
        ([nic("br0", None, bus_driver=None, virtual=True, lower=["eth9"])], "unknown"),
    ],
)
def test_the_driver(nics: list[dict[str, Any]], wanted: str) -> None:
    assert verdict(facts(nics=nics)) == wanted


CONTAINER = {"kind": "lxc", "by": "/proc/1/cgroup"}


@pytest.mark.parametrize(
    ("over", "wanted"),
    [
        ({}, "unknown"),
        ({"nics": [nic("eth0", "veth", virtual=True, bus_driver=None)]}, "unknown"),
        ({"nics": [nic("eth0", "mlx4_en")]}, "at_risk"),
        ({"nics": [nic("eth0", "mlx4_en")], "failures": failures({"2": 1})}, "affected"),
        ({"failures": failures({"2": 1})}, "starved"),
        # other advisories do not know of these builds whether they have their fault, and the card may be theirs
        ({"kernel": kernel(FIXED_KERNEL)}, "unknown"),
        ({"kernel": kernel("6.1.0-25-amd64", "debian")}, "unknown"),
        ({"container": None}, "clear"),
    ],
)
def test_a_container_does_not_see_the_cards_of_its_machine(over: dict[str, Any], wanted: str) -> None:
    host = facts(**{"nics": [nic("eth0", "igb")], "container": CONTAINER, **over})
    assert verdict(host) == wanted
    if wanted == "unknown":
        assert "this is a container (lxc, by /proc/1/cgroup)" in said(host)
        assert any("audit the machine itself" in action["description"] for action in classify(host, CATALOGUE)["actions"])


#: An advisory for a driver that bears the same name on its bus.
IXGBE = {
    "id": "ixgbe-site", "title": "x", "driver": "ixgbe", "in_tree_only": False, "order": 2, "fix": "x",
    "references": ["https://example.com"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("bus_driver", "wanted"),
    [("ixgbe", "at_risk"), ("virtio_net", "clear"), ("mlx4_core", "unknown"), (None, "unknown")],
)
def test_the_bus_is_believed_where_no_advisory_has_another_driver_on_it(bus_driver: str | None, wanted: str) -> None:
    host = facts(kernel=kernel(FIXED_KERNEL), nics=[nic("eth0", None, bus_driver=bus_driver)])
    result = classify(host, merge_site_advisories(CATALOGUE, [IXGBE]))
    assert result["verdict"] == wanted
    if wanted == "at_risk":
        assert "the link to the device's driver: eth0: the driver is ixgbe" in result["reasons"]


@pytest.mark.parametrize(
    ("over", "modules", "wanted"),
    [
        ({"in_tree": True}, [], "at_risk"),
        ({"in_tree": False}, [], "needs_review"),
        ({"in_tree": None, "module_path": None}, [], "unknown"),
        ({"in_tree": None, "module_path": "/opt/mlx4_en.ko"}, [], "needs_review"),
        ({"in_tree": True}, ["mlx4_en"], "needs_review"),
        ({"in_tree": None, "module_path": None}, ["mlx4_en"], "needs_review"),
        ({"in_tree": True}, ["vendor_crypto"], "at_risk"),
    ],
)
def test_a_driver_from_outside_the_tree_is_for_a_person(over: dict[str, Any], modules: list[str], wanted: str) -> None:
    loaded = {"taint": 0, "taint_flags": [], "out_of_tree": modules, "proprietary": []}
    host = facts(nics=[nic(**over)], modules=loaded)
    assert verdict(host) == wanted
    if wanted == "needs_review":
        assert "is not part of the distribution's kernel" in said(host) or "does not tell" in said(host)
        assert classify(host, CATALOGUE)["advisories"] == [ADVISORY]
        assert "review_driver" in actions(host)


def test_a_driver_from_outside_on_a_fixed_kernel_is_clear_of_this_advisory() -> None:
    assert verdict(facts(kernel=kernel(FIXED_KERNEL), nics=[nic(in_tree=False)])) == "clear"


# The symptom


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (no_failures(), "at_risk"),
        (failures({"2": 1}), "affected"),
        (failures({"3": 1}), "affected"),
        (failures({"0": 1}), "affected"),
        (failures({"4": 9, "9": 3}), "at_risk"),
        (failures({"4": 9, "2": 1}), "affected"),
        (None, "at_risk"),
        (failures({}, count=5), "at_risk"),
    ],
)
def test_the_log(found: dict[str, Any] | None, wanted: str) -> None:
    assert verdict(facts(failures=found)) == wanted
    by_kernel = {"at_risk": "clear", "affected": "starved"}[wanted]
    if found is None or found["count"] > sum(found["by_order"].values()):
        by_kernel = "unknown"
        assert "may hide the symptom" in said(facts(failures=found))
    assert verdict(facts(failures=found, kernel=kernel(FIXED_KERNEL))) == by_kernel


def test_a_log_that_does_not_reach_back_to_boot_proves_nothing_and_says_so() -> None:
    host = facts(kernel=kernel(FIXED_KERNEL), failures={**no_failures(), "boot_seen": False})
    assert verdict(host) == "clear"
    assert "so there may have been some" in said(host)


def test_no_block_left_is_the_symptom_though_the_log_is_silent() -> None:
    host = facts(zones=[zone(list(SHATTERED))])
    assert verdict(host) == "affected"
    assert "/proc/buddyinfo: the kernel would refuse an order-2 atomic request (16 kB) in every zone" in said(host)
    assert "order-0 atomic request (64 kB)" in said({**host, "page_size_bytes": 65536}), "16 kB are less than a page there"


#: 4000 pages of order 2 that are all of CMA's, among 80000 pages of order 0: none of them serves the kernel, or all of them.
CMA_OR_NOT = dict(zone([80000, 0, 1000, *[0] * 8]), free_cma_pages=4000, lowmem_reserve_pages=[0, 0, 0])


def pagetypes(order: int) -> list[dict[str, Any]]:
    """CMA's blocks are all of one order."""
    blocks = [4000 >> order if place == order else 0 for place in range(11)]
    return [{"node": 0, "zone": "Normal", "migrate_type": "CMA", "free_blocks": blocks, "pageblock_pages": None}]


@pytest.mark.parametrize(
    ("types", "wanted"),
    [(None, "unknown"), (pagetypes(2), "starved"), (pagetypes(0), "clear")],
)
def test_a_verdict_that_hangs_on_where_the_blocks_of_cma_lie(types: list[dict[str, Any]] | None, wanted: str) -> None:
    host = facts(kernel=kernel("6.1.0-25-arm64", "debian"), zones=[deepcopy(CMA_OR_NOT)], pagetypes=types)
    assert verdict(host) == wanted
    if wanted == "unknown":
        assert "0 to 1000 times in a row" in said(host) and "CMA" in said(host)
        assert any("audit_pagetypeinfo" in action["description"] for action in classify(host, CATALOGUE)["actions"])


def test_cma_that_decides_nothing_leaves_the_host_clear() -> None:
    host = facts(kernel=kernel("6.1.0-25-arm64", "debian"), zones=[dict(zone([80000, 0, 5000, *[0] * 8]), free_cma_pages=4000)])
    result = classify(host, CATALOGUE)
    assert result["headroom"] is not None
    assert (result["headroom"]["atomic"][2], result["headroom"]["atomic_at_most"][2]) == (4000, 5000)
    assert verdict(host) == "clear"


@pytest.mark.parametrize(
    ("release", "wanted"),
    [("2.6.32-279.el6.x86_64", "starved"), ("2.6.32-400.el6.x86_64", "at_risk"), ("2.6.32-431.el6.x86_64", "clear")],
)
def test_a_verdict_that_hangs_on_the_watermark_rule(release: str, wanted: str) -> None:
    """800 pages in blocks of order 2: the older rule wants a quarter of the mark there, 1031 pages, the newer one nothing."""
    host = facts(kernel=kernel(release), zones=[zone([80000, 0, 200, *[0] * 8])])
    assert verdict(host) == wanted
    if wanted == "at_risk":
        assert "0 to 199 times in a row" in said(host) and "before-4.4 and rhel-6.5" in said(host)


@pytest.mark.parametrize(("below", "wanted"), [(4000, "clear"), (4001, "unknown"), (5000, "unknown"), (5001, "starved")])
def test_bounds_about_the_threshold(below: int, wanted: str) -> None:
    host = facts(kernel=kernel("6.1.0-25-arm64", "debian"), zones=[dict(zone([80000, 0, 5000, *[0] * 8]), free_cma_pages=4000)])
    limits = replace(CATALOGUE.thresholds, headroom_below=below)
    assert classify(host, replace(CATALOGUE, thresholds=limits))["verdict"] == wanted


@pytest.mark.parametrize("zones", [None, []])
def test_zones_not_seen(zones: Any) -> None:
    assert verdict(facts(zones=zones)) == "at_risk"
    assert verdict(facts(zones=zones, vm=dict(WORKAROUND))) == "unknown"
    assert verdict(facts(zones=zones, kernel=kernel(FIXED_KERNEL))) == "unknown"


# The workaround and the fix


@pytest.mark.parametrize(
    ("min_free", "mode", "nodes", "wanted"),
    [
        (262144, 1, 2, "mitigated"),
        (262143, 1, 2, "at_risk"),
        (262144, 0, 2, "at_risk"),
        (262144, 0, 1, "mitigated"),
        (262144, 3, 2, "mitigated"),
        (262144, 2, 2, "at_risk"),
        (262144, None, 2, "at_risk"),
        (None, 1, 1, "at_risk"),
    ],
)
def test_the_workaround(min_free: int | None, mode: int | None, nodes: int, wanted: str) -> None:
    base = facts()["zones"][0]
    host = facts(vm={"min_free_kbytes": min_free, "zone_reclaim_mode": mode}, zones=[{**base, "node": node} for node in range(nodes)])
    assert verdict(host) == wanted
    assert ("raise_min_free_kbytes" in actions(host)) == (min_free is None or min_free < 262144)


def test_mitigated_says_first_what_is_in_force() -> None:
    assert classify(BY_VERDICT["mitigated"], CATALOGUE)["reasons"][0] == (
        "workaround in force: vm.min_free_kbytes is 524288 kB, 262144 kB or more is needed; "
        "vm.zone_reclaim_mode does nothing on a host with one memory node"
    )


def test_the_workaround_with_the_symptom_is_affected() -> None:
    assert verdict(facts(vm=dict(WORKAROUND), failures=failures({"2": 1}))) == "affected"


def test_mitigated_needs_the_symptom_to_have_been_looked_for() -> None:
    host = facts(vm=dict(WORKAROUND), failures=None, unavailable={"failures": "permission denied"})
    assert verdict(host) == "unknown"
    assert classify(host, CATALOGUE)["reasons"][0] == "kernel log: it could not be read (permission denied)"
    assert "gather_missing" in actions(host)


def test_a_pending_reboot_comes_before_the_rest_and_still_tells_the_symptom() -> None:
    host = facts(kernel=pending_kernel(), failures=failures({"2": 12}))
    assert verdict(host) == "reboot_pending"
    assert "12 order-2 page allocation failures" in said(host)
    assert actions(host)[0] == "reboot"


@pytest.mark.parametrize(
    ("boots", "installed", "wanted"),
    [
        (FIXED_KERNEL, None, "reboot_pending"),
        (FIXED_KERNEL, [AFFECTED_KERNEL], "at_risk"),
        (AFFECTED_KERNEL, [FIXED_KERNEL, AFFECTED_KERNEL], "at_risk"),
        (None, [FIXED_KERNEL, AFFECTED_KERNEL], "at_risk"),
        ("2.6.39-400.17.1.el6uek.x86_64", None, "at_risk"),
        ("2.6.32-430.el6.x86_64", None, "at_risk"),
        ("2.6.32-754.el6.x86_64", None, "reboot_pending"),
    ],
)
def test_a_fix_that_awaits_a_reboot(boots: str | None, installed: list[str] | None, wanted: str) -> None:
    assert verdict(facts(kernel=kernel(AFFECTED_KERNEL, default_boot=boots, installed=installed))) == wanted


@pytest.mark.parametrize(
    ("runs", "boots", "installed", "warned"),
    [
        (FIXED_KERNEL, AFFECTED_KERNEL, [FIXED_KERNEL, AFFECTED_KERNEL], True),
        (FIXED_KERNEL, AFFECTED_KERNEL, None, True),
        # an older one, before the fault came in, with the update that brings it
        ("2.6.32-279.el6.x86_64", AFFECTED_KERNEL, None, True),
        (FIXED_KERNEL, AFFECTED_KERNEL, [FIXED_KERNEL], False),
        (FIXED_KERNEL, FIXED_KERNEL, None, False),
        (FIXED_KERNEL, None, None, False),
        (FIXED_KERNEL, "2.6.39-400.17.1.el6uek.x86_64", None, False),
    ],
)
def test_a_clear_host_whose_next_boot_brings_the_fault(runs: str, boots: str | None, installed: list[str] | None, warned: bool) -> None:
    host = facts(kernel=kernel(runs, default_boot=boots, installed=installed))
    assert verdict(host) == "clear"
    first = classify(host, CATALOGUE)["reasons"][0]
    assert (first.startswith("the next boot brings the fault") and AFFECTED_KERNEL in first) is warned
    assert actions(host) == (["set_default_kernel"] if warned else [])


def test_the_next_boot_brings_nothing_to_a_host_without_the_driver() -> None:
    host = facts(kernel=kernel(FIXED_KERNEL, default_boot=AFFECTED_KERNEL, installed=None), nics=[nic(driver="igb")])
    assert (verdict(host), actions(host)) == ("clear", [])


def test_the_next_boot_is_judged_by_conditions_on_the_kernel_too() -> None:
    site = {"id": "mlx4_en-rhel-6.4-order-2", "condition": f"kernel.release == '{AFFECTED_KERNEL}'"}
    host = facts(kernel=kernel(FIXED_KERNEL, default_boot=AFFECTED_KERNEL, installed=None))
    result = classify(host, merge_site_advisories(CATALOGUE, [site]))
    assert [action["action"] for action in result["actions"]] == ["set_default_kernel"]
    assert host["kernel"]["release"] == FIXED_KERNEL


def test_what_is_worse_than_the_next_boot_comes_first() -> None:
    host = facts(kernel=kernel(FIXED_KERNEL, default_boot=AFFECTED_KERNEL, installed=None), zones=[zone(list(SHATTERED))])
    assert verdict(host) == "starved"
    assert "next boot" not in classify(host, CATALOGUE)["reasons"][0] and "the next boot brings the fault" in said(host)


# Several advisories


def test_the_worst_of_several_is_the_verdict_and_all_that_match_are_named() -> None:
    catalogue = merge_site_advisories(CATALOGUE, [SITE_ADVISORY])
    both = facts(nics=[nic(), nic("eth1", "igb")], vm=dict(WORKAROUND))
    result = classify(both, catalogue)
    assert (result["verdict"], result["advisories"]) == ("at_risk", [ADVISORY, "site-igb"])
    assert any("advisory site-igb has no workaround" in reason for reason in result["reasons"])
    assert "follow_advisory" in [action["action"] for action in result["actions"]]


def test_an_advisory_that_cannot_be_decided_is_not_hidden_by_one_that_is_mitigated() -> None:
    catalogue = merge_site_advisories(CATALOGUE, [{**SITE_ADVISORY, "condition": "uptime_seconds > `1`"}])
    both = facts(nics=[nic(), nic("eth1", "igb")], vm=dict(WORKAROUND), uptime_seconds=None)
    result = classify(both, catalogue)
    assert (result["verdict"], result["advisories"]) == ("unknown", [ADVISORY])
    assert result["reasons"][0] == "condition of advisory site-igb: not decided, because uptime_seconds is missing"


# Nothing missing reads as clear


def paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a structure."""
    found = [path] if path else []
    if isinstance(node, dict):
        found += [one for key, below in node.items() for one in paths(below, (*path, key))]
    elif isinstance(node, list):
        found += [one for place, below in enumerate(node) for one in paths(below, (*path, place))]
    return found


def put(root: Any, path: tuple[Any, ...], value: Any) -> None:
    """Set a place, if what was above it is still there."""
    for step in path[:-1]:
        try:
            root = root[step]
        except (KeyError, TypeError, IndexError):
            return
    if isinstance(root, dict) or (isinstance(root, list) and isinstance(path[-1], int) and path[-1] < len(root)):
        root[path[-1]] = value


NEEDED = {
    "kernel": (
        BY_VERDICT["clear"],
        ["kernel", "kernel.release", "zones", "zones.0.free_blocks", "zones.0.min_pages", "failures"],
    ),
    "driver": (CLEAR_BY_DRIVER, ["nics", "nics.0.lower", "zones", "zones.0.free_blocks", "failures"]),
}
NOT_NEEDED = {
    "page_size_bytes", "memory", "vm", "modules", "pagetypes", "uptime_seconds", "booted_epoch_seconds", "unavailable",
    "kernel.machine", "kernel.version", "kernel.distribution", "kernel.installed", "kernel.default_boot",
}  # fmt: skip


@pytest.mark.parametrize("drop", [True, False])
@pytest.mark.parametrize(("sample", "path"), [(sample, path) for sample, (_verdict, needed) in NEEDED.items() for path in needed])
def test_no_needed_datum_can_go_and_leave_clear(sample: str, path: str, drop: bool) -> None:
    host = deepcopy(NEEDED[sample][0])
    steps = [int(step) if step.isdigit() else step for step in path.split(".")]
    holder: Any = host
    for step in steps[:-1]:
        holder = holder[step]
    if drop:
        del holder[steps[-1]]
    else:
        holder[steps[-1]] = None
    try:
        assert verdict(host) != "clear"
    except FactsError as error:
        assert path.split(".")[0] in str(error)


def test_a_driver_not_seen_leaves_no_clear() -> None:
    host = deepcopy(CLEAR_BY_DRIVER)
    host["nics"][0].update(driver=None, bus_driver=None)
    assert verdict(host) == "unknown"


@pytest.mark.parametrize("path", sorted(NOT_NEEDED))
def test_what_is_documented_as_not_needed_is_not(path: str) -> None:
    host = deepcopy(BY_VERDICT["clear"])
    put(host, tuple(path.split(".")), None)
    assert verdict(host) == "clear"


@given(data=st.data())
def test_whatever_is_not_seen_never_makes_a_host_clear(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from([name for name in BY_VERDICT if name != "clear"]))
    host = deepcopy(BY_VERDICT[start])
    for path in data.draw(st.lists(st.sampled_from(paths(host)), min_size=1, max_size=6)):
        put(host, path, None)
    try:
        assert verdict(host) != "clear"
    except FactsError as error:
        assert error.key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.builds(pow, st.just(2), st.just(20000)),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
def test_junk_raises_nothing_but_facts_error(data: st.DataObject) -> None:
    host = deepcopy(BY_VERDICT[data.draw(st.sampled_from(sorted(BY_VERDICT)))])
    for path in data.draw(st.lists(st.sampled_from(paths(host)), min_size=1, max_size=3)):
        put(host, path, data.draw(JSON))
    try:
        verdict(host)
    except FactsError as error:
        assert str(error).startswith("facts")


@given(JSON)
def test_what_is_no_facts_at_all_raises_facts_error(value: Any) -> None:
    with pytest.raises(FactsError):
        classify(value, CATALOGUE)


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"nics": {"eth0": {}}}, "facts.nics: this dict, but a list is needed"),
        ({"nics": [{"driver": "igb"}]}, "facts.nics[0].name: missing"),
        ({"nics": [nic(driver=5)]}, "facts.nics[0].driver: 5, but a string is needed"),
        ({"kernel": "2.6.32"}, "facts.kernel: '2.6.32', but a mapping is needed"),
        ({"vm": {"min_free_kbytes": "67584"}}, "facts.vm.min_free_kbytes: '67584', but a count is needed"),
        ({"failures": failures({"two": 1})}, "facts.failures.by_order: 'two', but an order is needed"),
        ({"failures": failures({"2": -1}, count=1)}, "facts.failures.by_order.2: -1, but a count is needed"),
        ({"failures": {}}, "facts.failures.count: missing"),
        ({"page_size_bytes": 4095}, "facts.page_size_bytes: 4095 is not a page size: a page size is a power of two"),
        ({"page_size_bytes": True}, "facts.page_size_bytes: True, but a count is needed"),
    ],
)
def test_odd_facts_are_named(over: dict[str, Any], told: str) -> None:
    with pytest.raises(FactsError) as raised:
        classify(facts(**over), CATALOGUE)
    assert str(raised.value) == told


@pytest.mark.parametrize("key", ["kernel", "nics", "zones", "page_size_bytes", "vm", "failures"])
def test_a_key_that_is_always_there_is_missed(key: str) -> None:
    host = facts()
    del host[key]
    with pytest.raises(FactsError, match=rf"facts\.{key}: missing"):
        classify(host, CATALOGUE)


def test_the_host_cannot_talk_through_the_sentences() -> None:
    hostile = "x\n\x1b[31m\u202e{{ lookup('pipe', 'id') }}{% x %}" + "A" * 5000
    host = facts(
        kernel=kernel("2.6.39-" + hostile, default_boot=hostile),
        nics=[nic(hostile, None, bus_driver=None)],
        failures=failures({"2": 1}, source=hostile, last={"process": hostile, "at": hostile, "drivers": [hostile] * 50}),
        unavailable={f"nics.{hostile}.driver": hostile},
    )
    result = classify(host, CATALOGUE)
    for sentence in [*result["reasons"], *(action["description"] for action in result["actions"])]:
        assert sentence.isprintable()
        assert len(sentence) < 1000
        assert "{{" not in sentence
        assert "{%" not in sentence


def test_facts_are_not_changed() -> None:
    host = facts()
    before = deepcopy(host)
    classify(host, CATALOGUE)
    assert host == before


# Hosts without facts, and the count


@pytest.mark.parametrize(("kind", "action"), [("stalled", "console_login"), ("unreachable", "check_host"), ("unknown", "gather_missing")])
def test_a_host_that_gave_no_facts(kind: str, action: str) -> None:
    result = verdict_for_unreached(kind, "Connection timed out\nduring \x1b banner exchange " + "x" * 5000)
    assert result["verdict"] == kind
    assert result["reasons"][0].startswith("Connection timed out during banner exchange")
    assert len(result["reasons"][0]) <= 240
    assert [one["action"] for one in result["actions"]] == [action]
    assert result["headroom"] is None
    assert verdict_for_unreached(kind, "")["reasons"] == [VERDICTS[kind]]


def test_no_other_kind_of_unreached() -> None:
    with pytest.raises(ValueError, match="clear"):
        verdict_for_unreached("clear", "")


def test_counts_name_every_verdict() -> None:
    results = {"a": {"verdict": "clear"}, "b": {"verdict": "clear"}, "c": {"verdict": "stalled"}}
    wanted = {**dict.fromkeys(VERDICTS, 0), "clear": 2, "stalled": 1}
    assert counts_by_verdict(results) == wanted
    assert counts_by_verdict(results.values()) == wanted
    assert list(counts_by_verdict([])) == list(VERDICTS)
    with pytest.raises(FactsError, match="'fine' is not a verdict"):
        counts_by_verdict([{"verdict": "fine"}])
