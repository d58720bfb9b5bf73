# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reboot into the new kernel now: waits with messages, and verifies the host afterwards."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.utils.display import Display
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.unreached import verdict_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.action import UpgradeAction, catalogue_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.cluster import read_clusters
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.host_plan import make_plan, plan_text
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.loader import read_loader
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.preflight import ASKS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import STATE, host_script
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.state import Before, State, read_state
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.verify import doubts_of_return

_ASK_SECONDS = 120
#: While the host may be going down or coming up: how long one question may take, how long between two, how often a word is said.
_KNOCK_SECONDS, _PAUSE_SECONDS, _PROGRESS_SECONDS = 20, 2, 15


class ActionModule(UpgradeAction):
    """See plugins/modules/kernel_reboot.py."""

    OPTIONS = {
        "options_from": {"type": "str"},
        "upgrade": {"type": "dict", "required": True},
        **action_options("kernel_upgrade", "cluster", site_advisories="advisories", standby_seconds="standby_timeout_seconds"),
        **action_options("kernel_upgrade", return_seconds="return_timeout_seconds", settle_seconds="settle_timeout_seconds"),
    }

    def step(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        upgrade = options["upgrade"]
        if not upgrade.get("target"):
            raise UpgradeError("there is no kernel to boot", "give the result of kernel_preflight")
        target = str(upgrade["target"]["release"])
        evidence = self.ask(*STATE, timeout_seconds=_ASK_SECONDS)
        before = read_state(evidence)
        if self._task.check_mode:
            told = {"before": f"kernel {before.release}\n", "after": f"kernel {target}\n"}
            return {"changed": before.release != target, "diff": told, "running": before.release}
        plan = make_plan(
            target,
            read_loader(evidence),
            before,
            read_clusters(evidence),
            standby=options["cluster"] == "standby",
            standby_seconds=options["standby_seconds"],
        )
        self._launch(plan_text(plan), had_plan=bool(before.plan))
        begun = time.monotonic()
        handing = options["standby_seconds"] if plan["STANDBY"] else 0  # over before, back after
        self._await_boot(before, target, options["return_seconds"] + handing)
        state = self._await_settled(before, target, options["settle_seconds"] + handing)
        _facts, judged = self.gather(catalogue_of(options), _ASK_SECONDS)
        if judged["verdict"] in ASKS:
            why = clip(judged["reasons"][0], 200)
            raise UpgradeError(f"kernel {target} runs, and the verdict is {judged['verdict']}: {why}", "run an audit and read its reasons")
        return {
            "changed": True,
            "running": state.release,
            "verdict": judged["verdict"],
            "reasons": judged["reasons"],
            "seconds": int(time.monotonic() - begun),
            "last_words": state.last_words(),
        }

    def _launch(self, plan: str, had_plan: bool) -> None:
        if had_plan:
            self.ask("cancel", timeout_seconds=_ASK_SECONDS)
        answer = self.ask("place", "launch", timeout_seconds=_ASK_SECONDS, script=host_script(), plan=plan)
        if "$failed" in answer.texts:
            raise UpgradeError(clip(answer.texts["$failed"], 200), "check that /var/lib can be written")

    def _await_boot(self, before: State, target: str, seconds: int) -> None:
        """Until another boot answers. UpgradeError where the host refused to reboot, or did not come back."""
        end, said, last = time.monotonic() + seconds, time.monotonic(), "it shut down"
        while time.monotonic() < end:
            time.sleep(_PAUSE_SECONDS)
            try:
                state = self._knock()
            except (AnsibleConnectionFailure, EvidenceError) as failure:
                last = clip(failure, 160)
            else:
                if state.boot_id != before.boot_id:
                    return
                last = "it answers and has not shut down yet"
                if state.outcome and state.outcome[-1][1].startswith("refused"):
                    raise UpgradeError(f"the host did not reboot: {state.last_words()}", "remove this cause, then run this again")
            if time.monotonic() - said >= _PROGRESS_SECONDS:
                said = time.monotonic()
                left = int(end - said)
                Display().display(f"{self.host}: reboots into {clip(target)}, {seconds - left} of {seconds} s; {last}")
        kind, sentence = verdict_of(last)
        raise UpgradeError(
            f"did not come back within {seconds} s ({kind}: {sentence} {last}). Before, it ran {before.release} (boot id "
            f"{before.boot_id}, up: {', '.join(sorted(before.up)) or 'no interface'}) and it should boot {target} once",
            f"look at its console. If the boot loader can boot a kernel once, a reset boots {before.release}; else choose it there",
        )

    def _await_settled(self, before: State, target: str, seconds: int) -> State:
        """Until the network is as it was and the host's script has had its say. UpgradeError where that does not come about."""
        went = Before(before.boot_id, before.release, before.up, before.default_routes)
        end = time.monotonic() + seconds
        words, doubts = "", ["it does not answer"]
        while time.monotonic() < end:
            with contextlib.suppress(AnsibleConnectionFailure, EvidenceError):
                state = self._knock()
                words, doubts = state.last_words(), doubts_of_return(state, state.before or went, target)
                if not doubts and state.armed:
                    doubts = ["its script has not confirmed the new kernel, or its cluster has not accepted it again"]
                elif words.startswith(("stands by", "returned")):
                    doubts.append("its own script reports a problem")
                    break
                if not doubts:
                    return state
                if state.release != target and not state.armed:
                    break
            time.sleep(_PAUSE_SECONDS)
        told = f"came back in another state than before: {'; '.join(doubts)}" + (f". It says: {words}" if words else "")
        raise UpgradeError(told, "look at its console and its log")

    def _knock(self) -> State:
        """The state of a host that may not answer, over a connection made anew."""
        reset = getattr(self._connection, "reset", None)
        if reset is not None:
            with contextlib.suppress(Exception), self.limited_to(_KNOCK_SECONDS):
                reset()
        return read_state(self.ask("state", timeout_seconds=_KNOCK_SECONDS))
