# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of every kind and of none: what is kept, what is refused, and that each refusal says what is wrong."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import archive as archives
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import unpacking
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.archive import read_archive
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import KeptMembers, UnreadableMember
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.unpacking import ArchiveError
from hypothesis import given, settings
from hypothesis import strategies as st

BUDDYINFO = b"Node 0, zone Normal 1 2 3\n"
PACKERS: dict[str, Callable[[bytes], bytes]] = {"tar": bytes, "xz": lzma.compress, "gz": gzip.compress, "bz2": bz2.compress}


class Tar:
    """Builds an archive member by member, hostile ones too."""

    def __init__(self, root: str = "sosreport-db01", form: int = tarfile.GNU_FORMAT) -> None:
        self.root = root
        self.data = io.BytesIO()
        self.archive = tarfile.open(fileobj=self.data, mode="w", format=form)  # noqa: SIM115
        self.file("sos_commands/kernel/uname_-a", b"Linux db01 2.6.32-358.el6.x86_64 #1 SMP x x86_64 GNU/Linux\n")

    def file(self, path: str, content: bytes = BUDDYINFO, *, bare: bool = False) -> Tar:
        about = tarfile.TarInfo(path if bare else f"{self.root}/{path}")
        about.size = len(content)
        self.archive.addfile(about, io.BytesIO(content))
        return self

    def special(self, path: str, kind: bytes, target: str = "") -> Tar:
        about = tarfile.TarInfo(f"{self.root}/{path}")
        about.type, about.linkname = kind, target
        self.archive.addfile(about)
        return self

    def bytes(self) -> bytes:
        self.archive.close()
        return self.data.getvalue()

    def read(self) -> KeptMembers:
        return read(self.bytes())


def read(data: bytes) -> KeptMembers:
    members, _odd = read_archive(io.BytesIO(data))
    return members


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["ustar", "gnu", "pax"])
def test_every_compression_and_form_of_tar(pack: Callable[[bytes], bytes], form: int) -> None:
    tar = Tar(form=form).file("proc/buddyinfo").file("var/log/" + "x" * 90, b"unwanted" * 9999)
    members = read(pack(tar.file("proc/sys/vm/min_free_kbytes", b"67584\n").bytes()))
    assert members.data("proc/buddyinfo") == BUDDYINFO
    assert members.data("proc/sys/vm/min_free_kbytes") == b"67584\n"
    assert members.data("var/log/" + "x" * 90) is None


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["ustar", "gnu", "pax"])
def test_long_names(form: int) -> None:
    root = "sosreport-" + "a" * 80  # beyond the 100 bytes that a header has for a name
    tar = Tar(root, form).file("sos_commands/networking/ethtool_-i_eth0", b"driver: mlx4_en\n")
    assert tar.read().data("sos_commands/networking/ethtool_-i_eth0") == b"driver: mlx4_en\n"


@pytest.mark.parametrize("kind", ["xz", "gz", "bz2"])
def test_packed_in_several_streams(kind: str) -> None:
    data = Tar().file("proc/buddyinfo").bytes()
    packed = PACKERS[kind](data[:1000]) + PACKERS[kind](data[1000:])
    assert read(packed).data("proc/buddyinfo") == BUDDYINFO


def test_packed_without_a_folder_around_it() -> None:
    tar = Tar(".").file("proc/buddyinfo")
    assert tar.read().data("proc/buddyinfo") == BUDDYINFO


def test_of_two_members_of_one_name_the_later_counts() -> None:
    assert Tar().file("proc/buddyinfo", b"old\n").file("proc/buddyinfo").read().data("proc/buddyinfo") == BUDDYINFO


def test_the_end_of_a_long_log_counts_and_no_other_long_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 100)
    tar = Tar().file("var/log/messages", b"".join(b"line %d\n" % number for number in range(50))).file("proc/zoneinfo", b"x" * 101)
    members = tar.file("proc/buddyinfo").read()
    log = members.data("var/log/messages") or b""
    assert log.startswith(b"line 3") and log.endswith(b"line 49\n")
    with pytest.raises(UnreadableMember, match="larger than 100 bytes"):
        members.data("proc/zoneinfo")
    assert members.data("proc/buddyinfo") == BUDDYINFO, "what follows is found"


# --- links ---


def test_links_of_the_report_lead_to_its_members() -> None:
    tar = Tar().special("uname", tarfile.SYMTYPE, "sos_commands/kernel/uname_-a")
    members = tar.special("etc/grub.conf", tarfile.SYMTYPE, "../boot/grub/grub.conf").file("boot/grub/grub.conf", b"default=0\n").read()
    assert (members.data("uname") or b"").startswith(b"Linux db01")
    assert members.data("etc/grub.conf") == b"default=0\n"


