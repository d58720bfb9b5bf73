# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of docs/performance.md, written from the file of figures."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "performance.md"
_BEGIN, _END = "<!-- figures: written by ./dev bench --write-docs -->", "<!-- end of figures -->"
_UNITS = {
    "peak_memory_mb": "all processes together held {} MB at most",
    "largest_process_mb": "the largest process {} MB",
    "hosts_per_second": "{} hosts per second",
    "insights_hosts_per_second": "insights-core {}",
    "ratio_to_insights_favoured": "{} times where it is given as many processes and unpacks to memory",
    "ratio_of_cpu_time": "insights-core takes {} times the CPU time",
    "share_of_floor": "`xz -dc` alone takes {} of the CPU time of this collection",
}


def write_docs(figures_file: Path, page: Path = PAGE) -> None:
    """Put the figures between the page's two marks. FileNotFoundError without figures, ValueError without marks."""
    text = page.read_text()
    figures = json.loads(figures_file.read_text())
    if text.count(_BEGIN) != 1 or text.count(_END) != 1:
        raise ValueError(f"{page} does not have the two marks of the figures once each")
    pattern = re.escape(_BEGIN) + ".*?" + re.escape(_END)
    page.write_text(re.sub(pattern, lambda _: f"{_BEGIN}\n{_table(figures)}\n{_END}", text, flags=re.DOTALL))


def _table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    rows = ["| figure | ratio | pairs, least to most | goal | what it says |", "|---|---|---|---|---|"]
    for name, figure in sorted(figures.items()):
        pairs = figure["pairs"]
        goal = "" if figure["goal"] is None else f"≤ {figure['goal']:.2f}"
        if figure.get("least") is not None:
            goal = f"≥ {figure['least']:g}"
        spread = f"{len(pairs)}: {min(pairs):.3g} to {max(pairs):.3g}"
        rows.append(f"| `{name}` | **{figure['ratio']:.3g}** | {spread} | {goal} | {_said(figure)} |")
    origins = dict.fromkeys((figure["measured_at"], figure["machine"], figure["command"]) for figure in figures.values())
    measured = [f"- {at}, `{command}`, on {machine}" for at, machine, command in origins]
    stages = figures.get("classify", {}).get("microseconds_per_host", {})
    by_stage = ["", "Microseconds for one host, by stage: " + ", ".join(f"{name} {taken:.0f}" for name, taken in stages.items()) + "."]
    return "\n".join(["", *rows, *(by_stage if stages else []), "", "Measured:", "", *measured, ""])


def _said(figure: Mapping[str, Any]) -> str:
    extra = [words.format(f"{figure[key]:,}") for key, words in _UNITS.items() if key in figure]
    return "; ".join([figure["note"], *extra])
