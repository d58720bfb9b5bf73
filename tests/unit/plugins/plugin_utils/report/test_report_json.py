# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.json: valid against its schema, stable, safe to write and to look at."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import REPORTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.json_report import render_json
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import (
    fleet_of,
    hostile_fleet,
    large_fleet,
    result,
    sample_fleet,
)

ROOT = Path(__file__).parents[5]
SCHEMA = json.loads((ROOT / "docs" / "fleet.schema.json").read_text(encoding="utf-8"))


def errors(document: object) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.json_path for error in validator.iter_errors(document)]


def test_the_schema_is_a_schema_and_knows_every_verdict() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert list(SCHEMA["properties"]["counts"]["properties"]) == list(VERDICTS)
    assert {one["const"]: one["description"] for one in SCHEMA["$defs"]["verdict"]["oneOf"]} == VERDICTS


@pytest.mark.parametrize("fleet", [sample_fleet(), hostile_fleet(), fleet_of({})], ids=["sample", "hostile", "empty"])
def test_the_report_is_valid(fleet: dict[str, Any]) -> None:
    assert errors(json.loads(render_json(fleet))) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("counts", "fine"), 1),
        (("counts", "clear"), -1),
        (("generated_at",), "yesterday"),
        (("hosts", "web-1", "verdict"), "fine"),
        (("hosts", "web-1", "headroom", "rule"), "some"),
        (("hosts", "web-1", "headroom", "zones", 0, "atomic", 0), -1),
        (("hosts", "web-1", "facts", "zones", 0, "free_blocks", 0), "3"),
        (("hosts", "web-1", "facts", "nics", 0, "drivers"), "mlx4_en"),
        (("hosts", "web-1", "facts", "surprise"), 1),
    ],
)
def test_the_schema_refuses(path: tuple[Any, ...], value: object) -> None:
    fleet = copy.deepcopy(sample_fleet())
    place: Any = fleet
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert errors(fleet)


def test_nothing_is_lost() -> None:
    assert json.loads(render_json(sample_fleet())) == sample_fleet()


def test_one_line_for_each_host_in_an_order_that_never_varies() -> None:
    fleet = sample_fleet()
    text = render_json(fleet)
    backwards = {**fleet, "hosts": {name: dict(reversed(list(host.items()))) for name, host in reversed(list(fleet["hosts"].items()))}}
    assert render_json(backwards) == text
    lines = text.split("\n")
    assert [line.split('"')[1] for line in lines if '"verdict":' in line] == sorted(fleet["hosts"])
    assert list(json.loads(text)) == [
        *("schema", "generated_at", "collection_version", "counts", "advisories", "commands", "comparison", "history", "hosts")
    ]
    assert list(json.loads(text)["counts"]) == list(VERDICTS)


def test_hostile_text_can_be_written_and_looked_at() -> None:
    text = render_json(hostile_fleet())
    text.encode("utf-8")
    assert all(line.isprintable() or set(line) & {"\ue000", "\U000f0001"} for line in text.split("\n"))
    names = set(json.loads(text)["hosts"])
    assert names == {name.replace("\udc80", "\ufffd") for name in hostile_fleet()["hosts"]}
    assert "lone\\ufffdsurrogate" in text
    assert "漢字" in text


def test_the_largest_numbers_stay_and_no_number_is_refused() -> None:
    fleet = sample_fleet()
    fleet["hosts"]["web-1"]["facts"]["uptime_seconds"] = 2**70
    assert str(2**70) in render_json(fleet)
    fleet["hosts"]["web-1"]["headroom"]["unusable_free_percent"][0] = float("nan")
    with pytest.raises(ValueError):
        render_json(fleet)


def test_ten_thousand_hosts() -> None:
    assert len(json.loads(render_json(large_fleet(10000)))["hosts"]) == 10000


def test_a_host_without_facts() -> None:
    fleet = fleet_of({"gone": result("unreachable", None, ["No answer."])})
    assert json.loads(render_json(fleet))["hosts"]["gone"]["facts"] is None


def _facts(transcript: str) -> dict[str, Any]:
    # The parsers run on Python 2.7 too and have no types.
    read: Any = read_transcript
    parse: Any = facts_from
    facts: dict[str, Any] = parse(read(transcript))
    return facts


def test_what_the_other_rooms_make_of_real_evidence_fits_the_schema_and_every_report() -> None:
    records = sorted((ROOT / "playbooks" / "sample_fleet" / "evidence").glob("*.evidence"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in records}
    fleet = judge_fleet({name: Gathered(_facts(text)) for name, text in texts.items()}, [])
    assert errors(json.loads(render_json(fleet))) == []
    for _file, render in REPORTS.values():
        assert all(name in "".join(render(fleet)) for name in texts)
    table = render_answer(fleet, "all", ())
    assert all(name[:16] in table for name in texts), "80 columns cut the longest names"
