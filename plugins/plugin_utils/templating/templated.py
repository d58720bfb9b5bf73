# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the filters and tests without Ansible: values of templates in, plain answers out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from functools import lru_cache
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.comparison import compare
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.explanation import explained
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import (
    Catalogue,
    load_catalogue,
    merge_site_advisories,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom import headroom
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host_reading import read_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import FactsError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.plan import plan
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import PolicyError, read_policy


class TemplatedError(Exception):
    """A value that a filter or test cannot use; ``option`` names the one at fault."""

    def __init__(self, option: str, fault: object) -> None:
        super().__init__(f"{option}: {fault}")
        self.option = option


def classify_value(facts: object, site_advisories: object = None) -> dict[str, Any]:
    """The result for one host's facts with its causes, the bundled catalogue merged with a site's own advisories.

    Raises TemplatedError naming ``facts`` or ``site_advisories``.
    """
    own = plain(site_advisories, "site_advisories")
    try:
        catalogue = _catalogue(json.dumps(own))
        host = plain(facts, "facts")
        return explained(classify(host, catalogue), host, catalogue=catalogue)
    except AdvisoryError as error:
        raise TemplatedError("site_advisories", error) from error
    except FactsError as error:
        raise TemplatedError(_fact(error), error.fault) from error


def plan_value(facts: object, policy: object = None, site_advisories: object = None) -> dict[str, Any]:
    """The workaround's plan for one host's facts. Raises TemplatedError naming ``facts``, ``policy`` or ``site_advisories``."""
    result: Any = classify_value(facts, site_advisories)
    catalogue = _catalogue(json.dumps(plain(site_advisories, "site_advisories")))
    chosen = plain(policy, "policy")
    if chosen is not None and not isinstance(chosen, Mapping):
        raise TemplatedError("policy", f"of type {type(chosen).__name__}, but a mapping is needed")
    try:
        return plan(plain(facts, "facts"), result, catalogue, read_policy(chosen, catalogue.workaround)).as_data()
    except PolicyError as error:
        raise TemplatedError("policy", error) from error


def headroom_value(facts: object) -> dict[str, Any] | None:
    """The headroom for one host's facts, None where they do not suffice. Raises TemplatedError naming ``facts``."""
    host = plain(facts, "facts")
    try:
        read_host(host)
    except FactsError as error:
        raise TemplatedError(_fact(error), error.fault) from error
    found: dict[str, Any] | None = headroom(host)
    return found


def compare_value(hosts: object, troubled: object = None) -> dict[str, Any]:
    """The comparison of hosts by their results. Raises TemplatedError naming ``hosts`` or ``troubled``."""
    results, names = plain(hosts, "hosts"), plain(troubled or [], "troubled")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TemplatedError("troubled", "a list of host names is needed")
    if not isinstance(results, dict):
        raise TemplatedError("hosts", "a mapping of host names to results is needed, as fleet.json has it under hosts")
    for name, result in results.items():
        _check_result(result, f"hosts.{clip(name, 40)}", by_symptom=not names)
    return compare(results, names)


def _check_result(result: object, path: str, *, by_symptom: bool) -> None:
    if not isinstance(result, dict):
        raise TemplatedError(path, f"of type {type(result).__name__}, but a result with symptom and facts is needed")
    if "facts" not in result or not isinstance(result["facts"], (dict, type(None))):
        raise TemplatedError(f"{path}.facts", "the mapping ansible_facts.pagealloc, or null, is needed")
    if by_symptom and ("symptom" not in result or not isinstance(result["symptom"], (bool, type(None)))):
        raise TemplatedError(f"{path}.symptom", "true, false or null is needed; without it, name the hosts in troubled")


def has_verdict(value: object, verdict: str) -> bool:
    """Whether a result has this verdict. Facts are judged first, by the bundled catalogue."""
    if not isinstance(value, Mapping):
        fault = f"of type {type(value).__name__}, but a result of classify or the mapping ansible_facts.pagealloc is needed"
        raise TemplatedError("input", fault)
    if "verdict" not in value:
        return bool(classify_value(value, [])["verdict"] == verdict)
    found = plain(value["verdict"], "verdict")
    if not isinstance(found, str) or found not in VERDICTS:
        raise TemplatedError("verdict", f"{clip(found, 40)!r} is not a verdict; use one of {', '.join(VERDICTS)}")
    return found == verdict


def _fact(error: FactsError) -> str:
    return f"facts.{error.key}" if error.key else "facts"


def plain(value: object, option: str) -> Any:
    """A copy of a template's value in plain Python types.

    ansible-core 2.19 and later hand in containers that template their content when touched, and strings and numbers
    that carry tags; earlier ones hand in strings marked unsafe. Raises TemplatedError for what is no data, an undefined
    variable for one.
    """
    try:
        return _plain(value, option)
    except RecursionError as error:
        raise TemplatedError(option, "nested too deeply") from error


def _plain(value: object, path: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {_plain(key, path): _plain(value[key], f"{path}.{clip(key, 40)}") for key in value}
    if isinstance(value, (list, tuple, Set)):
        return [_plain(one, f"{path}[{place}]") for place, one in enumerate(value)]
    raise TemplatedError(path, f"a value of type {type(value).__name__} is not data; perhaps a variable is undefined")


@lru_cache(maxsize=8)
def _catalogue(site_advisories: str) -> Catalogue:
    """Merged once for a site's list: a template asks again for every host."""
    return merge_site_advisories(load_catalogue(), json.loads(site_advisories))
