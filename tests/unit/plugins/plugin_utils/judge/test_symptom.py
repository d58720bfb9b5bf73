# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failures are the symptom, what is told of the others, and who is believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Thresholds
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import FactsError, classify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host_reading import read_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.symptom import Symptom, on_pages_of, symptom

from tests.unit.plugins.plugin_utils.builders import BY_VERDICT, blank, facts, failure_group, kernel, memory_trouble, nic, no_failures
from tests.unit.plugins.plugin_utils.workaround.hosts import in_force

LIMITS = Thresholds(order=2, headroom_below=1, failures_up_to_order=3, failures_at_least=1)
ENOUGH = {"atomic": [99] * 11, "atomic_at_most": [99] * 11, "rules": ["since-4.4"]}


def log(*groups: dict[str, Any], **more: Any) -> dict[str, Any]:
    by_order: dict[str, int] = {}
    for one in groups:
        by_order[str(one["order"])] = by_order.get(str(one["order"]), 0) + one["count"]
    return no_failures(**{"count": sum(by_order.values()), "by_order": by_order, "groups": list(groups), **more})


def finding(failures: dict[str, Any], **more: Any) -> Symptom:
    return symptom(read_host(facts(failures=failures, **more)), ENOUGH, None, LIMITS)


@pytest.mark.parametrize(
    ("order", "more", "present"),
    [
        (0, {}, True),
        (3, {"atomic": False}, True),
        (4, {"atomic": False}, False),
        (4, {"atomic": True}, True),
        (9, {"drivers": ["mlx4_en"]}, True),
        (9, {"drivers": ["nvidia"]}, False),
        (9, {"drivers": ["nvidia"], "atomic": True}, True),
    ],
)
def test_which_failures_are_the_symptom(order: int, more: dict[str, Any], present: bool) -> None:
    found = finding(log(failure_group(order, **more)))
    assert found.present is present
    apart = [reason for reason in found.reasons if "no NIC explains them" in reason]
    assert bool(apart) is not present
    assert present or f"1 page allocation failure of order {order} since boot" in apart[0]


@pytest.mark.parametrize(
    ("beside", "more", "present", "unseen"),
    [
        (["mlx4_en"], {}, False, 1),
        (["mlx4_core", "nvidia"], {}, False, 1),
        (["nvidia"], {}, False, 0),
        (["mlx4_en"], {"atomic": True}, True, 0),
        ([], {}, False, 0),
    ],
)
def test_a_trace_of_the_nic_beside_a_failure_may_be_its_own(beside: list[str], more: dict[str, Any], present: bool, unseen: int) -> None:
    found = finding(log(failure_group(5, drivers_beside=beside, **more)))
    assert (found.present, len(found.unseen)) == (present, unseen)
    if unseen:
        assert "1 page allocation failure of order 5 since boot, printed at the same time as a trace with mlx4_" in found.unseen[0]
        assert found.missing == ("failures.groups",) and not any("does not explain" in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("order", "more", "unseen"),
    [
        (5, {"atomic": None}, "their mode could not be read"),
        (5, {"atomic": None, "trace_read": False}, "their mode could not be read"),
        (5, {"trace_read": False}, "the log lacks all or part of their trace"),
        (5, {"trace_read": False, "drivers": ["nvidia"]}, "the log lacks all or part of their trace"),
        (5, {}, None),
        (5, {"drivers": ["nvidia"]}, None),
    ],
)
def test_a_failure_of_which_the_mode_or_the_trace_is_missing_is_not_explained_away(
    order: int, more: dict[str, Any], unseen: str | None
) -> None:
    failures = log(failure_group(order, **more))
    found = finding(failures)
    assert not found.present and len(found.unseen) == (unseen is not None)
    assert bool(unseen) is not any("no NIC explains them" in reason for reason in found.reasons)
    if unseen:
        assert f"1 page allocation failure of order {order} since boot; {unseen}" in found.unseen[0]
    for nics in ([nic("eth0", "ixgbe")], [nic("eth0", "mlx4_en")]):
        host = {**BY_VERDICT["clear"], "failures": failures, "nics": nics, "kernel": kernel("2.6.32-754.el6.x86_64")}
        assert classify(host, load_catalogue())["verdict"] == ("unknown" if unseen else "clear")


@pytest.mark.parametrize("more", [{"drivers": ["mlx4_en"]}, {"atomic": True}])
def test_what_is_known_to_count_counts_though_the_rest_is_missing(more: dict[str, Any]) -> None:
    missing = {"atomic": None, "trace_read": False}
    assert finding(log(failure_group(5, **{**missing, **more}))).present
    found = finding(log(failure_group(2), failure_group(5, **missing)))
    assert found.present and any("order 5 since boot; their mode could not be read" in reason for reason in found.reasons)


