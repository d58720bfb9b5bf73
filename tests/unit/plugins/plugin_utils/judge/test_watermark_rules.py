# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel has which watermark rule, and the table that says so."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.watermark_rules import read_table, rules_of
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT

PLUGIN_UTILS = ROOT / "plugins" / "plugin_utils"


@pytest.mark.parametrize(
    ("release", "rules"),
    [
        ("2.6.18-398.el5", ["before-4.4"]),
        ("2.6.32", ["before-4.4"]),
        ("2.6.32.69", ["before-4.4"]),
        ("2.6.32-5-amd64", ["before-4.4"]),
        ("2.6.32-279.el6.x86_64", ["before-4.4"]),
        ("2.6.32-358.el6.x86_64", ["before-4.4"]),
        ("2.6.32-358.23.2.el6.x86_64", ["before-4.4"]),
        ("2.6.32-358.23.2.el6.mpc07.x86_64", ["before-4.4"]),
        ("2.6.32-359.el6.x86_64", ["before-4.4", "rhel-6.5"]),
        ("2.6.32-429.99.el6.x86_64", ["before-4.4", "rhel-6.5"]),
        ("2.6.32-430.el6.x86_64", ["rhel-6.5"]),
        ("2.6.32-431.el6.x86_64", ["rhel-6.5"]),
        ("2.6.32-503.el6.centos.plus.x86_64", ["rhel-6.5"]),
        ("2.6.32-754.35.1.el6.i686", ["rhel-6.5"]),
        ("2.6.32-696.20.1.el6_9.x86_64.debug", ["rhel-6.5"]),
        ("2.6.32-rc8.el6", ["before-4.4", "rhel-6.5"]),
        ("2.6.32-400.36.1.el6uek.x86_64", ["before-4.4"]),
        ("2.6.39-400.17.1.el6uek.x86_64", ["before-4.4", "2.6.38-to-3.2"]),
        ("2.6.32-042stab108.8", ["before-4.4", "rhel-6.5"]),
        ("2.6.32-48-pve", ["before-4.4", "rhel-6.5"]),
        ("4.4.13-1-pve", ["since-4.4"]),
        ("4.4.248-1.el6.elrepo.x86_64", ["since-4.4"]),
        ("2.6.37-1-amd64", ["before-4.4"]),
        ("2.6.38-8-server", ["before-4.4", "2.6.38-to-3.2"]),
        ("3.2.27+", ["before-4.4", "2.6.38-to-3.2"]),
        ("3.3.0", ["before-4.4"]),
        ("3.10.0-1160.el7.x86_64", ["before-4.4"]),
        ("4.3.9", ["before-4.4"]),
        ("4.4.0", ["since-4.4"]),
        ("4.4", ["since-4.4"]),
        ("4.18.0-553.el8_10.x86_64", ["since-4.4"]),
        ("6.18.0", ["since-4.4"]),
    ],
)
def test_each_kernel_has_its_rule(release: str, rules: list[str]) -> None:
    assert [rule.name for rule in rules_of(release)] == rules


@given(st.from_regex(r"[0-9]{1,20}\.[0-9]{1,20}(\.[0-9]{1,9})?(-[0-9a-z._]{1,30})?", fullmatch=True))
def test_every_kernel_has_one(release: str) -> None:
    assert 1 <= len(rules_of(release)) <= 2


@pytest.mark.parametrize("release", ["", "3", "{{ 7*7 }}", "el6", "9" * 200])
def test_what_is_no_kernel_release_has_none(release: str) -> None:
    with pytest.raises(EvidenceError):
        rules_of(release)


def test_the_table_is_as_its_schema_says_and_names_rules_it_has() -> None:
    schema = json.loads((PLUGIN_UTILS / "judge" / "watermark_rules.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(read_table())
    named = {rule for kernels in read_table()["kernels"] for rule in kernels["rules"]}
    assert named == set(read_table()["rules"])
    assert set(read_table()["kernels"][-1]) == {"rules"}, "the last entry fits every kernel"


def test_the_schema_of_the_fleet_knows_every_rule() -> None:
    schema: Any = json.loads((ROOT / "docs" / "fleet.schema.json").read_text())
    assert schema["$defs"]["watermark_rule"]["enum"] == list(read_table()["rules"])
