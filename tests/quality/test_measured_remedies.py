# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is advised for a cause is held against what was measured: the table of docs/remedies.md."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import NEWER
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import classify_value
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.look import look_at
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import read_policy

from tests.conftest import ROOT
from tests.lab.remedies import NONE, PRESSURES, STRENGTHS
from tests.lab.remedies_table import HEADER, MEASURED, markdown, treated_before, write_remedies
from tests.unit.plugins.plugin_utils.builders import Facts, blank, no_record, zone
from tests.unit.plugins.plugin_utils.explain.test_causes import NEARLY_NONE, ROOMY, block, failed, host, memory

TEXT = (ROOT / "docs" / "remedies.md").read_text(encoding="utf-8")
_ROW = re.compile(r"\| (?P<trouble>[^|*]+) \| (?:none|`(?P<remedy>\w+)` (?P<strength>\d+)) \| (?P<runs>\d+) \|.*\| (?P<helps>yes|no|) \|")
_SCALE, _COMPACTION = NEWER


def starved(**over: object) -> Facts:
    """With all settings as every measured run begins with them."""
    seen = {"min_free_kbytes": 4000, "zone_reclaim_mode": 0, _SCALE: 10, _COMPACTION: 0, "boot_settings": []}
    return host(vm=blank("vm", **seen), workaround=no_record(), **over)


ROOM = {"zones": [zone(list(ROOMY), min_pages=1000)]}
#: A host that starves as the guests of each trouble do. What cannot be moved is most of its memory, or little of it.
HOSTS: Mapping[str, Facts] = {
    "bursts against a small reserve": starved(**ROOM, failures=failed(2, [block(NEARLY_NONE)])),
    "movable pages with holes": starved(memory=memory(slab=2)),
    "unmovable pages scattered": starved(memory=memory(slab=60, available=10)),
    "large requests": starved(memory=memory(slab=60, available=10), failures=failed(5)),
    "user memory pinned": starved(memory=memory(available=2), zones=[zone(list(ROOMY), min_pages=1000)], failures=failed(0)),
    "a node drained": starved(
        zones=[zone(list(ROOMY), node, min_pages=1000) for node in (0, 1)],
        failures=failed(2, [block(NEARLY_NONE), block([3000, 0, 16, 0], node=1)]),
    ),
}


def helped() -> dict[str, dict[str, set[str]]]:
    """Trouble -> remedy -> what the table says of it on any kernel, at any strength."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in filter(None, map(_ROW.match, TEXT.splitlines())):
        if row["remedy"]:
            found[row["trouble"]][row["remedy"]].add(row["helps"])
    return found


def advised(facts: Facts) -> set[str]:
    """The remedies that a person is advised, and those that the workaround would set."""
    words = {action["action"] for action in classify_value(facts)["actions"]}
    told = {name for name in STRENGTHS if words & {f"set_{name}", f"raise_{name}", name}}
    catalogue = load_catalogue()
    planned = look_at(facts, catalogue, read_policy({}, catalogue.workaround)).plan.values
    return told | {name for name, value in planned.items() if value not in (None, facts["vm"][name])}


def test_the_table_is_that_of_the_runs_that_are_kept(tmp_path: Path) -> None:
    found = write_remedies(treated_before(MEASURED, 1), 1, tmp_path / "remedies.json")
    assert {row["runs"] for row in found["table"]} == {5}
    assert markdown(found) in TEXT


def test_the_table_is_one_that_the_lab_wrote() -> None:
    assert HEADER in TEXT.splitlines()
    assert set(helped()) <= set(PRESSURES) == set(HOSTS)
    assert len(re.findall(r"^\| \*\*[56]\.\d+\.\d+", TEXT, re.MULTILINE)) == 2, "two kernels"
    assert {remedy for remedies in helped().values() for remedy in remedies} <= set(STRENGTHS) - {NONE}


@pytest.mark.parametrize("trouble", PRESSURES)
def test_the_host_that_stands_for_a_trouble_is_told_its_cause(trouble: str) -> None:
    found = classify_value(HOSTS[trouble])["causes"]
    assert PRESSURES[trouble].cause in [one["cause"] for one in found], found


@pytest.mark.parametrize("trouble", sorted(helped()))
def test_what_was_measured_to_be_useless_is_not_advised(trouble: str) -> None:
    table = helped()[trouble]
    useless = {remedy for remedy, said in table.items() if "no" in said and "yes" not in said}
    assert advised(HOSTS[trouble]) & useless == set()
