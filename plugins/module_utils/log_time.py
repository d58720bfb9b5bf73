# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a line was logged: the stamps of a kernel log, and what is known of the host's clock, to a time."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from calendar import timegm
from datetime import datetime, timedelta

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import CONTROL

_SECONDS = re.compile(r"\[ *([0-9]{1,10})\.([0-9]{1,9})")
_CTIME = re.compile(r"\[?[A-Z][a-z]{2} ([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9:]{8}) ([0-9]{4})\]?\Z")
_SYSLOG = re.compile(r"\[?([A-Z][a-z]{2}) *([0-9]{1,2}) ([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,][0-9]{1,9})?\]?\Z")
_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:[0-9]{2})\Z")
_UNIX = re.compile(r"([0-9]{9,11})\.[0-9]{3,9}\Z")
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})[T ]([0-9]{1,2}:[0-9]{2}:[0-9]{2})((?:[.,][0-9]{1,9})?)(Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: No zone is further from UTC: what a stamp without its zone may be wrong by.
ZONE_SECONDS = 14 * 3600
_DAY_SECONDS = 86400


class Clock(object):
    """What is known of a host's clock: when it booted and when the log was read, seconds since 1970, None where not known."""

    def __init__(self, boot_epoch_seconds=None, now_epoch_seconds=None):
        self.boot_epoch_seconds = boot_epoch_seconds
        self.now_epoch_seconds = now_epoch_seconds


class Moment(object):
    """When a line was logged. ``at``: ISO 8601, without an offset where it is the host's local time, or the stamp as it stands where
    that gives no date; None without a stamp. ``uptime``: (seconds, fraction as text) of the kernel's stamp or None. ``epoch_seconds``:
    since 1970, None where not known; wrong by up to ``slack_seconds``."""

    __slots__ = ("at", "epoch_seconds", "slack_seconds", "uptime")

    def __init__(self, at, uptime, epoch_seconds=None, slack_seconds=0):
        self.at = at
        self.uptime = uptime
        self.epoch_seconds = epoch_seconds
        self.slack_seconds = slack_seconds

    @property
    def is_local(self):
        """Whether the time is the host's local one, of a zone that is not known."""
        return self.slack_seconds >= ZONE_SECONDS


def moment_of(line, clock):
    """The Moment of a Line."""
    uptime = _uptime_of(line.stamp)
    for at, epoch_seconds in _readings(line, clock, uptime):
        if at is not None:
            return Moment(at, uptime, epoch_seconds, _slack(at, line.wall, uptime))
    raw = line.wall or line.stamp
    return Moment(raw and CONTROL.sub("", raw)[:64], uptime)


def _readings(line, clock, uptime):
    """(time, seconds since 1970) by each way to read a line's stamps, the surest first; None where one says nothing."""
    yield _read_iso(line.wall)
    yield _read_unix(line.wall)
    yield _read_ctime(line.wall or line.stamp)
    yield _read_iso(line.stamp)
    yield _read_uptime(uptime, clock)
    years = _years_of(line.wall or line.stamp, clock)
    yield years[0] if len(years) == 1 else (None, None)


def _slack(at, wall, uptime):
    if not _OFFSET.search(at):
        return ZONE_SECONDS
    # the kernel's own clock runs away from that of the host by up to 100 millionths
    return 2 if wall or uptime is None else 120 + uptime[0] // 10000


def _uptime_of(stamp):
    found = _SECONDS.match(stamp or "")
    return (int(found.group(1)), found.group(2)) if found else None


def _made(numbers, clock, fraction="", offset=""):
    """(ISO 8601, seconds since 1970) of a date and clock with an offset; (None, None) where there is no such day."""
    try:
        when = datetime.strptime("%04d-%02d-%02d %s" % (tuple(numbers) + (clock,)), "%Y-%m-%d %H:%M:%S")
        minutes = int(offset[1:3]) * 60 + int(offset[-2:]) if len(offset) > 1 else 0
        epoch_seconds = timegm(when.timetuple()) + (60 * minutes if offset[:1] == "-" else -60 * minutes)
    except (ValueError, OverflowError):
        return None, None
    return when.isoformat() + fraction.replace(",", ".") + offset, epoch_seconds


def _read_iso(text):
    # "Tue 2026-11-24 01:02:03 UTC" of journalctl's short-full: the name of a zone is an offset only for UTC
    words = (text or "").split(" ")
    if len(words) == 4:
        text = words[1] + "T" + words[2] + ("Z" if words[3] == "UTC" else "")
    found = _ISO.match(text or "")
    if not found:
        return None, None
    year, month, day, clock, fraction, offset = found.groups()
    offset = offset or ""
    if len(offset) == 5:
        offset = offset[:3] + ":" + offset[3:]
    return _made((int(year), int(month), int(day)), clock, fraction, offset)


def _read_unix(text):
    found = _UNIX.match(text or "")
    return _since_1970(int(found.group(1))) if found else (None, None)


def _since_1970(epoch_seconds):
    try:
        return (datetime(1970, 1, 1) + timedelta(seconds=epoch_seconds)).isoformat() + "Z", epoch_seconds
    except OverflowError:
        return None, None


def _read_ctime(text):
    found = _CTIME.match(text or "")
    if not found or found.group(1) not in _MONTHS:
        return None, None
    month, day, clock, year = found.groups()
    return _made((int(year), _MONTHS.index(month) + 1, int(day)), clock)


def _read_uptime(uptime, clock):
    if uptime is None or clock.boot_epoch_seconds is None:
        return None, None
    return _since_1970(clock.boot_epoch_seconds + uptime[0])


def _years_of(text, clock):
    """[(time, seconds since 1970)] of a stamp without a year, for each year in which it lies between the boot and now, with a day of doubt
    for the zone; none where the stamp has a year or the clock is not known."""
    found = _SYSLOG.match(text or "")
    if not found or found.group(1) not in _MONTHS or clock.boot_epoch_seconds is None or clock.now_epoch_seconds is None:
        return []
    earliest, latest = clock.boot_epoch_seconds - _DAY_SECONDS, clock.now_epoch_seconds + _DAY_SECONDS
    try:
        years = range(_year(earliest), _year(latest) + 1)[:3]
    except (OverflowError, ValueError):
        return []
    month, day, of_day = found.groups()
    of_day += ":00" if of_day.count(":") == 1 else ""
    made = [_made((year, _MONTHS.index(month) + 1, int(day)), of_day) for year in years]
    return [one for one in made if one[0] and earliest <= one[1] <= latest]


def _year(epoch_seconds):
    return (datetime(1970, 1, 1) + timedelta(seconds=epoch_seconds)).year
