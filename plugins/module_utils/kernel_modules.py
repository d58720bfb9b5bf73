# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/modules and /proc/sys/kernel/tainted: which modules are not the distribution's own (kernel/panic.c)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

_TAINTED = re.compile(r"(\S{1,64}) .*\(([A-Z+-]+)\)\s*\Z")

#: Bit -> letter of /proc/sys/kernel/tainted, as Documentation/admin-guide/tainted-kernels.rst lists them.
TAINT_LETTERS = "PFSRMBUDAWCIOELKXTN"


def taint_flags(mask):
    """The letters of a taint mask, in the order of their bits; bits no kernel has named yet are left out.

    >>> taint_flags(4097)
    ['P', 'O']
    """
    return [letter for bit, letter in enumerate(TAINT_LETTERS) if mask >> bit & 1]


def parse_modules(text):
    """{out_of_tree[], proprietary[]}: the names of loaded modules whose own taint says O or P.

    Before Linux 3.2 there is no O: a module from elsewhere is then known by its path alone.
    """
    out_of_tree, proprietary = [], []
    for line in text.split("\n"):
        found = _TAINTED.match(line)
        if found:
            name, letters = found.groups()
            if "O" in letters:
                out_of_tree.append(name)
            if "P" in letters:
                proprietary.append(name)
    return {"out_of_tree": sorted(out_of_tree), "proprietary": sorted(proprietary)}
