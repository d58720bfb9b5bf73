# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each advisory is right about the hosts that stand beside it as data. A new advisory needs its two files and nothing here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import ADVISORIES, load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import facts, kernel, nic

CATALOGUE = load_catalogue()


def told_hosts(advisory: Advisory) -> list[dict[str, Any]]:
    path = ADVISORIES / f"{advisory.id}.hosts.yml"
    assert path.is_file(), f"the advisory {advisory.id} has no hosts beside it: write {path.name}"
    hosts: list[dict[str, Any]] = yaml_load(path.read_text(encoding="utf-8"))["hosts"]
    return hosts


def facts_of(told: dict[str, Any], advisory: Advisory) -> dict[str, Any]:
    card = nic("eth0", told.get("driver", advisory.driver), bus_driver=advisory.bus_driver, in_tree=told.get("in_tree", True))
    return facts(kernel=kernel(told["kernel"], told.get("distribution", "rhel")), nics=[card])


def cases() -> Iterator[Any]:
    for advisory in CATALOGUE.advisories:
        for told in told_hosts(advisory):
            yield pytest.param(advisory, told, id=f"{advisory.id}-{told['kernel']}-{told.get('distribution', 'rhel')}")


@pytest.mark.parametrize(("advisory", "told"), list(cases()))
def test_what_is_said_of_the_hosts_beside_it(advisory: Advisory, told: dict[str, Any]) -> None:
    assert set(told) <= {"kernel", "distribution", "driver", "in_tree", "verdict"}
    result = classify(facts_of(told, advisory), replace(CATALOGUE, advisories=(advisory,)))
    assert result["verdict"] == told["verdict"], result["reasons"]


@pytest.mark.parametrize("advisory", CATALOGUE.advisories, ids=lambda one: one.id)
def test_its_hosts_stand_on_both_sides(advisory: Advisory) -> None:
    assert {"at_risk", "clear"} <= {told["verdict"] for told in told_hosts(advisory)}


def test_a_file_is_named_by_its_advisory_and_no_other_lies_there() -> None:
    wanted = {name for advisory in CATALOGUE.advisories for name in (f"{advisory.id}.yml", f"{advisory.id}.hosts.yml")}
    assert {path.name for path in ADVISORIES.iterdir()} == wanted | {"schema.json"}
