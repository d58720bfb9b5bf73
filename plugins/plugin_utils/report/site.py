# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the site says about its hosts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.acknowledged import (
    Acknowledgements,
    acknowledged_on,
    read_acknowledged,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.whereabouts import in_job
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import natural_key

#: Groups that every inventory has; the first holds every host.
_USUAL_GROUPS = ("all", "ungrouped")


class Site(NamedTuple):
    """``groups``: those of each host. ``inventory``: the sources of the inventory, as a person gives them. ``today``: in UTC."""

    today: date
    groups: Mapping[str, Sequence[str]] = {}
    acknowledged: Acknowledgements = {}
    inventory: Sequence[str] = ()

    def told_of(self, host: str, verdict: str) -> dict[str, Any]:
        """What goes into the host's result."""
        return {
            "groups": list(self.groups.get(host, ())),
            "acknowledged": acknowledged_on(self.acknowledged.get(host, ()), verdict, self.today),
        }


#: Without data of the site; then the day does not matter either.
NO_SITE = Site(date.min)


def site_of(acknowledged: str, variables: Mapping[str, Any]) -> Site:
    """``acknowledged``: the path of the site's file, empty for none; ``variables``: those of the task. In a job the inventory is a file
    of that job alone, which no person can give. AcknowledgedError where the file cannot be used."""
    sources = () if in_job(variables) else variables.get("ansible_inventory_sources") or ()
    groups = groups_of_hosts(variables.get("groups") or {})
    entries = read_acknowledged(acknowledged) if acknowledged else {}
    return Site(datetime.now(timezone.utc).date(), groups, entries, [str(source) for source in sources])


def groups_of_hosts(groups: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """{host: its groups} of {group: its hosts}, as Ansible has it."""
    found: dict[str, list[str]] = defaultdict(list)
    for group in sorted(groups, key=natural_key):
        for host in groups[group] if group not in _USUAL_GROUPS else ():
            found[str(host)].append(str(group))
    return found
