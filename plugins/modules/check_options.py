#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: check_options
short_description: Check the options of a role of this collection before any host is asked
version_added: 0.1.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Fails if an option of the role has a wrong value, if an advisory of the site has a fault, or if the reports could not be written. So
    you learn of a mistake before thousands of hosts are asked.
  - Runs once for the fleet, with the variables of the first host. Ansible checks the options of a role by itself, but once
    for each host. No host is touched.
  - Fails in a play with the strategy C(free) or C(host_pinned) over several hosts, because Ansible would run it once for each host.
options:
  role:
    description: Name of the role. Its options are read from its argument specification.
    type: str
    required: true
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.controller
  - fleetcare.pagealloc.attributes.no_diff
attributes:
  check_mode:
    description: Changes nothing.
    support: full
seealso:
  - module: fleetcare.pagealloc.report
"""

EXAMPLES = r"""
- name: Audit with tasks of one's own
  hosts: all
  gather_facts: false
  tasks:
    - name: Check the options of the audit before any host is asked
      fleetcare.pagealloc.check_options:
        role: audit
      run_once: true
      delegate_to: localhost
"""

RETURN = r""" # """
