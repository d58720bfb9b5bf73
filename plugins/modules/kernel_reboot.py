#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: kernel_reboot
short_description: Reboot a host into its new kernel, wait for it and verify its state
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Reboots now, with the same script on the host as M(fleetcare.pagealloc.kernel_schedule), and waits until the host answers after the
    boot.
  - Fails if the host refuses, does not come back, runs the wrong kernel, lacks an interface that was up or its default route, or still
    needs an upgrade.
options:
  upgrade:
    description:
      - The value RV(fleetcare.pagealloc.kernel_preflight#module:upgrade) of M(fleetcare.pagealloc.kernel_preflight).
    type: dict
    required: true
  options_from:
    description:
      - The prefix C(kernel_upgrade_). Then the default of O(site_advisories) comes from the variables of the role.
    type: str
  site_advisories:
    description:
      - The site's own advisories, or changes to advisories of the catalogue with the same C(id).
    type: list
    elements: dict
    default: []
  cluster:
    description:
      - With V(standby) the resources of a cluster's node move first, and the node may take resources again afterwards.
    type: str
    choices: [refuse, standby, allow]
    default: refuse
  standby_seconds:
    description:
      - How long each of the two moves may take.
    type: int
    default: 600
  return_seconds:
    description:
      - How long the host may take to come back.
    type: int
    default: 900
  settle_seconds:
    description:
      - How long it may then take until its network is as before. A node that was in standby gets O(standby_seconds) more.
    type: int
    default: 180
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.programs
attributes:
  check_mode:
    description: Says whether it would reboot.
    support: full
  diff_mode:
    description: The running kernel.
    support: full
"""

EXAMPLES = r"""
- name: Reboot the hosts whose new kernel is installed, one by one
  hosts: all
  gather_facts: false
  serial: 1
  max_fail_percentage: 0
  tasks:
    - name: Look
      fleetcare.pagealloc.kernel_preflight:
        reboot: now
      register: seen

    - name: Reboot
      fleetcare.pagealloc.kernel_reboot:
        upgrade: "{{ seen.upgrade }}"
      when: seen.upgrade.verdict == 'reboot_pending'
"""

RETURN = r"""
running:
  description: The kernel that runs now.
  returned: success
  type: str
  sample: 2.6.32-431.el6.x86_64
verdict:
  description: The verdict of the host after it.
  returned: success, not in check mode
  type: str
  sample: clear
reasons:
  description: Why.
  returned: success, not in check mode
  type: list
  elements: str
seconds:
  description: How long it took.
  returned: success, not in check mode
  type: int
  sample: 95
last_words:
  description: The last message of the script on the host, with its time.
  returned: success, not in check mode
  type: str
  sample: "confirmed: kernel 2.6.32-431.el6.x86_64 runs and boots by default (2026-12-01 01:32:10 UTC)"
"""
