# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives that no sos packed: broken headers of every kind, members that lead out, bombs. Built byte by byte, since tarfile refuses to."""

from __future__ import annotations

import bz2
import functools
import gzip
import lzma
from collections.abc import Callable, Iterable
from random import Random

from tests.conftest import SAMPLE_FLEET
from tests.security.attacks.mutation import mutated, mutated_bytes
from tests.security.attacks.texts import every_text
from tests.security.attacks.words import word
from tests.tools.sosreports import LAYOUTS, Link, records, report_of

ROOT = "sosreport-db01"
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "gz": functools.partial(gzip.compress, compresslevel=1, mtime=0),
    "bz2": functools.partial(bz2.compress, compresslevel=1),
    "xz": functools.partial(lzma.compress, preset=0),
}
#: Sizes as a header may state them; the last are of GNU's binary form: huge, and negative.
SIZES = (
    b"", b"0", b"00000000000\0", b"77777777777\0", b"777777777777", b"-1", b"-0000000001", b"+1", b"0x10", b"9", b" 12 ", b"1 2",
    b"-0000001000", b"\xff" * 12, b"\x80" + b"\xff" * 11,
    b"\x80" + bytes(10) + b"\x01", b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7, b"\xc0" + bytes(11),
    b"\xff" * 11 + b"\x00",
)  # fmt: skip
KINDS = (b"0", b"\0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"S", b"V", b"M", b"N", b"D", b"A", b"x", b"g", b"L", b"K", b"\xff", b"z")
LINKS = (
    "/etc/shadow", "../../../../etc/shadow", "..", ".", "", "/", "buddyinfo", "../proc/buddyinfo", "x" * 500, f"{ROOT}/proc/buddyinfo",
    "another-root/proc/buddyinfo", f"{ROOT}/../../etc/shadow", "a\x00b", "*", "sos_commands/kernel/uname_-a",
)  # fmt: skip


def header(name: bytes, size: bytes, kind: bytes = b"0", link: bytes = b"", *, magic: bytes = b"ustar\x0000", summed: bool = True) -> bytes:
    """One block; ``summed``: with the check sum that tarfile wants."""
    block = bytearray(512)
    block[:100] = name[:100].ljust(100, b"\0")
    block[100:124] = b"0000644\x000000000\x000000000\x00"
    block[124:136] = size[:12].ljust(12, b"\0")
    block[136:148] = b"12121212121\0"
    block[156:157] = kind
    block[157:257] = link[:100].ljust(100, b"\0")
    block[257:265] = magic[:8].ljust(8, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % (sum(block) if summed else 1)
    return bytes(block)


def member(path: str, content: bytes = b"", kind: bytes = b"0", link: str = "") -> bytes:
    """A sound member below the root, with GNU's long names where it takes them."""
    name, target = (text.encode("utf-8", "surrogatepass") for text in (f"{ROOT}/{path}", link))
    long = b"".join(
        header(b"././@LongLink", b"%011o\0" % (len(text) + 1), mark) + padded(text + b"\0")
        for text, mark in ((target, b"K"), (name, b"L"))
        if len(text) > 100
    )
    return long + header(name, b"%011o\0" % len(content), kind, target) + padded(content)


def padded(data: bytes) -> bytes:
    """Filled up to whole blocks."""
    return data + bytes(-len(data) % 512)


def packed(members: Iterable[bytes], kind: str = "tar") -> bytes:
    """An archive of these members."""
    return PACKERS[kind](b"".join(members) + bytes(1024))


@functools.cache
def sound_members() -> tuple[tuple[bytes, ...], ...]:
    """Reports of the sample fleet, in the layouts of three generations of sos; each as its members."""
    reports = [
        report_of(host, evidence, layout)
        for host, evidence in records(SAMPLE_FLEET / "evidence").items()
        if host in ("db03-el64-seed", "app11-el9", "db13-el64-numa")
        for layout in LAYOUTS
    ]
    return tuple(
        tuple(
            member(path, kind=b"2", link=content.target) if isinstance(content, Link) else member(path, content)
            for path, content in report.items()
            if "modinfo" not in path and "rpm" not in path
        )
        for report in reports
    )


def archive(chance: Random) -> bytes:
    """One of any kind, packed in any way."""
    members = list(chance.choice(sound_members()))
    for _number in range(chance.choice((0, 1, 1, 2, 5))):
        members[chance.randrange(len(members) + 1) : 0] = chance.choice(_PARTS)(chance)
    kind = chance.choices(list(PACKERS), (8, 2, 1, 1))[0]
    roll = chance.random()
    if roll < 0.3:  # damaged before it is packed
        return PACKERS[kind](mutated_bytes(chance, b"".join(members) + bytes(1024)))
    data = packed(members, kind)
    if roll < 0.6:
        return mutated_bytes(chance, data)
    return data[: chance.randrange(len(data) + 1)] if roll < 0.7 else data


def _path(chance: Random) -> str:
    roll = chance.random()
    if roll < 0.6:
        return chance.choice(
            ("proc/buddyinfo", "proc/zoneinfo", "etc/os-release", "uname", "hostname", "sys/class/net/*/mtu", "sys/class/net/eth0/mtu")
            + ("sos_commands/kernel/dmesg", "sos_commands/networking/ethtool_-i_eth0", "var/log/messages", "boot/loader/entries/x.conf")
        )
    if roll < 0.8:
        return f"sys/class/net/{word(chance)}/mtu"
    return chance.choice(("..", "../x", "/etc/passwd", "proc/../../x", "", ".", "//", "*", word(chance)))


def _odd_size(chance: Random) -> list[bytes]:
    return [
        header(f"{ROOT}/{_path(chance)}".encode("utf-8", "replace"), chance.choice(SIZES), chance.choice(KINDS)) + chance.randbytes(512)
    ]


def _odd_kind(chance: Random) -> list[bytes]:
    return [member(_path(chance), chance.randbytes(20), chance.choice(KINDS), chance.choice(LINKS))]


def _odd_magic(chance: Random) -> list[bytes]:
    magic = chance.choice((b"ustar  \0", b"ustar\x0000", b"\0" * 8, b"USTAR", b"ustarXXX"))
    return [header(f"{ROOT}/{_path(chance)}".encode("utf-8", "replace"), b"0", magic=magic, summed=chance.random() < 0.5)]


def _links(chance: Random) -> list[bytes]:
    """A chain of them, each to the next, the last to anywhere; short or far too long."""
    length = chance.choice((1, 2, 7, 8, 9, 50, 400))
    folder = "sys/class/net/eth0"
    chain = [f"{folder}/lower_{number}" for number in range(length)]
    targets = [f"lower_{number}" for number in range(1, length)] + [chance.choice((*LINKS, "lower_0"))]
    return [member("proc/uptime", kind=b"2", link=f"../{chain[0]}")] + [
        member(path, kind=chance.choice((b"2", b"2", b"1")), link=target) for path, target in zip(chain, targets, strict=True)
    ]


def _pax(chance: Random) -> list[bytes]:
    key = chance.choice(
        (b"path", b"linkpath", b"size", b"GNU.sparse.name", b"GNU.sparse.map", b"GNU.sparse.realsize", b"mtime", b"hdrcharset")
    )
    value = chance.choice((b"../../x", b"proc/buddyinfo", b"-1", b"9" * 30, b"1", b"", b"\xff\xfe", b"a" * 5000, b"a\nb=c", b"\xc2\xb2"))
    record = b" %s=%s\n" % (key, value)
    length = len(record)
    while len(b"%d" % length) + len(record) != length:
        length = len(b"%d" % length) + len(record)
    data = (b"%d" % length if chance.random() < 0.7 else chance.choice((b"0", b"-5", b"999999999", b"1" * 12, b"\xb2", b""))) + record
    kind = chance.choice((b"x", b"x", b"g"))
    return [header(b"PaxHeader", b"%011o\0" % len(data), kind) + padded(data), member(_path(chance), b"x\n")]


def _gnu(chance: Random) -> list[bytes]:
    text = chance.choice((b"../../etc/x", f"{ROOT}/proc/buddyinfo".encode(), b"x" * 70_000, b"", b"\0", b"\xff" * 300))
    mark = chance.choice((b"L", b"K"))
    return [header(b"././@LongLink", b"%011o\0" % len(text), mark) + padded(text), member(_path(chance), b"x\n")]


def _sparse(chance: Random) -> list[bytes]:
    block = bytearray(header(f"{ROOT}/proc/buddyinfo".encode(), b"%011o\0" % chance.choice((0, 20, 512)), b"S"))
    block[386:482] = chance.choice((b"\0" * 96, b"7" * 96, chance.randbytes(96)))
    block[482] = chance.choice((0, 1, 255))
    return [bytes(block), *(chance.choice((bytes(504) + b"\x01" + bytes(7), bytes(512))) for _number in range(chance.choice((0, 1, 30))))]


def _contents(chance: Random) -> list[bytes]:
    return [member(_path(chance), mutated(chance, chance.choice(every_text()), every_text()).encode("utf-8", "surrogatepass"))]


def _another_report(chance: Random) -> list[bytes]:
    path = chance.choice(("sosreport-db02/sos_commands/kernel/uname_-a", "proc/buddyinfo", "sosreport-db02/proc/buddyinfo", "x.tar.xz"))
    return [header(path.encode(), b"0")]


_PARTS: tuple[Callable[[Random], list[bytes]], ...] = (
    _odd_size,
    _odd_kind,
    _odd_magic,
    _links,
    _pax,
    _gnu,
    _sparse,
    _contents,
    _contents,
    _another_report,
)
