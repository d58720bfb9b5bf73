# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flags of an allocation request (include/linux/gfp.h), whose bits differ between kernels.

Kernels since 4.6 print the names, and names that the kernel printed win. For a bare mask there is a table for each time the
bits moved. Kernels in between, and releases that say nothing of the upstream version, have none: their masks stay undecoded
rather than guessed at.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.rpm_version import split_kernel_release

_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?(?![0-9])")
_MODE = re.compile(r"(?:0x)?([0-9a-fA-F]{1,16})(?:\(([^)]*)\))?\Z")


def _bits(names):
    """{bit: name} of names in the order of their bits; None leaves a bit without a name."""
    return dict((1 << number, name) for number, name in enumerate(names) if name)


_FIRST = ["__GFP_DMA", "__GFP_HIGHMEM", "__GFP_DMA32", "__GFP_MOVABLE"]
_UP_TO_NORETRY = ["__GFP_HIGH", "__GFP_IO", "__GFP_FS", "__GFP_COLD", "__GFP_NOWARN", "__GFP_REPEAT", "__GFP_NOFAIL", "__GFP_NORETRY"]
_FROM_COMP = ["__GFP_COMP", "__GFP_ZERO", "__GFP_NOMEMALLOC", "__GFP_HARDWALL", "__GFP_THISNODE"]

#: What never moved before 4.4, from 2.6.18 on. Bits that came, went or changed their meaning have no name here.
_BEFORE_4_4 = _bits(_FIRST[:3] + [None, "__GFP_WAIT"] + _UP_TO_NORETRY + [None] + _FROM_COMP)
_EL6 = dict(_BEFORE_4_4)
_EL6.update({0x8: "__GFP_MOVABLE", 0x80000: "__GFP_RECLAIMABLE", 0x200000: "__GFP_NOTRACK"})
_EL7 = dict(_EL6)
_EL7.update(
    {
        0x2000: "__GFP_MEMALLOC",
        0x100000: "__GFP_KMEMCG",
        0x400000: "__GFP_NO_KSWAPD",
        0x800000: "__GFP_OTHER_NODE",
        0x1000000: "__GFP_WRITE",
    }
)
_4_4 = _bits(
    _FIRST
    + ["__GFP_RECLAIMABLE"]
    + _UP_TO_NORETRY
    + ["__GFP_MEMALLOC"]
    + _FROM_COMP
    + ["__GFP_ATOMIC", "__GFP_ACCOUNT", "__GFP_NOTRACK", "__GFP_DIRECT_RECLAIM", "__GFP_OTHER_NODE", "__GFP_WRITE", "__GFP_KSWAPD_RECLAIM"]
)
_4_11 = dict(_4_4)
_4_11.update({0x800000: "__GFP_WRITE", 0x1000000: "__GFP_KSWAPD_RECLAIM", 0x2000000: "__GFP_NOLOCKDEP"})
_4_19 = dict(_4_4)
_4_19.update(
    {
        0x100: "__GFP_WRITE",
        0x400: "__GFP_RETRY_MAYFAIL",
        0x200000: "__GFP_DIRECT_RECLAIM",
        0x400000: "__GFP_KSWAPD_RECLAIM",
        0x800000: "__GFP_NOLOCKDEP",
    }
)
for _gone in (0x1000000, 0x2000000):
    del _4_19[_gone]
_5_1 = _bits(
    _FIRST
    + [
        "__GFP_RECLAIMABLE",
        "__GFP_HIGH",
        "__GFP_IO",
        "__GFP_FS",
        "__GFP_ZERO",
        "__GFP_ATOMIC",
        "__GFP_DIRECT_RECLAIM",
        "__GFP_KSWAPD_RECLAIM",
        "__GFP_WRITE",
        "__GFP_NOWARN",
        "__GFP_RETRY_MAYFAIL",
        "__GFP_NOFAIL",
        "__GFP_NORETRY",
        "__GFP_MEMALLOC",
        "__GFP_COMP",
        "__GFP_NOMEMALLOC",
        "__GFP_HARDWALL",
        "__GFP_THISNODE",
        "__GFP_ACCOUNT",
    ]
)
_6_3 = dict(_5_1)
del _6_3[0x200]

#: (the first kernel, the first that is not, {bit: name}), the narrowest first.
_TABLES = (
    ((2, 6, 32), (2, 6, 33), _EL6),
    ((3, 10), (3, 11), _EL7),
    ((2, 6, 18), (2, 6, 40), _BEFORE_4_4),
    ((3,), (3, 20), _BEFORE_4_4),
    ((4,), (4, 4), _BEFORE_4_4),
    ((4, 4), (4, 10), _4_4),
    ((4, 11), (4, 16), _4_11),
    ((4, 19), (4, 20), _4_19),
    ((5, 1), (6, 3), _5_1),
    ((6, 3), (7,), _6_3),
)

#: What lets a request wait for memory, under the names of all kernels; the combined names imply it.
_MAY_WAIT = frozenset(
    (
        "__GFP_WAIT",
        "__GFP_DIRECT_RECLAIM",
        "__GFP_RECLAIM",
        "GFP_KERNEL",
        "GFP_KERNEL_ACCOUNT",
        "GFP_NOIO",
        "GFP_NOFS",
        "GFP_USER",
        "GFP_HIGHUSER",
        "GFP_HIGHUSER_MOVABLE",
        "GFP_TEMPORARY",
        "GFP_TRANSHUGE",
    )
)


def decode_mode(mode, release=None):
    """The names in a mask as the log shows it, "0x4020" or "0x40a20(GFP_ATOMIC|__GFP_COMP)", as a list of str.

    Names the kernel printed are taken as they are; a bare mask is decoded by ``release`` (as uname -r has it). None
    where that kernel's bits are not known or the mask is none. Bits without a name stand as one hexadecimal number at
    the end.

    >>> decode_mode("0x4020", "2.6.32-358.el6.x86_64")
    ['__GFP_HIGH', '__GFP_COMP']
    """
    found = _MODE.match(mode)
    if not found:
        return None
    if found.group(2):
        return [name.strip() for name in found.group(2).split("|") if name.strip()]
    table = _table(release)
    return None if table is None else _names(int(found.group(1), 16), table)


def is_atomic(flags):
    """Whether a request with these flags may use the reserves and may not wait; None for flags that are None.

    Before 4.4 that was __GFP_HIGH without __GFP_WAIT, since then GFP_ATOMIC, or __GFP_HIGH without direct reclaim.
    """
    if flags is None:
        return None
    if "GFP_ATOMIC" in flags or "__GFP_ATOMIC" in flags:
        return True
    return "__GFP_HIGH" in flags and not _MAY_WAIT.intersection(flags)


def _table(release):
    try:
        version = split_kernel_release(release or "").version
    except EvidenceError:
        return None
    numbers = kernel_version(version)
    return next((table for first, end, table in _TABLES if numbers is not None and first <= numbers < end), None)


def kernel_version(release):
    """The leading numbers of a kernel's release, at most three, as a tuple of int; None where it does not begin with two."""
    found = _VERSION.match(release or "")
    return tuple(int(number) for number in found.groups() if number) if found else None


def _names(mask, table):
    names = [table[bit] for bit in sorted(table) if mask & bit]
    rest = mask & ~sum(table)
    return names + ["0x%x" % rest] if rest else names
