# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest that chooses its kernel: real packages add one, what the guest set decides which boots, and the audit sees each step.

In the order of the file, on one guest: each test goes on where the last one ended. ``./dev test`` runs the first alone, since
test_kernel_upgrade.py installs and boots a kernel too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.faults import fill_boot, offer
from tests.lab.guest import Guest, Plan, running
from tests.lab.kernel import earlier_kernel, kernel
from tests.lab.packages import BROKEN, NEW, OLD, uname_of
from tests.lab.test_story import ADVISORY
from tests.playbook import own

LONG = pytest.mark.lab_long
ADVISED = {**ADVISORY, "kernel": {"dists": ["el9"], "introduced": OLD, "fixed": NEW}}


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    with running(Plan("upgradable"), "upgradable") as started:
        yield started


def audit(guest: Guest, folder: Path) -> tuple[str, dict[str, Any]]:
    """(verdict, facts of the kernel)."""
    advised = json.dumps({"pagealloc_advisories": [ADVISED]})
    fleet, _done = own().audit(folder, {"upgradable": guest.variables()}, "-e", advised)
    host = fleet["hosts"]["upgradable"]
    return host["verdict"], host["facts"]["kernel"]


def boot_entry(guest: Guest, version_release: str) -> str:
    return guest.run(f"basename /boot/loader/entries/*-{uname_of(version_release)}.conf .conf").strip()


def leaks(guest: Guest) -> bool:
    """Whether traffic costs it blocks."""
    guest.send_packets(50)
    return int(guest.run("cat /sys/module/mlx4_en/parameters/blocks_leaked")) > 0


def test_an_rpm_brought_the_kernel_that_runs(guest: Guest, tmp_path: Path) -> None:
    assert guest.run("rpm -q kernel").split() == [f"kernel-{uname_of(OLD)}"]
    assert guest.run("rpm -V kernel") == ""
    verdict, seen = audit(guest, tmp_path)
    assert verdict == "at_risk"
    assert (seen["release"], seen["installed"], seen["default_boot"]) == (uname_of(OLD), [uname_of(OLD)], uname_of(OLD))
    assert seen["distribution"]["id"] == "pagealloc-el"
    assert leaks(guest)


@LONG
@pytest.mark.parametrize(
    ("repository", "leave_kb", "said"),
    [
        (None, None, "Failed to download metadata for repo 'lab'"),
        ("corrupt", None, "incorrect checksum"),
        ("current", 4000, "more space needed on the /boot filesystem"),
    ],
    ids=["gone", "corrupt", "full"],
)
def test_a_fault_leaves_all_as_it_was(guest: Guest, repository: str | None, leave_kb: int | None, said: str) -> None:
    offer(guest, repository)
    fill_boot(guest, leave_kb)
    before = guest.run("ls -R /boot; cat /boot/grub2/grubenv; rpm -qa")
    assert said in guest.run(f"dnf -y install kernel-{NEW} 2>&1; true")
    assert guest.run("ls -R /boot; cat /boot/grub2/grubenv; rpm -qa") == before
    offer(guest, "current")
    fill_boot(guest, None)


@LONG
def test_dnf_installs_beside_and_the_new_one_runs_after_a_reboot(guest: Guest, tmp_path: Path) -> None:
    guest.run(f"dnf -y install kernel-{NEW}")
    verdict, seen = audit(guest, tmp_path / "before")
    assert verdict == "reboot_pending"
    assert (seen["release"], seen["default_boot"]) == (uname_of(OLD), uname_of(NEW))
    assert sorted(seen["installed"]) == [uname_of(OLD), uname_of(NEW)]
    assert guest.run(f"rpm -V kernel-{NEW}") == ""
    debian = guest.run("uname -v")
    guest.reboot()
    verdict, seen = audit(guest, tmp_path / "after")
    assert (verdict, seen["release"]) == ("clear", uname_of(NEW))
    assert (guest.run("uname -v") != debian) == (kernel() != earlier_kernel()), "another kernel, not another name alone"
    assert not leaks(guest)


@LONG
def test_a_kernel_that_panics_is_a_reset_away_from_the_default(guest: Guest, tmp_path: Path) -> None:
    offer(guest, "broken")
    install = {"ansible.builtin.dnf": {"name": f"kernel-{BROKEN}", "state": "present"}}
    own().play(tmp_path, {"upgradable": guest.variables()}, [install])
    assert guest.run("grubby --default-kernel").strip() == f"/boot/vmlinuz-{uname_of(BROKEN)}"
    guest.run(f"grubby --set-default=/boot/vmlinuz-{uname_of(OLD)}; grub2-reboot {boot_entry(guest, BROKEN)}; sync")
    guest.ask_to_reboot()
    guest.wait_for_panic()
    assert "lab: the disk does not mount" in guest.console
    guest.reset()
    guest.wait()
    assert guest.run("uname -r").strip() == uname_of(OLD)
    assert "next_entry" not in guest.run("grub2-editenv list").replace("next_entry=\n", "")
    guest.run(f"grub2-set-default {boot_entry(guest, NEW)}; sync")  # grub2-editenv leaves it to the page cache
    guest.cut_power()
    assert guest.run("uname -r").strip() == uname_of(NEW), "what was synced outlasts a power cut"
