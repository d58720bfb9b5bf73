# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of the reboot: from the operator's text to seconds since the epoch, or the reason for refusing it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?(Z|[+-]\d\d:?\d\d)?")
_EPOCH = re.compile(r"[0-9]{1,11}")
_REMEDY = "write it as 2026-12-01 02:30, with +01:00 or Z at its end if it is in another zone"
#: A later schedule is more likely a mistake.
_MOST = timedelta(days=366)


def local_time(text: str, zone: str) -> str:
    """The part of ``text`` that the host itself is to convert, in its own zone; "" where the controller can. UpgradeError if malformed."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise UpgradeError(f"kernel_upgrade_reboot_at: {clip(text, 40)!r} is not a time", _REMEDY)
    date, time, seconds, offset = found.groups()
    return "" if offset or zone else f"{date} {time}{seconds or ''}"


def reboot_epoch(text: str, zone: str, said_by_host: str | None) -> int:
    """Seconds since the epoch of the time an operator wrote.

    With an offset of its own that counts; else in ``zone``, a name such as Europe/Berlin; else as the host said, which was
    given ``local_time``. Raises UpgradeError for a time or zone that does not exist.
    """
    if local_time(text, zone):
        at = seconds_in((said_by_host or "").strip())
        if at is None:
            raise UpgradeError(f"kernel_upgrade_reboot_at: there is no {clip(text, 40)} in the host's zone", _REMEDY)
        return at
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace(" ", "T"))
    except ValueError as error:
        raise UpgradeError(f"kernel_upgrade_reboot_at: {clip(text, 40)}: {error}", _REMEDY) from None
    if moment.tzinfo is None:
        moment = _in_zone(moment, zone)
    return int(moment.timestamp())


def _in_zone(moment: datetime, zone: str) -> datetime:
    try:
        aware = moment.replace(tzinfo=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UpgradeError(
            f"kernel_upgrade_reboot_timezone: the controller does not know the zone {clip(zone, 40)!r}",
            "write it as Europe/Berlin, and check that the controller has the package tzdata",
        ) from None
    if aware.astimezone(timezone.utc).astimezone(aware.tzinfo).replace(tzinfo=None) != moment:
        raise UpgradeError(f"kernel_upgrade_reboot_at: {moment} does not exist in {zone}, because the clocks go forward", "choose another")
    return aware


def require_ahead(at: int, now: int, window_seconds: int) -> None:
    """Raises UpgradeError for a time that has passed, whose window is over, or that is too far away."""
    if at <= now:
        missed = "its window is over" if at + window_seconds <= now else "it has passed"
        raise UpgradeError(f"kernel_upgrade_reboot_at: {in_utc(at)}: {missed}, it is {in_utc(now)} on the host", "choose a later one")
    if at - now > _MOST.total_seconds():
        raise UpgradeError(f"kernel_upgrade_reboot_at: {in_utc(at)} is more than a year away", "choose an earlier one")


def seconds_in(text: str) -> int | None:
    """The seconds since the epoch that a host wrote, None where that is no time. Eleven digits reach the year 5138; a calendar has 9999."""
    return int(text) if _EPOCH.fullmatch(text) else None


def in_utc(epoch: int) -> str:
    """2026-12-01 01:30:00 UTC, for people and for systemd.time(7)."""
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
