# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verdict and its actions make of a host on which the workaround role has been."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import SETTINGS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import FactsError, Result
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host_reading import read_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import classify_value
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import (
    AFFECTED_KERNEL,
    FIXED_KERNEL,
    SHATTERED,
    facts,
    failures,
    kernel,
    zone,
)
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.workaround.hosts import in_force

STEP_KB = 524288
OURS = [{"file": SETTINGS, "name": "min_free_kbytes", "value": str(STEP_KB)}]
BEFORE = {"count": 0, "by_order": {}}


def after_the_workaround(since: dict[str, Any] | None, *, now: int = STEP_KB, record: dict[str, Any] | None = None, **more: Any) -> Result:
    """The result for an affected host with 12 failures since boot, ``since`` of them since the workaround."""
    return classify_value(
        facts(
            vm={"min_free_kbytes": now, "zone_reclaim_mode": 0, "boot_settings": OURS},
            workaround=in_force(2, STEP_KB) if record is None else record,
            failures=failures({"2": 12}, since_workaround=since, boot_seen=False),
            **more,
        ),
        [],
    )


def test_failures_before_the_workaround_do_not_count_while_it_holds() -> None:
    result = after_the_workaround(BEFORE)
    assert (result["verdict"], result["symptom"]) == ("mitigated", False)
    assert any("since step 2 of the workaround (12 before it)" in reason for reason in result["reasons"])


def test_failures_after_it_do_count() -> None:
    result = after_the_workaround({"count": 3, "by_order": {"2": 3}})
    assert (result["verdict"], result["symptom"]) == ("affected", True)
    assert "3 order-2 page allocation failures since step 2 of the workaround (9 before it)" in result["reasons"][0]


def test_all_count_again_where_somebody_lowered_the_value() -> None:
    result = after_the_workaround(BEFORE, now=STEP_KB - 1)
    assert result["verdict"] == "affected" and "12 order-2 page allocation failures since boot" in result["reasons"][0]


def test_a_value_above_that_of_the_record_holds_too() -> None:
    assert after_the_workaround(BEFORE, now=STEP_KB + 1)["verdict"] == "mitigated"


def test_all_count_where_it_is_not_known_what_came_after() -> None:
    result = after_the_workaround(None)
    assert result["verdict"] == "affected" and "12 order-2 page allocation failures since boot" in result["reasons"][0]


@pytest.mark.parametrize("phase", ["pending", "leaving", "none"])
def test_all_count_where_no_step_is_known_to_be_in_force(phase: str) -> None:
    assert after_the_workaround(BEFORE, record={**in_force(2, STEP_KB), "phase": phase})["verdict"] == "affected"


def without_the_record(settings: Any, now: int = STEP_KB) -> Result:
    """As a sosreport gives it, which keeps the role's settings and mark, but not its record."""
    seen = facts(
        vm={"min_free_kbytes": now, "zone_reclaim_mode": 0, "boot_settings": settings},
        workaround=None,
        failures=failures({"2": 12}, since_workaround=BEFORE),
    )
    return classify_value(seen, [])


def test_a_sosreport_tells_by_the_roles_settings() -> None:
    result = without_the_record(OURS)
    assert result["verdict"] == "mitigated"
    assert any("since the workaround (12 before it)" in reason for reason in result["reasons"])


@pytest.mark.parametrize(
    "settings",
    [
        [],
        None,
        [{**OURS[0], "file": "/etc/sysctl.d/50-other.conf"}],
        [{**OURS[0], "name": "zone_reclaim_mode"}],
        [{**OURS[0], "value": "many"}],
        [{**OURS[0], "value": "9" * 60}],
        [{**OURS[0], "value": "\N{SUPERSCRIPT TWO}"}],
    ],
)
def test_without_the_roles_settings_all_failures_count(settings: Any) -> None:
    assert without_the_record(settings)["verdict"] == "affected"


def test_a_sosreport_of_a_host_on_which_somebody_lowered_the_value() -> None:
    assert without_the_record(OURS, now=STEP_KB - 1)["verdict"] == "affected"


def actions(result: Result) -> dict[str, str]:
    return {action["action"]: action["description"] for action in result["actions"]}


def test_taking_it_back_is_offered_where_the_fixed_kernel_runs() -> None:
    ours = {"workaround": in_force(2, STEP_KB), "vm": {"min_free_kbytes": STEP_KB, "zone_reclaim_mode": 0}}
    fixed = classify_value(facts(kernel=kernel(FIXED_KERNEL), **ours), [])
    assert fixed["verdict"] == "clear"
    assert "vm.min_free_kbytes was 67584 kB" in actions(fixed)["remove_workaround"]
    assert "remove_workaround" not in actions(classify_value(facts(**ours), [])), "it is needed where the fault is"
    starved = classify_value(facts(kernel=kernel(FIXED_KERNEL), zones=[zone(list(SHATTERED))], **ours), [])
    assert starved["verdict"] == "starved" and "remove_workaround" not in actions(starved)
    untouched = classify_value(facts(kernel=kernel(FIXED_KERNEL)), [])
    assert "remove_workaround" not in actions(untouched)
    returning = facts(kernel=kernel(FIXED_KERNEL, default_boot=AFFECTED_KERNEL, installed=None), **ours)
    assert list(actions(classify_value(returning, []))) == ["set_default_kernel"], "the next boot needs it"


@pytest.mark.parametrize("phase", ["pending", "leaving"])
@pytest.mark.parametrize("release", [FIXED_KERNEL, "2.6.32-358.el6.x86_64"])
def test_a_cut_run_is_to_be_finished_whatever_the_verdict(phase: str, release: str) -> None:
    cut = {**in_force(2, STEP_KB), "phase": phase}
    found = actions(classify_value(facts(kernel=kernel(release), workaround=cut), []))
    assert "finish_workaround" in found and "remove_workaround" not in found


@pytest.mark.parametrize(
    ("over", "key"),
    [
        ({"workaround": []}, "workaround"),
        ({"workaround": {"phase": 1}}, "workaround.phase"),
        ({"workaround": {"phase": "in_force", "step": -1}}, "workaround.step"),
        ({"workaround": {"phase": "in_force", "in_force_seconds": "600"}}, "workaround.in_force_seconds"),
        ({"vm": {"boot_settings": {}}}, "vm.boot_settings"),
        ({"vm": {"boot_settings": ["x"]}}, "vm.boot_settings[0]"),
        ({"vm": {"boot_settings": [{"name": "min_free_kbytes", "value": "1"}]}}, "vm.boot_settings[0].file"),
        ({"vm": {"boot_settings": [{**OURS[0], "value": 1}]}}, "vm.boot_settings[0].value"),
        ({"memory": []}, "memory"),
        ({"memory": {"total_kb": "much"}}, "memory.total_kb"),
        ({"failures": failures({"2": 1}, since_workaround=7)}, "failures.since_workaround"),
        ({"failures": failures({"2": 1}, since_workaround={"count": -1})}, "failures.since_workaround.count"),
        ({"failures": failures({"2": 1}, since_workaround={"count": 1, "by_order": {"two": 1}})}, "failures.since_workaround.by_order"),
    ],
)
def test_odd_facts_are_named(over: dict[str, Any], key: str) -> None:
    with pytest.raises(FactsError) as refused:
        read_host(facts(**over))
    assert refused.value.key == key
