# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions that run only on the controller, some of them once for the fleet."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.untrusted import UntrustedAction

#: With these strategies each host continues on its own, and Ansible runs a run_once task for each host.
_STRATEGIES_WITHOUT_RUN_ONCE = ("free", "host_pinned")


class ControllerAction(UntrustedAction):
    """An action that touches no host."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def require_run_once(self, task_vars: dict[str, Any]) -> None:
        """Raises AnsibleActionFail in a play over several hosts if its strategy ignores ``run_once``."""
        strategy = str(self._task.get_play().strategy)
        if strategy.rpartition(".")[2] in _STRATEGIES_WITHOUT_RUN_ONCE and len(task_vars.get("ansible_play_batch", ())) > 1:
            raise AnsibleActionFail(
                f"The strategy {strategy} of this play would repeat for each host what must run once for the fleet. "
                "Use strategy: linear in the play"
            )
