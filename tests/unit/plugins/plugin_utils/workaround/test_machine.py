# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every path of the machine, driven with plain values: what a host shows, what its program answers, and what does not come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import NEWER
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import OUTCOMES as ANSWERS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer, NoAnswerError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OUTCOMES, got_worse, not_in_force
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.look import Look, look_at
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.machine import LOOK_SECONDS, drive, next_move
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.moves import (
    End,
    Gather,
    Halt,
    Lost,
    RunProgram,
    WorkaroundSeen,
    WorkaroundWanted,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import read_policy
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.task_result import task_result
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.workaround.hosts import GB, host, in_force
from hypothesis import given
from hypothesis import strategies as st

CATALOGUE = load_catalogue()
POLICY = read_policy({}, CATALOGUE.workaround)
FIRST_KB = 262144


def look(*, nodes: int = 2, shattered: bool = False, **more: Any) -> Look:
    """A look at a host of 32 GB; ``shattered``: all that is free there is in blocks too small."""
    facts = host(32 * GB, nodes, **more)
    for zone in facts["zones"] if shattered else ():
        free = zone["free_pages"] = sum(count << order for order, count in enumerate(zone["free_blocks"]))
        zone["free_blocks"] = [free] + [0] * 10
    return look_at(facts, CATALOGUE, POLICY)


STEP_1 = in_force(1, FIRST_KB, 1)
FOUND = look()
BETTER = look(now=FIRST_KB, mode=1, record=STEP_1, failed=False)
NO_BETTER = look(now=FIRST_KB, mode=1, record=STEP_1)
WORSE = look(now=FIRST_KB, mode=1, record=STEP_1, shattered=True)
SET_AGAIN = look(now=FIRST_KB, mode=0, record=STEP_1)
CUT = look(record={"phase": "pending"})
FINE = look(failed=False, kernel={**FOUND.facts["kernel"], "release": "2.6.32-431.el6.x86_64"})
LOST = Lost("the probe did not come back")
APPLIED = Answer("applied")
STEP = WorkaroundWanted(verify_seconds=30, watch_seconds=7, compact=True)
LEAVE = WorkaroundWanted(present=False)
AFTER_A_CUT = "The host finishes on its own, with the old values or the new ones. Run this again"
#: In force at once, looked at long after.
LATE = {"answer": (0.0, 1.0), "after": (900.0, 901.0)}


def change(end: End) -> dict[str, Any]:
    made: dict[str, Any] = task_result(end)["change"]
    return made


def test_the_first_thing_is_to_look() -> None:
    assert next_move(STEP, WorkaroundSeen()) == next_move(LEAVE, WorkaroundSeen()) == Gather("found")


def test_what_keeps_a_host_from_being_looked_at_at_first_is_told_as_it_is() -> None:
    """An action makes "unreachable" of it."""
    error = ConnectionError("no route")
    lost = Lost("no route", error)
    assert next_move(STEP, WorkaroundSeen(found=lost)) == next_move(LEAVE, WorkaroundSeen(found=lost)) == Halt("no route", lost)
    with pytest.raises(ConnectionError) as raised:
        drive(STEP, Script(found=[lost]))
    assert raised.value is error


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (FINE, "none"),
        (BETTER, "kept"),
        (look(nodes=1, now=1048576, record=in_force(1, 1048576)), "exhausted"),
        (look_at(host(GB), CATALOGUE, POLICY), "refused"),
    ],
)
def test_where_the_plan_is_not_to_act_nothing_is_run(found: Look, outcome: str, check_mode: bool) -> None:
    end = next_move(replace(STEP, check_mode=check_mode), WorkaroundSeen(found=found))
    assert end == End(outcome, found.plan.sentences, found)
    assert change(end)["after"] is None and "diff" not in task_result(end) and task_result(end)["changed"] is False


def test_check_mode_tells_the_plan_and_runs_nothing() -> None:
    end = next_move(replace(STEP, check_mode=True), WorkaroundSeen(found=FOUND))
    assert end == End("planned", FOUND.plan.sentences, FOUND, changed=True)
    assert task_result(end)["diff"] == [
        {
            "before": "vm.min_free_kbytes = 67584\nvm.zone_reclaim_mode = 0\n",
            "after": "vm.min_free_kbytes = 262144\nvm.zone_reclaim_mode = 1\n",
        }
    ]
    cut = next_move(replace(STEP, check_mode=True), WorkaroundSeen(found=CUT))
    assert isinstance(cut, End) and (cut.outcome, cut.changed) == ("planned", True), "what was cut would be mended"


