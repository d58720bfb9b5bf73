# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that lies about the frame, never ends or never stops sending, and records made to break their reader: each is in the report
once, with the reason, and every other host is as it was."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, SAMPLE_FLEET, cannot_run
from tests.playbook import Ansible, inventory, last_trusting, oldest
from tests.sshd import Sshd, listener

FINE = {"audit_evidence": str(SAMPLE_FLEET / "evidence" / "db03-el64-seed.evidence")}

#: What the probe would have printed first, with the nonce that the host was sent.
HEAD = """nonce=$(printf '%s' "$*" | tr -c '0-9a-zA-Z \\n-' '\\n' | sed -n 's/^pagealloc-evidence 1 //p' | head -n 1)
head="pagealloc-evidence 1 $nonce"
end="pagealloc-evidence end $nonce"
"""

LIARS = {
    "more behind it": 'echo "$head x"; echo "$end"',
    "within a line": 'echo "x$head"; echo "$end"',
    "the first line alone": 'echo "$head"',
    "twice": 'echo "$head x"; echo "$head"; echo "$end"',
    "a long line": 'echo "$head"; printf "/etc/sysctl.conf:"; head -c 400000 /dev/zero | tr "\\0" " "; echo; echo "$end"',
    "many sources": 'echo "$head"; seq -f "/x%.0f:1" 60000; echo "$end"',
    "many zones": 'echo "$head"; seq -f "/proc/buddyinfo:Node %.0f, zone A 1" 15000; echo "$end"',
    "many interfaces": 'echo "$head"; seq -f "/sys/class/net/n%.0f/mtu:1" 15000; echo "$end"',
    "many kernels": 'echo "$head"; seq -f "\\$kernels:kernel %.0f" 60000; echo "$end"',
}


def reported(fleet: dict[str, Any], *names: str) -> dict[str, Any]:
    """The results, having seen that each host is there once and that the one beside them is as it was."""
    hosts: dict[str, Any] = fleet["hosts"]
    assert set(hosts) == {*names, "fine"} and sum(fleet["counts"].values()) == len(names) + 1
    assert hosts["fine"]["verdict"] == "affected"
    return hosts


def test_hosts_that_lie_about_the_frame(each_core: Ansible, sshd: Sshd, account: Callable[[str], str], tmp_path: Path) -> None:
    users = {name: account(HEAD + script + "\n") for name, script in LIARS.items()}
    hosts: dict[str, Any] = {name: {"ansible_host": "127.0.7.1", **sshd.variables(user)} for name, user in users.items()}
    fleet, _done = each_core.audit(tmp_path, {**hosts, "fine": FINE})
    results = reported(fleet, *hosts)
    assert {name: result["verdict"] for name, result in results.items() if name != "fine"} == dict.fromkeys(hosts, "unknown")
    for name in ("more behind it", "within a line"):
        assert "no transcript" in results[name]["reasons"][0], "the action itself saw it"
    assert "the evidence ends" in results["the first line alone"]["facts"]["unavailable"]["zones"]
    assert "more than 20000 sources" in results["many sources"]["reasons"][0]
    assert "more zones than any kernel" in results["many zones"]["facts"]["unavailable"]["zones"]
    assert "only 4096 are read" in results["many interfaces"]["facts"]["unavailable"]["nics"]


def chain(folder: Path, first: str, last: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(2000):
        (folder / f"{first}{number or ''}").symlink_to(f"{first}{number + 1}" if number < 1999 else last)


def records(folder: Path) -> dict[str, Path]:
    """Hostile records of every kind that is read."""
    star = folder / "star"
    (star / "sys/class/net/*").mkdir(parents=True)
    (star / "sys/class/net/*/mtu").write_text("1500\n")
    chain(folder / "links/proc", "buddyinfo", "other")
    chain(folder, "chain", "star")
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "sosreport-pipe.tar.xz")
    (folder / "connection").write_text(
        "pagealloc-evidence 1 n\n!$connection:" + "during banner exchange " * 60000 + "\npagealloc-evidence end n\n"
    )
    (folder / "head").write_text("pagealloc-evidence 1 n x\n")
    (folder / "large").write_bytes(b"pagealloc-evidence 1 n\n" + b"/proc/modules:x\n" * 300000)
    return {path.name: path for path in folder.iterdir() if not path.name.startswith("chain")} | {"chain": folder / "chain"}


