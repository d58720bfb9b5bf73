#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: kernel_schedule
short_description: Schedule one reboot of a host into its new kernel
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Leaves a script and its plan on the host, and a systemd timer or a job of C(at) that starts it. Both survive a reboot before that time.
  - At its time the script checks once more. It refuses if the window is over, the clock was set back, the default boot entry was changed,
    the kernel is gone or the cluster does not take over. Its last message is in the next result of
    M(fleetcare.pagealloc.kernel_preflight).
  - If the boot loader can boot an entry once, the new kernel is booted once and becomes the default when it is up. So a reset boots the
    old kernel.
options:
  state:
    description:
      - V(present) schedules, and replaces what was scheduled. V(absent) cancels.
    type: str
    choices: [present, absent]
    default: present
  upgrade:
    description:
      - The value RV(fleetcare.pagealloc.kernel_preflight#module:upgrade) of M(fleetcare.pagealloc.kernel_preflight).
    type: dict
    default: {}
  notice_seconds:
    description:
      - How long before its time the host tells the users who are logged in.
    type: int
    default: 300
  window_seconds:
    description:
      - How late the reboot may still start.
    type: int
    default: 3600
  cluster:
    description:
      - With V(standby) the resources of a cluster's node move first.
    type: str
    choices: [refuse, standby, allow]
    default: refuse
  standby_seconds:
    description:
      - How long that may take.
    type: int
    default: 600
  timeout_seconds:
    description:
      - How long each round trip may take.
    type: int
    default: 120
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.programs
attributes:
  check_mode:
    description: Says whether it would change anything.
    support: full
  diff_mode:
    description: The schedule.
    support: full
"""

EXAMPLES = r"""
- name: Reboot into the installed kernel on Tuesday night
  hosts: all
  gather_facts: false
  tasks:
    - name: Look
      fleetcare.pagealloc.kernel_preflight:
        reboot: at
        reboot_at: "2026-12-01 02:30"
        reboot_timezone: Europe/Berlin
      register: seen

    - name: Install
      fleetcare.pagealloc.kernel_install:
        upgrade: "{{ seen.upgrade }}"
      when: seen.upgrade.asked

    - name: Schedule
      fleetcare.pagealloc.kernel_schedule:
        upgrade: "{{ seen.upgrade }}"
      when: seen.upgrade.asked

- name: Cancel the reboot
  hosts: all
  gather_facts: false
  tasks:
    - name: Cancel
      fleetcare.pagealloc.kernel_schedule:
        state: absent
"""

RETURN = r"""
schedule:
  description: What is scheduled now, null if nothing is.
  returned: success
  type: dict
  contains:
    at:
      description: When, in seconds since the epoch.
      type: int
      sample: 1796088600
    at_utc:
      description: When, for people.
      type: str
      sample: 2026-12-01 01:30:00 UTC
    target:
      description: The kernel to boot.
      type: str
      sample: 2.6.32-431.el6.x86_64
    by:
      description: V(systemd timer) or V(at).
      type: str
      sample: systemd timer
"""
