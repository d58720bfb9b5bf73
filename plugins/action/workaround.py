# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host: gather, plan, put in force, gather again, put back where it got worse. Or give back what was there before."""

from __future__ import annotations

import secrets
import time
from typing import Any, NamedTuple

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import RECORD
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.shell_action import ShellAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import FactsError, classify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.symptom import on_pages_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer, NoAnswerError, read_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.compaction import gained
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import (
    OF_DECISION,
    Change,
    Snapshot,
    got_worse,
    helped,
    not_in_force,
    state,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.plan import Plan, plan
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import PolicyError, read_policy
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.program import render_program

_POLICY = {
    "steps_kb": {"type": "list", "elements": "int"},
    "cap_percent": {"type": "float"},
    "available_percent": {"type": "float"},
    "zone_percent": {"type": "float"},
    "short_percent": {"type": "float"},
    "settle_seconds": {"type": "int"},
    "zone_reclaim": {"type": "bool", "default": True},
    "force": {"type": "bool", "default": False},
    "conflicts": {"type": "str", "choices": ["refuse", "override"], "default": "refuse"},
}
_OPTIONS = {
    **_POLICY,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "compact": {"type": "bool", "default": False},
    "watch_seconds": {"type": "int", "default": 5},
    "verify_seconds": {"type": "int", "default": 30},
    "timeout_seconds": {"type": "int", "default": 120},
    "site_advisories": {"type": "list", "elements": "dict", "default": []},
    "options_from": {"type": "str"},
}
#: Between two looks at a host that has not recovered yet.
_LOOK_SECONDS = 5
_NO_MARK = "The kernel's log could not be marked: in one without times, failures from before the workaround go on counting until a reboot."
_AFTER_A_CUT = f"The host goes on alone and ends with the old values or the new ones. Run this again: it finds which. Its record: {RECORD}"


class _Look(NamedTuple):
    """A host at one moment. ``order``: that of the requests which its advisories speak of."""

    facts: dict[str, Any]
    order: int
    state: Snapshot
    plan: Plan


class ActionModule(ShellAction):
    """The workaround of one host. Nothing is done to it but by the program of workaround/program.py."""

    _supports_diff = True

    REASONS = (PolicyError, EvidenceError, FactsError, NoAnswerError)

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        self.take_options_from(task_vars, _OPTIONS)
        _unused, self.options = self.validate_argument_spec(_OPTIONS)
        try:
            self.catalogue = merge_site_advisories(load_catalogue(), self.options["site_advisories"])
        except AdvisoryError as error:
            raise AnsibleActionFail(f"site_advisories: {error}") from None
        self._require_seconds()
        self.policy = read_policy({name: self.options[name] for name in _POLICY}, self.catalogue.workaround)
        return self._leave() if self.options["state"] == "absent" else self._step()

    def _require_seconds(self) -> None:
        for name in ("watch_seconds", "verify_seconds", "timeout_seconds"):
            if self.options[name] < 0:
                raise PolicyError(name, f"{self.options[name]} is no number of seconds", "give 0 or more")

    def _step(self) -> dict[str, Any]:
        """One step further, where the plan says so."""
        look, told = self._look(), []
        if look.plan["decision"] == "mend" and not self._task.check_mode:
            mended = self._ask("mend")
            if mended.outcome not in ("mended", "restored", "kept"):
                return _stopped(look, mended)
            if mended.outcome != "kept":
                told = [_sentence(mended.reason or "a cut run had begun to give the old values back, and they are back")]
            look = self._look_again("what a cut run left is mended")
            if look.plan["decision"] == "mend":
                raise NoAnswerError("another run began on this host in the meantime; run this again when it has ended")
        decision = look.plan["decision"]
        if decision == "apply" and not self._task.check_mode:
            return self._apply(look, told)
        outcome = "planned" if decision == "apply" else OF_DECISION[decision]
        if told and outcome in ("kept", "none"):
            outcome = "mended"
        return _result(look, outcome, told + look.plan["sentences"], changed=outcome == "planned" or bool(told))

    def _apply(self, before: _Look, told: list[str]) -> dict[str, Any]:
        """Put the plan in force, look again, and put back what made it worse."""
        planned = before.plan
        values: dict[str, Any] = {name: value for name, value in planned.items() if name in (*KEYS, "step", "short_kb")}
        expected = {f"expected_{name}": value for name, value in planned["before"].items()}
        answer = self._ask("apply", **values, **expected, **{name: self.options[name] for name in ("compact", "watch_seconds")})
        if answer.outcome != "applied":
            return _stopped(before, answer)
        after = self._settled(before)
        told = [*told, *planned["sentences"], helped(before.state, after.state), *gained(answer, after.facts, before.order)]
        if answer.values.get("marked") == "0":
            told.append(_NO_MARK)
        wrong = not_in_force(after.state, values) or got_worse(before.state, after.state)
        if wrong is None:
            return _result(before, "applied", told, after, changed=True)
        undone = self._ask("undo", step=planned["step"])
        why = [wrong, *([_sentence(undone.reason)] if undone.reason else []), *told]
        outcome = "rolled_back" if undone.outcome == "rolled_back" else "failed"
        last = self._look_again(f"{wrong} The step was to be put back: {undone.outcome}")
        return {**_result(before, outcome, why, last, changed=True), "failed": True, "msg": wrong}

    def _settled(self, before: _Look) -> _Look:
        """The host after a step: looked at until it has recovered or its time is over, since kswapd needs a while to free memory."""
        end = time.monotonic() + self.options["verify_seconds"]
        while True:
            over = time.monotonic() >= end
            try:
                after = self._look_again("the step is in force")
                if over or (after.state["verdict"] == "mitigated" and got_worse(before.state, after.state) is None):
                    return after
            except NoAnswerError:
                if over:
                    raise
            time.sleep(min(_LOOK_SECONDS, max(0.0, end - time.monotonic())))

    def _look_again(self, since: str) -> _Look:
        """A host that is lost after it was changed is no host that could not be reached. ``since``: what had become of it."""
        try:
            return self._look()
        except (AnsibleConnectionFailure, EvidenceError) as failure:
            raise NoAnswerError(f"{since}, but since then: {clip(failure, 300)}. {_AFTER_A_CUT}") from None

    def _leave(self) -> dict[str, Any]:
        """Give back what was there before the first step."""
        before = self._look()
        record = before.facts["workaround"]
        if record is None:
            reason = f"{before.facts['unavailable'].get('workaround')}; gather with the rights of root"
            raise EvidenceError("workaround", None, reason)
        if record["phase"] == "none":
            return _result(before, "kept", ["No workaround is recorded on this host."])
        now, ours = before.state["min_free_kbytes"], record["min_free_kbytes"]
        if record["phase"] == "in_force" and now != ours and not self.options["force"]:
            by_hand = f"vm.min_free_kbytes is {now}, not the {ours} of the record: somebody changed it. Set it so, or use force."
            return _result(before, "refused", [by_hand])
        originals = {name: record[f"original_{name}"] for name in KEYS}
        told = [f"vm.{name} goes back to {value}." for name, value in originals.items() if value is not None]
        if self._task.check_mode:
            return _result(before, "planned", told, changed=True, planned=originals)
        answer = self._ask("leave", force=self.options["force"])
        if answer.outcome != "restored":
            return _stopped(before, answer)
        after = self._look_again("the values from before the workaround are back")
        wrong = not_in_force(after.state, originals)
        if wrong is None:
            return _result(before, "restored", told, after, changed=True)
        return {**_result(before, "failed", [wrong, *told], after, changed=True), "failed": True, "msg": wrong}

    def _look(self) -> _Look:
        facts = self.gathered_facts(self.options["timeout_seconds"])
        result = classify(facts, self.catalogue)
        named = [advisory.thresholds for advisory in self.catalogue.advisories if advisory.id in result["advisories"]]
        order = max(on_pages_of(facts["page_size_bytes"], limits).order for limits in named or [self.catalogue.thresholds])
        return _Look(facts, order, state(facts, result, order), plan(facts, result, self.catalogue, self.policy))

    def _ask(self, verb: str, **values: Any) -> Answer:
        """The answer of the program. A connection that breaks now is a failure of the change, not a host that cannot be reached."""
        nonce = secrets.token_hex(8)
        try:
            answer = self.answer_to(render_program(verb, nonce, values), self._timeout_seconds(values))
            return read_answer(str(answer["stdout"]), nonce)
        except (AnsibleConnectionFailure, EvidenceError) as failure:
            raise NoAnswerError(f"{clip(failure, 300)}. {_AFTER_A_CUT}") from None
        except NoAnswerError as error:
            raise NoAnswerError(f"{error}; exit status {answer['rc']}. {_AFTER_A_CUT}") from None

    def _timeout_seconds(self, values: dict[str, Any]) -> int:
        """A host that watches its memory for as long as it was asked to is not late."""
        limit: int = self.options["timeout_seconds"]
        return limit and limit + int(values.get("watch_seconds", 0))


def _stopped(before: _Look, answer: Answer) -> dict[str, Any]:
    """The host said no, or undid what it began."""
    outcome = answer.outcome if answer.outcome in ("refused", "rolled_back") else "failed"
    reason = _sentence(answer.reason or answer.outcome)
    result = _result(before, outcome, [reason], changed=outcome == "rolled_back")
    return result if outcome == "refused" else {**result, "failed": True, "msg": reason}


def _result(
    before: _Look,
    outcome: str,
    sentences: list[str],
    after: _Look | None = None,
    *,
    changed: bool = False,
    planned: dict[str, int | None] | None = None,
) -> dict[str, Any]:
    """The task's result. ``planned``: what check mode would put in force, unless the plan says it."""
    last = after or before
    change: Change = {
        "what": "workaround",
        "outcome": outcome,
        "step": None if outcome in ("restored", "none") else last.plan["step"],
        "order": before.order,
        "sentences": sentences,
        "before": before.state,
        "after": after.state if after else None,
    }
    result = {
        "changed": changed,
        "change": change,
        "plan": before.plan,
        "ansible_facts": {"pagealloc": last.facts},
    }
    if changed:
        sources: tuple[Any, Any] = (before.state, after.state if after else planned or before.plan)
        old, new = ({name: source[name] for name in KEYS} for source in sources)
        result["diff"] = [{"before": _settings(old), "after": _settings({**old, **_given(new)})}]
    return result


def _given(values: dict[str, int | None]) -> dict[str, int | None]:
    return {name: value for name, value in values.items() if value is not None}


def _settings(values: dict[str, int | None]) -> str:
    return "".join(f"vm.{name} = {value}\n" for name, value in _given(values).items())


def _sentence(text: str) -> str:
    """The host's words; the name of a file or a setting keeps its first letter."""
    said = text if {".", "/"} & set(text.split(" ", 1)[0]) else text[:1].upper() + text[1:]
    return said if said.endswith((".", "?")) else f"{said}."
