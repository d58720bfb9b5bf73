#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers of the network interfaces of a host, as facts."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: nic_driver_facts
short_description: Drivers of the network interfaces of a host, as facts
version_added: 0.1.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Reads for every network interface the driver that C(ethtool) names, the driver of the device, the origin of the driver's module, and
    the interfaces below it.
  - For the cards of the C(mlx4) family the two drivers differ. The device belongs to C(mlx4_core), the interface to
    C(mlx4_en).
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
- name: Find the hosts whose default route uses mlx4_en
  hosts: all
  gather_facts: false
  tasks:
    - name: Read the drivers
      fleetcare.pagealloc.nic_driver_facts:

    - name: Group the hosts by driver
      ansible.builtin.group_by:
        key: "nic_{{ item.driver }}"
      loop: "{{ ansible_facts.pagealloc.nics | selectattr('default_route') }}"
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
        nics:
          description: The network interfaces, in order of name.
          type: list
          elements: dict
          returned: always, null if none is known
          sample:
            - name: eth0
              virtual: false
              driver: mlx4_en
              driver_version: 2.0 (Dec 2011)
              firmware: 2.11.500
              bus_driver: mlx4_core
              module_path: /lib/modules/2.6.32-358.el6.x86_64/kernel/drivers/net/mlx4/mlx4_en.ko
              module_version: "2.0"
              in_tree: true
              lower: []
              operstate: up
              mtu: 1500
              default_route: true
          contains:
            name:
              description: Name of the interface.
              type: str
            virtual:
              description: Whether it has no device of its own, as with C(lo), bonds and bridges.
              type: bool
            driver:
              description: First word of the driver in C(ethtool -i).
              type: str
            driver_version:
              description: Its version, from C(ethtool -i).
              type: str
            firmware:
              description: Version of its firmware, from C(ethtool -i).
              type: str
            bus_driver:
              description: Driver of its device, from C(/sys/class/net/IF/device/driver).
              type: str
            module_path:
              description: File of the driver's module, from C(modinfo -F filename).
              type: str
            module_version:
              description: Version of the loaded module, from C(/sys/module/NAME/version).
              type: str
            in_tree:
              description: Whether the module is part of the kernel; null if its path does not show that.
              type: bool
            lower:
              description: The interfaces below a bond, VLAN or bridge.
              type: list
              elements: str
            operstate:
              description: State of the link, from C(/sys/class/net/IF/operstate).
              type: str
            mtu:
              description: Largest packet, in bytes, from C(/sys/class/net/IF/mtu).
              type: int
            default_route:
              description: Whether a default route uses it, from C(/proc/net/route) and C(/proc/net/ipv6_route).
              type: bool
        container:
          description: Set if the host is a container. A container does not see the network cards of its machine.
          type: dict
          returned: always, null if the host is not known to be a container
          sample: {kind: lxc, by: /run/systemd/container}
          contains:
            kind:
              description: What runs it, such as C(lxc), C(docker), C(podman) or C(openvz).
              type: str
            by:
              description: The file or command that shows it.
              type: str
        modules:
          description: Parts of the running kernel that do not come from the distribution.
          type: dict
          returned: always, null if neither could be read
          sample: {taint: 4097, taint_flags: [P, O], out_of_tree: [veth_vendor], proprietary: [veth_vendor]}
          contains:
            taint:
              description: C(/proc/sys/kernel/tainted), a bit mask.
              type: int
            taint_flags:
              description: Its letters.
              type: list
              elements: str
            out_of_tree:
              description: Loaded modules that are not part of the kernel, from C(/proc/modules). Kernels before 3.2 do not show this.
              type: list
              elements: str
            proprietary:
              description: Loaded modules whose licence the kernel does not accept as free, from C(/proc/modules).
              type: list
              elements: str
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
    run_facts_module(module, "nic_driver_facts", sections=("nics",))


if __name__ == "__main__":
    main()