def test_failures_of_unknown_orders_hide_no_others() -> None:
    found = finding({**log(failure_group(5, atomic=None)), "count": 3})
    assert [told.split(": ")[1].split(" since")[0] for told in found.unseen] == [
        "2 failures of unknown order", "1 page allocation failure of order 5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"nics": None}, "the network interfaces are not known"),
        ({"nics": [nic("eth0", None)]}, "the driver of eth0 is not known"),
        ({"container": {"kind": "lxc", "by": "/proc/1/environ"}}, "this is a container"),
    ],
)
def test_where_the_cards_are_not_seen_no_trace_is_free_of_their_drivers(more: dict[str, Any], why: str) -> None:
    found = finding(log(failure_group(5, drivers=["nvidia"])), **more)
    assert not found.present and why in found.unseen[0]


def test_the_sentence_is_about_a_failure_that_counts() -> None:
    counts = failure_group(2, 3, drivers=["ixgbe"], last={"process": "swapper/0", "at": "2026-11-20T04:00:00Z"})
    later = failure_group(9, last={"process": "tcpdump", "at": "2026-11-21T04:00:00Z"})
    told = finding(log(counts, later)).reasons
    assert "3 order-2 page allocation failures since boot, the last by swapper/0 at 2026-11-20T04:00:00Z, ixgbe in its trace" in told[0]
    assert "1 page allocation failure of order 9 since boot" in told[1] and "tcpdump" in told[1]


@pytest.mark.parametrize(("size", "order", "up_to"), [(None, 2, 3), (4096, 2, 3), (8192, 1, 2), (16384, 0, 1), (65536, 0, 0)])
def test_orders_mean_bytes(size: int | None, order: int, up_to: int) -> None:
    limits = on_pages_of(size, LIMITS)
    assert (limits.order, limits.failures_up_to_order) == (order, up_to)


def test_on_large_pages_an_order_that_no_nic_asks_for_does_not_count() -> None:
    assert not finding(log(failure_group(2, atomic=False)), page_size_bytes=65536).present
    assert finding(log(failure_group(0, atomic=False)), page_size_bytes=65536).present


def test_what_users_may_have_written_counts_and_says_so() -> None:
    lie, truth = failure_group(2, 2, trusted=False), failure_group(2, 1)
    told = finding(log(lie))
    assert (told.present, told.trusted) == (True, False)
    assert told.reasons[0].endswith(", from a log that users of the host can write to")
    told = finding(log(lie, truth))
    assert (told.present, told.trusted) == (True, True)
    assert told.reasons[0].endswith(", 2 of them from a log that users of the host can write to")


def test_what_was_not_printed_is_in_the_sentence() -> None:
    assert "did not print 5676 more messages" in finding(log(failure_group(2), suppressed=5676)).reasons[0]


@pytest.mark.parametrize(
    ("one", "present", "told"),
    [
        (memory_trouble("slab", atomic=True), True, "SLUB could give no memory to an atomic request"),
        (memory_trouble("slab", atomic=False), False, "SLUB could give no memory, 1 time"),
        (memory_trouble("slab", atomic=True, limited=True), False, "to a cgroup, which is at its limit"),
        (memory_trouble("stall"), False, "had to wait"),
        (memory_trouble("oom_kill"), False, "killed a process because memory ran out"),
        (memory_trouble("oom_kill", limited=True), False, "of a cgroup that was at its limit"),
        (memory_trouble("order_above_max"), False, "larger than any block of the kernel"),
        (memory_trouble("vmalloc"), False, "although pages were free"),
        (memory_trouble("oom_kill", trusted=False), False, "from a log that users of the host can write to"),
    ],
)
def test_other_troubles_are_told(one: dict[str, Any], present: bool, told: str) -> None:
    found = finding(log(others=[one]))
    assert found.present is present
    assert any(told in reason for reason in found.reasons)
    assert not present or told in found.reasons[0]


@pytest.mark.parametrize("trusted", [True, False])
def test_an_atomic_request_of_slub_makes_the_verdict(trusted: bool) -> None:
    failures = log(others=[memory_trouble("slab", atomic=True, trusted=trusted)])
    assert classify(facts(failures=failures), load_catalogue())["verdict"] == "affected"


