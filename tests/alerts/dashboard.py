# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queries of the dashboard, and asking them as Grafana does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.alerts.monitoring import Server
from tests.conftest import ROOT

_DASHBOARD = ROOT / "extensions" / "grafana" / "pagealloc.dashboard.json"
#: As many points as Grafana asks for at the most in a panel over half of a screen.
_POINTS = 900


@dataclass(frozen=True)
class Query:
    """One query of one panel. ``instant``: of the end of the range alone."""

    panel: Mapping[str, Any]
    target: Mapping[str, Any]

    @property
    def expression(self) -> str:
        return str(self.target["expr"])

    @property
    def instant(self) -> bool:
        return bool(self.target["instant"])


def dashboard() -> dict[str, Any]:
    return dict(json.loads(_DASHBOARD.read_text()))


PANELS = [Query(panel, target) for panel in dashboard()["panels"] for target in panel.get("targets", ())]


def variables() -> Iterator[tuple[str, str, str]]:
    """(name, metric, label) of each variable that is asked for."""
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            asked_for = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"])
            assert asked_for, variable
            yield variable["name"], asked_for[1], asked_for[2]


def asked(server: Server, query: Query, values: Mapping[str, str], start: float, end: float) -> list[dict[str, Any]]:
    """What the query gives with these values of the dashboard's variables."""
    expression = re.sub(r"\$(\w+)", lambda name: values[name[1]], query.expression)
    if query.instant:
        return server.query(expression, time=str(end))
    return server.query_range(expression, start, end, max(60, (end - start) // _POINTS))
