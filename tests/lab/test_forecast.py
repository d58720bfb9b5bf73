# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that leaks comes to the end that was foretold; one that only works has none foretold. ./dev lab forecast measures how often."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.lab.forecast import LEAKS, STANDS, Life, live, write_forecasts
from tests.lab.kernel import kernel


def test_what_is_foretold_comes_and_nothing_is_foretold_without_a_leak(tmp_path: Path) -> None:
    """Of two guests of each kind. A range is made to miss one true end in twenty, and a few nights do not always show a trend."""
    lives = list(live(2, 18, print, [kernel()]))
    assert Counter(life.kind for life in lives) == {LEAKS: 2, STANDS: 2}
    assert all(life.ended is not None and life.ended > life.nights >= 8 for life in lives if life.kind == LEAKS)
    assert all(life.ended is None for life in lives if life.kind == STANDS)
    figures = write_forecasts(lives, tmp_path / "forecast.json")
    assert json.loads((tmp_path / "forecast.json").read_text()) == figures
    assert figures["leaking_told"] >= 1 and figures["end_in_the_range"] >= 1 and figures["foretold_without_a_leak"] <= 1


def test_an_end_outside_of_the_range_is_counted_as_that(tmp_path: Path) -> None:
    trend = {"state": "falling", "exhausted_earliest": "1970-01-11T00:00:00Z", "exhausted_latest": "1970-01-21T00:00:00Z"}
    none = {"exhausted_earliest": None, "exhausted_latest": None}
    life = Life(LEAKS, "6.1", 0, 8, 15, {**trend, "unaccounted": none})  # type: ignore[typeddict-item]
    assert life.inside and [replace(life, ended=night).inside for night in (9, 10, 21, 22, None)] == [False, True, True, False, False]
    assert not replace(life, told={**none, "unaccounted": none}).foretold  # type: ignore[typeddict-item]
