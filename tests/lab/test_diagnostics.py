# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnostics of a kernel that starves: one connection gives the archive, and an audit of the archive says what one of the guest says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.conftest import BLOCKS_PER_PACKET
from tests.lab.guest import Plan, running
from tests.lab.test_story import ADVISORY, leak_until_packets_are_dropped
from tests.playbook import counting_ssh, inventory, own

SITE: dict[str, Any] = {"pagealloc_advisories": [ADVISORY], "audit_timeout_seconds": 240, "diagnostics_timeout_seconds": 600}


@pytest.mark.lab_long  # a guest of its own, for a minute
def test_the_archive_of_a_starving_guest_is_audited_as_the_guest_is(tmp_path: Path) -> None:
    ansible = own()
    counted, connections = counting_ssh(tmp_path)
    with running(Plan("modern", words=(f"lab.blocks_per_packet={BLOCKS_PER_PACKET}",)), "diagnosed") as guest:
        leak_until_packets_are_dropped(guest)
        hosts = {"starving": {**guest.variables(), **SITE, "ansible_ssh_executable": str(counted)}}
        given = inventory(tmp_path, hosts)
        ansible.run("ansible-playbook", "fleetcare.pagealloc.diagnostics", "-i", str(given), "--limit", "starving", folder=tmp_path)
        assert connections() == 1
        fleet, _done = ansible.audit(tmp_path / "live", hosts)
    (archive,) = tmp_path.glob("pagealloc-diagnostics/sosreport-starving-*.tar.gz")
    ticket = archive.with_name(archive.name.replace(".tar.gz", ".txt")).read_text()
    reports = tmp_path / "reports.yml"
    reports.write_text(json.dumps({"plugin": "fleetcare.pagealloc.sosreport", "paths": [str(archive)], "cache_dir": "none"}))
    advised = ("-e", json.dumps({"pagealloc_advisories": [ADVISORY]}))
    ansible.run("ansible-playbook", "fleetcare.pagealloc.audit", "-i", str(reports), *advised, folder=tmp_path)
    (report,) = json.loads((tmp_path / "pagealloc-report" / "fleet.json").read_text())["hosts"].values()
    live = fleet["hosts"]["starving"]
    assert live["verdict"] == "affected" and live["causes"], live["reasons"]
    for name in ("verdict", "symptom", "advisories", "order"):
        assert report[name] == live[name], (report["reasons"], live["reasons"])
    assert [one["cause"] for one in report["causes"]] == [one["cause"] for one in live["causes"]]
    assert ticket.startswith(f"starving is affected; cause: {live['causes'][0]['cause'].replace('_', ' ')}")
