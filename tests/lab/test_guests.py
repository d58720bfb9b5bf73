# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests come up, and where they or the machine fail, that is said and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, cannot_run, tool
from tests.lab import cache, debian, guest
from tests.lab.cache import cached
from tests.lab.guest import GuestError, Plan, running, sweep
from tests.playbook import own
from tests.sshd import free_port


def test_two_nodes_and_a_power_cut(tmp_path: Path) -> None:
    with running(Plan("legacy", (1024, 1024)), "nodes") as nodes:
        fleet, _done = own().audit(tmp_path, {"nodes": nodes.variables()})
        facts = fleet["hosts"]["nodes"]["facts"]
        assert {zone["node"] for zone in facts["zones"]} == {0, 1}
        assert [node["node"] for node in fleet["hosts"]["nodes"]["headroom"]["nodes"]] == [0, 1]
        assert facts["vm"]["zone_reclaim_mode"] == 0
        nodes.run("echo kept >/root/synced; sync; echo lost >/root/unsynced")
        nodes.cut_power()
        assert nodes.run("cat /root/synced").strip() == "kept"
        assert nodes.run("cat /root/unsynced 2>/dev/null", check=False).strip() == ""


def test_a_guest_that_panics_is_a_failure_with_its_console() -> None:
    plan = Plan("legacy", (512,), ("rdinit=/none", "root=/dev/none"))
    with pytest.raises(GuestError, match=r"(?s)the kernel panicked.*console\.log.*Unable to mount root fs"), running(plan, "panics"):
        pass


def test_a_port_that_somebody_took_is_not_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], free_port()])
        monkeypatch.setattr(guest, "free_port", lambda: next(ports, None) or free_port())
        started = guest._start(Plan("legacy", (512,)), tmp_path, "ports")
        try:
            assert started.process.poll() is None
            assert started.port != taken.getsockname()[1]
        finally:
            guest._end(started.process)


@pytest.fixture
def lab_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (cache, guest, debian):
        monkeypatch.setattr(module, "LAB", tmp_path)
    return tmp_path


def left_behind(lab: Path, owner: str) -> subprocess.Popen[bytes]:
    """A QEMU without a machine, in the folder of a run whose starter was so."""
    folder = lab / "run" / f"1-{owner.split()[0]}"
    folder.mkdir(parents=True)
    process = subprocess.Popen([tool("qemu-system-x86_64", "qemu-system-x86"), "-machine", "none", "-display", "none"], cwd=folder)
    (folder / "owner").write_text(owner)
    (folder / "pid").write_text(str(process.pid))
    return process


def test_what_an_interrupted_run_left_is_ended_and_no_other(lab_of_its_own: Path) -> None:
    mine = left_behind(lab_of_its_own, f"{os.getpid()} {guest._started(os.getpid())}")
    orphan = left_behind(lab_of_its_own, "999999 123")
    try:
        sweep()
        assert orphan.wait(10) == -signal.SIGKILL
        assert mine.poll() is None
        assert len(list((lab_of_its_own / "run").iterdir())) == 1
    finally:
        mine.kill()
        mine.wait(10)


def test_a_guest_ends_with_the_run_that_started_it(tmp_path: Path) -> None:
    # here, where a missing tool skips the test and does not end the program
    guest._command(Plan("legacy", (512,)), tmp_path, "killed", 0, 0)
    program = "import sys, time\nfrom tests.lab.guest import *\nwith running(Plan('legacy', (512,)), 'killed'): time.sleep(600)\n"
    starter = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    pid_file = cache.LAB / "run" / f"{starter.pid}-killed" / "pid"
    try:
        for _attempt in range(600):
            if pid_file.exists() and pid_file.read_text():
                break
            time.sleep(0.1)
        qemu = int(pid_file.read_text())
        assert Path(f"/proc/{qemu}").exists()
    finally:
        starter.kill()
        starter.wait(10)
    for _attempt in range(100):
        if not Path(f"/proc/{qemu}").exists():
            break
        time.sleep(0.1)
    assert not Path(f"/proc/{qemu}").exists()
    sweep()
    assert not pid_file.parent.exists()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run([tool("mount"), "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], check=False).returncode:
        cannot_run("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def of_size(size: int) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "file").write_bytes(bytes(size))

    return make


def test_a_full_disk_leaves_nothing_half_made(full_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LAB", full_disk)
    with pytest.raises(OSError, match="No space left"):
        cached("large", "key", of_size(2 << 20))
    assert list((full_disk / "cache").iterdir()) == []
    assert (cached("small", "key", of_size(1)) / "file").exists()


def test_without_a_network_it_says_so(lab_of_its_own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool("apt-cache", "apt")
    nowhere = debian.Archive("bookworm", f"deb [trusted=yes] http://127.0.0.1:{free_port()}/debian bookworm main\n", "apt")
    with pytest.raises((pytest.skip.Exception, pytest.fail.Exception), match="package lists cannot be fetched"):
        debian.versions("a-package-not-asked-for-yet", of=nowhere)
