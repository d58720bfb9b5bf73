# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks of what a fleet costs Prometheus work, at a small size; what they measure is their own matter."""

from __future__ import annotations

import json
from pathlib import Path

from tests.benchmarks.__main__ import main
from tests.conftest import tool


def test_series_and_queries_of_a_small_fleet(tmp_path: Path) -> None:
    tool("prometheus")
    file = tmp_path / "bench.json"
    assert main(["--quick", "metrics", "dashboard", "--output", str(file)]) == 0
    found = json.loads(file.read_text())
    series, queries = found["metrics_trouble_vs_all_series"], found["dashboard_10k_slowest_query_vs_1_second"]
    assert 0 < series["series_trouble"] < series["series_trouble_sample_fleet"] < series["series_all"]
    assert 0 < queries["seconds"] < 1 and queries["slowest"]
