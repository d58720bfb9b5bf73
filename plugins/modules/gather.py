#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: gather
short_description: All facts about page starvation in one round trip, without Python on the target
version_added: 0.1.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Sends one shell program over the connection and parses its output on the controller. Works over any connection on which
    M(ansible.builtin.raw) works, on targets as old as RHEL 6 or as small as busybox.
  - Writes nothing on the target. Output is limited to 1 MiB. Each command that asks hardware, a package database or a daemon ends after 10
    seconds.
  - A host in trouble gets a second look, as O(deep) says. If this fails, the data of the first look stays.
  - Reads recorded evidence instead of the live host with O(evidence), and records evidence with O(save_dir).
  - A host that cannot be reached is unreachable, as with any module. The message of SSH is recorded too.
options:
  evidence:
    description:
      - Path on the controller of recorded evidence to read instead of asking the host. A transcript that O(save_dir) wrote, a
        sosreport, packed as C(.tar), C(.tar.gz), C(.tar.bz2) or C(.tar.xz) or not, or a directory with the host's files under
        their own paths.
    type: path
  save_dir:
    description:
      - Directory on the controller for the record of the host, in a file with the host's name. The module makes a missing directory.
        Characters with a meaning in paths are percent-encoded.
      - Nothing is recorded in check mode.
    type: path
  pagetypeinfo:
    description:
      - Whether to read C(/proc/pagetypeinfo) too. The kernel holds the lock of each zone while it counts. On a host with many free blocks,
        this slows down other work.
    type: bool
    default: false
  deep:
    description:
      - Which hosts get a second look, for RV(ansible_facts.pagealloc.deep). With V(auto) these are the hosts with the symptom.
    type: str
    choices: [auto, always, never]
    default: auto
  site_advisories:
    description:
      - The site's own advisories, as for the filter P(fleetcare.pagealloc.classify#filter). O(deep=auto) uses them to find out whether the
        symptom is there.
    type: list
    elements: dict
    default: []
  timeout_seconds:
    description:
      - How long a host may take, from the connection to the end of its evidence. After that the module ends the connection, and the host
        is unreachable. With V(0) there is no limit.
    type: int
    default: 120
  options_from:
    description:
      - A prefix of variables. An option that is not given comes from the variable with that prefix and the option's name, if the host has
        it and it is not empty.
      - So the task needs no templates in its arguments. Ansible would compile them again for every host.
    type: str
  facts:
    description:
      - Whether to parse the evidence and return facts. If not, the module returns RV(transcript) instead. For a fleet of thousands this
        needs far less memory and time. M(fleetcare.pagealloc.report) parses it.
    type: bool
    default: true
  hand_on:
    description:
      - Whether to return facts although O(facts=false), if Ansible keeps facts in a permanent cache (C(fact_caching)). Then the playbook
        C(fleetcare.pagealloc.report) can make one report of the slices of a fleet.
    type: bool
    default: false
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.controller
  - fleetcare.pagealloc.attributes.no_diff
  - fleetcare.pagealloc.attributes.facts
attributes:
  check_mode:
    description: Reads only. The host is read in check mode too.
    support: full
seealso:
  - module: fleetcare.pagealloc.buddyinfo_facts
  - module: fleetcare.pagealloc.nic_driver_facts
  - module: fleetcare.pagealloc.kernel_release_facts
  - plugin: fleetcare.pagealloc.classify
    plugin_type: filter
  - plugin: fleetcare.pagealloc.sosreport
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Say of each host what its verdict is
  hosts: all
  gather_facts: false
  tasks:
    - name: Gather, and record for later
      fleetcare.pagealloc.gather:
        save_dir: ./evidence
      become: true

    - name: Judge
      ansible.builtin.debug:
        msg: "{{ (ansible_facts.pagealloc | fleetcare.pagealloc.classify).reasons }}"

- name: The same from what was recorded, with no host reached
  hosts: all
  gather_facts: false
  tasks:
    - name: Read the record
      fleetcare.pagealloc.gather:
        evidence: "./evidence/{{ inventory_hostname }}.evidence"
