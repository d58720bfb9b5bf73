# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an advisory may say beyond its range: whose failures count, how bad it is, what does not help, how sure it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue, load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import Result, classify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import plan_value
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import (
    SHATTERED,
    SITE_ADVISORY,
    blank,
    facts,
    failure_group,
    kernel,
    memory_trouble,
    nic,
    no_failures,
    zone,
)
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.workaround.hosts import in_force

SITE = {key: value for key, value in SITE_ADVISORY.items() if key != "workaround"}
TWO_CARDS = [nic("eth0", "igb"), nic("eth1", "tg3")]


def with_advisory(**more: Any) -> Catalogue:
    """One advisory of a site and no other."""
    without = {key: SITE[key] for key in SITE if not (key == "driver" and "drivers" in more)}
    catalogue = merge_site_advisories(load_catalogue(), [{**without, **more}])
    return replace(catalogue, advisories=catalogue.advisories[-1:])


def failed(order: int, *drivers: str, **more: Any) -> dict[str, Any]:
    group = failure_group(order, drivers=list(drivers), **{"atomic": True, **more})
    return no_failures(count=1, by_order={str(order): 1}, groups=[group])


def judged(catalogue: Catalogue, **over: Any) -> Result:
    return classify(facts(**{"kernel": kernel("6.6.30", "debian"), "nics": TWO_CARDS, **over}), catalogue)


@pytest.mark.parametrize(
    ("drivers", "beside", "verdict"),
    [
        (["igb"], [], "affected"),
        (["tg3", "igb"], [], "affected"),
        (["tg3"], [], "starved"),
        (["tg3"], ["igb"], "affected"),
        ([], [], "affected"),
        (["nf_conntrack"], [], "affected"),
    ],
    ids=["its own", "both", "another", "perhaps its own", "nobody named", "no driver of a NIC"],
)
def test_a_failure_of_another_driver_is_no_symptom_of_this_advisory(drivers: list[str], beside: list[str], verdict: str) -> None:
    result = judged(with_advisory(), failures=failed(2, *drivers, drivers_beside=beside))
    assert result["verdict"] == verdict, result["reasons"]
    assert result["advisories"] == ["site-igb"]


def test_the_failures_of_another_driver_are_told() -> None:
    reasons = judged(with_advisory(), failures=failed(2, "tg3"))["reasons"]
    assert any("also 1 order-2 page allocation failure since boot with tg3 in the trace, and not igb" in one for one in reasons)


@pytest.mark.parametrize(("driver", "verdict"), [("igb", "at_risk"), ("tg3", "at_risk"), ("e1000e", "clear")])
def test_an_advisory_may_be_of_several_drivers(driver: str, verdict: str) -> None:
    assert judged(with_advisory(drivers=["igb", "tg3"]), nics=[nic("e", driver)])["verdict"] == verdict


def test_an_advisory_for_any_driver_speaks_of_every_host() -> None:
    assert judged(with_advisory(drivers="any"), nics=[])["verdict"] == "at_risk"


@pytest.mark.parametrize(("module", "advisories"), [("vhost_net", ["site-igb"]), ("tg3", [])])
def test_one_for_any_driver_may_be_known_by_the_trace(module: str, advisories: list[str]) -> None:
    catalogue = with_advisory(drivers="any", trace_modules=["vhost_net"], order=4, request={"context": "sleeping"})
    result = judged(catalogue, failures=failed(4, module, atomic=False))
    assert result["advisories"] == advisories
    assert result["verdict"] == ("affected" if advisories else "starved")


@pytest.mark.parametrize(
    ("functions", "drivers", "verdict"),
    [
        (["kmalloc_large", "igb_alloc_buffers"], [], "affected"),
        (["igb_alloc_buffers"], ["tg3"], "affected"),
        (["sk_clone"], ["tg3"], "starved"),
        (["sk_clone"], ["igb"], "affected"),
    ],
    ids=["built in", "though another is named", "another's", "the driver alone"],
)
def test_a_function_in_the_trace_tells_whose_a_failure_is(functions: list[str], drivers: list[str], verdict: str) -> None:
    """A driver that is built into the kernel leaves no module in a trace."""
    catalogue = with_advisory(trace_functions=["igb_alloc_buffers"])
    assert judged(catalogue, failures=failed(2, *drivers, functions=functions))["verdict"] == verdict


@pytest.mark.parametrize(("functions", "advisories"), [(["sk_clone"], ["site-igb"]), (["sk_alloc"], []), ([], [])])
def test_one_for_any_driver_may_be_known_by_a_function(functions: list[str], advisories: list[str]) -> None:
    result = judged(with_advisory(drivers="any", trace_functions=["sk_clone"], order=1), failures=failed(1, functions=functions))
    assert (result["advisories"], result["verdict"]) == (advisories, "affected" if advisories else "starved")


