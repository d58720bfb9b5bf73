# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup ``fleetcare.pagealloc.chosen_hosts``."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: chosen_hosts
short_description: The hosts on which a playbook of this collection runs
version_added: 1.0.0
author:
  - The fleetcare.pagealloc contributors (@fleetcare)
description:
  - For the C(hosts) of a play. Reads the variables C(pagealloc_hosts) and C(pagealloc_only_verdicts). If C(pagealloc_hosts) is given by one
    of the names that it had before version 1.0.0, such as C(workaround_hosts), the lookup ends the playbook. To ignore that name could
    mean all hosts.
  - With C(pagealloc_only_verdicts) the hosts are those that an audit named for these verdicts in C(pagealloc_hosts_by_verdict). AWX gives
    this statistic of the audit to the jobs that follow in a workflow. If it is missing, the lookup ends the playbook. It never takes all
    hosts instead.
seealso:
  - module: fleetcare.pagealloc.report
  - plugin: fleetcare.pagealloc.live_hosts
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Gather from the hosts that were chosen
  hosts: "{{ query('fleetcare.pagealloc.chosen_hosts') }}"
  gather_facts: false
  tasks:
    - name: Gather
      fleetcare.pagealloc.gather:
"""

RETURN = r"""
_raw:
  description: Host patterns.
  type: list
  elements: str
  sample: [all]
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.inventory_hosts import (
    are_names,
    hosts_of_patterns,
    look_for_results_less_often,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import RenamedError, current_name
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

# Each on a line of its own: ansible-doc warns of an assignment of several.
_HOSTS = "pagealloc_hosts"
_ONLY = "pagealloc_only_verdicts"
_NAMED = "pagealloc_hosts_by_verdict"
_COUNTS = "pagealloc_counts"
_LIST = "pagealloc_list"


class LookupModule(LookupBase):  # type: ignore[misc]
    """The pattern that the site gave, or the hosts that an audit named."""

    def run(self, terms: Sequence[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        given = variables or {}
        look_for_results_less_often(len((given.get("groups") or {}).get("all", ())))
        patterns = self._patterns(given)
        verdicts = self._templar.template(given.get(_ONLY, []))
        wanted = verdicts.split(",") if isinstance(verdicts, str) else [str(one) for one in verdicts]
        return self._of_verdicts(wanted, patterns, given) if any(wanted) else patterns

    def _patterns(self, given: Mapping[str, Any]) -> list[str]:
        try:
            name = current_name(_HOSTS, given)
        except RenamedError as error:
            raise AnsibleLookupError(str(error)) from None
        pattern = "all" if name is None else self._templar.template(given[name])
        if not pattern:
            raise AnsibleLookupError(f"{name} is empty, so no host is chosen")
        return [pattern] if isinstance(pattern, str) else [str(one) for one in pattern]

    def _of_verdicts(self, verdicts: Sequence[str], patterns: Sequence[str], given: Mapping[str, Any]) -> list[str]:
        named, counts = given.get(_NAMED), given.get(_COUNTS)
        if not isinstance(named, Mapping) or not isinstance(counts, Mapping):
            raise AnsibleLookupError(f"{_ONLY} needs the hosts that an audit named, but {_NAMED} is missing. Run an audit first")
        told = [str(host) for verdict in verdicts for host in named.get(verdict, ())]
        missing = sum(int(counts.get(verdict, 0)) for verdict in verdicts) - len(told)
        if missing > 0:
            Display().warning(
                f"This run takes the {count_of(len(told), 'host')} with these verdicts that the audit named. "
                f"The other {missing:,} are left for the next run: {clip(given.get(_LIST, 'see the report'), 200)}"
            )
        meant = set(hosts_of_patterns(self, patterns, given))
        hosts = [host for host in told if host in meant]
        if not are_names(hosts):
            raise AnsibleLookupError(f"{_ONLY}: a host has a name that Ansible reads as a pattern. Name the hosts with --limit")
        return hosts
