# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnostics playbook through a real sshd: what our own audit and insights-core read from the archive is what the host says itself."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.sosreports import insights_python
from tests.playbook import Ansible, counting_ssh, inventory, newest
from tests.sshd import Sshd, free_port

#: What insights-core's own parsers find in an archive, as JSON.
INSIGHTS = """
import importlib, json, logging, sys
from insights import dr
from insights.core.archives import extract
from insights.core.hydration import initialize_broker
from insights.parsers.buddyinfo import BuddyInfo
from insights.parsers.cmdline import CmdLine
from insights.parsers.dmesg import DmesgLineList
from insights.parsers.ethtool import Driver
from insights.parsers.interrupts import Interrupts
from insights.parsers.meminfo import MemInfo
from insights.parsers.sysctl import Sysctl
from insights.parsers.uname import Uname
logging.disable(logging.CRITICAL)
for specs in ("sos_archive", "default"):
    importlib.import_module("insights.specs." + specs)
wanted = [BuddyInfo, CmdLine, DmesgLineList, Driver, Interrupts, MemInfo, Sysctl, Uname]
graph = {}
for one in wanted:
    graph.update(dr.get_dependency_graph(one))
with extract(sys.argv[1]) as unpacked:
    context, broker = initialize_broker(unpacked.tmp_dir)
    dr.run(graph, broker=broker)
    print(json.dumps({
        "context": type(context).__name__,
        "memory_bytes": broker[MemInfo].total,
        "release": broker[Uname].kernel,
        "drivers": sorted(str(driver.driver) for driver in broker.get(Driver, [])),
        "reserve_kb": broker[Sysctl]["vm.min_free_kbytes"],
        "has_log": len(broker[DmesgLineList].lines) > 0,
        "zones": sorted({zone["zone"] for zone in broker[BuddyInfo]}),
        "processors": broker[Interrupts].num_cpus,
        "cmdline": broker[CmdLine].cmdline,
    }))
"""


def one(sshd: Sshd) -> dict[str, Any]:
    return {"ansible_host": "127.0.7.1", **sshd.variables()}


def taken(
    ansible: Ansible, folder: Path, hosts: dict[str, Any], *words: str, playbook: str = "diagnostics", **choices: Any
) -> tuple[list[Path], str]:
    """(the archives, what was said)."""
    command = (
        "ansible-playbook",
        f"fleetcare.pagealloc.{playbook}",
        "-i",
        str(inventory(folder, hosts)),
        "-e",
        json.dumps(choices),
        *words,
    )
    done = ansible.run(*command, folder=folder, check=False)
    return sorted(folder.glob("pagealloc-diagnostics/*.tar.gz")), " ".join((done.stdout + done.stderr).replace("\\n", " ").split())


