# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is there a trend in a series of measurements, how steep is it, and when does it reach zero? Pure.

The slope is that of Theil and Sen: the median of the slopes between each two points, which a few odd nights do not move. Its
interval is Sen's (1968), and the test that there is a slope at all is that of Mann and Kendall. All three rest on ranks alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist, median
from typing import NamedTuple

#: Fewer points than this carry no trend.
LEAST_POINTS = 6
#: The chance that a range misses the true slope, and that a series without a trend is said to have one.
ALPHA = 0.05


class Slope(NamedTuple):
    """Units a second: the median of all, and the ends of its interval. ``p``: the chance of such an order without any trend."""

    per_second: float
    least: float
    most: float
    p: float

    @property
    def sure(self) -> bool:
        """The interval is clear of zero, and the order of the points is none that chance brings."""
        return self.p < ALPHA and (self.most < 0 or self.least > 0)


def slope_of(times: Sequence[float], values: Sequence[float]) -> Slope | None:
    """The slope of ``values`` over ``times`` (seconds, each once); None for fewer than LEAST_POINTS points."""
    if len(times) < LEAST_POINTS:
        return None
    points = sorted(zip(times, values, strict=True))
    slopes = sorted(
        (later - earlier) / (then - at) for place, (at, earlier) in enumerate(points) for then, later in points[place + 1 :] if then > at
    )
    if not slopes:
        return None
    spread = math.sqrt(_variance_of_rank_sum(values))
    low, high = _interval(slopes, spread)
    return Slope(median(slopes), low, high, _p_value(slopes, spread))


def runs_out(now: float, value: float, slope: Slope) -> tuple[float, float] | None:
    """(earliest, latest) time at which ``value`` has fallen to zero by both ends of the interval; None where it does not fall for sure."""
    if not slope.sure or slope.most >= 0:
        return None
    return now + value / -slope.least, now + value / -slope.most


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
    rank_sum = sum((slope > 0) - (slope < 0) for slope in slopes)
    return 1.0 if not spread else math.erfc(abs(rank_sum) / spread / math.sqrt(2))
