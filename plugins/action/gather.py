# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole manifest in one round trip: send the probe, parse its transcript here. No Python on the target."""

from __future__ import annotations

import secrets
import time
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import (
    Evidence,
    cut_transcript,
    read_transcript,
    write_transcript,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import render_probe
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.fact_cache import facts_outlive_the_run
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import (
    CONNECTION,
    read_recorded,
    save_transcript,
    unreached_transcript,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.shell_action import ShellAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.handed_on import facts_to_hand_on
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.processor_time import HOST_SECONDS, limited_processor_time
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import os_failure

#: The role audit has the same types and defaults. They are repeated here, since each process that Ansible starts for a host would have to
#: read the role's YAML for them; test_gather_options.py holds the two equal.
OPTIONS = {
    "evidence": {"type": "path"},
    "options_from": {"type": "str"},
    "timeout_seconds": {"type": "int", "default": 120},
    "save_dir": {"type": "path"},
    "pagetypeinfo": {"type": "bool", "default": False},
    "facts": {"type": "bool", "default": True},
    "hand_on": {"type": "bool", "default": False},
}


class ActionModule(ShellAction):
    """Facts of a host from its own kernel, or from recorded evidence of it."""

    REASONS = (EvidenceError,)

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        self.take_options_from(task_vars, OPTIONS)
        _unused, options = self.validate_argument_spec(OPTIONS)
        if options["timeout_seconds"] < 0:
            raise AnsibleActionFail("timeout_seconds must not be negative; 0 means no limit")
        try:
            given = self._recorded(options["evidence"]) if options["evidence"] else self._live(options, self.host)
        except OSError as error:
            raise AnsibleActionFail(f"{self.host}: {os_failure(error)}") from None
        if options["facts"]:
            return {"changed": False, **_facts(given)}
        return {"changed": False, **(_handed_on(given) if options["hand_on"] and facts_outlive_the_run() else _transcript(given))}

    def _recorded(self, path: str) -> Evidence:
        evidence = read_recorded(path)
        if CONNECTION in evidence.reasons:
            raise AnsibleConnectionFailure(evidence.reasons[CONNECTION])
        return evidence

    def _live(self, options: dict[str, Any], host: str) -> str:
        """The transcript of the host, which is read only where that is needed: of a fleet it is read once, by the report."""

        def save(transcript: str) -> None:
            if options["save_dir"] and not self._task.check_mode:
                save_transcript(options["save_dir"], host, transcript)

        nonce = secrets.token_hex(8)
        try:
            answer = self.answer_to(render_probe(nonce, options["pagetypeinfo"]), options["timeout_seconds"], terminal=False)
        except AnsibleConnectionFailure as failure:
            save(unreached_transcript(str(failure)))
            raise
        text = str(answer["stdout"])
        try:
            transcript: str = cut_transcript(text, nonce)
        except EvidenceError as error:
            save(text)
            said = " ".join(str(answer.get("stderr", "")).split())[:200]
            reason = f"{error.reason}; exit status {answer['rc']}{', it says: ' + said if said else ''}"
            raise EvidenceError(error.datum, error.line, reason) from error
        if options["save_dir"]:  # without a terminal's line ends and what may follow
            save(write_transcript(read_transcript(transcript)))
        return transcript


def _facts(given: Evidence | str) -> dict[str, Any]:
    with limited_processor_time(HOST_SECONDS):
        evidence = read_transcript(given) if isinstance(given, str) else given
        return {"ansible_facts": facts_to_hand_on(Gathered(facts_from(evidence)), int(time.time()))}


def _handed_on(given: Evidence | str) -> dict[str, Any]:
    """The facts, which Ansible then keeps in its cache. Where there are none to read, the report says why, as without a cache."""
    try:
        return _facts(given)
    except EvidenceError:
        return _transcript(given)


def _transcript(given: Evidence | str) -> dict[str, Any]:
    return {"transcript": given if isinstance(given, str) else write_transcript(given)}
