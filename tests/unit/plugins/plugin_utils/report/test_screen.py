# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table in Ansible's colours: on the screen where it writes in colours at all, and never in its log."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.utils import color
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.screen import coloured

from tests.conftest import SAMPLE_FLEET
from tests.playbook import own


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_a_colour_where_there_are_colours(verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(color, "ANSIBLE_COLOR", True)
    assert coloured(verdict, "x").startswith("\x1b[") and coloured("odd", "x") == "x"
    monkeypatch.setattr(color, "ANSIBLE_COLOR", False)
    assert coloured(verdict, "x") == "x"


def test_the_screen_has_colours_and_the_log_has_none(tmp_path: Path) -> None:
    log = tmp_path / "ansible.log"
    hosts = {"db03": {"audit_evidence": str(SAMPLE_FLEET / "evidence" / "db03-el64-seed.evidence")}}
    environment = {"ANSIBLE_NOCOLOR": "0", "ANSIBLE_FORCE_COLOR": "1", "ANSIBLE_LOG_PATH": str(log)}
    _fleet, done = own().audit(tmp_path, hosts, **environment)
    row = next(line for line in done.stdout.split("\n") if line.startswith("db03 "))
    assert "\x1b[0;31maffected\x1b[0m" in row
    written = log.read_text()
    assert written.count("ORDER-2") == 1 and "\x1b" not in written