@pytest.mark.parametrize(
    ("failures", "fault"),
    [
        (log(others=[7]), "failures.others[0]"),
        ({**log(), "groups": [7]}, "failures.groups[0]"),
        ({**log(), "groups": [{"order": 2}]}, "failures.groups[0].count: missing"),
        (log(failure_group(2, atomic="yes")), "failures.groups[0].atomic"),
        (log(failure_group(2), suppressed=-1), "failures.suppressed"),
        (log(failure_group(2), sources="dmesg"), "failures.sources"),
    ],
)
def test_facts_in_another_shape_are_refused_by_name(failures: dict[str, Any], fault: str) -> None:
    with pytest.raises(FactsError, match=fault.replace("[", r"\[")):
        read_host(facts(failures=failures))


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ({"what": "kmalloc-256", "at": "2026-11-20T04:00:00Z"}, "1 time, the last time kmalloc-256 at 2026-11-20T04:00:00Z"),
        ({"what": "kmalloc-256", "process": "sshd", "at": None}, "1 time, kmalloc-256"),
        ({"process": "sshd", "at": None}, "1 time, sshd"),
        ({"at": "2026-11-20T04:00:00Z"}, "1 time at 2026-11-20T04:00:00Z"),
        ({}, "1 time"),
    ],
)
def test_what_is_told_of_the_last_trouble(last: dict[str, Any], told: str) -> None:
    found = finding(log(others=[memory_trouble("slab", atomic=False, last=blank("last_trouble", **last))]))
    assert [reason for reason in found.reasons if reason.endswith(told)], found.reasons


def test_troubles_are_counted_and_what_is_new_has_a_name_too() -> None:
    [several] = [one for one in finding(log(others=[memory_trouble("stall", count=2)])).reasons if "had to wait" in one]
    assert "2 times" in several
    assert any("other trouble with memory, 1 time" in one for one in finding(log(others=[memory_trouble("of the future")])).reasons)
    limited = finding(log(others=[memory_trouble("stall", limited=True)])).reasons
    assert any("had to wait" in one for one in limited), "one that knows no cgroup is told all the same"


@pytest.mark.parametrize("count", [0, 1])
def test_a_trouble_that_did_not_happen_is_not_told(count: int) -> None:
    for kind, present in (("slab", True), ("stall", False)):
        found = finding(log(others=[memory_trouble(kind, atomic=True, count=count)]))
        assert found.present is (present and count > 0)
        assert sum("1 time" in one or "0 times" in one for one in found.reasons) == count


def test_a_denied_request_is_told_once_and_first() -> None:
    found = finding(log(others=[memory_trouble("stall"), memory_trouble("slab", atomic=True)]))
    assert [("atomic request" in one, "had to wait" in one) for one in found.reasons[:2]] == [(True, False), (False, True)]
    assert sum("atomic request of" in one or "to an atomic request" in one for one in found.reasons) == 1


def test_a_group_without_a_failure_is_nothing() -> None:
    found = finding(log(failure_group(2, 0), failure_group(9, 0)))
    assert not found.present and not any("does not explain" in one for one in found.reasons)


def test_failures_are_counted_by_order_and_the_last_is_of_a_low_one() -> None:
    groups = [failure_group(1, 2, last={"process": "low", "at": "2026-11-20T04:00:00Z"}), failure_group(2, 1)]
    told = finding(log(*groups)).reasons[0]
    assert "3 page allocation failures (order 1: 2, order 2: 1) since boot, the last of order 1 by low" in told
    of_nic = failure_group(2, 1, drivers=["mlx4_en"], last={"process": "nic", "at": "2013-01-01T00:00:00Z"})
    assert "the last of order 2 by nic at 2013" in finding(log(groups[0], of_nic)).reasons[0], "one that a NIC's driver explains"
    older = failure_group(1, 1, last={"process": "older", "at": "2026-11-19T04:00:00Z"})
    for pair in ([older, groups[0]], [groups[0], older]):
        assert "by low at" in finding(log(*pair)).reasons[0]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"last": {"process": None, "at": None}}, "since boot"),
        ({"last": {"process": None, "at": "2026-11-20T04:00:00Z"}}, "the last by an unknown process at 2026-11-20T04:00:00Z"),
        ({"last": {"process": "sshd", "at": None}}, "the last by sshd"),
        ({"last": {"process": None, "at": None}, "drivers": ["ixgbe"]}, "the last by an unknown process, ixgbe in its trace"),
    ],
)
def test_the_last_failure_is_told_by_what_was_seen_of_it(more: dict[str, Any], told: str) -> None:
    assert finding(log(failure_group(2, **more))).reasons[0].endswith(told)


