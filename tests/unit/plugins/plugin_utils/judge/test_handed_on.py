# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one audit hands on, and how old that may be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import save_transcript, unreached_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.handed_on import (
    facts_to_hand_on,
    taken_from_cache,
    taken_from_record,
    too_old,
)

NOW = 1_764_000_000
DAY = 86400
HEALTHY: dict[str, Any] = {"kernel": {"release": "4.18.0"}}


def verdict(gathered: Gathered) -> tuple[str, str]:
    result = judge_host(gathered, load_catalogue())
    return result["verdict"], result["reasons"][0]


@pytest.mark.parametrize(
    "gathered",
    [
        Gathered(HEALTHY),
        Gathered(None, "ssh: connect to host db1 port 22: Connection refused", unreachable=True),
        Gathered(None, "Connection timed out during banner exchange", unreachable=True),
        Gathered(None, "no complete evidence within 120 seconds", unreachable=True),
        Gathered(None, "evidence: the transcript is cut off"),
    ],
)
def test_what_was_handed_on_has_the_verdict_of_the_audit(gathered: Gathered) -> None:
    taken = taken_from_cache(facts_to_hand_on(gathered, NOW - 60), NOW, DAY)
    assert taken.facts == gathered.facts
    assert judge_host(taken, load_catalogue()) == judge_host(gathered, load_catalogue())


def test_facts_of_a_host_that_is_unreachable_since_are_not_believed() -> None:
    cached = facts_to_hand_on(Gathered(HEALTHY), NOW - 7200)
    cached.update(facts_to_hand_on(Gathered(None, "ssh: connect to host db1 port 22: Connection refused", unreachable=True), NOW - 60))
    assert cached["pagealloc"] == HEALTHY
    assert verdict(taken_from_cache(cached, NOW, DAY))[0] == "unreachable"


def test_facts_that_are_newer_than_a_failure_are_believed() -> None:
    cached = facts_to_hand_on(Gathered(None, "refused", unreachable=True), NOW - 7200)
    cached.update(facts_to_hand_on(Gathered(HEALTHY), NOW - 60))
    assert taken_from_cache(cached, NOW, DAY).facts == HEALTHY


@pytest.mark.parametrize(
    "cached",
    [
        {},
        {"ansible_distribution": "RedHat"},
        {"pagealloc": HEALTHY},
        {"pagealloc": HEALTHY, "pagealloc_gathered": None},
        {"pagealloc": HEALTHY, "pagealloc_gathered": "yesterday"},
        {"pagealloc": HEALTHY, "pagealloc_gathered": {}},
        {"pagealloc": HEALTHY, "pagealloc_gathered": {"at_epoch_seconds": str(NOW)}},
        {"pagealloc": HEALTHY, "pagealloc_gathered": {"at_epoch_seconds": True}},
        {"pagealloc": HEALTHY, "pagealloc_gathered": {"at_epoch_seconds": -1}},
        {"pagealloc": HEALTHY, "pagealloc_gathered": {"at_epoch_seconds": NOW - DAY - 1}},
        {"pagealloc": HEALTHY, "pagealloc_gathered": {"at_epoch_seconds": NOW + 301}},
        {"pagealloc": "gone", "pagealloc_gathered": {"at_epoch_seconds": NOW}},
        {"pagealloc_gathered": {"at_epoch_seconds": NOW}},
        {"pagealloc": HEALTHY, "pagealloc_gathered": {"at_epoch_seconds": NOW, "message": None}},
    ],
)
def test_what_does_not_tell_when_or_is_too_old_is_unknown(cached: dict[str, Any]) -> None:
    assert verdict(taken_from_cache(cached, NOW, DAY))[0] == "unknown"


def test_an_old_failure_is_unknown_too_and_its_words_do_not_make_a_verdict() -> None:
    cached = facts_to_hand_on(Gathered(None, "no complete evidence within 120 seconds", unreachable=True), NOW - 3 * DAY)
    assert verdict(taken_from_cache(cached, NOW, DAY))[0] == "unknown"


@pytest.mark.parametrize(
    ("age", "most", "told"),
    [
        (0, DAY, ""),
        (DAY, DAY, ""),
        (DAY + 1, DAY, "The last audit of this host was 1 day ago, and the limit is 1 day"),
        (2 * DAY + 3 * 3600 + 59, DAY, "2 days 3 hours ago"),
        (90, 60, "1 minute 30 seconds ago, and the limit is 1 minute"),
        (400 * DAY, 0, ""),
        (-300, DAY, ""),
        (-301, DAY, "5 minutes 1 second in the future"),
        (-301, 0, "in the future"),
    ],
)
def test_the_age_is_told_in_words(age: int, most: int, told: str) -> None:
    said = too_old(NOW - age, NOW, most)
    assert (told in said) if told else said == ""


def test_a_record_is_as_old_as_its_file(tmp_path: Path) -> None:
    path = save_transcript(str(tmp_path), "db1", unreached_transcript("ssh: connect to host db1 port 22: Connection refused"))
    os.utime(path, (NOW - 60, NOW - 60))
    assert verdict(taken_from_record(path, NOW, DAY))[0] == "unreachable"
    os.utime(path, (NOW - 2 * DAY, NOW - 2 * DAY))
    assert verdict(taken_from_record(path, NOW, DAY)) == (
        "unknown",
        "The last audit of this host was 2 days ago, and the limit is 1 day (audit_facts_max_age_seconds).",
    )
    assert not taken_from_record(tmp_path / "db2.evidence", NOW, DAY).asked
