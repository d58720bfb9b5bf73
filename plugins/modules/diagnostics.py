#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: diagnostics
short_description: Take what a kernel engineer asks for, as an archive in the layout of a sosreport
version_added: 1.0.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Runs one program of the POSIX shell on a host, for its kernel log, the kernel's counters of memory and network, and the settings of its
    network cards and their modules. Packs the answer on the controller into an archive in the layout of a sosreport. A text of about ten
    lines beside it says what is in the archive and why the host has its verdict.
  - Nothing is installed on the host, and nothing is written there. The program runs with low priority, and its output is limited.
  - Text that looks like a password is always hidden; addresses and names with O(mask).
  - Refuses to run over a whole inventory, except with O(of=trouble). Name the hosts in the play or with C(--limit).
options:
  of:
    description:
      - V(named) takes diagnostics of each host of the play. V(trouble) audits the host first and takes them if it shows the trouble.
    type: str
    choices: [named, trouble]
    default: named
  sysrq:
    description: Whether to have the kernel write its memory report into its log first (sysrq-m). This takes long on large machines.
    type: bool
    default: false
  mask:
    description: >-
      Whether to replace addresses (MAC, IPv4, IPv6) and names of hosts. Each gets the same replacement everywhere in an archive, also in
      the names of files.
    type: bool
    default: false
  log_kb:
    description: How much of each kernel log is taken, the newest part, from 64 to 4096.
    type: int
    default: 4096
  text_kb:
    description: How much is taken of each other long text, the first part, from 16 to 4096.
    type: int
    default: 1024
  total_kb:
    description: How much the host may send in all, from 256 to 65536.
    type: int
    default: 20480
  timeout_seconds:
    description: >-
      How long the host may take, from 10 to 3600. After 70 % of this time the host collects nothing more and sends what it has.
    type: int
    default: 300
  site_advisories:
    description: The site's own advisories, or changes to advisories of the catalogue with the same C(id).
    type: list
    elements: dict
    default: []
  output_dir:
    description: A folder on the controller for the archive and the text. In check mode nothing is written.
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
    description: Says that nothing was taken, and does not contact the host.
    support: full
notes:
  - Without root some of it is missing, such as C(/proc/slabinfo) and, on most hosts, the kernel log.
seealso:
  - module: fleetcare.pagealloc.gather
  - plugin: fleetcare.pagealloc.sosreport
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Take what a kernel engineer asks for from two hosts
  hosts: db01,db02
  gather_facts: false
  become: true
  tasks:
    - name: Take diagnostics for the vendor's ticket
      fleetcare.pagealloc.diagnostics:
        mask: true
        output_dir: ./diagnostics
"""

RETURN = r"""
diagnostics:
  description: What was taken of the host.
  type: dict
  returned: always
  contains:
    host:
      description: The host, as the inventory calls it.
      type: str
    taken:
      description: Whether anything was taken. The following keys exist only then.
      type: bool
    sentences:
      description: The lines of the text beside the archive, or why nothing was taken.
      type: list
      elements: str
    verdict:
      description: The verdict of the host, as the audit reads it from the archive.
      type: str
    members:
      description: How many files are in the archive.
      type: int
    archive_bytes:
      description: How large the archive is.
      type: int
    sha256:
      description: The check sum of the archive.
      type: str
    whole:
      description: Whether the host's answer is complete.
      type: bool
    cut:
      description: Files that were taken only in part.
      type: list
      elements: str
  sample:
    host: db01
    taken: true
    sentences:
      - "db01 is affected; cause: leak (likely). Taken at 2026-11-27T05:30:24Z."
    verdict: affected
    members: 233
    archive_bytes: 74379
    sha256: f6a6d8c267c0688c8a21b198e94597eb061b1fe4a585a39d1d95245795168b92
    whole: true
    cut: []
archive:
  description: The archive on the controller.
  type: str
  returned: when a folder was given and diagnostics were taken
text:
  description: The text beside it.
  type: str
  returned: when a folder was given and diagnostics were taken
"""
