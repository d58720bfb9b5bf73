# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing that the kernel reported of memory."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

#: The kinds of reports. Only PAGES is a page that was missing.
PAGES, SLAB, STALL, OOM_KILL, ABOVE_MAX, VMALLOC = "pages", "slab", "stall", "oom_kill", "order_above_max", "vmalloc"
#: The line of order 0 that kernels up to 4.8 print behind VMALLOC; it counts nowhere, also not where another log lacks the line before it.
OF_VMALLOC = "of_vmalloc"
#: A report that is not about memory, and only keeps its trace from another.
OTHER = "other"
#: How many lines a name, a mode or who it was may be away from the rest of its report.
MAX_BETWEEN = 60
#: How many reports may wait for what belongs to them.
MAX_WAITING = 16
#: How many functions of a trace are named: who asked for the pages stands near its beginning.
MAX_FUNCTIONS = 30
#: The mode of a request, as it stands behind its order.
MODE_OF = re.compile(r", mode:((?:0x)?[0-9a-f]{1,16})(?![0-9a-fx])(?:\(([A-Za-z_|0-9x]{1,400})\))?")


class Report(object):
    """One thing the kernel reported. ``order``, ``mode``, ``names``: of the request, None where the log does not say; ``process``: ""
    where it does not; ``named``: the report's own line tells the process; ``dumped``: a trace follows its line; ``frames``: that trace, as
    (module or None, function); ``what``: the cache of SLAB; ``behind``: the first line of a dump behind its own, its own or another's;
    ``beside``: frames of other traces that were printed at the same time and may be its own unless it is ``sure`` which are;
    ``cut``: a part of its trace, or of those beside it, may be lost; ``limited``: it is of a cgroup and its limit, not of the host;
    ``rivals``: reports that are not failures and may own its mode; ``times``: how often it was said."""

    __slots__ = (
        "behind",
        "beside",
        "caller",
        "cut",
        "doubted",
        "dumped",
        "frames",
        "kernel",
        "kind",
        "limited",
        "line",
        "mode",
        "named",
        "names",
        "number",
        "order",
        "process",
        "rivals",
        "sure",
        "times",
        "traced",
        "what",
    )

    def __init__(self, kind, number, line, order=None, process="", dumped=False):
        self.kind = kind
        self.number = number
        self.line = line
        self.order = order
        self.mode = None
        self.names = None
        self.process = process
        self.named = process != ""
        self.dumped = dumped
        self.times = line.times
        self.caller = line.caller
        self.kernel = None
        self.frames = []
        self.traced = False
        self.what = None
        self.behind = None
        self.beside = []
        self.rivals = []
        self.sure = self.doubted = self.cut = False
        self.limited = False

    def set_mode(self, found):
        """``found``: what MODE_OF found, None where it found nothing."""
        if found is not None:
            self.mode = found.group(1) if found.group(1).startswith("0x") else "0x" + found.group(1)
            self.names = found.group(2)

    @property
    def is_trace_read(self):
        """Whether all frames are known that may be of its trace."""
        return bool(self.frames) and not self.cut

    def may_be_said_by(self, line):
        """Whether the same CPU or task speaks in the line, as far as the log names it."""
        return not line.caller or self.caller in (None, line.caller)


def drivers_of(frames, nic_drivers=()):
    """The modules in the frames of a trace, in the order met; of a driver that is built in, whose functions bear its name, the name where
    the host has such a NIC (``nic_drivers``)."""
    built_in = [(name.replace("-", "_") + "_", name) for name in nic_drivers if name]
    drivers = []
    for module, function in frames:
        found = module or next((name for prefix, name in built_in if function.startswith(prefix)), None)
        if found and found not in drivers:
            drivers.append(found)
    return drivers


def functions_of(frames):
    """The functions in the frames of a trace, in the order met, no more than MAX_FUNCTIONS."""
    functions = []
    for _module, function in frames:
        if function not in functions:
            functions.append(function)
        if len(functions) == MAX_FUNCTIONS:
            break
    return functions
