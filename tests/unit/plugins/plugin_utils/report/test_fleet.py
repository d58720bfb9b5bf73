# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what every host registered to the fleet's document: every host once, with any outcome."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import write_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from, select
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.facts_action import merged
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge import gathered as gathered_module
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import FAULT

from tests.conftest import SAMPLE_FLEET


def evidence(name: str) -> Any:
    return read_recorded(str(SAMPLE_FLEET / "evidence" / f"{name}.evidence"))


@pytest.mark.parametrize(
    ("registered", "verdict", "reason"),
    [
        (None, "unknown", "ended for this host before"),
        ("text", "unknown", "ended for this host before"),
        ({}, "unknown", "no facts"),
        ({"failed": True, "msg": "db1: evidence: the host's shell gave no output"}, "unknown", "no output"),
        ({"failed": True, "msg": "Task failed: Timed out after 9 second(s)."}, "stalled", "does not finish"),
        ({"unreachable": True, "msg": "Connection timed out during banner exchange"}, "stalled", "banner never arrives"),
        ({"unreachable": True, "msg": "ssh: connect to host x port 22: Connection refused"}, "unreachable", "Nothing listens"),
        ({"skipped": True, "skip_reason": "Conditional result was False"}, "unknown", "Conditional"),
        ({"ansible_facts": {"pagealloc": {}}}, "unknown", "cannot be judged"),
        ({"ansible_facts": None}, "unknown", "no facts"),
    ],
)
def test_what_became_of_a_host(registered: Any, verdict: str, reason: str) -> None:
    result = judge_host(Gathered.from_result(registered), load_catalogue())
    assert result["verdict"] == verdict and reason in result["reasons"][0]
    assert result["facts"] is None and result["actions"]


def test_facts_and_transcripts_are_judged_alike() -> None:
    record = evidence("db03-el64-seed")
    by_facts = Gathered.from_result({"ansible_facts": {"pagealloc": facts_from(record)}})
    by_transcript = Gathered.from_result({"transcript": write_transcript(record)})
    assert judge_host(by_facts, load_catalogue()) == judge_host(by_transcript, load_catalogue())
    assert judge_host(by_facts, load_catalogue())["verdict"] == "affected"


def test_every_host_is_in_the_document_once() -> None:
    gathered = {"a": Gathered(None, "gone", True), "b": Gathered(facts_from(evidence("db05-el65"))), "c": Gathered(None)}
    document = judge_fleet(gathered, [])
    assert list(document["hosts"]) == ["a", "b", "c"]
    assert set(document["counts"]) == set(VERDICTS) and sum(document["counts"].values()) == 3


def test_a_fault_of_ours_costs_one_host_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(facts: Any, catalogue: Any) -> Any:
        if facts["kernel"]["release"].startswith("2.6.32-431"):
            raise ZeroDivisionError("oops")
        return classify(facts, catalogue)

    classify = gathered_module.classify
    monkeypatch.setattr(gathered_module, "classify", broken)
    document = judge_fleet({name: Gathered(facts_from(evidence(name))) for name in ("db05-el65", "db02-el64")}, [])
    assert document["hosts"]["db02-el64"]["verdict"] == "at_risk"
    assert document["hosts"]["db05-el65"]["verdict"] == "unknown"
    assert document["hosts"]["db05-el65"]["reasons"][0].startswith(FAULT)


def test_a_condition_that_is_no_boolean_costs_only_the_host() -> None:
    site = [{"id": "mlx4_en-rhel-6.4-order-2", "condition": "kernel.release"}]
    document = judge_fleet({name: Gathered(facts_from(evidence(name))) for name in ("db02-el64", "app10-el7")}, site)
    assert document["hosts"]["db02-el64"]["verdict"] == "unknown" and "condition" in document["hosts"]["db02-el64"]["reasons"][0]
    assert document["hosts"]["app10-el7"]["verdict"] == "clear"


def test_facts_of_sisters_are_kept_and_their_reasons_with_them() -> None:
    facts = facts_from(evidence("sec15-denied-dmesg"))
    added: dict[str, Any] = {}
    for module in ("nic_driver_facts", "buddyinfo_facts", "kernel_release_facts", "buddyinfo_facts"):
        added = merged(added, select(facts, module))
    assert added == facts
    healed = {**select(facts, "buddyinfo_facts"), "failures": {"count": 0}, "unavailable": {}}
    assert "failures" not in merged(added, healed)["unavailable"], "an old reason goes with the old fact"
