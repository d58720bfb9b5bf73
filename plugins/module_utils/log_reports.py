# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel reports of memory it could not give (mm/page_alloc.c, mm/slub.c, mm/vmalloc.c, mm/oom_kill.c), put together from
the lines of a log.

A failure's line stands where the kernel prints it: behind the log's prefix and a process name of at most 15 characters. Kernels 4.9 to
4.14 print it with several calls, between which others speak::

    [1.0] swapper/12:
    [1.0] page allocation failure: order:0
    [1.0] , mode:0x2080020(GFP_ATOMIC)

Behind it come who it was and how it came to it, of one failure at a time, since the kernel locks that::

    [1.0] CPU: 20 PID: 0 Comm: swapper/20 Not tainted 4.9.0-5-amd64 #1
    [1.0] Call Trace:
    [1.0]  [<ffffffffc07125a0>] ? ixgbe_clean_rx_irq+0xf0/0xa80 [ixgbe]
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import deque

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.gfp import kernel_version
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import MAX_TRACE_LINES
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import CONTROL, comm_of

#: The kinds of reports. Only PAGES is a page that was missing.
PAGES, SLAB, STALL, OOM_KILL, ABOVE_MAX, VMALLOC = "pages", "slab", "stall", "oom_kill", "order_above_max", "vmalloc"
#: The line of order 0 that kernels up to 4.8 print behind VMALLOC; it counts nowhere, also not where another log lacks the line before it.
OF_VMALLOC = "of_vmalloc"
#: A report that is not about memory, and only keeps its trace from another.
OTHER = "other"
#: How many reports may wait for their trace, and how many lines a name or a mode may be away from the rest of its line.
_MAX_WAITING = 16
_MAX_BETWEEN = 60
#: How many seconds the lines of CPUs that print at once may lie apart, on a slow console.
_AT_ONCE_SECONDS = 30
#: How many frames of others are kept that may be a report's own.
_MAX_BESIDE = 300
#: How soon another report says who it is of, else it does not.
_MAX_BEFORE_WHO = 16

_MODE = r"mode:((?:0x)?[0-9a-f]{1,16})(?![0-9a-fx])(?:\(([A-Za-z_|0-9x]{1,400})\))?"
# Behind the order a zone's free blocks may be glued: of "order:10*4kB" the 0 is theirs, and none of their counts begins with one.
_ORDER = r"order:([0-9]{1,2}?(?=(?:0|[1-9][0-9]{0,6})\*[0-9]{1,7}kB)|[0-9]{1,2}(?![0-9]))"
_HEAD = re.compile(r"(?:(.{0,60}?): )?page allocation failure[.:] " + _ORDER + r"(.*)\Z")
_MODE_OF = re.compile(", " + _MODE)
_NAME_ALONE = re.compile(r"(.{1,60}): ?\Z")
_HEADING = re.compile(r"Mem-[Ii]nfo|Call [Tt]race|Backtrace|Code|.* per-cpu:")
# What one CPU left unfinished, where another goes on: up to 3.4 with what has no level, up to 2.6.31 with what has one too, in 4.9 with
# what says that it continues.
_LEVEL = re.compile(r"<[0-7]>(?:\[ *[0-9]{1,10}\.[0-9]{1,9}\] )?")
_UNFINISHED = re.compile(
    r"(?:(?:\A| )[0-9a-f]{16}|[0-9]kB(?: \([A-Z]{1,10}\))? |(?:DMA|DMA32|Normal|HighMem|Movable|Device): |Node [0-9]{1,4} )"
    r"(?=page allocation failure: order:|, mode:|Pid: [0-9]{1,10}, comm: |Call Trace: *\Z)"
    r"|order:[0-9]{1,2}(?=page allocation failure: order:)"
)
# What stands behind text that a user chose: the addresses behind a file's name, the pid behind a name in the journal.
_BY_USERS = re.compile(r"\[[0-9]{1,10}\](?:: | trap | general )|\[[0-9a-f,]{1,40}\+[0-9a-f]{1,20}\]")
_PID = re.compile(
    r"(?:CPU: [0-9]{1,5} (?:UID: [0-9]{1,10} )?PID: [0-9]{1,10} Comm|Pid: [0-9]{1,10}, comm): "
    r"(.{0,60}?) {1,20}(?:Kdump: loaded )?(?:Not t|T)ainted"
)
_KERNEL = re.compile(r"ainted:?.* ([0-9]{1,3}\.[0-9]{1,5}[0-9A-Za-z._+~-]{0,100}) #")
_OF_CGROUP = re.compile(r"\([0-9]{1,20}:")
_TRACE = re.compile(r"(?:Call [Tt]race|Backtrace|Stack [Tt]race): *\Z")
_FRAME = re.compile(
    r"(?::([0-9A-Za-z_-]{1,64}):)?([A-Za-z_][0-9A-Za-z_.]{0,120})\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8}(?: \[([0-9A-Za-z_-]{1,64})[] ])?"
)
_SECONDS = re.compile(r"\[ *([0-9]{1,10})\.")
_INTERRUPTED = re.compile(r"(?:RIP|EIP|NIP|PC is at|LR is at|pc :|lr :|epc)")
# Another report begins, which has a trace of its own; with nothing behind it but frames, or with who it was.
_OTHER_TRACE = re.compile(r"blocked for more than|NMI backtrace|SysRq|sysrq: ")
_OTHER_REPORT = re.compile(r"WARNING: |BUG: |(.{1,60}) invoked oom-killer: |Oops|Kernel panic")
_OVER = re.compile(r"Modules linked in:|------------\[ cut here|---\[ end ")

