# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alert rules and sums, by Prometheus' own tool."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OUTCOMES

from tests.alerts.monitoring import RULES, RULES_TEST, metric_names
from tests.conftest import tool

GROUPS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"]
EVERY: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
RECORDS = [rule["record"] for rule in EVERY if "record" in rule]
ALERTS = {rule["alert"]: rule for rule in EVERY if "alert" in rule}
TESTS: list[dict[str, Any]] = yaml.safe_load(RULES_TEST.read_text())["tests"]


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("promtool", "prometheus"), *map(str, words)], capture_output=True, text=True, check=False)


def test_the_rules_are_sound_and_do_what_their_tests_say() -> None:
    for words in (("check", "rules", RULES), ("test", "rules", RULES_TEST)):
        done = promtool(*words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_tests_can_fail(tmp_path: Path) -> None:
    """An alert that never ends, and one that never comes, are both noticed."""
    (tmp_path / RULES_TEST.name).write_text(RULES_TEST.read_text())
    for was, spoilt in (('verdict="affected"}) == 1', 'verdict="affected"}) == 2'), ('verdict="stalled"}) == 1', 'verdict!=""}) == 1')):
        assert was in RULES.read_text()
        (tmp_path / RULES.name).write_text(RULES.read_text().replace(was, spoilt))
        assert promtool("test", "rules", tmp_path / RULES_TEST.name).returncode == 1


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_is_seen_to_come_and_says_what_to_do(alert: str) -> None:
    assert any(one["alertname"] == alert and one.get("exp_alerts") for test in TESTS for one in test.get("alert_rule_test", ()))
    assert ALERTS[alert]["labels"]["severity"] in ("critical", "warning")
    assert set(ALERTS[alert]["annotations"]) == {"summary", "description"}


def test_each_sum_is_reckoned_once_by_hand() -> None:
    told = RULES_TEST.read_text()
    assert [name for name in RECORDS if f'"{name}' not in told and f" {name}" not in told] == []


def test_no_rule_is_made_of_another() -> None:
    """Groups are evaluated in any order, so one would see what another made a minute ago, or nothing."""
    assert [rule for rule in EVERY if any(name in rule["expr"] for name in RECORDS)] == []


def test_the_rules_know_the_metrics_the_verdicts_and_the_outcomes() -> None:
    every = "\n".join(rule["expr"] for rule in EVERY)
    assert set(re.findall(r"\bpagealloc[\w:]+", every)) <= metric_names()
    for label, values in (("verdict", VERDICTS), ("outcome", OUTCOMES)):
        named = {value for part in re.findall(rf'{label}[!=~]+"([^"]*)"', every) for value in part.split("|")}
        assert named and named <= set(values)
