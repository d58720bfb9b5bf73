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
short_description: Put the workaround for page starvation in force on a host, a step at a time, or take it back
version_added: 0.1.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Gathers a host's facts, plans C(vm.min_free_kbytes) and other settings of the kernel's memory as
    P(fleetcare.pagealloc.workaround_plan#filter) does, puts the plan in force at runtime and for the next boot, and
    gathers again. Where the host would then refuse what it granted before, the step is put back.
  - The change itself is one program of the POSIX shell that the host runs alone. It needs no Python there, takes no notice of a
    connection that breaks, and undoes what it began where a part of it fails or memory runs short. So a host has the old values or
    the new ones and never a mix; what a power cut interrupts, the next run finishes or undoes.
  - Records on the host, in C(/var/lib/fleetcare-pagealloc/workaround), what was there before the first step and which step is in
    force since when. A later run goes one step further only where the symptom came after that.
  - The role of the same name does this for a fleet, with reports.
options:
  state:
    description:
      - V(present) puts the next step in force where one is due. V(absent) gives back what was there before the first step.
    type: str
    choices: [present, absent]
    default: present
  remedies:
    description:
      - The only settings under C(/proc/sys/vm) that may be set. Without it, those that the host's advisories ask for and, where the symptom
        is there, its cause.
      - A host whose kernel lacks one of them is refused.
    type: list
    elements: str
    choices: [min_free_kbytes, zone_reclaim_mode, watermark_scale_factor, compaction_proactiveness]
  steps_kb:
    description:
      - Values of C(vm.min_free_kbytes) in kB, rising. The value that the advisory asks for comes before those above it.
      - What is left out of this and the next five options is as C(defaults.workaround) in the collection's
        C(plugins/plugin_utils/judge/defaults.yml) has it.
    type: list
    elements: int
  cap_percent:
    description: The most a step may be of all memory, in percent, below 5.
    type: float
  available_percent:
    description: The most that a rise, which costs one and a half times itself, may spend of what is available now, in percent.
    type: float
  zone_percent:
    description: The most that the high watermarks may be of the zones that have them, in percent.
    type: float
  short_percent:
    description: With less than this share of memory available after a step, in percent, the host puts the step back.
    type: float
  settle_seconds:
    description: How long a step is in force before the next may follow.
    type: int
  zone_reclaim:
    description: Whether C(vm.zone_reclaim_mode) may be set. It hurts databases that live on the page cache.
    type: bool
    default: true
  force:
    description:
      - Whether to act where no advisory asks for it. With O(state=absent), whether to give back the values though somebody changed
        them since.
    type: bool
    default: false
  conflicts:
    description: What to do where another file sets the same at boot.
    type: str
    choices: [refuse, override]
    default: refuse
  compact:
    description:
      - Whether to compact memory at once after a step, through C(vm.compact_memory). What it gained is said. The host may be slow
        while it does.
    type: bool
    default: false
  watch_seconds:
    description: How long the host watches its memory after a step, before it calls it done.
    type: int
    default: 5
  verify_seconds:
    description: How long a host is looked at after a step until it has recovered.
    type: int
    default: 30
  timeout_seconds:
    description: How long each of the host's answers may take. With V(0) there is no limit.
    type: int
    default: 120
  options_from:
    description:
      - A prefix of variables. Each option that is not given is taken from the variable of that prefix and the option's name,
        where the host has it and it is not empty.
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
    description: Gathers, and says what would be put in force.
    support: full
  diff_mode:
    description: The values before and after.
    support: full
notes:
  - Needs the rights of root on the host.
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

- name: Put the next step in force where one is due, on database hosts
  hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Step
      fleetcare.pagealloc.workaround:
        zone_reclaim: false
        cap_percent: 2

- name: Give back what was there before
  hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Take back
      fleetcare.pagealloc.workaround:
        state: absent
"""

RETURN = r"""
change:
  description: What became of the host.
  type: dict
  returned: always
  contains:
    what:
      description: Always V(workaround).
      type: str
    outcome:
      description: >-
        V(applied), V(restored) or V(mended) where the host was changed; V(planned) in check mode; V(kept) or V(none) where nothing was
        due; V(refused), V(exhausted), V(rolled_back) or V(failed).
      type: str
    step:
      description: The step that is in force or, in check mode, would be.
      type: int
    order:
      description: The order of the requests that C(granted) counts, which the host is judged by.
      type: int
    sentences:
      description: Why, with the arithmetic.
      type: list
      elements: str
    before:
      description: The verdict, the values and how many atomic requests would have been granted.
      type: dict
    after:
      description: The same afterwards, null where nothing was done.
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
  description: What P(fleetcare.pagealloc.workaround_plan#filter) gives for the host as it was.
  type: dict
  returned: always
ansible_facts:
  description: The facts of the host as it is afterwards, as M(fleetcare.pagealloc.gather) gives them.
  type: dict
  returned: always
  contains:
    pagealloc:
      description: The facts.
      type: dict
"""
