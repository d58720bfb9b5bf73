# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odds ratio, Fisher's exact test and the correction: against SciPy, by hand, and at their edges."""

from __future__ import annotations

import math
import sys
import time

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.statistics import (
    Table,
    corrected_p,
    fisher_p,
    least_p,
    number_to_correct_for,
    odds_ratio,
)
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import cannot_run

CELLS = st.one_of(st.integers(0, 12), st.integers(0, 400), st.integers(0, 5000))
TABLES = st.builds(Table, CELLS, CELLS, CELLS, CELLS)
SMALL = st.builds(Table, *[st.integers(0, 9)] * 4)


@given(TABLES)
@example(Table(0, 0, 0, 0))
@example(Table(8, 2, 1, 5))
@example(Table(10, 10, 10, 10))
@example(Table(3000, 1000, 1000, 3000))
def test_the_p_is_that_of_scipy(table: Table) -> None:
    try:
        from scipy.stats import fisher_exact
    except ImportError:
        cannot_run("scipy is not installed (pip install -r tests/requirements.txt)")
    a, b, c, d = table
    theirs = float(fisher_exact([[a, b], [c, d]])[1])
    assert fisher_p(table) == pytest.approx(max(theirs, sys.float_info.min), rel=1e-6)


@given(SMALL)
def test_the_p_is_the_sum_of_the_tables_no_likelier(table: Table) -> None:
    """From the definition, in whole numbers: no rounding, no SciPy."""
    hosts, troubled, having = table.margins
    ways = {
        both: math.comb(having, both) * math.comb(hosts - having, troubled - both)
        for both in range(max(0, troubled + having - hosts), min(troubled, having) + 1)
    }
    total = sum(number for number in ways.values() if number <= ways[table.troubled_with])
    assert fisher_p(table) == pytest.approx(total / sum(ways.values()), rel=1e-9)
    assert least_p(hosts, troubled, having) == pytest.approx(
        min(fisher_p(Table.of(hosts, troubled, having, both)) for both in ways), rel=1e-9
    )


@given(TABLES)
def test_it_does_not_matter_which_side_is_which(table: Table) -> None:
    a, b, c, d = table
    for other in (Table(c, d, a, b), Table(b, a, d, c), Table(a, c, b, d)):
        assert fisher_p(other) == pytest.approx(fisher_p(table), rel=1e-7)
    ratio, half_added = odds_ratio(table)
    assert odds_ratio(Table(c, d, a, b))[0] == pytest.approx(1 / ratio)
    assert half_added == (0 in table)


def test_the_odds_ratio() -> None:
    assert odds_ratio(Table(8, 2, 1, 5)) == (20, False)
    assert odds_ratio(Table(5, 0, 0, 5)) == (121, True), "Haldane and Anscombe: a half to each cell"
    assert odds_ratio(Table(0, 0, 0, 0)) == (1, True)


def test_a_p_is_never_zero() -> None:
    assert fisher_p(Table(5000, 0, 0, 5000)) == sys.float_info.min


def test_where_no_test_can_tell_none_does() -> None:
    assert number_to_correct_for([0.03, 0.03]) == 0
    assert corrected_p(0.03, 0) == 1


def test_a_large_table_takes_no_time() -> None:
    start = time.process_time()
    for _turn in range(100):
        fisher_p(Table(200_000, 300_000, 299_000, 201_000))
    assert time.process_time() - start < 5  # some milliseconds each; a sum over all tables would take minutes


@pytest.mark.parametrize(
    ("least", "tests"),
    [
        ([], 0),
        ([0.5, 0.06], 0),
        ([0.05], 1),
        ([0.03, 0.03], 0),
        ([0.02, 0.02], 2),
        ([0.001, 0.04, 0.04, 0.04], 2),
        ([0.001] * 30, 30),
        ([1e-9] * 10 + [0.004] * 500, 13),
    ],
)
def test_tests_that_cannot_tell_are_not_paid_for(least: list[float], tests: int) -> None:
    assert number_to_correct_for(least) == tests


@given(st.lists(st.floats(1e-12, 1), max_size=60))
def test_no_false_finding_more_than_agreed(least: list[float]) -> None:
    """The chance that any of the tests comes below 0.05 corrected, all of them void, is 0.05 at most."""
    tests = number_to_correct_for(least)
    able = [p for p in least if corrected_p(p, tests) <= 0.05]
    assert len(able) <= tests <= len(least), "each of them comes below 0.05 / tests by chance that often at most"
    assert bool(able) == bool(tests)
