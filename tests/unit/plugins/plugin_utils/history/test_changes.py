# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line of a table for each change between two audits."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.changes import CHANGES, changes_of, with_new_verdict
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation

_BEFORE = Observation("clear", 1000, kernel="2.6.32-358.el6", booted_epoch_seconds=500, step=0)


def after(**changes: Any) -> Observation:
    return _BEFORE._replace(at_epoch_seconds=87400, **changes)


def kinds(before: Observation, now: Observation) -> list[str]:
    return list(changes_of({"a": before}, {"a": now}, whole_fleet=True))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"verdict": "affected"}, ["newly_affected"]),
        ({"verdict": "starved"}, ["newly_starved"]),
        ({"verdict": "stalled", "kernel": None, "booted_epoch_seconds": None, "step": None}, ["newly_stalled"]),
        ({"verdict": "unknown"}, []),
        ({"booted_epoch_seconds": 60000}, ["rebooted"]),
        ({"booted_epoch_seconds": 500 + 300}, []),
        ({"booted_epoch_seconds": 500 + 301}, ["rebooted"]),
        ({"booted_epoch_seconds": 60000, "kernel": "2.6.32-431.el6"}, ["kernel_changed"]),
        ({"step": 1}, ["workaround_put_in_force"]),
    ],
)
def test_one_change(changes: dict[str, Any], told: list[str]) -> None:
    assert kinds(_BEFORE, after(**changes)) == told


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("affected", "mitigated", ["cured"]),
        ("starved", "clear", ["cured"]),
        ("stalled", "unknown", []),
        ("affected", "affected", []),
        ("starved", "affected", ["newly_affected"]),
        ("mitigated", "clear", []),
    ],
)
def test_verdicts(before: str, now: str, told: list[str]) -> None:
    assert kinds(_BEFORE._replace(verdict=before), after(verdict=now)) == told


def test_a_step_that_was_not_seen_before_is_no_new_one() -> None:
    assert kinds(_BEFORE._replace(step=None), after(step=2)) == []


def test_a_host_that_was_not_asked_is_not_gone() -> None:
    before, now = {"a": _BEFORE, "b": _BEFORE}, {"b": after(), "c": after()}
    assert changes_of(before, now, whole_fleet=True) == {"gone": ["a"], "new": ["c"]}
    assert changes_of(before, now, whole_fleet=False) == {"new": ["c"]}


def test_a_verdict_is_new_once() -> None:
    before = {"a": _BEFORE, "b": _BEFORE._replace(verdict="affected")}
    now = {"a": after(verdict="affected"), "b": after(verdict="affected"), "c": after(verdict="affected")}
    assert with_new_verdict(before, now) == {"a", "c"}


def test_every_kind_says_what_it_means() -> None:
    assert all(meaning and not meaning.endswith(".") for meaning in CHANGES.values())
