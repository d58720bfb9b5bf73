# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host's past to what is coming: how its headroom moves, and when nothing is left. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation, same_boot
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.slope import runs_out, slope_of

#: More points than this are not looked at: pairs grow with the square.
MOST_POINTS = 32
_DAY_SECONDS = 86400
#: A forecast further away than this says no more than "not soon".
_FURTHEST_SECONDS = 10 * 365 * _DAY_SECONDS


class Forecast(TypedDict):
    """``state``: falling, rising, no_trend or too_few_audits. ``audits``: how many points it rests on, ``since``: when the first was.

    ``per_day``, ``per_day_least`` and ``per_day_most``: how many requests of ``order`` the headroom gains a day, with the interval.
    ``exhausted_earliest`` and ``exhausted_latest``: between these two times nothing is left. Null where there is nothing to say, and for
    a time more than ten years away.
    """

    state: str
    order: int | None
    audits: int
    since: str | None
    per_day: float | None
    per_day_least: float | None
    per_day_most: float | None
    exhausted_earliest: str | None
    exhausted_latest: str | None


def comparable(past: Sequence[Observation], now: Observation) -> list[Observation]:
    """The observations that ``now`` goes on from, oldest first: of the same boot, kernel, and step of the workaround."""
    found: list[Observation] = []
    for earlier in sorted((now, *past), key=lambda one: one.at_epoch_seconds, reverse=True):
        if earlier.headroom is None or (found and earlier.at_epoch_seconds == found[-1].at_epoch_seconds):
            continue  # a night without an answer ends nothing; a record that is audited again is the same point
        settings = (earlier.kernel, earlier.step, earlier.min_free_kbytes)
        if same_boot(earlier, now) is not True or settings != (now.kernel, now.step, now.min_free_kbytes):
            break
        found.append(earlier)
    return found[:MOST_POINTS][::-1]


def forecast(past: Sequence[Observation], now: Observation) -> Forecast:
    """The forecast of one host, of the headroom that it is judged by now. ``past``: what earlier audits saw of it, in any order."""
    points = [(one.at_epoch_seconds, left) for one in comparable(past, now) if (left := one.left(now.order)) is not None]
    times, values = [at for at, _left in points], [left for _at, left in points]
    told: Forecast = {
        "state": "too_few_audits",
        "order": now.order,
        "audits": len(points),
        "since": utc_time_of(times[0]) if times else None,
        "per_day": None,
        "per_day_least": None,
        "per_day_most": None,
        "exhausted_earliest": None,
        "exhausted_latest": None,
    }
    slope = slope_of(times, values)
    if slope is None:
        return told
    told["state"] = "no_trend" if not slope.sure else "falling" if slope.per_second < 0 else "rising"
    if slope.sure:
        told["per_day"], told["per_day_least"], told["per_day_most"] = (
            round(each * _DAY_SECONDS, 3) for each in (slope.per_second, slope.least, slope.most)
        )
    ends = runs_out(times[-1], values[-1], slope)
    if ends:
        furthest = times[-1] + _FURTHEST_SECONDS
        told["exhausted_earliest"], told["exhausted_latest"] = (utc_time_of(end) if end <= furthest else None for end in ends)
    return told
