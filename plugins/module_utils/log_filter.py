# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a kernel log leaves the target: lines with one of some words, and what may belong to a failure behind its line.

It is coarser than the parsers, which judge every line again; the first line of a log shows them whether its lines have times. The same
rules stand twice, as an awk program for the target and in Python for logs that come whole; a test holds them equal. Each kind of lines
has its own room, in which the newest stay, so that a flood of one kind costs none of another.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import OrderedDict, deque

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import MAX_LINE_CHARS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import MARK

#: How far behind a failure's line the lines reach that may belong to it.
MAX_TRACE_LINES = 300

#: How far behind a line of another trouble the line stands that says whose it was, where several CPUs speak.
MAX_WHO_LINES = 60

#: A line that holds several, whose newlines rsyslog encoded, is cut here.
MAX_WRAPPED_CHARS = 6144

#: The kinds of lines: (words, room in bytes). A line is of the first kind that has a word in it.
FAILURE, BOOT, TROUBLE, MEMORY = 1, 2, 3, 4
KINDS = OrderedDict(
    (
        (FAILURE, (("page allocation f", ", mode:", "vmalloc: a", "vmalloc e", "vmalloc s"), 81920)),
        (BOOT, (("Linux version ", MARK, "-- Reboot --", "-- Boot "), 8192)),
        (
            TROUBLE,
            (
                (
                    "use vmalloc=",
                    "vmalloc_node",
                    "warn_alloc: ",
                    "warn_alloc_failed: ",
                    "able to allocate mem",
                    ", object size",
                    "allocation stalls",
                    "ut of memory: ",
                    "ut of Memory: ",
                    "oom-kill",
                    "mm/page_alloc.c",
                ),
                16384,
            ),
        ),
        (MEMORY, (("Mem-", "lowmem_res", "*4kB", "*8kB", "*16kB", "*64kB", " free:"), 24576)),
    )
)
#: The room for what stands behind failures.
TRACE = 5
TRACE_BYTES = 81920
#: A line that names the process of another trouble, or of the first line, which is kept whatever it tells: else the trace of a failure
#: would be taken for theirs.
_WHO = "omm: "
#: A line right before a failure's that may be about it: the rate limit's, or a process name that stands alone.
_BEFORE = r"(__ratelimit: .*|: ?)\r*$"
#: What may belong to a failure: frames, who it was, the head of a trace, and where another report begins.
_BEHIND = r"[+]0x|omm: |race:|: ?\r*$|linked in|cut here|blocked for|dump for|BUG: |WARNING: |acktrace"

#: What every line bears that the filter would begin with: a log with none of these says nothing.
WORDS = tuple(word for words, _room in KINDS.values() for word in words)


_SPECIAL = re.compile(r"([.*])")


def _pattern(words):
    """An extended regular expression of grep, awk and Python that finds any of the words."""
    return "|".join(_SPECIAL.sub(r"[\1]", word) for word in words)


#: Finds whether a log tells of more than how far back it reaches, as that of a healthy host does not.
TELLING = _pattern(
    [word for kind in (FAILURE, TROUBLE) for word in KINDS[kind][0] if word not in (", mode:", ", object size")] + ["Mem-", MARK]
)

AWK_FILTER = (
    r"""
function keep(k, s) { s = substr(s, 1, s ~ /#012/ ? @WRAPPED@ : @CHARS@); line[++n] = s; queue[k, ++last[k]] = n; size[k] += length(s)
 while (size[k] > room[k]) { i = queue[k, ++first[k]]; delete queue[k, first[k]]; size[k] -= length(line[i]); delete line[i] } }
function kind(s) {
@KINDS@ return 0 }
BEGIN { @ROOMS@room[@TRACE@] = @TRACE_BYTES@ }
{ k = kind($0); if (!k && NR == 1) k = @BOOT@
 if (k == @FAILURE@) { if (!kept && before ~ /@BEFORE@/) keep(k, before); if ($0 ~ /page allocation f/) f++; left = @LINES@ }
 else if (left > 0) { left--; if (!k && $0 ~ /@BEHIND@/) k = @TRACE@ }
 if (k == @TROUBLE@ || NR == 1) who = @WHO_LINES@
 else if (who > 0) { who--; if (!k && $0 ~ /@WHO@/) k = @TROUBLE@ }
 before = $0; kept = k
 if (k) keep(k, $0) }
END { for (i = 1; i <= n; i++) if (i in line) print tag ":" line[i]
 print tag ":#log failures " f + 0 " dropped@DROPPED@" }
""".replace(
        "@KINDS@",
        "".join(" if (s ~ /%s/) return %d\n" % (_pattern(words).replace("/", r"\/"), kind) for kind, (words, _room) in KINDS.items()),
    )
    .replace("@ROOMS@", "".join("room[%d] = %d; " % (kind, room) for kind, (_words, room) in KINDS.items()))
    .replace("@TRACE@", str(TRACE))
    .replace("@TRACE_BYTES@", str(TRACE_BYTES))
    .replace("@CHARS@", str(MAX_LINE_CHARS))
    .replace("@WRAPPED@", str(MAX_WRAPPED_CHARS))
    .replace("@FAILURE@", str(FAILURE))
    .replace("@BOOT@", str(BOOT))
    .replace("@LINES@", str(MAX_TRACE_LINES))
    .replace("@TROUBLE@", str(TROUBLE))
    .replace("@WHO_LINES@", str(MAX_WHO_LINES))
    .replace("@WHO@", _WHO)
    .replace("@BEHIND@", _BEHIND)
    .replace("@BEFORE@", _BEFORE)
    .replace("@DROPPED@", "".join(' " first[%d] + 0 "' % kind for kind in range(FAILURE, TRACE + 1)))
)
"""A POSIX awk program (gawk 3.1.7, mawk, busybox) without a single quote. It reads a log and prints what is kept of it, each line
behind the variable ``tag`` and a colon, then CLOSING: the failures' lines seen, and how many lines of each kind were dropped."""

