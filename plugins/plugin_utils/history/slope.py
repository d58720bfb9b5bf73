# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is there a trend in a series of measurements, how steep is it, and when does it reach zero? Pure.

The slope is that of Theil and Sen: the median of the slopes between each two points, which a few odd nights do not move. Its
interval is Sen's (1968), and the test that there is a slope at all is that of Mann and Kendall. All three rest on ranks alone,
and on nights that are independent of each other. Memory is not so: what is taken tonight is still taken tomorrow. So a value that
strays from night to night, as a random walk does, has to be told from one that falls: ``stray`` is how far it may.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist, median
from typing import NamedTuple

#: Fewer points than this carry no trend.
LEAST_POINTS = 6
#: The chance that a range misses the true slope, and that a series without a trend is said to have one.
ALPHA = 0.05
#: The wandering is at least this share of what one night differs from the next.
_LEAST_WANDERING = 0.1
#: How many standard errors are added to the share of wandering.
_DOUBT = 1.5


class Slope(NamedTuple):
    """Units a second: the median of all, and the ends of its interval. ``p``: the chance of such an order without any trend.

    ``drift``: from the first point to the last, units a second. The median passes over a few nights that took much; what they took is gone
    all the same. ``stray``: after t seconds the value is within the square root of ``stray * t`` of where the drift leads it, but for a
    chance of ALPHA. ``span_seconds``: from the first point to the last.
    """

    per_second: float
    least: float
    most: float
    p: float
    drift: float
    stray: float = 0.0
    span_seconds: float = 1.0

    @property
    def sure(self) -> bool:
        """The interval is clear of zero, and chance brings neither such an order of the points nor such a way of a value that strays."""
        falls, rises = self.most < 0 and self.drift < 0, self.least > 0 and self.drift > 0
        return self.p < ALPHA and (falls or rises) and self._beyond_straying > 0

    @property
    def _beyond_straying(self) -> float:
        return _beyond_straying(self.drift, self.stray, self.span_seconds)

    def reaches(self, distance: float) -> tuple[float, float]:
        """(earliest, latest) number of seconds after which a sure slope has gone so far: by its interval, and by how far it may stray.

        The second solves (distance - drift * t)^2 = stray * (t + t^2 / span): the straying to come, and that in the drift itself.
        """
        middle = 2 * distance * abs(self.drift) + self.stray
        root = math.sqrt(max(middle**2 - 4 * self._beyond_straying * distance**2, 0.0))
        ends = [(middle - root) / (2 * self._beyond_straying), (middle + root) / (2 * self._beyond_straying)]
        ends += [distance / abs(self.least), distance / abs(self.most)]
        return min(ends), max(ends)


def slope_of(times: Sequence[float], values: Sequence[float]) -> Slope | None:
    """The slope of ``values`` over ``times`` (seconds, each once); None for fewer than LEAST_POINTS points."""
    if len(times) < LEAST_POINTS:
        return None
    points = _in_order(times, values)
    slopes = sorted(
        (later - earlier) / (then - at) for place, (at, earlier) in enumerate(points) for then, later in points[place + 1 :] if then > at
    )
    if not slopes:
        return None
    spread = math.sqrt(_variance_of_rank_sum(values))
    low, high = _interval(slopes, spread)
    middle = median(slopes)
    return Slope(middle, low, high, _p_value(slopes, spread), *_way(points))


def only_strays(times: Sequence[float], values: Sequence[float]) -> bool:
    """Whether straying alone explains the way from the first point to the last. Such a slope is never sure; this is told without a look
    at each pair, and most hosts need no more. ``times``: at least two that differ."""
    return _beyond_straying(*_way(_in_order(times, values))) <= 0


def runs_out(now: float, value: float, slope: Slope) -> tuple[float, float] | None:
    """(earliest, latest) time at which ``value`` has fallen to zero; None where it does not fall for sure, or is zero by now."""
    if value <= 0 or not slope.sure or slope.most >= 0:
        return None
    earliest, latest = slope.reaches(value)
    return now + earliest, now + latest


_Points = Sequence[tuple[float, float]]


def _in_order(times: Sequence[float], values: Sequence[float]) -> _Points:
    return sorted(zip(times, values, strict=True))


def _way(points: _Points) -> tuple[float, float, float]:
    """(drift, stray, span_seconds) of a Slope."""
    span = points[-1][0] - points[0][0]
    drift = (points[-1][1] - points[0][1]) / span
    return drift, _stray(points, drift), span


def _beyond_straying(drift: float, stray: float, span_seconds: float) -> float:
    """The square of the drift, less that of a drift which straying alone can bring in the time seen."""
    return drift**2 - stray / span_seconds


def _stray(points: _Points, drift: float) -> float:
    """Units squared a second: the variance of the wandering about the drift, times the square of Student's t.

    From one point to the next independent errors come and go again, and what wanders stays. Twice the correlation of neighbours, added
    to one, leaves the share of the second (Newey and West, 1987, with one lag). Few points tell it badly, so some doubt is added.
    """
    steps = [(then - at, later - earlier) for (at, earlier), (then, later) in zip(points, points[1:], strict=False) if then > at]
    left = [(step - drift * seconds) / math.sqrt(seconds) for seconds, step in steps]
    squares = sum(each * each for each in left)
    if len(left) < 3 or not squares:
        return 0.0
    neighbours = sum(one * other for one, other in zip(left, left[1:], strict=False)) / squares
    wandering = max(1 + 2 * neighbours + _DOUBT / math.sqrt(len(left)), _LEAST_WANDERING)
    return wandering * squares / (len(left) - 1) * _student(len(left) - 1) ** 2


def _student(freedom: int) -> float:
    """Student's quantile for ALPHA on two sides, by the first terms of its expansion (Abramowitz and Stegun, 26.7.5)."""
    z = NormalDist().inv_cdf(1 - ALPHA / 2)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _variance_of_rank_sum(values: Sequence[float]) -> float:
    """The variance of Kendall's S where there is no trend, less what equal values take from it."""
    tied = sum(count * (count - 1) * (2 * count + 5) for count in Counter(values).values())
    number = len(values)
    return (number * (number - 1) * (2 * number + 5) - tied) / 18


def _interval(slopes: Sequence[float], spread: float) -> tuple[float, float]:
    reach = NormalDist().inv_cdf(1 - ALPHA / 2) * spread
    number = len(slopes)
    low = max(round((number - reach) / 2) - 1, 0)
    high = min(round((number + reach) / 2), number - 1)
    return slopes[low], slopes[high]


def _p_value(slopes: Sequence[float], spread: float) -> float:
    rank_sum = len(slopes) - bisect_right(slopes, 0) - bisect_left(slopes, 0)
    return 1.0 if not spread else math.erfc(abs(rank_sum) / spread / math.sqrt(2))
