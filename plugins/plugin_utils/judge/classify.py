# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of one host and the advisories in, one verdict with its reasons out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge import advice
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory, Thresholds, on_pages_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory_told import advisory_told
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.counted_by import explained_by
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.criteria import (
    NO,
    REVIEW,
    UNSEEN,
    YES,
    Criterion,
    believing_the_bus,
    match,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom import headroom, why_unknown
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import Host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host_reading import read_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import FIXED, place_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.symptom import Symptom, symptom
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.told_together import told_of_others
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import SEVERITY, VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.workaround_in_force import workaround_in_force
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import FactsError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

__all__ = ["FactsError", "Result", "classify", "counts_by_verdict", "verdict_for_unreached"]


class Result(TypedDict):
    """The answer for one host. ``verdict`` is a key of VERDICTS; ``headroom`` has the shape of headroom.py; ``symptom``: it is there, it
    is not, or it is not known (None). ``order``: the host is judged by its headroom of this order. ``failures_up_to_order``: failures of
    this order or less count. Both are in pages of the host, and None for a host without facts."""

    verdict: str
    symptom: bool | None
    reasons: list[str]
    advisories: list[str]
    order: int | None
    failures_up_to_order: int | None
    headroom: dict[str, Any] | None
    actions: list[Action]
    unhelpful: list[Unhelpful]


@dataclass
class _Opinion:
    """What one advisory says of the host, or the look at the host without an advisory."""

    verdict: str
    reasons: list[str] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    missing: tuple[str, ...] = ()


class _Look:
    """One host under judgement: its findings are made once for each set of thresholds."""

    def __init__(self, facts: object, advisories: Iterable[Advisory]) -> None:
        self.host: Host = believing_the_bus(read_host(facts), advisories)
        self.headroom: dict[str, Any] | None = headroom(self.host.facts)
        self._why = None if self.headroom is not None else why_unknown(self.host.facts)
        self._findings: dict[Thresholds, Symptom] = {}

    def symptom(self, limits: Thresholds) -> Symptom:
        if limits not in self._findings:
            self._findings[limits] = symptom(self.host, self.headroom, self._why, limits)
        return self._findings[limits]

    def leaves_open(self, matched: list[Advisory]) -> bool:
        """Whether there may be failures, or missing blocks, that no matching advisory covers."""
        limits = [advisory.thresholds for advisory in matched]
        return all(one.by_trace for one in limits) or any(finding.set_aside for finding in self._findings.values())

    def orders(self) -> tuple[int, int]:
        """(order, failures_up_to_order) of the thresholds that were used; of several the largest, because its headroom ends first."""
        # a symptom that only a trace shows is not looked for in the free blocks
        looked = [one for one in self._findings if not one.by_trace] or list(self._findings)
        limits = [on_pages_of(self.host.page_size_bytes, one) for one in looked]
        return max(one.order for one in limits), max(one.failures_up_to_order for one in limits)

    def symptom_there(self) -> bool | None:
        """By any of the thresholds that were used."""
        if any(finding.present for finding in self._findings.values()):
            return True
        return None if any(finding.unseen for finding in self._findings.values()) else False


def classify(facts: object, catalogue: Catalogue) -> Result:
    """The verdict for one host.

    ``facts`` is the value of ``ansible_facts.pagealloc``. Every advisory gives an opinion. The worst one by the order of VERDICTS is the
    verdict. The result has the reasons of all, the most important first. ``advisories`` names those that match, and for ``needs_review``
    also those that may match.

    Raises FactsError for facts in another shape, AdvisoryError for a condition that gives no boolean.
    """
    look = _Look(facts, catalogue.advisories)
    every = [(advisory, *match(look.host, advisory)) for advisory in catalogue.advisories]
    noise = [(advisory, answers) for advisory, state, answers in every if advisory.is_noise and state == YES]
    judged = [one for one in every if not one[0].is_noise]
    opinions = [_opinion(look, *one) for one in judged if not one[2][0].folds]
    opinions += [
        _Opinion("clear", [told]) for told in told_of_others(look.host, [(one[0], one[2][0]) for one in judged if one[2][0].folds])
    ]
    matched = [advisory.id for advisory, state, _answers in judged if state == YES]
    if look.leaves_open([advisory for advisory, state, _answers in judged if state == YES]):
        opinions.append(_without_advisory(look, explained_by([advisory for advisory, _answers in noise], catalogue.thresholds)))
    opinions += [_of_noise(advisory, answers) for advisory, answers in noise]
    next_boot = [_next_boot(look.host, advisory) for advisory, state, _answers in judged if state == NO and _returns(look.host, advisory)]
    opinions = next_boot + opinions
    # A stable sort: opinions of one severity stay in the catalogue's order.
    opinions.sort(key=lambda opinion: SEVERITY[opinion.verdict])
    verdict = opinions[0].verdict
    if verdict == "needs_review":
        matched += [advisory.id for advisory, state, _answers in judged if state == REVIEW]
    order, failures_up_to_order = look.orders()
    return {
        "verdict": verdict,
        "symptom": look.symptom_there(),
        "reasons": _once(reason for opinion in opinions for reason in opinion.reasons),
        "advisories": matched,
        "order": order,
        "failures_up_to_order": failures_up_to_order,
        "headroom": look.headroom,
        "actions": _actions(opinions) + advice.take_back(look.host, unasked=verdict == "clear" and not next_boot),
        "unhelpful": advice.useless_by_advisories(advisory for advisory, state, _answers in judged if state == YES),
    }


def _opinion(look: _Look, advisory: Advisory, state: str, answers: tuple[Criterion, ...]) -> _Opinion:
    reasons = [answer.reason for answer in answers]
    if state == YES:
        return _matched(look, advisory, reasons)
    if state == UNSEEN:
        missing = tuple(datum for answer in answers for datum in answer.missing)
        asks = [] if missing else advice.review_kernel(look.host, advisory)
        return _Opinion("unknown", reasons, asks, missing)
    if state == REVIEW:
        return _Opinion("needs_review", reasons, advice.review(advisory))
    if state != NO:
        raise AssertionError(state)
    return _Opinion("clear", reasons)


def _of_noise(advisory: Advisory, answers: tuple[Criterion, ...]) -> _Opinion:
    """Failures that are known to be harmless do not make a verdict worse."""
    told = f"advisory {advisory.id} applies, and its failures only fill the log: {advisory.title}"
    return _Opinion("clear", [told, *(answer.reason for answer in answers), *advisory_told(advisory)])


def _matched(look: _Look, advisory: Advisory, why: list[str]) -> _Opinion:
    host, found = look.host, look.symptom(advisory.thresholds)
    reasons = [f"advisory {advisory.id} applies: {advisory.title}", *why, *found.reasons, *found.unseen, *advisory_told(advisory)]
    pending, said = _pending(host, advisory)
    if pending:
        held_up = advice.workaround(host, advisory) if found.present else []
        return _Opinion("reboot_pending", [said, *reasons], advice.reboot(host, advisory) + held_up)
    in_force, told = workaround_in_force(host, advisory)
    reasons += [sentence for sentence in (told, said) if sentence]
    helps = advice.workaround(host, advisory) + advice.upgrade(host, advisory)
    if found.present:
        return _Opinion("affected", [*found.reasons, *reasons], helps)
    if not in_force:
        if found.unseen:
            reasons.append("missing data may hide the symptom, so the host may already be affected")
        return _Opinion("at_risk", reasons, helps, found.missing)
    if found.unseen:
        return _Opinion("unknown", [*found.unseen, *reasons], helps, found.missing)
    return _Opinion("mitigated", [told, *reasons], helps)


def _pending(host: Host, advisory: Advisory) -> tuple[bool, str]:
    """(the fix only waits for a reboot, a sentence on it or "")."""
    spans, boots, fixed = advisory.kernel, host.default_boot, advice.first_fixed(host, advisory)
    if spans is None or fixed is None:
        return False, ""
    if boots is None:
        why = host.why("kernel.default_boot", "kernel")
        return False, f"the default kernel is not known{why}, so the fix may already be installed and wait for a reboot"
    if place_of(boots, spans, host.userland) != FIXED:
        return False, f"kernel {clip(boots)} boots by default and does not have the fix of {fixed}"
    if host.installed is not None and boots not in host.installed:
        return False, f"kernel {clip(boots)} is the default and has the fix, but it is not installed"
    running = clip(host.release)
    return True, f"kernel {clip(boots)} boots by default and has the fix of {fixed}, but {running} still runs"


def _returns(host: Host, advisory: Advisory) -> bool:
    """An advisory does not match the running kernel but matches the one that boots by default."""
    boots = host.default_boot
    if advisory.kernel is None or boots in (None, host.release) or (host.installed is not None and boots not in host.installed):
        return False
    kernel = {**(host.facts.get("kernel") or {}), "release": boots}
    return match(replace(host, release=boots, facts={**host.facts, "kernel": kernel}), advisory)[0] == YES


def _next_boot(host: Host, advisory: Advisory) -> _Opinion:
    """Clear until the next boot. The warning comes before the other sentences of a clear host."""
    warning = f"the next boot brings the fault of advisory {advisory.id}: kernel {clip(host.default_boot)} boots by default"
    return _Opinion("clear", [warning], advice.boot_another(host, advisory))


def _without_advisory(look: _Look, limits: Thresholds) -> _Opinion:
    found = look.symptom(limits)
    if found.present:
        return _Opinion("starved", [*found.reasons, *found.unseen], advice.starvation())
    if found.unseen:
        return _Opinion("unknown", [*found.unseen, *found.reasons], missing=found.missing)
    return _Opinion("clear", list(found.reasons))


def _actions(opinions: list[_Opinion]) -> list[Action]:
    """Every action once, in the words of the first advisory that asks for it. All missing data is in one action."""
    every = [action for opinion in opinions for action in opinion.actions]
    missing = [datum for opinion in opinions for datum in opinion.missing]
    if missing:
        every += advice.gather(missing)
    seen: dict[tuple[str, str], Action] = {(action["action"], action["description"]): action for action in every}
    return list(seen.values())


def _once(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))


