# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole manifest in one round trip: send the probe, parse its transcript here. No Python on the target.

A host in trouble gets a second look (``deep``) in the same task. If that fails, the data of the first look stays.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
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
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.deep_look import render_deep_look, with_deep, without_deep
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.fact_cache import facts_outlive_the_run
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import (
    CONNECTION,
    read_recorded,
    save_transcript,
    unreached_transcript,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.shell_action import ShellAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
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
    "deep": {"type": "str", "default": "auto", "choices": ["auto", "always", "never"]},
    "site_advisories": {"type": "list", "elements": "dict", "default": []},
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
        """The transcript of the host. Its facts are made of it by the report, which makes those of a fleet in one process."""

        def save(transcript: str) -> None:
            if options["save_dir"] and not self._task.check_mode:
                save_transcript(options["save_dir"], host, transcript)

        nonce, began = secrets.token_hex(8), time.monotonic()
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
            reason = f"{error.reason}; exit status {answer['rc']}{', message: ' + said if said else ''}"
            raise EvidenceError(error.datum, error.line, reason) from error
        first, facts = _asked_again(transcript, options)
        if facts is not None:
            transcript = write_transcript(self._deep(first, facts, options["timeout_seconds"], began))
        elif options["save_dir"]:  # without a terminal's line ends and what may follow
            transcript = write_transcript(read_transcript(transcript))
        save(transcript)
        return transcript

    def _deep(self, first: Evidence, facts: Mapping[str, Any], timeout_seconds: int, began: float) -> Evidence:
        """The evidence with that of the second look, which has what is left of the host's time. Never raises."""
        left = max(1, timeout_seconds - int(time.monotonic() - began)) if timeout_seconds else 0
        nonce = secrets.token_hex(8)
        try:
            answer = self.answer_to(render_deep_look(nonce, facts), left, terminal=False)
            with limited_processor_time(HOST_SECONDS):
                return with_deep(first, read_transcript(str(answer["stdout"]), nonce))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a connection may raise anything, and Ansible's timeout of a task is no Exception
            return without_deep(first, str(error) or type(error).__name__)


def _asked_again(transcript: str, options: dict[str, Any]) -> tuple[Evidence, Mapping[str, Any] | None]:
    """(the evidence, its facts where the host is to be asked a second time): where the symptom is there, or always. Never raises: what is
    wrong with a transcript or with the site's advisories the report says."""
    nothing = Evidence({}, {}, whole=False)
    if options["deep"] == "never":
        return nothing, None
    try:
        first = read_transcript(transcript)
        gathered = Gathered.from_evidence(first)
        wanted = options["deep"] == "always" or _shows_symptom(gathered, options["site_advisories"])
    except Exception:
        return nothing, None
    return first, gathered.facts if wanted and first.whole else None


def _shows_symptom(gathered: Gathered, site_advisories: object) -> bool:
    """By advisories that were checked once for the fleet: to check them in the process of each host would cost more than to judge it."""
    return judge_host(gathered, merge_site_advisories(load_catalogue(), site_advisories, checked=False))["symptom"] is True


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
