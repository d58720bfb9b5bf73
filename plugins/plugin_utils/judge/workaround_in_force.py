# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the workaround of an advisory in force on a host?"""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import zone_reclaim_in_force
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import Host


def workaround_in_force(host: Host, advisory: Advisory) -> tuple[bool, str]:
    """(every setting of the workaround is in force, a sentence on them)."""
    asked = advisory.workaround
    if asked is None or not asked.is_checked:
        return False, f"advisory {advisory.id} has no {'workaround' if asked is None else 'workaround that the audit can check'}"
    told, in_force = [], True
    if asked.min_free_kbytes is not None:
        now = host.min_free_kbytes
        in_force = now is not None and now >= asked.min_free_kbytes
        told.append(f"vm.min_free_kbytes {_seen(host, 'min_free_kbytes', ' kB')}, {asked.min_free_kbytes} kB or more is needed")
    if asked.zone_reclaim_mode is not None:
        in_force = zone_reclaim_in_force(host, asked.zone_reclaim_mode) and in_force
        told.append(_zone_reclaim(host, asked.zone_reclaim_mode))
    for name, wanted in asked.newer.items():
        value = host.settings[name]
        in_force = value is not None and value >= wanted and in_force
        told.append(f"vm.{name} {_now(host, name)}, {wanted} or more is needed")
    return in_force, f"workaround {'in force' if in_force else 'not in force'}: {'; '.join(told)}"


def _now(host: Host, name: str) -> str:
    return "does not exist in this kernel" if host.lacks(name) else _seen(host, name)


def _seen(host: Host, name: str, unit: str = "") -> str:
    value = host.settings[name]
    return f"is not known{host.why(f'vm.{name}', 'vm')}" if value is None else f"is {value}{unit}"


def _zone_reclaim(host: Host, wanted: int) -> str:
    if host.nodes == 1:
        return "vm.zone_reclaim_mode does nothing on a host with one memory node"
    nodes = "an unknown number of" if host.nodes is None else host.nodes
    return f"vm.zone_reclaim_mode {_seen(host, 'zone_reclaim_mode')}, {wanted} is needed on a host with {nodes} memory nodes"
