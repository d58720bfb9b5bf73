# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the history adds to the fleet's document: what changed, where each host is heading; and this audit, kept for the next ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import kb_told
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.changes import changes_of, with_new_verdict
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.forecast import MOST_POINTS, Forecast, forecast
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import HistoryError, Keeping, Run, open_history
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation, observation_of, same_boot

if TYPE_CHECKING:
    from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.store import History

_DAY_SECONDS = 86400
#: Verdicts that say more than what is coming: there the forecast is the second reason, else the first.
_TROUBLE_NOW = ("affected", "starved")


def remember(fleet: dict[str, Any], keeping: Keeping, at_epoch_seconds: int) -> set[str]:
    """Add ``history`` to the document, ``forecast`` to each of its hosts, and a reason where the headroom falls. Returns the hosts whose
    verdict is new; all where nothing says what it was.

    A history that cannot be read or written costs the audit nothing but this: its ``fault`` says why.
    """
    told = {"label": keeping.label, "audits": 0, "previous_at": None, "changes": {}, "new_verdicts": dict(fleet["counts"]), "fault": None}
    fleet["history"] = told
    try:
        with open_history(keeping.url, write=keeping.write) as history:
            return _look_back(fleet, told, history, keeping, at_epoch_seconds)
    except HistoryError as error:
        told["fault"] = str(error)
        return set(fleet["hosts"])


def _look_back(fleet: dict[str, Any], told: dict[str, Any], history: History, keeping: Keeping, at_epoch_seconds: int) -> set[str]:
    hosts: MutableMapping[str, dict[str, Any]] = fleet["hosts"]
    now = {name: observation_of(result, at_epoch_seconds) for name, result in hosts.items()}
    runs, past = history.runs(keeping.label), history.past(keeping.label, len(now), MOST_POINTS)
    history.add(Run(keeping.label, at_epoch_seconds, len(now), keeping.whole_fleet, fleet["collection_version"]), now)
    history.prune(at_epoch_seconds - keeping.keep_days * _DAY_SECONDS)
    told["audits"] = len(runs)
    new = set(now)
    if runs:
        told["previous_at"] = utc_time_of(runs[0].at_epoch_seconds)
        before = {name: observations[0] for name, observations in past.items()}
        told["changes"] = changes_of(before, now, whole_fleet=keeping.whole_fleet)
        new = with_new_verdict(before, now)
        told["new_verdicts"] = dict(Counter(now[name].verdict for name in new))
    for name, result in hosts.items():
        result["forecast"] = forecast(past.get(name, ()), now[name])
        _warn(result, result["forecast"])
        _tell_of_leak(result, past.get(name, ()), now[name])
        hosts[name] = result
    return new


def _tell_of_leak(result: dict[str, Any], past: Sequence[Observation], now: Observation) -> None:
    """Of a leak, how it has grown since the first audit of this boot that is known. No new cause comes of it: the verdict stands."""
    leaks = [one for one in result["causes"] if one["cause"] == "leak"]
    kept = [one for one in past if same_boot(one, now) and one.unaccounted_kb is not None]
    if not leaks or not kept or now.unaccounted_kb is None:
        return
    first = min(kept, key=lambda one: one.at_epoch_seconds)
    grown = now.unaccounted_kb - (first.unaccounted_kb or 0)
    days = (now.at_epoch_seconds - first.at_epoch_seconds) / _DAY_SECONDS
    if grown <= 0 or days <= 0:
        return
    since = utc_time_of(first.at_epoch_seconds)[:10]
    pace = f", {kb_told(int(grown / days))} a day" if days >= 1 else ""
    leaks[0]["reasons"].append(f"history: {kb_told(grown)} of it came since {since} ({len(kept) + 1} audits of this boot){pace}")
    leaks[0]["figures"]["grown_kb"] = grown


def _warn(result: dict[str, Any], told: Forecast) -> None:
    earliest, latest = told["exhausted_earliest"], told["exhausted_latest"]
    if earliest is None or told["per_day"] is None:
        return
    when = f"between {earliest[:10]} and {latest[:10]}" if latest else f"on {earliest[:10]} at the earliest"
    pace = f"headroom falls by {-told['per_day']:.0f} order-{told['order']} requests a day"
    reason = f"{pace} ({told['audits']} audits since {str(told['since'])[:10]}): nothing is left {when}"
    result["reasons"].insert(result["verdict"] in _TROUBLE_NOW, reason)