def test_the_program_gets_the_plan_and_what_it_rests_on() -> None:
    assert next_move(STEP, WorkaroundSeen(found=FOUND)) == RunProgram(
        "answer",
        "apply",
        {
            "min_free_kbytes": FIRST_KB, "zone_reclaim_mode": 1, "expected_min_free_kbytes": 67584, "expected_zone_reclaim_mode": 0,
            "compact": True, "watch_seconds": 7, "step": 1, "short_kb": 335544,
            **dict.fromkeys(NEWER), **{f"expected_{name}": None for name in NEWER},
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "outcome", "changed", "failed"),
    [
        (Answer("refused", "this host has no sync"), "refused", False, None),
        (Answer("rolled_back", "memory ran short"), "rolled_back", True, "Memory ran short."),
        (Answer("changed", "vm.min_free_kbytes is 1, and was 2"), "failed", False, "vm.min_free_kbytes is 1, and was 2."),
        (Answer("busy", "another run is at work"), "failed", False, "Another run is at work."),
        (Answer("failed", "/etc cannot be written: is it full?"), "failed", False, "/etc cannot be written: is it full?"),
        (Answer("kept"), "failed", False, "Kept."),
    ],
)
@pytest.mark.parametrize("wanted", [STEP, LEAVE])
def test_a_host_that_says_no_is_taken_at_its_word(
    wanted: WorkaroundWanted, answer: Answer, outcome: str, changed: bool, failed: str | None
) -> None:
    """Also "changed", where somebody set a value by hand between the plan and the act."""
    found = FOUND if wanted.present else BETTER
    end = next_move(wanted, WorkaroundSeen(found=found, answer=answer))
    assert isinstance(end, End) and (end.outcome, end.changed, end.failed, end.after) == (outcome, changed, failed, None)
    assert len(end.sentences) == 1
    told = task_result(end)
    assert told.get("failed", False) is (failed is not None) and told.get("msg") == failed


@pytest.mark.parametrize("wanted", [STEP, LEAVE])
def test_an_answer_that_does_not_come_back_is_no_unreachable_host(wanted: WorkaroundWanted) -> None:
    halt = next_move(wanted, WorkaroundSeen(found=FOUND if wanted.present else BETTER, answer=LOST))
    assert isinstance(halt, Halt) and halt.lost is None
    assert halt.reason.startswith(f"the probe did not come back. {AFTER_A_CUT}")


def test_a_host_that_recovers_at_once_is_done_at_the_first_look() -> None:
    assert next_move(STEP, WorkaroundSeen(found=FOUND, answer=APPLIED)) == Gather("after")
    end = next_move(STEP, WorkaroundSeen(found=FOUND, answer=APPLIED, after=BETTER, times={"answer": (0, 1), "after": (1, 2)}))
    assert isinstance(end, End) and (end.outcome, end.changed, end.failed) == ("applied", True, None)
    assert (
        "The verdict was affected and is mitigated. Before, the kernel would have granted 207568 atomic requests in a row"
        in end.sentences[3]
    )
    assert change(end)["after"] == BETTER.state and change(end)["step"] == 1


@pytest.mark.parametrize("after", [NO_BETTER, WORSE, SET_AGAIN, LOST])
def test_what_has_not_recovered_is_looked_at_again_until_its_time_is_over(after: Look | Lost) -> None:
    def move(began: float, ended: float) -> Any:
        return next_move(STEP, WorkaroundSeen(found=FOUND, answer=APPLIED, after=after, times={"answer": (0, 10), "after": (began, ended)}))

    assert move(10, 12) == Gather("after", LOOK_SECONDS)
    assert move(30, 38) == Gather("after", 2.0), "the last look is not late"
    assert move(39.9, 70) == Gather("after", 0.0), "a look that took long was not the last"
    assert isinstance(move(40, 41), (End, RunProgram, Halt)), "its time is over"