@pytest.mark.parametrize(
    ("order", "page_size_bytes", "verdict"),
    [
        (2, 4096, "starved"),
        (3, 4096, "affected"),
        (4, 4096, "affected"),
        (5, 4096, "starved"),
        (0, 65536, "affected"),
        (1, 65536, "starved"),
    ],
)
def test_failures_of_some_orders_alone_may_be_meant(order: int, page_size_bytes: int, verdict: str) -> None:
    catalogue = with_advisory(drivers="any", trace_modules=["igb"], order=4, symptom={"failures_from_order": 3, "failures_up_to_order": 4})
    result = judged(catalogue, failures=failed(order, "igb"), page_size_bytes=page_size_bytes)
    assert result["verdict"] == verdict, result["reasons"]


@pytest.mark.parametrize(
    ("failures", "verdict"),
    [
        (failed(2, "igb"), "affected"),
        (failed(2, "tg3"), "starved"),
        (failed(0, "igb"), "starved"),
        (no_failures(), "clear"),
        (None, "unknown"),
    ],
    ids=["its own", "another's", "of a single page", "none", "no log"],
)
def test_an_advisory_may_speak_only_of_hosts_that_have_logged_it(failures: dict[str, Any] | None, verdict: str) -> None:
    result = judged(with_advisory(order=2, only_if_logged=True), failures=failures)
    assert result["verdict"] == verdict
    assert result["advisories"] == (["site-igb"] if verdict == "affected" else [])


def reported(*kinds: str, **over: Any) -> dict[str, Any]:
    return {**no_failures(), "others": [memory_trouble(kind) for kind in kinds], **over}


@pytest.mark.parametrize(
    ("failures", "verdict"),
    [
        (reported("stall"), "affected"),
        (reported("order_above_max", "stall"), "affected"),
        (reported("order_above_max"), "at_risk"),
        (no_failures(), "at_risk"),
        (reported(boot_seen=False), "at_risk"),
        (failed(3, "igb"), "starved"),
        (None, "at_risk"),
    ],
    ids=["it", "beside another", "another", "nothing", "cut", "a failure", "no log"],
)
def test_a_report_of_another_kind_may_be_the_symptom(failures: dict[str, Any] | None, verdict: str) -> None:
    result = judged(with_advisory(symptom={"report": "stall"}), failures=failures)
    assert result["verdict"] == verdict, result["reasons"]
    told = "kernel log (dmesg): a request for pages had to wait for 10 seconds or more, 1 time"
    assert (told in result["reasons"]) is (verdict == "affected")


def test_a_report_that_came_before_the_workaround_counts_no_more() -> None:
    catalogue = with_advisory(symptom={"report": "stall"}, workaround={"min_free_kbytes": 100000})
    before = reported("stall", since_workaround={"count": 0, "by_order": {}, "groups": []})
    before["others"][0]["since_workaround"] = 0
    result = judged(catalogue, failures=before, workaround=in_force(1, 100000), vm=blank("vm", min_free_kbytes=100000, zone_reclaim_mode=0))
    assert (result["verdict"], result["symptom"]) == ("mitigated", False), result["reasons"]


def test_noise_that_is_a_report_explains_no_failure() -> None:
    noise = with_advisory(severity="noise", only_if_logged=True, order=11, symptom={"report": "order_above_max"})
    quiet, starved = (
        judged(noise, failures=reported("order_above_max")),
        judged(noise, failures=failed(11, "igb") | {"others": reported("order_above_max")["others"]}),
    )
    assert (quiet["verdict"], starved["verdict"]) == ("clear", "starved")
    assert any("advisory site-igb applies, and its failures only fill the log" in one for one in quiet["reasons"])


def test_advisories_of_other_drivers_are_told_in_one_sentence_behind_those_of_the_hosts_own() -> None:
    """Fifteen times why they do not apply would hide the one reason that is about this host."""
    site = [
        {**SITE, "upstream": {"introduced": "6.7"}},
        *({**SITE, "id": f"other-{number}", "driver": f"drv{number}"} for number in range(12)),
        *({**SITE, "id": f"logged-{number}", "only_if_logged": True} for number in range(3)),
    ]
    catalogue = merge_site_advisories(load_catalogue(), site)
    catalogue = replace(catalogue, advisories=catalogue.advisories[-16:])
    reasons, drivers = judged(catalogue)["reasons"], sorted(f"drv{number}" for number in range(12))
    assert reasons[:3] == [
        "kernel 6.6.30 is before the affected range upstream [6.7, no fix known) (advisory site-igb)",
        "no network interface has a driver that 12 advisories are about (found: igb, tg3): " + ", ".join(drivers),
        "the kernel log shows no failure that 3 advisories are about: logged-0, logged-1, logged-2",
    ]
    unread = judged(catalogue, failures=None, unavailable={"failures": "permission denied"})
    assert unread["verdict"] == "unknown"
    told = "3 advisories are about failures in the kernel log, which could not be read (permission denied): logged-0, logged-1, logged-2"
    assert told in unread["reasons"]
    alone = replace(catalogue, advisories=catalogue.advisories[1:2])
    assert judged(alone)["reasons"][0] == "no network interface has the driver drv0 (found: igb, tg3)"


