# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role did to the hosts, in each form of the report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.change import change_line, outcome_counts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.html import render_html
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.json_report import render_json
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.prometheus import render_prometheus
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import display_width, printable
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OUTCOMES
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.browser import Browser, chromium
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import (
    HOSTILE,
    changed_fleet,
    sample_fleet,
)
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.test_report_html import Page
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.test_report_json import SCHEMA, errors
from hypothesis import given, settings
from hypothesis import strategies as st

FLEET = changed_fleet()


def change(name: str, fleet: dict[str, Any] = FLEET) -> dict[str, Any]:
    found: dict[str, Any] = fleet["hosts"][name]["change"]
    return found


def test_one_line_tells_what_differs_and_else_why() -> None:
    assert change_line(change("applied-1")) == (
        "applied step 1: vm.min_free_kbytes 67584 to 262144, vm.zone_reclaim_mode 0 to 1, order-2 requests 12 to 20480, affected before"
    )
    assert change_line(change("refused-1")) == f"refused: {change('refused-1')['sentences'][0]}"
    assert change_line({**change("refused-1"), "sentences": []}) == "refused: "


def test_the_settings_of_newer_kernels_are_told_too() -> None:
    newer = {"watermark_scale_factor": 10, "compaction_proactiveness": 20}
    before = {**change("applied-1")["before"], **newer}
    told = change_line({**change("applied-1"), "before": before, "after": {**before, "watermark_scale_factor": 50}})
    assert told == "applied step 1: vm.watermark_scale_factor 10 to 50, order-2 requests 12 to 12"
    written_before = {name: value for name, value in before.items() if name not in newer}
    assert "vm.watermark" not in change_line({**change("applied-1"), "before": written_before, "after": written_before})


def test_what_was_not_seen_is_no_zero() -> None:
    blind = {**change("applied-1"), "after": {"verdict": "affected", "min_free_kbytes": None, "zone_reclaim_mode": 0, "granted": None}}
    assert change_line(blind) == "applied step 1: vm.min_free_kbytes 67584 to ?, order-2 requests 12 to ?"


def test_the_outcomes_are_counted_in_their_order() -> None:
    assert outcome_counts(FLEET) == dict.fromkeys(OUTCOMES, 1)
    assert list(outcome_counts(FLEET)) == list(OUTCOMES)
    assert outcome_counts(sample_fleet()) == {}


def test_the_table_has_every_host_and_outcome() -> None:
    text = render_answer(FLEET, "all", ())
    assert max(map(display_width, text.splitlines())) <= 80
    words = " ".join(text.split())
    for outcome in OUTCOMES:
        assert sum(line.startswith(f"{outcome}-1 ") for line in text.splitlines()) == 1
        assert f"1 {outcome}" in words
    assert "applied step 1: vm.min_free_kbytes 67584 to 262144, vm.zone_reclaim_mode 0 to 1" in words
    assert "Workaround: 1 failed, 1 rolled_back, 1 unreachable, 1 not_reached, " in words
    assert "Workaround:" not in render_answer(sample_fleet(), "all", ())


def test_a_clear_host_says_what_became_of_it() -> None:
    fleet = changed_fleet()
    fleet["hosts"] = {"fine": {**fleet["hosts"]["restored-1"], "verdict": "clear"}}
    assert "restored: vm.min_free_kbytes 67584 to 262144" in " ".join(render_answer(fleet, "all", ()).split())


def test_the_json_is_valid_and_the_schema_knows_every_outcome() -> None:
    assert errors(json.loads(render_json(FLEET))) == []
    assert set(SCHEMA["$defs"]["change"]["properties"]["outcome"]["enum"]) == set(OUTCOMES)
    wrong = json.loads(render_json(FLEET))
    wrong["hosts"]["applied-1"]["change"]["outcome"] = "fine"
    assert errors(wrong)