def test_a_step_that_did_not_help_stays_for_the_next_to_build_on() -> None:
    end = next_move(STEP, WorkaroundSeen(found=FOUND, answer=APPLIED, after=NO_BETTER, times=LATE))
    assert isinstance(end, End) and (end.outcome, end.failed) == ("applied", None)


def test_that_the_log_could_not_be_marked_is_said() -> None:
    for values, said in (({"marked": "0"}, True), ({}, False)):
        end = next_move(STEP, WorkaroundSeen(found=FOUND, answer=Answer("applied", values=values), after=BETTER, times=LATE))
        assert isinstance(end, End) and ("could not be marked" in end.sentences[-1]) is said


def test_a_host_that_is_lost_after_its_change_says_where_it_stands() -> None:
    halt = next_move(STEP, WorkaroundSeen(found=FOUND, answer=APPLIED, after=LOST, times=LATE))
    assert isinstance(halt, Halt) and halt.reason.startswith(f"the step was applied, but then the host was lost: {LOST.reason}. ")


WORSE_SAID = "Before, the kernel would have granted 207568 atomic requests, and now it would grant none."
SET_AGAIN_SAID = "vm.zone_reclaim_mode is 0 and not 1: something on the host set it again."


@pytest.mark.parametrize(("after", "why"), [(WORSE, WORSE_SAID), (SET_AGAIN, SET_AGAIN_SAID)])
def test_a_host_that_got_worse_or_does_not_hold_the_values_is_put_back(after: Look, why: str) -> None:
    seen = WorkaroundSeen(found=FOUND, answer=APPLIED, after=after, times=LATE)
    assert next_move(STEP, seen) == RunProgram("undone", "undo", {"step": 1})
    back = replace(seen, undone=Answer("rolled_back"))
    assert next_move(STEP, back) == Gather("last")
    end = next_move(STEP, replace(back, last=FOUND))
    assert isinstance(end, End) and (end.outcome, end.changed, end.failed) == ("rolled_back", True, why)
    assert end.sentences[:2] == [why, FOUND.plan.sentences[0]] and change(end)["after"] == FOUND.state


def test_a_step_that_cannot_be_put_back_is_failed() -> None:
    seen = WorkaroundSeen(found=FOUND, answer=APPLIED, after=WORSE, undone=Answer("changed", "step 1 is no longer in force"), times=LATE)
    end = next_move(STEP, replace(seen, last=WORSE))
    assert isinstance(end, End) and (end.outcome, end.failed) == ("failed", WORSE_SAID)
    assert end.sentences[:2] == [WORSE_SAID, "Step 1 is no longer in force."]
    halt = next_move(STEP, replace(seen, undone=LOST))
    assert isinstance(halt, Halt) and halt.reason.startswith(f"{LOST.reason}. {AFTER_A_CUT}")
    halt = next_move(STEP, replace(seen, last=LOST))
    gone = f"{WORSE_SAID} The step should be undone: changed, but then the host was lost: {LOST.reason}. {AFTER_A_CUT}"
    assert isinstance(halt, Halt) and halt.reason.startswith(gone)


def test_what_a_cut_run_left_is_mended_before_the_next_step() -> None:
    seen = WorkaroundSeen(found=CUT)
    assert next_move(STEP, seen) == RunProgram("mended", "mend")
    seen = replace(seen, mended=Answer("mended", "an interrupted step is undone"))
    assert next_move(STEP, seen) == Gather("repaired")
    assert next_move(STEP, replace(seen, repaired=FOUND)) == next_move(STEP, WorkaroundSeen(found=FOUND)), "then a step as on any host"
    end = next_move(STEP, replace(seen, repaired=FOUND, answer=APPLIED, after=BETTER, times=LATE))
    assert isinstance(end, End) and end.sentences[0] == "An interrupted step is undone." and end.before == FOUND


