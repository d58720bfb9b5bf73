# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each query of the dashboard, asked of a real Prometheus that has thirty nights of the sample fleet.

Grafana itself is in no Debian. What it does with a query is done here: its variables are put in, a panel over time asks for the whole
range in as many steps as Grafana does, all others ask once for the end of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.alerts.dashboard import PANELS, Query, asked, dashboard, variables
from tests.alerts.monitoring import Server, metric_names, running_prometheus
from tests.alerts.nights import BOOTS_FAULT, HOUR_SECONDS, WAITS, fill, sample_nights, standing, sums

#: Each hour has a sample, and Prometheus looks back for one as long: so as many stand for those that a collector asks for each minute.
_LOOK_BACK = "--query.lookback-delta=65m"
HOST = "db03-el64-seed"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int, int]]:
    """(a Prometheus, the first and the last second of its nights)"""
    folder, nights = tmp_path_factory.mktemp("prometheus"), sample_nights()
    start, end = nights[0][0], nights[-1][0] + 12 * HOUR_SECONDS
    fill(folder / "data", standing(nights, HOUR_SECONDS))
    with running_prometheus(folder, "{}", _LOOK_BACK) as first:
        recorded = list(sums(first, start, end, HOUR_SECONDS))
    fill(folder / "data", recorded)
    with running_prometheus(folder, "{}", _LOOK_BACK) as server:
        yield server, start, end


def named(query: Query) -> str:
    return query.panel["title"]


@pytest.mark.parametrize("query", PANELS, ids=named)
def test_no_panel_is_without_data(filled: tuple[Server, int, int], query: Query) -> None:
    server, start, end = filled
    found = asked(server, query, {"host": HOST, "order": "2"}, start, end)
    assert found, query.expression
    labels = set(re.findall(r"\{\{(\w+)\}\}", query.target.get("legendFormat", "")))
    shown = {name for step in query.panel.get("transformations", ()) for name in step["options"]["renameByName"]} - {"Value"}
    for series in found:
        assert labels | shown <= set(series["metric"]), series["metric"]
    if not query.instant:
        assert max(len(series["values"]) for series in found) > 10, "a point is no course"


def value(filled: tuple[Server, int, int], title: str, **labels: str) -> list[str]:
    server, start, end = filled
    query = next(one for one in PANELS if one.panel["title"] == title)
    found = asked(server, query, {"host": HOST, "order": "2"}, start, end)
    return [one["value"][1] for one in found if labels.items() <= one["metric"].items()]


def test_the_panels_say_what_the_audit_said(filled: tuple[Server, int, int]) -> None:
    assert value(filled, "Hosts in trouble") == ["12"]
    assert value(filled, "Hosts that run out") == ["3"]
    assert value(filled, "Hosts") == ["39"]
    assert value(filled, "Age of the audit") == [str(12 * HOUR_SECONDS)]
    assert value(filled, "Boot the fault next", host=BOOTS_FAULT) == ["1"]
    assert value(filled, "In trouble now", host=HOST, verdict="affected") == ["1"]
    assert value(filled, "Least headroom of order $order", host="web07-el64-bond") == ["0"]
    assert value(filled, "May wait") == ["1"] == value(filled, "Hosts that may wait", host=WAITS, verdict="affected")
    assert value(filled, "Hosts of each group now", group="db", verdict="affected") == ["8"]
    assert value(filled, "Causes of each host", host=HOST, cause="leak") == ["1"]


def test_the_variables_have_values(filled: tuple[Server, int, int]) -> None:
    server, start, end = filled
    for name, metric, label in variables():
        span = {"match[]": metric, "start": str(start), "end": str(end)}
        assert json.loads(server.get(f"/api/v1/label/{label}/values", **span))["data"], name


def test_a_panel_over_time_reads_sums_or_one_host() -> None:
    """Thirty days of ten thousand hosts are too much to read for a picture."""
    for query in PANELS:
        if not query.instant:
            metrics = re.findall(r"pagealloc[\w:]+", query.expression)
            assert all(":" in metric for metric in metrics) or 'host="$host"' in query.expression, query.expression
        elif query.panel["type"] == "table" and "$host" not in query.expression:
            assert re.match(r"(topk|bottomk)\(\d+, ", query.expression), query.expression


def test_the_dashboard_knows_the_metrics_and_can_be_imported() -> None:
    board = dashboard()
    assert board["uid"] and board["id"] is None and board["schemaVersion"] >= 36
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for query in PANELS:
        assert query.panel["datasource"] == query.target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert {name for name in re.findall(r"\bpagealloc_\w+", query.expression) if name not in metric_names()} == set()


def test_no_two_panels_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place: dict[str, Any] = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not taken & cells and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