def test_the_metrics_are_in_bytes_and_leave_out_what_is_not_known() -> None:
    lines = render_prometheus(FLEET).splitlines()
    assert 'pagealloc_change_outcome{host="applied-1",what="workaround",outcome="applied"} 1' in lines
    assert 'pagealloc_change_min_free_bytes{host="applied-1",when="before"} 69206016' in lines
    assert 'pagealloc_change_min_free_bytes{host="applied-1",when="after"} 268435456' in lines
    assert not [line for line in lines if line.startswith('pagealloc_change_min_free_bytes{host="unreachable-1"')]
    assert not [line for line in lines if line.startswith("pagealloc_change_min_free_bytes{") and "refused-1" in line and "after" in line]
    assert sum(line.startswith("pagealloc_change_outcome{") for line in lines) == len(OUTCOMES)
    assert "pagealloc_change" not in render_prometheus(sample_fleet())


@given(st.sampled_from(HOSTILE) | st.text())
@settings(max_examples=40)
def test_hostile_sentences_stay_text_in_every_form(text: str) -> None:
    fleet = changed_fleet(text)
    page = render_html(fleet)
    assert [tag for tag, _attributes in Page(page).tags] == [tag for tag, _attributes in Page(render_html(FLEET)).tags]
    table, prom = render_answer(fleet, "all", ()), render_prometheus(fleet)
    assert not [char for char in page + table + prom if char != "\n" and not char.isprintable()]
    assert max(map(display_width, table.splitlines())) <= 80
    assert errors(json.loads(render_json(fleet))) == []
    assert prom == render_prometheus(FLEET), "metrics hold no sentence"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    running = Browser(chromium(), str(tmp_path_factory.mktemp("profile")))
    yield running
    running.close()


def opened(browser: Browser, path: Path, fleet: dict[str, Any], host: str) -> str:
    """The text of the panel of one host."""
    path.write_text(render_html(fleet), encoding="utf-8")
    browser.open(f"{path.as_uri()}#host={host}")
    text: str = browser.evaluate('document.getElementById("panel").textContent')
    return text


def test_the_panel_tells_before_and_after(browser: Browser, tmp_path: Path) -> None:
    text = opened(browser, tmp_path / "changed.html", FLEET, "applied-1")
    assert "Change: applied" in text and "Step 1 of 5: vm.min_free_kbytes" in text
    rows = browser.evaluate('Array.from(document.querySelectorAll("#panel .change tbody tr"), (row) => row.innerText)')
    assert [" ".join(row.split()) for row in rows] == [
        "verdict affected mitigated",
        "vm.min_free_kbytes (kB) 67,584 262,144",
        "vm.zone_reclaim_mode 0 1",
        "atomic order-2 requests left 12 20,480",
    ]
    for width in (360, 768, 1280):
        browser.resize(width, 900)
        assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    browser.resize(1280, 900)
    # a table of four figures is read across: before and after stand together, the figures one below the other
    beside, end = (
        browser.evaluate(f'Array.from(document.querySelectorAll("#panel .change tr:nth-child(2) td"), (cell) => {what})')
        for what in ("cell.getBoundingClientRect().width", "getComputedStyle(cell).textAlign")
    )
    assert max(beside) < 130 and set(end) == {"right"}
    assert browser.trouble == []


def test_a_host_without_states_has_its_sentence_and_no_table(browser: Browser, tmp_path: Path) -> None:
    text = opened(browser, tmp_path / "changed.html", FLEET, "not_reached-1")
    assert "Change: not reached" in text
    assert browser.evaluate('document.querySelectorAll("#panel .change").length') == 0
    assert "before" in opened(browser, tmp_path / "changed.html", FLEET, "refused-1")
    assert "–" in browser.evaluate('document.querySelector("#panel .change tbody").textContent'), "nothing was done: no after"
    assert browser.trouble == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_sentences_are_shown_and_never_run(browser: Browser, tmp_path: Path, text: str) -> None:
    shown = opened(browser, tmp_path / "hostile.html", changed_fleet(text), "applied-1")
    assert browser.evaluate("document.title") == "Kernel page starvation audit"
    assert browser.evaluate('document.querySelectorAll("#panel :is(script, img, svg)").length') == 0
    assert printable(text)[:100] in shown
    assert browser.trouble == []
