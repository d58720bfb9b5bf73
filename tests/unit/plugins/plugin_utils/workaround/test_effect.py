# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a host: from registered results of every kind, and from two states."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import classify_value
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import (
    OF_DECISION,
    OUTCOMES,
    Snapshot,
    change_of,
    got_worse,
    helped,
    not_in_force,
    state,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.plan import DECISIONS
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import facts


def at(verdict: str = "affected", kb: int | None = 67584, mode: int | None = 0, granted: int | None = 12) -> Snapshot:
    return {"verdict": verdict, "min_free_kbytes": kb, "zone_reclaim_mode": mode, "granted": granted}


def test_every_decision_but_to_apply_has_its_outcome() -> None:
    assert set(OF_DECISION) | {"apply"} == set(DECISIONS)
    assert set(OF_DECISION.values()) <= set(OUTCOMES)


@pytest.mark.parametrize(
    ("result", "outcome", "said"),
    [
        (None, "not_reached", "has not reached this host"),
        ({"unreachable": True, "msg": "Task failed: no route"}, "unreachable", "no route"),
        ({"failed": True, "msg": "db01: workaround: odd"}, "failed", "db01: workaround: odd"),
        ({}, "failed", "no result"),
        ({"failed": True, "msg": None}, "failed", "no result"),
        ({"change": "{{ forged }}", "msg": "x" * 5000}, "failed", "xxx"),
    ],
)
def test_a_result_without_a_change_gives_one_all_the_same(result: Any, outcome: str, said: str) -> None:
    change = change_of(result)
    assert (change["outcome"], change["before"], change["after"], change["step"], change["order"]) == (outcome, None, None, None, None)
    assert change["sentences"][0].startswith(said) or said in change["sentences"][0]
    assert len(change["sentences"][0]) <= 600


def test_a_change_is_handed_through_though_the_task_failed() -> None:
    change = {**change_of(None), "outcome": "rolled_back"}
    assert change_of({"failed": True, "msg": "worse", "change": change}) == change


def test_a_state_says_null_where_none_or_some_may_be_granted() -> None:
    zones = [{**facts()["zones"][0], "free_blocks": [80000, 0, 1000, 0], "free_pages": 84000, "free_cma_pages": 4000}]
    seen = facts(kernel={**facts()["kernel"], "release": "6.1.0-25-arm64"}, zones=zones)
    assert state(seen, classify_value(seen, []))["granted"] is None


def test_a_state_says_null_for_what_was_not_seen() -> None:
    seen = facts()
    judged = classify_value(seen, [])
    for order in (2, 3):
        assert state(seen, {**judged, "order": order})["granted"] == judged["headroom"]["atomic"][order]  # type: ignore[index]
    assert state(seen, judged)["granted_by_order"] == judged["headroom"]["atomic"]  # type: ignore[index]
    assert state(seen, {**judged, "order": 40})["granted"] is None, "the kernel has no such order"
    blind = facts(vm=None, zones=None)
    newer = {"watermark_scale_factor": None, "compaction_proactiveness": None}
    assert state(blind, classify_value(blind, [])) == {**at("at_risk", None, None, None), **newer, "granted_by_order": None}


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [(12, 0, True), (12, 1, False), (0, 0, False), (None, 0, False), (12, None, False), (0, 5, False)],
)
def test_worse_is_a_host_that_now_refuses_what_it_granted(before: int | None, after: int | None, worse: bool) -> None:
    assert (got_worse(at(granted=before), at(granted=after)) is not None) == worse


@pytest.mark.parametrize(
    ("after", "wanted", "said"),
    [
        (at(kb=262144, mode=1), (262144, 1), None),
        (at(kb=262144, mode=0), (262144, None), None),
        (at(kb=67584), (262144, None), "vm.min_free_kbytes is 67584 and not 262144"),
        (at(kb=None), (262144, None), "vm.min_free_kbytes is None and not 262144"),
        (at(kb=262144, mode=0), (262144, 1), "vm.zone_reclaim_mode is 0 and not 1"),
        (at(kb=0, mode=1), (0, 0), "vm.zone_reclaim_mode is 1 and not 0"),
    ],
)
def test_a_value_that_something_set_again(after: Snapshot, wanted: tuple[int | None, int | None], said: str | None) -> None:
    found = not_in_force(after, dict(zip(("min_free_kbytes", "zone_reclaim_mode"), wanted, strict=True)))
    assert found is None if said is None else (found or "").startswith(said)


def test_what_a_step_brought() -> None:
    told = helped(at(granted=0), at("mitigated", granted=20480))
    assert told == "The verdict was affected and is mitigated. Before, the kernel would have granted 0 atomic requests in a row, now 20480."
    assert helped(at(granted=None), at("mitigated")) == "The verdict was affected and is mitigated."
