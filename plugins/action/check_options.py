# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Once for the fleet: finds faults that would break the report before thousands of hosts are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.acknowledged import AcknowledgedError, read_acknowledged
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import require_writable
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.push import PushError, push_target
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.controller_action import ControllerAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import (
    RenamedError,
    current_name,
    folder_of,
    role_options,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import os_failure

_OPTIONS = {"role": {"type": "str", "required": True}}


class ActionModule(ControllerAction):
    """Reads the variables of the first host; touches no host."""

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        _unused, options = self.validate_argument_spec(_OPTIONS)
        self.require_run_once(task_vars)
        for name, value in self._chosen(options["role"], task_vars).items():
            _require_usable(name, value)
        return {"changed": False}

    def _chosen(self, role: str, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The options of the role with its defaults, as Ansible checks them when a role begins, but for the fleet and not for each
        host."""
        try:
            specification = role_options(role)
        except OSError as error:
            raise AnsibleActionFail(f"role: {os_failure(error)}") from None
        try:
            names = [option for option in specification if current_name(option, task_vars)]
        except RenamedError as error:
            raise AnsibleActionFail(str(error)) from None
        values = {name: self._templar.template(task_vars[name]) for name in names}
        checked = ArgumentSpecValidator(specification).validate(values)
        if checked.error_messages:
            raise AnsibleActionFail("; ".join(checked.error_messages))
        chosen = dict(checked.validated_parameters)
        # the default is the role's own folder
        return {name: folder_of(role, name, value) if name in names else value for name, value in chosen.items()}


def _require_usable(name: str, value: Any) -> None:
    """What the specification of an option cannot see. AnsibleActionFail that names the option."""
    try:
        if name.endswith("_advisories"):
            merge_site_advisories(load_catalogue(), value)
        if name == "audit_acknowledged" and value:
            read_acknowledged(value)
        if name.endswith(("_output_dir", "_report_dir")):
            require_writable(value)
        if name.endswith("_push_url") and value:
            push_target(value, "audit")
        if name.endswith("_push_timeout_seconds") and value < 1:
            raise PushError(f"must be 1 or more, not {value}")
    except (AdvisoryError, AcknowledgedError, PushError) as error:
        raise AnsibleActionFail(f"{name}: {error}") from None
    except OSError as error:
        raise AnsibleActionFail(f"{name}: {os_failure(error)}") from None
