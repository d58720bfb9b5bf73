# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the inventory by patterns, for lookups that choose the hosts of a play."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible import constants
from ansible.inventory.manager import split_host_pattern
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase

#: Seconds between two looks for results: for each host, and at least.
_POLL_SECONDS_A_HOST, _LEAST_POLL_SECONDS = 5e-7, 0.004


def look_for_results_less_often(hosts: int) -> None:
    """While a task runs, Ansible looks for results a thousand times a second, and copies a table of all hosts each time
    (``prev_host_states`` in plugins/strategy/__init__.py). With 40 hosts this takes a hundredth of the audit's processor time, and with
    100,000 half a processor during the report. So the setting ``internal_poll_interval`` is 4 ms at least, and it grows with the fleet:
    with 100,000 hosts it is 50 ms."""
    least = max(_LEAST_POLL_SECONDS, hosts * _POLL_SECONDS_A_HOST)
    constants.DEFAULT_INTERNAL_POLL_INTERVAL = max(constants.DEFAULT_INTERNAL_POLL_INTERVAL, least)


def hosts_of_patterns(lookup: LookupBase, patterns: Sequence[str], variables: Mapping[str, Any]) -> list[str]:
    """The hosts of these patterns, in the order of the inventory."""
    every = (variables.get("groups") or {}).get("all")
    if every is not None and list(patterns) == ["all"]:  # for others the lookup makes its own inventory, and that takes time
        return [str(host) for host in every]
    resolver = lookup_loader.get("ansible.builtin.inventory_hostnames", loader=lookup._loader, templar=lookup._templar)
    return [str(host) for host in resolver.run(patterns, variables=variables)]


def are_names(hosts: Iterable[str]) -> bool:
    """Whether Ansible would read each of them as a plain name, not as a pattern."""
    return all(split_host_pattern([host]) == [host] for host in hosts)
