# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host a report is of, on which machine, and when it was taken; kept with its evidence, as lines of one source. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import PurePath

#: How sos begins the name of every report.
_NAMED = "sosreport-"

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAY_FIRST = re.compile(r"\b(\d{1,2})\.? ([A-Z][a-z]{2})[a-z]* (\d{4}),? (\d{1,2}:\d{2}:\d{2})(?: ([AP]M))?")
_MONTH_FIRST = re.compile(r"\b([A-Z][a-z]{2}) +(\d{1,2}) (\d{1,2}:\d{2}:\d{2})(?: ([AP]M))?(?: \S+)? (\d{4})")
#: What ``date`` calls a zone -> its hours east of UTC: those names that mean one zone only.
_ZONES = {"UTC": 0, "GMT": 0, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "JST": 9, "EDT": -4, "PDT": -7}
_ZONE = re.compile(r"\d{1,2}:\d{2}:\d{2}(?: [AP]M)? ([A-Z]{3,5}|[+-]\d{2}(?:\d{2})?)\b")
_MACHINE_ID = re.compile(r"[0-9a-f]{32}\Z")
_UUID = re.compile(r"^[ \t]*UUID: ([0-9A-Fa-f-]{36})[ \t]*$", re.MULTILINE)
_FILE_NAME = re.compile(
    r"sosreport-(?P<host>.+?)(?:-\w+)?-\d{4}-\d{2}-\d{2}-\w+|sosreport-(?P<old>[^.]+?)[.-][0-9A-Za-z_]*-?\d{6,14}-\w+|sosreport-(?P<any>.+)"
)
_SUFFIX = re.compile(r"(?:\.tar)?(?:\.(?:xz|gz|bz2|tgz|tbz2?|txz|tar))?(?:\.(?:gpg|pgp|asc))?\Z", re.IGNORECASE)
#: What sos puts before the name of a report that it encrypted.
_SECURED = "secured-"
_OBFUSCATED = re.compile(r"-obfuscated\Z")


@dataclass(frozen=True)
class Identity:
    """``host``: the short name the report was taken on, made safe, "" where it does not say. ``machine``: what sets this machine
    apart from another of that name, "" where nothing does. ``taken``: local time of the host, ISO 8601 without an offset, "" where
    it is not known. ``odd``: what contradicts itself or was left out, as sentences."""

    host: str
    machine: str
    taken: str
    odd: tuple[str, ...] = ()

    def text(self) -> str:
        """The lines of the evidence's source; ``parse`` reads them."""
        lines = [f"host: {self.host}", f"machine: {self.machine}", f"taken: {self.taken}", *(f"odd: {line}" for line in self.odd)]
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, text: str) -> Identity:
        values: dict[str, str] = {}
        odd = []
        for line in text.splitlines():
            name, _colon, value = line.partition(": ")
            if name == "odd":
                odd.append(value)
            values[name.rstrip(":")] = value
        return cls(values.get("host", ""), values.get("machine", ""), values.get("taken", ""), tuple(odd))


def safe_name(text: str) -> str:
    """The short host name in a text, with nothing in it that means something to Ansible, a shell or a path; "" without one.

    >>> safe_name("db01.example.com")
    'db01'
    """
    words = text.split()
    name = _UNSAFE.sub("_", words[0].partition(".")[0]) if words else ""
    name = name.strip("_.-")[:63]
    return "" if name in ("localhost", "all", "ungrouped") else name


def name_of_file(path: str) -> str:
    """The host in the name that sos gives a report, "" where it has none; for a report that does not say itself.

    >>> name_of_file("sosreport-db01-02345678-2024-05-06-abcdefg.tar.xz")
    'db01'
    """
    found = _FILE_NAME.match(stem_of(path))
    return safe_name(found.group("host") or found.group("old") or found.group("any")) if found else ""


def stem_of(path: str) -> str:
    """A report's file name without what says how it is packed and encrypted, and without the mark of ``sos clean``."""
    return _OBFUSCATED.sub("", _SUFFIX.sub("", PurePath(path).name.removeprefix(_SECURED)))


def names_report(name: str) -> bool:
    """Whether a file's name begins as sos begins the name of every report, encrypted or not."""
    return name.removeprefix(_SECURED).startswith(_NAMED)


def machine_of(machine_id: str, dmidecode: str) -> str:
    """What tells machines of one name apart: 8 hexadecimal digits, of the machine id or the hardware's UUID."""
    found = _MACHINE_ID.match(machine_id.strip()) or _UUID.search(dmidecode)
    return hashlib.sha256(found.group(0).strip().lower().encode()).hexdigest()[:8] if found else ""


def time_of(date: str) -> str:
    """ISO 8601 of what ``date`` printed in English, without its zone; "" where it cannot be read."""
    found = _DAY_FIRST.search(date)
    if found:
        day, month, year, clock, half = found.groups()
    else:
        found = _MONTH_FIRST.search(date)
        if not found:
            return ""
        month, day, clock, half, year = found.groups()
    if month not in _MONTHS:
        return ""
    hour, rest = clock.split(":", 1)
    hours = int(hour) % 12 + (12 if half == "PM" else 0) if half else int(hour)
    return f"{year}-{_MONTHS.index(month) + 1:02d}-{int(day):02d}T{hours:02d}:{rest}"


def epoch_seconds_of(date: str) -> int | None:
    """Seconds since 1970 of what ``date`` printed; None where it cannot be read, or names a zone that is not one place's alone."""
    taken, zone = time_of(date), _ZONE.search(date)
    if not taken or not zone:
        return None
    try:
        offset = _offset(zone.group(1))
        return None if offset is None else int(datetime.fromisoformat(taken).replace(tzinfo=timezone(offset)).timestamp())
    except ValueError:  # a 31st of February, an offset of 99 hours
        return None


def _offset(zone: str) -> timedelta | None:
    if zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[3:5] or 0)
        return timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    return timedelta(hours=_ZONES[zone]) if zone in _ZONES else None
