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
short_description: Install a kernel beside the one that runs, verify it and make it the default
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Installs the kernel that M(fleetcare.pagealloc.kernel_preflight) chose, or installs it again where an earlier transaction left it
    half made, and looks whether its packages' files, its initramfs and its drivers are there and whether it boots by default.
  - On any doubt the old kernel is made the default again, and the task fails with what is wrong.
  - No kernel is removed, and nothing is rebooted.
options:
  upgrade:
    description:
      - What M(fleetcare.pagealloc.kernel_preflight) returned as RV(fleetcare.pagealloc.kernel_preflight#module:upgrade).
    type: dict
    required: true
  options_from:
    description:
      - The prefix C(kernel_upgrade_). Then O(site_advisories), where it is not given, is what the variables of the role say.
    type: str
  site_advisories:
    description:
      - Advisories of the site's own, or changes to those of the catalogue, which are merged by their C(id).
    type: list
    elements: dict
    default: []
  accept:
    description:
      - With V(driver) in it a missing driver is no doubt.
    type: list
    elements: str
    choices: [clock, driver, last_reboot, out_of_tree]
    default: []
  use_modules:
    description:
      - Use M(ansible.builtin.dnf) or M(ansible.builtin.yum) where a Python on the host has the manager's library and is one that Ansible
        still supports. Else, and with V(false), the manager's command is run.
    type: bool
    default: true
  timeout_seconds:
    description:
      - How long to wait for the package manager. Its command is not ended after that, a module of Ansible's is.
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
  description: What was wrong with it where it was there already and was installed again, else empty.
  returned: success
  type: list
  elements: str
  sample: []
via:
  description: Through what it was installed, empty where nothing was to be installed.
  returned: success
  type: str
  sample: dnf module
"""