#: The last line of a filtered log. The second form is that of earlier versions, in recorded evidence.
CLOSING = re.compile(
    r"#log failures ([0-9]{1,9}) dropped((?: [0-9]{1,9}){5})\Z"
    r"|#(?:lines [0-9]{1,9} )?boot [01] failures ([0-9]{1,9})(?: after [0-9]{1,9})?\Z"
)
_before = re.compile(_BEFORE)
_behind = re.compile(_BEHIND)
_old_head = re.compile(r": page allocation failure[.:] order:[0-9]{1,2}, mode:")


def filter_log(text):
    """What AWK_FILTER leaves of a log, without the tag. Lines without a word are leapt over, since most of a log is such."""
    kept, places = _Kept(), _Places(text)
    position = 0
    while position < len(text):
        start = position
        if position > 0 and not kept.looks_at_each_line:
            found = places.after(position)
            if found == -1:
                break
            start = text.rfind("\n", 0, found) + 1
        end = text.find("\n", start)
        end = len(text) if end == -1 else end
        kept.take(text, start, end)
        position = end + 1
    return kept.text()


def without_closing(text):
    """(the text without its last line where a filter wrote that, failures' lines that the filter saw and did not keep, lines of traces
    that it did not keep)."""
    whole = text.rstrip("\r\n")
    start = whole.rfind("\n") + 1
    found = CLOSING.match(whole, start)
    if not found:
        return text, 0, 0
    kept = whole[:start]
    if found.group(3):  # of an older record, whose filter counted whole heads alone
        return kept, max(0, int(found.group(3)) - len(_old_head.findall(kept))), 0
    return kept, max(0, int(found.group(1)) - kept.count("page allocation f")), int(found.group(2).split()[TRACE - 1])


class _Places(object):
    """Where in a text the next line stands that bears a word. Each place is looked for once."""

    def __init__(self, text):
        self._text = text
        self._places = dict.fromkeys(WORDS, -2)

    def after(self, position):
        """The place of the first word from ``position`` on; -1 without one."""
        first = -1
        for word, place in self._places.items():
            if place != -1 and place < position:
                place = self._places[word] = self._text.find(word, position)
            if place != -1 and (first == -1 or place < first):
                first = place
        return first


class _Kept(object):
    """The lines that are kept, each kind in its room."""

    def __init__(self):
        self._lines = OrderedDict()  # by where they begin
        self._queues = dict((kind, deque()) for kind in range(FAILURE, TRACE + 1))
        self._sizes = dict.fromkeys(self._queues, 0)
        self._dropped = dict.fromkeys(self._queues, 0)
        self._failures = 0
        self._trace_lines = 0  # so many lines still may belong to a failure, or say whose another trouble was
        self._who_lines = 0

    @property
    def looks_at_each_line(self):
        """Whether a line may be kept that has none of WORDS."""
        return bool(self._trace_lines or self._who_lines)

    def take(self, text, start, end):
        """Keep the line from ``start`` to ``end`` if it is worth it."""
        line = text[start:end]
        kind = _kind_of(line) or (BOOT if start == 0 else 0)
        if kind == FAILURE:
            self._failures += "page allocation f" in line
            self._keep_before(text, start)
            self._trace_lines = MAX_TRACE_LINES
        elif self._trace_lines:
            self._trace_lines -= 1
            kind = kind or (TRACE if _behind.search(line) else 0)
        if kind == TROUBLE or start == 0:
            self._who_lines = MAX_WHO_LINES
        elif self._who_lines:
            self._who_lines -= 1
            kind = kind or (TROUBLE if _WHO in line else 0)
        if kind:
            self._keep(kind, start, line)

    def _keep_before(self, text, start):
        at = text.rfind("\n", 0, start - 1) + 1
        before = text[at : start - 1] if start else ""
        if at not in self._lines and _before.search(before):
            self._keep(FAILURE, at, before)

    def _keep(self, kind, start, line):
        line = line[: MAX_WRAPPED_CHARS if "#012" in line else MAX_LINE_CHARS]
        self._lines[start] = line
        queue = self._queues[kind]
        queue.append(start)
        self._sizes[kind] += len(line)
        room = TRACE_BYTES if kind == TRACE else KINDS[kind][1]
        while self._sizes[kind] > room:
            self._sizes[kind] -= len(self._lines.pop(queue.popleft()))
            self._dropped[kind] += 1

    def text(self):
        dropped = " ".join(str(self._dropped[kind]) for kind in range(FAILURE, TRACE + 1))
        return "".join(line + "\n" for line in self._lines.values()) + "#log failures %d dropped %s\n" % (self._failures, dropped)


def _kind_of(line):
    return next((kind for kind, (words, _room) in KINDS.items() if any(word in line for word in words)), 0)
