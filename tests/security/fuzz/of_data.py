# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of any shape, as templates hand it to filters and as tasks register it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom_zones import UnknownHeadroomError, read_zones
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host_reading import read_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import FactsError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import (
    TemplatedError,
    classify_value,
    compare_value,
    has_verdict,
    headroom_value,
    plan_value,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OUTCOMES, change_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.plan import DECISIONS

from tests.security.attacks import handed
from tests.security.fuzz.properties import named, require, sound_document, unread_is_not_clear
from tests.security.fuzz.runner import Fuzzer
from tests.security.fuzz.site import SITE


def _filters(facts: Any) -> None:
    named(read_host, facts, errors=(FactsError,))
    named(read_zones, facts, errors=(UnknownHeadroomError,))
    for site in (None, SITE):
        result = named(classify_value, facts, site, errors=(TemplatedError,))
        require(result is None or result["verdict"] in VERDICTS, "a verdict that there is not")
        if result is not None:
            unread_is_not_clear(facts, result["verdict"])
        plan = named(plan_value, facts, None, site, errors=(TemplatedError,))
        require(plan is None or plan["decision"] in DECISIONS, "a decision that there is not")
    named(headroom_value, facts, errors=(TemplatedError,))
    named(has_verdict, facts, "clear", errors=(TemplatedError,))


def _compared(results: dict[str, Any]) -> None:
    for troubled in ([], list(results)[:2], ["no-such-host"]):
        found = named(compare_value, results, troubled, errors=(TemplatedError,))
        if found:
            json.dumps(found)


def _registered(given: dict[str, Any]) -> None:
    fleet = judge_fleet({name: Gathered.from_result(result) for name, result in given.items()}, SITE)
    sound_document(fleet, list(given))
    for result in given.values():
        require(change_of(result)["outcome"] in OUTCOMES, "an outcome that there is not")


def _some_registered(chance: Random) -> dict[str, Any]:
    return {f"h{number}": handed.registered(chance) for number in range(chance.choice((1, 3)))}


FUZZERS = (
    Fuzzer(
        "filters",
        "facts for the filters and tests",
        (read_host, read_zones, classify_value, plan_value, headroom_value, has_verdict),
        handed.facts,
        _filters,
    ),
    Fuzzer("compare", "results for the filter compare", (compare_value,), handed.results, _compared),
    Fuzzer("registered", "what tasks registered", (Gathered.from_result, change_of, judge_fleet), _some_registered, _registered),
)
