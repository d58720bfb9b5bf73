# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The slope is SciPy's, and it runs out when it should."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.slope import (
    ALPHA,
    LEAST_POINTS,
    Slope,
    _student,
    only_strays,
    runs_out,
    slope_of,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

#: Whole numbers, as headroom is: with many equal ones, and of any size.
_VALUES = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 10**9)), min_size=LEAST_POINTS, max_size=40)


@given(_VALUES, st.data())
def test_slope_interval_and_chance_are_those_of_scipy(values: list[int], data: st.DataObject) -> None:
    count = len(values)
    times = data.draw(st.lists(st.integers(0, 10**9), min_size=count, max_size=count, unique=True))
    found = slope_of(times, values)
    ordered = [value for _time, value in sorted(zip(times, values, strict=True))]
    wanted = stats.theilslopes(ordered, sorted(times), alpha=1 - ALPHA, method="separate")
    assert found is not None
    assert (found.per_second, found.least, found.most) == pytest.approx((wanted[0], wanted[2], wanted[3]))
    if len(set(values)) > 1:
        assert found.p == pytest.approx(stats.kendalltau(times, values, method="asymptotic").pvalue)


def test_equal_values_are_no_trend() -> None:
    found = slope_of(range(10), [7] * 10)
    assert found == Slope(0, 0, 0, 1.0, 0.0, 0.0, 9) and not found.sure


@given(st.lists(st.integers(-(10**6), 10**6), min_size=LEAST_POINTS, max_size=40), st.integers(-(10**5), 10**5))
def test_a_series_that_only_strays_has_no_sure_slope(noise: list[int], fall: int) -> None:
    values = [each + fall * place for place, each in enumerate(noise)]
    slope = slope_of(range(len(values)), values)
    assert slope and not (slope.sure and only_strays(range(len(values)), values))


def test_a_steady_fall_is_no_straying_and_noise_alone_is() -> None:
    assert not only_strays(range(10), range(0, -100, -10))
    assert only_strays(range(10), [7, 3, 9, 1, 8, 2, 9, 3, 7, 4])


@pytest.mark.parametrize(("points", "told"), [(LEAST_POINTS - 1, False), (LEAST_POINTS, True)])
def test_few_points_tell_nothing(points: int, told: bool) -> None:
    assert (slope_of(range(points), range(points)) is not None) is told


def test_times_that_are_all_the_same_tell_nothing() -> None:
    assert slope_of([5] * 10, range(10)) is None


def test_a_leak_runs_out_between_the_ends_of_its_interval() -> None:
    assert runs_out(1000, 600, Slope(-2.5, -3, -2, 0.001, -2.5)) == (1200, 1300)


@pytest.mark.parametrize(
    "slope",
    [
        Slope(-2, -3, 0.1, 0.001, -2),
        Slope(-2, -3, -1, 0.2, -2),
        Slope(2, 1, 3, 0.001, 2),
        Slope(-2, -3, -1, 0.001, 0.1),
        Slope(-2, -3, -1, 0.001, -2, 40.1, 10),
    ],
    ids=["wide", "chance", "rising", "no drift", "straying"],
)
def test_what_does_not_fall_for_sure_does_not_run_out(slope: Slope) -> None:
    assert runs_out(1000, 600, slope) is None


def _walk(chance: random.Random, points: int, fall: float) -> list[float]:
    return list(itertools.accumulate((chance.gauss(-fall, 1) for _each in range(points - 1)), initial=100.0))


@pytest.mark.parametrize("points", [8, 16, 32])
def test_a_value_that_only_strays_is_seldom_said_to_fall(points: int) -> None:
    """Ranks alone call a third of such random walks a trend."""
    chance = random.Random(18)
    falls = [
        slope for _each in range(400) if (slope := slope_of(range(points), _walk(chance, points, 0))) and slope.sure and slope.most < 0
    ]
    assert len(falls) <= 0.05 * 400


@pytest.mark.parametrize("points", [10, 20, 32])
def test_an_uneven_fall_ends_within_its_range(points: int) -> None:
    chance, inside, told = random.Random(19), 0, 0
    for _each in range(400):
        path = _walk(chance, 300, 1)
        end = next(night for night, value in enumerate(path) if value <= 0)
        slope = slope_of(range(points), path[:points])
        ends = slope and end >= points and runs_out(points - 1, path[points - 1], slope)
        if ends:
            told, inside = told + 1, inside + (ends[0] <= end <= ends[1] + 1)
    assert told > 100 and inside >= 0.9 * told


def test_nights_that_err_are_told_from_nights_that_stray() -> None:
    """Steps as large as each other: each error is gone the next night, and what strays stays."""
    chance, nights = random.Random(20), range(32)
    erring = slope_of(nights, [100 - night + chance.gauss(0, 1) for night in nights])
    straying = slope_of(nights, list(itertools.accumulate((chance.gauss(-1, math.sqrt(2)) for _night in nights), initial=100.0))[1:])
    assert erring and straying and erring.sure and 2 * erring.stray < straying.stray


@pytest.mark.parametrize(("freedom", "within"), [(4, 0.02), (8, 0.003), (30, 0.001)])
def test_the_quantile_is_that_of_student(freedom: int, within: float) -> None:
    assert _student(freedom) == pytest.approx(stats.t.ppf(1 - ALPHA / 2, freedom), rel=within)
