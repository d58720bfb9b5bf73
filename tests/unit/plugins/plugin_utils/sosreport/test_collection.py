# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sos collect leaves, in a folder and packed, and reports that were encrypted."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import reading
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collect import (
    FoundReport,
    find_reports,
    look_into,
    look_into_all,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.hosts import hosts_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.report_evidence import identity_of

from tests.conftest import SAMPLE_FLEET
from tests.tools.sosreports import records, report_of, write_archive, write_tree

RECORD = records(SAMPLE_FLEET / "evidence")["db02-el64"]
SUFFIXES = {"db01": "tar.xz", "db02": "tar.gz", "db03": "tar"}
ARMOUR = b"-----BEGIN PGP %s-----\n\nhQEMA\n"


def collection(folder: Path) -> Path:
    """The folder: sos's own logs and manifest, and a packed report of each host."""
    (folder / "sos_logs").mkdir(parents=True)
    (folder / "sos_logs" / "ui.log").write_text("ui\n")
    (folder / "sos_reports").mkdir()
    (folder / "sos_reports" / "manifest.json").write_text("{}\n")
    for host, suffix in SUFFIXES.items():
        root = f"sosreport-{host}-2026-11-26-abcdefg"
        write_archive(folder / f"{root}.{suffix}", root, report_of(host, RECORD, "4"))
    return folder


def packed(folder: Path, target: Path, *, rooted: bool = True) -> Path:
    """The folder packed, as sos collect packs it."""
    with tarfile.open(target, "w:xz" if target.suffix == ".xz" else "w", format=tarfile.PAX_FORMAT) as archive:
        if rooted:
            archive.add(folder, "sos-collector-x")
        else:
            for path in sorted(folder.iterdir()):
                archive.add(path, path.name)
    return target


def looked_into(path: Path) -> list[FoundReport]:
    return sorted(look_into_all([str(path)], 1), key=lambda report: report.path)


@pytest.mark.parametrize("given", [".", "sos-collector-x", "*/sosreport-*"])
def test_the_folder_is_the_reports_in_it(given: str, tmp_path: Path) -> None:
    folder = collection(tmp_path / "sos-collector-x")
    paths, complaints = find_reports([given], str(tmp_path))
    assert (sorted(paths), complaints) == (sorted(str(path) for path in folder.glob("sosreport-*")), [])


def test_reports_unpacked_in_the_folder_are_found_too(tmp_path: Path) -> None:
    folder = collection(tmp_path / "collected")
    for path in folder.glob("sosreport-*"):
        path.unlink()
    tree = write_tree(folder / "sosreport-db04-2026-11-26-abcdefg", report_of("db04", RECORD, "4"))
    assert find_reports(["."], str(tmp_path)) == ([str(tree)], [])


def test_a_report_with_a_report_in_it_is_still_one(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "sosreport-db01", report_of("db01", RECORD, "4"))
    (tree / "sos_logs").mkdir()
    (tree / "sosreport-old.tar.xz").touch()
    assert find_reports(["."], str(tmp_path)) == ([str(tree)], [])


def test_the_folder_itself_is_no_record(tmp_path: Path) -> None:
    folder = collection(tmp_path / "collected")
    with pytest.raises(EvidenceError, match="the reports of several hosts: name one of them"):
        read_recorded(str(folder))


@pytest.mark.parametrize("rooted", [True, False])
@pytest.mark.parametrize("name", ["sos-collector-x.tar.xz", "sosreport-all.tar"])
def test_the_packed_folder_is_the_reports_in_it(name: str, rooted: bool, tmp_path: Path) -> None:
    outer = packed(collection(tmp_path / "folder"), tmp_path / name, rooted=rooted)
    reports = looked_into(outer)
    assert [(report.identity.host, report.release, report.error) for report in reports] == [(host, "6.4", "") for host in SUFFIXES]
    inner = Path(reports[0].path)
    assert str(inner).startswith(f"{outer}/") and inner.name == "sosreport-db01-2026-11-26-abcdefg.tar.xz"
    evidence = read_recorded(str(inner))
    alone = read_recorded(str(tmp_path / "folder" / inner.name))
    assert (evidence.texts, evidence.reasons) == (alone.texts, alone.reasons)
    with pytest.raises(EvidenceError, match="has no sosreport-db09.tar.xz"):
        read_recorded(str(outer / "sosreport-db09.tar.xz"))


def test_a_report_in_it_is_not_unpacked_again(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outer = packed(collection(tmp_path / "folder"), tmp_path / "sos-collector-x.tar.xz")
    reports = looked_into(outer)
    assert len(list(cache.rglob("*.evidence"))) == len(reports) == 3

    def unpack(*_words: object) -> None:
        raise AssertionError("unpacked again")

    monkeypatch.setattr(reading, "_unpack_inner", unpack)
    assert [look_into(report.path) for report in reports] == reports


def test_one_that_is_damaged_costs_no_other(tmp_path: Path) -> None:
    folder = collection(tmp_path / "folder")
    bad = folder / "sosreport-db02-2026-11-26-abcdefg.tar.gz"
    bad.write_bytes(bad.read_bytes()[:-100])
    (folder / "sosreport-db00-2026-11-26-abcdefg.tar.xz").write_bytes(b"no archive")
    reports = looked_into(packed(folder, tmp_path / "all.tar.xz"))
    hosts, _words = hosts_of(reports)
    assert {host.name: host.report.error.partition(".")[2][-40:] for host in hosts} == {
        "db00": "tar.xz is not a tar archive, packed or unpacked"[-40:],
        "db01": "",
        "db02": "tar.gz is incomplete: the file ends too early"[-40:],
        "db03": "",
    }


def test_a_packed_folder_that_is_cut_off_is_not_believed(tmp_path: Path) -> None:
    outer = packed(collection(tmp_path / "folder"), tmp_path / "all.tar")
    data = outer.read_bytes()
    outer.write_bytes(data[: data.rindex(b"sosreport-db03") + 600])  # within the content of the last one, behind its header
    [report] = looked_into(outer)
    assert report.error == "all.tar is incomplete: the file ends too early"


def test_no_archive_is_looked_for_within_those_within(tmp_path: Path) -> None:
    inner = packed(collection(tmp_path / "folder"), tmp_path / "sosreport-inner.tar.xz")
    (tmp_path / "outer").mkdir()
    shutil.move(inner, tmp_path / "outer")
    [report] = looked_into(packed(tmp_path / "outer", tmp_path / "outer.tar.xz"))
    assert "a collection of 3 packed reports" in report.error


@pytest.mark.parametrize("path", ["../sosreport-x.tar", "/sosreport-x.tar", "a\nb/sosreport-x.tar", "x" * 5000 + "/sosreport-x.tar"])
def test_hostile_paths_in_it_are_left_out(path: str, tmp_path: Path) -> None:
    outer = tmp_path / "all.tar"
    with tarfile.open(outer, "w", format=tarfile.PAX_FORMAT) as archive:
        about = tarfile.TarInfo(path)
        about.size = 3
        archive.addfile(about, io.BytesIO(b"abc"))
    assert all(report.path == str(outer) or report.error for report in looked_into(outer))
    with pytest.raises(EvidenceError):
        read_recorded(str(outer))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("secured-sosreport-db07-2026-11-26-abcdefg.tar.xz.gpg", b"\x8c\x0d\x04\x09"),
        ("sosreport-db07-2026-11-26-abcdefg.tar.xz.gpg", b"\x85\x01\x0c\x03"),
        ("sosreport-db07-2026-11-26-abcdefg.tar.xz.asc", ARMOUR % b"MESSAGE"),
        ("sosreport-db07-2026-11-26-abcdefg.tar.xz", ARMOUR % b"MESSAGE"),
    ],
)
def test_an_encrypted_report_is_its_host_and_says_what_to_do(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    signature = tmp_path / "sosreport-db08-2026-11-26-abcdefg.tar.xz.asc"
    signature.write_bytes(ARMOUR % b"SIGNATURE")
    paths, _complaints = find_reports(["."], str(tmp_path))
    assert paths == [str(tmp_path / name)]
    [host], _words = hosts_of(map(look_into, paths))
    assert host.name == "db07"
    assert host.report.error == f"{name} is encrypted: decrypt it with gpg --decrypt, and give the decrypted file"


def test_links_lead_to_what_sos_named_otherwise(tmp_path: Path) -> None:
    """Root links are sos's own; by which name the command's output goes differs from version to version. They come before what
    they lead to, or behind it where an old Python packed them."""
    members = {"sos_commands/other/hostname_-s": b"db05\n", "sos_commands/kernel/uname_-a": b"Linux x 2.6.32-358.el6.x86_64 #1 SMP\n"}
    for order in (1, -1):
        outer = tmp_path / f"sosreport-{order}.tar"
        with tarfile.open(outer, "w") as archive:
            for path in ["hostname", *members][::order]:
                about = tarfile.TarInfo(f"sosreport-x/{path}")
                about.type, about.linkname = (tarfile.SYMTYPE, "sos_commands/other/hostname_-s") if path == "hostname" else (b"0", "")
                about.size = len(members.get(path, b""))
                archive.addfile(about, io.BytesIO(members.get(path, b"")))
        assert identity_of(read_recorded(str(outer))).host == "db05"
