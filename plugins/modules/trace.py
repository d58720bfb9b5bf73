#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: trace
short_description: Say who takes pages on a running host and does not give them back
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Turns the kernel's own tracepoints C(kmem:mm_page_alloc) and C(kmem:mm_page_free) on for some seconds, with stacks, and off again. Says
    which function of which module took blocks of pages in that time and did not give them back, beside those that take many and give
    them back.
  - The trace is one program of the POSIX shell that the host runs alone. It needs no Python and no package there. Before it turns anything
    on, it starts a watchdog on the host, which turns all off again where the connection breaks, the controller dies or the program is
    killed.
  - Uses a tracing instance of its own where the kernel has instances (Linux 3.10), so nobody else's tracing is touched. On an older kernel
    the host is refused where somebody else traces, and what was set before is put back.
  - Refuses to run over a whole inventory. Name the hosts in the play or with C(--limit).
options:
  seconds:
    description: How long tracing is on, from 4 to 300.
    type: int
    default: 20
  order:
    description:
      - Blocks of this order and above are traced. V(0) traces single pages too, which are very many on a busy host.
    type: int
    default: 1
  buffer_kb:
    description:
      - How much memory the events may take on the host, over all its processors, from 64 to 65536. Each processor gets 64 kB at least.
    type: int
    default: 4096
  events:
    description:
      - After so many records tracing ends early; each event is two, with its stack. The host looks once a second.
    type: int
    default: 20000
  mount:
    description: Whether to mount tracefs or debugfs where neither is, and to unmount it at the end. Without this such a host is refused.
    type: bool
    default: false
  timeout_seconds:
    description: How much longer than O(seconds) the host may take to answer. With V(0) there is no limit.
    type: int
    default: 180
  output_dir:
    description: A folder on the controller that gets a JSON file for each host, with what RV(trace) has. None is written in check mode.
    type: path
  options_from:
    description:
      - A prefix of variables. Each option that is not given is taken from the variable of that prefix and the option's name,
        where the host has it and it is not empty.
    type: str
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.programs
  - fleetcare.pagealloc.attributes.no_diff
attributes:
  check_mode:
    description: Looks whether the host can be traced, and turns on nothing.
    support: full
notes:
  - Needs the rights of root on the host.
seealso:
  - module: fleetcare.pagealloc.gather
"""

EXAMPLES = r"""
- name: Say who takes pages on two hosts
  hosts: db01,db02
  gather_facts: false
  become: true
  tasks:
    - name: Trace for half a minute
      fleetcare.pagealloc.trace:
        seconds: 30
        order: 2
        output_dir: ./traces
"""

RETURN = r"""
trace:
  description: What the trace found. Its numbers are those of the time that is counted.
  type: dict
  returned: when the host could be traced, or in check mode could be
  contains:
    host:
      description: The host's name in the inventory.
      type: str
    order:
      description: The least order that was traced.
      type: int
    outcome:
      description: >-
        V(leak) where somebody takes blocks and does not give them back; V(nothing_stays); V(unclear) where too little of the time could be
        kept to say so; V(planned) in check mode.
      type: str
    sentences:
      description: The same for people.
      type: list
      elements: str
    seconds:
      description: How long tracing was on. Fewer than were asked for where there were too many records.
      type: int
    counted_seconds:
      description: The part of it whose events are all there.
      type: float
    events:
      description: How many events the host sent.
      type: int
    records:
      description: How many records the kernel wrote, an event and its stack being two.
      type: int
    lost_records:
      description: How many of them the buffer did not hold.
      type: int
    where:
      description: The folder of the host's tracing that was used.
      type: str
    callers:
      description: Who took blocks, first those that leak, then those of whose blocks most stay. Twenty at the most.
      type: list
      elements: dict
      contains:
        caller:
          description: Function and module.
          type: str
        function:
          description: The first function of the stack that is not the allocator's.
          type: str
        module:
          description: Its module, null for the kernel itself.
          type: str
        kind:
          description: >-
            V(pages) for what no counter of the kernel owns; V(slab), V(vmalloc), V(user), V(page_tables), V(kernel_stacks) or V(per_cpu)
            for what it counts as that.
          type: str
        leaks:
          description: Whether it takes blocks and does not give them back.
          type: bool
        steady:
          description: Whether blocks stay of each quarter of the time but the last.
          type: bool
        taken_blocks:
          description: How many it took.
          type: int
        given_back_blocks:
          description: How many of these were given back.
          type: int
        stays_blocks:
          description: How many of these were not.
          type: int
        stays_bytes:
          description: The same in bytes.
          type: int
        refused_blocks:
          description: How many requests of it the kernel refused.
          type: int
        taken_blocks_per_second:
          description: Blocks that it took each second.
          type: float
        taken_bytes_per_second:
          description: The same in bytes.
          type: int
        stays_blocks_per_second:
          description: Blocks each second that were not given back.
          type: float
        stays_bytes_per_second:
          description: The same in bytes.
          type: int
  sample:
    host: db01
    order: 1
    outcome: leak
    sentences:
      - "Module mlx4_en, function receive takes blocks and does not give them back: in 20 seconds it took 2,598 blocks, gave back 921 and
        kept 1,677, 1,341 kB a second."
    seconds: 20
    counted_seconds: 20.0
    events: 4238
    records: 8476
    lost_records: 0
    where: /sys/kernel/tracing/instances/fleetcare_pagealloc
    callers: []
file:
  description: The JSON file of the host on the controller.
  type: str
  returned: when a folder was given and it is no check mode
"""
