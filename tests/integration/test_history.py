# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two nights of the real playbook, and what the second says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import SAMPLE_FLEET
from tests.playbook import Ansible

EVIDENCE = SAMPLE_FLEET / "evidence"


def hosts(**records: str) -> dict[str, dict[str, str]]:
    return {name: {"audit_evidence": str(EVIDENCE / f"{record}.evidence")} for name, record in records.items()}


def test_the_second_night_tells_what_is_new_and_alerts_once(ansible: Ansible, tmp_path: Path) -> None:
    alert = ("-e", '{"audit_fail_on": ["affected"], "audit_fail_on_new": true}')
    first, done = ansible.audit(tmp_path, hosts(db01="db05-el65", db02="db02-el64"), *alert)
    assert first["history"]["audits"] == 0 and "Since the audit" not in done.stdout
    second, done = ansible.audit(tmp_path, hosts(db01="db05-el65", db02="db03-el64-seed"), *alert, check=False)
    assert second["history"]["changes"] == {"newly_affected": ["db02"], "kernel_changed": ["db02"]} and done.returncode == 2
    assert "newly affected: db02" in done.stdout
    third, done = ansible.audit(tmp_path, hosts(db01="db05-el65", db02="db03-el64-seed"), *alert)
    assert third["history"]["changes"] == {} and third["history"]["audits"] == 2


def test_check_mode_keeps_nothing(ansible: Ansible, tmp_path: Path) -> None:
    fleet, _done = ansible.audit(tmp_path, hosts(db01="db05-el65"), "--check")
    assert fleet["history"]["audits"] == 0 and not (tmp_path / "pagealloc-report" / "history.db").exists()


def test_without_a_history_the_reports_say_nothing_of_one(ansible: Ansible, tmp_path: Path) -> None:
    fleet, _done = ansible.audit(tmp_path, hosts(db01="db05-el65"), "-e", "audit_history=none")
    assert fleet["history"] is None and not (tmp_path / "pagealloc-report" / "history.db").exists()


def test_a_part_of_the_fleet_is_known_as_one(ansible: Ansible, tmp_path: Path) -> None:
    both = hosts(db01="db05-el65", db02="db02-el64")
    ansible.audit(tmp_path, both)
    part, _done = ansible.audit(tmp_path, both, "--limit", "db01")
    assert part["history"]["changes"] == {}


def test_a_database_that_is_down_is_named_without_its_password(ansible: Ansible, tmp_path: Path) -> None:
    url = "audit_history=postgresql://audit:hidden1word@127.0.0.1:1/fleet"
    fleet, done = ansible.audit(tmp_path, hosts(db01="db03-el64-seed"), "-e", url, "-vvv")
    assert fleet["counts"]["affected"] == 1 and "127.0.0.1" in fleet["history"]["fault"]
    assert "The audit continues without its history" in done.stdout + done.stderr
    reports = [path.read_text() for path in (tmp_path / "pagealloc-report").iterdir()]
    assert "hidden1word" not in done.stdout + done.stderr + "".join(reports)


def told(ansible: Ansible, folder: Path, *words: str, check: bool = True) -> str:
    return ansible.run("ansible-playbook", "fleetcare.pagealloc.history", *words, folder=folder, check=check).stdout


def test_the_past_can_be_asked_for(ansible: Ansible, tmp_path: Path) -> None:
    ansible.audit(tmp_path, hosts(db01="db05-el65", db02="db02-el64"))
    ansible.audit(tmp_path, hosts(db01="db05-el65", db02="db03-el64-seed"), "--limit", "db02")
    audits = told(ansible, tmp_path)
    assert "1 (part)" in audits and "1 affected" in audits and "inventory.json" in audits and "1 at_risk, 1 clear" in audits
    past = told(ansible, tmp_path, "-e", "history_host=db02")
    assert past.index("at_risk") < past.index("affected") and "ORDER-2" in past
    assert "This database holds no audit of this host" in told(ansible, tmp_path, "-e", "history_host=db99")
    told(ansible, tmp_path, "-e", f"history_csv={tmp_path}/all.csv")
    lines = (tmp_path / "all.csv").read_text().splitlines()
    assert len(lines) == 4 and lines[0].startswith("fleet,audit_epoch_seconds,host,verdict,at_epoch_seconds")
    assert re.match("inventory.json,[0-9]+,db01,clear,", lines[1])
    assert "0 audits were deleted" in told(ansible, tmp_path, "-e", "history_prune_days=1")


def test_a_folder_without_a_history_is_named(ansible: Ansible, tmp_path: Path) -> None:
    said = told(ansible, tmp_path, "-e", "pagealloc_output_dir=/nonexistent", check=False)
    assert "/nonexistent/history.db: unable to open database file" in said


def night(folder: Path, number: int) -> str:
    """The record of one night of a host whose uptime and headroom are those of that night."""
    text = (EVIDENCE / "db02-el64.evidence").read_text()
    text = text.replace("/proc/uptime:1036800.42", f"/proc/uptime:{86400 * number + 42}.42")
    blocks = " ".join(f"{blocks - 20 * number:6}" for blocks in (900, 720, 610, 505, 380, 240)) + "    130     70     33     15    240 "
    text = "".join(
        f"/proc/buddyinfo:Node 0, zone   Normal {blocks}\n" if line.startswith("/proc/buddyinfo:Node 0, zone   Normal") else line
        for line in text.splitlines(keepends=True)
    )
    path = folder / f"night-{number}.evidence"
    path.write_text(text)
    return str(path)


def test_records_of_other_nights_are_a_hosts_past(ansible: Ansible, tmp_path: Path) -> None:
    *older, newest_one = [night(tmp_path, number) for number in (3, 1, 2, 5, 4, 6, 7)]
    hosts = {
        "db02": {"audit_evidence": newest_one, "audit_evidence_older": older},
        "db05": {"audit_evidence": str(EVIDENCE / "db05-el65.evidence"), "audit_evidence_older": ["/nowhere"]},
        "db06": {"audit_evidence": str(EVIDENCE / "db06-el64-reboot.evidence"), "audit_evidence_older": "no list"},
    }
    fleet, done = ansible.audit(tmp_path, hosts)
    told = fleet["hosts"]["db02"]["forecast"]
    assert (told["state"], told["audits"], fleet["history"]["audits"]) == ("falling", 7, 0)
    assert fleet["hosts"]["db05"]["forecast"]["audits"] == 1 and fleet["counts"]["clear"] == 1
    assert "db06: its older evidence could not be read. audit_evidence_older is not a list of paths" in " ".join(
        (done.stdout + done.stderr).split()
    )


def test_a_file_with_audits_is_the_past_of_a_fleet(ansible: Ansible, tmp_path: Path) -> None:
    """The sample fleet's own thirty nights."""
    past = f"audit_past={SAMPLE_FLEET / 'nights.csv'}"
    every = {path.stem: {"audit_evidence": str(path)} for path in sorted(EVIDENCE.glob("*.evidence"))}
    fleet, done = ansible.audit(tmp_path, every, "-e", past)
    assert fleet["history"]["audits"] == 30 and len(fleet["history"]["nights"]) == 31
    assert fleet["history"]["changes"] == {"newly_affected": ["db03-el64-seed", "db20-el64"]}
    assert "memory leaks: db03-el64-seed, db20-el64" in done.stdout
    marks = {host: {mark["mark"] for mark in (result["past"] or {"marks": ()})["marks"]} for host, result in fleet["hosts"].items()}
    assert marks["db03-el64-seed"] == {"rebooted"}
