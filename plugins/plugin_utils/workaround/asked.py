# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that a host needs, and who asks for them: its advisories, its causes or the operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.explanation import settings_of_causes
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import Result
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import listed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import Policy
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.all_remedies import REMEDIES


class Asked(NamedTuple):
    """``values``: the wanted values, by setting; None if nothing asks for a workaround. ``why``: a clause for each of them."""

    values: Mapping[str, int] | None
    why: Mapping[str, str]


def asked_of(facts: Mapping[str, Any], result: Result, catalogue: Catalogue, policy: Policy, *, trusted: bool) -> Asked:
    """First the advisories, then the causes; if the operator chose remedies, only those. ``trusted``: not only a log that users of the
    host can write to shows the symptom. Such users must not be able to make root change a setting."""
    by_advisories = _by_advisories(result, catalogue)
    by_causes = settings_of_causes(result, facts, catalogue) if trusted and result["verdict"] in ("affected", "starved") else {}
    values = {**{name: value for name, (value, _cause) in by_causes.items()}, **by_advisories}
    why = {name: f"because of its cause, {cause}" for name, (_value, cause) in by_causes.items()}
    why |= dict.fromkeys(by_advisories, f"for advisory {listed(result['advisories'])}")
    if policy.remedies is None or not (values or policy.force):
        return Asked(values or None, why)
    chosen = {one.name: values.get(one.name, one.usual(policy)) for one in REMEDIES if one.name in policy.remedies}
    return Asked(chosen, {**dict.fromkeys(chosen, "as workaround_remedies asks"), **why})


def _by_advisories(result: Result, catalogue: Catalogue) -> dict[str, int]:
    """The workarounds of all matching advisories in one."""
    named = set(result["advisories"]) if result["verdict"] in ("affected", "at_risk", "mitigated", "reboot_pending", "unknown") else ()
    asked = [one.workaround.settings for one in catalogue.advisories if one.id in named and one.workaround]
    values = {remedy: [one[remedy.name] for one in asked if remedy.name in one] for remedy in REMEDIES}
    return {remedy.name: remedy.joined(every) for remedy, every in values.items() if every}