def test_a_hard_link_leads_to_what_it_names_from_the_archives_root() -> None:
    tar = Tar().file("sos_commands/kernel/dmesg", b"a log\n")
    assert (
        tar.special("sos_commands/general/dmesg", tarfile.LNKTYPE, "sosreport-db01/sos_commands/kernel/dmesg")
        .read()
        .data("sos_commands/general/dmesg")
        == b"a log\n"
    )


@pytest.mark.parametrize(
    ("kind", "target", "reason"),
    [
        (tarfile.SYMTYPE, "/etc/shadow", "points outside"),
        (tarfile.SYMTYPE, "../../../etc/shadow", "points outside"),
        (tarfile.SYMTYPE, "buddyinfo", "points to itself"),
        (tarfile.SYMTYPE, "../sos_commands/nothing", "not in the report"),
        (tarfile.LNKTYPE, "/etc/shadow", "hard link that points outside"),
        (tarfile.LNKTYPE, "sosreport-db01/../../etc/shadow", "hard link that points outside"),
        (tarfile.LNKTYPE, "another-root/proc/buddyinfo", "hard link that points outside"),
        (tarfile.CHRTYPE, "", "not a regular file"),
        (tarfile.BLKTYPE, "", "not a regular file"),
        (tarfile.FIFOTYPE, "", "not a regular file"),
    ],
)
def test_what_is_no_file_of_the_report_is_named(kind: bytes, target: str, reason: str) -> None:
    members = Tar().special("proc/buddyinfo", kind, target).file("proc/sys/vm/zone_reclaim_mode", b"0\n").read()
    with pytest.raises(UnreadableMember, match=reason):
        members.data("proc/buddyinfo")
    assert members.data("proc/sys/vm/zone_reclaim_mode") == b"0\n", "the rest goes on"


