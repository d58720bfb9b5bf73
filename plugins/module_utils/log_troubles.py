# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says of memory besides the failures of the page allocator (mm/slub.c, mm/vmalloc.c, mm/oom_kill.c, stalls of
mm/page_alloc.c)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import deque

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_glue import BY_USERS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import CONTROL, comm_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.memory_report import (
    MAX_BETWEEN,
    MAX_WAITING,
    MODE_OF,
    OOM_KILL,
    OTHER,
    PAGES,
    SLAB,
    STALL,
    VMALLOC,
    Report,
)

_VMALLOC = re.compile(
    r"(?:(.{0,60}?): )?vmalloc: allocation failure(?:: [0-9]{1,20} bytes|, allocated [0-9]{1,20} of [0-9]{1,20} bytes)(.*)\Z"
)
_VMALLOC_PAGES = re.compile(
    r"(?:(.{0,60}?): )?vmalloc (?:error: size [0-9]{1,20}, page order|size [0-9]{1,20} allocation failure: page order) "
    r"([0-9]{1,2})[, ](.*)\Z"
)
_VMALLOC_OTHER = re.compile(r"(?:(.{0,60}?): )?vmalloc (?:error: |size [0-9]{1,20} allocation failure)")
#: No room in the address space, said before the caller says that vmalloc failed: of up to 2.6.27, since then, and since 6.11.
_SPACE = re.compile(
    r"(?:allocation failed: out of vmalloc space|vmap allocation for size [0-9]{1,20} failed: use vmalloc="
    r"|vmalloc_node_range for size [0-9]{1,20} failed: Address range)"
)
_STALL = re.compile(r"(?:(.{0,60}?): )?page allocation stalls for [0-9]{1,10}ms, order:([0-9]{1,2})(?![0-9])(.*)\Z")
_SLAB = re.compile(r"(?:SLUB|SLAB|slab): Unable to allocate memory .{0,60}?gfp=((?:0x)?[0-9a-f]{1,16})(?:\(([A-Za-z_|0-9x]{1,400})\))?")
_CACHE = re.compile(r" {0,4}cache: (.{1,120}?), object size: ")
_OF_CGROUP = re.compile(r"\([0-9]{1,20}:")
_OOM = re.compile(
    r"(Memory cgroup out of memory|Out of [Mm]emory): (?:Kill process|Killed process|kill process) [0-9]{1,10} \((.{0,60}?)\)"
)
#: __GFP_WAIT, since 4.4 __GFP_DIRECT_RECLAIM.
_MAY_WAIT = 0x400010
#: How many caches without memory may wait for the line that names them.
_MAX_CACHES = 4


class TroubleReader(object):
    """Finds other troubles in messages that are given to ``take`` in their order. ``is_of_kernel`` comes first."""

    def __init__(self):
        self._vmallocs_at = deque(maxlen=MAX_WAITING)
        self._spaces = deque(maxlen=MAX_WAITING)
        self._caches = deque(maxlen=_MAX_CACHES)

    def is_of_kernel(self, version):
        """What follows is of a kernel of this version, None where it is not known."""
        self.asks_pages_for_vmalloc = version is None or version[:2] < (4, 9)

    def take(self, number, line, message):
        """[Report] of a message of line ``number``, [] where it only says more of one; None where it is about something else."""
        if not ("alloc" in message or "emory: " in message or "cache: " in message):  # most are such
            return None
        for take in (self._take_vmalloc, self._take_stall, self._take_slab, self._take_oom):
            found = take(number, line, message)
            if found is not None:
                return found
        return None

    def is_of_vmalloc(self, number, name, order, mode):
        """Whether the line of a failure is only the second one about an address space that was too small, which is asked for by who may
        wait."""
        while self._vmallocs_at and number - self._vmallocs_at[0] > MAX_BETWEEN:
            self._vmallocs_at.popleft()
        if not self._vmallocs_at or name is None or order != "0" or mode is None or not int(mode.group(1), 16) & _MAY_WAIT:
            return False
        self._vmallocs_at.popleft()
        return True

    def _take_vmalloc(self, number, line, message):
        if "vmalloc" not in message:
            return None
        if _SPACE.match(message):
            self._spaces.append(Report(VMALLOC, number, line))
            return [self._spaces[-1]]
        real = _VMALLOC_PAGES.match(message)
        whole = real or _VMALLOC.match(message)
        found = whole or _VMALLOC_OTHER.match(message)
        process = comm_of(found.group(1) or "") if found and not BY_USERS.search(message, found.end(1) + 1) else None
        if process is None:
            return None
        partly = ", allocated " in message
        if not real and found.group(1) is None and self.asks_pages_for_vmalloc:
            return self._first_of_two(number, line, partly)
        report = Report(PAGES if real or partly else VMALLOC, number, line, int(real.group(2)) if real else 0, process, dumped=True)
        if whole:
            report.set_mode(MODE_OF.search(whole.groups()[-1]))
        if report.kind == VMALLOC:
            self._says_more(number, line)
        return [report]

    def _says_more(self, number, line):
        """A line that says more of the address space counts in place of the one right before it that said less."""
        while self._spaces and number - self._spaces[0].number > MAX_BETWEEN:
            self._spaces.popleft()
        less = next((said for said in self._spaces if said.may_be_said_by(line)), None)
        if less is not None:
            self._spaces.remove(less)
            less.kind = OTHER

    def _first_of_two(self, number, line, partly):
        """A line of order 0 follows, which counts where some pages were given."""
        if partly:
            return []
        self._vmallocs_at.append(number)
        self._says_more(number, line)
        return [Report(VMALLOC, number, line)]

    @staticmethod
    def _take_stall(number, line, message):
        found = _STALL.match(message) if "page allocation stalls" in message else None
        process = comm_of(found.group(1) or "") if found else None
        if process is None:
            return None
        report = Report(STALL, number, line, int(found.group(2)), process, dumped=True)
        report.set_mode(MODE_OF.match(found.group(3)))
        return [report]

    def _take_slab(self, number, line, message):
        found = _SLAB.match(message)
        if found:
            report = Report(SLAB, number, line)
            report.mode, report.names = found.groups()
            self._caches.append(report)
            return [report]
        cache = _CACHE.match(message)
        if cache and self._caches:
            report = self._caches.pop()
            report.what = CONTROL.sub("", cache.group(1))
            report.limited = _OF_CGROUP.search(report.what) is not None
        return [] if cache else None

    @staticmethod
    def _take_oom(number, line, message):
        found = _OOM.match(message)
        if not found:
            return None
        report = Report(OOM_KILL, number, line, process=comm_of(found.group(2)) or "")
        report.limited = found.group(1).startswith("Memory cgroup")
        return [report]
