# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host ends: by its verdict or outcome, and by whether it was reached."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.host_end import audit_ends, workaround_ends
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OUTCOMES


def audited(**verdicts: str) -> dict[str, Any]:
    return {"hosts": {name: host(verdict, f"{name} says why", "more") for name, verdict in verdicts.items()}}


def host(verdict: str, *reasons: str) -> dict[str, Any]:
    return {"verdict": verdict, "reasons": list(reasons), "acknowledged": None}


def cured(verdict: str, outcome: str) -> dict[str, Any]:
    return {"hosts": {"db": {"verdict": verdict, "reasons": ["x"], "change": {"outcome": outcome, "sentences": ["this is why", "more"]}}}}


FLEET = audited(ill="affected", also="affected", well="clear", down="unreachable", slow="stalled")


@pytest.mark.parametrize(
    ("fail_on", "unreached", "counted", "failed", "unreachable"),
    [
        ([], [], None, set(), set()),
        (["affected"], [], None, {"ill", "also"}, set()),
        (["affected"], ["down"], None, {"ill", "also"}, {"down"}),
        (["affected", "stalled"], ["down"], {"also", "slow"}, {"also", "slow"}, {"down"}),
        (["affected"], [], set(), set(), set()),
        (["unreachable"], ["down"], None, {"down"}, set()),  # its verdict was asked for
        (["unreachable"], [], None, {"down"}, set()),  # by a record of another day
        ([], ["gone"], None, set(), set()),  # a host that is not in the report
    ],
)
def test_an_audit_fails_those_that_were_asked_for(
    fail_on: list[str], unreached: list[str], counted: set[str] | None, failed: set[str], unreachable: set[str]
) -> None:
    ends = audit_ends(FLEET, fail_on, unreached, counted)
    assert {name for name, end in ends.items() if end["result"] == "failed"} == failed
    assert {name for name, end in ends.items() if end["result"] == "unreachable"} == unreachable


def test_the_message_is_the_verdict_with_its_first_reason_and_bounded() -> None:
    assert audit_ends(FLEET, ["affected"], [])["ill"]["msg"] == "affected: ill says why"
    bare = {"hosts": {"a": host("unknown"), "b": host("unknown", "x" * 5000)}}
    ends = audit_ends(bare, ["unknown"], [])
    assert ends["a"]["msg"] == "unknown: no reason is known"
    assert len(ends["b"]["msg"]) <= 400


def test_a_host_whose_trouble_is_acknowledged_does_not_fail_and_is_unreachable_all_the_same() -> None:
    told = {"reason": "CHG0042", "until": "2026-12-24"}
    fleet = {"hosts": {name: {**one, "acknowledged": told if name in ("ill", "down") else None} for name, one in FLEET["hosts"].items()}}
    ends = audit_ends(fleet, ["affected", "unreachable"], ["down"])
    assert {name: end["result"] for name, end in ends.items()} == {"also": "failed", "down": "unreachable"}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_affected_host_that_was_left_as_it_was_fails(outcome: str) -> None:
    uncured = outcome in ("refused", "exhausted", "none")
    ends = workaround_ends(cured("affected", outcome), [], fail_uncured=True)
    assert ends == (
        {"db": {"result": "failed", "msg": f"affected, and the outcome of the workaround is {outcome}: this is why"}} if uncured else {}
    )
    assert workaround_ends(cured("affected", outcome), [], fail_uncured=False) == {}
    assert workaround_ends(cured("at_risk", outcome), [], fail_uncured=True) == {}


def test_a_host_that_was_not_reached_ends_so_unless_it_was_reached_after_all() -> None:
    gone = cured("unreachable", "unreachable")
    assert workaround_ends(gone, ["db"], fail_uncured=True) == {"db": {"result": "unreachable", "msg": "unreachable: this is why"}}
    assert workaround_ends(gone, [], fail_uncured=True) == {}
    assert workaround_ends(cured("clear", "applied"), ["db"], fail_uncured=True) == {}
