# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup ``fleetcare.pagealloc.hosts_to_end``."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: hosts_to_end
short_description: The hosts that end as failed or unreachable by the report of the fleet
version_added: 1.0.0
author:
  - The fleetcare.pagealloc contributors (@fleetcare)
description:
  - For the C(hosts) of a play with M(fleetcare.pagealloc.end_as_reported), after the play with M(fleetcare.pagealloc.report). Ansible
    starts a process for each host of a play and each task. If three hosts of a fleet fail, this play needs a process for these three, and
    not for all hosts.
  - The list has one more host that does not fail, or C(localhost) if there is none. If all hosts of a play fail, Ansible ends the
    playbook, and later plays of the site would not run.
options:
  _terms:
    description: Host patterns, those of the play that reported.
    required: true
    type: list
    elements: str
  reported:
    description: Name of the variable in which the result of M(fleetcare.pagealloc.report) was registered.
    type: str
    required: true
seealso:
  - module: fleetcare.pagealloc.end_as_reported
  - module: fleetcare.pagealloc.report
"""

EXAMPLES = r"""
- name: Report
  hosts: all
  gather_facts: false
  tasks:
    - name: Gather
      fleetcare.pagealloc.gather:
      register: gathered
      ignore_errors: true
      ignore_unreachable: true

    - name: Report
      fleetcare.pagealloc.report:
        gathered: gathered
        output_dir: /var/lib/pagealloc
        fail_on: [stalled]
      run_once: true
      register: reported

- name: End as the report says
  hosts: "{{ query('fleetcare.pagealloc.hosts_to_end', 'all', reported='reported') }}"
  gather_facts: false
  tasks:
    - name: End
      fleetcare.pagealloc.end_as_reported:
        reported: reported
"""

RETURN = r"""
_raw:
  description:
    - Names of the hosts, in the order of the inventory. Empty if no host ends so or nothing was reported. If Ansible would read a name as
      a pattern, the result is the patterns of O(_terms). That only costs time.
  type: list
  elements: str
  sample: [db03, db07]
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.inventory_hosts import are_names, hosts_of_patterns


class LookupModule(LookupBase):  # type: ignore[misc]
    """The hosts of a pattern that the report ends, and one more."""

    def run(self, terms: Sequence[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        if not variables or "hostvars" not in variables:
            return []
        hosts = _within_the_limit(hosts_of_patterns(self, terms, variables), variables)
        # Ansible puts all variables and facts of a host together where one of them is asked for. So few hosts are asked: from the last
        # one on, whose report knows most where the hosts came in batches, and then those that it ends.
        ends = self._first(reversed(hosts), variables["hostvars"])
        ending = [host for host in hosts if ends and host in ends and self._ends(variables["hostvars"], host) is not None]
        if not ending:
            return []
        well = (host for host in hosts if ends and host not in ends and self._ends(variables["hostvars"], host) is not None)
        chosen = [*ending, next(well, "localhost")]
        return chosen if are_names(chosen) else list(terms)

    def _first(self, hosts: Iterable[str], hostvars: Any) -> Mapping[str, Any] | None:
        return next((found for host in hosts if (found := self._ends(hostvars, host)) is not None), None)

    def _ends(self, hostvars: Any, host: str) -> Mapping[str, Any] | None:
        """What the host's report says of the ends of all; None for a host without one, such as one beside the play's limit."""
        reported = hostvars.raw_get(host).get(self.get_option("reported"))
        ends = reported.get("ends") if isinstance(reported, Mapping) else None
        return ends if isinstance(ends, Mapping) else None


def _within_the_limit(hosts: Sequence[str], variables: Mapping[str, Any]) -> list[str]:
    """The hosts of a fleet that this run may have asked: no host outside its slice has a report."""
    limit = variables.get("ansible_play_hosts_all")
    return list(hosts) if limit is None else [*filter(frozenset(limit).__contains__, hosts)]
