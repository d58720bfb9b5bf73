# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sosreports as their users have them: a folder becomes an inventory, alone and beside live hosts, and the audit one report."""

from __future__ import annotations

import io
import json
import lzma
import re
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet

from tests.conftest import SAMPLE_FLEET
from tests.playbook import Ansible, inventory, newest, oldest
from tests.tools.sosreports import LAYOUTS, records, report_of, write_archive, write_tree

#: Without the story's hosts that the comparison sets side by side (db20 to db36, web20 to web27): other hosts are of their kind.
RECORDS = {host: record for host, record in records(SAMPLE_FLEET / "evidence").items() if not re.match(r"(db|web)[23]\d-", host)}
SUFFIXES = ("tar", "tar.gz", "tar.bz2", "tar.xz")
CORES = pytest.mark.parametrize("core", [oldest, newest], ids=["oldest", "newest"])


def make_reports(folder: Path) -> Path:
    """One of each host, every layout and way of packing by turns."""
    folder.mkdir(parents=True)
    for number, (host, record) in enumerate(RECORDS.items()):
        report = report_of(host, record, LAYOUTS[number % 3])
        root = f"sosreport-{host}-2013-03-25-abcdefg"
        if number % 5 == 4:
            write_tree(folder / root, report)
        else:
            write_archive(folder / f"{root}.{SUFFIXES[number % 4]}", root, report)
    return folder


