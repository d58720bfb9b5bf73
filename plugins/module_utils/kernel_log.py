# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One kernel log, whole or as the filter left it, read into what the kernel reported in it since the last boot.

What is believed depends on who can write to the log. Nobody but the kernel writes to dmesg and to the journal's kernel lines, and both
are of one boot, or say where another begins. Anybody on the host can write to a file of syslog, under the kernel's name too.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.gfp import decode_mode, is_atomic
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import without_closing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import CONTROL, kernel_lines
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_reports import ReportReader
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import moment_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.failure_memory import ZONE_LINE, parse_mem_info
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.memory_report import drivers_of, functions_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import MARK

#: The logs in the order of their authority: those that only the kernel writes to, then files that users of the host can write to.
TRUSTED_LOGS = ("dmesg", "journal")
SYSLOG_FILES = ("messages", "kern.log", "syslog")
LOGS = TRUSTED_LOGS + SYSLOG_FILES
#: What the kernel that crashed last had in its log.
CRASH_LOG = "vmcore-dmesg"

#: How many lines of zones a Mem-Info block may have.
MAX_ZONE_LINES = 300
#: A repeated message is counted up to here one by one.
_MAX_TIMES = 2000
#: How long after the boot its first line may come to a file of syslog, and how far its clock may be off.
_BOOT_SECONDS = 3600

_boot = re.compile(r"Linux version ([0-9]{1,3}\.[0-9]{1,5}[^ ]{0,100}) \(")
_other_boot = re.compile(r"-- (?:Reboot|Boot [0-9a-f]{32}) --\Z")
_mem_info = re.compile(r"Mem-[Ii]nfo: *\Z")
_mark = re.compile(re.escape(MARK) + r" \(step [0-9]{1,3}, ([0-9a-f]{16})\)")
_zone = re.compile(ZONE_LINE)
#: What no line of a zone says, unless the console glued something to it.
_GLUED_TO_ZONES = ("<", "page alloc", ", mode:", "+0x", "omm: ", "race:")


class LogContext(object):
    """What is known of the host that a log is of. ``clock``: its Clock. ``release``: its running kernel, None where not known.
    ``nic_drivers``: the drivers of its NICs. ``mark``: the token of the workaround's mark in the host's record, ``since_epoch_seconds``:
    since when the workaround is in force, both None where it is not."""

    def __init__(self, clock, release=None, nic_drivers=(), mark=None, since_epoch_seconds=None):
        self.clock = clock
        self.release = release
        self.nic_drivers = nic_drivers
        self.mark = mark
        self.since_epoch_seconds = since_epoch_seconds


class Event(object):
    """A report with its time, as the union of logs counts it: once, whatever it was said. ``beside``: drivers of other traces that may be
    its own. ``trace_read``: no other driver can be in its trace. ``named``: its own line tells the process. ``number``: of that line, in
    its boot. ``after_workaround``: None where not known."""

    __slots__ = (
        "after_workaround",
        "atomic",
        "behind",
        "beside",
        "drivers",
        "flags",
        "functions",
        "kernel",
        "kind",
        "limited",
        "mode",
        "moment",
        "named",
        "number",
        "order",
        "process",
        "trace_read",
        "trusted",
        "what",
    )

    def __init__(self, report, moment, kernel, flags, atomic, drivers, beside, trusted, after_workaround):
        self.kind = report.kind
        self.order = report.order
        self.mode = report.mode
        self.process = report.process
        self.named = report.named
        self.number = report.number
        self.what = report.what
        self.behind = report.behind
        self.limited = report.limited
        self.moment = moment
        self.kernel = kernel
        self.flags = flags
        self.atomic = atomic
        self.drivers = drivers
        self.functions = functions_of(report.frames)
        self.beside = beside
        self.trace_read = report.is_trace_read
        self.trusted = trusted
        self.after_workaround = after_workaround


class KernelLog(object):
    """What a log says since the last boot in it. ``events``: in the order of the log. ``dropped``: failures that are counted and not kept.
    ``suppressed``: messages that the kernel counted and did not print. ``boot_release``: of the kernel that booted, None where the log does
    not reach back to that. ``mem_info``: {zones, at} of the last block, or None."""

    def __init__(self, name, events, dropped, suppressed, boot_release, mark_seen, mem_info):
        self.name = name
        self.events = events
        self.dropped = dropped
        self.suppressed = suppressed
        self.boot_release = boot_release
        self.boot_seen = boot_release is not None
        self.mark_seen = mark_seen
        self.mem_info = mem_info
        self.trusted = name in TRUSTED_LOGS


