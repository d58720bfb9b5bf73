#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: kernel_install
short_description: Install a kernel beside the running one, verify it and make it the default
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Installs the kernel that M(fleetcare.pagealloc.kernel_preflight) chose, or installs it again if an earlier transaction did not finish.
    Then it checks that the files of its packages, its initramfs and its drivers are there and that it boots by default.
  - On any doubt it makes the old kernel the default again, and the task fails with the reason.
  - No kernel is removed, and nothing is rebooted.
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
  accept:
    description:
      - With V(driver) a missing driver is accepted.
    type: list
    elements: str
    choices: [clock, driver, last_reboot, out_of_tree]
    default: []
  use_modules:
    description:
      - Use M(ansible.builtin.dnf) or M(ansible.builtin.yum) if a Python on the host has the manager's library and Ansible still supports
        that Python. Otherwise, and with V(false), run the manager's command.
    type: bool
    default: true
  timeout_seconds:
    description:
      - How long to wait for the package manager. After that its command continues, but a module of Ansible is ended.
    type: int
    default: 3600
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.programs
attributes:
  check_mode:
    description: Says whether it would change anything.
    support: full
  diff_mode:
    description: The installed kernels and the default.
    support: full
"""

EXAMPLES = r"""
- name: Install a kernel with the fix
  hosts: all
  gather_facts: false
  tasks:
    - name: Look
      fleetcare.pagealloc.kernel_preflight:
      register: seen

    - name: Install
      fleetcare.pagealloc.kernel_install:
        upgrade: "{{ seen.upgrade }}"
      when: seen.upgrade.asked
"""

RETURN = r"""
target:
  description: The kernel.
  returned: success
  type: str
  sample: 2.6.32-431.el6.x86_64
verdict:
  description: The verdict of the host after it.
  returned: success, not in check mode
  type: str
  sample: reboot_pending
repaired:
  description: What was wrong with a kernel that had to be installed again, else empty.
  returned: success
  type: list
  elements: str
  sample: []
via:
  description: How it was installed, empty if nothing had to be installed.
  returned: success
  type: str
  sample: dnf module
"""
