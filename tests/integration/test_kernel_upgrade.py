# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roll of the kernel_upgrade playbook through a real sshd, to hosts that are refused, and its programs in each shell.

What it does to a host that it takes is shown by tests/lab/test_kernel_upgrade.py.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.known_managers import MANAGERS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import (
    PACKAGES,
    PREFLIGHT,
    STATE,
    VERIFY,
    host_script,
    manager_program_of,
    program_of,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.state import read_state

from tests.conftest import cannot_run, tool
from tests.playbook import Ansible, inventory
from tests.sshd import Sshd, free_port, running_sshd

#: A machine of the first advisory, as far as the verdict goes; all else is this machine's own, which is no EL.
_POSES = {
    "uname": 'case $1 in -r) echo 2.6.32-358.el6.x86_64;; *) echo "Linux db 2.6.32-358.el6.x86_64 #1 SMP x86_64 GNU/Linux";; esac',
    "ethtool": "echo driver: mlx4_en",
}
#: The module itself is not there, and need not be.
_SITE = [{"id": "mlx4_en-rhel-6.4-order-2", "in_tree_only": False}]
_ADVISED = json.dumps({"pagealloc_advisories": _SITE})


@pytest.fixture(scope="module")
def posing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    programs = tmp_path_factory.mktemp("posing")
    for name, text in _POSES.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    with running_sshd(tmp_path_factory.mktemp("posing-sshd"), PATH=f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin") as server:
        yield server


def upgrade(ansible: Ansible, folder: Path, hosts: dict[str, Any], *words: str) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
    command = ("ansible-playbook", "fleetcare.pagealloc.kernel_upgrade", "-i", str(inventory(folder, hosts)), *words)
    done = ansible.run(*command, folder=folder, check=False)
    document = json.loads((folder / "pagealloc-upgrade" / "kernel_upgrade.json").read_text())
    return document["hosts"], done


def no_python(server: Sshd, address: str) -> dict[str, Any]:
    return {**server.variables(), "ansible_host": address, "ansible_python_interpreter": "/nonexistent/python"}


def test_the_first_host_that_is_refused_ends_the_roll(ansible: Ansible, sshd: Sshd, posing: Sshd, tmp_path: Path) -> None:
    hosts = {
        "a-clear": no_python(sshd, "127.0.4.1"),
        "b-refused": no_python(posing, "127.0.4.2"),
        "c-pending": no_python(posing, "127.0.4.3"),
    }
    if not list(Path("/sys/class/net").glob("*/device")):
        cannot_run("this machine has no network card that could pose as another")
    found, done = upgrade(ansible, tmp_path, hosts, "-e", _ADVISED)
    assert done.returncode == 2
    assert {name: host["outcome"] for name, host in found.items()} == {
        "a-clear": "untouched",
        "b-refused": "refused",
        "c-pending": "pending",
    }
    assert found["b-refused"]["verdict"] == "at_risk"
    blockers = {one["check"] for one in found["b-refused"]["findings"] if one["state"] == "blocker"}
    assert {"distribution", "package_manager", "boot_loader"} <= blockers, "all at once"
    table = done.stdout[done.stdout.index("HOST ") : done.stdout.index("Report: ")]
    assert max(map(len, table.splitlines())) <= 80
    assert "is not of the Enterprise" in table


def test_a_tasks_own_failed_when_is_heeded(ansible: Ansible, posing: Sshd, tmp_path: Path) -> None:
    """What an action raises passes it by; a refusal is a result."""
    tasks = [
        {"fleetcare.pagealloc.kernel_preflight": {"site_advisories": _SITE}, "register": "seen", "failed_when": False},
        {"ansible.builtin.assert": {"that": ["': refused, ' in seen.msg", "seen.upgrade.verdict == 'at_risk'"]}},
    ]
    ansible.play(tmp_path, {"db": no_python(posing, "127.0.4.1")}, tasks)


def test_a_host_that_cannot_be_reached_ends_it_too_and_is_named(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    gone = {**no_python(sshd, "127.0.4.1"), "ansible_port": free_port()}
    found, done = upgrade(ansible, tmp_path, {"a-gone": gone, "b-pending": no_python(sshd, "127.0.4.2")})
    assert done.returncode == 2
    assert {name: host["outcome"] for name, host in found.items()} == {"a-gone": "unreachable", "b-pending": "pending"}
    assert "Connection refused" in found["a-gone"]["why"]


def test_cancelling_where_nothing_is_scheduled_changes_nothing(ansible: Ansible, posing: Sshd, tmp_path: Path) -> None:
    found, done = upgrade(ansible, tmp_path, {"db": no_python(posing, "127.0.4.1")}, "-e", "kernel_upgrade_reboot=cancel")
    assert (done.returncode, found["db"]["outcome"]) == (0, "cancelled")
    assert "changed=0" in done.stdout


@pytest.mark.parametrize("shell", ["dash", "busybox ash", "bash --posix", "ksh93", "mksh"])
def test_the_programs_run_in_each_shell(shell: str) -> None:
    first, *rest = shell.split()
    command = [tool(first, {"ksh93": "ksh93u+m"}.get(first, first)), *rest]
    settings = {"target": "6.1.0-431.el9.x86_64", "package": "6.1.0-431.el9.x86_64", "drivers": "mlx4_en", "local_time": "2026-12-01 02:30"}
    programs = {parts: program_of("n", *parts, managers=" ".join(one.name for one in MANAGERS), **settings) for parts in (PREFLIGHT, STATE)}
    for manager in MANAGERS:
        for parts in (PACKAGES, VERIFY, ("held",), ("contents",)):
            programs[(manager.name, *parts)] = manager_program_of("n", manager, *parts, what="kernel-6.1", **settings)
    for parts, program in programs.items():
        done = subprocess.run([*command, "-c", program], capture_output=True, text=True, check=True, timeout=120)
        evidence = read_transcript(done.stdout, "n")
        assert evidence.whole and done.stderr == ""
        if "state" in parts:
            state = read_state(evidence)
            assert state.clock > 1_700_000_000 and state.boot_id and "$at" in evidence.texts
    assert subprocess.run([*command, "-n", "-c", host_script()], check=False).returncode == 0
