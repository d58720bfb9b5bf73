# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile archives one by one, each with what has to become of it: refused with the reason, or read without what is hostile in it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.archive import read_archive
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import KeptMembers, UnreadableMember
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.unpacking import ArchiveError

from tests.conftest import SAMPLE_FLEET
from tests.security.attacks.archives import KINDS, LINKS, ROOT, header, member, packed, padded, sound_members

_MARK = member("sos_commands/kernel/uname_-a", b"Linux db01 2.6.32-358.el6.x86_64 #1 SMP x x86_64 GNU/Linux\n")
_NEXT = member("proc/uptime", b"1.0 1.0\n")
#: A processor's seconds that no archive of a few blocks may take.
_SECONDS = 2


def read(*members: bytes) -> KeptMembers:
    began = time.process_time()
    try:
        found, odd = read_archive(io.BytesIO(packed([_MARK, *members, _NEXT])))
    finally:
        assert time.process_time() - began < _SECONDS
    assert all(line.isprintable() and len(line) < 500 for line in odd)
    return found


@pytest.mark.parametrize("path", ["proc/buddyinfo", "etc/unwanted"])
@pytest.mark.parametrize(
    ("size", "reason"),
    [
        (b"77777777777\0", "ends too early"),
        (b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7, "GiB"),
        (b"\x80" + b"\xff" * 11, "GiB"),
        (b"\xff" * 12, "GiB"),
        (b"0x10", "is not a number"),
        (b"1 2", "is not a number"),
        (b"\xb2", "ends too early|GiB|is not a number"),
    ],
)
def test_a_size_that_is_none_or_too_large(size: bytes, reason: str, path: str) -> None:
    with pytest.raises(ArchiveError, match=f"{reason}|damaged|larger"):
        read(header(f"{ROOT}/{path}".encode(), size) + padded(b"x"))


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("kind", [b"1", b"2"])
def test_a_link_leads_to_members_or_nowhere(kind: bytes, link: str) -> None:
    found = read(member("proc/buddyinfo", kind=kind, link=link))
    try:
        data = found.data("proc/buddyinfo")
    except UnreadableMember as reason:
        assert len(str(reason)) < 200 and str(reason).isprintable()
    else:
        assert data is None or data.startswith((b"Linux db01", b"1.0")), "what is in the report, and nothing else"


@pytest.mark.parametrize("length", [1, 8, 9, 2000])
def test_a_chain_of_links_is_followed_so_far_and_no_further(length: int) -> None:
    chain = [member(f"sys/class/net/eth0/lower_{number}", kind=b"2", link=f"lower_{number + 1}") for number in range(length)]
    found = read(member("proc/buddyinfo", kind=b"2", link="../sys/class/net/eth0/lower_0"), *chain)
    with pytest.raises(UnreadableMember, match="points to itself|not in the report"):
        found.data("proc/buddyinfo")


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_member_that_no_file_has(kind: bytes) -> None:
    try:
        found = read(member("proc/buddyinfo", b"", kind, "../proc/uptime"))
        data = found.data("proc/buddyinfo")
    except (ArchiveError, UnreadableMember) as reason:
        assert len(str(reason)) < 300
    else:
        assert data in (None, b"", b"1.0 1.0\n")


@pytest.mark.parametrize("path", ["../etc/passwd", "/etc/passwd", "proc/../../etc/passwd", "..", "", ".", "//etc/passwd"])
def test_no_name_of_a_member_leads_out(path: str) -> None:
    whole = path if path.startswith("/") else f"{ROOT}/{path}"
    found = read(header(whole.encode(), b"2") + padded(b"x\n"))
    assert not [name for name in found._contents if ".." in name or name.startswith("/")]
    assert found.data("etc/passwd") is None


@pytest.mark.parametrize("value", [b"../../../etc/shadow", b"/etc/shadow", b"\xff\xfe", b"a" * 5000, b"a\nb", b""])
@pytest.mark.parametrize("key", [b"path", b"linkpath", b"GNU.sparse.name", b"GNU.sparse.map"])
def test_extended_headers_rename_to_nothing_outside(key: bytes, value: bytes) -> None:
    length = len(key) + len(value) + 3
    length += len(str(length + len(str(length))))
    data = b"%d %s=%s\n" % (length, key, value)
    found = read(header(b"PaxHeader", b"%011o\0" % len(data), b"x") + padded(data), member("proc/buddyinfo", b"x\n"))
    assert not [name for name in found._contents if ".." in name or name.startswith("/")]


@pytest.mark.parametrize("length", [b"0", b"-5", b"999999999", b"1" * 12, b"\xb2", b"", b"3"])
def test_a_pax_record_that_lies_about_its_length(length: bytes) -> None:
    data = length + b" path=x\n"
    with pytest.raises(ArchiveError, match="pax"):
        read(header(b"PaxHeader", b"%011o\0" % len(data), b"x") + padded(data), member("proc/buddyinfo", b"x\n"))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_a_bomb_is_refused_before_it_fills_memory(pack: Callable[[bytes], bytes]) -> None:
    """Of zeroes, 300 MiB of them, that are a few kilobytes packed; the bound begins at 128 MiB."""
    block = pack(bytes(1 << 20))
    bomb = pack(_MARK + header(f"{ROOT}/var/lib/zeroes".encode(), b"%011o\0" % (300 << 20))) + block * 300
    with pytest.raises(ArchiveError, match="bomb"):
        read_archive(io.BytesIO(bomb))


def test_a_hostile_archive_costs_the_fleet_nothing(tmp_path: Path) -> None:
    """One that cannot be read beside one that can: each is in the document once."""
    hostile, sound = tmp_path / "sosreport-a.tar", tmp_path / "sosreport-b.tar"
    hostile.write_bytes(packed([_MARK, header(f"{ROOT}/etc/x".encode(), b"0x10")]))
    sound.write_bytes(packed(next(report for report in sound_members() if any(b"358.23.2" in part for part in report))))
    record = SAMPLE_FLEET / "evidence" / "db05-el65.evidence"
    hosts = judge_fleet({path.stem: Gathered.from_record(str(path)) for path in (hostile, sound, record)}, [])["hosts"]
    assert hosts["sosreport-a"]["verdict"] == "unknown" and "the size of a member is not a number" in hosts["sosreport-a"]["reasons"][0]
    assert hosts["sosreport-b"]["verdict"] == "starved" and hosts["db05-el65"]["verdict"] == "clear"


def test_nothing_of_an_archive_is_written_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive = tmp_path / "sosreport-x.tar"
    archive.write_bytes(
        packed([_MARK, member("../../owned", b"x"), header(b"/tmp/pagealloc-owned", b"1") + padded(b"x"), *sound_members()[1]])
    )
    Gathered.from_record(str(archive))
    assert os.listdir(tmp_path) == [archive.name]  # noqa: PTH208
    assert not Path("/tmp/pagealloc-owned").exists()
