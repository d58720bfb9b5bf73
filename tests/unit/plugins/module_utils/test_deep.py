# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the second look brings: slab caches, rings, channels, offloads, counters of failed allocations, parameters of modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.deep import (
    deep_from,
    is_deep,
    kept_of_report,
    parse_ethtool_settings,
    parse_failed_allocations,
    parse_offloads,
    parse_slabinfo,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript, write_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.deep_look import with_deep, without_deep
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import shapes
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import SAMPLE_FLEET
from tests.security.attacks.texts import ETHTOOL_G, ETHTOOL_K, ETHTOOL_L, ETHTOOL_S, SLABINFO


def test_the_largest_caches_come_first() -> None:
    assert parse_slabinfo(SLABINFO, 4096)[0] == {"name": "kmalloc-2048", "objects": 409600, "object_bytes": 2048, "kb": 819200}
    assert parse_slabinfo(SLABINFO, 65536)[0]["kb"] == 16 * 819200
    many = SLABINFO + "".join(f"c{number} 1 1 64 64 1 : tunables 0 0 0 : slabdata 1 {number} 0\n" for number in range(99))
    found = parse_slabinfo(many, 4096)
    assert len(found) == 10 and [cache["kb"] for cache in found] == sorted((cache["kb"] for cache in found), reverse=True)
    assert parse_slabinfo(kept_of_report("$slabinfo", many), 4096) == found


def test_rings_and_channels_are_those_of_now() -> None:
    assert parse_ethtool_settings(ETHTOOL_G) == ({"RX": 8192, "TX": 8192}, {"RX": 1024, "TX": 512})
    assert parse_ethtool_settings(ETHTOOL_L)[1] == {"RX": 0, "TX": 0, "Other": 1, "Combined": 8}


def test_offloads_are_told_that_join_packets() -> None:
    assert parse_offloads(ETHTOOL_K) == ["scatter-gather", "tx-scatter-gather", "generic-receive-offload"]


def test_counters_of_memory_that_are_not_0() -> None:
    found = parse_failed_allocations(ETHTOOL_S)
    assert found == [{"name": "rx_no_buffer_count", "count": 7}, {"name": "alloc_rx_page_failed", "count": 12}]
    assert parse_failed_allocations(kept_of_report("$ethtool_S/eth0", ETHTOOL_S)) == found
    assert parse_failed_allocations("NIC statistics:\n     alloc_rx_page_failed: 0\n") == [], "none is not unseen"


@pytest.mark.parametrize(
    ("parse", "text", "reason"),
    [
        (lambda text: parse_slabinfo(text, 4096), "cat: /proc/slabinfo: Permission denied", "has no cache"),
        (parse_ethtool_settings, "netlink error: Operation not supported", "no settings"),
        (parse_ethtool_settings, "Pre-set maximums:\nRX: 1\n", "no settings"),
        (parse_offloads, "Cannot get device features", "no features"),
        (parse_failed_allocations, "no stats available", "no statistics"),
    ],
)
def test_what_is_none_of_it_is_malformed(parse: Callable[[str], Any], text: str, reason: str) -> None:
    with pytest.raises(EvidenceError, match=reason):
        parse(text)


_ANY = st.text() | st.lists(st.sampled_from((SLABINFO + ETHTOOL_G + ETHTOOL_L + ETHTOOL_K + ETHTOOL_S).split("\n"))).map("\n".join)


@given(_ANY)
@example("Current hardware settings:\nRX: 99999999999999999999\n")
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (lambda given: parse_slabinfo(given, 4096), parse_ethtool_settings, parse_offloads, parse_failed_allocations):
        try:
            parse(text)  # type: ignore[no-untyped-call]
        except EvidenceError:
            continue


def second(**more: str) -> Evidence:
    texts = {
        "$slabinfo": SLABINFO, "$ethtool_g/eth0": ETHTOOL_G, "$ethtool_l/eth0": ETHTOOL_L, "$ethtool_k/eth0": ETHTOOL_K,
        "$ethtool_S/eth0": ETHTOOL_S, "/sys/class/net/ib0/mode": "connected\n", "/sys/module/mlx4_en/parameters/udp_rss": "1\n",
    }  # fmt: skip
    return Evidence({**texts, **more}, {"$pagetypeinfo": "Permission denied"})


FIRST = read_transcript((SAMPLE_FLEET / "evidence" / "db03-el64-seed.evidence").read_text())