def test_records_that_are_made_to_break_their_reader(each_core: Ansible, tmp_path: Path) -> None:
    hosts = {name: {"audit_evidence": str(path)} for name, path in records(tmp_path / "records").items()}
    devices = {"kmsg": {"audit_evidence": "/proc/kmsg"}, "zero": {"audit_evidence": "/dev/zero"}}
    began = time.monotonic()
    fleet, _done = each_core.audit(tmp_path, {**hosts, **devices, "fine": FINE})
    assert time.monotonic() - began < 60
    results = reported(fleet, *hosts, *devices)
    told = {name: (result["verdict"], result["reasons"][0]) for name, result in results.items() if name != "fine"}
    assert {verdict for name, (verdict, _reason) in told.items() if name != "connection"} == {"unknown"}
    assert "Too many levels of symbolic links" in told["chain"][1]
    for name in ("pipe", "sosreport-pipe.tar.xz", "zero"):
        assert "Not a regular file" in told[name][1]
    assert results["star"]["facts"]["nics"][0]["name"] == "*"


#: The largest process of a run, in kB, as its last line.
MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""
#: What ansible-playbook takes anyway is 120 MB; a fifth of what these accounts send in the time they have would be more than this.
MOST_MEMORY_KB = 420_000


def measured(ansible: Ansible, folder: Path, hosts: dict[str, Any], **environment: str) -> tuple[dict[str, Any], int, float]:
    """(fleet.json, kB of the largest process, seconds)."""
    command = [str(ansible.programs / "ansible-playbook"), "fleetcare.pagealloc.audit", "-i", str(inventory(folder, hosts))]
    began = time.monotonic()
    options = ("-e", "audit_timeout_seconds=20", "-e", "pagealloc_ignore_unreachable=true")
    done = ansible.run(sys.executable, "-c", MEASURED, *command, *options, folder=folder, **environment)
    fleet = json.loads((folder / "pagealloc-report" / "fleet.json").read_text())
    return fleet, int(done.stdout.split()[-1]), time.monotonic() - began


FLOODS = {
    "zeroes": "exec cat /dev/zero",
    "lines": "exec yes",
    "behind the head": HEAD + 'echo "$head"; exec yes /proc/buddyinfo:1',
    "complaints": "exec yes >&2",
}


def test_hosts_that_never_stop_sending(each_core: Ansible, sshd: Sshd, account: Callable[[str], str], tmp_path: Path) -> None:
    """Ansible's ssh keeps all that comes, and would for as long as the host has."""
    users = {name: account(script + "\n") for name, script in FLOODS.items()}
    hosts: dict[str, Any] = {name: {"ansible_host": "127.0.8.1", **sshd.variables(user)} for name, user in users.items()}
    fleet, memory_kb, _seconds = measured(each_core, tmp_path, {**hosts, "fine": FINE})
    results = reported(fleet, *hosts)
    for name in hosts:
        assert results[name]["verdict"] == "unknown" and "sent more than 4194304 bytes" in results[name]["reasons"][0], results[name]
    assert memory_kb < MOST_MEMORY_KB


