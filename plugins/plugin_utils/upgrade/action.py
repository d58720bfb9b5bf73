# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions of the upgrade share: programs sent over any connection, and errors that name the host."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import render_probe
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.advisories import Catalogue, load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.children import Deadline
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.classify import Result, classify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.host import FactsError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.unreached import too_slow
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import render
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.wording import clip


class UpgradeAction(ActionBase):  # type: ignore[misc]
    """An action that carries out one step over ``raw``-like commands. A lost connection fails it, so that a rescue sees it."""

    OPTIONS: dict[str, dict[str, Any]] = {}
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        _unused, options = self.validate_argument_spec(self.OPTIONS)
        self.host = str(task_vars.get("inventory_hostname", ""))
        try:
            result.update(wrap_var(self.step(options, task_vars)))
        except AnsibleConnectionFailure as failure:
            raise AnsibleActionFail(f"{self.host}: cannot be reached: {clip(failure, 300)}") from None
        except (UpgradeError, FactsError, AdvisoryError, EvidenceError, EvidenceMissing) as error:
            raise AnsibleActionFail(f"{self.host}: {error}") from None
        return result

    def step(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The step; its result."""
        raise NotImplementedError

    def ask(self, *parts: str, timeout_seconds: int, **settings: str) -> Evidence:
        """What the program of these parts gives. AnsibleConnectionFailure where the host does not answer in time."""
        nonce = secrets.token_hex(8)
        return self._evidence(render(nonce, *parts, **settings), nonce, timeout_seconds)

    def gather(self, catalogue: Catalogue, timeout_seconds: int) -> tuple[dict[str, Any], Result]:
        """``ansible_facts.pagealloc`` of the host, as the module gather gives them, and its verdict."""
        nonce = secrets.token_hex(8)
        found: dict[str, Any] = facts_from(self._evidence(render_probe(nonce), nonce, timeout_seconds))
        return found, classify(found, catalogue)

    def _evidence(self, program: str, nonce: str, timeout_seconds: int) -> Evidence:
        deadline = Deadline(timeout_seconds)
        try:
            with deadline:
                answer = self._low_level_execute_command(program)
        except AnsibleConnectionFailure:
            if not deadline.passed:
                raise
        if deadline.passed:
            raise AnsibleConnectionFailure(too_slow(timeout_seconds))
        evidence: Evidence = read_transcript(str(answer["stdout"]), nonce)
        if not evidence.whole:
            raise AnsibleConnectionFailure("the connection broke off before the answer was complete")
        return evidence


def catalogue_of(options: Mapping[str, Any]) -> Catalogue:
    """The catalogue with the advisories of the option ``site_advisories``."""
    merged: Catalogue = merge_site_advisories(load_catalogue(), options["site_advisories"])
    return merged
