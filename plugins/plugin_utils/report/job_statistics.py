# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job hands on to the next one of a workflow (Ansible's statistics, AWX's artifacts): counts, and the names of hosts, bounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.change import outcome_counts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import natural_key
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import parted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.upgrade_outcome import OUTCOMES as UPGRADE_OUTCOMES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.upgrade_outcome import upgrade_counts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OUTCOMES

#: So many names each list of names has in all, those of the worst first. docs/awx.md tells it.
MOST_NAMES = 1000
#: Hosts that need nothing are counted and not named: in a large fleet nearly all hosts are like that.
_COUNTED = ("clear", "none", "kept", "untouched")
_MOST_CHARS = 255


def fleet_statistics(fleet: Mapping[str, Any], whole_list: str) -> dict[str, Any]:
    """Of an audit or of the workaround. ``whole_list``: the file that has every host."""
    hosts = fleet["hosts"]
    verdicts, verdicts_left = _named({name: host["verdict"] for name, host in hosts.items()}, VERDICTS)
    told = {
        "pagealloc_counts": fleet["counts"],
        "pagealloc_hosts_by_verdict": verdicts,
        "pagealloc_hosts_not_named": verdicts_left,
        "pagealloc_list": whole_list,
    }
    outcomes = {name: host["change"]["outcome"] for name, host in hosts.items() if "change" in host}
    if outcomes:
        told["pagealloc_outcome_counts"] = outcome_counts(fleet)
        told["pagealloc_hosts_by_outcome"], told["pagealloc_outcomes_not_named"] = _named(outcomes, OUTCOMES)
    return told


def upgrade_statistics(hosts: Mapping[str, Mapping[str, Any]], whole_list: str) -> dict[str, Any]:
    """Of the kernel upgrade."""
    named, left = _named({name: host["outcome"] for name, host in hosts.items()}, UPGRADE_OUTCOMES)
    return {
        "pagealloc_kernel_upgrade_counts": upgrade_counts(hosts),
        "pagealloc_kernel_upgrade_hosts_by_outcome": named,
        "pagealloc_kernel_upgrade_hosts_not_named": left,
        "pagealloc_kernel_upgrade_list": whole_list,
    }


def _named(kinds: Mapping[str, str], order: Mapping[str, str]) -> tuple[dict[str, list[str]], int]:
    """({kind: names}, how many of these kinds are not named): at most MOST_NAMES, in the order of the kinds, then of the names."""
    every: dict[str, list[str]] = defaultdict(list)
    for name, kind in kinds.items():
        if kind not in _COUNTED:
            every[kind].append(name)
    named: dict[str, list[str]] = {}
    room = MOST_NAMES
    for kind in (kind for kind in order if kind in every):
        named[kind] = [name for name in sorted(every[kind], key=natural_key) if _is_plain(name)][:room]
        room -= len(named[kind])
    return named, sum(map(len, every.values())) - sum(map(len, named.values()))


def _is_plain(name: str) -> bool:
    """A name with brackets of a template would be one where the next job reads it."""
    return len(name) <= _MOST_CHARS and name.isprintable() and parted(name) == name
