#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: upgrade_report
short_description: Report the outcome of an upgrade on every host
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Reads the registered results of an upgrade on each host of the play and writes C(kernel_upgrade.json) on the controller. Prints a table
    when the last host is done or one has failed.
  - Every host of the play is in it once, also hosts whose turn has not come.
options:
  preflight:
    description:
      - Name of the variable in which the hosts registered the result of M(fleetcare.pagealloc.kernel_preflight).
    type: str
  install:
    description:
      - The same of M(fleetcare.pagealloc.kernel_install).
    type: str
  schedule:
    description:
      - The same of M(fleetcare.pagealloc.kernel_schedule).
    type: str
  reboot:
    description:
      - The same of M(fleetcare.pagealloc.kernel_reboot).
    type: str
  workaround:
    description:
      - The same of M(fleetcare.pagealloc.workaround), if it was removed. If the removal fails, the host counts as failed.
    type: str
  options_from:
    description:
      - The prefix C(kernel_upgrade_). Then the default of O(output_dir) comes from the variables of the role.
    type: str
  output_dir:
    description:
      - Directory on the controller for C(kernel_upgrade.json). The module makes a missing directory.
    type: path
    default: ./pagealloc-upgrade
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.controller
  - fleetcare.pagealloc.attributes.no_diff
attributes:
  check_mode:
    description: Changes nothing on any host; the file is written.
    support: full
"""

EXAMPLES = r"""
- name: Say what an upgrade would do
  hosts: all
  gather_facts: false
  tasks:
    - name: Look
      fleetcare.pagealloc.kernel_preflight:
      register: seen
      ignore_errors: true

    - name: Report
      fleetcare.pagealloc.upgrade_report:
        preflight: seen
        output_dir: /var/lib/pagealloc
      run_once: true
"""

RETURN = r"""
counts:
  description: How many hosts had each outcome; every outcome is there.
  returned: success
  type: dict
  sample:
    failed: 0
    refused: 1
    unreachable: 0
    pending: 3
    planned: 0
    scheduled: 0
    installed: 0
    rebooted: 4
    cancelled: 0
    untouched: 12
file:
  description: Absolute path of what was written.
  returned: success
  type: str
  sample: /var/lib/pagealloc/kernel_upgrade.json
ansible_stats:
  description:
    - The counts as C(pagealloc_kernel_upgrade_counts), and the names of up to 1000 hosts as C(pagealloc_kernel_upgrade_hosts_by_outcome),
      which AWX keeps as the job's artifacts.
  returned: success
  type: dict
"""