@pytest.mark.parametrize(
    ("answer", "repaired", "outcome", "first", "changed"),
    [
        (Answer("mended", "an interrupted step is in force"), BETTER, "mended", "An interrupted step is in force.", True),
        (Answer("restored"), FINE, "mended", "An interrupted run had started to restore the old values, and they are restored now.", True),
        (Answer("kept"), BETTER, "kept", BETTER.plan.sentences[0], False),
    ],
)
def test_where_nothing_is_due_after_it_the_mending_is_the_outcome(
    answer: Answer, repaired: Look, outcome: str, first: str, changed: bool
) -> None:
    end = next_move(STEP, WorkaroundSeen(found=CUT, mended=answer, repaired=repaired))
    assert isinstance(end, End) and (end.outcome, end.sentences[0], end.changed) == (outcome, first, changed)


def test_a_mending_that_does_not_go() -> None:
    end = next_move(STEP, WorkaroundSeen(found=CUT, mended=Answer("busy", "another run is at work")))
    assert isinstance(end, End) and (end.outcome, end.failed) == ("failed", "Another run is at work.")
    mended = WorkaroundSeen(found=CUT, mended=Answer("mended", "x"))
    for seen, said in (
        (WorkaroundSeen(found=CUT, mended=LOST), f"{LOST.reason}. {AFTER_A_CUT}"),
        (
            replace(mended, repaired=LOST),
            f"what an interrupted run left is repaired, but then the host was lost: {LOST.reason}. {AFTER_A_CUT}",
        ),
        (replace(mended, repaired=CUT), "another run started on this host in the meantime; run this again when it has ended"),
    ):
        halt = next_move(STEP, seen)
        assert isinstance(halt, Halt) and halt.lost is None and halt.reason.startswith(said)


def test_without_a_record_there_is_nothing_to_give_back() -> None:
    assert next_move(LEAVE, WorkaroundSeen(found=FOUND)) == End("kept", ["This host has no record of a workaround."], FOUND)


def test_a_record_that_was_not_seen_is_not_none() -> None:
    facts = {**FOUND.facts, "workaround": None, "unavailable": {"workaround": "Permission denied"}}
    halt = next_move(LEAVE, WorkaroundSeen(found=look_at(facts, CATALOGUE, POLICY)))
    assert halt == Halt("workaround: Permission denied; gather the evidence as root (become: true)")


