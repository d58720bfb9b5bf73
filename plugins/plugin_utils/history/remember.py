# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the history adds to the fleet's document: the changes and the forecast of each host. It also stores this audit for the next ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import kb_told
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.changes import changes_of, with_new_verdict
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.course import MOST_COURSES, MOST_NIGHTS, course_of, nights_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.forecast import MOST_POINTS, Forecast, Trend, forecast
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import HistoryError, Keeping, Past, Run, open_history
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation, observation_of, same_boot
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.recorded_past import newest_first, read_past

_DAY_SECONDS = 86400
#: Verdicts that are more important than the forecast. With them the forecast is the second reason, else the first.
_TROUBLE_NOW = ("affected", "starved")


def remember(
    fleet: dict[str, Any], keeping: Keeping, at_epoch_seconds: int, older: Mapping[str, list[Observation]] | None = None
) -> set[str]:
    """Add ``history`` to the document, ``forecast`` and ``past`` to each of its hosts, and a reason if memory runs out. Returns the hosts
    whose verdict is new; all if no earlier verdict is known. ``older``: observations from other reports of a host, newest first. They
    count for its trend but are not stored. If the history cannot be read or written, the audit continues and ``fault`` says why.
    """
    told = {
        "label": keeping.label,
        "audits": 0,
        "previous_at": None,
        "changes": {},
        "new_verdicts": dict(fleet["counts"]),
        "nights": [],
        "fault": None,
    }
    fleet["history"] = told
    now = {name: observation_of(result, at_epoch_seconds) for name, result in fleet["hosts"].items()}
    run = Run(keeping.label, at_epoch_seconds, len(now), keeping.whole_fleet, fleet["collection_version"])
    try:
        past = _past(keeping, run, now)
    except HistoryError as error:
        told["fault"] = str(error)
        past = Past([], {})
    _foresee(fleet["hosts"], now, past.of_host, older or {})
    return _look_back(told, past, run, now)


def _past(keeping: Keeping, run: Run, now: Mapping[str, Observation]) -> Past:
    """What earlier audits saw. This audit is stored."""
    with open_history(keeping.url, write=keeping.write) as history:
        seen = Past(history.verdicts(keeping.label, most=MOST_NIGHTS), history.past(keeping.label, len(now), MOST_POINTS))
        history.add(run, now)
        history.prune(run.at_epoch_seconds - keeping.keep_days * _DAY_SECONDS)
    return _joined(seen, read_past(keeping.past, keeping.label)) if keeping.past else seen


def _joined(one: Past, other: Past) -> Past:
    runs = sorted((*one.runs, *other.runs), key=lambda each: each[0].at_epoch_seconds, reverse=True)
    names = {*one.of_host, *other.of_host}
    return Past(runs, {name: newest_first((*one.of_host.get(name, ()), *other.of_host.get(name, ()))) for name in names})


def _look_back(told: dict[str, Any], past: Past, run: Run, now: Mapping[str, Observation]) -> set[str]:
    told["audits"] = len(past.runs)
    told["nights"] = nights_of(past.runs, run, now)
    if not past.runs:
        return set(now)
    told["previous_at"] = utc_time_of(past.runs[0][0].at_epoch_seconds)
    before = {name: observations[0] for name, observations in past.of_host.items()}
    told["changes"] = changes_of(before, now, whole_fleet=run.whole_fleet)
    new = with_new_verdict(before, now)
    told["new_verdicts"] = dict(Counter(now[name].verdict for name in new))
    return new


def _foresee(
    hosts: MutableMapping[str, dict[str, Any]],
    now: Mapping[str, Observation],
    past: Mapping[str, list[Observation]],
    older: Mapping[str, list[Observation]],
) -> None:
    shown = 0
    for name, result in hosts.items():
        before = (*past.get(name, ()), *older.get(name, ()))
        result["forecast"] = forecast(before, now[name])
        told = [sentence for sentence in (_headroom_falls(result), _memory_leaks(result)) if sentence]
        in_trouble = result["verdict"] in _TROUBLE_NOW
        result["reasons"][in_trouble:in_trouble] = told
        _tell_of_leak(result, before, now[name])
        result["past"] = course_of(before, now[name]) if before and (told or in_trouble) and shown < MOST_COURSES else None
        shown += result["past"] is not None
        hosts[name] = result


def _tell_of_leak(result: Mapping[str, Any], past: Sequence[Observation], now: Observation) -> None:
    """How a leak has grown since the first known audit of this boot."""
    leaks = [one for one in result["causes"] if one["cause"] == "leak"]
    if not leaks or now.unaccounted_kb is None:
        return
    kept = [one for one in past if same_boot(one, now) and one.unaccounted_kb is not None]
    if not kept:
        return
    first = min(kept, key=lambda one: one.at_epoch_seconds)
    grown = now.unaccounted_kb - (first.unaccounted_kb or 0)
    if grown > 0 and now.at_epoch_seconds > first.at_epoch_seconds:
        since = utc_time_of(first.at_epoch_seconds)[:10]
        leaks[0]["reasons"].append(f"history: it grew by {kb_told(grown)} since {since} ({len(kept) + 1} audits of this boot)")
        leaks[0]["figures"]["grown_kb"] = grown


def _headroom_falls(result: Mapping[str, Any]) -> str | None:
    told: Forecast = result["forecast"]
    if told["exhausted_earliest"] is None or told["per_day"] is None:
        return None
    pace = f"headroom falls by {-told['per_day']:.0f} order-{told['order']} requests a day"
    return f"{pace} ({_basis(told)}): nothing will be left {_when(told)}"


def _memory_leaks(result: Mapping[str, Any]) -> str | None:
    told: Trend = result["forecast"]["unaccounted"]
    if told["exhausted_earliest"] is None or told["per_day"] is None:
        return None
    pace = f"memory that the kernel counts nowhere grows by {_mb(told['per_day'])} MB a day"
    return f"{pace} ({_basis(told)}): if this goes on, all available memory is used up {_when(told)}"


def _mb(kb: float) -> str:
    return f"{kb / 1024:,.0f}" if kb >= 10240 else f"{kb / 1024:.1f}"


def _basis(told: Trend | Forecast) -> str:
    return f"{told['audits']} audits since {str(told['since'])[:10]}"


def _when(told: Trend | Forecast) -> str:
    earliest, latest = str(told["exhausted_earliest"]), told["exhausted_latest"]
    return f"between {earliest[:10]} and {latest[:10]}" if latest else f"on {earliest[:10]} at the earliest"
