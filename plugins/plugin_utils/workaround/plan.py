# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the facts of a host, its verdict and a policy to the values that help it, with a sentence for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import SETTINGS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import NEWER
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import Result
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import Host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host_reading import read_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.symptom import symptom
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.asked import asked_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.limits import (
    Limit,
    UnknownLimitError,
    short_of_memory_kb,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import Policy
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.all_remedies import REMEDIES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.remedy import Case, Remedy, Wish, missing

#: What to do -> what that means.
DECISIONS = {
    "none": "this host does not need the workaround",
    "keep": "the values in force are enough, or have not had time to work",
    "apply": "apply the values",
    "exhausted": "the workaround has reached its limit and does not help; only another kernel helps",
    "refuse": "no step is safe, or needed data is missing",
    "mend": "an earlier run was interrupted: finish or undo it first",
}


#: The remedy that belongs to every step.
_MAIN = REMEDIES[0]


@dataclass(frozen=True)
class Plan:
    """``decision`` is a key of DECISIONS. ``values``: setting -> new value; all None unless it is ``apply``. With ``apply``, None means
    that the setting stays. ``before``: the present values. ``step`` counts from 1. ``cap_kb``: the limit of vm.min_free_kbytes.
    ``short_kb``: if less memory is available afterwards, the step is undone. ``sentences`` have the calculation, the most important
    first."""

    decision: str
    step: int | None
    steps_kb: list[int]
    cap_kb: int | None
    short_kb: int | None
    values: Mapping[str, int | None]
    before: Mapping[str, int | None]
    sentences: list[str]

    def as_data(self) -> dict[str, Any]:
        """The plan for templates and reports, each value under its setting's name."""
        data = asdict(self)
        values, before, sentences = (data.pop(name) for name in ("values", "before", "sentences"))
        return {**data, **values, "before": before, "sentences": sentences}


def plan(facts: Mapping[str, Any], result: Result, catalogue: Catalogue, policy: Policy) -> Plan:
    """The plan for one host. ``result`` is the result of classify for these facts. Both must have the right shape."""
    host = read_host(facts)
    symptom_there = _is_symptom_trusted(host, result, catalogue)
    asked = asked_of(facts, result, catalogue, policy, trusted=symptom_there)
    case = Case(host, result, asked.values, policy, symptom_there, asked.why)
    if host.record is not None and host.record.phase in ("pending", "leaving"):
        return _plan(case, "mend", ["An earlier run was interrupted on this host. It is finished or undone first."])
    if not _wanted(case):
        return _plan(case, "none", [f"A host with the verdict {result['verdict']} does not need the workaround."])
    unseen = _unseen(host)
    if unseen:
        return _plan(case, "refuse", [unseen])
    lacking = _lacking(case)
    if lacking:
        return _plan(case, "refuse", lacking)
    return _step(case)


def _is_symptom_trusted(host: Host, result: Result, catalogue: Catalogue) -> bool:
    named = [advisory.thresholds for advisory in catalogue.advisories if advisory.id in result["advisories"]]
    findings = [symptom(host, result["headroom"], None, limits) for limits in named or [catalogue.thresholds]]
    return result["symptom"] is True and any(finding.present and finding.trusted for finding in findings)


def _wanted(case: Case) -> bool:
    """Only hosts whose verdict needs it, unless forced. While a fix waits for its reboot, a host with the symptom needs it too."""
    if case.policy.force:
        return True
    helps = {remedy.action for remedy in REMEDIES} & {action["action"] for action in case.result["actions"]}
    if case.asked is None or (case.result["verdict"] == "reboot_pending" and not helps):
        return False
    return case.result["verdict"] in ("affected", "starved", "at_risk", "mitigated", "reboot_pending")


def _unseen(host: Host) -> str | None:
    """A sentence on missing data that is needed to restore the values later."""
    if host.min_free_kbytes is None:
        return f"vm.min_free_kbytes is not known{host.why('vm.min_free_kbytes', 'vm')}, so it could not be restored later."
    if host.record is None:
        return f"It is not known whether an earlier run is in force{host.why('workaround')}. Gather the evidence as root (become: true)."
    if host.nodes is None:
        return f"The memory zones are not known{host.why('zones')}."
    return None


def _lacking(case: Case) -> list[str]:
    """Sentences if this kernel lacks a setting that the operator named, or every wanted setting."""
    asked, named = case.asked or {}, case.policy.remedies or ()
    lacked = [one for one in REMEDIES if one.name in asked and one.name in (*NEWER, *named) and case.host.settings[one.name] is None]
    if not lacked or (len(lacked) < len(asked) and not any(one.name in named for one in lacked)):
        return []
    told = [f"vm.{one.name} should be set {case.why[one.name]}, but {missing(case, one.name, one.since)}." for one in lacked]
    return [*told, *(["Choose other settings in workaround_remedies for this host."] if named else [])]


def _step(case: Case) -> Plan:
    """The next step, if one is due and safe."""
    try:
        limits = {remedy: remedy.limits(case) for remedy in REMEDIES}
    except UnknownLimitError as error:
        return _plan(case, "refuse", [f"The limits of this host cannot be calculated: {error}."])
    wishes = {remedy: remedy.choose(case) for remedy in REMEDIES}
    told = [wish.because for wish in wishes.values() if wish.because]
    for remedy, wish in wishes.items():
        if wish.value is not None and limits[remedy] and wish.value > limits[remedy][0].most:
            return _too_far(case, remedy, wish.value, limits[remedy][0])
    limit = limits[_MAIN][0]
    if any(wish.value is not None for wish in wishes.values()):
        return _apply(case, wishes, told, limit)
    spent = case.standing and case.symptom and not case.settling
    only = [f"The workaround has reached its last step and the symptom is still there: {_what_is_left(case)}."] if spent else []
    return _plan(case, "exhausted" if spent else "keep", [*only, *told], limit)


def _what_is_left(case: Case) -> str:
    return "only a kernel with the fix helps" if case.result["advisories"] else "read the cause in the audit's report"


def _too_far(case: Case, remedy: Remedy, value: int, limit: Limit) -> Plan:
    total = (case.host.facts.get("memory") or {}).get("total_kb")
    in_kb = remedy is _MAIN and total and value >= total
    bytes_meant = f" {value} looks like bytes, but the unit is kB. Perhaps {value // 1024} is meant." if in_kb else ""
    step = "The next step" if remedy is _MAIN else f"vm.{remedy.name}"
    why = f"{step}, {value}{remedy.unit}, is not safe: {limit.because}.{bytes_meant}"
    if case.standing:
        return _plan(case, "exhausted", [f"The workaround has reached its limit: {_what_is_left(case)}.", why], limit)
    other = "Give smaller steps in workaround_steps_kb" if remedy is _MAIN else "Choose other settings in workaround_remedies"
    return _plan(case, "refuse", [why, f"{other}, or install a kernel with the fix."], limit)


def _apply(case: Case, wishes: Mapping[Remedy, Wish], sentences: list[str], limit: Limit) -> Plan:
    values = {remedy.name: _standing_value(case, remedy) if wish.value is None else wish.value for remedy, wish in wishes.items()}
    conflict = _conflict(case, values)
    if conflict and case.policy.conflicts == "refuse":
        return _plan(case, "refuse", [conflict, "Remove these lines from the files, or choose workaround_conflicts=override."], limit)
    made = _plan(case, "apply", sentences + ([f"{conflict} The file of the workaround is read after them."] if conflict else []), limit)
    # a step that raises no reserve is a step too
    step = max(1, sum(step <= (values[_MAIN.name] or 0) for step in case.steps))
    return replace(made, step=step, values=values, short_kb=short_of_memory_kb(case.host.facts, case.policy))


def _standing_value(case: Case, remedy: Remedy) -> int | None:
    """The value of a setting without a change: the value in force stays in the file for the next boot."""
    host = case.host
    if remedy is _MAIN:
        return host.settings[remedy.name]
    return host.record.values[remedy.name] if host.workaround_holds and host.record is not None else None


def _conflict(case: Case, values: Mapping[str, int | None]) -> str | None:
    """A sentence on other files that would set another value at boot."""
    others = [
        f"{clip(line.file, 60)} sets vm.{line.name} = {clip(line.value, 20)}"
        for line in case.host.boot_settings
        if line.file != SETTINGS and values.get(line.name) is not None and line.value != str(values[line.name])
    ]
    return f"Other files set the same value at boot: {listed(others, 4, 120)}." if others else None


def _plan(case: Case, decision: str, sentences: list[str], limit: Limit | None = None) -> Plan:
    cap = [f"The limit is {limit.most} kB: {limit.because}."] if limit and decision in ("apply", "keep") else []
    return Plan(
        decision=decision,
        step=case.host.record.step if case.host.record else None,
        steps_kb=case.steps,
        cap_kb=limit.most if limit else None,
        short_kb=None,
        values=dict.fromkeys(case.host.settings),
        before=case.host.settings,
        sentences=[*sentences, *cap],
    )
