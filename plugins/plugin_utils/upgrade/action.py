# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared code of the upgrade's actions: one step. Every failure is a result that names the host."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.shell_action import ShellAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue, load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import Result, classify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import FactsError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import PackageManager
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import manager_program_of, program_of


class UpgradeAction(ShellAction):
    """An action that carries out one step. A lost connection fails it, so that the playbook stops and the report says where."""

    OPTIONS: dict[str, dict[str, Any]] = {}
    _supports_diff = True

    REASONS = (UpgradeError, FactsError, AdvisoryError, EvidenceError, EvidenceMissing)

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        self.take_options_from(task_vars, ("site_advisories",))
        _unused, options = self.validate_argument_spec(self.OPTIONS)
        try:
            return self.step(options, task_vars)
        except AnsibleConnectionFailure as failure:
            return self.failed(f"cannot be reached: {clip(failure, 300)}")

    def step(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The step; its result."""
        raise NotImplementedError

    def failed(self, why: str, **more: Any) -> dict[str, Any]:
        """The result of a step that failed."""
        return {"failed": True, "msg": f"{self.host}: {why}", **more}

    def ask(self, *parts: str, timeout_seconds: int, **settings: str) -> Evidence:
        """What the program of these parts gives. Raises as ``evidence_of``."""
        nonce = secrets.token_hex(8)
        return self.evidence_of(program_of(nonce, *parts, **settings), nonce, timeout_seconds)

    def ask_manager(self, manager: PackageManager, *parts: str, timeout_seconds: int, **settings: str) -> Evidence:
        """What the program of these parts gives on a host with this package manager. Raises as ``evidence_of``."""
        nonce = secrets.token_hex(8)
        return self.evidence_of(manager_program_of(nonce, manager, *parts, **settings), nonce, timeout_seconds)

    def evidence_of(self, program: str, nonce: str, timeout_seconds: int) -> Evidence:
        """As in ShellAction. An incomplete answer raises AnsibleConnectionFailure, so that nothing counts as done."""
        evidence = super().evidence_of(program, nonce, timeout_seconds)
        if not evidence.whole:
            raise AnsibleConnectionFailure("the connection broke before the answer was complete")
        return evidence

    def gather(self, catalogue: Catalogue, timeout_seconds: int) -> tuple[dict[str, Any], Result]:
        """``ansible_facts.pagealloc`` of the host, as the module gather gives them, and its verdict."""
        found = self.gathered_facts(timeout_seconds)
        return found, classify(found, catalogue)


def catalogue_of(options: Mapping[str, Any]) -> Catalogue:
    """The catalogue with the advisories of the option ``site_advisories``."""
    merged: Catalogue = merge_site_advisories(load_catalogue(), options["site_advisories"])
    return merged
