# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan beside the host's own script: the kernel, the time, and the commands around the reboot."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping, Sequence

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.cluster import Cluster
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.loader import Loader
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import host_script
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.state import State

#: A timer of systemd's takes any second; at fires on full minutes and takes none that has begun.
_SOONEST_SECONDS = {True: 5, False: 60}


def make_plan(
    target: str, loader: Loader, state: State, clusters: Sequence[Cluster], *, standby: bool, standby_seconds: int
) -> dict[str, str]:
    """NAME -> value of a plan for a reboot now. Raises UpgradeError if the target is not the default, or already runs."""
    if state.release == target:
        raise UpgradeError(f"kernel {clip(target)} is already running", "no reboot is needed")
    if loader.default != target:
        raise UpgradeError(f"kernel {clip(loader.default)} boots by default, not {clip(target)}", "run kernel_install first")
    nodes = [one for one in clusters if standby and one.runs != ""]
    stuck = next((one for one in nodes if not one.standby), None)
    if stuck:
        remedy = "move its resources by hand, then set kernel_upgrade_cluster: allow"
        raise UpgradeError(f"{stuck.manager} has no standby mode that the role can use", remedy)
    arm = loader.once_command(target, state.release) if state.release in loader.entries and target in loader.entries else None
    return {
        "TARGET": target,
        "OLD": state.release,
        "AT": "",
        "UNTIL": "",
        "NOTICE_SECONDS": "0",
        "ARM": arm or "",
        "CONFIRM": f"{loader.default_command(target)} && {loader.forget_once_command()}" if arm else "",
        "STANDBY": " && ".join(one.standby for one in nodes),
        "IDLE": " && ".join(f"{{ {one.idle}; }}" for one in nodes),
        "UNSTANDBY": " && ".join(one.unstandby for one in reversed(nodes)),
        "IDLE_SECONDS": str(standby_seconds),
        "SCRIPT": hashlib.sha256(host_script().encode()).hexdigest()[:16],
    }


def at_time(plan: Mapping[str, str], at: int, notice_seconds: int, window_seconds: int) -> dict[str, str]:
    """The plan for a reboot at a time."""
    return {**plan, "AT": str(at), "UNTIL": str(at + window_seconds), "NOTICE_SECONDS": str(notice_seconds)}


def plan_text(plan: Mapping[str, str]) -> str:
    """The plan as shell assignments."""
    return "\n".join(f"{name}={shlex.quote(value)}" for name, value in plan.items())


def is_in_place(plan: Mapping[str, str], state: State) -> bool:
    """Whether the host has exactly this plan, and a timer or job for it."""
    return state.active and {name: value for name, value in state.plan.items() if name != "BOOTS"} == dict(plan)


def fires(plan: Mapping[str, str], state: State) -> int:
    """When the host's script should start: with its notice, or as soon as possible."""
    return max(int(plan["AT"]) - int(plan["NOTICE_SECONDS"]), state.clock + _SOONEST_SECONDS[state.systemd])
