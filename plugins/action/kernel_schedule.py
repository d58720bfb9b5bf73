# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reboot at a time: a timer of systemd's or a job of at that carries out the plan on the host, once."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import UPGRADE_HOME
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.action import UpgradeAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.cluster import read_clusters
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.host_plan import (
    at_time,
    fires,
    is_in_place,
    make_plan,
    plan_text,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.loader import read_loader
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import STATE, host_script
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.schedule import in_utc, require_ahead
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.state import State, read_state


class ActionModule(UpgradeAction):
    """See plugins/modules/kernel_schedule.py."""

    OPTIONS = {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "upgrade": {"type": "dict", "default": {}},
        **action_options("kernel_upgrade", "notice_seconds", "window_seconds", "cluster", standby_seconds="standby_timeout_seconds"),
        "timeout_seconds": {"type": "int", "default": 120},
    }

    def step(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self._seconds = int(options["timeout_seconds"])
        evidence = self.ask(*STATE, timeout_seconds=self._seconds)
        state = read_state(evidence)
        return self._absent(state) if options["state"] == "absent" else self._present(options, evidence, state)

    def _absent(self, state: State) -> dict[str, Any]:
        changed = bool(state.plan) or state.active
        if changed and not self._task.check_mode:
            self.ask("cancel", timeout_seconds=self._seconds)
            state = read_state(self.ask("state", timeout_seconds=self._seconds))
            if state.plan or state.active:
                raise UpgradeError("the schedule could not be removed", f"remove {UPGRADE_HOME}/plan on the host")
        return {"changed": changed, "schedule": None, "diff": {"before": _told(state) if changed else "", "after": ""}}

    def _present(self, options: dict[str, Any], evidence: Evidence, state: State) -> dict[str, Any]:
        upgrade = options["upgrade"]
        if not upgrade.get("target") or not upgrade.get("at"):
            raise UpgradeError("there is no kernel or no time to schedule", "give the result of kernel_preflight with reboot: at")
        at = int(upgrade["at"])
        require_ahead(at, state.clock, options["window_seconds"])
        target = str(upgrade["target"]["release"])
        if self._task.check_mode and state.release != target and read_loader(evidence).default != target:
            told = f"{in_utc(at)}: kernel {clip(target)}"  # it would have been installed before
            return {"changed": True, "schedule": None, "diff": {"before": _told(state), "after": told}}
        plan = at_time(
            make_plan(
                target,
                read_loader(evidence),
                state,
                read_clusters(evidence),
                standby=options["cluster"] == "standby",
                standby_seconds=options["standby_seconds"],
            ),
            at,
            options["notice_seconds"],
            options["window_seconds"],
        )
        before, changed = _told(state), not is_in_place(plan, state)
        if changed and not self._task.check_mode:
            state = self._place(plan, state)
        schedule = {"at": at, "at_utc": in_utc(at), "target": target, "by": "systemd timer" if state.systemd else "at"}
        return {"changed": changed, "schedule": schedule, "diff": {"before": before, "after": f"{in_utc(at)}: kernel {clip(target)}"}}

    def _place(self, plan: dict[str, str], state: State) -> State:
        """Takes away what was scheduled before, puts the plan in place, and looks whether it will be carried out."""
        if state.plan or state.active:
            self.ask("cancel", timeout_seconds=self._seconds)
        begins = fires(plan, state)
        answer = self.ask(
            "place", "schedule", timeout_seconds=self._seconds,
            script=host_script(), plan=plan_text(plan), fires=str(begins), calendar=in_utc(begins),
        )  # fmt: skip
        after = read_state(self.ask("state", timeout_seconds=self._seconds))
        if not is_in_place(plan, after) and after.clock < begins:
            said = clip(answer.texts.get("$failed", "nothing"), 200)
            self.ask("cancel", timeout_seconds=self._seconds)
            raise UpgradeError(f"the reboot could not be scheduled, the host says: {said}", f"see its log of {time.strftime('%Y-%m-%d')}")
        return after


def _told(state: State) -> str:
    return "" if state.due is None else f"{in_utc(state.due)}: kernel {clip(state.plan.get('TARGET', '?'))}"
