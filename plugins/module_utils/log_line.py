# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialects of a kernel log: what dmesg, journalctl and syslog put before a kernel's message, told from the message.

swapper: page allocation failure...                              dmesg without times
<4>[   14.790802] swapper: ...                                    dmesg -r, and what a console glues
[   14.790802] [   T21] swapper: ...                              dmesg, where the kernel names the task or CPU
[Tue Nov 24 01:02:03 2026] swapper: ...                           dmesg -T
kern  :warn  : [   14.790802] swapper: ...                        dmesg -x
[Nov24 01:02] swapper: ...   [  +0.000004] swapper: ...           dmesg -H
2026-11-24T01:02:03,123456+00:00 swapper: ...                     dmesg --time-format iso
Mar 18 14:39:17 db01 kernel: [   14.790802] swapper: ...          journalctl, rsyslog
2013-03-18T14:39:17.123456+09:00 db01 kernel: swapper: ...        the same with other stamps
Tue 2026-11-24 01:02:03 UTC db01 kernel: swapper: ...             journalctl -o short-full
Mar 18 14:39:17 db01 kern.warn kernel: swapper: ...               busybox syslogd, with and without the host
Tue Mar 18 14:39:17 2014 kern.warn kernel: [   14.79] swapper:... OpenWrt's logread
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

#: Longer lines are cut, on the target and here.
MAX_LINE_CHARS = 512
#: The longest name of a process, TASK_COMM_LEN less its end.
MAX_COMM_CHARS = 15

_CLOCK = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
_SYSLOG = r"[A-Z][a-z]{2} {1,2}[0-9]{1,2} " + _CLOCK
_LOGREAD = r"[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}[0-9]{1,2} [0-9:]{8} [0-9]{4}"
_ISO = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[T ]" + _CLOCK + r"[^ ,]{0,6}"
_FULL = r"[A-Z][a-z]{2} [0-9]{4}-[0-9]{2}-[0-9]{2} " + _CLOCK + r" [^ ]{1,8}"
_UNIX = r"[0-9]{9,11}\.[0-9]{3,9}"
_LEVEL = r"(?:<[0-9]{1,3}>)?"
_WALL = "(?:%s|%s|%s|%s|%s)" % (_SYSLOG, _LOGREAD, _ISO, _FULL, _UNIX)

#: A stamp of syslog or journal, behind which stands who spoke.
_SAID = re.compile("%s(%s) " % (_LEVEL, _WALL))
# A host or none, a level or none, the kernel. A host's name never ends in a colon: that would be who spoke.
_BY_KERNEL = re.compile(r"(?:[^ ]{0,254}[^ :] )?(?:[a-z0-9]{1,10}\.[a-z]{1,8} )?kernel: ?")

_STAMP = re.compile(
    r"(?:(?:kern|user|daemon|syslog) *:(?:emerg|alert|crit|err|warn|notice|info|debug) *: )?"  # dmesg -x
    + _LEVEL
    + r"(\[ *\+?[0-9]{1,10}\.[0-9]{1,9}(?: <[^>]{1,24}>)?\]"
    + r"|\[[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}[0-9]{1,2} [0-9:]{8} [0-9]{4}\]"
    + r"|\[[A-Z][a-z]{2} {0,2}[0-9]{1,2} [0-9]{2}:[0-9]{2}\]"
    + r"|\[<[ 0-9.]{1,24}>\]"
    + r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8},[0-9]{1,9}[^ ]{0,6})?"
    + r"(?: ?\[ {0,12}([CT][0-9]{1,10})\])? ?"
)
_REPEATED = re.compile(r"message repeated ([0-9]{1,6}) times: \[ ?(.*?)\]?\Z")
#: What no text of a host may bring to a terminal.
CONTROL = re.compile("[\x00-\x1f\x7f]")
_ESCAPED = re.compile(r"\\x[0-9a-f]{2}|#[0-7]{3}|\\[0-7]{3}|\^[@-_]")


class Line(object):
    """One line that the kernel spoke.

    ``message``: what it said. ``wall``, ``stamp``: the stamp of syslog or journal, and that of the kernel or dmesg, None
    without one. ``caller``: "T21" or "C3", None where the kernel does not name it. ``times``: how often it was said.
    ``wrapped``: it stood behind an encoded newline in another message.
    """

    __slots__ = ("caller", "message", "stamp", "times", "wall", "wrapped")

    def __init__(self, message, wall, stamp, caller, times, wrapped):
        self.message = message
        self.wall = wall
        self.stamp = stamp
        self.caller = caller
        self.times = times
        self.wrapped = wrapped

    @property
    def stamped(self):
        return self.wall is not None or self.stamp is not None


def kernel_lines(text, encoded_newlines):
    """The lines of a log that the kernel spoke, a generator of Line. ``encoded_newlines``: rsyslog wrote the log, which makes
    #012 of a newline. In any other log that is a name of somebody's."""
    for whole in text.split("\n"):
        parts = whole.split("#012") if encoded_newlines and "#012" in whole else (whole,)
        first = read_line(parts[0])
        if first is None:
            continue  # what another speaker wrapped into a message is no kernel's either
        yield first
        for part in parts[1:]:
            yield Line(part[:MAX_LINE_CHARS].rstrip("\r"), first.wall, first.stamp, first.caller, 1, True)


def read_line(line):
    """The Line in a line of a log; None where somebody else than the kernel spoke."""
    line = line[:MAX_LINE_CHARS].rstrip("\r")
    wall, position = None, 0
    said = _SAID.match(line)
    if said:
        by_kernel = _BY_KERNEL.match(line, said.end())
        if not by_kernel:
            return None
        wall, position = said.group(1), by_kernel.end()
    stamp = _STAMP.match(line, position)
    message, times = line[stamp.end() :], 1
    repeated = _REPEATED.match(message) if wall and message.startswith("message repeated ") else None
    if repeated:
        times, message = int(repeated.group(1)), repeated.group(2)
        inner = _STAMP.match(message)
        return Line(message[inner.end() :], wall, inner.group(1), inner.group(2), times, False)
    return Line(message, wall, stamp.group(1), stamp.group(2), times, False)


def comm_of(text):
    """The name of a process as the facts show it, None where the text is none: the kernel's has MAX_COMM_CHARS at most, and dmesg and
    rsyslog write some as several."""
    if len(_ESCAPED.sub("?", text)) > MAX_COMM_CHARS:
        return None
    return CONTROL.sub("", text).strip()
