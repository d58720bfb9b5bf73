# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose trace is whose: who it was and how it came to it stands behind a report's line, of one report at a time since kernel 3.13::

[1.0] CPU: 20 PID: 0 Comm: swapper/20 Not tainted 4.9.0-5-amd64 #1
[1.0] Call Trace:
[1.0]  [<ffffffffc07125a0>] ? ixgbe_clean_rx_irq+0xf0/0xa80 [ixgbe]
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import deque

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import MAX_TRACE_LINES
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import comm_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.memory_report import MAX_BETWEEN, MAX_WAITING, OTHER, PAGES, Report

#: How many seconds the lines of CPUs that print at once may lie apart, on a slow console.
_AT_ONCE_SECONDS = 30
#: How many frames of others are kept that may be a report's own.
_MAX_BESIDE = 300
#: How soon another report says who it is of, else it does not.
_MAX_BEFORE_WHO = 16

_PID = re.compile(
    r"(?:CPU: [0-9]{1,5} (?:UID: [0-9]{1,10} )?PID: [0-9]{1,10} Comm|Pid: [0-9]{1,10}, comm): "
    r"(.{0,60}?) {1,20}(?:Kdump: loaded )?(?:Not t|T)ainted"
)
_KERNEL = re.compile(r"ainted:?.* ([0-9]{1,3}\.[0-9]{1,5}[0-9A-Za-z._+~-]{0,100}) #")
_TRACE = re.compile(r"(?:Call [Tt]race|Backtrace|Stack [Tt]race): *\Z")
_FRAME = re.compile(
    r"(?::([0-9A-Za-z_-]{1,64}):)?([A-Za-z_][0-9A-Za-z_.]{0,120})\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8}(?: \[([0-9A-Za-z_-]{1,64})[] ])?"
)
_SECONDS = re.compile(r"\[ *([0-9]{1,10})\.")
_INTERRUPTED = re.compile(r"(?:RIP|EIP|NIP|PC is at|LR is at|pc :|lr :|epc)")
# Another report begins, which has a trace of its own; with nothing behind it but frames, or with who it was.
_OTHER_TRACE = re.compile(r"blocked for more than|NMI backtrace|Task dump for CPU|SysRq|sysrq: ")
_OTHER_REPORT = re.compile(r"WARNING: |BUG: |(.{1,60}) invoked oom-killer: |Oops|Kernel panic")
_OVER = re.compile(r"Modules linked in:|------------\[ cut here|---\[ end ")