_VMALLOC = re.compile(
    r"(?:(.{0,60}?): )?vmalloc: allocation failure(?:: [0-9]{1,20} bytes|, allocated [0-9]{1,20} of [0-9]{1,20} bytes)(.*)\Z"
)
_VMALLOC_PAGES = re.compile(
    r"(?:(.{0,60}?): )?vmalloc (?:error: size [0-9]{1,20}, page order|size [0-9]{1,20} allocation failure: page order) "
    r"([0-9]{1,2})[, ](.*)\Z"
)
_VMALLOC_OTHER = re.compile(r"(?:(.{0,60}?): )?vmalloc (?:error: |size [0-9]{1,20} allocation failure)")
_STALL = re.compile(r"(?:(.{0,60}?): )?page allocation stalls for [0-9]{1,10}ms, order:([0-9]{1,2})(?![0-9])(.*)\Z")
_SLAB = re.compile(r"(?:SLUB|SLAB|slab): Unable to allocate memory .{0,60}?gfp=((?:0x)?[0-9a-f]{1,16})(?:\(([A-Za-z_|0-9x]{1,400})\))?")
_CACHE = re.compile(r" {0,4}cache: (.{1,120}?), object size: ")
_OOM = re.compile(
    r"(Memory cgroup out of memory|Out of [Mm]emory): (?:Kill process|Killed process|kill process) [0-9]{1,10} \((.{0,60}?)\)"
)
_ABOVE_MAX = re.compile(r"WARNING: .{0,80}mm/page_alloc\.c:[0-9]{1,6} (?:at )?__alloc_")
_SUPPRESSED = re.compile(r"(warn_alloc(?:_failed)?|__ratelimit): ([0-9]{1,9}) callbacks suppressed")


class Report(object):
    """One thing the kernel reported. ``order``, ``mode``, ``names``: of the request, None where the log does not say; ``process``: ""
    where it does not; ``named``: the report's own line tells the process; ``frames``: its trace, as (module or None, function); ``what``:
    the cache of SLAB; ``behind``: the first line of a dump behind its own, be it its or another's; ``beside``: frames of other traces
    that were printed at the same time, any of which may be its own unless it is ``sure`` which are; ``limited``: it is of a cgroup and
    its limit, not of the host; ``times``: how often it was said."""

    __slots__ = ("behind", "beside", "caller", "doubted", "frames", "kernel", "kind", "limited", "line", "mode", "named", "names",
                 "number", "order", "process", "sure", "times", "traced", "what")

    def __init__(self, kind, number, line, order=None, process=""):
        self.kind = kind
        self.number = number
        self.line = line
        self.order = order
        self.mode = None
        self.names = None
        self.process = process
        self.named = process != ""
        self.times = line.times
        self.caller = line.caller
        self.kernel = None
        self.frames = []
        self.traced = False
        self.what = None
        self.behind = None
        self.beside = []
        self.sure = self.doubted = False
        self.limited = False


