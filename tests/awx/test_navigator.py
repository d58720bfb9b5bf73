# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-navigator puts its artifact where the shipped settings say, and not among the controller's collections."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.playbook import Ansible, navigator

pytestmark = pytest.mark.slow("ansible-navigator is installed for it")


@pytest.fixture(scope="module")
def ansible() -> Ansible:
    return navigator()


@pytest.mark.parametrize("playbook", ["fleetcare.pagealloc.audit", "audit.yml"])
def test_the_artifact_is_in_a_folder_of_ones_own(ansible: Ansible, playbook: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "extensions" / "awx" / "project", folder)
    before = set((ROOT / "playbooks").iterdir())
    words = ("-i", "localhost,", "-e", "ansible_connection=local", "--execution-environment", "false", "--mode", "stdout")
    path = f"{ansible.programs}:/usr/local/bin:/usr/bin:/bin"
    said = ansible.run("ansible-navigator", "run", playbook, *words, folder=folder, PATH=path)
    assert "failed=0" in said.stdout
    assert [path.name.startswith("audit-") for path in (folder / "artifacts").iterdir()] == [True]
    assert set((ROOT / "playbooks").iterdir()) == before
