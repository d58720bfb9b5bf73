# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attacks run on the cores that they name."""

from __future__ import annotations

from pathlib import Path

from tests.playbook import Ansible


def test_each_core_is_the_one_it_names(each_core: Ansible, tmp_path: Path) -> None:
    told = each_core.run("ansible", "--version", folder=tmp_path).stdout.split("\n")[0]
    assert each_core.version == "newest" or f"[core {each_core.version}." in told
