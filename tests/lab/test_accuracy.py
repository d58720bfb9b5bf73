# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the ground truth; ``./dev lab accuracy`` takes more."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lab.accuracy import measure, write


def test_the_headroom_is_what_kernels_grant(tmp_path: Path) -> None:
    accuracy = measure(110, seed=2026, say=lambda line: None)
    figures = write(accuracy, tmp_path / "accuracy.json")
    assert json.loads((tmp_path / "accuracy.json").read_text()) == figures
    assert figures["agree_percent"] >= 99, list(accuracy.oddities())
    assert figures["headroom_error_median_percent"] <= 2
    assert figures["next_request_refused"] >= 10, "states in which nothing is left are among them"
