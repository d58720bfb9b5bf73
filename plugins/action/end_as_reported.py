# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host ends as the report of the fleet says: failed, unreachable, or unchanged. Contacts no host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.controller_action import ControllerAction

_OPTIONS = {"reported": {"type": "str", "required": True}}


class ActionModule(ControllerAction):
    """See plugins/modules/end_as_reported.py."""

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        _unused, options = self.validate_argument_spec(_OPTIONS)
        reported = task_vars.get(options["reported"])
        if reported is None and self.host not in (task_vars.get("groups") or {}).get("all", [self.host]):
            return {"changed": False}  # the localhost that hosts_to_end names beside a fleet whose hosts all end
        if not isinstance(reported, Mapping) or not isinstance(reported.get("ends"), Mapping):
            raise AnsibleActionFail(f"reported: {options['reported']} does not hold a result of fleetcare.pagealloc.report")
        end = reported["ends"].get(self.host)
        return {"changed": False, **({str(end["result"]): True, "msg": str(end["msg"])} if end else {})}
