# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of a host: its facts and verdict before and after, compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import Result
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.granted import granted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

#: Outcome of the host -> what that means.
OUTCOMES = {
    "failed": "an error stopped the change; the sentence says which, and what to do",
    "rolled_back": "the step made the host worse, so it was undone at once",
    "unreachable": "the host could not be reached, and nothing was tried",
    "not_reached": "the playbook has not reached this host, or it ended before",
    "refused": "no step is safe, or something prevents it; the host is unchanged",
    "exhausted": "the workaround has reached its limit and does not help; only another kernel helps",
    "planned": "check mode: this step would be applied",
    "applied": "a step was applied",
    "mended": "what an interrupted run had left is finished or undone",
    "restored": "the values from before the workaround are restored",
    "kept": "no step was due",
    "none": "the host does not need the workaround",
}

#: The outcome of a host by its plan's decision, if nothing is applied.
OF_DECISION = {"none": "none", "keep": "kept", "refuse": "refused", "exhausted": "exhausted", "mend": "planned"}


#: A host at one moment: its ``verdict``, each setting of KEYS, ``granted``, how many atomic requests of the order the kernel would grant,
#: and ``granted_by_order`` for each order; None if not known.
Snapshot = Mapping[str, Any]


class Change(TypedDict):
    """``outcome`` is a key of OUTCOMES, ``order`` that of ``granted`` in the two states; it and ``before`` are null if the host was not
    read, ``after`` if nothing was done."""

    what: str
    outcome: str
    step: int | None
    order: int | None
    sentences: list[str]
    before: Snapshot | None
    after: Snapshot | None


def change_of(result: Any) -> Change:
    """The change in a task's registered result, with any outcome of the task."""
    if not isinstance(result, Mapping):
        return _without_states("not_reached", "The playbook has not reached this host, or it ended before.")
    change = result.get("change")
    if isinstance(change, Mapping):
        return change  # type: ignore[return-value]
    message = str(result.get("msg") or "no result").removeprefix("Task failed: ")
    return _without_states("unreachable" if result.get("unreachable") else "failed", clip(message, 600))


def _without_states(outcome: str, sentence: str) -> Change:
    return {"what": "workaround", "outcome": outcome, "step": None, "order": None, "sentences": [sentence], "before": None, "after": None}


def state(facts: Mapping[str, Any], result: Result) -> Snapshot:
    """The state that these facts and their verdict show."""
    vm = facts.get("vm") or {}
    least, most = (granted(result["headroom"], kind, result["order"]) for kind in ("atomic", "atomic_at_most"))
    return {
        "verdict": result["verdict"],
        **{name: vm.get(name) for name in KEYS},
        # none by the lower limit and some by the upper one: not known
        "granted": least if least or not most else None,
        "granted_by_order": list(result["headroom"]["atomic"]) if result["headroom"] else None,
    }


def got_worse(before: Snapshot, after: Snapshot) -> str | None:
    """A sentence if the host would now refuse a request that it granted before, else None."""
    if before["granted"] and after["granted"] == 0:
        return f"Before, the kernel would have granted {before['granted']} atomic requests, and now it would grant none."
    return None


def not_in_force(seen: Mapping[str, object], wanted: Mapping[str, int | None]) -> str | None:
    """A sentence if a value is not the applied one, else None."""
    for name in KEYS:
        if wanted.get(name) is not None and seen.get(name) != wanted[name]:
            return f"vm.{name} is {seen.get(name)} and not {wanted[name]}: something on the host set it again."
    return None


def helped(before: Snapshot, after: Snapshot) -> str:
    """A sentence on the result of the step."""
    told = f"The verdict was {before['verdict']} and is {after['verdict']}"
    if before["granted"] is None or after["granted"] is None:
        return f"{told}."
    return f"{told}. Before, the kernel would have granted {before['granted']} atomic requests in a row, now {after['granted']}."
