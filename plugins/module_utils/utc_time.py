# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as facts and reports write them, 2026-11-26T14:00:00Z, and back."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from datetime import datetime, timedelta

_AT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})\Z")


def utc_time_of(epoch_seconds):
    """2026-11-26T14:00:00Z of seconds since 1970, whole or not; OverflowError beyond the year 9999."""
    return (datetime(1970, 1, 1) + timedelta(seconds=int(epoch_seconds))).isoformat() + "Z"


def epoch_of(at):
    """Seconds since 1970 of an ISO 8601 time that names its offset, else None: local time of an unknown zone tells nothing."""
    found = _AT.match(at or "")
    if not found:
        return None
    clock, offset = found.groups()
    try:
        seconds = (datetime.strptime(clock, "%Y-%m-%dT%H:%M:%S") - datetime(1970, 1, 1)).total_seconds()
    except ValueError:
        return None
    if offset == "Z":
        return int(seconds)
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return int(seconds) - 60 * (minutes if offset[0] == "+" else -minutes)
