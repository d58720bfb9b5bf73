# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that starves tells the same cause live and by its sosreport; ``./dev lab reports`` takes more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab.reports import report_on, write_reports


@pytest.mark.lab_long  # sos takes an emulated processor some minutes
def test_the_report_of_a_guest_tells_the_cause_that_the_guest_tells(tmp_path: Path) -> None:
    runs = list(report_on(2026, lambda line: None, ("leaking driver", "unmovable pages scattered")))
    figures = write_reports(runs, tmp_path / "reports.json")
    assert json.loads((tmp_path / "reports.json").read_text()) == figures
    assert (figures["runs"], figures["same"], figures["right"]) == (2, 2, 2), figures["of_each"]