OUTSIDE = ["../proc/buddyinfo", "/proc/buddyinfo", "sosreport-db01/../proc/buddyinfo", "/sosreport-db01/proc/buddyinfo"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_members_that_lead_out_are_left_out_and_told(path: str) -> None:
    members, odd = read_archive(io.BytesIO(Tar().file(path, b"planted\n", bare=True).bytes()))
    assert members.data("proc/buddyinfo") is None
    assert odd and path in odd[0]


# --- what is refused as a whole ---


def refused(data: bytes) -> str:
    with pytest.raises(ArchiveError) as error:
        read(data)
    return str(error.value)


def test_what_is_no_report() -> None:
    assert refused(b"") == "is empty"
    assert "not a tar archive" in refused(b"PK\x03\x04" + bytes(600))
    other = io.BytesIO()
    with tarfile.open(fileobj=other, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("collection/sosreport-db01.tar.xz"))
        tar.addfile(tarfile.TarInfo("collection/etc/passwd"))
    assert "is not a sosreport but a collection of 1 packed reports" in refused(other.getvalue())


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_cut_off_anywhere_it_is_refused(pack: Callable[[bytes], bytes]) -> None:
    whole = pack(Tar().file("proc/buddyinfo").file("etc/other", bytes(range(256)) * 300).bytes())
    for part in (0.1, 0.5, 0.9):
        reason = refused(whole[: int(len(whole) * part)])
        assert "ends too early" in reason or "not a tar archive" in reason or "damaged" in reason, part


@pytest.mark.parametrize("kind", ["xz", "gz", "bz2"])
def test_a_flipped_byte_is_seen(kind: str) -> None:
    whole = bytearray(PACKERS[kind](Tar().file("etc/other", bytes(range(256)) * 300).bytes()))
    whole[len(whole) // 2] ^= 0x55
    assert "damaged" in refused(bytes(whole)) or "ends too early" in refused(bytes(whole))


def test_a_damaged_header_is_seen() -> None:
    data = bytearray(Tar().file("proc/buddyinfo").bytes())
    second = 1024
    assert data[second:].startswith(b"sosreport-db01/proc")
    flipped = bytearray(data)
    flipped[second + 60] ^= 1
    assert "damaged" in refused(bytes(flipped))
    flipped = bytearray(data)
    flipped[second + 124 : second + 136] = b"99999999999\0"
    assert "damaged" in refused(bytes(flipped))


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
@pytest.mark.parametrize("size", [b"77777777777\0", b"\x80" + b"\xff" * 11, b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7])
def test_a_size_beyond_all_bounds(size: bytes, pack: Callable[[bytes], bytes]) -> None:
    """Of a member that is not wanted: it would be leapt over, and in a plain archive with a seek."""
    data = bytearray(Tar().file("etc/other").bytes())
    data[1024 + 124 : 1024 + 136] = size
    reason = refused(pack(bytes(data)))
    assert "ends too early" in reason or "GiB" in reason


@pytest.mark.parametrize("member", ["etc/other", "proc/buddyinfo"])
@pytest.mark.parametrize(
    "size", [b"-1\0", b"-1000\0", b"+1\0", b"0o17\0", b"1_0\0", b"\xff" * 12, b"\xff" + bytes(11), b"\x81" + bytes(11), b"8\0"]
)
def test_a_size_that_is_none_is_refused(size: bytes, member: str) -> None:
    """A negative one leads back to the header itself, two million times."""
    data = bytearray(Tar().file(member).bytes())
    data[1024 + 124 : 1024 + 136] = size.ljust(12, b"\0")
    data[1024 + 148 : 1024 + 156] = b"%06o\0 " % (sum(data[1024 : 1024 + 148]) + 8 * 32 + sum(data[1024 + 156 : 1536]))
    assert "the size of a member is not a number" in refused(bytes(data))


def test_a_long_chain_of_links_is_one_that_leads_nowhere() -> None:
    tar = Tar().file("proc/sys/vm/min_free_kbytes", b"1\n")
    names = ["sys/class/net/n0/mtu", *(f"sys/class/net/n{number}/mtu" for number in range(1, 2001)), "proc/sys/vm/min_free_kbytes"]
    for name, target in zip(names, names[1:], strict=False):
        tar.special(name, tarfile.SYMTYPE, f"../../../../{target}")
    members = tar.read()
    with pytest.raises(UnreadableMember):
        members.data(names[0])
    assert members.data(names[-30]) == b"1\n", "the kernel follows 40"


def test_many_small_records_of_a_header_are_read_in_one_pass() -> None:
    records = b"5 a=\n" * 13000
    about = tarfile.TarInfo("pax")
    about.type, about.size = tarfile.XHDTYPE, len(records)
    extended = about.tobuf() + records + bytes(-len(records) % 512)
    began = time.process_time()
    for _number in range(20):
        archives._pax_records(records)
    assert time.process_time() - began < 2
    assert read(extended + Tar().file("proc/buddyinfo").bytes()).data("proc/buddyinfo") == BUDDYINFO


@pytest.mark.parametrize("kind", ["xz", "gz", "bz2"])
def test_a_decompression_bomb_is_refused_early(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "RATIO_COUNTS_FROM_BYTES", 4 * 2**20)
    bomb = PACKERS[kind](Tar().file("var/lib/zeroes", bytes(32 * 2**20)).bytes())
    assert "decompression bomb" in refused(bomb)


def test_bounds_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    data = lzma.compress(Tar().file("etc/a", bytes(3 * 2**20)).file("proc/zoneinfo", b"x" * 5000).bytes())
    monkeypatch.setattr(archives, "MAX_KEPT_BYTES", 2000)
    assert "of files that are read" in refused(data)
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", 2**20)
    assert "unpacks to more than" in refused(data)
    monkeypatch.setattr(archives, "MAX_KEPT_MEMBERS", 1)
    assert "more than 1 files" in refused(Tar().file("proc/buddyinfo").bytes())
    monkeypatch.setattr(archives, "MAX_MEMBERS", 1)
    assert "more than 1 members" in refused(Tar().file("proc/buddyinfo").bytes())


def test_xz_may_not_ask_for_gigabytes() -> None:
    """Its dictionary is allocated before the first byte comes out: here the header asks for 4 GiB, its check sum right."""
    data = lzma.compress(Tar().bytes())
    header = bytearray(data[12 : 12 + (data[12] + 1) * 4])
    header[header.index(0x21) + 2] = 40
    header[-4:] = zlib.crc32(bytes(header[:-4])).to_bytes(4, "little")
    assert "Memory usage limit" in refused(data[:12] + bytes(header) + data[12 + len(header) :])


def test_two_reports_in_one_archive() -> None:
    assert "more than one report" in refused(Tar().file("sosreport-db02/sos_commands/kernel/uname_-a", b"x\n", bare=True).bytes())


@settings(max_examples=150)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=40), st.sampled_from(sorted(PACKERS)))
def test_whatever_is_wrong_only_that_error_comes(place: int, junk: bytes, kind: str) -> None:
    data = bytearray(Tar(form=tarfile.PAX_FORMAT).file("proc/buddyinfo").special("uname", tarfile.SYMTYPE, "x").bytes())
    data[place : place + len(junk)] = junk
    packed = bytearray(PACKERS[kind](bytes(data)))
    if place % 3 == 0:
        packed[place % len(packed)] ^= 0xFF
    try:
        read(bytes(packed))
    except ArchiveError as error:
        assert str(error)


def test_the_file_may_lie_about_its_name(tmp_path: Path) -> None:
    path = tmp_path / "sosreport-db01.tar.xz"
    path.write_bytes(gzip.compress(Tar().file("proc/buddyinfo").bytes()))
    assert read_recorded(str(path)).get("/proc/buddyinfo") == BUDDYINFO.decode()
