# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host: gather, plan, put in force, gather again, put back where it got worse. Or give back what was there before.

What to do next is decided in plugin_utils/workaround/machine.py. Here it is carried out.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.shell_action import ShellAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import FactsError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer, NoAnswerError, read_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.look import Look, look_at
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.machine import drive
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.moves import Lost, WorkaroundWanted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import CHOICES, PolicyError, read_policy
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.program import render_program
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.task_result import task_result

_OPTIONS = {
    **action_options("workaround", *CHOICES, "state", "compact", "watch_seconds", "verify_seconds", "timeout_seconds"),
    **action_options("workaround", site_advisories="advisories"),
    "options_from": {"type": "str"},
}


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
        self.policy = read_policy({name: self.options[name] for name in CHOICES}, self.catalogue.workaround)
        wanted = WorkaroundWanted(
            present=self.options["state"] == "present",
            check_mode=self._task.check_mode,
            **{name: self.options[name] for name in ("force", "compact", "watch_seconds", "verify_seconds")},
        )
        return task_result(drive(wanted, self))

    def _require_seconds(self) -> None:
        for name in ("watch_seconds", "verify_seconds", "timeout_seconds"):
            if self.options[name] < 0:
                raise PolicyError(name, f"{self.options[name]} is not a number of seconds", "give 0 or more")

    def gather(self) -> Look | Lost:
        """The host as it is now."""
        try:
            facts = self.gathered_facts(self.options["timeout_seconds"])
        except (AnsibleConnectionFailure, EvidenceError) as failure:
            return Lost(clip(failure, 300), failure)
        return look_at(facts, self.catalogue, self.policy)

    def run_program(self, verb: str, values: Mapping[str, Any]) -> Answer | Lost:
        """What the program on the host answers."""
        nonce = secrets.token_hex(8)
        try:
            answer = self.answer_to(render_program(verb, nonce, values), self._timeout_seconds(values))
            return read_answer(str(answer["stdout"]), nonce)
        except (AnsibleConnectionFailure, EvidenceError) as failure:
            return Lost(clip(failure, 300))
        except NoAnswerError as error:
            return Lost(f"{error}; exit status {answer['rc']}")

    def wait(self, seconds: float) -> None:
        """The host gets its time."""
        time.sleep(seconds)

    def clock(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def _timeout_seconds(self, values: Mapping[str, Any]) -> int:
        """A host that watches its memory for as long as it was asked to is not late."""
        limit: int = self.options["timeout_seconds"]
        return limit and limit + int(values.get("watch_seconds", 0))
