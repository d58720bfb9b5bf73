# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_options, for each role that a play may name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.playbook import own

CHOICES: list[tuple[str, dict[str, Any], str]] = [
    ("kernel_upgrade", {}, ""),
    ("kernel_upgrade", {"pagealloc_output_dir": "/proc/no/such"}, "pagealloc_output_dir: "),
    ("kernel_upgrade", {"pagealloc_advisories": [{"id": "no driver"}]}, "pagealloc_advisories: "),
    ("kernel_upgrade", {"kernel_upgrade_reboot": "soon"}, "kernel_upgrade_reboot"),
    ("awx", {"awx_inventory": "servers"}, ""),
    ("nosuch", {}, "role: "),
]


def test_the_options_of_any_role_are_checked(tmp_path: Path) -> None:
    tasks: list[dict[str, Any]] = []
    for number, (role, variables, wanted) in enumerate(CHOICES):
        name = f"checked_{number}"
        check = {"fleetcare.pagealloc.check_options": {"role": role}, "vars": variables, "register": name, "ignore_errors": True}
        that = [f"{name} is failed", f"{name}.msg.startswith('{wanted}')" if wanted.endswith(" ") else f"'{wanted}' in {name}.msg"]
        tasks += [check, {"ansible.builtin.assert": {"that": that if wanted else [f"{name} is success"]}}]
    own().play(tmp_path, {"here": {"ansible_connection": "local"}}, tasks)
    assert (tmp_path / "pagealloc-upgrade").is_dir()
