# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole nights: fleets that are audited one after the other, and what the documents and reports say of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import Keeping, default_url
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.remember import remember
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.html import render_html
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.json_report import render_json
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.prometheus import render_prometheus
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.table import render_table
from jsonschema import Draft202012Validator

from tests.conftest import ROOT, SAMPLE_FLEET
from tests.unit.plugins.plugin_utils.explain.test_causes import host, memory

_DAY = 86400
_SCHEMA = Draft202012Validator(json.loads((ROOT / "docs" / "fleet.schema.json").read_text()))


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(default_url(str(tmp_path)), "fleet", 400, whole_fleet=True, write=True)


def at_risk(headroom_percent: int, night: int) -> Gathered:
    """A host of the case's kernel with so much of the headroom that the sample has, on that night."""
    facts: dict[str, Any] = json.loads(json.dumps(Gathered.from_record(str(SAMPLE_FLEET / "evidence" / "db02-el64.evidence")).facts))
    for zone in facts["zones"]:
        zone["free_blocks"] = [count * headroom_percent // 100 for count in zone["free_blocks"]]
        zone["free_pages"] = None
    facts["failures"] = {**facts["failures"], "count": 0, "by_order": {}}
    return Gathered({**facts, "booted_epoch_seconds": 0, "uptime_seconds": night * _DAY})


def audited(keeping: Keeping, night: int, hosts: dict[str, Gathered], site: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    fleet = judge_fleet(hosts, site or [])
    remember(fleet, keeping, night * _DAY)
    errors = [error.message for error in _SCHEMA.iter_errors(json.loads(render_json(fleet)))]
    assert errors == []
    return fleet


def leaking(percent: int, night: int, booted: int = 0) -> Gathered:
    """A starved host of which so much memory is nobody's, on that night."""
    made = host(memory=memory(lost=percent), booted_epoch_seconds=booted, uptime_seconds=night * _DAY - booted)
    return Gathered(made)


def leak_of(fleet: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in fleet["hosts"]["a"]["causes"] if one["cause"] == "leak")


def test_a_leak_tells_how_it_has_grown_in_this_boot(keeping: Keeping) -> None:
    audited(keeping, 1, {"a": leaking(30, 1)})
    audited(keeping, 2, {"a": leaking(16, 2, booted=1 * _DAY + 3600)})  # it was booted since
    audited(keeping, 3, {"a": leaking(18, 3, booted=1 * _DAY + 3600)})
    last = leak_of(audited(keeping, 4, {"a": leaking(20, 4, booted=1 * _DAY + 3600)}))
    assert last["reasons"][-1] == "history: 39 MB of it came since 1970-01-03 (3 audits of this boot), 19 MB a day"
    assert last["figures"]["grown_kb"] == 40_000
    shrunk = leak_of(audited(keeping, 5, {"a": leaking(16, 5, booted=1 * _DAY + 3600)}))
    assert not any("history" in reason for reason in shrunk["reasons"])


def test_the_first_audit_has_nothing_to_compare_with(keeping: Keeping) -> None:
    fleet = audited(keeping, 1, {"a": at_risk(100, 1)})
    assert fleet["history"] == {
        "label": "fleet", "audits": 0, "previous_at": None, "changes": {}, "new_verdicts": fleet["counts"], "fault": None,
    }  # fmt: skip
    assert fleet["hosts"]["a"]["forecast"]["state"] == "too_few_audits"
    assert "Since the audit" not in render_table(fleet)


def test_a_falling_host_is_told_before_it_fails(keeping: Keeping) -> None:
    for night in range(1, 9):
        fleet = audited(keeping, night, {"a-steady": at_risk(60 + night % 2, night), "b-falls": at_risk(100 - 10 * night, night)})
    falls = fleet["hosts"]["b-falls"]
    assert falls["forecast"]["state"] == "falling" and fleet["hosts"]["a-steady"]["forecast"]["state"] == "no_trend"
    assert falls["reasons"][0].startswith("headroom falls by ") and "nothing is left between 1970-01-" in falls["reasons"][0]
    table, page = render_table(fleet), render_html(fleet)
    assert table.index("b-falls") < table.index("a-steady")
    assert "headroom falls: b-falls" in table and "headroom falls: b-falls" in page
    metric = 'pagealloc_headroom_exhausted_timestamp_seconds{host="b-falls",end="earliest"} '
    earliest = float(render_prometheus(fleet).split(metric)[1].split("\n")[0])
    assert 8 * _DAY < earliest <= 10.5 * _DAY


def test_the_order_of_a_sites_advisory_is_followed(keeping: Keeping) -> None:
    site = [{"id": "mlx4_en-rhel-6.4-order-2", "order": 3}]
    for night in range(1, 9):
        fleet = audited(keeping, night, {"falls": at_risk(100 - 10 * night, night)}, site)
    falls = fleet["hosts"]["falls"]
    assert falls["forecast"]["order"] == 3 and " order-3 requests a day " in falls["reasons"][0]
    gone = audited(keeping, 9, {"falls": Gathered(None, "no route to host", unreachable=True)}, site)["hosts"]["falls"]
    assert (gone["forecast"]["order"], gone["forecast"]["state"]) == (None, "too_few_audits")


def test_what_changed_stands_in_the_reports(keeping: Keeping) -> None:
    audited(keeping, 1, {"a": at_risk(100, 1), "b": at_risk(100, 1), "c": at_risk(100, 1)})
    fleet = audited(keeping, 2, {"a": at_risk(0, 2), "b": at_risk(100, 2), "d": Gathered(None, "no route to host", unreachable=True)})
    assert fleet["history"]["changes"] == {"newly_affected": ["a"], "gone": ["c"], "new": ["d"]}
    assert fleet["history"]["new_verdicts"] == {"affected": 1, "unreachable": 1}
    for report in (render_table(fleet), render_html(fleet)):
        assert "Since the audit of 1970-01-02 00:00 UTC" in report and "newly affected: a" in report and "gone: c" in report


def test_an_audit_of_a_part_leaves_the_rest_alone(keeping: Keeping) -> None:
    audited(keeping, 1, {"a": at_risk(100, 1), "b": at_risk(100, 1)})
    part = replace(keeping, whole_fleet=False)
    assert audited(part, 2, {"a": at_risk(100, 2)})["history"]["changes"] == {}
    assert audited(keeping, 3, {"a": at_risk(0, 3), "b": at_risk(100, 3)})["history"]["changes"] == {"newly_affected": ["a"]}


def test_an_old_audit_is_let_go(keeping: Keeping) -> None:
    for night in (1, 2, 500):
        fleet = audited(keeping, night, {"a": at_risk(100, night)})
    assert fleet["history"]["audits"] == 2
    assert audited(keeping, 501, {"a": at_risk(100, 501)})["history"]["audits"] == 1


def test_a_history_that_cannot_be_kept_costs_the_audit_nothing_else(keeping: Keeping, tmp_path: Path) -> None:
    fleet = audited(replace(keeping, url="postgresql://user:hidden1word@127.0.0.1:1/x"), 1, {"a": at_risk(0, 1)})
    assert fleet["hosts"]["a"]["verdict"] == "affected" and fleet["history"]["new_verdicts"] == fleet["counts"]
    table = render_table(fleet)
    assert "What changed since the last audit is not known" in table and "hidden1word" not in table + render_json(fleet)


def test_hostile_names_stay_names(keeping: Keeping) -> None:
    name = "<script>alert(1)</script>\x1b[31m{{ 7 * 7 }}"
    audited(keeping, 1, {"a": at_risk(100, 1)})
    fleet = audited(keeping, 2, {name: at_risk(0, 2)})
    assert fleet["history"]["changes"]["new"] == [name]
    assert "<script>alert" not in render_html(fleet) and "\x1b" not in render_table(fleet)
