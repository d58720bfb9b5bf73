# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trend in a series of measurements: is there one, how steep is it, and when does it reach zero? Pure.

The slope is that of Theil and Sen: the median of the slopes between each two points. A few unusual nights do not change it. Its interval
is Sen's (1968), and the test that there is a slope at all is that of Mann and Kendall. All three use ranks only and assume that nights are
independent. Memory is not like that: memory that is taken tonight is still taken tomorrow. So a value that strays from night to night,
like a random walk, must be separated from one that falls. ``stray`` is how far it may stray.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from operator import mul
from statistics import NormalDist, median
from typing import NamedTuple

#: Fewer points than this show no trend.
LEAST_POINTS = 6
#: The chance that a range misses the true slope, and that a series without a trend seems to have one.
ALPHA = 0.05
#: The straying is at least this share of the difference between two nights.
_LEAST_WANDERING = 0.1
#: How many standard errors are added to the share of straying.
_DOUBT = 1.5


class Slope(NamedTuple):
    """Units a second: the median of all, and the ends of its interval. ``p``: the chance of such an order without any trend. ``drift``:
    from the first point to the last, units a second. The median ignores a few nights with a large loss, but that memory is still lost.
    ``stray``: after t seconds the value is within the square root of ``stray * t`` of the drift, except with a chance of ALPHA.
    ``span_seconds``: from the first point to the last.
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
        """Whether the interval excludes zero, and neither chance nor straying explains the points."""
        falls, rises = self.most < 0 and self.drift < 0, self.least > 0 and self.drift > 0
        return self.p < ALPHA and (falls or rises) and self._beyond_straying > 0

    @property
    def _beyond_straying(self) -> float:
        return _beyond_straying(self.drift, self.stray, self.span_seconds)

    def reaches(self, distance: float) -> tuple[float, float]:
        """(earliest, latest) number of seconds until a sure slope has gone this distance: by its interval, and by its straying. The second
        solves (distance - drift * t)^2 = stray * (t + t^2 / span): the future straying, and the straying in the drift itself.
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
    """Whether straying alone explains the change from the first point to the last. Such a slope is never sure. This check needs no pairs,
    and it is enough for most hosts. ``times``: at least two that differ."""
    points = _in_order(times, values)
    return points[0][1] == points[-1][1] or _beyond_straying(*_way(points)) <= 0


def runs_out(now: float, value: float, slope: Slope) -> tuple[float, float] | None:
    """(earliest, latest) time at which ``value`` reaches zero; None if it is not sure that it falls, or if it is already zero."""
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
    """The square of the drift, less the square of the drift that straying alone could cause in that time."""
    return drift**2 - stray / span_seconds


def _stray(points: _Points, drift: float) -> float:
    """Units squared a second: the variance of the straying about the drift, times the square of Student's t. Independent errors disappear
    at the next point, but straying stays. One plus twice the correlation of neighbours gives the share of straying (Newey and West, 1987,
    with one lag). Few points show it badly, so some doubt is added.
    """
    left = [
        (later - earlier - drift * (then - at)) / math.sqrt(then - at)
        for (at, earlier), (then, later) in zip(points, points[1:], strict=False)
        if then > at
    ]
    squares: float = sum(map(mul, left, left))
    if len(left) < 3 or not squares:
        return 0.0
    neighbours: float = sum(map(mul, left, left[1:])) / squares
    wandering = max(1 + 2 * neighbours + _DOUBT / math.sqrt(len(left)), _LEAST_WANDERING)
    return wandering * squares / (len(left) - 1) * _student(len(left) - 1) ** 2


def _student(freedom: int) -> float:
    """Student's quantile for ALPHA on two sides, by the first terms of its expansion (Abramowitz and Stegun, 26.7.5)."""
    z = NormalDist().inv_cdf(1 - ALPHA / 2)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _variance_of_rank_sum(values: Sequence[float]) -> float:
    """The variance of Kendall's S without a trend, corrected for equal values."""
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
