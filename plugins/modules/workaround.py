#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: workaround
short_description: Apply the workaround for page starvation on a host step by step, or remove it
version_added: 0.1.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Gathers a host's facts, plans C(vm.min_free_kbytes) and other settings of the kernel's memory as
    P(fleetcare.pagealloc.workaround_plan#filter) does. It applies the plan at runtime and for the next boot, and gathers again. If the
    host would then refuse a request that it granted before, the step is undone.
  - The change itself is one program of the POSIX shell that the host runs alone. It needs no Python there and continues if the connection
    breaks. If a part of it fails or memory runs short, it undoes the step. So a host has the old values or the new ones and never a mix.
    After a power cut, the next run finishes or undoes the step.
  - Records on the host, in C(/var/lib/fleetcare-pagealloc/workaround), the values from before the first step, the step in force and its
    time. A later run goes one step further only if the symptom came after that time.
  - The role of the same name does this for a fleet, with reports.
options:
  state:
    description:
      - V(present) applies the next step if one is due. V(absent) restores the values from before the first step.
    type: str
    choices: [present, absent]
    default: present
  remedies:
    description:
      - The only settings under C(/proc/sys/vm) that may change. Without it, those that the host's advisories need and, on a host with the
        symptom, its cause.
      - The role refuses a host whose kernel lacks one of them.
    type: list
    elements: str
    choices: [min_free_kbytes, zone_reclaim_mode, watermark_scale_factor, compaction_proactiveness]
  steps_kb:
    description:
      - Values of C(vm.min_free_kbytes) in kB, in rising order. The value of the advisory comes first, then those above it.
      - The defaults of this option and of the next five are under C(workaround) in the collection's
        C(plugins/plugin_utils/judge/defaults.yml).
    type: list
    elements: int
  cap_percent:
    description: The largest share of all memory that a step may be, in percent, below 5.
    type: float
  available_percent:
    description: The largest share of the available memory that an increase may cost, in percent. An increase costs one and a half times
      its size.
    type: float
  zone_percent:
    description: The largest share of their zones that the high watermarks may be, in percent.
    type: float
  short_percent:
    description: If less than this share of memory is available after a step, in percent, the host undoes the step.
    type: float
  settle_seconds:
    description: How long a step must be in force before the next step.
    type: int
  zone_reclaim:
    description: Whether C(vm.zone_reclaim_mode) may be set. It slows down databases that need a large page cache.
    type: bool
    default: true
  force:
    description:
      - Whether to act although no advisory asks for it. With O(state=absent), whether to restore the values although somebody changed them
        since.
    type: bool
    default: false
  conflicts:
    description: What to do if another file sets the same value at boot.
    type: str
    choices: [refuse, override]
    default: refuse
  compact:
    description:
      - Whether to compact memory at once after a step, through C(vm.compact_memory). The result says what this gained. The host may be
        slow meanwhile.
    type: bool
    default: false
  watch_seconds:
    description: How long the host watches its memory after a step.
    type: int
    default: 5
  verify_seconds:
    description: How long the role checks a host after a step until it has recovered.
    type: int
    default: 30
  timeout_seconds:
    description: How long each answer of the host may take. With V(0) there is no limit.
    type: int
    default: 120
  options_from:
    description:
      - A prefix of variables. An option that is not given comes from the variable with that prefix and the option's name, if the host has
        it and it is not empty.
    type: str
  site_advisories:
    description: Advisories of the site, as with P(fleetcare.pagealloc.classify#filter).
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.controller
attributes:
  check_mode:
    description: Gathers, and says what would be applied.
    support: full
  diff_mode:
    description: The values before and after.
    support: full
notes:
  - Needs root on the host.
seealso:
  - plugin: fleetcare.pagealloc.workaround_plan
    plugin_type: filter
  - module: fleetcare.pagealloc.gather
"""

EXAMPLES = r"""
- name: Show what would be done
  hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Plan
      fleetcare.pagealloc.workaround:
      check_mode: true
      diff: true

- name: Apply the next step if one is due, on database hosts
  hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Step
      fleetcare.pagealloc.workaround:
        zone_reclaim: false
        cap_percent: 2

- name: Restore the values from before
  hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Restore
      fleetcare.pagealloc.workaround:
        state: absent
"""

RETURN = r"""
change:
  description: The outcome of the host.
  type: dict
  returned: always
  contains:
    what:
      description: Always V(workaround).
      type: str
    outcome:
      description: >-
        V(applied), V(restored) or V(mended) if the host was changed; V(planned) in check mode; V(kept) or V(none) if nothing was
        due; V(refused), V(exhausted), V(rolled_back) or V(failed).
      type: str
    step:
      description: The step that is in force or, in check mode, would be.
      type: int
    order:
      description: The order of the requests that C(granted) counts. The host is judged by this order.
      type: int
    sentences:
      description: Why, with the calculation.
      type: list
      elements: str
    before:
      description: The verdict, the values and how many atomic requests the kernel would have granted.
      type: dict
    after:
      description: The same afterwards, null if nothing was done.
      type: dict
  sample:
    what: workaround
    outcome: applied
    step: 1
    order: 2
    sentences:
      - "Step 1 of 5: vm.min_free_kbytes from 67584 to 262144 kB, for advisory mlx4_en-rhel-6.4-order-2."
    before: {verdict: affected, min_free_kbytes: 67584, zone_reclaim_mode: 0, watermark_scale_factor: null,
      compaction_proactiveness: null, granted: 12}
    after: {verdict: mitigated, min_free_kbytes: 262144, zone_reclaim_mode: 0, watermark_scale_factor: null,
      compaction_proactiveness: null, granted: 20480}
plan:
  description: The plan of P(fleetcare.pagealloc.workaround_plan#filter) for the host before the change.
  type: dict
  returned: always
ansible_facts:
  description: The facts of the host after the change, as M(fleetcare.pagealloc.gather) gives them.
  type: dict
  returned: always
  contains:
    pagealloc:
      description: The facts.
      type: dict
"""
