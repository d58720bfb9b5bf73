# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A judged host in; the same host with its account, its causes, and advice for them out."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.account import account_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.all_causes import CAUSE_NAMES, CAUSES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    CERTAINTIES,
    POSSIBLE,
    Cause,
    Evidenced,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.fleet_figures import fleet_figures
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import FIND_CAUSE, Action, Unhelpful
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue, load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host_reading import read_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.processor_time import HOST_SECONDS, limited_processor_time
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import fault

#: What a result has if there is nothing to explain.
NOTHING: dict[str, Any] = {"account": None, "causes": []}
#: The kernel of a host, and its account.
Seen = tuple[Mapping[str, Any], Mapping[str, Any]]
_Found = list[tuple[Cause, Evidenced]]


def explained(
    result: Mapping[str, Any],
    facts: Mapping[str, Any] | None,
    fleet: Mapping[str, Any] | None = None,
    catalogue: Catalogue | None = None,
    account: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The result of ``classify`` with ``account``, ``causes`` (the likeliest first; empty if the symptom is not there), ``unhelpful``, and
    ``actions`` for the causes.

    ``fleet``: figures of similar hosts (fleet_figures.py). ``catalogue``: the advisories of the result, by default the bundled ones.
    ``account``: that of the facts, if it is known. Raises FactsError for facts in another shape.
    """
    if facts is None or result["order"] is None:
        return {**result, **NOTHING}
    host = read_host(facts)
    account = account or account_of(host.facts)
    if not result["symptom"]:
        return {**result, **NOTHING, "account": account}
    situation = Situation.of(host, result, account, fleet, catalogue or load_catalogue())
    found = _found(situation)
    actions = _actions(result, found, situation)
    extra = {"account": account, "causes": [_told(cause, finding) for cause, finding in found], "actions": actions}
    return {**result, **extra, "unhelpful": _unhelpful(result, found, situation, actions)}


def settings_of_causes(result: Mapping[str, Any], facts: Mapping[str, Any], catalogue: Catalogue) -> dict[str, tuple[int, str]]:
    """{setting under /proc/sys/vm: (value, cause)} that the likeliest causes of a host need. A cause that is only possible gives nothing.
    A setting that another cause or an advisory calls useless is left out. Raises FactsError."""
    if result["order"] is None or not result["symptom"]:
        return {}
    host = read_host(facts)
    situation = Situation.of(host, result, account_of(host.facts), None, catalogue)
    leading = [cause for cause, finding in _leading(_found(situation)) if finding.certainty != POSSIBLE]
    wanted: dict[str, tuple[int, str]] = {}
    for cause in leading:
        wanted = {**{name: (value, cause.name) for name, value in cause.settings(situation).items()}, **wanted}
    useless = {one["action"] for one in (*result["unhelpful"], *(one for cause in leading for one in cause.unhelpful(situation)))}
    return {name: told for name, told in wanted.items() if not {f"set_{name}", f"raise_{name}"} & useless}


def seen_of(result: Mapping[str, Any]) -> Seen | None:
    """What the figures of the fleet need of a judged host, because all facts of a large fleet do not fit into memory. None if no facts
    were judged: then their shape is not known."""
    facts = result["facts"]
    if facts is None or result["order"] is None:
        return None
    return {"kernel": {"release": (facts.get("kernel") or {}).get("release")}}, account_of(facts)


def explain_fleet(
    hosts: MutableMapping[str, dict[str, Any]], seen: Mapping[str, Seen], catalogue: Catalogue | None = None
) -> MutableMapping[str, dict[str, Any]]:
    """The same hosts with each result explained, compared with hosts of its kernel and memory size. ``seen``: host -> the result of
    ``seen_of``, if it is not None.
    """
    figures = fleet_figures(seen)
    for name in list(hosts):
        account = seen[name][1] if name in seen else None
        hosts[name] = _whatever(hosts[name], account, figures.get(name), catalogue)
    return hosts


def _whatever(
    result: Mapping[str, Any], account: Mapping[str, Any] | None, fleet: Mapping[str, Any] | None, catalogue: Catalogue | None
) -> dict[str, Any]:
    """Never raises, so that one host cannot break the report of the fleet. ``account``: None of a host without facts."""
    try:
        with limited_processor_time(HOST_SECONDS):
            told = explained(result, None if account is None else result["facts"], fleet, catalogue, account)
            return {**told, "account": {**told["account"], "fleet": fleet}} if told["account"] else told
    except Exception as error:
        unclear = {"cause": CAUSE_NAMES[-1], "certainty": POSSIBLE, "reasons": [fault(error)], "figures": {}}
        return {**result, **NOTHING, "causes": [unclear] if result["symptom"] else []}


def _found(situation: Situation) -> _Found:
    """The causes that are found, the likeliest first; the last cause of the list if no other is found."""
    *known, otherwise = CAUSES
    found = [(cause, finding) for cause in known if (finding := cause.find(situation)) is not None]
    if not found:
        finding = otherwise.find(situation)
        return [(otherwise, finding)] if finding else []
    return sorted(_no_surer_than_their_root(found), key=lambda one: (_rank(one[1]), CAUSE_NAMES.index(one[0].name)))


def _no_surer_than_their_root(found: _Found) -> _Found:
    """If somebody keeps memory that should be given back, used-up or fragmented memory is only a consequence."""
    roots = [_rank(finding) for cause, finding in found if cause.is_root and finding.certainty != POSSIBLE]
    if not roots:
        return found
    least = min(roots)
    return [
        (cause, finding if cause.is_root or _rank(finding) >= least else replace(finding, certainty=CERTAINTIES[least]))
        for cause, finding in found
    ]


def _rank(finding: Evidenced) -> int:
    return CERTAINTIES.index(finding.certainty)


def _told(cause: Cause, finding: Evidenced) -> dict[str, Any]:
    return {"cause": cause.name, "certainty": finding.certainty, "reasons": list(finding.reasons), "figures": dict(finding.figures)}


def _unhelpful(result: Mapping[str, Any], found: _Found, situation: Situation, actions: list[Action]) -> list[Unhelpful]:
    """What the advisories and the likeliest causes call useless, each action once. An action that is asked for is never called useless."""
    asked = {one["action"] for one in actions}
    of_advisories = [one for one in result["unhelpful"] if one["action"] not in asked]
    every = of_advisories + [one for cause, _finding in _leading(found) for one in cause.unhelpful(situation) if one["action"] not in asked]
    return list({one["action"]: one for one in reversed(every)}.values())[::-1]


def _actions(result: Mapping[str, Any], found: _Found, situation: Situation) -> list[Action]:
    """The actions of the verdict, then those of the causes. An action that an advisory or a leading cause calls useless is left out."""
    judged: list[Action] = result["actions"]
    useless = {one["action"] for one in result["unhelpful"]}
    advice: list[Action] = []
    for cause, _finding in _leading(found):
        advice += [one for one in cause.advice(situation) if one["action"] not in useless]
        useless |= {one["action"] for one in cause.unhelpful(situation)}
    judged = [one for one in judged if one["action"] != FIND_CAUSE]
    known = {one["action"] for one in judged}
    return [*judged, *(one for one in advice if one["action"] not in known or one["action"] == "gather_missing")]


def _leading(found: _Found) -> _Found:
    """The causes that are more than possible; if there are none, the possible ones."""
    sure = [one for one in found if one[1].certainty != POSSIBLE]
    return sure or found
