# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sosreports whose author is hostile: packed, unpacked, and the inventory that is made of them."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import FAULT
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.archive import MAX_KEPT_BYTES, read_archive, read_members
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.cache import Cache
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collect import look_into
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.hosts import hosts_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import KeptMembers, UnreadableMember
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.reading import (
    read_archive_evidence,
    read_packed_reports,
    read_tree_evidence,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.report_evidence import evidence_of, identity_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.unpacking import ArchiveError, kind_of

from tests.security.attacks.archives import LINKS, archive, header, packed, padded
from tests.security.attacks.mutation import mutated, mutated_bytes
from tests.security.attacks.texts import every_text, samples
from tests.security.attacks.words import word
from tests.security.fuzz.properties import bounded, fast_folder, named, require, unread_is_not_clear
from tests.security.fuzz.runner import Fuzzer
from tests.security.fuzz.site import CATALOGUE

_WHERE = (
    "proc/buddyinfo", "proc/uptime", "etc/os-release", "etc/redhat-release", "uname", "hostname", "sys/class/net/eth0/mtu",
    "boot/grub/grub.conf", "sos_commands/kernel/dmesg", "sos_commands/kernel/uname_-a", "sos_commands/networking/ethtool_-i_eth0",
    "var/log/messages", "proc/version",
)  # fmt: skip


#: What stands for a named pipe in a folder.
_PIPE = b"|"


def _archive(data: bytes) -> None:
    found = named(read_archive, io.BytesIO(data), errors=(ArchiveError,))
    if found is None:
        return
    members, odd = found
    require(sum(map(len, members._contents.values())) <= MAX_KEPT_BYTES, "more is kept than may be")
    for path in [*members._contents, *members._links, *members._unreadable]:
        require(not path.startswith("/") and ".." not in path.split("/"), f"a member leads out: {path!r:.80}")
        named(members.data, path, errors=(UnreadableMember,))
    require(all(len(line) < 500 for line in odd), "what was odd is no sentence")


def _whole_report(data: bytes) -> None:
    """From the bytes to the verdict and the inventory's host."""
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        path = Path(folder) / "sosreport-db01.tar"
        path.write_bytes(data)
        _judged(path)


def _judged(path: Path) -> None:
    report = look_into(str(path))
    require("because of a fault in" not in report.error, f"a report met a fault of ours: {report.error}")
    hosts, _words = hosts_of([report])
    require(len(hosts) == 1 and hosts[0].name, "a report became no host, or several")
    gathered = Gathered.from_record(str(path))
    result = judge_host(gathered, CATALOGUE)
    require(not any(reason.startswith(FAULT) for reason in result["reasons"]), f"a verdict met a fault of ours: {result['reasons'][:1]}")
    unread_is_not_clear(gathered.facts, result["verdict"])
    require((gathered.facts is None) == bool(report.error), "the inventory and the audit read one report differently")


def _collected(chance: Random) -> bytes:
    """Archives in an archive, as hostile as each may be."""
    inner = [archive(chance) for _number in range(chance.choice((0, 1, 2)))]
    parts = [
        header(f"sos-collector-x/sosreport-db{number}.tar".encode(), b"%011o\0" % len(data)) + padded(data)
        for number, data in enumerate(inner)
    ]
    whole = packed(parts)
    return mutated_bytes(chance, whole) if chance.random() < 0.3 else whole


def _collection(data: bytes) -> None:
    def visit(path: str, read: Callable[[], Evidence]) -> None:
        require(path.isprintable() and len(path) < 1000, "a report in an archive has a name that is none")
        found = named(read)
        if found is not None:
            facts_from(found)

    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        whole = Path(folder) / "sos-collector-x.tar"
        whole.write_bytes(data)
        named(read_packed_reports, whole, Cache(), visit)


def _members(chance: Random) -> dict[str, bytes]:
    """Members and links under the manifest's names, hostile in their names and contents; links are written as ``->target``."""
    plain = [(source.lstrip("/"), texts) for source, texts in samples().items() if source.startswith("/")]
    made = {path: chance.choice(texts).encode() for path, texts in plain if chance.random() < 0.6}
    for _number in range(chance.choice((1, 3, 12))):
        path = (
            chance.choice(_WHERE)
            if chance.random() < 0.7
            else f"sys/class/net/{word(chance)}/{chance.choice(('mtu', 'operstate', 'lower_x'))}"
        )
        if chance.random() < 0.05:
            made[path] = _PIPE
            continue
        content = f"->{chance.choice((*LINKS, 'lower_x'))}" if chance.random() < 0.2 else mutated(chance, chance.choice(every_text()))
        made[path] = content.encode("utf-8", "surrogatepass")
    return made


def _evidence(given: dict[str, bytes]) -> None:
    links = {path: data[2:].decode("utf-8", "replace") for path, data in given.items() if data.startswith(b"->")}
    found = evidence_of(KeptMembers({path: data for path, data in given.items() if path not in links}, links, {}))
    size = b"".join(given.values()).decode("latin-1") + "".join(given)
    bounded([found.texts, found.reasons], size)
    require(all(":" not in source and source.isprintable() for source in found.texts), "a member's name poses as a frame")
    facts_from(found)
    identity_of(found)


def _tree(given: dict[str, bytes]) -> None:
    """The same unpacked on a disk, with FIFOs and links that lead out."""
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        root = Path(folder) / "sosreport-db01"
        (root / "sos_commands").mkdir(parents=True)
        for path, data in given.items():
            _place(root, path, data)
        _judged(root)


def _place(root: Path, path: str, data: bytes) -> None:
    """Where the file system takes it: no name may leave the root here, the generator's own."""
    target = root / path.replace("\x00", "").lstrip("/")
    if ".." in path.split("/") or not str(target).isprintable():
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if data.startswith(b"->"):
            target.symlink_to(data[2:].decode("utf-8", "replace").replace("\x00", "") or "x")
        elif data == _PIPE:
            os.mkfifo(target)
        else:
            target.write_bytes(data)
    except OSError:  # a name that is too long, or a file where a folder should be
        return


FUZZERS = (
    Fuzzer("archive", "a tar archive of any compression", (read_archive, read_members, kind_of), archive, _archive),
    Fuzzer("collection", "what sos collect packs: reports in an archive", (read_packed_reports,), _collected, _collection),
    Fuzzer("members", "the members of a report", (evidence_of, identity_of), _members, _evidence),
    Fuzzer(
        "report", "a packed report, from its bytes to the verdict", (look_into, read_archive_evidence, hosts_of), archive, _whole_report
    ),
    Fuzzer("tree", "a report in a folder", (read_tree_evidence,), _members, _tree),
)