@pytest.mark.parametrize(
    ("by_hand", "said"),
    [
        (
            look(now=300000, mode=1, record=STEP_1),
            "vm.min_free_kbytes is 300000, but the record says 262144: somebody changed it. Set it to 262144",
        ),
        (look(now=FIRST_KB, mode=0, record=STEP_1), "vm.zone_reclaim_mode is 0, but the record says 1: somebody changed it. Set it to 1"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_somebody_changed_by_hand_is_given_back_only_by_force(by_hand: Look, said: str, check_mode: bool) -> None:
    end = next_move(replace(LEAVE, check_mode=check_mode), WorkaroundSeen(found=by_hand))
    assert end == End("refused", [f"{said}, or use force."], by_hand)
    assert next_move(replace(LEAVE, force=True), WorkaroundSeen(found=by_hand)) == RunProgram("answer", "leave", {"force": True})


@pytest.mark.parametrize("phase", ["pending", "leaving"])
def test_of_a_cut_run_no_value_is_anybodys(phase: str) -> None:
    cut = look(now=300000, mode=1, record={**STEP_1, "phase": phase})
    assert next_move(LEAVE, WorkaroundSeen(found=cut)) == RunProgram("answer", "leave", {"force": False})


def test_a_value_that_was_left_alone_is_not_given_back() -> None:
    alone = look(nodes=1, now=FIRST_KB, mode=3, record=in_force(1, FIRST_KB))
    end = next_move(replace(LEAVE, check_mode=True), WorkaroundSeen(found=alone))
    assert end == End(
        "planned", ["vm.min_free_kbytes is restored to 67584."], alone, changed=True,
        planned={"min_free_kbytes": 67584, "zone_reclaim_mode": None, **dict.fromkeys(NEWER)},
    )  # fmt: skip
    assert task_result(end)["diff"][0]["after"] == "vm.min_free_kbytes = 67584\nvm.zone_reclaim_mode = 3\n"


def test_the_values_from_before_are_looked_for_before_it_is_called_done() -> None:
    assert next_move(LEAVE, WorkaroundSeen(found=BETTER)) == RunProgram("answer", "leave", {"force": False})
    seen = WorkaroundSeen(found=BETTER, answer=Answer("restored"))
    assert next_move(LEAVE, seen) == Gather("after")
    told = ["vm.min_free_kbytes is restored to 67584.", "vm.zone_reclaim_mode is restored to 0."]
    end = next_move(LEAVE, replace(seen, after=FOUND))
    assert end == End("restored", told, BETTER, FOUND, changed=True) and change(end)["step"] is None
    wrong = "vm.min_free_kbytes is 262144 and not 67584: something on the host set it again."
    assert next_move(LEAVE, replace(seen, after=BETTER)) == End("failed", [wrong, *told], BETTER, BETTER, changed=True, failed=wrong)
    halt = next_move(LEAVE, replace(seen, after=LOST))
    assert isinstance(halt, Halt) and halt.reason.startswith(
        "the values from before the workaround are restored, but then the host was lost: "
    )


@dataclass
class Script:
    """A host that shows and answers what it is told to, move after move; each takes a second."""

    found: list[Any]
    answers: list[Any] = field(default_factory=list)
    seconds: float = 0.0
    ran: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def gather(self) -> Look | Lost:
        self.seconds += 1
        return self.found.pop(0) if len(self.found) > 1 else self.found[0]  # type: ignore[no-any-return]

    def run_program(self, verb: str, values: Mapping[str, Any]) -> Answer | Lost:
        self.seconds += 1
        self.ran.append(verb)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]  # type: ignore[no-any-return]

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        self.waited.append(seconds)

    def clock(self) -> float:
        return self.seconds


def test_a_whole_run_waits_for_a_host_to_recover() -> None:
    script = Script([FOUND, NO_BETTER, LOST, BETTER], [APPLIED])
    end = drive(STEP, script)
    assert (end.outcome, script.ran, script.waited) == ("applied", ["apply"], [5, 5])


def test_a_whole_run_gives_up_in_time_and_puts_back() -> None:
    script = Script([FOUND, WORSE], [APPLIED, Answer("rolled_back")])
    end = drive(STEP, script)
    assert (end.outcome, script.ran) == ("rolled_back", ["apply", "undo"])
    assert script.waited == [5, 5, 5, 5, 5], "30 s, and each look takes one"


def test_without_time_to_verify_one_look_is_enough() -> None:
    script = Script([FOUND, NO_BETTER], [APPLIED])
    assert (drive(WorkaroundWanted(), script).outcome, script.waited) == ("applied", [])


def test_a_run_whose_host_is_lost_ends_with_the_reason() -> None:
    with pytest.raises(NoAnswerError, match="the step was applied, but then the host was lost"):
        drive(STEP, Script([FOUND, LOST], [APPLIED]))


LOOKS = [FOUND, BETTER, NO_BETTER, WORSE, SET_AGAIN, CUT, FINE, LOST]
REPLIES = [*(Answer(outcome) for outcome in ANSWERS), LOST]


@given(
    st.builds(WorkaroundWanted, st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.just(0), st.sampled_from([0, 30])),
    st.lists(st.sampled_from(LOOKS), min_size=1, max_size=9),
    st.lists(st.sampled_from(REPLIES), min_size=1, max_size=4),
)
def test_whatever_a_host_shows_and_answers_the_run_ends_and_calls_done_only_what_it_saw(
    wanted: WorkaroundWanted, looks: list[Look | Lost], replies: list[Answer | Lost]
) -> None:
    script = Script([*looks], [*replies])
    try:
        end = drive(wanted, script)
    except NoAnswerError:
        return
    assert end.outcome in OUTCOMES and task_result(end)["change"]["outcome"] == end.outcome
    assert not (wanted.check_mode and script.ran), "check mode runs nothing"
    if end.outcome == "applied":
        assert end.after is not None and end.failed is None and script.ran[-1] == "apply"
        assert not_in_force(end.after.values, end.before.plan.values) is None is got_worse(end.before.state, end.after.state)
    if end.outcome == "restored":
        assert end.after is not None and script.ran == ["leave"]
        originals = {name: end.before.facts["workaround"][f"original_{name}"] for name in end.before.values}
        assert not_in_force(end.after.values, originals) is None
    if end.outcome == "failed" or end.outcome == "rolled_back":
        assert end.failed
