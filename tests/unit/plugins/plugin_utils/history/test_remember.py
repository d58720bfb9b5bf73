# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole nights: fleets that are audited one after the other, and what the documents and reports say of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import Keeping, default_url, open_history
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import observation_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.remember import remember
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.html import render_html
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.json_report import render_json
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.past import write_csv
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.prometheus import render_prometheus
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


def starved_by_a_leak(percent: int, night: int, booted: int = 0) -> Gathered:
    """A starved host with this much uncounted memory, on that night."""
    made = host(memory=memory(lost=percent), booted_epoch_seconds=booted, uptime_seconds=night * _DAY - booted)
    return Gathered(made)


def leak_of(fleet: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in fleet["hosts"]["a"]["causes"] if one["cause"] == "leak")


def test_a_leak_tells_how_it_has_grown_in_this_boot(keeping: Keeping) -> None:
    audited(keeping, 1, {"a": starved_by_a_leak(30, 1)})
    audited(keeping, 2, {"a": starved_by_a_leak(16, 2, booted=1 * _DAY + 3600)})  # it was booted since
    audited(keeping, 3, {"a": starved_by_a_leak(18, 3, booted=1 * _DAY + 3600)})
    last = leak_of(audited(keeping, 4, {"a": starved_by_a_leak(20, 4, booted=1 * _DAY + 3600)}))
    assert last["reasons"][-1] == "history: it grew by 39 MB since 1970-01-03 (3 audits of this boot)"
    assert last["figures"]["grown_kb"] == 40_000
    shrunk = leak_of(audited(keeping, 5, {"a": starved_by_a_leak(16, 5, booted=1 * _DAY + 3600)}))
    assert not any("history" in reason for reason in shrunk["reasons"])


def test_the_first_audit_has_nothing_to_compare_with(keeping: Keeping) -> None:
    fleet = audited(keeping, 1, {"a": at_risk(100, 1)})
    assert fleet["history"] == {
        "label": "fleet", "audits": 0, "previous_at": None, "changes": {}, "new_verdicts": fleet["counts"], "fault": None,
        "nights": [{"at": "1970-01-02T00:00:00Z", "whole_fleet": True, "verdicts": {"at_risk": 1}}],
    }  # fmt: skip
    assert fleet["hosts"]["a"]["forecast"]["state"] == "too_few_audits"
    assert "Since the audit" not in render_answer(fleet, "all", ())


def test_a_falling_host_is_told_before_it_fails(keeping: Keeping) -> None:
    for night in range(1, 9):
        fleet = audited(keeping, night, {"a-steady": at_risk(60 + night % 2, night), "b-falls": at_risk(100 - 10 * night, night)})
    falls = fleet["hosts"]["b-falls"]
    assert falls["forecast"]["state"] == "falling" and fleet["hosts"]["a-steady"]["forecast"]["state"] == "no_trend"
    assert falls["reasons"][0].startswith("headroom falls by ") and "nothing will be left between 1970-01-" in falls["reasons"][0]
    table, page = render_answer(fleet, "all", ()), render_html(fleet)
    assert table.index("b-falls") < table.index("a-steady")
    assert "headroom falls: b-falls" in table and "headroom falls: b-falls" in page
    metric = 'pagealloc_headroom_exhausted_timestamp_seconds{host="b-falls",end="earliest"} '
    earliest = float(render_prometheus(fleet).split(metric)[1].split("\n")[0])
    assert 8 * _DAY < earliest <= 10.5 * _DAY


def leaking(taken_percent: float, night: int) -> Gathered:
    """A host whose page cache holds all that is free, and of whose memory a driver has taken so much."""
    facts: dict[str, Any] = json.loads(json.dumps(at_risk(60 + night % 3, night).facts))
    taken = int(facts["memory"]["total_kb"] * taken_percent / 100)
    facts["memory"] = {**facts["memory"], "inactive_file_kb": facts["memory"]["inactive_file_kb"] - taken}
    return Gathered(facts)


def test_a_leak_that_eats_the_page_cache_is_told_though_the_headroom_stands(keeping: Keeping) -> None:
    for night in range(1, 11):
        fleet = audited(keeping, night, {"leaks": leaking(2 * night, night), "stands": leaking(5, night)})
    leaks, stands = fleet["hosts"]["leaks"], fleet["hosts"]["stands"]
    assert leaks["forecast"]["state"] == "no_trend" and leaks["forecast"]["unaccounted"]["state"] == "rising"
    assert leaks["forecast"]["unaccounted"]["per_day"] == pytest.approx(15566296 * 0.02, rel=0.01)
    assert leaks["reasons"][0].startswith(
        "memory that the kernel counts nowhere grows by 304 MB a day (10 audits since 1970-01-02): if this goes"
    )
    assert stands["forecast"]["unaccounted"]["state"] == "no_trend" and stands["past"] is None
    table = render_answer(fleet, "all", ())
    assert table.index("leaks") < table.index("stands") and "memory leaks: leaks" in table