def inventory_file(folder: Path, *paths: str, **options: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "reports.yml"
    path.write_text(json.dumps({"plugin": "fleetcare.pagealloc.sosreport", "paths": list(paths), **options}))
    return path


def listed(core: Ansible, path: Path, *, check: bool = True) -> tuple[dict[str, Any], str]:
    done = core.run("ansible-inventory", "-i", str(path), "--list", "--export", folder=path.parent, check=check)
    return json.loads(done.stdout), " ".join(done.stderr.split())


def plain(value: Any) -> Any:
    """Without the marks of untrusted text that some versions print."""
    if isinstance(value, dict):
        return value["__ansible_unsafe"] if set(value) == {"__ansible_unsafe"} else {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


@CORES
def test_a_folder_is_an_inventory(core: Callable[[], Ansible], tmp_path: Path) -> None:
    make_reports(tmp_path / "reports")
    options = {"keyed_groups": [{"key": "sosreport_kernel", "prefix": "kernel"}]}
    found, said = listed(core(), inventory_file(tmp_path, "reports", **options))
    assert sorted(found["sosreport"]["hosts"]) == sorted(RECORDS)
    assert "db02-el64" in found["release_6_4"]["hosts"] and "app10-el7" in found["release_7_9"]["hosts"]
    assert "db02-el64" in found["driver_mlx4_en"]["hosts"] and "app10-el7" not in found["driver_mlx4_en"]["hosts"]
    assert found["kernel_2_6_32_431_el6_x86_64"]["hosts"] == ["db05-el65"]
    variables = plain(found["_meta"]["hostvars"]["db02-el64"])
    assert variables["sosreport_taken"] == "2013-03-25T08:26:40"
    assert Path(variables["audit_evidence"]).exists()
    assert "WARNING" not in said or "Invalid characters" in said


def test_live_hosts_records_and_reports_are_one_report(ansible: Ansible, tmp_path: Path) -> None:
    make_reports(tmp_path / "reports")
    sources = inventory_file(tmp_path, "reports")
    others = {
        "here": {"ansible_connection": "local"},
        "db17-stalled": {"audit_evidence": str(SAMPLE_FLEET / "evidence" / "db17-stalled.evidence")},
    }
    cache = {"PAGEALLOC_CACHE_DIR": str(tmp_path / "cache")}
    words = ("ansible-playbook", "fleetcare.pagealloc.audit", "-i", str(sources), "-i", str(inventory(tmp_path / "others", others)))
    done = ansible.run(*words, folder=tmp_path, **cache)
    fleet = json.loads((tmp_path / "pagealloc-report" / "fleet.json").read_text())
    assert set(fleet["hosts"]) == {*RECORDS, *others}
    verdicts = {host: result["verdict"] for host, result in fleet["hosts"].items()}
    assert verdicts.pop("here") not in ("stalled", "unreachable")
    recorded = judge_fleet({host: Gathered.from_evidence(record) for host, record in RECORDS.items()}, [])["hosts"]
    assert verdicts == {**{host: result["verdict"] for host, result in recorded.items()}, "db17-stalled": "stalled"}
    asked = done.stdout.split("TASK [Gather the evidence]")[1].split("PLAY [")[0]
    assert asked.count("ok: [") == 1, "no host of a report is asked"
    assert len(list((tmp_path / "cache").rglob("*.evidence"))) == len(RECORDS), "each is read once, by the inventory"


def test_the_report_reads_no_folder_that_the_inventory_has_read(ansible: Ansible, tmp_path: Path) -> None:
    write_tree(tmp_path / "reports" / "sosreport-db02", report_of("db02", RECORDS["db02-el64"], "4"))
    gone = {"hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": [{"command": "rm -r reports/sosreport-db02/proc"}]}
    play = tmp_path / "play.yml"
    play.write_text(json.dumps([gone, {"import_playbook": "fleetcare.pagealloc.audit"}]))
    sources = inventory_file(tmp_path, "reports", cache_dir=str(tmp_path / "cache"))
    ansible.run("ansible-playbook", str(play), "-i", str(sources), folder=tmp_path)
    fleet = json.loads((tmp_path / "pagealloc-report" / "fleet.json").read_text())
    wanted = judge_fleet({"db02": Gathered.from_evidence(RECORDS["db02-el64"])}, [])["hosts"]["db02"]["verdict"]
    assert fleet["hosts"]["db02"]["verdict"] == wanted != "unknown"


@CORES
def test_bad_reports_are_named_and_the_rest_goes_on(core: Callable[[], Ansible], tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    good = write_archive(
        folder / "sosreport-good-2013-03-25-abcdefg.tar.xz", "sosreport-good", report_of("good", RECORDS["db05-el65"], "4")
    )
    whole = good.read_bytes()
    (folder / "sosreport-cut-2013-03-25-abcdefg.tar.xz").write_bytes(whole[: len(whole) // 2])
    (folder / "sosreport-zero-2013-03-25-abcdefg.tar.xz").touch()
    (folder / "sosreport-bomb-2013-03-25-abcdefg.tar.xz").write_bytes(lzma.compress(good_tar(whole) + bytes(2**28), preset=0))
    (folder / "sosreport-photo-2013-03-25-abcdefg.tar.xz").write_bytes(b"\xff\xd8\xff\xe0 a photograph")
    write_archive(folder / "other.tar.gz", "backup", {"home/user/file": b"x"})
    wrong = report_of("wrong", RECORDS["db01-el63"], "3")
    write_archive(tmp_path / "w.tar.gz", "sosreport-wrong", wrong).rename(folder / "wrong.zip")
    hostile = "sosreport-{{ lookup('pipe', 'touch pwned') }}-2013-03-25-abcdefg.tar.xz"
    (folder / hostile).write_bytes(whole[:100])
    path = inventory_file(tmp_path, "reports", "no_such_path")
    done = core().run("ansible-playbook", "fleetcare.pagealloc.audit", "-i", str(path), folder=tmp_path)
    fleet = json.loads((tmp_path / "pagealloc-report" / "fleet.json").read_text())["hosts"]
    verdicts = {host: result["verdict"] for host, result in fleet.items()}
    assert verdicts.pop("good") == "clear" and verdicts.pop("wrong") == "clear"
    assert set(verdicts.values()) == {"unknown"} and set(verdicts) >= {"cut", "zero", "bomb", "photo"} and len(verdicts) == 5
    for host, reason in {"cut": "is incomplete", "zero": "is empty", "bomb": "decompression bomb", "photo": "not a tar archive"}.items():
        assert reason in fleet[host]["reasons"][0], fleet[host]["reasons"]
    said = " ".join(done.stderr.split()) + " ".join(done.stdout.split())
    for words in ("other.tar.gz: other.tar.gz is no sosreport", "no_such_path: there is no such file"):
        assert words in said.replace("- ", "-"), said
    assert not (tmp_path / "pwned").exists()


def good_tar(packed: bytes) -> bytes:
    """The archive without its end, so that more may follow: a member of zeroes, here."""
    data = io.BytesIO(lzma.decompress(packed))
    with tarfile.open(fileobj=data, mode="a") as archive:
        about = tarfile.TarInfo("sosreport-good/var/lib/zeroes")
        about.size = 2**28
        return data.getvalue()[: archive.offset] + about.tobuf()


def test_what_sos_collect_packed_is_audited_as_it_is(ansible: Ansible, tmp_path: Path) -> None:
    folder = tmp_path / "sos-collector-x"
    for host in ("db02-el64", "db05-el65"):
        folder.mkdir(exist_ok=True)
        root = f"sosreport-{host}-2013-03-25-abcdefg"
        write_archive(folder / f"{root}.tar.xz", root, report_of(host, RECORDS[host], "4"))
    (folder / "sos_reports").mkdir()
    (folder / "sos_reports" / "manifest.json").write_text("{}")
    (tmp_path / "reports").mkdir()
    with tarfile.open(tmp_path / "reports" / "sos-collector-x.tar.xz", "w:xz") as archive:
        archive.add(folder, folder.name)
    (tmp_path / "reports" / "secured-sosreport-web01-2013-03-25-abcdefg.tar.xz.gpg").write_bytes(b"\x8c\x0d\x04")
    for cache in ("none", str(tmp_path / "cache")):
        path = inventory_file(tmp_path, "reports", cache_dir=cache)
        ansible.run("ansible-playbook", "fleetcare.pagealloc.audit", "-i", str(path), folder=tmp_path)
        fleet = json.loads((tmp_path / "pagealloc-report" / "fleet.json").read_text())["hosts"]
        assert {host: result["verdict"] for host, result in fleet.items()} == {
            "db02-el64": "at_risk", "db05-el65": "clear", "web01": "unknown",
        }  # fmt: skip
        assert "is encrypted: decrypt it" in fleet["web01"]["reasons"][0]


def test_gather_reads_a_report_where_it_would_have_called_the_host(ansible: Ansible, tmp_path: Path) -> None:
    path = write_archive(tmp_path / "sosreport-x.tar.gz", "sosreport-x", report_of("x", RECORDS["db02-el64"], "3"))
    tasks = [
        {"fleetcare.pagealloc.gather": {"evidence": str(path)}},
        {"ansible.builtin.assert": {"that": ["ansible_facts.pagealloc.nics | selectattr('driver', 'eq', 'mlx4_en') | length == 1"]}},
    ]
    ansible.play(tmp_path, {"x": {"ansible_host": "no-such-host.invalid"}}, tasks)
    path.write_bytes(path.read_bytes()[:500])
    done = ansible.play(tmp_path, {"x": {}}, tasks, check=False)
    assert done.returncode == 2 and "sosreport-x.tar.gz is incomplete" in done.stdout


def test_options_that_make_no_sense_are_refused(ansible: Ansible, tmp_path: Path) -> None:
    for options, words in (({"processes": -1}, "processes must not be negative"), ({}, "its paths contain no sosreport")):
        path = inventory_file(tmp_path, "nothing", **options)
        done = ansible.run("ansible-inventory", "-i", str(path), "--list", folder=tmp_path, check=False)
        assert words in " ".join(done.stderr.split()), done.stderr
