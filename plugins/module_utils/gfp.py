# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flags of an allocation request (include/linux/gfp.h), whose bits differ between kernels.

Kernels since 4.6 print the names. For older ones there are tables, of the two kernels whose headers were read:
2.6.32 (EL 6) and 3.10 (EL 7). Any other mask stays undecoded rather than guessed at.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.rpm_version import split_kernel_release

_MODE = re.compile(r"(?:0x)?([0-9a-fA-F]{1,16})(?:\(([^)]*)\))?\Z")

# A bit that both kernels share, then what each has alone.
_COMMON = (
    (0x1, "__GFP_DMA"),
    (0x2, "__GFP_HIGHMEM"),
    (0x4, "__GFP_DMA32"),
    (0x8, "__GFP_MOVABLE"),
    (0x10, "__GFP_WAIT"),
    (0x20, "__GFP_HIGH"),
    (0x40, "__GFP_IO"),
    (0x80, "__GFP_FS"),
    (0x100, "__GFP_COLD"),
    (0x200, "__GFP_NOWARN"),
    (0x400, "__GFP_REPEAT"),
    (0x800, "__GFP_NOFAIL"),
    (0x1000, "__GFP_NORETRY"),
    (0x4000, "__GFP_COMP"),
    (0x8000, "__GFP_ZERO"),
    (0x10000, "__GFP_NOMEMALLOC"),
    (0x20000, "__GFP_HARDWALL"),
    (0x40000, "__GFP_THISNODE"),
    (0x80000, "__GFP_RECLAIMABLE"),
    (0x200000, "__GFP_NOTRACK"),
)
_TABLES = {
    "2.6.32": _COMMON,
    "3.10": _COMMON
    + (
        (0x2000, "__GFP_MEMALLOC"),
        (0x100000, "__GFP_KMEMCG"),
        (0x400000, "__GFP_NO_KSWAPD"),
        (0x800000, "__GFP_OTHER_NODE"),
        (0x1000000, "__GFP_WRITE"),
    ),
}

#: What lets a request wait for memory, under the names of all kernels; the combined names imply it.
_MAY_WAIT = frozenset((
    "__GFP_WAIT", "__GFP_DIRECT_RECLAIM", "__GFP_RECLAIM", "GFP_KERNEL", "GFP_KERNEL_ACCOUNT", "GFP_NOIO", "GFP_NOFS",
    "GFP_USER", "GFP_HIGHUSER", "GFP_HIGHUSER_MOVABLE", "GFP_TEMPORARY", "GFP_TRANSHUGE",
))


def decode_mode(mode, release=None):
    """The names in a mask as the log shows it, "0x4020" or "0x40a20(GFP_ATOMIC|__GFP_COMP)", as a list of str.

    Names the kernel printed are taken as they are; a bare mask is decoded by ``release`` (as uname -r has it). None
    where that kernel's bits are not known or the mask is none. Bits that a known kernel leaves unnamed stand as one
    hexadecimal number at the end.

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
    if version == "3.10" or version.startswith("3.10."):
        return _TABLES["3.10"]
    return _TABLES.get(version)


def _names(mask, table):
    names = [name for bit, name in sorted(table) if mask & bit]
    rest = mask & ~sum(bit for bit, unused in table)
    return names + ["0x%x" % rest] if rest else names
