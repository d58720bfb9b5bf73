# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the trace on a guest, and what is left when it is killed; ``./dev lab trace`` takes more."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lab.tracing import LEAKERS, trace_runs, write_trace_figures


def test_the_trace_names_who_leaks_and_nobody_else(tmp_path: Path) -> None:
    runs = list(trace_runs(2, 2026, lambda line: None))
    figures = write_trace_figures(runs, tmp_path / "trace.json")
    assert json.loads((tmp_path / "trace.json").read_text()) == figures
    assert figures["runs"] == 2 * len(LEAKERS)
    assert figures["wrong"] == []