class ReportReader(object):
    """The reports of a log whose lines are given to ``take`` in their order. ``release``: of the kernel, None where it is not known.
    ``stamped``: the log's lines have times. ``number``: of the line that was read last."""

    def __init__(self, release):
        self.stamped = False
        self.restart(release)

    def restart(self, release):
        """Another boot begins: what was read is of an earlier one."""
        self.reports = []
        self.suppressed = 0
        self.number = 0
        self.is_of_kernel(release)
        self._waiting = deque(maxlen=_MAX_WAITING)
        self._without_mode = deque(maxlen=_MAX_WAITING)
        self._without_dump = []
        self._failed = deque(maxlen=_MAX_WAITING)
        self._current = {}  # by who speaks, where the kernel names that: the report whose trace is being printed
        self._name = None
        self._rate_limit = None
        self._vmallocs_at = deque(maxlen=_MAX_WAITING)
        self._unsigned = deque(maxlen=_MAX_WAITING)  # reports that a trace went to that named nobody

    def is_of_kernel(self, release):
        """What follows is of this kernel, None where it is not known."""
        version = kernel_version(release)
        self._in_pieces = version is None or (4, 9) <= version[:2] <= (4, 14)
        self._is_glued = self._in_pieces or version < (3, 5)
        self._asks_pages_for_vmalloc = version is None or version[:2] < (4, 9)
        # before 3.10 that was for each machine to do; a log that tells it once tells it always
        self._tells_who = version is not None and version >= (3, 10)
        # since 3.13 one CPU at a time; the traces of others come between only where no dump_stack printed them
        self._dumps_one_by_one = version is not None and version >= (3, 13)

    def take(self, line):
        """Read one Line."""
        self.number += 1
        for message in self._messages_in(line.message):
            self._take_message(line, message)

    def _messages_in(self, message):
        """What stands in a line: more than one thing where a console or syslog(2) glued them."""
        failed = "page allocation failure" in message
        if not (failed or ", mode:" in message or "<" in message or "omm: " in message or "race:" in message):
            return (message,)
        by_users = _BY_USERS.search(message)
        end = by_users.start() if by_users else len(message)
        cuts = []
        if failed or self._is_glued:
            cuts += [found.span() for found in _LEVEL.finditer(message, 0, end)]
        if self._is_glued:
            cuts += [(found.end(), found.end()) for found in _UNFINISHED.finditer(message, 0, end)]
        messages, position = [], 0
        for before, behind in sorted(cuts):
            messages.append(message[position:before])
            position = behind
        return messages + [message[position:]]

    def _take_message(self, line, message):
        if "page allocation failure" in message:
            self._take_failure(line, message)
            return
        if self._take_mode(line, message) or self._take_other(line, message) or self._take_suppressed(message):
            return
        self._take_trace(line, message)

    # --- a failure's line ---

    def _take_failure(self, line, message):
        head = _HEAD.match(message)
        if not head:
            return False
        name, order, rest = head.groups()
        mode = _MODE_OF.match(rest)
        if _BY_USERS.search(rest) or (name is None and message.startswith("page allocation failure.")):
            return False
        process = "" if name is None else comm_of(name)
        if process is None or not self._is_whole(line, name, mode):
            return False
        kind = OF_VMALLOC if self._is_of_vmalloc(name, order, mode) else PAGES
        report = Report(kind, self.number, line, int(order), process)
        self._set_mode(report, mode)
        if name is None:
            report.process = self._name_before(line)
            report.named = False
        if kind == PAGES:
            self._count_suppressed()
        self._add(report)
        return True

    def _is_whole(self, line, name, mode):
        """Whether the line is one that this kernel prints: in pieces only where it does so, and not behind a newline in a name."""
        if name is None or mode is None:
            return self._in_pieces
        return line.stamped or line.wrapped or not self.stamped

    def _set_mode(self, report, mode):
        if mode is None:
            self._without_mode.append(report)
        else:
            report.mode = mode.group(1) if mode.group(1).startswith("0x") else "0x" + mode.group(1)
            report.names = mode.group(2)

    def _name_before(self, line):
        """The process of a line that stands alone before the rest, "" without one."""
        name, self._name = self._name, None
        if name is None or self.number - name[0] > _MAX_BETWEEN or (line.caller and name[2] and line.caller != name[2]):
            return ""
        return name[1]

    def _is_of_vmalloc(self, name, order, mode):
        """Whether the line is only the second one about an address space that was too small, which is asked for by who may wait."""
        while self._vmallocs_at and self.number - self._vmallocs_at[0] > _MAX_BETWEEN:
            self._vmallocs_at.popleft()
        if not self._vmallocs_at or name is None or order != "0" or mode is None:
            return False
        if not int(mode.group(1), 16) & 0x400010:  # __GFP_WAIT, since 4.4 __GFP_DIRECT_RECLAIM
            return False
        self._vmallocs_at.popleft()
        return True

    def _add(self, report):
        self.reports.append(report)
        self._without_dump.append(report)
        if report.kind == PAGES:
            self._failed.append(report)
        if report.times == 1:  # what syslog only counted had nothing behind it
            self._wait(report)

    def _add_other(self, line, process=""):
        self._wait(Report(OTHER, self.number, line, process=process))

    def _wait(self, report):
        self._waiting.append(report)
        if not self._tells_who:  # the trace that follows is this one's
            self._current = {}

    def _take_mode(self, line, message):
        mode = _MODE_OF.match(message) if message.startswith(", mode:") else None
        if not mode:
            return False
        for report in self._without_mode:
            if self.number - report.number <= MAX_TRACE_LINES and _may_be_of(report, line):
                self._without_mode.remove(report)
                self._set_mode(report, mode)
                break
        return True

    # --- what else the kernel says of memory ---

    def _take_other(self, line, message):
        return self._take_vmalloc(line, message) or self._take_stall(line, message) or self._take_slab(line, message) or (
            self._take_oom(line, message)
        )

    def _take_vmalloc(self, line, message):
        if "vmalloc" not in message:
            return False
        real = _VMALLOC_PAGES.match(message)
        whole = real or _VMALLOC.match(message)
        found = whole or _VMALLOC_OTHER.match(message)
        process = comm_of(found.group(1) or "") if found and not _BY_USERS.search(message, found.end(1) + 1) else None
        if process is None:
            return False
        partly = ", allocated " in message
        if not real and found.group(1) is None and self._asks_pages_for_vmalloc:
            if not partly:  # else the line of order 0 that follows counts
                self._vmallocs_at.append(self.number)
                self.reports.append(Report(VMALLOC, self.number, line))
            return True
        kind = PAGES if real or partly else VMALLOC
        report = Report(kind, self.number, line, int(real.group(2)) if real else 0, process)
        if whole:
            self._set_mode(report, _MODE_OF.search(whole.groups()[-1]))
        self._add(report)
        return True

    def _take_stall(self, line, message):
        found = _STALL.match(message) if "page allocation stalls" in message else None
        process = comm_of(found.group(1) or "") if found else None
        if process is None:
            return False
        report = Report(STALL, self.number, line, int(found.group(2)), process)
        self._set_mode(report, _MODE_OF.match(found.group(3)))
        self._add(report)
        return True

    def _take_slab(self, line, message):
        found = _SLAB.match(message)
        if found:
            report = Report(SLAB, self.number, line)
            report.mode, report.names = found.groups()
            self.reports.append(report)
            return True
        cache = _CACHE.match(message)
        for report in reversed(self.reports[-4:]) if cache else ():
            if report.kind == SLAB and report.what is None:
                report.what = CONTROL.sub("", cache.group(1))
                report.limited = _OF_CGROUP.search(report.what) is not None
                break
        return cache is not None

    def _take_oom(self, line, message):
        found = _OOM.match(message)
        if found:
            report = Report(OOM_KILL, self.number, line, process=comm_of(found.group(2)) or "")
            report.limited = found.group(1).startswith("Memory cgroup")
            self.reports.append(report)
            if not report.limited:
                self._end_oom()
        return found is not None

    def _end_oom(self):
        """The process dies: who asked for it was told before, and what that line says now is another's."""
        asked = next((report for report in self._waiting if report.kind == OTHER and report.named), None)
        if asked is not None:
            self._waiting.remove(asked)

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

    # --- who it was and how it came to it ---

    def _take_trace(self, line, message):
        who = _PID.match(message)
        if who or "+0x" in message:
            for report in self._without_dump:
                report.behind = message.strip()
            self._without_dump = []
        if who:
            self._take_who(line, message, who)
        elif _TRACE.match(message):
            current = self._current.get(line.caller)
            if current is None or current.traced:
                self._leave(line)
                current = self._current[line.caller] = None if self._tells_who else self._reported_by(None, line)
            if current is not None:
                current.traced = True
        elif _OTHER_TRACE.search(message) or _OTHER_REPORT.match(message):
            other = _OTHER_REPORT.match(message)
            if not (other and self._tells_who):  # else its trace stands behind a line that is still to come
                self._leave(line)
            if other or not self._tells_who:
                self._add_other(line, comm_of(other.group(1) or "") or "" if other else "")
            if _ABOVE_MAX.match(message):
                self.reports.append(Report(ABOVE_MAX, self.number, line))
        elif _OVER.match(message):
            if not self._tells_who:
                self._leave(line)
        elif "+0x" in message:
            self._take_frames(line, message)
        elif self._in_pieces:
            self._take_name(line, message)

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
        back = [report for report in self._unsigned if self.number - report.number <= MAX_TRACE_LINES]
        for report in back:
            report.frames, report.traced = [], False
        self._waiting = deque(sorted(back + list(self._waiting), key=lambda report: report.number), maxlen=_MAX_WAITING)

    def _reported_by(self, process, line):
        """The report that waits for its trace and is of this process, else the first that does not say of which it is; None where
        that is not one about memory."""
        while self._waiting and self.number - self._waiting[0].number > MAX_TRACE_LINES:
            self._waiting.popleft()
        waiting = [
            report
            for report in self._waiting
            if _may_be_of(report, line)
            and (report.kind != OTHER or self.number - report.number <= (_MAX_BETWEEN if report.named else _MAX_BEFORE_WHO))
        ]
        if process is None:  # a trace without a line that says whose it is
            found = waiting[-1:]
            self._unsigned.extend(found)
        else:
            found = [one for one in waiting if one.named and one.process == process] or [one for one in waiting if not one.named]
        if not found:
            return None
        self._waiting.remove(found[0])
        alike = [one for one in waiting if not (one.named and found[0].named) or one.process == found[0].process]
        for one in alike if len(alike) > 1 else ():  # any of them may have printed it
            one.doubted = True
        found[0].sure = process is not None and self._dumps_one_by_one and not found[0].doubted
        return found[0] if found[0].kind != OTHER else None

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
            if report is not current and not report.sure and self._is_at_once(report, line) and len(report.beside) < _MAX_BESIDE:
                report.beside.extend(_framed(frames))

    def _is_at_once(self, report, line):
        if self.number - report.number > MAX_TRACE_LINES or not _may_be_of(report, line):
            return False
        ours, theirs = _SECONDS.match(report.line.stamp or ""), _SECONDS.match(line.stamp or "")
        return not (ours and theirs) or abs(int(ours.group(1)) - int(theirs.group(1))) <= _AT_ONCE_SECONDS

    def _without_heading(self):
        """The failure whose trace has none, as on some machines; None where the last report is not one that waits."""
        last = self._waiting[-1] if self._waiting else None
        if last is None or last.kind == OTHER or self._tells_who or self.number - last.number > _MAX_BETWEEN:
            return None
        self._unsigned.append(last)
        return self._waiting.pop()

    def _take_name(self, line, message):
        name = _NAME_ALONE.match(message)
        process = comm_of(name.group(1)) if name and not _HEADING.match(message) else None
        if process:
            self._name = (self.number, process, line.caller)


def _may_be_of(report, line):
    """Whether the same CPU or task speaks, as far as the log names it."""
    return not line.caller or report.caller in (None, line.caller)


def _framed(frames):
    return [(old or module or None, function) for old, function, module in frames]


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
