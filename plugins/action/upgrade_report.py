# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Once for the hosts of a play: the outcome of each, as a table and as a file. Contacts no host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import head_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.job_statistics import upgrade_statistics
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.sound import raising_for
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.controller_action import ControllerAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.whole_file import remove_leftovers, write_whole
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import fault, os_failure
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.upgrade_outcome import (
    SCHEMA,
    outcome_of,
    render_upgrade,
    upgrade_counts,
)

_STEPS = ("preflight", "install", "schedule", "reboot", "workaround")
_NAME = "kernel_upgrade.json"


class ActionModule(ControllerAction):
    """See plugins/modules/upgrade_report.py."""

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        self.take_options_from(task_vars, ("output_dir",))
        spec = {name: {"type": "str"} for name in (*_STEPS, "options_from")} | action_options("kernel_upgrade", "output_dir")
        _unused, options = self.validate_argument_spec(spec)
        names = {step: options[step] for step in _STEPS if options[step]}
        hosts = {str(host): self._outcome(task_vars["hostvars"], host, names) for host in task_vars.get("ansible_play_hosts_all", [])}
        for host, reason in raising_for(hosts, lambda some: (render_upgrade(some), _document(some))).items():
            hosts[host] = outcome_of({"preflight": {"failed": True, "msg": reason}})
        told = upgrade_counts(hosts)
        try:
            path = _write(options["output_dir"], hosts)
        except OSError as error:
            raise AnsibleActionFail(f"output_dir: {os_failure(error)}") from None
        ended = not told["pending"] or any(told[outcome] for outcome in ("failed", "refused", "unreachable"))
        to_come = f"{told['pending']} of {len(hosts)} hosts are to come"
        Display().display(f"\n{render_upgrade(hosts)}\n\nReport: {path}" if ended else to_come)
        stats = {"data": upgrade_statistics(hosts, path), "per_host": False, "aggregate": False}
        return {"changed": False, "counts": told, "file": path, "ansible_stats": stats}

    def _outcome(self, hostvars: Any, host: str, names: Mapping[str, str]) -> dict[str, Any]:
        registered = dict(hostvars.raw_get(host))
        steps = {step: registered.get(name) for step, name in names.items()}
        results = {step: result if isinstance(result, Mapping) else None for step, result in steps.items()}
        try:
            return outcome_of(results, self._task.check_mode)
        except Exception as error:  # what one host gave may not cost the others their report
            return outcome_of({"preflight": {"failed": True, "msg": fault(error)}})


def _document(hosts: Mapping[str, Any]) -> str:
    return json.dumps({**head_of(SCHEMA), "counts": upgrade_counts(hosts), "hosts": hosts}, indent=1, sort_keys=True) + "\n"


def _write(directory: str, hosts: Mapping[str, Any]) -> str:
    """The file, put in place whole; its path."""
    folder = Path(directory).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    remove_leftovers([folder / _NAME])
    write_whole(folder / _NAME, _document(hosts))
    return str(folder / _NAME)
