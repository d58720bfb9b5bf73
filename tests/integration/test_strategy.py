# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a fleet is made once, whichever strategy the configuration or a play names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import SAMPLE_FLEET
from tests.playbook import Ansible

HOSTS = {name: {"audit_evidence": str(SAMPLE_FLEET / "evidence" / f"{name}.evidence")} for name in ("db02-el64", "db05-el65", "app11-el9")}
ROLE = [{"ansible.builtin.import_role": {"name": "fleetcare.pagealloc.audit"}}]


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_the_playbook_reports_once_whatever_the_configuration_says(ansible: Ansible, strategy: str, tmp_path: Path) -> None:
    fleet, done = ansible.audit(tmp_path, HOSTS, ANSIBLE_STRATEGY=strategy)
    assert done.stdout.count("Report: ") == 1
    assert set(fleet["hosts"]) == set(HOSTS) and fleet["counts"]["unknown"] == 0


@pytest.mark.parametrize("strategy", ["free", "ansible.builtin.host_pinned"])
def test_a_play_in_which_each_host_would_report_is_refused_before_any_is_asked(ansible: Ansible, strategy: str, tmp_path: Path) -> None:
    done = ansible.play(tmp_path, HOSTS, ROLE, check=False, strategy=strategy)
    assert done.returncode == 2 and "Use strategy: linear in the play" in " ".join(done.stdout.split())
    assert "Gather the evidence" not in done.stdout and not (tmp_path / "pagealloc-report").exists()


def test_a_batch_of_one_host_may_have_any_strategy(ansible: Ansible, tmp_path: Path) -> None:
    ansible.play(tmp_path, {"db05-el65": HOSTS["db05-el65"]}, ROLE, strategy="free")
    assert (tmp_path / "pagealloc-report" / "fleet.json").exists()
