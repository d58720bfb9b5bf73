# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet audited in slices, and the one report of it that reaches no host."""

from __future__ import annotations

import json
import os
import re
import resource
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SAMPLE_FLEET
from tests.playbook import Ansible, inventory, own
from tests.sshd import Sshd, free_port


def fleet_of(sshd: Sshd) -> dict[str, dict[str, Any]]:
    here = sshd.variables()
    evidence = SAMPLE_FLEET / "evidence"
    return {
        "live1": {"ansible_host": "127.0.4.1", **here},
        "ill": {"audit_evidence": str(evidence / "db03-el64-seed.evidence")},
        "live2": {"ansible_host": "127.0.4.2", **here},
        "down": {"ansible_host": "127.0.0.1", **here, "ansible_port": free_port()},
        "never": {"ansible_host": "127.0.4.3", **here},
    }


def verdicts(fleet: dict[str, Any]) -> dict[str, str]:
    return {name: result["verdict"] for name, result in fleet["hosts"].items()}


def merged(ansible: Ansible, folder: Path, hosts: dict[str, Any], *words: str, check: bool = True, **environment: str) -> tuple[Any, str]:
    """(the merged fleet.json, what was said). No host can be reached by then."""
    gone = {name: {**variables, "ansible_port": 1} for name, variables in hosts.items()}
    command = ("ansible-playbook", "fleetcare.pagealloc.report", "-i", str(inventory(folder / "merged", gone)), *words)
    done = ansible.run(*command, folder=folder, check=check, **environment)
    document = folder / "pagealloc-report" / "fleet.json"
    return (json.loads(document.read_text()) if document.exists() else None), done.stdout + done.stderr


def audit_both(ansible: Ansible, folder: Path, hosts: dict[str, Any], *words: str, **environment: str) -> tuple[dict[str, Any], str]:
    first, _done = ansible.audit(folder, hosts, "--limit", "live1,ill", *words, **environment)
    second, done = ansible.audit(folder, hosts, "--limit", "live2,down", *words, check=False, **environment)
    assert done.returncode == 4, done.stdout + done.stderr  # one of them could not be reached
    return first["hosts"] | second["hosts"], done.stdout + done.stderr


def test_slices_by_the_fact_cache(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    hosts = fleet_of(sshd)
    cache = {
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "cache"),
    }
    audited, said = audit_both(ansible, tmp_path, hosts, **cache)
    assert "hosts that this audit did not cover (ill, live1)" in " ".join(said.split())
    assert len(list((tmp_path / "pagealloc-report" / "other-audits").glob("*/fleet.json"))) == 1
    # newer versions of Ansible put a prefix before the names
    cached = {path.name.removeprefix("s1_"): path for path in (tmp_path / "cache").iterdir()}
    assert set(cached) == {"live1", "ill", "live2", "down"}
    left = cached["down"].read_text()
    assert "pagealloc_gathered" in left and len(left) < 1000

    fleet, said = merged(ansible, tmp_path, hosts, **cache)
    for name, result in audited.items():
        same = ("verdict", "reasons", "facts", "headroom", "actions")
        assert {key: fleet["hosts"][name][key] for key in same} == {key: result[key] for key in same}
    assert verdicts(fleet)["down"] == "unreachable" and "refused" in fleet["hosts"]["down"]["reasons"][0]
    assert verdicts(fleet)["never"] == "unknown" and "No audit saved facts" in fleet["hosts"]["never"]["reasons"][0]
    assert not (tmp_path / "pagealloc-report" / "other-audits").exists()

    for name in ("live1", "down"):
        text, number = re.subn(
            r'(at_epoch_seconds\\?": )(\d+)', lambda found: f"{found[1]}{int(found[2]) - 3 * 86400}", cached[name].read_text()
        )
        assert number == 1
        cached[name].write_text(text)
    fleet, _said = merged(ansible, tmp_path, hosts, "-e", "audit_facts_max_age_seconds=172800", **cache)
    for name in ("live1", "down"):
        assert verdicts(fleet)[name] == "unknown"
        assert "last audit of this host was 3 days" in fleet["hosts"][name]["reasons"][0]
    assert verdicts(fleet)["ill"] == audited["ill"]["verdict"]


def test_slices_by_a_folder_of_evidence(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    hosts = fleet_of(sshd)
    folder = ("-e", f"audit_save_dir={tmp_path / 'evidence'}")
    audited, _said = audit_both(ansible, tmp_path, hosts, *folder)
    fleet, _said = merged(ansible, tmp_path, hosts, *folder)
    assert {name: fleet["hosts"][name]["verdict"] for name in audited} == {name: result["verdict"] for name, result in audited.items()}
    assert verdicts(fleet)["never"] == "unknown"
    old = time.time() - 3 * 86400
    os.utime(tmp_path / "evidence" / "live2.evidence", (old, old))
    fleet, _said = merged(ansible, tmp_path, hosts, *folder)
    assert verdicts(fleet)["live2"] == "unknown" and "last audit of this host was 3 days" in fleet["hosts"]["live2"]["reasons"][0]


@pytest.mark.parametrize("environment", [{}, {"ANSIBLE_CACHE_PLUGIN": "memory"}])
def test_without_either_it_says_what_is_missing(ansible: Ansible, sshd: Sshd, tmp_path: Path, environment: dict[str, str]) -> None:
    fleet, said = merged(ansible, tmp_path, fleet_of(sshd), check=False, **environment)
    assert fleet is None
    assert "fact_caching" in said and "audit_save_dir" in said


@pytest.mark.slow("a hundred hosts are audited")
def test_the_fact_cache_takes_more_hosts_than_a_process_may_have_files_open(own_sshd_hosts: dict[str, Any], tmp_path: Path) -> None:
    """Ansible's jsonfile leaves a file open for each host that it writes: of recorded hosts in our process, of live ones in its own."""
    cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "cache")}
    recorded = {f"r{number}": {"audit_evidence": str(SAMPLE_FLEET / "evidence" / "db05-el65.evidence")} for number in range(100)}
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        _fleet, done = own().audit(tmp_path, own_sshd_hosts | recorded, **cache)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "fact cache" not in done.stdout + done.stderr and "Too many open" not in done.stdout + done.stderr
    assert len(list((tmp_path / "cache").iterdir())) == len(own_sshd_hosts) + len(recorded)


@pytest.fixture
def own_sshd_hosts(sshd: Sshd) -> dict[str, Any]:
    return {f"live{number}": {"ansible_host": f"127.0.5.{number}", **sshd.variables()} for number in range(1, 61)}