"""

RETURN = r"""
ansible_facts:
  description: Facts that are merged with those of the host.
  returned: when O(facts=true)
  type: dict
  contains:
    pagealloc:
      description:
        - The facts. A value is null if it is not known, and RV(ansible_facts.pagealloc.unavailable) then says why.
        - They are those of M(fleetcare.pagealloc.buddyinfo_facts), M(fleetcare.pagealloc.nic_driver_facts) and
          M(fleetcare.pagealloc.kernel_release_facts) together. Their documentation describes each fact, with a sample.
      returned: always
      type: dict
      contains:
        zones:
          description:
            - The memory zones of every node, in the order of C(/proc/buddyinfo).
            - Described in RV(fleetcare.pagealloc.buddyinfo_facts#module:ansible_facts.pagealloc.zones).
          type: list
          elements: dict
          returned: always, null if C(/proc/buddyinfo) could not be read
        page_size_bytes:
          description:
            - The size of a page, in bytes. From C(getconf PAGESIZE).
            - Described in RV(fleetcare.pagealloc.buddyinfo_facts#module:ansible_facts.pagealloc.page_size_bytes).
          type: int
          returned: always, null if it is not known
        memory:
          description:
            - What C(/proc/meminfo) says, in kB, except two counts of pages. A value is null if this kernel does not print it.
            - Described in RV(fleetcare.pagealloc.buddyinfo_facts#module:ansible_facts.pagealloc.memory).
          type: dict
          returned: always, null if C(/proc/meminfo) could not be read
        vmstat:
          description:
            - What the kernel did since boot because memory was short, from C(/proc/vmstat). A value is null if the kernel does not count
              it.
            - Described in RV(fleetcare.pagealloc.buddyinfo_facts#module:ansible_facts.pagealloc.vmstat).
          type: dict
          returned: always, null if C(/proc/vmstat) could not be read
        vm:
          description:
            - The sysctls that decide when memory is reclaimed and how much is kept, from C(/proc/sys/vm).
            - Described in RV(fleetcare.pagealloc.buddyinfo_facts#module:ansible_facts.pagealloc.vm).
          type: dict
          returned: always, null if neither could be read
        workaround:
          description:
            - What the workaround role recorded on the host.
            - Described in RV(fleetcare.pagealloc.buddyinfo_facts#module:ansible_facts.pagealloc.workaround).
          type: dict
          returned: always, null if that could not be read
        failures:
          description:
            - >-
              Page allocation failures since this boot, from the kernel log. The kernel limits their rate and can be set not to log them,
              so a count of 0 proves nothing.
            - Described in RV(fleetcare.pagealloc.buddyinfo_facts#module:ansible_facts.pagealloc.failures).
          type: dict
          returned: always, null if no log could be read
        pagetypes:
          description:
            - Free blocks by zone and migrate type, from C(/proc/pagetypeinfo); null unless O(pagetypeinfo=true).
            - Described in RV(fleetcare.pagealloc.buddyinfo_facts#module:ansible_facts.pagealloc.pagetypes).
          type: list
          elements: dict
          returned: always
        deep:
          description:
            - Data of the second look at a host in trouble (O(fleetcare.pagealloc.gather#module:deep)). Null if there was no second look or
              it failed; C(unavailable) then has the reason.
            - Described in RV(fleetcare.pagealloc.buddyinfo_facts#module:ansible_facts.pagealloc.deep).
          type: dict
          returned: always
        nics:
          description:
            - The network interfaces, in order of name.
            - Described in RV(fleetcare.pagealloc.nic_driver_facts#module:ansible_facts.pagealloc.nics).
          type: list
          elements: dict
          returned: always, null if none is known
        container:
          description:
            - Set if the host is a container. A container does not see the network cards of its machine.
            - Described in RV(fleetcare.pagealloc.nic_driver_facts#module:ansible_facts.pagealloc.container).
          type: dict
          returned: always, null if the host is not known to be a container
        modules:
          description:
            - Parts of the running kernel that do not come from the distribution.
            - Described in RV(fleetcare.pagealloc.nic_driver_facts#module:ansible_facts.pagealloc.modules).
          type: dict
          returned: always, null if neither could be read
        kernel:
          description:
            - The running, the installed and the default kernel.
            - Described in RV(fleetcare.pagealloc.kernel_release_facts#module:ansible_facts.pagealloc.kernel).
          type: dict
          returned: always, null if C(uname) gave nothing
        uptime_seconds:
          description:
            - Seconds since boot, from C(/proc/uptime).
            - Described in RV(fleetcare.pagealloc.kernel_release_facts#module:ansible_facts.pagealloc.uptime_seconds).
          type: int
          returned: always, null if C(/proc/uptime) could not be read
        booted_epoch_seconds:
          description:
            - When the host booted by its own clock, in seconds since 1970, from C(/proc/stat).
            - Described in RV(fleetcare.pagealloc.kernel_release_facts#module:ansible_facts.pagealloc.booted_epoch_seconds).
          type: int
          returned: always, null if C(/proc/stat) could not be read
        unavailable:
          description: Facts that are null because evidence is missing, and the reason. A fact that is null without a reason here does not
            apply.
          type: dict
          returned: always
          sample: {"kernel.default_boot": "/boot/grub/grub.conf: Permission denied"}
transcript:
  description: The evidence as text, every line with the file or command it comes from.
  returned: when O(facts=false)
  type: str
  sample: |
    pagealloc-evidence 1 recorded
    /proc/buddyinfo:Node 0, zone   Normal   9539   4328   7412   2374
    pagealloc-evidence end recorded
"""
