# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/vmstat: what the kernel did since boot because memory was short (mm/vmstat.c, vmstat_text)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import count

#: The counters wanted. nr_zspages: pages of zram and zswap, a state and no sum.
_WHOLE = (
    "allocstall",
    "compact_stall",
    "compact_fail",
    "compact_success",
    "pgscan_kswapd",
    "pgscan_direct",
    "pgsteal_kswapd",
    "pgsteal_direct",
    "oom_kill",
    "kswapd_low_wmark_hit_quickly",
    "kswapd_high_wmark_hit_quickly",
    "nr_zspages",
)
#: Those that some kernels count by zone: pgscan and pgsteal before 4.8, allocstall since 4.10. They are added up.
_BY_ZONE = ("allocstall", "pgscan_kswapd", "pgscan_direct", "pgsteal_kswapd", "pgsteal_direct")
_ZONES = ("dma", "dma32", "normal", "high", "movable", "device")


def parse_vmstat(text):
    """{counter: number} of _WHOLE, null for what this kernel does not count."""
    found = dict.fromkeys(_WHOLE)
    seen = set()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        name = _counter(words[0]) if words else None
        if name is None:
            continue
        if len(words) != 2 or words[0] in seen:
            raise EvidenceError("vmstat", number, "%.60r is not a line of vmstat, or appears twice" % str(line))
        seen.add(words[0])
        found[name] = (found[name] or 0) + count("vmstat", number, words[1])
    if not seen:
        raise EvidenceError("vmstat", None, "it has none of the counters")
    return found


def _counter(word):
    """The counter that a word names, also that of one zone; None if it names none of ours."""
    if word in _WHOLE:
        return word
    name, unused, zone = word.rpartition("_")
    return name if name in _BY_ZONE and zone in _ZONES else None
