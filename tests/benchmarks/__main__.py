# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.benchmarks [NAME ...] [--pairs N] [--quick] [--write-docs]``: measure, print a table, keep the figures."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.columns import fitted, line_of

from tests.benchmarks.devices import DEVICES, devices
from tests.benchmarks.docs import write_docs
from tests.benchmarks.figures import Figure, merge, progress
from tests.benchmarks.history import history
from tests.benchmarks.live import audit_vs_raw, audit_vs_setup
from tests.benchmarks.page import page
from tests.benchmarks.prometheus import dashboard, metrics
from tests.benchmarks.recorded_fleet import fleet_audit, fleet_core
from tests.benchmarks.size import Size, quick
from tests.benchmarks.slices import merge as merge_slices
from tests.benchmarks.slices import two_slices
from tests.benchmarks.sosreports import sos_fleet, sos_tree, sos_xz
from tests.benchmarks.stages import classify_stages
from tests.conftest import ROOT

#: A benchmark -> what runs it, and the figures it gives; either name may be asked for.
_BENCHMARKS: dict[str, tuple[Callable[[Path, Size], list[Figure]], tuple[str, ...]]] = {
    "classify": (classify_stages, ("classify",)),
    "audit_vs_raw": (audit_vs_raw, ("audit_vs_raw_wall", "audit_vs_raw_cpu")),
    "audit_vs_setup": (audit_vs_setup, ("audit_vs_setup_wall",)),
    "devices": (devices, tuple(DEVICES)),
    "fleet_core": (fleet_core, ("fleet_core_10k_vs_1k_per_host",)),
    "fleet": (fleet_audit, ("fleet_10k_vs_1k_per_host",)),
    "merge": (merge_slices, ("merge_100k_vs_10k_per_host",)),
    "page": (page, ("page_10k_open_vs_2_seconds",)),
    "metrics": (metrics, ("metrics_trouble_vs_all_series",)),
    "dashboard": (dashboard, ("dashboard_10k_slowest_query_vs_1_second",)),
    "two_slices": (two_slices, ("audit_2_slices_wall_vs_1",)),
    "history": (history, ("audit_with_history_vs_without_sqlite", "audit_with_history_vs_without_postgresql")),
    "sos_tree": (sos_tree, ("sos_tree_vs_insights_hosts_per_second",)),
    "sos_xz": (sos_xz, ("sos_xz_vs_insights_hosts_per_second",)),
    "sos_fleet": (sos_fleet, ("sos_fleet_cached_vs_not",)),
}


def main(words: list[str]) -> int:
    options = _options(words)
    if options.write_docs:
        write_docs(options.output)
        return 0
    figures: list[Figure] = []
    command = shlex.join(["./dev", "bench", *words])
    for name in options.names:
        progress(f"{name}:")
        with tempfile.TemporaryDirectory(prefix="pagealloc-bench-") as folder:
            try:
                new = _BENCHMARKS[name][0](Path(folder), options.size)
            except pytest.skip.Exception as reason:  # what the tests' sshd raises where it cannot run
                progress(f"  cannot run here: {reason}")
                continue
        figures += new
        merge(options.output, new, command)  # at once: the next one may take an hour
    print(_table(figures))
    progress(f"Figures: {options.output}")
    return 0 if figures else 1


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measures what an audit costs. See docs/performance.md.")
    of_figure = {figure: name for name, (_run, figures) in _BENCHMARKS.items() for figure in figures}
    choices = {**of_figure, **{name: name for name in _BENCHMARKS}}
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or some of: {', '.join(choices)}")
    parser.add_argument("--pairs", type=int, help="how many pairs to measure (default 5, with --quick 1)")
    parser.add_argument("--quick", action="store_true", help="few hosts and one pair, into build/bench-quick.json: shows that it works")
    parser.add_argument("--write-docs", action="store_true", help="write the figures kept so far into docs/performance.md; measure nothing")
    parser.add_argument("--output", type=Path, help="the file that keeps the figures (default build/bench.json)")
    options = parser.parse_args(words)
    unknown = [name for name in options.names if name not in choices]
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]}; there are {', '.join(choices)}")
    if options.pairs is not None and options.pairs < 1:
        parser.error("--pairs must be 1 or more")
    options.names = list(dict.fromkeys(choices[name] for name in options.names or _BENCHMARKS))
    options.size = quick(options.pairs or 1) if options.quick else replace(Size(), pairs=options.pairs or 5)
    options.output = options.output or ROOT / "build" / ("bench-quick.json" if options.quick else "bench.json")
    return options


def _table(figures: list[Figure]) -> str:
    lines = [["figure", "ratio", "runs", "least to most", "goal"]]
    lines += [
        [one.name, f"{one.ratio:.3f}", str(len(one.pairs)), f"{min(one.pairs):.3f} to {max(one.pairs):.3f}", _against_goal(one)]
        for one in figures
    ]
    return "\n".join(line_of(cells) for cells in fitted(lines, numbers_from=len(lines[0])))


def _against_goal(figure: Figure) -> str:
    if figure.least is not None:
        return f"{'met' if figure.ratio >= figure.least else 'MISSED'}: {figure.least:.2f} at least"
    if figure.goal is None:
        return ""
    return f"{'met' if figure.ratio <= figure.goal else 'MISSED'}: {figure.goal:.2f} at most"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