def verdict_for_unreached(kind: str, message: str) -> Result:
    """The result for a host without facts.

    ``kind`` is ``stalled``, ``unreachable`` or ``unknown``; ``message`` is the message of the connection. Raises ValueError
    for another kind.
    """
    if kind not in ("stalled", "unreachable", "unknown"):
        raise ValueError(f"{kind!r} is not a verdict for a host without facts")
    return {
        "verdict": kind,
        "symptom": None,
        "reasons": [clip(message, 240) or VERDICTS[kind]],
        "advisories": [],
        "order": None,
        "failures_up_to_order": None,
        "headroom": None,
        "actions": advice.unreached(kind),
        "unhelpful": [],
    }


def counts_by_verdict(results: Mapping[str, Mapping[str, Any]] | Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many hosts have each verdict, every verdict of VERDICTS named, worst first.

    ``results`` are results, or a mapping of host names to them. Raises FactsError for an unknown verdict.
    """
    tally = dict.fromkeys(VERDICTS, 0)
    for verdict in _verdicts(results):
        if not isinstance(verdict, str) or verdict not in tally:
            raise FactsError("verdict", f"{clip(verdict, 40)!r} is not a verdict")
        tally[verdict] += 1
    return tally


def _verdicts(results: Mapping[str, Mapping[str, Any]] | Iterable[Mapping[str, Any]]) -> Iterator[object]:
    for result in results.values() if isinstance(results, Mapping) else results:
        yield result.get("verdict")
