# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sosreports whose author is hostile: packed, unpacked, and the inventory that is made of them."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from random import Random

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.fleet import Gathered, judge
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.archive import MAX_KEPT_BYTES, read_archive
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collect import look_into
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.evidence import evidence_of, identity_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.hosts import hosts_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import KeptMembers, UnreadableMember
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.reading import read_archive_evidence, read_tree_evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.unpacking import ArchiveError, kind_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.wording import FAULT

from tests.security.attacks.archives import LINKS, archive
from tests.security.attacks.mutation import mutated
from tests.security.attacks.texts import every_text, samples
from tests.security.attacks.words import word
from tests.security.fuzz.properties import bounded, named, require
from tests.security.fuzz.runner import Fuzzer
from tests.security.fuzz.site import CATALOGUE

_WHERE = (
    "proc/buddyinfo", "proc/uptime", "etc/os-release", "etc/redhat-release", "uname", "hostname", "sys/class/net/eth0/mtu",
    "boot/grub/grub.conf", "sos_commands/kernel/dmesg", "sos_commands/kernel/uname_-a", "sos_commands/networking/ethtool_-i_eth0",
    "var/log/messages", "proc/version",
)  # fmt: skip


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
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder:
        path = Path(folder) / "sosreport-db01.tar"
        path.write_bytes(data)
        _judged(path)


def _judged(path: Path) -> None:
    report = look_into(str(path), "none")
    require("by a fault of" not in report.error, f"a report met a fault of ours: {report.error}")
    hosts, words = hosts_of([report])
    require(len(hosts) == 1 and hosts[0].name, "a report became no host, or several")
    gathered = Gathered.from_record(str(path))
    result = judge(gathered, CATALOGUE)
    require(not any(reason.startswith(FAULT) for reason in result["reasons"]), f"a verdict met a fault of ours: {result['reasons'][:1]}")
    unread = gathered.facts is None or gathered.facts["zones"] is None or gathered.facts["failures"] is None
    require(not unread or result["verdict"] != "clear", "clear, though free blocks or log were not read")
    require((gathered.facts is None) == bool(report.error), "the inventory and the audit read one report differently")


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
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder:
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
        elif data.startswith(b"\x00"):
            os.mkfifo(target)
        else:
            target.write_bytes(data)
    except OSError:  # a name that is too long, or a file where a folder should be
        return


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


FUZZERS = (
    Fuzzer("archive", "a tar archive of any compression", (read_archive, kind_of), archive, _archive),
    Fuzzer("members", "the members of a report", (evidence_of, identity_of), _members, _evidence),
    Fuzzer(
        "report", "a packed report, from its bytes to the verdict", (look_into, read_archive_evidence, hosts_of), archive, _whole_report
    ),
    Fuzzer("tree", "a report in a folder", (read_tree_evidence,), _members, _tree),
)
