# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs from a checkout is the checkout, whatever collection of the same name lies where Ansible looks for collections."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, SAMPLE_FLEET
from tests.playbook import inventory

_DECOY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.file": {"path": "{{ decoy }}", "state": "touch"}, "delegate_to": "localhost", "run_once": True}],
    }
]


def collection(folder: Path) -> Path:
    """A collection of our name, whose audit leaves a file."""
    playbooks = folder / "ansible_collections" / "fleetcare" / "pagealloc" / "playbooks"
    playbooks.mkdir(parents=True)
    (playbooks / "audit.yml").write_text(json.dumps(_DECOY))
    (playbooks.parent / "galaxy.yml").write_text("namespace: fleetcare\nname: pagealloc\nversion: 99.0.0\n")
    return folder


@pytest.mark.parametrize("place", ["home", "environment", "configuration"])
def test_an_audit_from_a_checkout_is_the_checkouts(place: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")} | {"HOME": str(home)}
    if place == "home":
        collection(home / ".ansible" / "collections")
    elif place == "environment":
        environment["ANSIBLE_COLLECTIONS_PATH"] = str(collection(tmp_path / "collections"))
    else:
        (home / ".ansible.cfg").write_text(f"[defaults]\ncollections_path = {collection(tmp_path / 'collections')}\n")
    hosts = inventory(tmp_path, {"db05": {"audit_evidence": str(SAMPLE_FLEET / "evidence" / "db05-el65.evidence")}})
    variables = {"pagealloc_output_dir": str(tmp_path / "report"), "decoy": str(tmp_path / "decoy")}
    command = [str(ROOT / "dev"), "audit", "-i", str(hosts), "-e", json.dumps(variables)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert not (tmp_path / "decoy").exists(), "another collection was run"
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(json.loads((tmp_path / "report" / "fleet.json").read_text())["hosts"]) == {"db05"}
