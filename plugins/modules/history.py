#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: history
short_description: Show what earlier audits of a fleet saw
version_added: 0.1.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Reads the database in which M(fleetcare.pagealloc.report) stores each audit. Prints the audits, newest first, or what they saw of one
    host. It can also write everything as CSV, or delete old audits.
  - No host is reached. It runs on the controller.
  - The playbook C(fleetcare.pagealloc.history) does the same with the variables C(history_host), C(history_csv) and C(history_prune_days).
options:
  database:
    description: As O(fleetcare.pagealloc.report#module:history) takes it. Empty for C(history.db) in O(output_dir).
    type: str
    default: ""
  options_from:
    description:
      - The prefix C(audit_). Then the default of O(output_dir) comes from the variables of the role.
    type: str
  output_dir:
    description: Directory with the reports of the audits.
    type: path
    default: ./pagealloc-report
  label:
    description: Only the audits of this fleet.
    type: str
  host:
    description: The host whose past is shown.
    type: str
  csv:
    description:
      - File on the controller to write, one line for each host and audit. An existing file is replaced.
      - A text that a spreadsheet would read as a formula gets a quotation mark in front.
    type: path
  keep_days:
    description: Delete the audits that are older than this, of all fleets in the database.
    type: int
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.controller
  - fleetcare.pagealloc.attributes.no_diff
attributes:
  check_mode:
    description: Says what would be deleted or written.
    support: full
seealso:
  - module: fleetcare.pagealloc.report
"""

EXAMPLES = r"""
- name: Audit, and look at what earlier audits saw
  hosts: all
  gather_facts: false
  tasks:
    - name: Gather
      fleetcare.pagealloc.gather:
      register: gathered
      ignore_errors: true
      ignore_unreachable: true

    - name: Report, and keep the audit in /var/lib/pagealloc/history.db
      fleetcare.pagealloc.report:
        gathered: gathered
        output_dir: /var/lib/pagealloc
        history: ""
      run_once: true

    - name: List the audits
      fleetcare.pagealloc.history:
        output_dir: /var/lib/pagealloc
      run_once: true

    - name: Show the past of one host
      fleetcare.pagealloc.history:
        output_dir: /var/lib/pagealloc
        host: "{{ inventory_hostname }}"

    - name: Write all of it for a spreadsheet
      fleetcare.pagealloc.history:
        output_dir: /var/lib/pagealloc
        csv: /var/lib/pagealloc/audits.csv
      run_once: true
"""

RETURN = r"""
audits:
  description: The audits, newest first.
  type: list
  elements: dict
  returned: without O(host), O(csv) and O(keep_days)
  sample:
    - label: production
      at_epoch_seconds: 1764108000
      hosts: 40
      whole_fleet: true
      collection_version: 1.0.0
      verdicts: {"affected": 2, "clear": 38}
past:
  description:
    - What the audits saw of the host, oldest first. Memory in kB, times in seconds since 1970, headroom by order. Null means not known.
  type: list
  elements: dict
  returned: with O(host)
  sample:
    - verdict: at_risk
      at_epoch_seconds: 1764108000
      kernel: 2.6.32-358.el6.x86_64
      booted_epoch_seconds: 1763028000
      step: 0
      headroom: [47744, 23872, 11936]
      free_kb: 190976
      failures: 0
      min_free_kbytes: 67584
      zone_reclaim_mode: 0
      order: 2
      unaccounted_kb: 480000
rows:
  description: How many lines the CSV has below its heading.
  type: int
  returned: with O(csv)
  sample: 14600
pruned:
  description: How many audits were deleted.
  type: int
  returned: with O(keep_days)
  sample: 3
"""
