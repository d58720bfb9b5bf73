# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host's past to a forecast: how its headroom and its unaccounted memory change, and when nothing will be left. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TypedDict

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation, same_boot
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.slope import LEAST_POINTS, Slope, only_strays, runs_out, slope_of

#: Older points than this many are not used, because the number of pairs grows with the square.
MOST_POINTS = 32
_DAY_SECONDS = 86400
_YEAR_SECONDS = 365 * _DAY_SECONDS
#: A forecast further away than this only means "not soon".
_FURTHEST_SECONDS = 10 * _YEAR_SECONDS
#: Of unaccounted memory: a host without any fault gains some kB a day too.
_FURTHEST_LEAK_SECONDS = _YEAR_SECONDS
#: If at most this share of the lost free memory is really lost, the page cache has it.
_GONE_SHARE = 0.5


class Trend(TypedDict):
    """How one quantity of a host moves. ``state``: falling, rising, no_trend or too_few_audits. For the headroom also cache_fills: it
    falls, but the memory goes to caches that the kernel can take back. ``audits``: the number of points, ``since``: the time of the first.
    ``per_day``, ``per_day_least`` and ``per_day_most``: the change a day, with its interval. ``exhausted_earliest`` and
    ``exhausted_latest``: between these two times nothing will be left. Null if it is not known, and for a time that is far away.
    """

    state: str
    audits: int
    since: str | None
    per_day: float | None
    per_day_least: float | None
    per_day_most: float | None
    exhausted_earliest: str | None
    exhausted_latest: str | None


class Forecast(Trend):
    """The trend of the headroom, in requests of ``order``. ``unaccounted``: the trend of the unaccounted memory, in kB. Nothing is left
    when it has taken all memory that is available now."""

    order: int | None
    unaccounted: Trend


_AT, _SETTINGS = attrgetter("at_epoch_seconds"), attrgetter("kernel", "step", "min_free_kbytes")


def comparable(past: Sequence[Observation], now: Observation) -> list[Observation]:
    """The observations that ``now`` goes on from, oldest first: of the same boot, kernel, and step of the workaround.

    What seems to be later than ``now`` is from before the clock was set back.
    """
    found: list[Observation] = []
    settings, last = _SETTINGS(now), math.inf
    for earlier in sorted((now, *past), key=_AT, reverse=True):
        at = earlier.at_epoch_seconds
        if earlier.headroom is None or at == last or at > now.at_epoch_seconds:
            continue  # a night without an answer does not end the series; a record that is audited again is the same point
        if _SETTINGS(earlier) != settings or same_boot(earlier, now) is not True:
            break
        found.append(earlier)
        last = at
    return found[:MOST_POINTS][::-1]


def forecast(past: Sequence[Observation], now: Observation) -> Forecast:
    """The forecast of one host, for the headroom by which it is judged now. ``past``: what earlier audits saw of it, in any order."""
    known = comparable(past, now)
    times, left = _series(known, lambda one: one.left(now.order))
    headroom = _trend(times, left, _FURTHEST_SECONDS, runs_out)
    if headroom["state"] == "falling" and _cache_fills(known):
        headroom = {**headroom, "state": "cache_fills", "exhausted_earliest": None, "exhausted_latest": None}
    times, taken = _series(known, lambda one: one.unaccounted_kb)
    unaccounted = _trend(times, taken, _FURTHEST_LEAK_SECONDS, lambda at, _last, slope: _taken(at, now.available_kb, slope))
    return {**headroom, "order": now.order, "unaccounted": unaccounted}


def _series(known: Sequence[Observation], value: Callable[[Observation], int | None]) -> tuple[list[int], list[int]]:
    """(times, values) of the observations that have one."""
    points = [(one.at_epoch_seconds, found) for one in known if (found := value(one)) is not None]
    return [at for at, _value in points], [value for _at, value in points]


_Ends = tuple[float, float] | None


def _trend(times: list[int], values: list[int], furthest_seconds: int, ends_of: Callable[[float, float, Slope], _Ends]) -> Trend:
    """``ends_of``: (time of the last point, its value, sure slope) -> the times between which nothing will be left, None for never."""
    told: Trend = {
        "state": "too_few_audits",
        "audits": len(times),
        "since": utc_time_of(times[0]) if times else None,
        "per_day": None,
        "per_day_least": None,
        "per_day_most": None,
        "exhausted_earliest": None,
        "exhausted_latest": None,
    }
    if len(times) < LEAST_POINTS:
        return told
    slope = None if only_strays(times, values) else slope_of(times, values)
    if slope is None or not slope.sure:
        return {**told, "state": "no_trend"}
    day, least, most = (round(each * _DAY_SECONDS, 3) for each in (slope.per_second, slope.least, slope.most))
    told = {**told, "state": "falling" if slope.per_second < 0 else "rising", "per_day": day, "per_day_least": least, "per_day_most": most}
    ends = ends_of(times[-1], values[-1], slope)
    if ends:
        furthest = times[-1] + furthest_seconds
        told["exhausted_earliest"], told["exhausted_latest"] = (utc_time_of(end) if end <= furthest else None for end in ends)
    return told


def _taken(now: float, available_kb: int | None, slope: Slope) -> _Ends:
    """The times between which all available memory will be taken; None if it is not certain that memory is lost."""
    if available_kb is None or not slope.sure or slope.least <= 0:
        return None
    earliest, latest = slope.reaches(available_kb)
    return now + earliest, now + latest


def _cache_fills(known: Sequence[Observation]) -> bool:
    """Whether free memory becomes cache and is not lost. This is so after each boot, until the cache has all of it."""
    free = slope_of(*_series(known, lambda one: one.free_kb))
    available = slope_of(*_series(known, lambda one: one.available_kb))
    return bool(free and available and free.per_second < 0 and available.per_second > _GONE_SHARE * free.per_second)
