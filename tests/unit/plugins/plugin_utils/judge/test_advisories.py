# Copyright (c) 2026, the fleetcare.pagealloc contributors
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
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import (
    facts,
    failure_group,
    kernel,
    memory_trouble,
    nic,
    no_failures,
)

CATALOGUE = load_catalogue()


def told_hosts(advisory: Advisory) -> list[dict[str, Any]]:
    path = ADVISORIES / f"{advisory.id}.hosts.yml"
    assert path.is_file(), f"the advisory {advisory.id} has no hosts beside it: write {path.name}"
    hosts: list[dict[str, Any]] = yaml_load(path.read_text(encoding="utf-8"))["hosts"]
    return hosts


def facts_of(told: dict[str, Any], advisory: Advisory) -> dict[str, Any]:
    driver = told.get("driver", (advisory.drivers or ("e1000e",))[0])
    card = nic("eth0", driver, bus_driver=advisory.bus_driver or driver, in_tree=told.get("in_tree", True), mtu=told.get("mtu", 1500))
    runs = kernel(told["kernel"], told.get("distribution", "rhel"))
    if runs["distribution"]:
        runs["distribution"]["version"] = told.get("distribution_version", runs["distribution"]["version"])
    runs["machine"] = told.get("machine", runs["machine"])
    log = failed(told["failure"]) if "failure" in told else no_failures()
    log["others"] = [memory_trouble(told["report"])] if "report" in told else []
    return facts(kernel=runs, nics=[card], failures=log, page_size_bytes=told.get("page_size_bytes", 4096))


def failed(told: dict[str, Any]) -> dict[str, Any]:
    """A log with one failure: its ``order``, whether it is ``atomic``, the ``modules`` and ``functions`` in its trace."""
    group = failure_group(
        told["order"], atomic=told.get("atomic", True), drivers=told.get("modules", []), functions=told.get("functions", [])
    )
    return no_failures(count=1, by_order={str(told["order"]): 1}, groups=[group])


def cases() -> Iterator[Any]:
    for advisory in CATALOGUE.advisories:
        for number, told in enumerate(told_hosts(advisory), 1):
            yield pytest.param(advisory, told, id=f"{advisory.id}-{number}-{told['kernel']}-{told.get('distribution', 'rhel')}")


#: What may be said of a host beside an advisory, and its verdict; ``applies``: whether the advisory does, where the verdict does not tell.
KEYS = {
    "kernel",
    "distribution",
    "distribution_version",
    "machine",
    "driver",
    "in_tree",
    "mtu",
    "page_size_bytes",
    "failure",
    "report",
    "verdict",
    "applies",
}


@pytest.mark.parametrize(("advisory", "told"), list(cases()))
def test_what_is_said_of_the_hosts_beside_it(advisory: Advisory, told: dict[str, Any]) -> None:
    assert set(told) <= KEYS
    result = classify(facts_of(told, advisory), replace(CATALOGUE, advisories=(advisory,)))
    assert result["verdict"] == told["verdict"], result["reasons"]
    if "applies" in told:
        assert any(reason.startswith(f"advisory {advisory.id} applies") for reason in result["reasons"]) is told["applies"], result[
            "reasons"
        ]


@pytest.mark.parametrize("advisory", CATALOGUE.advisories, ids=lambda one: one.id)
def test_its_hosts_stand_on_both_sides(advisory: Advisory) -> None:
    hosts = told_hosts(advisory)
    assert "clear" in {told["verdict"] for told in hosts}
    if advisory.is_noise:
        assert {told.get("applies") for told in hosts} >= {True, False}
    else:
        assert {"at_risk", "affected"} & {told["verdict"] for told in hosts}


@pytest.mark.parametrize("advisory", CATALOGUE.advisories, ids=lambda one: one.id)
def test_each_of_its_bounds_has_a_host_on_it(advisory: Advisory) -> None:
    """And so one on either side: the first kernel past a bound is not told by the one before it."""
    releases = [told["kernel"] for told in told_hosts(advisory)]
    for bounds in advisory.kernel or ():
        told = {bounds.free_before, bounds.introduced, bounds.last_affected, bounds.fixed} - {None}
        assert [bound for bound in told if not any(release.startswith(str(bound)) for release in releases)] == []


def test_a_file_is_named_by_its_advisory_and_no_other_lies_there() -> None:
    wanted = {name for advisory in CATALOGUE.advisories for name in (f"{advisory.id}.yml", f"{advisory.id}.hosts.yml")}
    assert {path.name for path in ADVISORIES.iterdir()} == wanted | {"schema.json"}
