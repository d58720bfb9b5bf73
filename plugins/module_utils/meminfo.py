# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/meminfo: what free(1) shows (fs/proc/meminfo.c)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import count

_FIELDS = {
    "MemTotal:": "total_kb",
    "MemFree:": "free_kb",
    "MemAvailable:": "available_kb",
    "Active(file):": "active_file_kb",
    "Inactive(file):": "inactive_file_kb",
    "SReclaimable:": "reclaimable_slab_kb",
}


def parse_meminfo(text):
    """{total_kb, free_kb, available_kb, active_file_kb, inactive_file_kb, reclaimable_slab_kb}.

    available_kb is null before Linux 3.14, which does not print it; the last three are what it is reckoned from.
    """
    memory = dict.fromkeys(_FIELDS.values())
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if words and words[0] in _FIELDS:
            if len(words) != 3 or words[2] != "kB":
                raise EvidenceError("meminfo", number, "%.60r is no line of meminfo" % str(line))
            memory[_FIELDS[words[0]]] = count("meminfo", number, words[1])
    for name in ("total_kb", "free_kb"):
        if memory[name] is None:
            raise EvidenceError("meminfo", None, "%s is missing" % {"total_kb": "MemTotal", "free_kb": "MemFree"}[name])
    return memory