@pytest.fixture(scope="module", params=[oldest, last_trusting], ids=["2.16", "2.18"])
def with_paramiko(request: pytest.FixtureRequest) -> tuple[Ansible, str]:
    """(a core that still has the connection plugin, the folder where paramiko is for it). It is installed once, from PyPI."""
    ansible: Ansible = request.param()
    folder = ROOT / ".venv" / f"paramiko-{ansible.version}"
    if not (folder / "done").exists():
        command = [str(ansible.programs / "python"), "-m", "pip", "install", "-q", "--no-compile", "--target", str(folder), "paramiko<4"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            cannot_run(f"paramiko does not install: {done.stderr[-300:]}")
        (folder / "done").touch()
    return ansible, str(folder)


def test_over_a_connection_without_a_process_too(
    with_paramiko: tuple[Ansible, str], sshd: Sshd, account: Callable[[str], str], tmp_path: Path
) -> None:
    ansible, folder = with_paramiko
    scripts = {
        "live": 'exec /bin/sh "$@"',
        "never ends": "exec sleep 300",
        "hangs up late": "trap '' HUP TERM; while :; do sleep 1; done",
        **FLOODS,
    }
    users = {name: account(script + "\n") for name, script in scripts.items()}
    paramiko = {"ansible_connection": "ansible.builtin.paramiko_ssh", "ansible_host_key_checking": False}
    hosts: dict[str, Any] = {name: {"ansible_host": "127.0.9.1", **sshd.variables(user), **paramiko} for name, user in users.items()}
    environment = {"PYTHONPATH": folder, "ANSIBLE_HOST_KEY_CHECKING": "False"}
    fleet, memory_kb, seconds = measured(ansible, tmp_path, {**hosts, "fine": FINE}, **environment)
    results = reported(fleet, *hosts)
    assert results["live"]["facts"]["kernel"]["release"] == os.uname().release
    for name in ("never ends", "hangs up late"):
        assert results[name]["verdict"] == "stalled" and "does not finish" in results[name]["reasons"][0], results[name]
    for name in set(FLOODS) - {"complaints"}:
        assert results[name]["verdict"] == "unknown" and "sent more than" in results[name]["reasons"][0], results[name]
    assert results["complaints"]["verdict"] == "stalled", "paramiko lets a host send 2 MiB of them, and then no more until they are read"
    assert memory_kb < MOST_MEMORY_KB
    assert seconds < 100


def test_over_a_connection_that_waits_for_ever(each_core: Ansible, tmp_path: Path) -> None:
    hosts = {name: {"ansible_host": name, "ansible_connection": "deaf"} for name in ("closes", "never-closes")}
    plugins = {"ANSIBLE_CONNECTION_PLUGINS": str(Path(__file__).parent / "connection_plugins")}
    options = ("-e", "audit_timeout_seconds=2", "-e", "pagealloc_ignore_unreachable=true")
    began = time.monotonic()
    fleet, _done = each_core.audit(tmp_path, {**hosts, "fine": FINE}, *options, **plugins)
    assert time.monotonic() - began < 60
    results = reported(fleet, *hosts)
    for name in hosts:
        assert results[name]["verdict"] == "stalled" and "does not finish" in results[name]["reasons"][0], results[name]


def relay_until_reset(connection: socket.socket, port: int, most_bytes: int) -> None:
    """Passes on what the host behind the port and its client say, and resets the connection once the host has sent so much."""
    with socket.create_connection(("127.0.0.1", port)) as host:
        sent_bytes = 0
        while sent_bytes < most_bytes:
            for one in select.select([connection, host], [], [])[0]:
                data = one.recv(65536)
                (connection if one is host else host).sendall(data)
                sent_bytes += len(data) if one is host else 0
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_paramiko_whose_connection_is_reset(
    with_paramiko: tuple[Ansible, str], sshd: Sshd, account: Callable[[str], str], tmp_path: Path
) -> None:
    """paramiko logs it. Up to ansible-core 2.18, its thread waits for ever where it writes that to stderr in the process of a host."""
    ansible, folder = with_paramiko
    variables = sshd.variables(account("head -c 300000 /dev/zero; exec sleep 300\n"))
    paramiko = {"ansible_connection": "ansible.builtin.paramiko_ssh", "ansible_host_key_checking": False}
    environment = {"PYTHONPATH": folder, "ANSIBLE_HOST_KEY_CHECKING": "False"}
    began = time.monotonic()
    with listener(lambda connection: relay_until_reset(connection, sshd.port, 200_000)) as port:
        reset = {**variables, **paramiko, "ansible_host": "127.0.0.1", "ansible_port": port}
        options = ("-e", "audit_timeout_seconds=100", "-e", "pagealloc_ignore_unreachable=true")
        fleet, _done = ansible.audit(tmp_path, {"reset": reset, "fine": FINE}, *options, **environment)
    assert time.monotonic() - began < 100
    assert reported(fleet, "reset")["reset"]["verdict"] == "unknown"
