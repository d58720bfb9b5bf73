# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel reports of memory it could not give (mm/page_alloc.c), put together from the lines of a log.

A failure's line stands where the kernel prints it: behind the log's prefix and a process name of at most 15 characters. Kernels 4.9 to
4.14 print it with several calls, between which others speak::

    [1.0] swapper/12:
    [1.0] page allocation failure: order:0
    [1.0] , mode:0x2080020(GFP_ATOMIC)

log_traces.py reads what stands behind it, log_troubles.py what the kernel says of memory besides.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import deque

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.gfp import kernel_version
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import MAX_TRACE_LINES
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_glue import BY_USERS, messages_in
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import comm_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_traces import TraceReader
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_troubles import TroubleReader
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.memory_report import (
    ABOVE_MAX,
    MAX_BETWEEN,
    MAX_WAITING,
    MODE_OF,
    OF_VMALLOC,
    OOM_KILL,
    PAGES,
    Report,
)

# Behind the order numbers of show_mem may be glued: of "order:10*4kB" the 0 is theirs, and none of them but 0 itself begins with one.
_ORDER = r"order:([0-9]{1,2}?(?=(?:0|[1-9][0-9]{0,9})(?:\*[0-9]{1,7}kB| total pagecache| pages ))|[0-9]{1,2}(?![0-9]))"
_HEAD = re.compile(r"(?:(.{0,60}?): )?page allocation failure[.:] " + _ORDER + r"(.*)\Z")
_NAME_ALONE = re.compile(r"(.{1,60}): ?\Z")
_HEADING = re.compile(r"Mem-[Ii]nfo|Call [Tt]race|Backtrace|Code|.* per-cpu:")
_ABOVE_MAX = re.compile(r"WARNING: .{0,80}mm/page_alloc\.c:[0-9]{1,6} (?:at )?__alloc_")
_SUPPRESSED = re.compile(r"(warn_alloc(?:_failed)?|__ratelimit): ([0-9]{1,9}) callbacks suppressed")


