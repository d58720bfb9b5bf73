# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""2x2 tables: odds ratio, Fisher's exact test, and the correction for many tests."""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

#: A result that chance gives in one of twenty fleets is not a finding.
ALPHA = 0.05

# Tables as likely as the observed one count as at least as extreme; rounding must not separate them. R's fisher.test has the same.
_TIES = math.log1p(1e-7)
# When its terms are this small, the rest of a tail does not change a float.
_NEGLIGIBLE = 1e-17


class Table(NamedTuple):
    """Hosts by two questions: do they have the trouble, and do they have the fact?"""

    troubled_with: int
    troubled_without: int
    others_with: int
    others_without: int

    @classmethod
    def of(cls, hosts: int, troubled: int, having: int, both: int) -> Table:
        """From its margins and the number of troubled hosts that have the fact."""
        return cls(both, troubled - both, having - both, hosts - troubled - having + both)

    @property
    def margins(self) -> tuple[int, int, int]:
        """(hosts, troubled ones, those that have the fact)"""
        return sum(self), self.troubled_with + self.troubled_without, self.troubled_with + self.others_with


def odds_ratio(table: Table) -> tuple[float, bool]:
    """(odds of the trouble with the fact / without it, whether a half was added to each cell).

    The half is Haldane's and Anscombe's: with an empty cell the ratio would be 0, infinite or nothing at all.
    """
    corrected = 0 in table
    a, b, c, d = (cell + 0.5 if corrected else float(cell) for cell in table)
    return a * d / (b * c), corrected


def fisher_p(table: Table) -> float:
    """The two-sided p of Fisher's exact test: how likely chance gives a table at least as extreme, with the same margins.

    The sum of the probabilities of all tables that are at most as likely as this one. Only relevant terms are summed, so
    the time grows with the square root of the number of hosts. A p too small for a float is the smallest one, never 0.
    """
    spread = _Hypergeometric(*table.margins)
    seen = spread.log_p(table.troubled_with)
    if spread.log_p(spread.mode) <= seen + _TIES:
        return 1.0  # none is likelier
    total = spread.tail(-1, seen) + spread.tail(1, seen)
    return _bounded(seen + math.log(total))


@lru_cache(maxsize=65536)
def least_p(hosts: int, troubled: int, having: int) -> float:
    """The smallest p that a table with these margins can have: what a perfect split would give.

    It does not depend on which hosts with the fact have the trouble, so choosing facts by it is fair.
    """
    spread = _Hypergeometric(hosts, troubled, having)
    if spread.least == spread.most:
        return 1.0
    low, high = sorted((spread.log_p(spread.least), spread.log_p(spread.most)))
    return _bounded(low if high > low + _TIES else low + math.log(2))


def number_to_correct_for(least: Iterable[float], alpha: float = ALPHA) -> int:
    """By how much to multiply the p of one of many tests (Bonferroni), leaving out tests that can never give a result. ``least`` has the
    smallest possible p of each test. For tests on few hosts even the best possible p is above the limit, so they cannot give a false
    finding and do not count (Tarone 1990, "A modified Bonferroni method for discrete data", Biometrics 46). 0 if no test can give a
    result.
    """
    every = sorted(least)
    for tests in range(1, len(every) + 1):
        if bisect_right(every, alpha / tests) <= tests:
            return tests if every[0] <= alpha / tests else 0
    return 0


def corrected_p(p: float, tests: int) -> float:
    """``p`` corrected for this number of tests; 1 if it is 0, because then no test can give a result."""
    return min(1.0, p * tests) if tests else 1.0


class _Hypergeometric:
    """How many of the hosts with the trouble would have the fact by chance alone."""

    def __init__(self, hosts: int, troubled: int, having: int) -> None:
        self._hosts, self._troubled, self._with = hosts, troubled, having
        self.least = max(0, self._troubled + self._with - self._hosts)
        self.most = min(self._troubled, self._with)
        self.mode = min(self.most, (self._troubled + 1) * (self._with + 1) // (self._hosts + 2))
        self._all = _log_choose(self._hosts, self._troubled)

    def log_p(self, k: int) -> float:
        return _log_choose(self._with, k) + _log_choose(self._hosts - self._with, self._troubled - k) - self._all

    def tail(self, step: int, log_limit: float) -> float:
        """The sum of the probabilities, below (``step`` -1) or above (1) the mode, of the terms up to the limit, divided by it."""
        k = self._first(step, log_limit + _TIES)
        if k is None:
            return 0.0
        end = self.least if step < 0 else self.most
        term, total = math.exp(self.log_p(k) - log_limit), 0.0
        while term > total * _NEGLIGIBLE:
            total += term
            if k == end:
                break
            term *= self._ratio(k) if step > 0 else 1 / self._ratio(k - 1)
            k += step
        return total

    def _first(self, step: int, log_limit: float) -> int | None:
        """The first k away from the mode whose probability is not above the limit. After it the probability only falls."""
        inside, outside = self.mode, self.least if step < 0 else self.most
        if self.log_p(outside) > log_limit:
            return None
        while abs(outside - inside) > 1:
            middle = (inside + outside) // 2
            if self.log_p(middle) > log_limit:
                inside = middle
            else:
                outside = middle
        return outside

    def _ratio(self, k: int) -> float:
        """p(k + 1) / p(k)"""
        up = (self._with - k) * (self._troubled - k)
        return up / ((k + 1) * (self._hosts - self._with - self._troubled + k + 1))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _bounded(log_p: float) -> float:
    return min(1.0, max(math.exp(max(log_p, -745.0)), sys.float_info.min))
