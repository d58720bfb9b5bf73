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
short_description: Find who takes pages on a running host and does not give them back
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Turns the kernel's own tracepoints C(kmem:mm_page_alloc) and C(kmem:mm_page_free) on for some seconds, with stacks, and off again. Says
    which function and module took blocks of pages in that time and did not give them back. Also lists those that take many and give them
    back.
  - The trace is one program of the POSIX shell that the host runs alone. It needs no Python and no package there. Before it turns anything
    on, it starts a watchdog on the host. The watchdog turns everything off again if the connection breaks, the controller dies or the
    program is killed.
  - Uses a tracing instance of its own if the kernel has instances (Linux 3.10), so other tracing is not disturbed. On an older kernel it
    refuses the host if somebody else traces, and it restores the old settings.
  - Refuses to run over a whole inventory. Name the hosts in the play or with C(--limit).
options:
  seconds:
    description: How long tracing is on, from 4 to 300.
    type: int
    default: 20
  order:
    description:
      - Blocks of this order and above are traced. V(0) traces single pages too. A busy host has very many of them.
    type: int
    default: 1
  buffer_kb:
    description:
      - How much memory the events may take on the host, over all its processors, from 64 to 65536. Each processor gets 64 kB at least.
    type: int
    default: 4096
  events:
    description:
      - Tracing ends early after this number of records. An event and its stack are two records. The host checks once a second.
    type: int
    default: 20000
  mount:
    description: Whether to mount tracefs or debugfs if neither is mounted, and to unmount it at the end. Without this option the role
      refuses such a host.
    type: bool
    default: false
  timeout_seconds:
    description: How much longer than O(seconds) the host may take to answer. With V(0) there is no limit.
    type: int
    default: 180
  output_dir:
    description: A folder on the controller for a JSON file of each host, with the content of RV(trace). In check mode nothing is written.
    type: path
  options_from:
    description:
      - A prefix of variables. An option that is not given comes from the variable with that prefix and the option's name, if the host has
        it and it is not empty.
    type: str
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.programs
  - fleetcare.pagealloc.attributes.no_diff
attributes:
  check_mode:
    description: Checks whether the host can be traced, and turns nothing on.
    support: full
notes:
  - Needs root on the host.
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
  description: What the trace found. Its numbers are for the counted time.
  type: dict
  returned: if the host was traced or, in check mode, could be traced
  contains:
    host:
      description: The host's name in the inventory.
      type: str
    order:
      description: The smallest order that was traced.
      type: int
    outcome:
      description: >-
        V(leak) if a caller takes blocks and does not give them back; V(nothing_stays); V(unclear) if the trace covers too little of the
        time; V(planned) in check mode.
      type: str
    sentences:
      description: The same for people.
      type: list
      elements: str
    seconds:
      description: How long tracing was on. It is less than wanted if there were too many records.
      type: int
    counted_seconds:
      description: The part of it with complete events.
      type: float
    events:
      description: How many events the host sent.
      type: int
    records:
      description: How many records the kernel wrote. An event and its stack are two records.
      type: int
    lost_records:
      description: How many of them did not fit into the buffer.
      type: int
    where:
      description: The folder of the host's tracing that was used.
      type: str
    callers:
      description: Who took blocks, at most twenty. Those that leak come first, then those with the most blocks that stay.
      type: list
      elements: dict
      contains:
        caller:
          description: Function and module.
          type: str
        function:
          description: The first function of the stack outside the allocator.
          type: str
        module:
          description: Its module, null for the kernel itself.
          type: str
        kind:
          description: >-
            V(pages) for memory that the kernel counts nowhere; V(slab), V(vmalloc), V(user), V(page_tables), V(kernel_stacks) or
            V(per_cpu) for memory that it counts so.
          type: str
        leaks:
          description: Whether it takes blocks and does not give them back.
          type: bool
        steady:
          description: Whether blocks stay from each quarter of the time except the last.
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
          description: How many of its requests the kernel refused.
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
  returned: if a folder is given, and not in check mode
"""
