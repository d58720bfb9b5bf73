# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Page allocation failures and Mem-Info in a kernel log (mm/page_alloc.c, warn_alloc), and the filter that reduces a
log to what is asked of it before it leaves the target.

Only what follows the last boot in the log counts. What cannot be read is passed over: a log holds anything.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import Counter, deque

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.gfp import decode_mode, is_atomic
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import (
    BY_KERNEL,
    MAX_LINE_CHARS,
    PREFIXES,
    STAMPED,
    kernel_lines,
    prefix_end,
    stamp,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.mem_info import ZONE_LINE, parse_mem_info
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import MARK, epoch_of

#: All failures are counted, but orders and processes only those of the last ones.
MAX_HEADS = 2000
#: How far after a failure its trace may reach, and how many lines of zones a Mem-Info block may have.
MAX_TRACE_LINES = 120
MAX_ZONE_LINES = 300
#: More processes than this are added up as "other".
MAX_PROCESSES = 50
MAX_PROCESS_CHARS = 64

# Patterns that awk and Python read alike. A process name has 15 characters: none can hold these whole.
_HEAD = r": page allocation failure[.:] order:[0-9][0-9]?, mode:(0x)?[0-9a-f]+"
_BOOT = r"^Linux version [0-9]+\.[0-9]+"
_MEM_INFO = r"^Mem-Info: *$"
_MARK = "^" + MARK.replace(".", "[.]")

# Heads, zones and the trace are kept as they come, and forgotten where a newer boot, block or failure begins. The workaround's
# mark counts the failures before it; it never comes between the last failure and its trace.
AWK_FILTER = (
    r"""
function body(s) { @BODY@return s }
function said(s) { return s !~ /@STAMPED@/ || s ~ /@BY_KERNEL@/ }
function cut(s) { s = substr(s, 1, @CHARS@); sub(/\r+$/, "", s); return s }
function put(s) { print tag ":" s }
function take(s) {
 if (s ~ /@HEAD@/) { head[++f] = s; delete head[f - @HEADS@]; t = 0; open = 1 }
 else if (s ~ /Linux version / && body(s) ~ /@BOOT@/) { boot = s; seen = 1; mark = ""; f = t = z = open = block = 0; split("", head) }
 else if (s ~ /@MARKED@/ && body(s) ~ /@MARK@/) { mark = s; before = f; open = 0 }
 else if (s ~ /Mem-Info:/ && body(s) ~ /@MEM_INFO@/) { mem = s; block = 1; z = open = 0 }
 else if (s ~ /@ZONE@/) { if (block && z < @ZONES@) zone[++z] = s }
 else if (open && t < @TRACE@) trace[++t] = s
}
!open && !block && !/page allocation failure|Linux version |Mem-Info:|@MARKED@/ { next }
{
 if ($0 !~ /#012/) { s = cut($0); if (said(s)) take(s) }
 else { k = split($0, part, /#012/)
  for (i = 1; i <= k; i++) { s = cut(part[i]); if (said(s)) take(s); else if (i == 1) break } }
}
END {
 if (seen) put(boot)
 if (block) put(mem)
 for (i = 1; i <= z; i++) put(zone[i])
 first = f > @HEADS@ ? f - @HEADS@ + 1 : 1
 if (mark != "" && before < first && before < f) put(mark)
 for (i = first; i <= f; i++) { put(head[i]); if (mark != "" && i == before && i < f) put(mark) }
 for (i = 1; i <= t; i++) put(trace[i])
 if (mark != "" && before == f) put(mark)
 put("#boot " seen + 0 " failures " f + 0 (mark != "" ? " after " f - before : ""))
 exit !(seen || f)
}
""".replace("@BODY@", "".join('sub(/^%s/, "", s); ' % piece for piece in PREFIXES))
    .replace("@STAMPED@", STAMPED)
    .replace("@BY_KERNEL@", BY_KERNEL)
    .replace("@HEADS@", str(MAX_HEADS))
    .replace("@HEAD@", _HEAD)
    .replace("@BOOT@", _BOOT)
    .replace("@MEM_INFO@", _MEM_INFO)
    .replace("@MARKED@", MARK)
    .replace("@MARK@", _MARK)
    .replace("@ZONES@", str(MAX_ZONE_LINES))
    .replace("@ZONE@", ZONE_LINE)
    .replace("@TRACE@", str(MAX_TRACE_LINES))
    .replace("@CHARS@", str(MAX_LINE_CHARS))
)
"""A POSIX awk program (gawk 3.1.7, mawk, busybox) without a single quote. It reads a log, prints what parse_kernel_log
needs of it, each line behind the variable ``tag`` and a colon, then "#boot 0|1 failures N", with " after M" where it saw
the workaround's mark, and exits with 0 where it saw a failure or the boot, else 1."""

#: What every line bears that the filter would begin with: a log with none of these says nothing.
MARKS = ("page allocation failure", "Linux version ", "Mem-Info:", MARK)

_head = re.compile(_HEAD)
_boot = re.compile(_BOOT)
_mem_info = re.compile(_MEM_INFO)
_mark = re.compile(_MARK)
_zone = re.compile(ZONE_LINE)
_mode = re.compile(r"order:([0-9]{1,2}), mode:((?:0x)?[0-9a-f]{1,16})(?:\(([^)]*)\))?")
_closing = re.compile(r"#(?:lines [0-9]{1,9} )?boot [01] failures ([0-9]{1,9})(?: after ([0-9]{1,9}))?\Z")
_kernel = re.compile(r"ainted:?.* ([0-9]{1,3}\.[0-9]{1,5}[0-9A-Za-z._+~-]{0,100}) #")
_module = re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+ \[([0-9A-Za-z_-]{1,64})[] ]")
_control = re.compile("[\x00-\x1f\x7f]")
# Something else began, whose trace is not the failure's.
_trace_over = re.compile(r"Modules linked in:|cut here|blocked for more than|BUG: |WARNING: ")


def parse_kernel_log(text, source, boot_epoch_seconds=None, release=None, workaround_epoch_seconds=None):
    """{count, by_order{}, by_process{}, since_workaround{}, source, last{}, mem_info{}, boot_seen} of a log or of what
    AWK_FILTER left of it.

    ``source``: the log's name, handed through. ``boot_epoch_seconds``: when the host booted, seconds since 1970, to date
    stamps that count from there. ``release``: the running kernel, for a log that does not name it.
    ``workaround_epoch_seconds``: since when the workaround is in force. ``since_workaround``, ``last`` and ``mem_info`` are
    None where there is none. Never raises on the text.
    """
    text, counted, counted_after = _without_closing(text)
    log = _Log()
    for line in kernel_lines(text):
        log.take(line)
    heads = [_read_head(line) for line in log.heads]
    return {
        "count": max(log.count, counted),
        "by_order": _by_order(heads),
        "since_workaround": _since_workaround(log, heads, counted_after, boot_epoch_seconds, workaround_epoch_seconds),
        "by_process": _most_frequent(dict(Counter(process for _order, _mode, _names, process in heads))),
        "source": source,
        "last": _last(log, heads[-1], boot_epoch_seconds, release) if heads else None,
        "mem_info": _mem_info_of(log, boot_epoch_seconds),
        "boot_seen": log.boot is not None,
    }


def filter_log(text):
    """(what AWK_FILTER would leave of a log on the target, whether it saw a failure or the boot): for logs that come whole.

    Lines that no state of the filter takes are leapt over, since most of a log is such.
    """
    log, position, marks = _Log(), 0, _Marks(text)
    while position < len(text):
        if log.in_trace and len(log.trace) < MAX_TRACE_LINES:
            start = position
        else:
            found = marks.after(position, log.block is not None and len(log.zones) < MAX_ZONE_LINES)
            if found < 0:
                break
            start = text.rfind("\n", 0, found) + 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        for line in kernel_lines(text[start:end]):
            log.take(line)
        position = end + 1
    return log.left(), log.boot is not None or log.count > 0


class _Marks:
    """Where in a text the next line stands that is worth reading. Each place is looked for once."""

    def __init__(self, text):
        self.text = text
        self.places = dict.fromkeys(MARKS + (_zone,), -2)

    def after(self, position, zones):
        """The place of the first mark from ``position`` on, with ``zones`` also of what looks like a zone's line; -1 without one."""
        first = -1
        for mark, place in self.places.items():
            if mark is _zone and not zones:
                continue
            if place != -1 and place < position:
                place = self.places[mark] = self._find(mark, position)
            if place != -1 and (first == -1 or place < first):
                first = place
        return first

    def _find(self, mark, position):
        if mark is not _zone:
            return self.text.find(mark, position)
        found = _zone.search(self.text, position)
        return found.start() if found else -1


class _Log:
    """What AWK_FILTER keeps, kept in the same way: its function take() is this class."""

    def __init__(self):
        self.forget(None)

    def forget(self, boot):
        self.boot = boot
        self.count = 0
        self.mark = None
        self.before_mark = None
        self.heads = deque(maxlen=MAX_HEADS)
        self.trace = []
        self.in_trace = False
        self.block = None
        self.zones = []

    def take(self, line):
        if ": page" in line and _head.search(line):
            self.count += 1
            self.heads.append(line)
            self.trace, self.in_trace = [], True
        elif "Linux version " in line and _boot.match(line[prefix_end(line):]):
            self.forget(line)
        elif MARK in line and _mark.match(line[prefix_end(line):]):
            self.mark, self.before_mark, self.in_trace = line, self.count, False
        elif "Mem-Info:" in line and _mem_info.match(line[prefix_end(line):]):
            self.block, self.zones, self.in_trace = line, [], False
        elif _zone.search(line):
            if self.block is not None and len(self.zones) < MAX_ZONE_LINES:
                self.zones.append(line)
        elif self.in_trace and len(self.trace) < MAX_TRACE_LINES:
            self.trace.append(line)

    def left(self):
        """What AWK_FILTER prints at the end, without the tag."""
        lines = [] if self.boot is None else [self.boot]
        lines += [] if self.block is None else [self.block]
        lines += self.zones + self._failures_left()
        after = "" if self.mark is None else " after %d" % (self.count - self.before_mark)
        lines.append("#boot %d failures %d%s" % (self.boot is not None, self.count, after))
        return "\n".join(lines) + "\n"

    def _failures_left(self):
        """The heads, the trace of the last one, and the mark where it stood among them."""
        lines = list(self.heads) + self.trace
        if self.mark is not None:
            after = self.count - self.before_mark
            lines.insert(max(0, len(self.heads) - after) if after else len(lines), self.mark)
        return lines


def _without_closing(text):
    """(the text without the filter's closing line, the failures it counted, those after the mark); 0 where it is no filter's."""
    whole = text.rstrip("\r\n")
    start = whole.rfind("\n") + 1
    found = _closing.match(whole[start:start + 80])
    return (whole[:start], int(found.group(1)), int(found.group(2) or 0)) if found else (text, 0, 0)


def _by_order(heads):
    return dict(Counter(str(order) for order, _mode, _names, _process in heads))


def _since_workaround(log, heads, counted_after, boot_epoch_seconds, workaround_epoch_seconds):
    """{count, by_order} of the failures after the mark. journalctl -k leaves it out: there the times tell, where all are known."""
    if log.before_mark is not None:
        kept = log.count - log.before_mark
        return {"count": max(kept, counted_after), "by_order": _by_order(heads[max(0, len(heads) - kept):])}
    if workaround_epoch_seconds is None:
        return None
    times = [epoch_of(stamp(line, boot_epoch_seconds)) for line in log.heads]
    if None in times:
        return None
    later = [head for head, at in zip(heads, times) if at > workaround_epoch_seconds]
    return {"count": len(later), "by_order": _by_order(later)}


def _read_head(line):
    """(order, mode, names or None, process) of a failure's line."""
    head = _head.search(line)
    order, mode, names = _mode.search(line, head.start()).groups()
    process = _control.sub("", line[prefix_end(line):head.start()]).strip()[:MAX_PROCESS_CHARS]
    return int(order), mode if mode.startswith("0x") else "0x" + mode, names, process


def _last(log, head, boot_epoch_seconds, release):
    order, mode, names, process = head
    trace = [entry[prefix_end(entry):] for entry in log.trace]
    kernel = _kernel_of(trace) or _boot_release(log.boot)
    flags = decode_mode("%s(%s)" % (mode, names) if names else mode, kernel or release)
    return {
        "order": order,
        "mode": mode,
        "mode_flags": flags,
        "atomic": is_atomic(flags),
        "process": process,
        "at": stamp(log.heads[-1], boot_epoch_seconds),
        "kernel": kernel,
        "drivers": _drivers(trace),
    }


def _kernel_of(trace):
    """The release in "Pid: 0, comm: swapper Not tainted 2.6.32-358.el6.x86_64 #1", soon after the failure's line."""
    for line in trace[:8]:
        found = _kernel.search(line)
        if found:
            return found.group(1)
    return None


def _boot_release(boot):
    words = boot[prefix_end(boot):].split() if boot is not None else ()
    return _control.sub("", words[2]) if words else None


def _drivers(trace):
    """The modules of a call trace, in the order met."""
    drivers = []
    traces = 0
    for line in trace:
        traces += line.startswith("Call Trace:")
        if traces > 1 or _trace_over.search(line):
            break
        found = _module.search(line)
        if found and found.group(1) not in drivers:
            drivers.append(found.group(1))
    return drivers


def _mem_info_of(log, boot_epoch_seconds):
    if log.block is None:
        return None
    zones = parse_mem_info(line[prefix_end(line):] for line in log.zones)
    return {"zones": zones, "at": stamp(log.block, boot_epoch_seconds)} if zones else None


def _most_frequent(counts):
    """Whatever a hostile log names, no more than MAX_PROCESSES of it, and the sum of the rest."""
    if len(counts) <= MAX_PROCESSES:
        return counts
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    kept = dict((name, counts[name]) for name in ranked[:MAX_PROCESSES])
    kept["other"] = kept.get("other", 0) + sum(counts[name] for name in ranked[MAX_PROCESSES:])
    return kept
