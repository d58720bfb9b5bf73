# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the terminal shows last: on one screen, the worst hosts first, and where the rest is."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.whereabouts import whereabouts
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import (
    compared_fleet,
    facts,
    fleet_of,
    result,
    sample_fleet,
)


def fleet_with(**hosts: int) -> dict[str, Any]:
    one = {verdict: result(verdict, facts() if verdict == "clear" else None, ["x"]) for verdict in hosts}
    return fleet_of({f"{verdict}-{number}": one[verdict] for verdict, most in hosts.items() for number in range(most)})


def listed(text: str, fleet: dict[str, Any]) -> list[str]:
    return [line.split(" ")[0] for line in text.split("\n") if line.split(" ")[0] in fleet["hosts"]]


@pytest.mark.parametrize("lines", [24, 30, 60])
@pytest.mark.parametrize("fleet", [sample_fleet(), compared_fleet(), fleet_with(stalled=50, clear=50)], ids=["sample", "compared", "many"])
def test_it_fits_the_screen_and_uses_it(fleet: dict[str, Any], lines: int) -> None:
    text = render_answer(fleet, "worst", ["Report: fleet.html"], screen_lines=lines)
    assert len(text.splitlines()) <= lines
    taller = render_answer(fleet, "worst", ["Report: fleet.html"], screen_lines=lines + 20)
    assert len(taller.splitlines()) > len(text.splitlines()) or "more that are not clear" not in taller


def test_the_worst_come_first_the_clear_are_counted_and_the_place_stands_last() -> None:
    fleet = fleet_with(clear=100, stalled=2, unknown=1)
    text = render_answer(fleet, "worst", ["Report: a", "It is gone."])
    assert listed(text, fleet) == ["stalled-0", "stalled-1", "unknown-0"]
    assert "… and 100 more clear hosts, see fleet.html" in text
    assert text.endswith("103 hosts: 2 stalled, 1 unknown, 100 clear\nReport: a\nIt is gone.\n")


def test_on_the_smallest_screen_the_two_worst_are_told() -> None:
    fleet = fleet_with(stalled=9)
    text = render_answer(fleet, "worst", (), screen_lines=1)
    assert listed(text, fleet) == ["stalled-0", "stalled-1"] and "7 more that are not clear" in text


def test_where_all_are_clear_no_table_is_shown() -> None:
    text = render_answer(fleet_with(clear=3), "worst", ["Report: a"])
    assert text == "… and 3 more clear hosts, see fleet.html\n\n3 hosts: 3 clear\nReport: a\n"


def test_each_change_is_shown_and_hosts_on_which_nothing_was_to_be_done_are_not() -> None:
    def host(outcome: str) -> dict[str, Any]:
        change = {
            "what": "workaround",
            "outcome": outcome,
            "step": None,
            "order": None,
            "sentences": ["why"],
            "before": None,
            "after": None,
        }
        return {**result("clear", facts(), ["fine"]), "change": change}

    fleet = fleet_of({f"a{number}": host("applied") for number in range(40)} | {"idle": host("none"), "same": host("kept")})
    text = render_answer(fleet, "worst", ())
    assert len(listed(text, fleet)) == 40 and "idle" not in listed(text, fleet) and "same" not in listed(text, fleet)
    assert {"idle", "same"} <= set(listed(render_answer(fleet, "all", ()), fleet))


@pytest.mark.parametrize(
    ("page", "variables", "kept", "gone"),
    [
        ("/srv/reports/fleet.html", {}, False, False),  # no job
        ("/srv/reports/fleet.html", {"awx_job_id": 7}, True, False),  # a path that is exposed to the jobs
        ("/srv/reports/fleet.html", {"awx_job_id": 7}, False, True),
        ("/srv/reports/fleet.html", {"tower_job_id": 7}, False, True),
        ("/runner/project/fleet.html", {}, True, True),  # ansible-runner without a controller
    ],
)
def test_that_a_report_goes_with_its_job_is_said(page: str, variables: dict[str, int], kept: bool, gone: bool) -> None:
    lines = whereabouts(page, variables, kept=kept)
    assert lines[0] == f"Report: {page}"
    assert ("The container of this job takes it away." in " ".join(lines)) is gone and len(lines) == (3 if gone else 1)
    assert all(len(line) <= 80 for line in lines)
