# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the three facts modules share on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import FACTS_OF
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.untrusted import UntrustedAction

#: Keys on which Ansible itself would act, even for hosts of the inventory. Our facts modules never give them.
_ACTED_ON = ("add_host", "add_group", "ansible_stats")
#: A fact is a variable of the host and overrides its inventory. Of these two, one is ours, and Ansible finds the other itself.
_FACTS = ("pagealloc", "discovered_interpreter_python")


class FactsAction(UntrustedAction):
    """Runs the module of the same name and adds its facts to those of the other facts modules. Ansible merges facts at the top level only,
    so the second module's ``pagealloc`` would replace the first's. The answer comes from the host, so only keys that our modules give are
    passed on.
    """

    REASONS = (EvidenceError,)
    _supports_async = True

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        answer = self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
        result = {name: value for name, value in answer.items() if name not in _ACTED_ON}
        if "ansible_facts" in result:
            known = task_vars.get("ansible_facts", {}).get("pagealloc") or {}
            result["ansible_facts"] = facts_in(result["ansible_facts"], known)
        return result


def facts_in(answer: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Our facts of an answer, merged into the known ones. Raises EvidenceError if the answer is not from our module."""
    facts = {name: value for name, value in answer.items() if name in _FACTS} if isinstance(answer, Mapping) else {"pagealloc": None}
    if "pagealloc" in facts:
        new = facts["pagealloc"]
        if not isinstance(new, Mapping) or not isinstance(new.get("unavailable", {}), Mapping):
            raise EvidenceError("facts", None, "the host did not return the facts of the module")
        facts["pagealloc"] = merged(known, dict(new))
    return facts


def merged(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """``known`` updated with the facts of ``new``, and the reasons for the missing facts of both."""
    names = next((names for names in FACTS_OF.values() if set(names) == set(new) - {"unavailable"}), ())
    kept = {d: reason for d, reason in known.get("unavailable", {}).items() if d.split(".")[0] not in names}
    return {**known, **new, "unavailable": {**kept, **new.get("unavailable", {})}}