def test_the_facts_of_both_looks() -> None:
    evidence = read_transcript(write_transcript(with_deep(FIRST, second())))
    facts, alone = facts_from(evidence), facts_from(FIRST)
    deep = facts.pop("deep")
    assert set(deep) == set(shapes()["deep"])
    assert [cache["name"] for cache in deep["slab_caches"]] == ["kmalloc-2048", "dentry"]
    assert [nic["name"] for nic in deep["nics"]] == ["eth0", "ib0"]
    assert (deep["nics"][0]["rx_ring"], deep["nics"][0]["rx_channels"], deep["nics"][1]["ipoib_mode"]) == (1024, 8, "connected")
    assert deep["module_parameters"] == [{"module": "mlx4_en", "name": "udp_rss", "value": "1"}]
    unavailable = facts.pop("unavailable")
    assert deep["pagetypes"] is None and "Permission denied" in unavailable["deep.pagetypes"]
    assert "deep.nics.ib0.rings" in unavailable
    assert alone.pop("deep") is None and not any(datum.startswith("deep") for datum in alone.pop("unavailable"))
    assert facts == alone, "the second look changes nothing of the first"


def test_a_second_look_that_failed_is_told_and_costs_nothing() -> None:
    evidence = read_transcript(write_transcript(without_deep(FIRST, "no complete evidence\nwithin 5 seconds")))
    facts = facts_from(evidence)
    assert facts["deep"] is None and "no complete evidence within 5 seconds" in facts["unavailable"]["deep"]
    assert {**facts, "unavailable": {}} == {**facts_from(FIRST), "unavailable": {}}
    broken = with_deep(FIRST, Evidence({"$slabinfo": SLABINFO}, {}, whole=False))
    assert "is incomplete" in facts_from(broken)["unavailable"]["deep"]


def test_the_second_look_gives_nothing_that_it_was_not_asked_for() -> None:
    lies = {"/proc/buddyinfo": "x\n", "$dmesg": "x\n", "$ethtool/eth0": "driver: x\n", "/sys/class/net/eth0/mtu": "1\n"}
    both = with_deep(FIRST, second(**lies))
    assert {source: both.texts.get(source) for source in lies} == {source: FIRST.texts.get(source) for source in lies}
    assert not any(map(is_deep, lies))


def test_what_cannot_be_told_is_missing_with_its_reason() -> None:
    reasons: dict[str, str] = {}

    def take(datum: str, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except (EvidenceError, EvidenceMissing) as error:
            reasons[datum] = str(error)
            return None

    facts: Mapping[str, Any] = {"page_size_bytes": None, "nics": None}
    assert deep_from(second(), facts, take)["slab_caches"] is None
    assert "the page size is not known" in reasons["deep.slab_caches"]
    no_tool = Evidence({}, {"$ethtool_g": "no such command"})
    assert deep_from(no_tool, facts, take)["nics"] is None and "no such command" in reasons["deep.nics"]
    crowd = Evidence({f"$ethtool_g/eth{number}": ETHTOOL_G for number in range(99)}, {})
    assert len(deep_from(crowd, facts, take)["nics"]) == 16
    values = Evidence({f"/sys/module/m/parameters/p{number:03d}": "1\n" for number in range(257)}, {})
    assert [found["name"] for found in deep_from(values, facts, take)["module_parameters"]] == [f"p{number:03d}" for number in range(256)]


def test_what_is_longer_than_any_host_says_is_cut() -> None:
    counters = "NIC statistics:\n" + "".join(f"     rx{number}_alloc_failed: 1\n" for number in range(65))
    assert [found["name"] for found in parse_failed_allocations(counters)] == [f"rx{number}_alloc_failed" for number in range(64)]
    assert kept_of_report("$slabinfo", SLABINFO * 20).count("\n") == 20
    longest = "     " + "rx_alloc_failed".rjust(127, "q") + ": 1\n     " + "rx_alloc_failed".rjust(128, "q") + ": 1\n"
    assert [len(found["name"]) for found in parse_failed_allocations("NIC statistics:\n" + longest)] == [127]
    features = "Features:\n" + "".join(f"segmentation-offload-{number:02d}: on\n" for number in range(33))
    assert len(parse_offloads(features)) == 32
    assert parse_offloads(f"{'a' * 59}gro: on\n{'a' * 60}gro: on\n") == ["a" * 59 + "gro"], "no feature has a longer name"
    texts = {
        "/sys/class/net/ib0/mode": "x" * 33,
        "/sys/module/mlx4_en/parameters/udp_rss": "y" * 201 + "\nz\n",
        "/sys/module/a/b/parameters/c": "1\n",
    }
    deep = facts_from(Evidence(texts, {}))["deep"]
    assert deep["nics"][0]["ipoib_mode"] == "x" * 32
    assert deep["module_parameters"] == [{"module": "mlx4_en", "name": "udp_rss", "value": "y" * 200}]


@pytest.mark.parametrize(("objects", "told"), [(2**53 - 1, True), (2**53, False)])
def test_a_cache_larger_than_any_memory_is_none(objects: int, told: bool) -> None:
    line = f"x 1 {objects} 64 64 1 : tunables 0 0 0 : slabdata 1 1 0\n"
    found = parse_slabinfo("y 1 1 64 64 1 : tunables 0 0 0 : slabdata 1 1 0\n" + line, 4096)
    assert ("x" in [cache["name"] for cache in found]) is told
