# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sosreports in the layouts of sos 2.2, 3 and 4, made of recorded evidence: of the sample fleet, so no customer's data.

Where each version puts what is DOMAIN's table and sos's own plugins; what stands in the files is the evidence, and around it
filler of the kinds that fill real reports.
"""

from __future__ import annotations

import io
import random
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript

LAYOUTS = ("2.2", "3", "4")
_TAKEN = 1364200000  # after the boot of the sample fleet's hosts, before any of them could have been upgraded


@dataclass(frozen=True)
class Link:
    """A symbolic link among the members."""

    target: str


Content = bytes | Link


def report_of(host: str, evidence: Evidence, layout: str, *, date: str = "Mon Mar 25 08:26:40 UTC 2013") -> dict[str, Content]:
    """Path -> content of the members that tell something, of a report of this host by this version of sos."""
    members: dict[str, Content] = {}
    for source, text in evidence.texts.items():
        if not source.startswith("/sys/class/net/") and source.startswith("/"):
            members[source[1:]] = text.encode()
    old = layout == "2.2"
    _sysctl(members, layout)
    _taint(members, layout)
    uname = evidence.texts["$uname"].replace(" sample ", f" {host}.example.com ", 1)
    members["sos_commands/kernel/uname_-a"] = uname.encode()
    members["uname"] = Link("sos_commands/kernel/uname_-a")
    folder = "general" if old else "host"
    members[f"sos_commands/{folder}/hostname"] = f"{host}.example.com\n".encode()
    members["hostname"] = Link(f"sos_commands/{folder}/hostname")
    members[f"sos_commands/{'general' if old else 'date'}/date"] = f"{date}\n".encode()
    members["date"] = Link(f"sos_commands/{'general' if old else 'date'}/date")
    members["proc/version"] = f"Linux version {uname.split()[2]} (mockbuild@build.example) #1 SMP\n".encode()
    members.update(_log(evidence, layout))
    members.update(_nics(evidence, layout))
    members.update(_packages(evidence, layout))
    members.update(_boot(evidence, uname.split()[2], "efi/EFI/redhat" if layout == "3" else "grub"))
    if layout != "2.2":
        members["etc/machine-id"] = f"{random.Random(host).getrandbits(128):032x}\n".encode()
        members["version.txt"] = f"sosreport: {layout}.0\n".encode()
    return members


def _sysctl(members: dict[str, Content], layout: str) -> None:
    """All layouts have what sysctl printed; 3 here has nothing else."""
    files = {path: content for path, content in members.items() if path.startswith("proc/sys/") and isinstance(content, bytes)}
    lines = [f"{path[9:].replace('/', '.')} = {content.decode().strip()}\n" for path, content in files.items()]
    members["sos_commands/kernel/sysctl_-a"] = "".join(["abi.vsyscall32 = 1\n", *lines, "vm.swappiness = 60\n"]).encode()
    if layout == "3":
        for path in files:
            del members[path]


def _taint(members: dict[str, Content], layout: str) -> None:
    """sos 4 has the taint of each module; 3 here has nothing else."""
    if layout == "2.2":
        return
    modules = members.pop("proc/modules", b"") if layout == "3" else members.get("proc/modules", b"")
    for line in modules.decode().splitlines() if isinstance(modules, bytes) else ():
        name, letters = line.split()[0], line.rpartition("(")[2].rstrip(")")
        members[f"sys/module/{name}/taint"] = f"{letters}\n".encode()
    members["sys/module/ext4/taint"] = b"\n"


def _log(evidence: Evidence, layout: str) -> Iterator[tuple[str, Content]]:
    if "$dmesg" in evidence.texts:
        path = "sos_commands/general/dmesg_now" if layout == "2.2" else "sos_commands/kernel/dmesg"
        yield path, evidence.texts["$dmesg"].encode()


def _nics(evidence: Evidence, layout: str) -> Iterator[tuple[str, Content]]:
    names = [name for name, _text in evidence.find("/sys/class/net/", "/mtu")]
    slaves = {name: text.split() for name, text in evidence.find("/sys/class/net/", "/bonding/slaves")}
    lines = []
    for number, name in enumerate(names, 1):
        mtu = evidence.texts[f"/sys/class/net/{name}/mtu"].strip()
        state = evidence.texts.get(f"/sys/class/net/{name}/operstate", "unknown").strip().upper()
        master = next((f" master {bond}" for bond, below in slaves.items() if name in below), "")
        lines.append(f"{number}: {name}: <BROADCAST,UP,LOWER_UP> mtu {mtu} qdisc mq{master} state {state} qlen 1000")
        lines.append(f"    link/{'loopback' if name == 'lo' else 'ether'} 00:02:c9:00:00:{number:02x} brd ff:ff:ff:ff:ff:ff")
        lines += ["    bond"] if name in slaves and layout != "2.2" else []
    command = "ip_link" if layout == "2.2" else "ip_-s_-d_link"
    yield f"sos_commands/networking/{command}", ("\n".join(lines) + "\n").encode()
    for name, below in slaves.items():
        text = "Ethernet Channel Bonding Driver: v3.6.0\n" + "".join(f"\nSlave Interface: {one}\nMII Status: up\n" for one in below)
        yield f"proc/net/bonding/{name}", text.encode()
    for name, text in evidence.find("$ethtool/"):
        yield f"sos_commands/networking/ethtool_-i_{name}", text.encode()
    modules = "modinfo_ALL_MODULES" if layout == "4" else "modinfo_" + "_".join(f"module{number}" for number in range(9))[:64]
    yield f"sos_commands/kernel/{modules}", _modinfo(evidence).encode()


def _modinfo(evidence: Evidence) -> str:
    """Of the drivers, among others whose names hold theirs."""
    block = "filename:       {}\nversion:        1.0\nlicense:        GPL\ndescription:    A module\ndepends:\nvermagic:       x SMP\n"
    release = evidence.texts["$uname"].split()[2]
    paths = [f"/lib/modules/{release}/kernel/drivers/misc/module{number}.ko" for number in range(120)]
    paths += [text.strip() for _name, text in evidence.find("$modinfo/")]
    return "".join(block.format(path) for path in [*paths, f"/lib/modules/{release}/kernel/fs/ext4/ext4.ko"])


def _packages(evidence: Evidence, layout: str) -> Iterator[tuple[str, Content]]:
    kernels = [line.split() for line in evidence.texts.get("$kernels", "").splitlines()]
    if any(name == "linux-image" for name, _version in kernels):
        text = "".join(f"ii  linux-image-{version}  6.1.106-3  amd64  Linux\n" for _name, version in kernels)
        yield "sos_commands/dpkg/dpkg_-l", text.encode()
        return
    rest = [f"package{number}-1.0-{number}.el6.x86_64" for number in range(500)]
    lines = [*rest[:250], "kernel-firmware-2.6.32-358.el6.noarch", *("-".join(kernel) for kernel in kernels), *rest[250:]]
    text = "".join(f"{line:<59s} Tue Jan 29 11:47:41 2013\n" for line in lines)
    if layout == "4":
        yield "sos_commands/rpm/package-data", text.encode()
    elif layout == "3":
        yield "sos_commands/rpm/sh_-c_rpm_--nodigest_-qa", text.encode()
        yield "installed-rpms", Link("sos_commands/rpm/sh_-c_rpm_--nodigest_-qa")
    else:
        yield "installed-rpms", text.encode()


def _boot(evidence: Evidence, running: str, legacy_folder: str) -> Iterator[tuple[str, Content]]:
    """What boots by default; grub legacy's file is in this folder below /boot, another one with UEFI."""
    default = evidence.texts.get("$grubby", "").strip().rpartition("vmlinuz-")[2] or running
    if ".el6" in running:
        entries = "".join(f"title {one}\n\troot (hd0,0)\n\tkernel /vmlinuz-{one} ro\n" for one in (default, "2.6.32-71.el6.x86_64"))
        yield f"boot/{legacy_folder}/grub.conf", f"default=0\ntimeout=5\n{entries}".encode()
        yield "etc/grub.conf", Link(f"../boot/{legacy_folder}/grub.conf")
    else:
        yield "boot/grub2/grubenv", f"saved_entry=abc-{default}\n".encode()
        yield f"boot/loader/entries/abc-{default}.conf", f"title x\nlinux /vmlinuz-{default}\n".encode()


