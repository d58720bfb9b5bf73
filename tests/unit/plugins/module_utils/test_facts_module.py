# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A facts module on this machine: the facts of its part and no others."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts_module import run_facts_module


def exits_with(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, **parameters: bool) -> Any:
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": parameters}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    with pytest.raises(SystemExit) as ended:
        run_facts_module(basic.AnsibleModule(dict.fromkeys(parameters, {"type": "bool"}), supports_check_mode=True), name, ())
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["changed"]) == (0, False)
    return told["ansible_facts"]["pagealloc"]


def test_a_module_exits_with_its_part(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    facts = exits_with(monkeypatch, capsys, "kernel_release_facts")
    assert facts["kernel"]["release"] == os.uname().release
    assert "zones" not in facts and "zones" not in facts["unavailable"]


@pytest.mark.parametrize("asked", [True, False])
def test_pagetypes_are_read_where_they_are_asked_for(
    asked: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = exits_with(monkeypatch, capsys, "buddyinfo_facts", pagetypeinfo=asked)
    assert (facts["pagetypes"] is not None or "pagetypes" in facts["unavailable"]) is asked
