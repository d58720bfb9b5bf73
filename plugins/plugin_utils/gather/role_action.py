# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared code of actions that take the options of a role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.shell_action import ShellAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import role_options


class RoleAction(ShellAction):
    """An action whose options are those of a role, with numbers in bounds."""

    def chosen(
        self, role: str, specification: Mapping[str, Any], bounds: Mapping[str, tuple[int, int]], task_vars: dict[str, Any]
    ) -> dict[str, Any]:
        """The options. ``bounds``: option -> its smallest and largest value. Raises AnsibleActionFail if one is out of bounds."""
        self.take_options_from(task_vars, specification)
        if self._task.args.get("options_from"):  # from the role, because its default is not a variable
            self._task.args.setdefault("output_dir", role_options(role)["pagealloc_output_dir"]["default"])
        _unused, options = self.validate_argument_spec(specification)
        for name, (least, most) in bounds.items():
            if not least <= options[name] <= most:
                raise AnsibleActionFail(f"{name}: {options[name]} is not between {least} and {most}")
        found: dict[str, Any] = options
        return found
