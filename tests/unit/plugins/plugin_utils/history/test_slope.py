# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The slope is SciPy's, and it runs out when it should."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.slope import ALPHA, LEAST_POINTS, Slope, runs_out, slope_of
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
    assert found == Slope(0, 0, 0, 1.0) and not found.sure


@pytest.mark.parametrize(("points", "told"), [(LEAST_POINTS - 1, False), (LEAST_POINTS, True)])
def test_few_points_tell_nothing(points: int, told: bool) -> None:
    assert (slope_of(range(points), range(points)) is not None) is told


def test_times_that_are_all_the_same_tell_nothing() -> None:
    assert slope_of([5] * 10, range(10)) is None


def test_a_leak_runs_out_between_the_ends_of_its_interval() -> None:
    assert runs_out(1000, 600, Slope(-2.5, -3, -2, 0.001)) == (1200, 1300)


@pytest.mark.parametrize(
    "slope", [Slope(-2, -3, 0.1, 0.001), Slope(-2, -3, -1, 0.2), Slope(2, 1, 3, 0.001)], ids=["wide", "chance", "rising"]
)
def test_what_does_not_fall_for_sure_does_not_run_out(slope: Slope) -> None:
    assert runs_out(1000, 600, slope) is None
