# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's answer as the members of a report: an audit of the archive says what one of the host says, and no name leads astray."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.collected import Collected, members_of, path_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.masking import Masking, without_secrets
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.packing import packed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.ticket import alike, judged_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.explanation import explained
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host

from tests.conftest import SAMPLE_FLEET
from tests.tools.sosreports import records


def as_asked(evidence: Evidence) -> Evidence:
    """The evidence as the program of the diagnostics gives it: links of sysfs by their whole path."""
    links = {source: text.lstrip("./") for source, text in evidence.texts.items() if text.startswith("../")}
    return Evidence({**evidence.texts, **{source: f"/sys/{text}" for source, text in links.items()}}, evidence.reasons)


RECORDS = {host: as_asked(evidence) for host, evidence in records(SAMPLE_FLEET / "evidence").items()}
CATALOGUE = load_catalogue()


def audited(evidence: Evidence) -> dict[str, Any]:
    """The result of the host as the audit has it."""
    result = judge_host(Gathered.from_evidence(evidence), CATALOGUE)
    return explained(result, result["facts"], None, CATALOGUE)


def archive_of(folder: Path, collected: Collected) -> Path:
    path = folder / "sosreport-host-2026-11-27-abcdefg.tar.gz"
    path.write_bytes(packed(path.name.removesuffix(".tar.gz"), collected.texts, collected.links, 1_795_000_000))
    return path


@pytest.mark.parametrize("host", RECORDS)
def test_an_audit_of_the_archive_says_what_one_of_the_host_says(host: str, tmp_path: Path) -> None:
    live, collected = audited(RECORDS[host]), members_of(RECORDS[host])
    assert not collected.left_out
    result = audited(read_recorded(str(archive_of(tmp_path, collected))))
    assert alike(result, live), (result["reasons"], live["reasons"])
    assert result["causes"] == live["causes"] and result["actions"] == live["actions"]
    for name in set(live["facts"]) - {"unavailable", "workaround"}:  # a report cannot say that there is no record
        assert result["facts"][name] == live["facts"][name]
    assert alike(judged_of(collected, CATALOGUE), live)


@pytest.mark.parametrize("host", RECORDS)
def test_a_mask_changes_no_verdict(host: str) -> None:
    collected = members_of(RECORDS[host])
    mask = Masking("masked-1234567", collected.texts, [host])
    masked = {path: mask.masked(path, without_secrets(path, text)) for path, text in collected.texts.items()}
    assert alike(judged_of(Collected(masked, collected.links), CATALOGUE), audited(RECORDS[host]))


@pytest.mark.parametrize(
    "source",
    [
        "/proc/../etc/shadow", "/etc/shadow", "$dmesg/../../x", "$ethtool_S/../../etc/passwd", "$ethtool_S/..", "$ethtool/.hidden",
        "$ethtool/a b", "$ethtool/a\x1b[31m", "/sys/module/../parameters/x", "/sys/module/a/parameters/b/c", "/sys/class/net/a/b/mtu",
        "$ethtool/" + "a" * 65, "/proc/sys/vm/a/../b", "/sys/class/net/eth0/lower_..", "sos_commands/x", "/boot/loader/entries/../x.conf",
        "$cut", "$modinfo/", "//etc/os-release", "/root/.ssh/id_rsa", "/proc/sys/kernel/..",
    ],
)  # fmt: skip
def test_what_was_not_asked_for_names_no_member(source: str) -> None:
    assert path_of(source) is None
    collected = members_of(Evidence({source: "text\n", "$uname": "Linux a b\n"}, {f"$cut{source}": "first"}))
    assert set(collected.texts) == {"sos_commands/kernel/uname_-a"}
    assert collected.links == {"uname": "sos_commands/kernel/uname_-a"}
    assert collected.left_out == [source] and not collected.cut


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("$ethtool_S/eth0.100", "sos_commands/networking/ethtool_-S_eth0.100"),
        ("$ethtool_/eth0.100", "sos_commands/networking/ethtool_eth0.100"),
        ("$ethtool/ens3f0np0", "sos_commands/networking/ethtool_-i_ens3f0np0"),
        ("/sys/module/mlx4_en/parameters/inline_thold", "sys/module/mlx4_en/parameters/inline_thold"),
        ("$dmesg", "sos_commands/kernel/dmesg"),
        ("$messages", "var/log/messages"),
        ("/proc/slabinfo", "proc/slabinfo"),
        ("/proc/net/sockstat", "proc/net/sockstat"),
        ("/sys/kernel/mm/redhat_transparent_hugepage/enabled", "sys/kernel/mm/redhat_transparent_hugepage/enabled"),
        ("/sys/devices/system/node/node12/meminfo", "sys/devices/system/node/node12/meminfo"),
    ],
)
def test_each_source_has_the_place_that_sos_gives_it(source: str, path: str) -> None:
    assert path_of(source) == path


@pytest.mark.parametrize("target", ["/etc/shadow", "../../x", "/sys/../etc", "/sys/a b", "/sys", "/sys/" + "a/" * 20 + "b"])
def test_a_link_leads_into_sysfs_or_is_left_out(target: str) -> None:
    collected = members_of(Evidence({"/sys/class/net/eth0/device/driver": f"{target}\n"}, {}))
    assert not collected.links and collected.left_out == ["/sys/class/net/eth0/device/driver"]


def test_a_link_stays_within_the_report() -> None:
    collected = members_of(Evidence({"/sys/class/net/eth0/device/driver": "/sys/bus/pci/drivers/mlx4_core\n"}, {}))
    assert collected.links == {"sys/class/net/eth0/device/driver": "../../../../bus/pci/drivers/mlx4_core"}


def test_what_other_tools_look_for_is_made_of_what_is_there() -> None:
    texts = {
        "/proc/sys/vm/min_free_kbytes": "67584\n",
        "/proc/sys/kernel/tainted": "0\n",
        "/proc/modules": "mlx4_en 90112 0 - Live 0x0\nmlx4_core 270336 2 mlx4_en,mlx4_ib, Live 0x0\n",
        "$date": "Fri Nov 27 05:16:53 UTC 2026\n",
        "$hostname": "db01\n",
    }
    collected = members_of(Evidence(texts, {"$journal": "no such command", "/x/*": "No such file or directory"}))
    assert collected.texts["sos_commands/kernel/sysctl_-a"] == "kernel.tainted = 0\nvm.min_free_kbytes = 67584\n"
    assert collected.texts["sos_commands/kernel/lsmod"].splitlines()[1].split() == ["mlx4_en", "90112", "0"]
    assert collected.texts["sos_commands/kernel/lsmod"].splitlines()[2].split() == ["mlx4_core", "270336", "2", "mlx4_en,mlx4_ib"]
    assert collected.links["date"] == "sos_commands/date/date" and collected.links["lsmod"] == "sos_commands/kernel/lsmod"
    assert "uname" not in collected.links
    assert collected.missing == {"$journal": "no such command"}


def test_the_archive_bears_nothing_of_the_hosts_but_texts(tmp_path: Path) -> None:
    path = archive_of(tmp_path, Collected({"proc/meminfo": "MemTotal: 1 kB\n"}, {"uname": "sos_commands/kernel/uname_-a"}))
    with tarfile.open(path) as archive:
        about = {one.name.partition("/")[2]: one for one in archive.getmembers()}
    assert list(about) == ["", "proc", "proc/meminfo", "uname"]
    assert [one.mode for one in about.values()] == [0o755, 0o755, 0o644, 0o777]
    assert {(one.uid, one.gid, one.uname, one.mtime) for one in about.values()} == {(0, 0, "root", 1_795_000_000)}
