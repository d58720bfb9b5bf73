# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history for the table and the HTML report. All text is printable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of, natural_key, printable

#: So many names of one kind are shown; fleet.json has all.
_MOST_NAMES = 5


class HistoryView(NamedTuple):
    """All of it, as it is shown: a heading, then one sentence a kind of change."""

    heading: str
    sentences: list[str]


def history_view(fleet: Mapping[str, Any]) -> HistoryView | None:
    """None if no history is stored, or if this is the first audit."""
    found = fleet["history"]
    if found is None:
        return None
    if found["fault"]:
        return HistoryView("What changed since the last audit is not known", [printable(found["fault"], 500)])
    if found["previous_at"] is None:
        return None
    changes = [f"{kind.replace('_', ' ')}: {_names(names)}" for kind, names in found["changes"].items()]
    trends = {name: forecast for name, result in fleet["hosts"].items() if (forecast := result.get("forecast"))}
    ending = {
        "headroom falls": [name for name, trend in trends.items() if trend["exhausted_earliest"]],
        "memory leaks": [name for name, trend in trends.items() if trend["unaccounted"]["exhausted_earliest"]],
    }
    told = [f"{what}: {_names(names)}" for what, names in ending.items() if names]
    when = found["previous_at"].replace("T", " ").replace(":00Z", " UTC").replace("Z", " UTC")
    return HistoryView(f"Since the audit of {when}", changes + told or ["nothing changed"])


def _names(names: Sequence[str]) -> str:
    shown = sorted(names, key=natural_key)[:_MOST_NAMES]
    more = len(names) - len(shown)
    told = ", ".join(printable(name, 60) for name in shown)
    return f"{told} and {more:,} more" if more else told if len(names) < 3 else f"{count_of(len(names), 'host')}: {told}"
