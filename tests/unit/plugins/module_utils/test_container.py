# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells a container, on a live host and in a report, and what does not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.container import PATHS, container_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import render_probe
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.forms import from_hostnamectl
from hypothesis import given
from hypothesis import strategies as st

CARD: list[dict[str, Any]] = [{"virtual": True}, {"virtual": False}]
NO_CARD: list[dict[str, Any]] = [{"virtual": True}]
SYSTEMD, CGROUP = "/run/systemd/container", "/proc/1/cgroup"


@pytest.mark.parametrize(
    ("texts", "kind", "by"),
    [
        ({SYSTEMD: "lxc\n"}, "lxc", SYSTEMD),
        ({SYSTEMD: "systemd-nspawn"}, "systemd-nspawn", SYSTEMD),
        ({CGROUP: "4:memory:/lxc/ct7\n1:cpuset:/lxc/ct7\n"}, "lxc", CGROUP),
        ({CGROUP: "0::/lxc.payload.ct7/init.scope\n"}, "lxc", CGROUP),
        ({CGROUP: "9:cpu:/docker/0123456789abcdef\n"}, "docker", CGROUP),
        ({CGROUP: "0::/system.slice/docker-0123456789abcdef.scope\n"}, "docker", CGROUP),
        ({CGROUP: "5:pids:/kubepods/burstable/pod1/0123\n"}, "kubepods", CGROUP),
        ({CGROUP: "0::/kubepods.slice/kubepods-pod1.slice/crio-1.scope\n"}, "kubepods", CGROUP),
        ({CGROUP: "0::/machine.slice/libpod-0123.scope\n"}, "libpod", CGROUP),
        ({"$container": "/proc/vz\n"}, "openvz", "/proc/vz"),
        ({"$container": "Virtualization: lxc\n"}, "lxc", "hostnamectl"),
    ],
)
def test_a_container(texts: dict[str, str], kind: str, by: str) -> None:
    assert container_of(Evidence(texts, {}), CARD) == {"kind": kind, "by": by}


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {SYSTEMD: ""},
        {CGROUP: "0::/init.scope\n"},
        {CGROUP: "9:name=systemd:/\n8:pids:/\n0::/\n"},
        {CGROUP: "0::/user.slice/dockerfan.service\n"},
        {"$container": "/proc/vz\n/proc/bc\n"},
        {"$container": "/.dockerenv\n"},
        {"$container": "/run/.containerenv\n"},
    ],
)
def test_a_machine(texts: dict[str, str]) -> None:
    assert container_of(Evidence(texts, {}), CARD) is None


@pytest.mark.parametrize(("path", "kind"), [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")])
@pytest.mark.parametrize("nics", [NO_CARD, [], None])
def test_what_an_image_leaves_behind_counts_where_no_card_is_seen(path: str, kind: str, nics: list[dict[str, Any]] | None) -> None:
    assert container_of(Evidence({"$container": path + "\n"}, {}), nics) == {"kind": kind, "by": path}


@given(st.dictionaries(st.sampled_from([SYSTEMD, CGROUP, "$container"]), st.text()))
def test_any_text_is_read(texts: dict[str, str]) -> None:
    found = container_of(Evidence(texts, {}), None)
    assert found is None or len(found["kind"]) <= 32


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("     Icon name: computer-container\n       Chassis: container\n  Virtualization: lxc\n  Kernel: x\n", True),
        ("  Virtualization: openvz\n", True),
        ("  Virtualization: kvm\n", False),
        ("  Virtualization: lxcfs\n", False),
        (" Static hostname: Virtualization: lxc\n", False),
        ("", False),
    ],
)
def test_hostnamectl(text: str, told: bool) -> None:
    assert bool(from_hostnamectl(text)) == told


def test_the_probe_names_the_files_that_are_there(tmp_path: Path) -> None:
    program = render_probe("n0", sections=())
    for path in PATHS:
        program = program.replace(f" {path}", f" {tmp_path}{path}")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/vz").mkdir()
    (tmp_path / ".dockerenv").touch()
    done = subprocess.run(["/bin/sh", "-c", program], capture_output=True, text=True, timeout=60, check=True, env=os.environ)
    told = read_transcript(done.stdout, "n0").texts["$container"].split("\n")
    assert told == [f"{tmp_path}/proc/vz", f"{tmp_path}/.dockerenv", ""]
