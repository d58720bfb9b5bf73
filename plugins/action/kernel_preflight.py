# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read-only: the verdict of a host, the kernel it should boot, and every obstacle."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.action import UpgradeAction, catalogue_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.drivers import finding_of_contents, needed_drivers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.known_managers import MANAGERS, manager_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.preflight import (
    ASKS,
    Preflight,
    Wishes,
    both_looks,
    held_back,
    left_by_us,
    preflight,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import PACKAGES, PREFLIGHT
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.schedule import in_utc, local_time
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.state import read_state


class ActionModule(UpgradeAction):
    """See plugins/modules/kernel_preflight.py."""

    OPTIONS = {
        "options_from": {"type": "str"},
        **action_options("kernel_upgrade", "target", "exact", "accept", "cluster"),
        **action_options("kernel_upgrade", "reboot", "reboot_at", "reboot_timezone", "window_seconds"),
        **action_options("kernel_upgrade", site_advisories="advisories", timeout_seconds="preflight_timeout_seconds"),
        "refuse": {"type": "bool", "default": True},
    }

    def step(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        catalogue = catalogue_of(options)
        wishes = Wishes(
            target=options["target"],
            exact=options["exact"],
            reboot=options["reboot"],
            at=options["reboot_at"],
            timezone=options["reboot_timezone"],
            window_seconds=options["window_seconds"],
            cluster=options["cluster"],
            accept=options["accept"],
        )
        wanted_time = local_time(wishes.at, wishes.timezone) if wishes.reboot == "at" else ""
        facts, judged = self.gather(catalogue, options["timeout_seconds"])
        asked = judged["verdict"] in ASKS and wishes.reboot != "cancel"
        upgrade: dict[str, Any] = {
            "asked": asked,
            "verdict": judged["verdict"],
            "reasons": judged["reasons"],
            "advisories": judged["advisories"],
            "running": facts["kernel"]["release"] if facts["kernel"] else None,
            "default_boot": facts["kernel"]["default_boot"] if facts["kernel"] else None,
        }
        if asked:
            matching = [advisory for advisory in catalogue.advisories if advisory.id in judged["advisories"]]
            upgrade |= self._plan(facts, matching, wishes, wanted_time, options["timeout_seconds"])
        else:
            state = read_state(self.ask("state", timeout_seconds=options["timeout_seconds"]))
            upgrade["findings"] = list(left_by_us(state, None))
        blockers = [finding for finding in upgrade.get("findings", ()) if finding["state"] == "blocker"]
        if blockers and options["refuse"]:
            told = "".join(f"\n- {one['check']}: {one['sentence']}; {one['remedy']}" for one in blockers)
            return self.failed(f"refused, and nothing was changed:{told}", upgrade=upgrade)
        return {"changed": False, "upgrade": upgrade}

    def _plan(
        self, facts: dict[str, Any], advisories: list[Advisory], wishes: Wishes, wanted_time: str, timeout_seconds: int
    ) -> dict[str, Any]:
        names = " ".join(one.name for one in MANAGERS)
        evidence = self.ask(*PREFLIGHT, timeout_seconds=timeout_seconds, local_time=wanted_time, managers=names)
        clock = int(time.time())  # now, since the repositories may take minutes
        manager = manager_of(evidence)
        if manager:
            evidence = both_looks(evidence, self.ask_manager(manager, *PACKAGES, timeout_seconds=timeout_seconds))
        found: Preflight = preflight(evidence, facts, advisories, wishes, clock)
        drivers = needed_drivers(facts)
        findings = list(found.findings)
        if manager and found.target and found.target.repository:
            what = " ".join(manager.words(manager.brought, found.target.package))
            contents = self.ask_manager(manager, "contents", timeout_seconds=timeout_seconds, what=what)
            findings += [finding_of_contents(contents, drivers, found.target.release, wishes.accept), *manager.rehearsal(contents)]
        elif manager and not found.target:
            asked = self.ask_manager(manager, "held", timeout_seconds=timeout_seconds)
            findings += held_back(asked, evidence, facts.get("kernel") or {}, advisories, wishes)
        state = found.state
        return {
            "target": found.target and asdict(found.target),
            "findings": findings,
            "drivers": drivers,
            "manager": found.manager.name if found.manager else "",
            "python": found.python,
            "at": found.at,
            "due": None if state.due is None else {"at": in_utc(state.due), "target": state.plan.get("TARGET", "")},
        }