def filler(members: int, size: int, seed: int = 0) -> dict[str, Content]:
    """So many members of so many bytes all in all, of the kinds and sizes that real reports have, nearly half of it in logs."""
    chance = random.Random(seed)
    files: dict[str, Content] = {}
    lines = [_log_line(chance, number) for number in range(4000)]
    for name, share in (("var/log/messages", 0.15), ("var/log/secure", 0.05), ("sos_commands/logs/journalctl_--no-pager", 0.25)):
        files[name] = _text_of(chance, lines, int(size * share))
    table = [
        f"{chance.getrandbits(48):012x} {chance.choice('tTdDbB')} symbol_{chance.getrandbits(20):x}\n".encode() for _line in range(3000)
    ]
    each = int(size * 0.55 / max(1, members - 3))
    for number in range(members - 3):
        kind = number % 4
        path = (
            f"sys/module/module{number}/parameters/debug", f"etc/sysconfig/file{number}", f"proc/{number}/smaps",
            f"sos_commands/block/lsblk_{number}",
        )[kind]  # fmt: skip
        length = chance.randrange(2, 40) if kind == 0 else int(each * chance.uniform(0.3, 2.4))
        files[path] = _text_of(chance, table if kind == 2 else lines, length)
    return files


def _log_line(chance: random.Random, number: int) -> bytes:
    who = chance.choice(("sshd", "crond", "kernel", "systemd", "puppet-agent", "oracle"))
    what = chance.choice(("session opened for user app", "Started job", "eth0: link is up", "Finished catalog run", "connect from"))
    address = ".".join(str(chance.randrange(256)) for _byte in range(4))
    rest = f"{who}[{chance.randrange(65536)}]: {what} {address} {chance.getrandbits(32):08x}"
    return f"Mar 18 {number % 24:02d}:{number % 60:02d}:17 db01 {rest}\n".encode()


