# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the three facts modules share on the controller."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import FACTS_OF


class FactsAction(ActionBase):  # type: ignore[misc]
    """Runs the module of the same name and adds its facts to those its sisters gave before.

    Ansible merges facts at the top level only: without this the second module's ``pagealloc`` would replace the
    first's.
    """

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val))
        new = result.get("ansible_facts", {}).get("pagealloc")
        if new is not None:
            known = task_vars.get("ansible_facts", {}).get("pagealloc") or {}
            result["ansible_facts"] = {"pagealloc": wrap_var(merged(known, new))}
        return result


def merged(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """``known`` with the facts of ``new`` in their place, and the reasons for what is missing of both."""
    names = next((names for names in FACTS_OF.values() if set(names) == set(new) - {"unavailable"}), ())
    kept = {d: reason for d, reason in known.get("unavailable", {}).items() if d.split(".")[0] not in names}
    return {**known, **new, "unavailable": {**kept, **new.get("unavailable", {})}}
