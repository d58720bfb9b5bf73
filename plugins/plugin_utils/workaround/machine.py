# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that verifies a step or undoes it: from what is known of a host to the next move.

``next_move`` decides, and is a pure function. ``drive`` carries out its moves on anything that can gather, run the program, wait and tell
the time, until the machine ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import RECORD
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer, NoAnswerError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OF_DECISION, got_worse, helped, not_in_force
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.look import Look
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.moves import (
    End,
    Gather,
    Halt,
    Lost,
    Move,
    Reached,
    RunProgram,
    WorkaroundSeen,
    WorkaroundWanted,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.compact_memory import gained

#: Between two looks at a host that has not recovered yet.
LOOK_SECONDS = 5
_NO_MARK = "The kernel log could not be marked. If its lines have no times, older failures count until the next reboot."
_AFTER_A_CUT = f"The host finishes on its own, with the old values or the new ones. Run this again to find out which. Its record: {RECORD}"


def drive(wanted: WorkaroundWanted, host: Reached) -> End:
    """Carry out one move after another, to the end. Raises NoAnswerError if the state of the host is not known. If nothing was tried yet,
    raises the error that prevented the first look."""
    seen = WorkaroundSeen()
    while True:
        move = next_move(wanted, seen)
        if isinstance(move, End):
            return move
        if isinstance(move, Halt):
            raise (move.lost and move.lost.error) or NoAnswerError(move.reason)
        if isinstance(move, Gather) and move.wait_seconds:
            host.wait(move.wait_seconds)
        began = host.clock()
        reply = host.gather() if isinstance(move, Gather) else host.run_program(move.verb, move.values)
        times = {**seen.times, move.into: (began, host.clock())}
        seen = replace(seen, times=times, **{move.into: reply})  # type: ignore[arg-type]


def next_move(wanted: WorkaroundWanted, seen: WorkaroundSeen) -> Move:
    """The next move for a host, from what is known of it so far."""
    if seen.found is None:
        return Gather("found")
    if isinstance(seen.found, Lost):
        return Halt(seen.found.reason, seen.found)
    if not wanted.present:
        return _leave(wanted, seen, seen.found)
    if seen.found.plan.decision == "mend" and not wanted.check_mode:
        return _mend(wanted, seen, seen.found)
    return _step(wanted, seen, seen.found, [])


def _mend(wanted: WorkaroundWanted, seen: WorkaroundSeen, found: Look) -> Move:
    """Finish or undo an interrupted run first."""
    if seen.mended is None:
        return RunProgram("mended", "mend")
    if isinstance(seen.mended, Lost):
        return _no_answer(seen.mended)
    if seen.mended.outcome not in ("mended", "restored", "kept"):
        return _stopped(found, seen.mended)
    if seen.repaired is None:
        return Gather("repaired")
    if isinstance(seen.repaired, Lost):
        return _gone("what an interrupted run left is repaired", seen.repaired)
    if seen.repaired.plan.decision == "mend":
        return Halt("another run started on this host in the meantime; run this again when it has ended")
    told = _sentence(seen.mended.reason or "an interrupted run had started to restore the old values, and they are restored now")
    return _step(wanted, seen, seen.repaired, [] if seen.mended.outcome == "kept" else [told])


def _step(wanted: WorkaroundWanted, seen: WorkaroundSeen, before: Look, told: list[str]) -> Move:
    """One step further, if the plan says so. ``told``: what was repaired."""
    decision = before.plan.decision
    if decision == "apply" and not wanted.check_mode:
        return _apply(wanted, seen, before, told)
    outcome = "planned" if decision == "apply" else OF_DECISION[decision]
    if told and outcome in ("kept", "none"):
        outcome = "mended"
    return End(outcome, [*told, *before.plan.sentences], before, changed=outcome == "planned" or bool(told))


def _apply(wanted: WorkaroundWanted, seen: WorkaroundSeen, before: Look, told: list[str]) -> Move:
    """Apply the plan, and look until the host has recovered or its time is over: kswapd needs time to free memory."""
    if seen.answer is None:
        return RunProgram("answer", "apply", _step_values(wanted, before))
    if isinstance(seen.answer, Lost):
        return _no_answer(seen.answer)
    if seen.answer.outcome != "applied":
        return _stopped(before, seen.answer)
    if seen.after is None:
        return Gather("after")
    if not seen.over(wanted.verify_seconds) and not _has_recovered(before, seen.after):
        return Gather("after", min(LOOK_SECONDS, seen.left_seconds(wanted.verify_seconds)))
    if isinstance(seen.after, Lost):
        return _gone("the step was applied", seen.after)
    told = [*told, *_what_it_brought(before, seen.answer, seen.after)]
    wrong = not_in_force(seen.after.values, before.plan.values) or got_worse(before.state, seen.after.state)
    if wrong is None:
        return End("applied", told, before, seen.after, changed=True)
    return _put_back(seen, before, wrong, told)


def _step_values(wanted: WorkaroundWanted, before: Look) -> dict[str, Any]:
    """The values with which the program applies the plan and checks that the host has not changed since the plan."""
    planned = before.plan
    expected = {f"expected_{name}": value for name, value in planned.before.items()}
    choices = {"compact": wanted.compact, "watch_seconds": wanted.watch_seconds}
    return {**planned.values, **expected, **choices, "step": planned.step, "short_kb": planned.short_kb}


def _has_recovered(before: Look, after: Look | Lost) -> bool:
    return isinstance(after, Look) and after.state["verdict"] in ("mitigated", "clear") and got_worse(before.state, after.state) is None


def _what_it_brought(before: Look, answer: Answer, after: Look) -> list[str]:
    told = [*before.plan.sentences, helped(before.state, after.state), *gained(answer, after.facts, before.order)]
    return [*told, _NO_MARK] if answer.values.get("marked") == "0" else told


def _put_back(seen: WorkaroundSeen, before: Look, wrong: str, told: list[str]) -> Move:
    """The step made the host worse or is not in force."""
    if seen.undone is None:
        return RunProgram("undone", "undo", {"step": before.plan.step})
    if isinstance(seen.undone, Lost):
        return _no_answer(seen.undone)
    if seen.last is None:
        return Gather("last")
    if isinstance(seen.last, Lost):
        return _gone(f"{wrong} The step should be undone: {seen.undone.outcome}", seen.last)
    why = [wrong, *([_sentence(seen.undone.reason)] if seen.undone.reason else []), *told]
    outcome = "rolled_back" if seen.undone.outcome == "rolled_back" else "failed"
    return End(outcome, why, before, seen.last, changed=True, failed=wrong)


def _leave(wanted: WorkaroundWanted, seen: WorkaroundSeen, before: Look) -> Move:
    """Restore the values from before the first step."""
    record = before.facts["workaround"]
    if record is None:
        reason = f"{before.facts['unavailable'].get('workaround')}; gather the evidence as root (become: true)"
        return Halt(f"workaround: {reason}")
    if record["phase"] == "none":
        return End("kept", ["This host has no record of a workaround."], before)
    by_hand = None if wanted.force or record["phase"] != "in_force" else _changed_by_hand(before, record)
    if by_hand:
        return End("refused", [by_hand], before)
    originals = {name: record[f"original_{name}"] for name in KEYS}
    told = [f"vm.{name} is restored to {value}." for name, value in originals.items() if value is not None]
    if wanted.check_mode:
        return End("planned", told, before, changed=True, planned=originals)
    if seen.answer is None:
        return RunProgram("answer", "leave", {"force": wanted.force})
    if isinstance(seen.answer, Lost):
        return _no_answer(seen.answer)
    if seen.answer.outcome != "restored":
        return _stopped(before, seen.answer)
    if seen.after is None:
        return Gather("after")
    if isinstance(seen.after, Lost):
        return _gone("the values from before the workaround are restored", seen.after)
    wrong = not_in_force(seen.after.values, originals)
    if wrong is None:
        return End("restored", told, before, seen.after, changed=True)
    return End("failed", [wrong, *told], before, seen.after, changed=True, failed=wrong)


def _changed_by_hand(before: Look, record: Mapping[str, Any]) -> str | None:
    """A sentence if a value differs from the record. The program checks again, also values that are not known here."""
    for name, now in before.values.items():
        if None not in (now, record[name]) and now != record[name]:
            return f"vm.{name} is {now}, but the record says {record[name]}: somebody changed it. Set it to {record[name]}, or use force."
    return None


def _stopped(before: Look, answer: Answer) -> End:
    """The host refused, or undid its change."""
    outcome = answer.outcome if answer.outcome in ("refused", "rolled_back") else "failed"
    reason = _sentence(answer.reason or answer.outcome)
    return End(outcome, [reason], before, changed=outcome == "rolled_back", failed=None if outcome == "refused" else reason)


def _no_answer(lost: Lost) -> Halt:
    """A connection that breaks now is a failure of the change, not a host that cannot be reached."""
    return Halt(f"{lost.reason}. {_AFTER_A_CUT}")


def _gone(since: str, lost: Lost) -> Halt:
    """A host that is lost after a change is also a failure of the change. ``since``: its state before that."""
    return Halt(f"{since}, but then the host was lost: {lost.reason}. {_AFTER_A_CUT}")


def _sentence(text: str) -> str:
    """The message of the host as a sentence. The name of a file or a setting keeps its first letter."""
    said = text if {".", "/"} & set(text.split(" ", 1)[0]) else text[:1].upper() + text[1:]
    return said if said.endswith((".", "?")) else f"{said}."
