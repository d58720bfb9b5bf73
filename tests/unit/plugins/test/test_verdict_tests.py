# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests `is fleetcare.pagealloc.VERDICT`: one for each verdict, on results and on facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.test import host_verdict
from ansible_collections.fleetcare.pagealloc.tests.conftest import ROOT
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import BY_VERDICT

HERE = ROOT / "plugins" / "test"
TESTS: dict[str, Callable[[Any], bool]] = host_verdict.TestModule().tests()


def test_there_is_one_for_each_verdict_with_its_documentation() -> None:
    assert set(TESTS) == {path.stem for path in HERE.glob("*.yml")} == set(VERDICTS)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_on_results(verdict: str) -> None:
    assert [other for other in VERDICTS if TESTS[verdict]({"verdict": other, "facts": None})] == [verdict]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_on_facts(verdict: str) -> None:
    assert [name for name, facts in BY_VERDICT.items() if TESTS[verdict](facts)] == [name for name in BY_VERDICT if name == verdict]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("clear", "input: of type str, but a result of classify or the mapping ansible_facts.pagealloc is needed"),
        (None, "input: of type NoneType"),
        ({}, "facts.kernel: missing"),
        ({"verdict": "fine"}, "verdict: 'fine' is not a verdict; use one of affected, starved"),
        ({"verdict": None}, "verdict: 'None' is not a verdict"),
    ],
)
def test_what_is_neither_is_named(value: Any, told: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        TESTS["clear"](value)
    assert f"fleetcare.pagealloc.clear: {told}" in str(raised.value)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_documentation_stands_beside_it(verdict: str) -> None:
    documents = yaml.safe_load((HERE / f"{verdict}.yml").read_text(encoding="utf-8"))
    assert list(documents) == ["DOCUMENTATION", "EXAMPLES", "RETURN"]
    assert documents["DOCUMENTATION"]["name"] == verdict
    assert documents["DOCUMENTATION"]["short_description"] == f"Whether the verdict is {verdict}: {VERDICTS[verdict]}"
    assert f"fleetcare.pagealloc.{verdict}" in documents["EXAMPLES"]
    assert yaml.safe_load(documents["EXAMPLES"])
