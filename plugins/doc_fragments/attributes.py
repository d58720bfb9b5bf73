# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation of several modules says in the same words."""

from __future__ import annotations


class ModuleDocFragment:
    """Each name is a fragment: CONTROLLER is ``fleetcare.pagealloc.attributes.controller``."""

    CONTROLLER = r"""
attributes:
  action:
    description: Runs on the controller.
    support: full
"""

    PROGRAMS = r"""
attributes:
  action:
    description: Runs on the controller, and its shell programs on the host, over any connection on which M(ansible.builtin.raw) works.
    support: full
"""

    NO_DIFF = r"""
attributes:
  diff_mode:
    description: There is no difference to show.
    support: none
"""

    FACTS = r"""
attributes:
  facts:
    description: Returns C(ansible_facts).
    support: full
notes:
  - >-
    Works best as root. Without root, the kernel log and the files of the boot loader may be denied.
    RV(ansible_facts.pagealloc.unavailable) then says so.
"""

    READS_ONLY = r"""
attributes:
  check_mode:
    description: Reads only, so check mode changes nothing.
    support: full
"""
