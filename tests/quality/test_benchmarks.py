# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark itself works; what it measures is its own matter."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import REPORTS

from tests.benchmarks.docs import write_docs
from tests.benchmarks.figures import Figure, by_turns, merge
from tests.conftest import ROOT


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.benchmarks", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_quick_run_prints_a_table_and_keeps_its_figures(tmp_path: Path) -> None:
    file = tmp_path / "build" / "bench.json"
    done = bench("--quick", "classify", "--pairs", "2", "--output", str(file))
    assert done.returncode == 0, done.stderr
    assert "figure" in done.stdout and "classify" in done.stdout
    figure = json.loads(file.read_text())["classify"]
    assert {"ratio", "runs", "note", "measured_at", "machine", "command"} <= set(figure)
    assert 0 < figure["ratio"] < 1
    stages = figure["microseconds_per_host"]
    rooms = {"read_transcript", "parse_facts", "headroom", "classify", "compare"}
    assert set(stages) == rooms | {*REPORTS, "table", "whole"}
    assert all(taken > 0 for taken in stages.values())


@pytest.mark.parametrize("words", [("no_such",), ("--pairs", "0"), ("--quick", "--pairs", "-1")])
def test_wrong_words_are_refused(words: tuple[str, ...]) -> None:
    assert bench(*words).returncode == 2


def test_the_ratio_is_the_median_of_the_pairs() -> None:
    assert Figure("x", [1.0, 9.0, 2.0], "").ratio == 2.0


def test_sides_take_turns_at_being_first() -> None:
    order: list[str] = []

    def side(name: str) -> str:
        order.append(name)
        return name

    pairs = by_turns(3, lambda: side("a"), lambda: side("b"), lambda one, other: f"{one}{other}")
    assert pairs == [("a", "b")] * 3
    assert order == ["a", "b", "b", "a", "a", "b"]


def test_figures_of_other_runs_stay_and_go_into_the_docs(tmp_path: Path) -> None:
    file, page = tmp_path / "bench.json", tmp_path / "performance.md"
    merge(file, [Figure("kept", [1.0], "an old one"), Figure("again", [1.0], "")], "one")
    merge(file, [Figure("again", [2.0, 4.0, 3.0], "a new one", 3.5, {"peak_memory_mb": 1234})], "two")
    text = (ROOT / "docs" / "performance.md").read_text()
    page.write_text(text)
    write_docs(file, page)
    write_docs(file, page)  # as often as one likes
    written = page.read_text()
    assert "| `again` | **3** | 3: 2 to 4 | ≤ 3.50 | a new one; all processes together held 1,234 MB at most |" in written
    assert "| `kept` | **1** |" in written
    assert "`one`" in written and "`two`" in written
    assert written.split("<!--")[0] == text.split("<!--")[0]
