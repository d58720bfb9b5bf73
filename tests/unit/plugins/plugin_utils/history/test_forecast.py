# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's past says of its future, and what of its past counts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.forecast import MOST_POINTS, comparable, forecast
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation

_DAY = 86400


def night(number: int, headroom: int | None, **other: Any) -> Observation:
    values = {"kernel": "2.6.32-358.el6", "booted_epoch_seconds": -1000, "step": 0, "min_free_kbytes": 67584, "order": 2, **other}
    blocks = None if headroom is None else f"{headroom * 4} {headroom * 2} {headroom}"
    return Observation("at_risk", number * _DAY, headroom=blocks, **values)


def leak(nights: int) -> list[Observation]:
    """100 requests fewer each night, give or take three; 700 are left on the last."""
    return [night(number, 700 + 100 * (nights - 1 - number) + (number % 3)) for number in range(nights)]


def test_a_leak_is_told_with_its_pace_and_its_end() -> None:
    *past, now = leak(10)
    told = forecast(past, now)
    assert told["state"] == "falling" and told["audits"] == 10 and told["since"] == "1970-01-01T00:00:00Z"
    assert told["per_day"] == pytest.approx(-100, abs=1)
    assert told["exhausted_earliest"] is not None and told["exhausted_latest"] is not None
    assert told["exhausted_earliest"] <= "1970-01-17T00:00:00Z" <= told["exhausted_latest"]


@pytest.mark.parametrize(("nights", "state"), [(1, "too_few_audits"), (5, "too_few_audits"), (6, "falling")])
def test_few_audits_tell_nothing(nights: int, state: str) -> None:
    *past, now = leak(nights)
    told = forecast(past, now)
    assert told["state"] == state and (told["exhausted_earliest"] is not None) is (state == "falling")


def test_a_steady_host_has_no_trend() -> None:
    *past, now = [night(number, 1000 + (number * 7919) % 13) for number in range(20)]
    told = forecast(past, now)
    assert (told["state"], told["per_day"], told["exhausted_earliest"]) == ("no_trend", None, None)


def test_a_slow_fall_ends_not_soon() -> None:
    *past, now = [night(number, 10**6 - number) for number in range(20)]
    told = forecast(past, now)
    assert (told["state"], told["exhausted_earliest"], told["exhausted_latest"]) == ("falling", None, None)


@pytest.mark.parametrize(
    "other", [{"booted_epoch_seconds": 5 * _DAY}, {"kernel": "2.6.32-431.el6"}, {"step": 1}, {"min_free_kbytes": 262144}]
)
def test_what_was_before_another_boot_kernel_or_step_does_not_count(other: dict[str, Any]) -> None:
    past = [night(number, 1000, booted_epoch_seconds=other.get("booted_epoch_seconds", -1000)) for number in (0, 1)]
    assert comparable([*past, night(2, 1000, **{"booted_epoch_seconds": -1000, **other})], night(3, 1000))[0].at_epoch_seconds == 3 * _DAY


def test_a_boot_that_was_not_seen_is_not_taken_for_the_same() -> None:
    past = [one._replace(booted_epoch_seconds=None) for one in leak(10)]
    assert forecast(past[:-1], past[-1])["audits"] == 0


def test_a_night_without_an_answer_ends_nothing() -> None:
    past = leak(8)
    past[4] = Observation("unreachable", 4 * _DAY)
    assert forecast(past[:-1], past[-1])["audits"] == 7


def test_a_record_that_is_audited_again_is_one_point() -> None:
    assert forecast([night(1, 500)] * 9, night(1, 500))["audits"] == 1


def test_only_the_newest_points_count() -> None:
    *past, now = leak(100)
    assert forecast(past, now)["audits"] == MOST_POINTS


def test_an_order_that_the_host_does_not_have_tells_nothing() -> None:
    *past, now = leak(10)
    assert forecast(past, now._replace(order=9))["state"] == "too_few_audits"


def test_the_order_of_the_last_audit_is_followed_through_all() -> None:
    """An advisory that came in between changes what is looked at, not what was."""
    *past, now = [one._replace(headroom=f"0 0 5 {one.left(2)}") for one in leak(10)]
    assert forecast(past, now)["state"] == "no_trend"
    told = forecast(past, now._replace(order=3))
    assert (told["order"], told["state"], told["audits"]) == (3, "falling", 10)


@pytest.mark.parametrize("jump_days", [-400, -1, 1, 400])
def test_a_clock_that_jumps_is_no_trend(jump_days: int) -> None:
    """btime moves with the clock, so what was before the jump is of another boot as far as anyone can see."""
    nights = leak(20)
    nights[10:] = [
        one._replace(at_epoch_seconds=one.at_epoch_seconds + jump_days * _DAY, booted_epoch_seconds=-1000 + jump_days * _DAY)
        for one in nights[10:]
    ]
    told = forecast(nights[:-1], nights[-1])
    assert told["audits"] <= 10 and told["per_day"] == pytest.approx(-100, abs=1)


def test_two_hosts_that_take_turns_under_one_name_have_no_trend() -> None:
    """Each night the other one answers: another boot, so no two nights go together."""
    nights = [night(number, 1000 - 40 * number, booted_epoch_seconds=-1000 - 9 * _DAY * (number % 2)) for number in range(20)]
    assert forecast(nights[:-1], nights[-1])["state"] == "too_few_audits"
