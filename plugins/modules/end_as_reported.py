#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: end_as_reported
short_description: End a host as the fleet's report says
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Fails a host whose verdict is in O(fleetcare.pagealloc.report#module:fail_on) of M(fleetcare.pagealloc.report), with the sentence that
    explains the verdict. Ends a host that could not be reached as unreachable. The result of other hosts does not change.
  - So the play recap, retry files, AWX's list of hosts and its notifications name the right hosts.
  - No host is contacted. To run this task only on the hosts that end so, choose the hosts of a play with
    P(fleetcare.pagealloc.hosts_to_end#lookup).
options:
  reported:
    description: Name of the variable in which the result of M(fleetcare.pagealloc.report) was registered.
    type: str
    required: true
attributes:
  check_mode:
    description: Changes nothing. The hosts end in the same way.
    support: full
  diff_mode:
    description: There is no difference to show.
    support: none
  action:
    description: Runs on the controller.
    support: full
seealso:
  - module: fleetcare.pagealloc.report
  - plugin: fleetcare.pagealloc.hosts_to_end
    plugin_type: lookup
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
        fail_on: [stalled]
      run_once: true
      register: reported

    - name: End each host as the report says
      fleetcare.pagealloc.end_as_reported:
        reported: reported
"""

RETURN = r"""
msg:
  description: The verdict or the outcome, and the sentence that explains it.
  type: str
  returned: if the result of the host changes
  sample: "affected: kernel log (dmesg): 5 order-2 page allocation failures since boot"
"""