def test_a_cache_that_fills_is_no_fall(keeping: Keeping) -> None:
    for night in range(1, 10):
        facts: dict[str, Any] = json.loads(json.dumps(at_risk(100 - 10 * night, night).facts))
        memory, cached = facts["memory"], night * 100_000
        facts["memory"] = {**memory, "free_kb": memory["free_kb"] - cached, "inactive_file_kb": memory["inactive_file_kb"] + cached}
        fleet = audited(keeping, night, {"a": Gathered(facts)})
    told = fleet["hosts"]["a"]["forecast"]
    assert (told["state"], told["exhausted_earliest"], told["audits"]) == ("cache_fills", None, 9) and told["per_day"] < 0
    assert "headroom falls" not in render_answer(fleet, "all", ())


def test_the_course_of_a_host_in_trouble_has_what_happened_to_it(keeping: Keeping) -> None:
    for night in range(1, 9):
        fleet = audited(keeping, night, {"a": at_risk(100 - 10 * night, night)})
    course = fleet["hosts"]["a"]["past"]
    assert course["order"] == 2 and len(course["at"]) == 8 and course["marks"] == []
    assert course["headroom"] == sorted(course["headroom"], reverse=True) and None not in course["unaccounted_kb"]
    assert [night["verdicts"] for night in fleet["history"]["nights"]] == [{"at_risk": 1}] * 8


def csv_of(keeping: Keeping, file: Path) -> Path:
    with open_history(keeping.url) as history, file.open("w", newline="") as opened:
        history.observations(lambda rows: write_csv(opened, rows))
    return file


def test_audits_from_a_file_are_the_past_as_those_of_the_database_are(keeping: Keeping, tmp_path: Path) -> None:
    for night in range(1, 9):
        audited(keeping, night, {"a": at_risk(100 - 10 * night, night), "gone": at_risk(60, night)})
    (tmp_path / "new").mkdir()
    past = csv_of(keeping, tmp_path / "past.csv")
    new = replace(keeping, url=default_url(str(tmp_path / "new")), past=str(past))
    here, there = (audited(one, 9, {"a": at_risk(10, 9)}) for one in (keeping, new))
    for name in ("audits", "previous_at", "changes", "nights", "fault"):
        assert here["history"][name] == there["history"][name], name
    assert here["hosts"] == there["hosts"] and there["hosts"]["a"]["forecast"]["audits"] == 9
    assert audited(replace(new, past=""), 10, {"a": at_risk(10, 10)})["history"]["audits"] == 1, "the file was not kept"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("host,verdict\n", "has no column audit_epoch_seconds. Write the file with the playbook history"),
        ("audit_epoch_seconds,host,verdict,at_epoch_seconds\n1,a,fine,1\n", "line 2: 'fine' is not a verdict"),
        ("audit_epoch_seconds,host,verdict,at_epoch_seconds\n1,a,clear,soon\n", "line 2: invalid literal"),
        (
            "audit_epoch_seconds,host,verdict,at_epoch_seconds,headroom\n1,a,clear,1,4 2 x\n",
            "line 2: headroom: 4 2 x is not a list of numbers",
        ),
        ("audit_epoch_seconds,host,verdict,at_epoch_seconds\n1,,clear,1\n", "line 2: the line has no host"),
        ("audit_epoch_seconds,host,verdict,at_epoch_seconds,kernel\n1,a,clear,1," + "k" * 1401, "line 2: one cell is longer"),
        ("\x00\n", "audit_past: "),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_no_past_costs_the_audit_nothing_else(keeping: Keeping, tmp_path: Path, text: str | None, told: str) -> None:
    if text is not None:
        (tmp_path / "past.csv").write_text(text)
    audited(keeping, 1, {"a": at_risk(60, 1)})
    fleet = audited(replace(keeping, past=str(tmp_path / "past.csv")), 2, {"a": at_risk(60, 2)})
    assert told in fleet["history"]["fault"] and fleet["counts"]["at_risk"] == 1
    assert audited(keeping, 3, {"a": at_risk(60, 3)})["history"]["audits"] == 2, "the database has that audit all the same"


def test_other_reports_of_a_host_are_its_past(keeping: Keeping) -> None:
    older = [observation_of(judge_fleet({"a": at_risk(100 - 10 * night, night)}, [])["hosts"]["a"], 0) for night in range(1, 8)]
    fleet = judge_fleet({"a": at_risk(20, 8)}, [])
    remember(fleet, keeping, 99 * _DAY, {"a": older})
    assert fleet["hosts"]["a"]["forecast"]["state"] == "falling" and fleet["history"]["audits"] == 0


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
    for report in (render_answer(fleet, "all", ()), render_html(fleet)):
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
    table = render_answer(fleet, "all", ())
    assert "What changed since the last audit is not known" in table and "hidden1word" not in table + render_json(fleet)


def test_hostile_names_stay_names(keeping: Keeping) -> None:
    name = "<script>alert(1)</script>\x1b[31m{{ 7 * 7 }}"
    audited(keeping, 1, {"a": at_risk(100, 1)})
    fleet = audited(keeping, 2, {name: at_risk(0, 2)})
    assert fleet["history"]["changes"]["new"] == [name]
    assert "<script>alert" not in render_html(fleet) and "\x1b" not in render_answer(fleet, "all", ())
