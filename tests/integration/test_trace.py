# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trace playbook through a real sshd, in check mode: no test here may trace this machine. A trace itself is for the lab (tests/lab)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.playbook import Ansible, inventory
from tests.sshd import Sshd


def ended(ansible: Ansible, folder: Path, hosts: dict[str, Any], *words: str) -> str:
    done = ansible.run(
        "ansible-playbook", "fleetcare.pagealloc.trace", "-i", str(inventory(folder, hosts)), "--check", *words, folder=folder, check=False
    )
    return " ".join((done.stdout + done.stderr).replace("\\n", " ").split())


def two(sshd: Sshd) -> dict[str, Any]:
    return {name: {"ansible_host": "127.0.0.1", **sshd.variables()} for name in ("one", "other")}


def test_it_runs_over_no_whole_inventory(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    said = ended(ansible, tmp_path, two(sshd))
    assert "The trace runs on named hosts alone. Name them with --limit or -e pagealloc_hosts=HOST,HOST" in said
    assert "named hosts alone" in ended(ansible, tmp_path, two(sshd), "--limit", "all")


def test_a_named_host_says_whether_it_can_be_traced(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    """Which of the two depends on the machine that runs this test."""
    for words in (("--limit", "one"), ("-e", "pagealloc_hosts=one")):
        said = ended(ansible, tmp_path, two(sshd), *words)
        assert "Nothing was turned on" in said or "one: refused: " in said, said
        assert "named hosts alone" not in said
        assert "other" not in said.partition("PLAY RECAP")[2]
    assert not (tmp_path / "pagealloc-trace" / "one.json").exists()


def test_a_wrong_option_is_named(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    assert "seconds: 301 is not between 4 and 300" in ended(ansible, tmp_path, two(sshd), "--limit", "one", "-e", "trace_seconds=301")
    assert "trace_order" in ended(ansible, tmp_path, two(sshd), "--limit", "one", "-e", "trace_order=high")
