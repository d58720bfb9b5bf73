# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup ``fleetcare.pagealloc.live_hosts``."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: live_hosts
short_description: The hosts of a pattern that have no recorded evidence
version_added: 0.1.0
author:
  - The fleetcare.pagealloc contributors (@fleetcare)
description:
  - For the C(hosts) of a play that asks hosts for their evidence. Ansible starts a process for each host of a play and each
    task; a host with recorded evidence on the controller needs none, because M(fleetcare.pagealloc.report) reads the file.
  - Needs the variables of the hosts. Ansible has them from the second play of a playbook on. In the first play, or if no play before had a
    host, all hosts count as live.
options:
  _terms:
    description: Host patterns, as C(hosts) of a play takes them.
    required: true
    type: list
    elements: str
  variable:
    description: The host variable with the path of the recorded evidence. If it is undefined or empty, the host is live.
    type: str
    default: audit_evidence
seealso:
  - module: fleetcare.pagealloc.gather
  - module: fleetcare.pagealloc.report
"""

EXAMPLES = r"""
- name: Choose the hosts to ask
  hosts: all
  gather_facts: false
  tasks:
    - name: Say what follows
      ansible.builtin.debug:
        msg: "{{ query('fleetcare.pagealloc.live_hosts', 'all') | length }} hosts are asked"
      run_once: true

- name: Ask the live hosts
  hosts: "{{ query('fleetcare.pagealloc.live_hosts', 'all') }}"
  gather_facts: false
  tasks:
    - name: Gather
      fleetcare.pagealloc.gather:
"""

RETURN = r"""
_raw:
  description:
    - Names of the hosts, in the order of the inventory. If Ansible would read one of them as a pattern, the result is the patterns of
      O(_terms). A recorded host then reads its record, so this only costs time.
  type: list
  elements: str
  sample: [db01, db02]
"""

from collections.abc import Sequence
from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.fact_cache import (
    allow_a_descriptor_for_each_host,
    facts_outlive_the_run,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.inventory_hosts import are_names, hosts_of_patterns
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.record_variable import HostVariables, RecordVariableError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import load_tables


class LookupModule(LookupBase):  # type: ignore[misc]
    """The hosts of a pattern that must be asked, because they have no recorded evidence."""

    def run(self, terms: Sequence[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        if not variables or "hostvars" not in variables:
            return list(terms)
        load_tables()  # here, since each process that asks a host judges it, to know whether the host is in trouble
        if facts_outlive_the_run():
            allow_a_descriptor_for_each_host()  # here, since this is the process that puts the facts into the cache
        live = [host for host in hosts_of_patterns(self, terms, variables) if not self._is_recorded(variables["hostvars"], host)]
        # If Ansible would read a name as a pattern, all hosts are asked.
        return live if are_names(live) else list(terms)

    def _is_recorded(self, hostvars: Any, host: str) -> bool:
        try:
            return HostVariables(hostvars, host).recorded_path(self.get_option("variable")) is not None
        except RecordVariableError:  # asking the host will say so, on this host
            return False