def test_failures_that_are_not_the_symptom_are_told_from_order_to_order() -> None:
    [apart] = [one for one in finding(log(failure_group(7), failure_group(5), failure_group(6))).reasons if "explain" in one]
    assert "3 page allocation failures of orders 5 to 7 since boot" in apart


def test_a_quiet_log_says_which_orders_were_looked_for() -> None:
    assert "no page allocation failures of order 3 or less since boot" in finding(log()).reasons[0]
    of_four = symptom(read_host(facts(failures=log())), ENOUGH, None, replace(LIMITS, order=4))
    assert "no page allocation failures of order 3 or less or of order 4 since boot" in of_four.reasons[0]
    same = symptom(read_host(facts(failures=log())), ENOUGH, None, replace(LIMITS, order=3))
    assert "of order 3 or less since boot" in same.reasons[0]


@pytest.mark.parametrize(
    ("least", "most", "present", "told"),
    [
        (0, 0, True, "would refuse an order-2 atomic request (16 kB) in every zone"),
        (1, 1, True, "only 1 times in a row"),
        (9, 9, True, "only 9 times in a row"),
        (9, 10, None, "9 to 10 times in a row"),
        (10, 10, False, "10 times in a row"),
    ],
)
def test_what_is_left_on_both_sides_of_the_threshold(least: int, most: int, present: bool | None, told: str) -> None:
    headroom = {"atomic": [least] * 3, "atomic_at_most": [most] * 3, "rules": ["since-4.4"]}
    found = symptom(read_host(facts(failures=log())), headroom, None, replace(LIMITS, headroom_below=10))
    assert found.present is bool(present)
    assert any(told in one for one in (found.unseen if present is None else found.reasons)), found


def test_what_is_there_is_told_before_what_is_not() -> None:
    none_left = {**ENOUGH, "atomic": [0] * 11, "atomic_at_most": [0] * 11}
    host = read_host(facts(failures=log()))
    assert "in every zone" in symptom(host, none_left, None, LIMITS).reasons[0]
    assert "no page allocation failures" in symptom(host, ENOUGH, None, LIMITS).reasons[0]
    both = symptom(read_host(facts(failures=log(failure_group(2)))), none_left, None, LIMITS)
    assert "order-2 page allocation failure" in both.reasons[0]


@pytest.mark.parametrize(("orders", "known"), [(2, False), (3, True)])
def test_an_order_that_the_allocator_does_not_have_is_not_known(orders: int, known: bool) -> None:
    headroom = {"atomic": [99] * orders, "atomic_at_most": [99] * orders, "rules": ["since-4.4"]}
    found = symptom(read_host(facts(failures=log())), headroom, None, LIMITS)
    assert bool(found.unseen) is not known
    told = symptom(read_host(facts(failures=log())), None, "the zones are odd", LIMITS)
    assert "request (16 kB) (the zones are odd)" in told.unseen[0]


@pytest.mark.parametrize(
    ("since", "present", "told"),
    [
        (0, False, "no page allocation failures of order 3 or less since step 1 of the workaround (5 before it)"),
        (2, True, "to an atomic request, 2 times"),
        (None, True, "to an atomic request, 7 times"),
    ],
)
def test_what_came_before_the_workaround_is_what_it_was_applied_for(since: int | None, present: bool, told: str) -> None:
    """What was not counted apart counts in full: nothing missing reads as fine."""
    slab = memory_trouble("slab", atomic=True, count=7, since_workaround=since)
    failures = log(failure_group(2, 5), others=[slab], since_workaround={"count": 0, "by_order": {}, "groups": []}, boot_seen=False)
    held = {"vm": blank("vm", min_free_kbytes=262144, zone_reclaim_mode=0), "workaround": in_force(1, 262144)}
    found = finding(failures, **held)
    assert found.present is present
    assert any(told in reason for reason in found.reasons), found.reasons
    assert not any("does not reach back to boot" in reason for reason in found.reasons), "to the workaround it does"


def test_no_failure_before_the_workaround_is_told_where_there_was_none() -> None:
    held = {"vm": blank("vm", min_free_kbytes=262144, zone_reclaim_mode=0), "workaround": in_force(1, 262144)}
    since = {"count": 1, "by_order": {"2": 1}, "groups": [failure_group(2)]}
    told = finding(log(failure_group(2), since_workaround=since), **held).reasons[0]
    assert "1 order-2 page allocation failure since step 1 of the workaround, the last" in told