def _text_of(chance: random.Random, lines: list[bytes], size: int) -> bytes:
    text = b"".join(chance.choices(lines, k=size // 40 + 1))
    return text[: max(1, size)]


def write_tree(folder: Path, members: Mapping[str, Content]) -> Path:
    """The report unpacked."""
    made: set[Path] = set()
    for path, content in members.items():
        target = folder / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        if isinstance(content, Link):
            target.symlink_to(content.target)
        else:
            target.write_bytes(content)
    return folder


def write_archive(path: Path, root: str, members: Mapping[str, Content], *, preset: int = 3, end: bool = True) -> Path:
    """The report packed, as the name's suffix says; sos packs with tarfile at this preset, in order of name.

    Without its ``end`` it is the first part of an archive: another one may follow in the same file.
    """
    kind = path.name.rpartition(".tar")[2].lstrip(".")
    options = {"preset": preset} if kind == "xz" else {}
    form = tarfile.PAX_FORMAT if kind == "xz" else tarfile.GNU_FORMAT
    with tarfile.open(path, f"w:{kind}", format=form, **options) as archive:  # type: ignore[call-overload]
        seen = set()
        for name, content in sorted(members.items()):
            for folder in reversed(Path(name).parents):
                if str(folder) not in seen:
                    seen.add(str(folder))
                    about = tarfile.TarInfo(f"{root}/{folder}" if str(folder) != "." else root)
                    about.type, about.mode, about.mtime = tarfile.DIRTYPE, 0o755, _TAKEN
                    archive.addfile(about)
            about = tarfile.TarInfo(f"{root}/{name}")
            about.mtime = _TAKEN + 0.25  # type: ignore[assignment]  # a fraction, for which sos 4's archives have a pax header a member
            if isinstance(content, Link):
                about.type, about.linkname = tarfile.SYMTYPE, content.target
                archive.addfile(about)
            else:
                about.size = len(content)
                archive.addfile(about, io.BytesIO(content))
        if not end:
            archive.fileobj.close()  # type: ignore[union-attr]
            archive.closed = True
    return path


def records(folder: Path) -> dict[str, Evidence]:
    """Host -> the recorded evidence, of those hosts of the sample fleet that could be reached."""
    texts = {path.stem: path.read_text() for path in sorted(folder.glob("*.evidence"))}
    return {name: read_transcript(text) for name, text in texts.items() if re.search(r"^\$uname:", text, re.MULTILINE)}