def test_an_audit_of_the_archive_says_what_one_of_the_host_says(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    """The gate's numbers move from one second to the next, so the verdict and what does not move are compared."""
    (archive,), said = taken(ansible, tmp_path, {"db01": one(sshd)})
    assert "failed=0" in said and "changed=0" in said
    live, _done = ansible.audit(tmp_path / "live", {"db01": one(sshd)})
    reports = tmp_path / "reports.yml"
    reports.write_text(json.dumps({"plugin": "fleetcare.pagealloc.sosreport", "paths": [str(archive)], "cache_dir": "none"}))
    ansible.run("ansible-playbook", "fleetcare.pagealloc.audit", "-i", str(reports), folder=tmp_path)
    (report,) = json.loads((tmp_path / "pagealloc-report" / "fleet.json").read_text())["hosts"].values()
    host = live["hosts"]["db01"]
    for name in ("verdict", "symptom", "advisories", "order", "causes"):
        assert report[name] == host[name], (report["reasons"], host["reasons"])
    for name in ("kernel", "page_size_bytes", "nics", "vm", "modules"):
        assert report["facts"][name] == host["facts"][name]
    assert (report["headroom"] is None) == (host["headroom"] is None)
    assert (report["headroom"] or {}).get("rule") == (host["headroom"] or {}).get("rule")
    text = archive.with_name(archive.name.replace(".tar.gz", ".txt")).read_text()
    assert text.startswith(f"db01 is {host['verdict'].replace('_', ' ')}") and 8 <= text.count("\n") <= 14
    assert archive.name in text
    assert {path.stat().st_mode & 0o777 for path in archive.parent.iterdir()} == {0o600}


def test_a_host_is_asked_once_and_sends_no_more_than_it_may(sshd: Sshd, tmp_path: Path) -> None:
    counted, connections = counting_ssh(tmp_path)
    hosts = {"db01": {**one(sshd), "ansible_ssh_executable": str(counted)}}
    (archive,), said = taken(newest(), tmp_path, hosts, diagnostics_total_kb=256, diagnostics_text_kb=16)
    assert connections() == 1
    with tarfile.open(archive) as packed:
        assert sum(about.size for about in packed.getmembers()) < 2 * 256 * 1024  # sysctl_-a is made of what came
    assert "proc/slabinfo (first part)" in said or Path("/proc/slabinfo").stat().st_size < 16 * 1024


def test_hosts_that_hang_or_never_stop_cost_the_others_nothing(sshd: Sshd, account: Callable[[str], str], tmp_path: Path) -> None:
    hosts = {
        "hangs": {**one(sshd), **sshd.variables(account("exec sleep 100"))},
        "floods": {**one(sshd), **sshd.variables(account("exec yes 'a line without end'"))},
        "db01": one(sshd),
    }
    began = time.monotonic()
    archives, said = taken(newest(), tmp_path, hosts, "--limit", ",".join(hosts), diagnostics_timeout_seconds=10, diagnostics_total_kb=256)
    assert time.monotonic() - began < 60
    assert [archive.name.split("-")[1] for archive in archives] == ["db01"]
    assert "the host sent more than" in said


def test_hosts_that_are_gone_do_not_end_it_for_the_rest(sshd: Sshd, tmp_path: Path) -> None:
    """Four are asked at a time, and hosts in trouble are often those that SSH does not reach."""
    gone = {f"gone{number}": {**one(sshd), "ansible_port": free_port()} for number in range(4)}
    hosts = {**gone, "here": one(sshd)}
    archives, said = taken(newest(), tmp_path, hosts, "--limit", ",".join(hosts))
    assert [archive.name.split("-")[1] for archive in archives] == ["here"]
    assert said.count("unreachable=1") == 4 and said.count("unreachable=0") == 1


def test_few_hosts_are_asked_at_a_time(sshd: Sshd, account: Callable[[str], str], tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:  # the account can write there, as it cannot below tmp_path
        Path(folder).chmod(0o777)
        user = account(f"echo 1 >>{folder}/now; sleep 1; echo -1 >>{folder}/now; exit 1")
        hosts = {f"db{number:02d}": {**one(sshd), **sshd.variables(user)} for number in range(5)}
        taken(newest(), tmp_path, hosts, "--limit", ",".join(hosts), "--forks", "5", diagnostics_serial=2)
        asked = list(accumulate(int(line) for line in Path(folder, "now").read_text().splitlines()))
    assert len(asked) == 10 and max(asked) == 2


@pytest.mark.slow("insights-core is installed for it")
def test_insights_core_reads_it(sshd: Sshd, tmp_path: Path) -> None:
    (archive,), _said = taken(newest(), tmp_path, {"db01": one(sshd)})
    script = tmp_path / "read.py"
    script.write_text(INSIGHTS)
    done = subprocess.run([str(insights_python()), str(script), str(archive)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["context"] == "SosArchiveContext"
    assert found["release"] == os.uname().release
    assert found["memory_bytes"] == int(Path("/proc/meminfo").read_text().split()[1]) * 1024
    assert int(found["reserve_kb"]) == int(Path("/proc/sys/vm/min_free_kbytes").read_text())
    assert found["has_log"]
    assert found["zones"] == sorted({line.split()[3] for line in Path("/proc/buddyinfo").read_text().splitlines()})
    assert found["processors"] == len(Path("/proc/interrupts").read_text().splitlines()[0].split())
    assert found["cmdline"].split()[0] == Path("/proc/cmdline").read_text().split()[0]
    devices = [path for path in Path("/sys/class/net").iterdir() if (path / "device").exists()]
    assert len(found["drivers"]) == len(devices)


def test_a_mask_leaves_no_address_and_no_name(sshd: Sshd, tmp_path: Path) -> None:
    (archive,), said = taken(newest(), tmp_path, {"db01": one(sshd)}, diagnostics_mask=True)
    assert archive.name.startswith("sosreport-masked-") and "Masked: the host's own name" in said
    with tarfile.open(archive) as packed:
        files = {about.name.partition("/")[2]: packed.extractfile(about) for about in packed.getmembers() if about.isreg()}
        texts = {path: file.read().decode() for path, file in files.items() if file}
    everything = "\n".join((*texts.values(), archive.with_name(archive.name.replace(".tar.gz", ".txt")).read_text()))
    addresses = {path.read_text().strip() for path in Path("/sys/class/net").glob("*/address")} - {"", "00:00:00:00:00:00"}
    assert not [address for address in addresses if address in everything]
    label = archive.name[len("sosreport-") : len("sosreport-masked-1234567")]
    assert texts["sos_commands/host/hostname"].strip() == label == texts["sos_commands/kernel/uname_-a"].split()[1]
    assert f"kernel.hostname = {label}\n" in texts["sos_commands/kernel/sysctl_-a"]
    assert "etc/machine-id" not in texts and "db01" not in everything


@pytest.mark.parametrize("words", [("--check",), ()])
def test_nothing_is_taken_that_was_not_asked_for(words: tuple[str, ...], sshd: Sshd, tmp_path: Path) -> None:
    two = {"db01": one(sshd), "db02": one(sshd)}
    archives, said = taken(newest(), tmp_path, two, *words)
    assert "Diagnostics are taken of named hosts alone. Name them with --limit" in said and not archives
    if words:
        archives, said = taken(newest(), tmp_path, two, "--limit", "db01", *words)
        assert "this is check mode. Nothing was asked of the host" in said and "failed=0" in said
    else:  # this machine shows no trouble
        archives, said = taken(newest(), tmp_path, two, diagnostics_of="trouble")
        assert said.count("the host does not show the trouble") == 2 and "failed=0" in said
    assert not archives and not list(tmp_path.glob("pagealloc-diagnostics/*"))


def test_a_wrong_option_is_named(sshd: Sshd, tmp_path: Path) -> None:
    assert "log_kb: 5000 is not between 64 and 4096" in taken(newest(), tmp_path, {"db01": one(sshd)}, diagnostics_log_kb=5000)[1]
    assert "diagnostics_of" in taken(newest(), tmp_path, {"db01": one(sshd)}, diagnostics_of="all")[1]


def test_what_could_not_be_taken_does_not_stop_the_workaround(sshd: Sshd, tmp_path: Path) -> None:
    gone = {"ansible_host": "127.0.0.1", **sshd.variables(), "ansible_port": free_port()}
    choices = {"workaround_diagnostics": True, "diagnostics_log_kb": 5000, "workaround_timeout_seconds": 30}
    _archives, said = taken(newest(), tmp_path, {"db01": one(sshd), "gone": gone}, "--check", playbook="workaround", **choices)
    assert "log_kb: 5000 is not between 64 and 4096" in said
    fleet = json.loads((tmp_path / "pagealloc-workaround" / "fleet.json").read_text())
    assert {name: host["change"]["outcome"] for name, host in fleet["hosts"].items()} == {"db01": "none", "gone": "unreachable"}
