# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job hands on: counts of all, names of those that need something, and no more than have room."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import counts_by_verdict
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.job_statistics import (
    MOST_NAMES,
    fleet_statistics,
    upgrade_statistics,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.upgrade_outcome import OUTCOMES as UPGRADE_OUTCOMES


def fleet_of(verdicts: dict[str, str], outcomes: dict[str, str] | None = None) -> dict[str, Any]:
    changes = {name: {"change": {"outcome": outcome}} for name, outcome in (outcomes or {}).items()}
    hosts = {name: {"verdict": verdict, **changes.get(name, {})} for name, verdict in verdicts.items()}
    return {"hosts": hosts, "counts": counts_by_verdict(hosts.values())}


def test_names_by_verdict_the_worst_first_and_the_clear_counted() -> None:
    told = fleet_statistics(fleet_of({"db10": "affected", "db2": "affected", "a": "clear", "b": "at_risk"}), "/x/fleet.csv")
    assert told["pagealloc_hosts_by_verdict"] == {"affected": ["db2", "db10"], "at_risk": ["b"]}
    assert list(told["pagealloc_hosts_by_verdict"]) == ["affected", "at_risk"]
    assert told["pagealloc_counts"]["clear"] == 1 and told["pagealloc_hosts_not_named"] == 0
    assert told["pagealloc_list"] == "/x/fleet.csv"
    assert not any("outcome" in name for name in told)


@pytest.mark.parametrize(("affected", "at_risk", "left"), [(998, 2, 0), (999, 2, 1), (1001, 2, 3), (0, 1001, 1)])
def test_what_has_no_room_is_counted(affected: int, at_risk: int, left: int) -> None:
    verdicts = {f"a{number}": "affected" for number in range(affected)} | {f"r{number}": "at_risk" for number in range(at_risk)}
    told = fleet_statistics(fleet_of(verdicts), "list")
    named = told["pagealloc_hosts_by_verdict"]
    assert sum(map(len, named.values())) == min(MOST_NAMES, affected + at_risk) and told["pagealloc_hosts_not_named"] == left
    assert len(named.get("affected", [])) == min(MOST_NAMES, affected)


@pytest.mark.parametrize("name", ["{{ 7*7 }}", "{% raw %}", "x" * 256, "a\x1b[31m", "line\nbreak", "\u202egnp"])
def test_a_name_that_the_next_job_would_read_as_more_is_counted_and_not_named(name: str) -> None:
    told = fleet_statistics(fleet_of({name: "affected", "db": "affected"}), "list")
    assert told["pagealloc_hosts_by_verdict"] == {"affected": ["db"]} and told["pagealloc_hosts_not_named"] == 1


def test_outcomes_of_the_workaround() -> None:
    verdicts = dict.fromkeys("abcd", "affected")
    told = fleet_statistics(fleet_of(verdicts, {"a": "applied", "b": "none", "c": "refused", "d": "kept"}), "list")
    assert told["pagealloc_hosts_by_outcome"] == {"refused": ["c"], "applied": ["a"]}
    assert told["pagealloc_outcome_counts"] == {"refused": 1, "applied": 1, "kept": 1, "none": 1}
    assert told["pagealloc_outcomes_not_named"] == 0


def test_outcomes_of_the_kernel_upgrade() -> None:
    told = upgrade_statistics({"a": {"outcome": "untouched"}, "b": {"outcome": "refused"}}, "/x/kernel_upgrade.json")
    assert told["pagealloc_kernel_upgrade_hosts_by_outcome"] == {"refused": ["b"]}
    assert set(told["pagealloc_kernel_upgrade_counts"]) == set(UPGRADE_OUTCOMES)
    assert told["pagealloc_kernel_upgrade_counts"]["untouched"] == 1
    assert (told["pagealloc_kernel_upgrade_hosts_not_named"], told["pagealloc_kernel_upgrade_list"]) == (0, "/x/kernel_upgrade.json")


def test_an_empty_fleet() -> None:
    told = fleet_statistics(fleet_of({}), "list")
    assert told["pagealloc_hosts_by_verdict"] == {} and set(told["pagealloc_counts"]) == set(VERDICTS)
