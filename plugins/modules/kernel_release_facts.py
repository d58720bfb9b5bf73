#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running, installed and default kernel of a host, as facts."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: kernel_release_facts
short_description: Running, installed and default kernel of a host, as facts
version_added: 0.1.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Reads which kernel runs, which are installed, and which boots by default. These are three different things between the
    installation of a fixed kernel and the reboot into it.
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.no_diff
  - fleetcare.pagealloc.attributes.facts
  - fleetcare.pagealloc.attributes.reads_only
seealso:
  - module: fleetcare.pagealloc.gather
  - plugin: fleetcare.pagealloc.classify
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Name the hosts that wait for a reboot
  hosts: all
  gather_facts: false
  tasks:
    - name: Read the kernels
      fleetcare.pagealloc.kernel_release_facts:
      become: true

    - name: Say which kernel the next boot brings
      ansible.builtin.debug:
        msg: "{{ ansible_facts.pagealloc.kernel.release }} runs, {{ ansible_facts.pagealloc.kernel.default_boot }} boots next"
"""

RETURN = r"""
ansible_facts:
  description: Facts that are merged with those of the host.
  returned: always
  type: dict
  contains:
    pagealloc:
      description: The facts. A value is null if it is not known, and RV(ansible_facts.pagealloc.unavailable) then says why.
      returned: always
      type: dict
      contains:
        kernel:
          description: The running, the installed and the default kernel.
          type: dict
          returned: always, null if C(uname) gave nothing
          sample:
            release: 2.6.32-358.el6.x86_64
            machine: x86_64
            version: "#1 SMP Tue Jan 29 11:47:41 EST 2013"
            distribution: {id: rhel, name: Red Hat Enterprise Linux Server release 6.4 (Santiago), version: "6.4"}
            installed: [2.6.32-358.el6.x86_64]
            default_boot: 2.6.32-358.el6.x86_64
          contains:
            release:
              description: Release of the running kernel, from C(uname).
              type: str
            machine:
              description: Hardware name, from C(uname). Null if only the kernel's own text is there and does not show it.
              type: str
            version:
              description: Build of the running kernel, from C(uname).
              type: str
            distribution:
              description: Id, name and version, from C(/etc/os-release), or from C(/etc/redhat-release) and similar files.
              type: dict
              contains:
                id:
                  description: Its id in os-release(5), such as V(rhel).
                  type: str
                name:
                  description: Its name in words.
                  type: str
                version:
                  description: Its version, null if it has none.
                  type: str
            installed:
              description: Releases of the installed kernels as C(uname -r) would show them, from the database of RPM or dpkg.
              type: list
              elements: str
            default_boot:
              description: Release of the kernel that boots by default, from grubby, or from the files of grub.
              type: str
        uptime_seconds:
          description: Seconds since boot, from C(/proc/uptime).
          type: int
          returned: always, null if C(/proc/uptime) could not be read
          sample: 1036800
        booted_epoch_seconds:
          description: When the host booted by its own clock, in seconds since 1970, from C(/proc/stat).
          type: int
          returned: always, null if C(/proc/stat) could not be read
          sample: 1763028000
        unavailable:
          description: Facts that are null because evidence is missing, and the reason. A fact that is null without a reason here does not
            apply.
          type: dict
          returned: always
          sample: {"kernel.default_boot": "/boot/grub/grub.conf: Permission denied"}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts_module import run_facts_module


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    run_facts_module(module, "kernel_release_facts", sections=("kernels",))


if __name__ == "__main__":
    main()
