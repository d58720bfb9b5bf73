# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the facts of a host, its verdict and a policy to the values that help it, with a sentence for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import SETTINGS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import zone_reclaim_in_force
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Workaround
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import Result
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import Host, read_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.symptom import symptom
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.limits import (
    Limit,
    UnknownLimitError,
    limits,
    short_of_memory_kb,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import Policy

#: What to do -> what that means.
DECISIONS = {
    "none": "nothing asks for the workaround on this host",
    "keep": "what is in force is enough, or has not had its time yet",
    "apply": "put the values in force",
    "exhausted": "the workaround is as far as it may go and does not help: only the kernel does",
    "refuse": "no step is safe, or something needed was not seen",
    "mend": "an earlier run was cut: finish or undo it first",
}


class Plan(TypedDict):
    """``decision`` is a key of DECISIONS. The values to put in force are null unless it is ``apply``; kB, and as the kernel has
    them; a null ``zone_reclaim_mode`` of an ``apply`` leaves that alone. ``step`` counts from 1. ``short_kb``: less available
    memory than this afterwards means putting it back. ``sentences`` tell the arithmetic, the decisive one first."""

    decision: str
    step: int | None
    steps_kb: list[int]
    cap_kb: int | None
    short_kb: int | None
    min_free_kbytes: int | None
    zone_reclaim_mode: int | None
    before: dict[str, int | None]
    sentences: list[str]


@dataclass(frozen=True)
class _Case:
    """One host with all that a plan rests on. ``asked``: what the matching advisories want, None where nothing is asked. ``symptom``:
    it is there, and not by a log alone that users of the host can write to."""

    host: Host
    result: Result
    asked: Workaround | None
    policy: Policy
    symptom: bool

    @property
    def steps(self) -> list[int]:
        """What the advisories ask for, and the steps of the policy above that."""
        first = self.asked.min_free_kbytes if self.asked else None
        if first is None:
            return list(self.policy.steps_kb) if self.policy.force else []
        return [first, *(step for step in self.policy.steps_kb if step > first)]


def plan(facts: Mapping[str, Any], result: Result, catalogue: Catalogue, policy: Policy) -> Plan:
    """The plan for one host. ``result`` is what classify makes of these facts; both are taken to be in their shape."""
    host = read_host(facts)
    case = _Case(host, result, _asked(result, catalogue), policy, _is_symptom_trusted(host, result, catalogue))
    if host.record is not None and host.record.phase in ("pending", "leaving"):
        return _plan(case, "mend", ["An earlier run was cut on this host: what it left is finished or undone first."])
    if not _wanted(case):
        return _plan(case, "none", [f"The verdict {result['verdict']} asks for no workaround."])
    unseen = _unseen(host)
    if unseen:
        return _plan(case, "refuse", [unseen])
    return _step(case)


def _is_symptom_trusted(host: Host, result: Result, catalogue: Catalogue) -> bool:
    named = [advisory.thresholds for advisory in catalogue.advisories if advisory.id in result["advisories"]]
    findings = [symptom(host, result["headroom"], None, limits) for limits in named or [catalogue.thresholds]]
    return result["symptom"] is True and any(finding.present and finding.trusted for finding in findings)


def _asked(result: Result, catalogue: Catalogue) -> Workaround | None:
    """The workarounds of all matching advisories in one: the largest value, every bit of the modes."""
    named = set(result["advisories"]) if result["verdict"] in ("affected", "at_risk", "mitigated", "reboot_pending", "unknown") else ()
    asked = [advisory.workaround for advisory in catalogue.advisories if advisory.id in named and advisory.workaround]
    if not asked:
        return None
    values = [one.min_free_kbytes for one in asked if one.min_free_kbytes is not None]
    modes = [one.zone_reclaim_mode for one in asked if one.zone_reclaim_mode is not None]
    mode = None
    for bits in modes:
        mode = (mode or 0) | bits
    return Workaround(max(values, default=None), mode)


def _wanted(case: _Case) -> bool:
    """Only hosts whose verdict asks for it, unless forced. A fix that awaits its reboot asks where the symptom is there until then."""
    if case.policy.force:
        return True
    helps = {"raise_min_free_kbytes", "set_zone_reclaim_mode"} & {action["action"] for action in case.result["actions"]}
    if case.result["verdict"] == "reboot_pending":
        return bool(helps)
    return case.asked is not None and case.result["verdict"] in ("affected", "at_risk", "mitigated")


def _unseen(host: Host) -> str | None:
    """A sentence on what was not seen and is needed to give it back one day."""
    if host.min_free_kbytes is None:
        return f"vm.min_free_kbytes was not seen{host.why('vm.min_free_kbytes', 'vm')}, so it could not be given back."
    if host.record is None:
        return f"Whether an earlier run is in force was not seen{host.why('workaround')}. Gather with the rights of root."
    if host.nodes is None:
        return f"The memory zones were not seen{host.why('zones')}."
    return None


def _step(case: _Case) -> Plan:
    """The next step, where one is due and safe."""
    now = case.host.min_free_kbytes or 0
    try:
        found = limits(case.host.facts, now, case.policy)
    except UnknownLimitError as error:
        return _plan(case, "refuse", [f"No limit can be reckoned: {error}."])
    mode, told = _zone_reclaim(case)
    due = next((step for step in case.steps if step > now), None)
    standing = case.host.workaround_holds or (bool(case.steps) and now >= case.steps[0])
    if standing and not case.symptom:
        due, reason = None, _enough(case, now)
    elif standing and _settling(case):
        due, reason = None, f"The step in force is not {case.policy.settle_seconds} s old yet: it gets its time to help."
    elif due is None:
        reason = f"vm.min_free_kbytes is {now} kB, and there is no step above it."
    else:
        reason = _reason(case, now, due)
    if due is not None and due > found[0].kb:
        return _too_far(case, due, found[0], standing=standing)
    if due is None and mode is None:
        spent = standing and case.symptom and not _settling(case)
        only = ["The workaround is at its end and the symptom is still there: only a kernel with the fix helps."] if spent else []
        return _plan(case, "exhausted" if spent else "keep", [*only, reason, told], found[0])
    return _apply(case, due, mode, [reason, told], found[0])


def _enough(case: _Case, now: int) -> str:
    if case.result["symptom"] is not True:
        return f"vm.min_free_kbytes is {now} kB and no symptom came after it."
    told = "only a log that users of the host can write to tells of the symptom after it"
    return f"vm.min_free_kbytes is {now} kB, and {told}: that alone brings no further step."


def _reason(case: _Case, now: int, due: int) -> str:
    number = f"Step {case.steps.index(due) + 1} of {len(case.steps)}: vm.min_free_kbytes from {now} to {due} kB"
    if not case.asked:
        return f"{number}, since it was forced."
    return f"{number}, for advisory {listed(case.result['advisories'])}."


def _settling(case: _Case) -> bool:
    age = case.host.record.in_force_seconds if case.host.record else None
    return case.host.workaround_holds and age is not None and age < case.policy.settle_seconds


def _too_far(case: _Case, due: int, limit: Limit, *, standing: bool) -> Plan:
    total = (case.host.facts.get("memory") or {}).get("total_kb")
    bytes_meant = f" {due} looks like bytes; the unit is kB: {due // 1024}." if total and due >= total else ""
    why = f"The next step, {due} kB, is not safe: {limit.because}.{bytes_meant}"
    if standing:
        return _plan(case, "exhausted", ["The workaround is as far as it may go: only a kernel with the fix helps.", why], limit)
    return _plan(case, "refuse", [why, "Give smaller steps in workaround_steps_kb, or install a kernel with the fix."], limit)


def _zone_reclaim(case: _Case) -> tuple[int | None, str]:
    """(the mode to set, None to leave it alone; a sentence)."""
    host, wanted = case.host, case.asked.zone_reclaim_mode if case.asked else None
    now = host.zone_reclaim_mode
    if wanted is None:
        return None, "vm.zone_reclaim_mode is left alone: no advisory asks for it."
    if host.nodes == 1:
        return None, "vm.zone_reclaim_mode is left alone: it does nothing on a host with one memory node."
    if now is None:
        return None, f"vm.zone_reclaim_mode is left alone: the kernel does not have it{host.why('vm.zone_reclaim_mode')}."
    if not case.policy.zone_reclaim:
        return None, "vm.zone_reclaim_mode is left alone, as workaround_zone_reclaim says."
    if zone_reclaim_in_force(host, wanted):
        return None, f"vm.zone_reclaim_mode is {now} already."
    return now | wanted, f"vm.zone_reclaim_mode from {now} to {now | wanted}: the host has {host.nodes} memory nodes."


def _apply(case: _Case, due: int | None, mode: int | None, sentences: list[str], limit: Limit) -> Plan:
    host, steps = case.host, case.steps
    value = host.min_free_kbytes if due is None else due
    if value is None:  # _unseen refused such a host
        raise AssertionError("vm.min_free_kbytes was not seen")
    # what is in force stays in the file for the next boot
    if mode is None and host.workaround_holds and host.record is not None:
        mode = host.record.zone_reclaim_mode
    conflict = _conflict(case, value, mode)
    if conflict and case.policy.conflicts == "refuse":
        return _plan(case, "refuse", [conflict, "Take the lines out of these files, or choose workaround_conflicts=override."], limit)
    made = _plan(case, "apply", sentences + ([f"{conflict} Ours comes after them."] if conflict else []), limit)
    made["step"] = sum(step <= value for step in steps)
    made["min_free_kbytes"], made["zone_reclaim_mode"] = value, mode
    made["short_kb"] = short_of_memory_kb(host.facts, case.policy)
    return made


def _conflict(case: _Case, value: int, mode: int | None) -> str | None:
    """A sentence on the other files that would set something else at boot."""
    ours = dict(zip(KEYS, (value, mode), strict=True))
    others = [
        f"{clip(line.file, 60)} sets vm.{line.name} = {clip(line.value, 20)}"
        for line in case.host.boot_settings
        if line.file != SETTINGS and ours.get(line.name) is not None and line.value != str(ours[line.name])
    ]
    return f"Other files set the same at boot: {listed(others, 4, 120)}." if others else None


def _plan(case: _Case, decision: str, sentences: list[str], limit: Limit | None = None) -> Plan:
    cap = [f"The limit is {limit.kb} kB: {limit.because}."] if limit and decision in ("apply", "keep") else []
    return {
        "decision": decision,
        "step": case.host.record.step if case.host.record else None,
        "steps_kb": case.steps,
        "cap_kb": limit.kb if limit else None,
        "short_kb": None,
        "min_free_kbytes": None,
        "zone_reclaim_mode": None,
        "before": {"min_free_kbytes": case.host.min_free_kbytes, "zone_reclaim_mode": case.host.zone_reclaim_mode},
        "sentences": [*sentences, *cap],
    }
