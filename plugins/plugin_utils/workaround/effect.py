# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a host: its facts and verdict before and after, laid side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import Result
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.granted import granted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

#: What became of the host -> what that means.
OUTCOMES = {
    "failed": "something broke on the way; the sentence says what, and what to do",
    "rolled_back": "the step made it worse, so it was put back at once",
    "unreachable": "the host could not be reached, and nothing was tried",
    "not_reached": "the playbook has not come to this host, or ended before it",
    "refused": "no step is safe, or something stands in the way; the host is as it was",
    "exhausted": "the workaround is as far as it may go and does not help: only the kernel does",
    "planned": "check mode: this would be put in force",
    "applied": "a step was put in force",
    "mended": "what a cut run had left is finished or undone",
    "restored": "the values from before the workaround are back",
    "kept": "nothing was due",
    "none": "nothing asks for the workaround",
}

#: What becomes of a host by its plan's decision, where nothing is put in force.
OF_DECISION = {"none": "none", "keep": "kept", "refuse": "refused", "exhausted": "exhausted", "mend": "planned"}


#: A host at one moment: its ``verdict``, each setting of KEYS, ``granted``, how many atomic requests of the order would be granted, and
#: ``granted_by_order`` of each order; None for what was not seen.
Snapshot = Mapping[str, Any]


class Change(TypedDict):
    """``outcome`` is a key of OUTCOMES, ``order`` that of ``granted`` in the two states; it and ``before`` are null where the host
    was not looked at, ``after`` where nothing was done."""

    what: str
    outcome: str
    step: int | None
    order: int | None
    sentences: list[str]
    before: Snapshot | None
    after: Snapshot | None


def change_of(result: Any) -> Change:
    """The change in a task's registered result, whatever became of the task."""
    if not isinstance(result, Mapping):
        return _without_states("not_reached", "The playbook has not come to this host, or ended before it.")
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
        # none by the lower bound and some by the upper one: not known
        "granted": least if least or not most else None,
        "granted_by_order": list(result["headroom"]["atomic"]) if result["headroom"] else None,
    }


def got_worse(before: Snapshot, after: Snapshot) -> str | None:
    """A sentence where the host would now refuse what it granted before, else None."""
    if before["granted"] and after["granted"] == 0:
        return f"{before['granted']} atomic requests would have been granted before, and none after."
    return None


def not_in_force(seen: Mapping[str, object], wanted: Mapping[str, int | None]) -> str | None:
    """A sentence where a value is not what was put in force, else None."""
    for name in KEYS:
        if wanted.get(name) is not None and seen.get(name) != wanted[name]:
            return f"vm.{name} is {seen.get(name)} and not {wanted[name]}: something on the host set it again."
    return None


def helped(before: Snapshot, after: Snapshot) -> str:
    """A sentence on what the step brought."""
    told = f"The verdict was {before['verdict']} and is {after['verdict']}"
    if before["granted"] is None or after["granted"] is None:
        return f"{told}."
    return f"{told}; {before['granted']} atomic requests in a row would have been granted, {after['granted']} are now."
