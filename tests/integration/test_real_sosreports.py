# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports that three versions of sos make of this machine tell what the live audit of it tells."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import read_recorded

from tests.conftest import cannot_run
from tests.playbook import Ansible, newest

PLUGINS = ("kernel", "memory", "dpkg", "grub2")
#: Where each version comes from -> (its Python modules, its program and words, the plugins that this version has beside PLUGINS).
#: .ci/run puts them there.
VERSIONS = {
    "debian-12": ("/usr/lib/python3/dist-packages", ["/usr/bin/sos", "report"], ("networking", "host", "date", "process", "release")),
    "pypi": ("/opt/sos/pypi", ["/opt/sos/pypi/bin/sosreport"], ("general",)),
    "debian-13": (
        "/opt/sos/debian-13/usr/lib/python3/dist-packages",
        ["/opt/sos/debian-13/usr/bin/sos", "report"],
        ("networking", "host", "date", "process", "release"),
    ),
}
#: Longer than a report and an audit take one after the other.
A_WHILE_SECONDS = 600


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The version -> the report it made, all of them at once."""
    if os.geteuid() != 0:
        cannot_run("sos runs as root only")
    folder = tmp_path_factory.mktemp("reports")
    running = {}
    for version, (modules, command, plugins) in VERSIONS.items():
        if not Path(command[0]).exists():
            cannot_run(f"{command[0]} is not there: .ci/run shows how to get this version of sos")
        (folder / version).mkdir()
        words = ["--batch", "--tmp-dir", str(folder / version), "-o", ",".join((*PLUGINS, *plugins))]
        environment = {**os.environ, "PYTHONPATH": modules, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        running[version] = subprocess.Popen(
            ["/usr/bin/python3", *command, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    said = {version: process.communicate(timeout=300)[0] for version, process in running.items()}
    made = {version: sorted((folder / version).glob("sosreport-*.tar.xz")) for version in VERSIONS}
    assert all(len(paths) == 1 for paths in made.values()), said
    return {version: paths[0] for version, paths in made.items()}


@pytest.fixture(scope="module")
def fleet(reports: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """fleet.json of this machine, live and by its reports, through the inventory plugin."""
    folder = tmp_path_factory.mktemp("audit")
    ansible: Ansible = newest()
    inventories = {
        "reports.yml": {"plugin": "fleetcare.pagealloc.sosreport", "paths": [str(path.parent) for path in reports.values()]},
        "live.json": {"all": {"hosts": {"live": {"ansible_connection": "local"}}}},
    }
    for name, content in inventories.items():
        (folder / name).write_text(json.dumps(content))
    words = [word for name in inventories for word in ("-i", name)]
    ansible.run("ansible-playbook", "fleetcare.pagealloc.audit", *words, folder=folder, PAGEALLOC_CACHE_DIR=str(folder / "cache"))
    hosts: dict[str, Any] = json.loads((folder / "pagealloc-report" / "fleet.json").read_text())["hosts"]
    return hosts


def steady(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What does not change from one minute to the next, None where it was not seen."""
    kernel, memory = facts["kernel"] or {}, facts["memory"] or {}
    nics = [nic for nic in facts["nics"] or () if not nic["virtual"]]
    telling = ("name", "driver", "driver_version", "firmware", "mtu", "operstate", "default_route", "lower")
    return {
        **{name: kernel.get(name) for name in ("release", "version", "machine", "distribution", "installed", "default_boot")},
        "memory.total_kb": memory.get("total_kb"),
        "page_size_bytes": facts["page_size_bytes"],
        "nics": [{name: nic[name] for name in telling} for nic in nics] or None,
        "virtual": sorted(nic["name"] for nic in facts["nics"] or () if nic["virtual"]) or None,
        "zones": [(zone["node"], zone["zone"], len(zone["free_blocks"])) for zone in facts["zones"] or ()] or None,
        "vm": facts["vm"] and {name: facts["vm"][name] for name in ("min_free_kbytes", "zone_reclaim_mode")},
        "modules.taint": (facts["modules"] or {}).get("taint"),
    }


#: What sos 3.2 does not keep here: it has the plugin networking for Red Hat and Ubuntu alone, and its plugin kernel breaks off at the
#: long file name that it gives the output of modinfo, before sysctl.
UNSEEN: dict[str, set[str]] = {"debian-12": set(), "debian-13": set(), "pypi": {"nics", "virtual", "vm"}}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_report_tells_of_this_machine_what_it_tells_itself(version: str, reports: Mapping[str, Path], fleet: Mapping[str, Any]) -> None:
    live = fleet["live"]["facts"]
    facts = facts_from(read_recorded(str(reports[version])))
    here, told = steady(live), steady(facts)
    assert {name: value for name, value in told.items() if value is not None} == {
        name: here[name] for name, value in told.items() if value is not None
    }
    missing = {name for name, value in told.items() if value is None and here[name] is not None}
    assert missing <= UNSEEN[version], missing
    assert 0 <= live["uptime_seconds"] + 60 - facts["uptime_seconds"] < A_WHILE_SECONDS


def test_the_inventory_has_the_newest_of_them_and_the_same_verdict(reports: Mapping[str, Path], fleet: Mapping[str, Any]) -> None:
    [told] = [result for host, result in fleet.items() if host != "live"]
    assert len(fleet) == 2 and len(reports) == 3, "three reports of one machine are one host"
    assert steady(told["facts"])["release"] == steady(fleet["live"]["facts"])["release"]
    assert told["verdict"] == fleet["live"]["verdict"], (told["reasons"], fleet["live"]["reasons"])
