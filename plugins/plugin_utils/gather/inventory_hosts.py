# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the inventory by patterns, for lookups that choose the hosts of a play."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible.inventory.manager import split_host_pattern
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase


def hosts_of_patterns(lookup: LookupBase, patterns: Sequence[str], variables: Mapping[str, Any]) -> list[str]:
    """The hosts of these patterns, in the order of the inventory."""
    resolver = lookup_loader.get("ansible.builtin.inventory_hostnames", loader=lookup._loader, templar=lookup._templar)
    return [str(host) for host in resolver.run(patterns, variables=variables)]


def are_names(hosts: Iterable[str]) -> bool:
    """Whether each of them means itself, and no more, where Ansible takes it for a pattern."""
    return all(split_host_pattern([host]) == [host] for host in hosts)
