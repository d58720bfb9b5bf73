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
short_description: Which kernel a host should boot, and everything that stands in the way
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Gathers the facts of a host, gives it its verdict and, where that asks for an upgrade, chooses the kernel and looks for all that
    would stand in the way, at once and not just for the first.
  - Reads only. The package manager may fetch the metadata of its repositories into its cache.
  - The host needs a POSIX shell and no Python.
options:
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
  target:
    description:
      - The least kernel, as C(uname -r) prints it, in place of what the advisories say.
    type: str
    default: ""
  exact:
    description:
      - Take exactly O(target).
    type: bool
    default: false
  reboot:
    description:
      - What is asked for. A cluster's node stands in the way of V(now) and V(at) alone, a time of V(at). With V(cancel) nothing is
        planned.
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
      - How long after its time a reboot may still begin.
    type: int
    default: 3600
  cluster:
    description:
      - What becomes of a cluster's node that runs something.
    type: str
    choices: [refuse, standby, allow]
    default: refuse
  accept:
    description:
      - Findings that are not to block.
    type: list
    elements: str
    choices: [clock, driver, last_reboot, out_of_tree]
    default: []
  refuse:
    description:
      - Fail where a finding blocks. Without it they are returned only.
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

    - name: Say what stands in the way
      ansible.builtin.debug:
        msg: "{{ seen.upgrade.findings | selectattr('state', 'equalto', 'blocker') | map(attribute='sentence') | list }}"
      when: seen.upgrade.asked
"""

RETURN = r"""
upgrade:
  description: What is to be done. All but the first six and RV(upgrade.findings) only where RV(upgrade.asked).
  returned: always
  type: dict
  contains:
    asked:
      description: Whether the verdict asks for an upgrade.
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
      description: The kernel to boot, null where none was found.
      type: dict
      contains:
        release:
          description: As C(uname -r) will print it.
          type: str
          sample: 2.6.32-431.el6.x86_64
        package:
          description: VERSION-RELEASE.ARCH of its package. With zypper it has a number more than the release.
          type: str
          sample: 2.6.32-431.el6.x86_64
        repository:
          description: Where it comes from, null where it is installed.
          type: str
          sample: rhel-6-server-rpms
    findings:
      description: What was found, each with its remedy. Where nothing is asked for, only what an earlier upgrade left.
      type: list
      elements: dict
      contains:
        check:
          description: What was looked at.
          type: str
          sample: room_boot
        state:
          description: V(ok), V(warning) or V(blocker).
          type: str
          sample: ok
        sentence:
          description: What was found.
          type: str
          sample: /boot has 380000 kB free, a kernel takes about 27000 kB
        remedy:
          description: What to do, empty where nothing is to be done.
          type: str
          sample: ""
    drivers:
      description: The modules that the host's network cards need of the new kernel.
      type: list
      elements: str
      sample: [mlx4_en]
    manager:
      description: The package manager.
      type: str
      sample: yum
    python:
      description: A Python with the manager's library and its version, empty where there is none, as with zypper.
      type: str
      sample: /usr/bin/python 2.6
    at:
      description: When to reboot, in seconds since the epoch; null where no time was asked for.
      type: int
      sample: 1796088600
    due:
      description: The reboot that is scheduled already, null where none is.
      type: dict
      contains:
        at:
          description: When.
          type: str
          sample: 2026-12-01 01:30:00 UTC
        target:
          description: Into which kernel.
          type: str
          sample: 2.6.32-431.el6.x86_64
"""
