# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role did to the hosts, for the reports: before and after in one line, and the number of each outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OUTCOMES


def change_line(change: Mapping[str, Any]) -> str:
    """One line on a host's change: its outcome and the differences, or the reason if there is no difference."""
    step = f" step {change['step']}" if change["step"] is not None else ""
    told = list(_differences(change["before"], change["after"], change["order"]))
    why = change["sentences"][0] if change["sentences"] else ""
    return f"{change['outcome']}{step}: {', '.join(told) or why}"


def outcome_counts(fleet: Mapping[str, Any]) -> dict[str, int]:
    """How many hosts have each outcome, those that no host has left out; empty where nothing was to be changed."""
    found = [result["change"]["outcome"] for result in fleet["hosts"].values() if "change" in result]
    return {outcome: found.count(outcome) for outcome in OUTCOMES if outcome in found}


def _differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, order: int | None) -> Iterator[str]:
    if before is None or after is None:
        return
    for name in KEYS:
        was, now = before.get(name), after.get(name)
        if was != now:
            yield f"vm.{name} {_shown(was)} to {_shown(now)}"
    yield f"order-{order} requests {_shown(before['granted'])} to {_shown(after['granted'])}"
    if before["verdict"] != after["verdict"]:
        yield f"{before['verdict']} before"


def _shown(value: int | None) -> str:
    return "?" if value is None else str(value)