def read_log(text, name, context):
    """The KernelLog of a text; ``name`` is one of LOGS, or CRASH_LOG. Never raises on the text."""
    text, dropped, trace_lines_dropped = without_closing(text)
    reading = _Reading(name, context)
    for line in kernel_lines(text, name in SYSLOG_FILES):
        reading.take(line)
    if trace_lines_dropped:
        reading.reader.drop_the_oldest_trace()
    events = [event for report in reading.reader.reports for event in reading.events_of(report)]
    # a message said so often that not each is kept
    dropped += sum(max(0, report.times - _MAX_TIMES) for report in reading.reader.reports)
    return KernelLog(name, events, dropped, reading.reader.suppressed, reading.boot, reading.mark_at is not None, reading.mem_info())


class _Reading(object):
    """A log while it is read."""

    def __init__(self, name, context):
        self.name = name
        self.context = context
        self.reader = ReportReader()
        self._restart(None)

    def _restart(self, boot):
        self.boot = boot
        self.mark_at = None
        self.block = None
        self.zones = []
        self.reader.restart(boot or self.context.release)

    def take(self, line):
        message = line.message
        self.reader.stamped = self.reader.stamped or line.stamped
        if message.startswith("Linux version ") and self._is_boot(line):
            self._take_boot(_boot.match(message).group(1))
        elif self.name == "journal" and not line.stamped and _other_boot.match(message):
            self._restart(None)
        elif message.startswith(MARK):
            found = _mark.match(message)
            if found and found.group(1) == self.context.mark and self.mark_at is None:
                self.mark_at = self.reader.number
        elif message.startswith("Mem-") and _mem_info.match(message):
            self.block, self.zones = line, []
        elif _zone.search(message) and not any(words in message for words in _GLUED_TO_ZONES):
            if self.block is not None and len(self.zones) < MAX_ZONE_LINES:
                self.zones.append(message)
        else:
            self.reader.take(line)

    def _is_boot(self, line):
        """Whether the line is the kernel's first: at time 0, and in a file that users can write to not long after the host booted."""
        if not _boot.match(line.message) or line.wrapped or (self.reader.stamped and not line.stamped):
            return False
        moment, booted = moment_of(line, self.context.clock), self.context.clock.boot_epoch_seconds
        if moment.uptime is not None and (moment.uptime[0] or int(moment.uptime[1])):
            return False
        if self.name not in SYSLOG_FILES or booted is None or moment.epoch_seconds is None:
            return True
        return moment.epoch_seconds - moment.slack_seconds <= booted + _BOOT_SECONDS

    def _take_boot(self, release):
        release = CONTROL.sub("", release)
        if self.name in ("dmesg", CRASH_LOG):  # all of it is of one boot: nothing that stands before is hidden
            if self.boot is None and self.context.release is None:
                self.reader.is_of_kernel(release)
            self.boot = self.boot or release
        else:
            self._restart(release)

    def events_of(self, report):
        """The report as Events, one for each time it was said; none where it is of another boot than this one."""
        moment = moment_of(report.line, self.context.clock)
        if self.name in SYSLOG_FILES and self.boot is None and _is_of_an_earlier_boot(moment, self.context.clock):
            return []
        kernel = report.kernel or self.boot
        flags = self._flags_of(report)
        atomic = is_atomic(flags)
        if any(is_atomic(self._flags_of(rival)) is not atomic for rival in report.rivals):
            atomic = None
        drivers = drivers_of(report.frames, self.context.nic_drivers)
        beside = [] if report.sure else [name for name in drivers_of(report.beside, self.context.nic_drivers) if name not in drivers]
        after = self._is_after_workaround(report, moment)
        trusted = self.name not in SYSLOG_FILES
        times = min(report.times, _MAX_TIMES)
        return [Event(report, moment, kernel, flags, atomic, drivers, beside, trusted, after) for _time in range(times)]

    def _flags_of(self, report):
        mode = "%s(%s)" % (report.mode, report.names) if report.names else report.mode
        return decode_mode(mode, report.kernel or self.boot or self.context.release) if mode else None

    def _is_after_workaround(self, report, moment):
        """By the mark that the host's record bears out, else by the time; None where neither tells."""
        if self.mark_at is not None:
            return report.number > self.mark_at
        since = self.context.since_epoch_seconds
        if since is None or moment.epoch_seconds is None or moment.is_local:
            return None
        return moment.epoch_seconds > since

    def mem_info(self):
        zones = parse_mem_info(self.zones) if self.block is not None else None
        return {"zones": zones, "at": moment_of(self.block, self.context.clock).at} if zones else None


def _is_of_an_earlier_boot(moment, clock):
    """Whether a line of a file that spans boots has a kernel's stamp that this one has not come to yet. Where its date lies before the
    boot, either of the two clocks may have been wrong: then it counts."""
    if moment.uptime is None or clock.boot_epoch_seconds is None or clock.now_epoch_seconds is None:
        return False
    return moment.uptime[0] > clock.now_epoch_seconds - clock.boot_epoch_seconds + _BOOT_SECONDS
