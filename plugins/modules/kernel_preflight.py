#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: kernel_preflight
short_description: Which kernel a host should boot, and every obstacle
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Gathers the facts of a host and gives it its verdict. If the verdict needs an upgrade, the module chooses the kernel and looks for all
    obstacles at once.
  - Reads only. The package manager may fetch the metadata of its repositories into its cache.
  - The host needs a POSIX shell and no Python.
options:
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
  target:
    description:
      - The oldest kernel that is acceptable, as C(uname -r) prints it. It replaces the kernel in the advisories.
    type: str
    default: ""
  exact:
    description:
      - Take exactly O(target).
    type: bool
    default: false
  reboot:
    description:
      - Which reboot is wanted. A node of a cluster is an obstacle only to V(now) and V(at), a wrong time only to V(at). With V(cancel)
        nothing is planned.
    type: str
    choices: [never, now, at, cancel]
    default: never
  reboot_at:
    description:
      - When to reboot, such as V(2026-12-01 02:30), or V(2026-12-01T02:30+01:00).
    type: str
    default: ""
  reboot_timezone:
    description:
      - Name of the zone of O(reboot_at). Empty means the host's own.
    type: str
    default: ""
  window_seconds:
    description:
      - How late a reboot may still start.
    type: int
    default: 3600
  cluster:
    description:
      - What a reboot does with a node of a cluster that runs resources.
    type: str
    choices: [refuse, standby, allow]
    default: refuse
  accept:
    description:
      - Findings that do not block the upgrade.
    type: list
    elements: str
    choices: [clock, driver, last_reboot, out_of_tree]
    default: []
  refuse:
    description:
      - Fail if a finding blocks. Otherwise the module only returns the findings.
    type: bool
    default: true
  timeout_seconds:
    description:
      - How long each round trip may take. With V(0) there is no limit.
    type: int
    default: 600
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.programs
  - fleetcare.pagealloc.attributes.no_diff
attributes:
  check_mode:
    description: Changes nothing.
    support: full
seealso:
  - module: fleetcare.pagealloc.gather
  - module: fleetcare.pagealloc.kernel_install
"""

EXAMPLES = r"""
- name: Look at all hosts before the night
  hosts: all
  gather_facts: false
  tasks:
    - name: Look
      fleetcare.pagealloc.kernel_preflight:
        refuse: false
      register: seen

    - name: Show the obstacles
      ansible.builtin.debug:
        msg: "{{ seen.upgrade.findings | selectattr('state', 'equalto', 'blocker') | map(attribute='sentence') | list }}"
      when: seen.upgrade.asked
"""

RETURN = r"""
upgrade:
  description: The plan. Without RV(upgrade.asked) it has only the first six keys and RV(upgrade.findings).
  returned: always
  type: dict
  contains:
    asked:
      description: Whether the verdict needs an upgrade.
      type: bool
      sample: true
    verdict:
      description: The verdict of the host.
      type: str
      sample: at_risk
    reasons:
      description: Why.
      type: list
      elements: str
    advisories:
      description: The advisories that match.
      type: list
      elements: str
      sample: [mlx4_en-rhel-6.4-order-2]
    running:
      description: The running kernel.
      type: str
      sample: 2.6.32-358.el6.x86_64
    default_boot:
      description: The kernel that boots by default.
      type: str
      sample: 2.6.32-358.el6.x86_64
    target:
      description: The kernel to boot, null if none was found.
      type: dict
      contains:
        release:
          description: As C(uname -r) will print it.
          type: str
          sample: 2.6.32-431.el6.x86_64
        package:
          description: VERSION-RELEASE.ARCH of its package. With zypper it has one more number than the release.
          type: str
          sample: 2.6.32-431.el6.x86_64
        repository:
          description: Where it comes from, null if it is installed.
          type: str
          sample: rhel-6-server-rpms
    findings:
      description: The findings, each with its remedy. If no upgrade is needed, only what an earlier upgrade left.
      type: list
      elements: dict
      contains:
        check:
          description: What was checked.
          type: str
          sample: room_boot
        state:
          description: V(ok), V(warning) or V(blocker).
          type: str
          sample: ok
        sentence:
          description: What was found.
          type: str
          sample: /boot has 380000 kB free, and a kernel needs about 27000 kB
        remedy:
          description: What to do, empty if nothing is needed.
          type: str
          sample: ""
    drivers:
      description: The modules of the new kernel that the host's network cards need.
      type: list
      elements: str
      sample: [mlx4_en]
    manager:
      description: The package manager.
      type: str
      sample: yum
    python:
      description: A Python with the manager's library and its version, empty if there is none, as with zypper.
      type: str
      sample: /usr/bin/python 2.6
    at:
      description: When to reboot, in seconds since the epoch; null if no time is wanted.
      type: int
      sample: 1796088600
    due:
      description: The reboot that is already scheduled, null if there is none.
      type: dict
      contains:
        at:
          description: When.
          type: str
          sample: 2026-12-01 01:30:00 UTC
        target:
          description: The kernel to boot.
          type: str
          sample: 2.6.32-431.el6.x86_64
"""
