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
  - Reads what a M(fleetcare.pagealloc.gather) task registered on each host of the play, gives each host its verdict, writes
    the reports on the controller, and prints a table, worst hosts first.
  - Runs once for the fleet. No host is touched, and every host of the play is in the result once, whether its evidence could
    be gathered or not.
  - Fails in a play with the strategy C(free) or C(host_pinned) over several hosts, in which Ansible would run it once for each host.
  - The roles of this collection use it, after M(fleetcare.pagealloc.check_options).
options:
  recorded:
    description:
      - Name of the host variable with the path of a host's recorded evidence. It is read for hosts that registered nothing.
      - The path is that of a file or directory on the controller, as O(fleetcare.pagealloc.gather#module:evidence) takes it.
    type: str
  gathered:
    description:
      - Name of the variable in which the hosts registered what M(fleetcare.pagealloc.gather) returned.
    type: str
    required: true
  slices:
    description:
      - With V(hand_on), what is known of each host is put into Ansible's fact cache, where Ansible keeps facts in one (C(fact_caching))
        that outlives the run. Of a host that gave no facts it is when it was asked, and why it gave none.
      - With V(merge), nothing is read from O(gathered), but what earlier audits handed on, in O(save_dir) or in the fact cache. Memory
        then holds one host at a time.
    type: str
    choices: [hand_on, merge]
  save_dir:
    description:
      - Directory in which the audits recorded what each host gave, for O(slices=merge).
    type: path
    default: ""
  facts_max_age_seconds:
    description:
      - For O(slices=merge), how old what was handed on of a host may be. Older, the host is C(unknown). With V(0) there is no limit.
    type: int
    default: 86400
  changed_by:
    description:
      - The role whose changes O(gathered) registered. Then the reports tell what was before and after on each host.
    type: str
    choices: [workaround]
  options_from:
    description:
      - The prefix C(audit_), or C(workaround_) with O(changed_by). Then each option that is not given is what the role's variables say.
    type: str
  output_dir:
    description:
      - Directory on the controller for the reports. Made where it is missing. A relative path is relative to where the playbook
        was started.
      - They are written in check mode too, as nothing on a host is changed by them.
      - With O(changed_by=workaround) the default is C(./pagealloc-workaround).
    type: path
    default: ./pagealloc-report
  site_advisories:
    description:
      - Advisories of the site's own, or changes to those of the catalogue, which are merged by their C(id).
    type: list
    elements: dict
    default: []
  compare:
    description:
      - Whether to tell which facts set the hosts that show the trouble apart from the rest, as the filter
        P(fleetcare.pagealloc.compare#filter) does. It then stands in C(fleet.json) and C(fleet.html), and in the table where
        there is something to say.
    type: bool
    default: true
  troubled:
    description:
      - Names of the hosts that showed the trouble, for O(compare). Where none is named these are the hosts on which the symptom
        was seen.
    type: list
    elements: str
    default: []
  history:
    description:
      - Database in which each audit is kept, and from which the reports take what changed since the audit before and where each host's
        headroom is heading. The URL of a PostgreSQL database, C(postgresql://USER:PASSWORD@HOST/NAME), for several controllers or an
        execution environment that keeps no disk; C(sqlite:///FILE); or an empty text for C(history.db) in O(output_dir).
      - With V(none) nothing is kept. A database that cannot be read or written costs the audit nothing else; a warning says why.
      - In check mode it is read and not written.
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
      - Verdicts with which a host is in RV(ends), for M(fleetcare.pagealloc.end_as_reported). The report itself never fails for a verdict.
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
    description: Whether only hosts count for O(fail_on) whose verdict was another one in the audit before. It takes O(history).
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
        V(all) every host. All others are counted.
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
      - Where the metrics are sent by HTTP, besides being written. The URL of a Pushgateway, C(http://HOST:9091/metrics/job/NAME), or of a
        server that imports the text format, such as C(http://HOST:8428/api/v1/import/prometheus) of VictoriaMetrics. It may hold an
        account, C(https://USER:PASSWORD@HOST/...).
      - Where they cannot be sent, after three tries, a warning says why. In check mode nothing is sent, nor by an audit
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
  description: How many hosts got each verdict that they did not have in the audit before. Without O(history) the same as RV(counts).
  type: dict
  returned: when O(gathered) is given
  sample:
    affected: 1
files:
  description: Absolute paths of what was written, by kind of report.
  type: dict
  returned: when O(gathered) is given
  sample:
    json: /var/lib/pagealloc/fleet.json
    html: /var/lib/pagealloc/fleet.html
    prometheus: /var/lib/pagealloc/pagealloc.prom
changes:
  description: What became of each host of the play, its outcome and the reason.
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
  description: The hosts that do not end well, C(result) being V(failed) or V(unreachable).
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
    - The counts as C(pagealloc_counts), the names of up to 1000 hosts as C(pagealloc_hosts_by_verdict), how many hosts are not named as
      C(pagealloc_hosts_not_named), and the file with all of them as C(pagealloc_list). Of a role that changed hosts the same by outcome.
      AWX keeps them as the job's artifacts.
  type: dict
  returned: when O(gathered) is given
"""
