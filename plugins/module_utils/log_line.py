# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dmesg, journalctl and syslog put before a kernel's message: told from the message, and read as a time.

The patterns are extended regular expressions that awk reads as Python does (no intervals, no classes, no escapes but
of punctuation), since the filter on the target has to judge lines just as the parser does.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from datetime import datetime, timedelta

#: Longer lines are cut, on the target and here.
MAX_LINE_CHARS = 512

_SYSLOG = r"[A-Z][a-z][a-z] +[0-9]+ [0-9]+:[0-9]+:[0-9]+"
_ISO = r"[0-9]+-[0-9]+-[0-9]+[T ][0-9]+:[0-9]+:[0-9]+[^ ,]*"
_FULL = r"[A-Z][a-z][a-z] [0-9]+-[0-9]+-[0-9]+ [0-9]+:[0-9]+:[0-9]+ [^ ]+"
_SECONDS = r"\[ *[0-9]+\.[0-9]+[^]]*\]"
_CTIME = r"\[[A-Z][a-z][a-z] [A-Z][a-z][a-z] +[0-9]+ [0-9:]+ [0-9]+\]"
_DMESG_ISO = r"[0-9]+-[0-9]+-[0-9]+T[0-9:]+,[^ ]+"
_LEVEL = r"(<[0-9]+>)"
_WALL = r"(%s|%s|%s)" % (_SYSLOG, _ISO, _FULL)
_STAMP = r"(%s|%s|%s)" % (_SECONDS, _CTIME, _DMESG_ISO)

#: A line that a syslog or journal has stamped; then who said it follows.
STAMPED = "^%s?%s " % (_LEVEL, _WALL)
#: The same where that was the kernel. Anybody can get any text into a syslog, if under another name.
BY_KERNEL = STAMPED + r"[^ ]+ kernel:"
#: What may stand before the message, in this order: a level, the stamp of syslog or journal and the kernel's name, a
#: level, the kernel's stamp, the CPU or task that spoke, a space. In pieces, since mawk mismatches them as one pattern.
PREFIXES = (_LEVEL, "(%s [^ ]+ kernel: ?)" % _WALL, _LEVEL, _STAMP, r"( ?\[ *[CT][0-9]+\])", " ")

_stamped = re.compile(STAMPED)
_by_kernel = re.compile(BY_KERNEL)
_prefix = re.compile("^" + "".join(piece + "?" for piece in PREFIXES))
_control = re.compile("[\x00-\x1f\x7f]")
_seconds = re.compile(r"\[ *([0-9]{1,15})\.([0-9]{1,6})")
_ctime = re.compile(r"\[[A-Z][a-z][a-z] ([A-Z][a-z][a-z]) +([0-9]{1,2}) ([0-9:]{8}) ([0-9]{4})\]\Z")
_iso = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})((?:[.,][0-9]{1,9})?)(Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def kernel_lines(text):
    """The lines of a log that the kernel spoke, cut to MAX_LINE_CHARS, a generator.

    rsyslog writes a message's own newlines as #012: those are lines too.
    """
    for whole in text.split("\n"):
        for number, line in enumerate(whole.split("#012")):
            line = line[:MAX_LINE_CHARS].rstrip("\r")
            if not _stamped.match(line) or _by_kernel.match(line):
                yield line
            elif number == 0:
                break  # what another speaker wrapped into its message is no kernel's either


def prefix_end(line):
    """Where the message begins in a line."""
    return _prefix.match(line).end()


def stamp(line, boot_epoch_seconds=None):
    """When a line was logged, str: ISO 8601 where its stamp names a date and year or counts from a boot whose time is
    known (seconds since 1970); else the stamp as it stands; None for a line without one. Without an offset (dmesg -T)
    it is the host's local time.
    """
    found = _prefix.match(line)
    wall, kernel = found.group(3), found.group(5)
    iso = _read_iso(wall) or _read_ctime(kernel) or _read_iso(kernel) or _read_seconds(kernel, boot_epoch_seconds)
    raw = iso or wall or kernel
    return raw and _control.sub("", raw)[:64]


def _read_iso(text):
    # "Tue 2026-11-24 01:02:03 UTC" of journalctl's short-full: the name of a zone is an offset only for UTC
    words = (text or "").split(" ")
    if len(words) == 4:
        text = words[1] + "T" + words[2] + ("Z" if words[3] == "UTC" else "")
    found = _iso.match(text or "")
    if not found:
        return None
    day, clock, fraction, offset = found.groups()
    offset = offset or ""
    if len(offset) == 5:
        offset = offset[:3] + ":" + offset[3:]
    return day + "T" + clock + fraction.replace(",", ".") + offset


def _read_ctime(text):
    found = _ctime.match(text or "")
    if not found or found.group(1) not in _MONTHS:
        return None
    month, day, clock, year = found.groups()
    return "%s-%02d-%02dT%s" % (year, _MONTHS.index(month) + 1, int(day), clock)


def _read_seconds(text, boot_epoch_seconds):
    found = _seconds.match(text or "")
    if not found or boot_epoch_seconds is None:
        return None
    try:
        at = datetime(1970, 1, 1) + timedelta(seconds=boot_epoch_seconds + int(found.group(1)))
    except OverflowError:
        return None
    return at.isoformat() + "Z"
