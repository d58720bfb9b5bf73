# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times: zones, offsets, clocks that are put forward, what has passed."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.schedule import (
    in_utc,
    local_time,
    reboot_epoch,
    require_ahead,
    seconds_in,
)


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-12-01 02:30", "Europe/Berlin", "2026-12-01 01:30:00 UTC"),
        ("2026-07-01T02:30:15", "Europe/Berlin", "2026-07-01 00:30:15 UTC"),
        ("2026-12-01T02:30+09:00", "", "2026-11-30 17:30:00 UTC"),
        ("2026-12-01 02:30Z", "Europe/Berlin", "2026-12-01 02:30:00 UTC"),
    ],
)
def test_what_the_controller_converts(text: str, zone: str, utc: str) -> None:
    assert local_time(text, zone) == ""
    assert in_utc(reboot_epoch(text, zone, None)) == utc


def test_without_zone_and_offset_the_host_converts() -> None:
    assert local_time("2026-12-01T02:30", "") == "2026-12-01 02:30"
    assert reboot_epoch("2026-12-01T02:30", "", "1796088600\n") == 1796088600
    for said in (None, "date: invalid date", "", "179608860²", "999999999999"):
        with pytest.raises(UpgradeError, match="in the host's zone"):
            reboot_epoch("2026-12-01T02:30", "", said)


@pytest.mark.parametrize(
    ("text", "zone", "why"),
    [
        ("tonight", "", "is not a time"),
        ("2026-12-01", "", "is not a time"),
        ("2026-12-01 02:30; reboot", "", "is not a time"),
        ("2026-13-01 02:30Z", "", "month must be"),
        ("2026-12-01 02:30", "Europe/Atlantis", "does not know the zone"),
        ("2026-12-01 02:30", "../../etc/passwd", "does not know the zone"),
        ("2026-03-29 02:30", "Europe/Berlin", "does not exist in"),
    ],
)
def test_what_is_refused(text: str, zone: str, why: str) -> None:
    with pytest.raises(UpgradeError, match=why):
        reboot_epoch(text, zone, None)


@pytest.mark.parametrize(
    ("at", "why"),
    [(1000, "it has passed"), (999, "it has passed"), (400, "its window is over"), (1000 + 367 * 86400, "more than a year")],
)
def test_times_that_are_not_ahead(at: int, why: str) -> None:
    with pytest.raises(UpgradeError, match=why):
        require_ahead(at, 1000, 600)
    require_ahead(1001, 1000, 600)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "9" * 12, "9" * 5000, "{{ 7*7 }}", "1 2"])
def test_what_a_host_calls_a_time_and_is_none(text: str) -> None:
    """A calendar ends with the year 9999, and int() with 4,300 digits: either would end the play."""
    assert seconds_in(text) is None
    assert in_utc(seconds_in("9" * 11) or 0) == "5138-11-16 09:46:39 UTC"


def test_a_year_ahead_is_the_most() -> None:
    require_ahead(1000 + 366 * 86400, 1000, 600)
    with pytest.raises(UpgradeError, match="more than a year"):
        require_ahead(1001 + 366 * 86400, 1000, 600)
