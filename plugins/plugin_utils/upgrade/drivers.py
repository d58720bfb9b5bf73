# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drivers that a host's network cards need, and whether a new kernel brings them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import Finding, blocker, ok, warning

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def needed_drivers(facts: Mapping[str, Any]) -> list[str]:
    """The kernel's own modules behind the network cards of a host, each once.

    Only what modinfo found by that name: ethtool's name of a driver is not always its module's. Modules from outside the kernel
    come with no kernel: preflight has a finding of its own for them.
    """
    named = {
        str(nic["driver"]).split()[0]
        for nic in facts.get("nics") or ()
        if nic.get("driver") and nic.get("module_path") and nic.get("in_tree") is not False and not nic.get("virtual")
    }
    return sorted(name for name in named if _NAME.fullmatch(name))


def finding_of_contents(evidence: Evidence, drivers: Sequence[str], release: str, accept: Sequence[str]) -> Finding:
    """Whether the package of a kernel that is not installed yet lists the drivers. ``evidence``: of the program ``contents``."""
    files = evidence.texts.get("$contents", "").split()
    if not files:
        why = evidence.reasons.get("$contents", "the repository does not list the files of packages")
        told = f"the role checks after installation whether {clip(release)} has {listed(drivers) or 'the drivers'} ({clip(why)})"
        return warning("driver", told)
    modules = {name.split(".ko")[0].replace("-", "_") for name in files}
    missing = [name for name in drivers if name.replace("-", "_") not in modules]
    if not missing:
        return ok("driver", f"the package of {clip(release)} has {listed(drivers) or 'modules, and no card needs one'}")
    told = f"the package of {clip(release)} does not list {listed(missing)}"
    if "driver" in accept:
        return warning("driver", f"{told}; accepted by kernel_upgrade_accept")
    return blocker("driver", told, "choose another kernel, or name driver in kernel_upgrade_accept if the driver is built in")
