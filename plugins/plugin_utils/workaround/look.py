# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a host: its facts, and the verdict, the state and the plan that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.explanation import explained
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import Snapshot, state
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.plan import Plan, plan
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import Policy


@dataclass(frozen=True)
class Look:
    """A host at one moment. ``order``: the order by which it is judged."""

    facts: Mapping[str, Any]
    order: int | None
    state: Snapshot
    plan: Plan

    @property
    def values(self) -> dict[str, int | None]:
        """The value of each setting that the workaround may change, None if it is not known."""
        vm = self.facts.get("vm") or {}
        return {name: vm.get(name) for name in KEYS}


def look_at(facts: Mapping[str, Any], catalogue: Catalogue, policy: Policy) -> Look:
    """The look from these facts. Raises FactsError."""
    result: Any = explained(classify(facts, catalogue), facts, catalogue=catalogue)
    return Look(facts, result["order"], state(facts, result), plan(facts, result, catalogue, policy))