@pytest.mark.parametrize("request_of", [{"context": "sleeping"}, {"falls_back": True}])
def test_free_blocks_are_no_symptom_where_the_request_can_do_without(request_of: dict[str, Any]) -> None:
    """But the host is looked at as one without an advisory."""
    catalogue = with_advisory(order=6, request=request_of)
    assert judged(catalogue)["verdict"] == "at_risk"
    assert judged(with_advisory(order=2), zones=[zone(list(SHATTERED))])["verdict"] == "affected"
    starved = judged(catalogue, zones=[zone(list(SHATTERED))])
    assert (starved["verdict"], starved["advisories"], starved["order"]) == ("starved", ["site-igb"], catalogue.thresholds.order)
    assert judged(catalogue, failures=failed(6, "igb", atomic=False))["verdict"] == "affected"


def test_a_failure_whose_trace_was_not_read_may_be_its_own() -> None:
    catalogue = with_advisory(order=6, request={"context": "sleeping"})
    reasons = judged(catalogue, failures=failed(6, atomic=False, trace_read=False))["reasons"]
    assert "missing data may hide the symptom, so the host may already be affected" in reasons


def test_noise_is_told_and_makes_no_host_worse() -> None:
    noise = with_advisory(severity="noise", order=2)
    logged = judged(noise, failures=failed(3, "igb"))
    assert (logged["verdict"], logged["advisories"], logged["symptom"]) == ("clear", [], False)
    assert any("advisory site-igb applies, and its failures only fill the log" in one for one in logged["reasons"])
    assert any("with igb in the trace, which is known to be harmless" in one for one in logged["reasons"])


@pytest.mark.parametrize(
    ("over", "verdict"),
    [
        ({"failures": failed(0, "igb")}, "starved"),
        ({"failures": failed(2, "tg3")}, "starved"),
        ({"failures": failed(2, "igb", "tg3")}, "starved"),
        ({"failures": failed(2)}, "starved"),
        ({"zones": [zone(list(SHATTERED))]}, "starved"),
        ({"failures": None}, "unknown"),
        ({"failures": failed(2, "igb"), "nics": [nic("eth0", "igb", in_tree=False)]}, "starved"),
    ],
    ids=["a single page", "another driver", "both", "nobody named", "no blocks left", "no log", "not the kernel's own driver"],
)
def test_noise_hides_nothing_else(over: dict[str, Any], verdict: str) -> None:
    assert judged(with_advisory(severity="noise", order=2), **over)["verdict"] == verdict


def test_whether_noise_applies_need_not_be_known() -> None:
    catalogue = with_advisory(severity="noise", upstream={"introduced": "5.4"})
    assert judged(catalogue, kernel=kernel("4.4.0-210-generic", "ubuntu"))["verdict"] == "clear"


def test_what_a_report_says_of_an_advisory() -> None:
    catalogue = with_advisory(
        request={"silent": True, "falls_back": True, "counter": "rx_no_page"},
        unhelpful={"min_free_kbytes": "the blocks are split on purpose", "compact_memory": "it lasts a minute"},
        confidence={"level": "two_sources", "rests_on": "the commit and a report"},
        workaround={"commands": ["ethtool -G DEV rx 512"]},
    )
    result = judged(catalogue)
    assert {
        "advisory site-igb: the kernel does not log this failure, so a silent log proves nothing: look at rx_no_page in ethtool -S",
        "advisory site-igb: changing vm.min_free_kbytes does not help: the blocks are split on purpose",
        "advisory site-igb: compacting memory does not help: it lasts a minute",
        "advisory site-igb: two sources show it: the commit and a report",
    } <= set(result["reasons"])
    assert {"action": "run_by_hand", "description": "Run by hand: ethtool -G DEV rx 512 (advisory site-igb)"} in result["actions"]
    assert "raise_min_free_kbytes" not in {action["action"] for action in result["actions"]}


def test_a_command_for_a_person_is_no_workaround_that_the_role_takes() -> None:
    site = [{**SITE, "workaround": {"commands": ["ethtool -G DEV rx 512"]}}]
    asked = [{**SITE, "workaround": {"min_free_kbytes": 200000}}]
    assert plan_value(facts(nics=TWO_CARDS), None, site)["decision"] == "none"
    assert plan_value(facts(nics=TWO_CARDS), None, asked)["decision"] != "none"
