# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel_upgrade playbook on a guest with zypper, SUSE's names of kernels and SUSE's menu: what it refuses, what it does, and the boot.

In the order of the file, on one guest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.faults import offer
from tests.lab.guest import Guest, Plan, running
from tests.lab.packages import SUSE_NEW, SUSE_OLD, uname_of
from tests.lab.test_kernel_upgrade import Run
from tests.lab.test_story import ADVISORY

pytestmark = pytest.mark.lab_long
OLD, NEW = uname_of(SUSE_OLD), uname_of(SUSE_NEW)
SITE = {**ADVISORY, "kernel": {"dists": ["150500"], "introduced": OLD.removesuffix("-default"), "fixed": NEW.removesuffix("-default")}}


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    with running(Plan("suse", (2048,)), "suse") as started:
        yield started


def upgrade(guest: Guest, folder: Path, *words: str, **options: object) -> Run:
    return Run(guest, folder, *words, advisories=[SITE], **options)


def installed(guest: Guest) -> list[str]:
    return sorted(guest.run("rpm -q kernel-default").split())


def test_check_mode_shows_the_plan_and_changes_nothing(guest: Guest, tmp_path: Path) -> None:
    run = upgrade(guest, tmp_path, "--check", "--diff")
    assert run.outcome == ("planned", "at_risk"), run.host["why"]
    assert run.host["target"] == NEW and f'+    "default_boot": "{NEW}"' in run.done.stdout
    assert run.found("transaction") == "zypper would install kernel-default and remove nothing"
    assert installed(guest) == [f"kernel-default-{SUSE_OLD}.x86_64"]


@pytest.mark.parametrize(
    ("spoil", "mend", "said"),
    [
        ("zypper -n addlock kernel-default", "zypper -n removelock kernel-default", "remove lock to allow installation"),
        ("sed -i s/^multi/#multi/ /etc/zypp/zypp.conf", "sed -i s/^#multi/multi/ /etc/zypp/zypp.conf", "does not keep several"),
        ("sed -i s/latest-1,// /etc/zypp/zypp.conf", "sed -i s/latest,/latest,latest-1,/ /etc/zypp/zypp.conf", f"would remove {OLD}"),
        ("sed -i s/grub2/grub2-bls/ /etc/sysconfig/bootloader", "sed -i s/grub2-bls/grub2/ /etc/sysconfig/bootloader", "not grub2"),
        ("rm /srv/repo/offered", "ln -sfn current /srv/repo/offered", "is not offered (newest offered: none)"),
        ("ln -sfn pinned /srv/repo/offered", "ln -sfn current /srv/repo/offered", "is not offered (newest offered: none)"),
        ("pgrep -x sshd | head -n 1 >/run/zypp.pid", "rm /run/zypp.pid", "the package manager is busy"),
    ],
    ids=["lock", "single", "purge", "loader", "gone", "pinned", "busy"],
)
def test_what_is_not_safe_is_refused(guest: Guest, tmp_path: Path, spoil: str, mend: str, said: str) -> None:
    guest.run(spoil)
    run = upgrade(guest, tmp_path)
    guest.run(mend)
    assert run.host["outcome"] == "refused" and said in run.host["why"], run.host["why"]
    assert installed(guest) == [f"kernel-default-{SUSE_OLD}.x86_64"]


def test_a_corrupt_package_leaves_all_as_it_was(guest: Guest, tmp_path: Path) -> None:
    offer(guest, "corrupt")
    run = upgrade(guest, tmp_path)
    offer(guest, "current")
    assert run.host["outcome"] == "failed" and f"Kernel {OLD} boots by default" in run.host["why"], run.host["why"]
    assert installed(guest) == [f"kernel-default-{SUSE_OLD}.x86_64"]


def test_installed_beside_made_good_again_and_booted(guest: Guest, tmp_path: Path) -> None:
    run = upgrade(guest, tmp_path)
    assert run.outcome == ("installed", "reboot_pending"), run.host["why"]
    assert installed(guest) == [f"kernel-default-{version}.x86_64" for version in (SUSE_OLD, SUSE_NEW)]
    assert "changed=0" in upgrade(guest, tmp_path).done.stdout

    guest.run(f"rm /boot/initrd-{NEW} /lib/modules/{NEW}/modules.builtin")
    mended = upgrade(guest, tmp_path)
    assert mended.outcome == ("installed", "reboot_pending") and "it was only half installed: " in mended.host["why"], mended.host["why"]
    assert int(guest.run(f"stat -c %s /boot/initrd-{NEW}")) > 1 << 20

    booted = upgrade(guest, tmp_path, reboot="now")
    assert booted.outcome == ("rebooted", "clear"), booted.host["why"]
    assert guest.run("uname -r").strip() == NEW
    assert upgrade(guest, tmp_path).outcome == ("untouched", "clear")
    guest.run(f"zypper -n purge-kernels && rpm -q kernel-default-{SUSE_OLD}.x86_64")