class ReportReader(object):
    """The reports of a log whose lines are given to ``take`` in their order; ``restart`` comes first. ``stamped``: the log's lines have
    times. ``number``: of the line that was read last."""

    def __init__(self):
        self.stamped = False

    def restart(self, release):
        """A boot begins, of the kernel ``release``, None where it is not known: what was read is of an earlier one."""
        self.reports = []
        self.suppressed = 0
        self.number = 0
        self._traces = TraceReader()
        self._troubles = TroubleReader()
        self._without_mode = deque(maxlen=MAX_WAITING)
        self._name = None
        self._rate_limit = None
        self.is_of_kernel(release)

    def is_of_kernel(self, release):
        """What follows is of this kernel, None where it is not known."""
        version = kernel_version(release)
        self._in_pieces = version is None or (4, 9) <= version[:2] <= (4, 14)
        self._is_glued = self._in_pieces or version < (3, 5)
        self._traces.is_of_kernel(version)
        self._troubles.is_of_kernel(version)

    def take(self, line):
        """Read one Line."""
        self.number += 1
        if not line.message:
            return
        for message in messages_in(line.message, self._is_glued):
            self._take_message(line, message)

    def drop_the_oldest_trace(self):
        """The oldest lines of traces are lost: what is left of the first trace may not be all of it."""
        for report in self.reports:
            if report.frames:
                report.cut = True
                break

    def _take_message(self, line, message):
        if "page allocation failure" in message:
            self._take_failure(line, message)
            return
        if self._take_mode(line, message) or self._take_trouble(line, message) or self._take_suppressed(message):
            return
        if not self._traces.take(self.number, line, message) and self._in_pieces:
            self._take_name(line, message)

    # --- a failure's line ---

    def _take_failure(self, line, message):
        head = _HEAD.match(message)
        if not head:
            return
        name, order, rest = head.groups()
        mode = MODE_OF.match(rest)
        if BY_USERS.search(rest) or (name is None and message.startswith("page allocation failure.")):
            return
        process = "" if name is None else comm_of(name)
        if process is None or not self._is_printed_so(line, name, mode, rest):
            return
        if mode is None and rest:  # of another CPU
            self._traces.take(self.number, line, rest)
        kind = OF_VMALLOC if self._troubles.is_of_vmalloc(self.number, name, order, mode) else PAGES
        # behind an order without a name the mode may be another CPU's
        rivals = self._waiting_for_a_mode(line) if name is None and mode is not None and self._is_glued else []
        for report in self._said(kind, line, int(order), process, mode):
            _doubt_modes(rivals + [report])
            if name is None:
                report.process = self._name_before(line)
            self._add(report)
        if kind == PAGES:
            self._count_suppressed()

    def _said(self, kind, line, order, process, mode):
        """The reports of a failure's line: more than one where rsyslog counted a line without its mode, since each has one of its own."""
        alone = min(line.times, MAX_WAITING) if mode is None else 1
        reports = [Report(kind, self.number, line, order, process, dumped=True) for _time in range(alone)]
        for report in reports:
            report.set_mode(mode)
            report.times = 1 if mode is None else line.times
        if mode is None and line.times > alone:
            reports.append(Report(kind, self.number, line, order, process))
            reports[-1].times -= alone
        return reports

    def _is_printed_so(self, line, name, mode, rest):
        """Whether the line is one that this kernel prints: in pieces only where it does so, and not behind a newline in a name. It may be
        cut before or in its mode."""
        if self._in_pieces and (name is None or mode is None):
            return True
        if name is None or (mode is None and rest.strip() and not rest.startswith(", mode:")):
            return False
        return line.stamped or line.wrapped or not self.stamped

    def _name_before(self, line):
        """The process of a line that stands alone before the rest, "" without one."""
        name, self._name = self._name, None
        if name is None or self.number - name[0] > MAX_BETWEEN or (line.caller and name[2] and line.caller != name[2]):
            return ""
        return name[1]

    def _add(self, report):
        self.reports.append(report)
        if report.dumped:
            self._traces.expect(report)
        if report.dumped and report.mode is None:
            self._without_mode.append(report)

    def _take_mode(self, line, message):
        mode = MODE_OF.match(message) if message.startswith(", mode:") else None
        for _time in range(min(line.times, MAX_WAITING) if mode else 0):
            self._give_mode(line, mode)
        return mode is not None

    def _give_mode(self, line, mode):
        waiting = self._waiting_for_a_mode(line)
        _doubt_modes(waiting)
        for report in waiting[:1]:
            self._without_mode.remove(report)
            report.set_mode(mode)

    def _waiting_for_a_mode(self, line):
        return [one for one in self._without_mode if self.number - one.number <= MAX_TRACE_LINES and one.may_be_said_by(line)]

    def _take_name(self, line, message):
        name = _NAME_ALONE.match(message)
        process = comm_of(name.group(1)) if name and not _HEADING.match(message) else None
        if process:
            self._name = (self.number, process, line.caller)

    # --- what else the kernel says of memory ---

    def _take_trouble(self, line, message):
        if message.startswith("WARNING: ") and _ABOVE_MAX.match(message):
            self._add(Report(ABOVE_MAX, self.number, line))
            return False  # a trace follows, as it does such a line about something else
        found = self._troubles.take(self.number, line, message)
        for report in found or ():
            self._add(report)
            if report.kind == OOM_KILL and not report.limited:
                self._traces.end_oom()
        return found is not None

    def _take_suppressed(self, message):
        found = _SUPPRESSED.match(message)
        if not found:
            return False
        if found.group(1) == "__ratelimit":  # anybody's: it is about a failure only right before one
            self._rate_limit = (self.number, int(found.group(2)))
        else:
            self.suppressed += int(found.group(2))
        return True

    def _count_suppressed(self):
        if self._rate_limit and self._rate_limit[0] == self.number - 1:
            self.suppressed += self._rate_limit[1]
        self._rate_limit = None


def _doubt_modes(reports):
    """A mode may be of any of these: where one is no failure, it is not known what is left for the failures."""
    others = [report for report in reports if report.kind != PAGES]
    for report in reports if others else ():
        report.rivals.extend(other for other in others if other is not report)
