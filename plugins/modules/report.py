#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: report
short_description: Judge every host of the play and write the fleet's reports
version_added: 0.1.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Reads the registered result of a M(fleetcare.pagealloc.gather) task on each host of the play, and gives each host its verdict. Writes
    the reports on the controller and prints a table, worst hosts first.
  - Runs once for the fleet. No host is contacted. Every host of the play is in the result once, even if its evidence could not be
    gathered.
  - Fails in a play with the strategy C(free) or C(host_pinned) over several hosts, because Ansible would run it once for each host.
  - The roles of this collection use it, after M(fleetcare.pagealloc.check_options).
options:
  recorded:
    description:
      - Name of the host variable with the path of a host's recorded evidence. It is used for hosts that registered nothing.
      - The path is a file or directory on the controller, as for O(fleetcare.pagealloc.gather#module:evidence).
    type: str
  gathered:
    description:
      - Name of the variable in which the hosts registered the result of M(fleetcare.pagealloc.gather).
    type: str
    required: true
  slices:
    description:
      - With V(hand_on), the facts of each host go into Ansible's fact cache, if Ansible has a permanent one (C(fact_caching)). For a host
        without facts the cache gets the time and the reason.
      - With V(merge), the module does not read O(gathered) but the results of earlier audits in O(save_dir) or in the fact cache. It then
        keeps one host at a time in memory.
    type: str
    choices: [hand_on, merge]
  save_dir:
    description:
      - Directory with the records of the audits, for O(slices=merge).
    type: path
    default: ""
  facts_max_age_seconds:
    description:
      - For O(slices=merge), how old the data of a host may be. If it is older, the host is C(unknown). With V(0) there is no limit.
    type: int
    default: 86400
  changed_by:
    description:
      - The role whose changes O(gathered) registered. Then the reports show each host before and after.
    type: str
    choices: [workaround]
  options_from:
    description:
      - The prefix C(audit_), or C(workaround_) with O(changed_by). Then the default of each option comes from the role's variables.
    type: str
  output_dir:
    description:
      - Directory on the controller for the reports. The module makes a missing directory. A relative path starts at the folder where the
        playbook was started.
      - They are written in check mode too, because they do not change a host.
      - With O(changed_by=workaround) the default is C(./pagealloc-workaround).
    type: path
    default: ./pagealloc-report
  site_advisories:
    description:
      - The site's own advisories, or changes to advisories of the catalogue with the same C(id).
    type: list
    elements: dict
    default: []
  compare:
    description:
      - Whether to find the facts in which hosts with the trouble differ from the rest, as the filter P(fleetcare.pagealloc.compare#filter)
        does. The result is in C(fleet.json) and C(fleet.html), and in the table if there is a difference.
    type: bool
    default: true
  troubled:
    description:
      - Names of the hosts with the trouble, for O(compare). The default is all hosts with the symptom.
    type: list
    elements: str
    default: []
  history:
    description:
      - Database that stores each audit. From it the reports show what changed since the last audit, and how each host's headroom develops.
        Give the URL of a PostgreSQL database, C(postgresql://USER:PASSWORD@HOST/NAME), for several controllers or an execution environment
        without a permanent disk. Or give C(sqlite:///FILE), or an empty text for C(history.db) in O(output_dir).
      - With V(none) nothing is stored. If a database cannot be read or written, a warning says why, and the audit continues.
      - In check mode the role reads it but does not write it.
    type: str
    default: none
  history_label:
    description: Name of the fleet, to keep fleets in one database apart. By default the name of the inventory.
    type: str
    default: ""
  history_keep_days:
    description: Audits older than this are deleted from the database.
    type: int
    default: 400
  fail_on:
    description:
      - Hosts with one of these verdicts are in RV(ends), for M(fleetcare.pagealloc.end_as_reported). The report itself never fails because
        of a verdict.
    type: list
    elements: str
    choices: [affected, starved, stalled, at_risk, unreachable, unknown, needs_review, reboot_pending, mitigated, clear]
    default: []
  acknowledged:
    description:
      - A YAML file of hosts whose trouble is known and may wait, a list of C(host), C(reason) and C(until), the last day on which the entry
        counts, in UTC. C(verdicts) lists the only verdicts for which it counts. These hosts do not count for O(fail_on).
    type: path
    default: ""
  fail_on_new:
    description: Whether a host counts for O(fail_on) only if its verdict changed since the last audit. This needs O(history).
    type: bool
    default: false
  fail_uncured:
    description:
      - With O(changed_by), whether a host that is C(affected) and was not cured is in RV(ends) as failed.
    type: bool
    default: true
  ignore_unreachable:
    description: Whether hosts that could not be reached are left out of RV(ends).
    type: bool
    default: false
  listing:
    description:
      - Which hosts the output lists. V(worst) lists as many as fit on a screen, V(not_clear) all that are not clear or have a warning,
        V(all) every host. The output only counts the others.
    type: str
    choices: [worst, not_clear, all]
    default: worst
  metrics:
    description:
      - Which hosts have metrics of their own in C(pagealloc.prom). V(trouble) leaves out those that are clear without a warning.
    type: str
    choices: [all, trouble]
    default: all
  push_url:
    description:
      - URL that gets the metrics by HTTP, in addition to the file. Give the URL of a Pushgateway, C(http://HOST:9091/metrics/job/NAME), or
        of a server that imports the text format, such as C(http://HOST:8428/api/v1/import/prometheus) of VictoriaMetrics. It may hold an
        account, C(https://USER:PASSWORD@HOST/...).
      - If they cannot be sent after three tries, a warning says why. Nothing is sent in check mode, or by an audit
        with C(--limit).
    type: str
    default: ""
  push_timeout_seconds:
    description: How long one try to send the metrics may take.
    type: int
    default: 10
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.controller
  - fleetcare.pagealloc.attributes.no_diff
attributes:
  check_mode:
    description: Changes nothing on any host; the reports on the controller are written.
    support: full
seealso:
  - module: fleetcare.pagealloc.gather
  - plugin: fleetcare.pagealloc.live_hosts
    plugin_type: lookup
  - plugin: fleetcare.pagealloc.classify
    plugin_type: filter
  - plugin: fleetcare.pagealloc.compare
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Audit with tasks of one's own
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
        fail_on: [affected]
      run_once: true
      register: reported

    - name: End each host as the report says
      fleetcare.pagealloc.end_as_reported:
        reported: reported
"""

RETURN = r"""
counts:
  description: How many hosts got each verdict; every verdict is there.
  type: dict
  returned: when O(gathered) is given
  sample:
    affected: 2
    starved: 0
    stalled: 1
    at_risk: 3
    unreachable: 0
    unknown: 1
    needs_review: 0
    reboot_pending: 0
    mitigated: 1
    clear: 40
new_counts:
  description: How many hosts have each verdict now and did not have it in the last audit. Without O(history) it is the same as RV(counts).
  type: dict
  returned: when O(gathered) is given
  sample:
    affected: 1
files:
  description: Absolute paths of the reports, by kind.
  type: dict
  returned: when O(gathered) is given
  sample:
    json: /var/lib/pagealloc/fleet.json
    html: /var/lib/pagealloc/fleet.html
    prometheus: /var/lib/pagealloc/pagealloc.prom
changes:
  description: The outcome of each host of the play, and the reason.
  type: dict
  returned: when O(changed_by) is given
  sample:
    db03:
      outcome: applied
      reason: "Step 1 of 5: vm.min_free_kbytes from 67584 to 262144 kB, for advisory mlx4_en-rhel-6.4-order-2."
push:
  description: Whether the metrics were C(sent), and if not, the C(fault).
  type: dict
  returned: when O(push_url) is given, and not in check mode
  sample:
    sent: true
    fault: ""
ends:
  description: The hosts that fail. C(result) is V(failed) or V(unreachable).
  type: dict
  returned: when O(gathered) is given
  sample:
    db03:
      result: failed
      msg: "affected: kernel log (dmesg): 5 order-2 page allocation failures since boot"
answer:
  description: What the terminal shows.
  type: str
  returned: when O(gathered) is given
ansible_stats:
  description:
    - The counts as C(pagealloc_counts), the names of up to 1000 hosts as C(pagealloc_hosts_by_verdict), the number of the other hosts as
      C(pagealloc_hosts_not_named), and the file with all of them as C(pagealloc_list). For a role that changes hosts, they are by outcome.
      AWX keeps them as the job's artifacts.
  type: dict
  returned: when O(gathered) is given
"""