class TraceReader(object):
    """Gives the reports that ``expect`` names their traces from the messages that ``take`` is given in their order. ``is_of_kernel`` comes
    first."""

    def __init__(self):
        self._waiting = deque(maxlen=MAX_WAITING)
        self._without_dump = []
        self._failed = deque(maxlen=MAX_WAITING)
        self._current = {}  # by who speaks, where the kernel names that: the report whose trace is being printed
        self._unsigned = deque(maxlen=MAX_WAITING)  # reports that a trace went to that named nobody

    def is_of_kernel(self, version):
        """What follows is of a kernel of this version, None where it is not known."""
        # before 3.10 that was for each machine to do; a log that tells it once tells it always
        self._tells_who = version is not None and version >= (3, 10)
        # since 3.13 one CPU at a time; the traces of others come between only where no dump_stack printed them
        self._dumps_one_by_one = version is not None and version >= (3, 13)

    def expect(self, report):
        """The trace of the report follows."""
        self._without_dump.append(report)
        if report.kind == PAGES:
            if len(self._failed) == MAX_WAITING:
                self._forget(self._failed[0], report)
            self._failed.append(report)
        if report.line.times == 1:  # what syslog only counted had nothing behind it
            self._wait(report)

    @staticmethod
    def _forget(report, newest):
        """What is printed beside the report from here on is not looked at any more."""
        if not report.sure and newest.number - report.number <= MAX_TRACE_LINES:
            report.cut = True

    def _wait(self, report):
        self._waiting.append(report)
        if not self._tells_who:  # the trace that follows is this one's
            self._current = {}

    def end_oom(self):
        """The process dies: who asked for it was told before, and what that line says now is another's."""
        asked = next((report for report in self._waiting if report.kind == OTHER and report.named), None)
        if asked is not None:
            self._waiting.remove(asked)

    def take(self, number, line, message):
        """Read a message of line ``number``; whether it is about who it was or how it came to it."""
        self._number = number
        who = _PID.match(message)
        if who or "+0x" in message:
            for report in self._without_dump:
                report.behind = message.strip()
            self._without_dump = []
        if who:
            self._take_who(line, message, who)
        elif _TRACE.match(message):
            self._take_heading(line)
        elif _OTHER_TRACE.search(message) or _OTHER_REPORT.match(message):
            self._take_other(line, _OTHER_REPORT.match(message))
        elif _OVER.match(message):
            if not self._tells_who:
                self._leave(line)
        elif "+0x" in message:
            self._take_frames(line, message)
        else:
            return False
        return True

    def _take_heading(self, line):
        current = self._current.get(line.caller)
        if current is None or current.traced:
            self._leave(line)
            current = self._current[line.caller] = None if self._tells_who else self._reported_by(None, line)
        if current is not None:
            current.traced = True

    def _take_other(self, line, other):
        """Another report begins; ``other``: its first line, None where it is only a trace."""
        if not (other and self._tells_who):  # else its trace stands behind a line that is still to come
            self._leave(line)
        if other or not self._tells_who:
            process = comm_of(other.group(1) or "") if other else None
            self._wait(Report(OTHER, self._number, line, process=process or ""))

    def _take_who(self, line, message, who):
        if not self._tells_who:
            self._take_back()
        process = comm_of(who.group(1))
        report = self._reported_by(process, line)
        if report is None:
            self._leave(line)
            self._doubt(process)
        else:
            self._current[line.caller] = report
            kernel = _KERNEL.search(message)
            report.kernel = kernel.group(1) if kernel else None
            report.process = report.process if report.named else process or ""

    def _take_back(self):
        """Traces name their process here, so those that did not were of something else."""
        self._tells_who = True
        back = [report for report in self._unsigned if self._number - report.number <= MAX_TRACE_LINES]
        for report in back:
            report.frames, report.traced = [], False
        self._waiting = deque(sorted(back + list(self._waiting), key=lambda report: report.number), maxlen=MAX_WAITING)

    def _reported_by(self, process, line):
        """The report that waits for its trace and is of this process, else the first that does not name its process; None if that is not
        one about memory."""
        while self._waiting and self._number - self._waiting[0].number > MAX_TRACE_LINES:
            self._waiting.popleft()
        waiting = [
            report
            for report in self._waiting
            if report.may_be_said_by(line)
            and (report.kind != OTHER or self._number - report.number <= (MAX_BETWEEN if report.named else _MAX_BEFORE_WHO))
        ]
        if process is None:  # a trace without a line that says whose it is
            found = waiting[-1:]
            self._unsigned.extend(found)
        else:
            found = [one for one in waiting if one.named and one.process == process] or [one for one in waiting if not one.named]
        if not found:
            return None
        mine = found[0]
        self._waiting.remove(mine)
        alike = [one for one in waiting if not (one.named and mine.named) or one.process == mine.process]
        for one in alike if len(alike) > 1 else ():  # any of them may have printed it
            one.doubted = True
        mine.sure = process is not None and self._dumps_one_by_one and not mine.doubted
        return mine if mine.kind != OTHER else None

    def _doubt(self, process):
        """A process dumps for which nobody waits: one that was given a dump of that process may have got another's."""
        for report in self._failed:
            report.sure = report.sure and report.process != process

    def _leave(self, line):
        """Another report speaks: where the current one has not said all, the rest of its trace is nobody's."""
        current = self._current.get(line.caller)
        if current is not None:
            current.sure = False
        self._current[line.caller] = None

    def _take_frames(self, line, message):
        frames = [] if _INTERRUPTED.match(message) else _FRAME.findall(message)
        current = self._current.get(line.caller) or (self._without_heading() if frames else None)
        if frames and current is not None:
            self._current[line.caller] = current
            current.traced = True
            current.frames.extend(_framed(frames))
        for report in self._failed if frames else ():
            if report is not current and not report.sure and self._is_at_once(report, line):
                report.cut = report.cut or len(report.beside) >= _MAX_BESIDE
                report.beside.extend(_framed(frames) if not report.cut else ())

    def _is_at_once(self, report, line):
        if self._number - report.number > MAX_TRACE_LINES or not report.may_be_said_by(line):
            return False
        ours, theirs = _SECONDS.match(report.line.stamp or ""), _SECONDS.match(line.stamp or "")
        return not (ours and theirs) or abs(int(ours.group(1)) - int(theirs.group(1))) <= _AT_ONCE_SECONDS

    def _without_heading(self):
        """The failure whose trace has none, as on some machines; None where the last report is not one that waits."""
        last = self._waiting[-1] if self._waiting else None
        if last is None or last.kind == OTHER or self._tells_who or self._number - last.number > MAX_BETWEEN:
            return None
        self._unsigned.append(last)
        return self._waiting.pop()


def _framed(frames):
    return [(old or module or None, function) for old, function, module in frames]
