# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SUSE host, from what zypper 1.14.42 prints and from its files: what is offered, what is safe, and what is refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue, load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import Finding
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.zypper import Zypper
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import Offer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.preflight import Preflight, preflight

from tests.unit.plugins.plugin_utils.upgrade.test_upgrade_preflight import FACTS, NOW, TEXTS, asked_for

OLD, NEW = "6.1.0-150500.358-default", "6.1.0-150500.440-default"
OLD_PACKAGE, NEW_PACKAGE = "6.1.0-150500.358.1.x86_64", "6.1.0-150500.440.1.x86_64"

SEARCH = """\
<?xml version='1.0'?>
<stream>

<search-result version="0.0">
<solvable-list>
<solvable status="other-version" name="kernel-default" kind="package" edition="6.1.0-150500.440.2" arch="x86_64" repository="a &amp; b"/>
<solvable status="other-version" name="kernel-default" kind="package" edition="6.1.0-150500.440.1" arch="x86_64" repository="lab"/>
<solvable status="installed" name="kernel-default" kind="package" edition="6.1.0-150500.431.1" arch="x86_64" repository="lab"/>
<solvable status="not-installed" name="kernel-default" kind="package" edition="4.12.14-lp151.28.10.1" arch="x86_64" repository="lab"/>
<solvable status="not-installed" name="kernel-default" kind="package" edition="6.1.0-150500.358.1" arch="i586" repository="lab"/>
</solvable-list>
</search-result>
</stream>
"""
INSTALLS = """\
<?xml version='1.0'?>
<stream>
<install-summary download-size="6527" space-usage-diff="4" packages-to-change="1">
<to-install>
<solvable type="package" name="kernel-default" edition="6.1.0-150500.440.1" arch="x86_64" summary="a > b">
<description>x</description></solvable>
</to-install>
</install-summary>
</stream>
"""
REMOVES = """\
<to-remove>
<solvable type="package" name="vendor-kmp-default" edition="1-1" arch="x86_64" summary="x">
<description>x</description></solvable>
</to-remove>
</install-summary>
"""
LOCKED = """\
<prompt id="1">
<description>Problem: conflicting requests
 Solution 1: remove lock to allow installation of kernel-default-6.1.0-150500.440.1.x86_64[lab]
 Solution 2: do not ask to install a solvable providing kernel-default.x86_64 = 6.1.0-150500.440.1
</description>
"""
GRUB_CFG = f"""\
   set default="${{next_entry}}"
   set default="${{saved_entry}}"
menuentry 'SLES 15-SP5' --class sles --class gnu-linux $menuentry_id_option 'gnulinux-simple-uuid' {{
\tlinux\t/boot/vmlinuz-{OLD} root=UUID=uuid
submenu 'Advanced options for SLES 15-SP5' --hotkey=1 $menuentry_id_option 'gnulinux-advanced-uuid' {{
\tmenuentry 'SLES 15-SP5, with Linux {OLD}' --hotkey=2 --class sles $menuentry_id_option 'gnulinux-{OLD}-advanced-uuid' {{
\t\tlinux\t/boot/vmlinuz-{OLD} root=UUID=uuid
"""
SUSE = {
    **{name: text for name, text in TEXTS.items() if not name.startswith("/") and name != "$grubby"},
    "$manager": "zypper\n",
    "$offered": SEARCH,
    "$packages": f"kernel-default {OLD_PACKAGE}\npackage kernel-default-extra is not installed\n",
    "$owner": "kernel-default\n",
    "$release": f"{OLD}\n",
    "$size": f"4000 /boot/vmlinuz-{OLD}\n18000 /boot/initrd-{OLD}\n120000 /lib/modules/{OLD}\n",
    "$tool": "grub2-editenv\n",
    "$init": "systemd\n",
    "$boot_device": "/dev/sda2\n",
    "/boot/grub2/grub.cfg": GRUB_CFG,
    "/etc/zypp/zypp.conf": "multiversion = provides:multiversion(kernel)\nmultiversion.kernels = latest,latest-1,running\n",
    "/etc/sysconfig/bootloader": 'LOADER_TYPE="grub2-efi"\n',
    "/proc/mounts": "/dev/sda2 / ext4 rw,relatime 0 0\n/dev/sda1 /boot/efi vfat rw 0 0\n",
}
KERNEL = {
    "release": OLD,
    "machine": "x86_64",
    "default_boot": OLD,
    "distribution": {"id": "sles", "name": "SUSE Linux Enterprise Server 15 SP5", "version": "15.5"},
}
SITE = {
    "id": "site",
    "title": "a driver of the site's",
    "driver": "mlx4_en",
    "kernel": {"dists": ["150500"], "introduced": "6.1.0-150500.300", "fixed": "6.1.0-150500.400"},
    "order": 2,
    "fix": "Boot a kernel that has it.",
    "references": ["https://example.org"],
}


def catalogue() -> Catalogue:
    return merge_site_advisories(load_catalogue(), [SITE])


def look(texts: dict[str, str] | None = None, kernel: dict[str, Any] | None = None, **wishes: Any) -> Preflight:
    advisories = [one for one in catalogue().advisories if one.id == "site"]
    facts = {**FACTS, "kernel": {**KERNEL, **(kernel or {})}}
    return preflight(Evidence({**SUSE, **(texts or {})}, {}), facts, advisories, asked_for(**wishes), NOW)


def test_a_suse_host_with_nothing_in_the_way() -> None:
    found = look()
    assert found.blockers == []
    assert found.target and (found.target.release, found.target.package) == (NEW, "6.1.0-150500.440.2.x86_64")
    states = {one["check"]: one["state"] for one in found.findings}
    assert {states[check] for check in ("distribution", "flavour", "root", "loader_type", "purge_kernels", "boot_loader")} == {"ok"}
    assert "boot_policy" not in states, "its packages know no such choice"
    assert states["fallback"] == "warning", "an entry in a submenu cannot be booted once"


def test_what_is_offered() -> None:
    assert Zypper().offers(SEARCH) == {
        NEW: Offer("6.1.0-150500.440.2.x86_64", "a & b"),
        OLD: Offer("6.1.0-150500.358.1.i586", "lab"),
    }
    assert Zypper().offers("") == {}


def test_a_package_as_the_command_takes_it() -> None:
    assert Zypper().words(["kernel-default"], NEW_PACKAGE) == ["kernel-default.x86_64=6.1.0-150500.440.1"]


@pytest.mark.parametrize(
    ("texts", "check", "sentence"),
    [
        ({"$owner": "kernel-azure\n"}, "flavour", "of the package kernel-azure"),
        ({"/proc/mounts": "/dev/sda2 / btrfs rw,subvol=/@/.snapshots/1/snapshot 0 0\n"}, "root", "this role does not choose the snapshot"),
        ({"/proc/mounts": "/dev/sda2 / xfs rw 0 0\n/dev/sda1 /boot btrfs rw 0 0\n"}, "root", "/boot on btrfs"),
        ({"/proc/mounts": "/dev/sda2 / ext4 ro,relatime 0 0\n"}, "root", "/ is read-only"),
        ({"/proc/mounts": "/dev/sda1 /boot ext4 rw 0 0\n"}, "root", "is not known"),
        ({"$tool": "grub2-editenv\ntransactional-update\n"}, "root", "transactional-update"),
        ({"/etc/sysconfig/bootloader": 'LOADER_TYPE="systemd-boot"\n'}, "loader_type", "is systemd-boot, not grub2"),
        ({"/etc/sysconfig/bootloader": ""}, "loader_type", "does not tell"),
        ({"/etc/zypp/zypp.conf": "multiversion.kernels = latest\n"}, "purge_kernels", f"would remove {OLD} after the reboot"),
        ({"/etc/zypp/zypp.conf": ""}, "purge_kernels", "it is not known which kernels purge-kernels keeps"),
        ({"$packages": ""}, "purge_kernels", "the package of the running kernel is not known"),
        ({"/boot/grub2/grub.cfg": GRUB_CFG.replace("saved_entry", "other")}, "boot_loader", "the default boot entry cannot be chosen"),
        ({"$manager": "dnf\n"}, "distribution", "is not of the Enterprise Linux family"),
    ],
)
def test_what_is_not_safe_is_refused_with_the_reason(texts: dict[str, str], check: str, sentence: str) -> None:
    blockers = {one["check"]: one for one in look(texts).blockers}
    assert sentence in blockers[check]["sentence"] and blockers[check]["remedy"], blockers
    assert check == "distribution" or set(blockers) == {check}


@pytest.mark.parametrize(
    ("rule", "between", "kept"),
    [
        ("latest,latest-1,running", (), True),
        ("latest,latest-1,running", ("6.1.0-150500.431.1.x86_64",), False),  # the running one would be the third
        ("latest,latest-2,running", ("6.1.0-150500.431.1.x86_64",), True),
        ("latest , oldest, running", ("6.1.0-150500.431.1.x86_64",), True),
        ("latest,oldest+1,running", ("6.1.0-150500.431.1.x86_64",), False),
        ("latest,oldest+1,running", ("6.1.0-150500.99.1.x86_64",), True),  # in RPM's order 99 comes before 358
        ("latest,6.1.0-150500.358.1", ("6.1.0-150500.431.1.x86_64",), True),
        ("latest,6.1.0-150500.3", ("6.1.0-150500.431.1.x86_64",), False),
        ("running", (), False),  # by then it is the new one that runs
        ("", (), False),
    ],
)
def test_the_way_back_outlasts_purge_kernels(rule: str, between: tuple[str, ...], kept: bool) -> None:
    packages = "".join(f"kernel-default {one}\n" for one in (OLD_PACKAGE, *between))
    found = look({"/etc/zypp/zypp.conf": f"multiversion.kernels = {rule}\n", "$packages": packages})
    assert ("purge_kernels" not in {one["check"] for one in found.blockers}) is kept


def test_what_is_added_to_its_configuration_counts_first() -> None:
    vendor = {"/etc/zypp/zypp.conf": "", "/usr/etc/zypp/zypp.conf": "multiversion.kernels = latest,latest-1,running\n"}
    assert not look(vendor).blockers
    assert look({**vendor, "/etc/zypp/zypp.conf.d/site.conf": "multiversion.kernels = latest\n"}).blockers


@pytest.mark.parametrize(
    ("version", "like", "known"),
    [("15.5", "", True), ("12.5", "", True), ("11.4", "", False), ("", "", False), ("9", "suse opensuse", False), ("15.6", "suse", True)],
)
def test_releases_of_the_family(version: str, like: str, known: bool) -> None:
    distribution = {"id": "site" if like else "sles", "name": "x", "version": version}
    found = look({"/etc/os-release": f'ID_LIKE="{like}"\n'}, {"distribution": distribution})
    assert ("distribution" not in {one["check"] for one in found.blockers}) is known


def rehearsed(text: str, status: str = "0") -> Finding:
    [found] = Zypper().rehearsal(Evidence({"$rehearsal": text, "$rehearsal_status": f"{status}\n"}, {}))
    return found


@pytest.mark.parametrize(
    ("text", "status", "check", "said"),
    [
        (INSTALLS.replace("</install-summary>", REMOVES), "0", "transaction", "zypper would remove vendor-kmp-default"),
        (INSTALLS.replace("to-install", "to-upgrade"), "0", "transaction", "does not keep several"),
        (INSTALLS.replace("kernel-default", "kernel-azure"), "0", "transaction", "would not install kernel-default"),
        ("<stream>\n</stream>\n", "0", "transaction", "would not install kernel-default"),
        (LOCKED, "4", "held", "remove lock to allow installation of kernel-default"),
        ('<message type="error">No provider of &apos;x&apos; found.</message>', "104", "transaction", "No provider of"),
        ("", "4", "transaction", "it does not say why"),
        (INSTALLS, "", "transaction", "it does not say why"),
    ],
)
def test_a_rehearsal_tells_what_would_go_wrong(text: str, status: str, check: str, said: str) -> None:
    found = rehearsed(text, status)
    assert (found["check"], found["state"]) == (check, "blocker") and said in found["sentence"] and found["remedy"]


def test_a_rehearsal_that_installs_beside() -> None:
    assert rehearsed(INSTALLS)["state"] == "ok"
    more = INSTALLS.replace("</install-summary>", REMOVES.replace("to-remove", "to-upgrade"))
    assert rehearsed(more)["state"] == "ok", "what is no kernel may be upgraded"


@pytest.mark.parametrize(
    ("mounts", "state", "sentence"),
    [
        ("rootfs / rootfs ro 0 0\n/dev/sda2 / ext4 rw 0 0\n", "ok", "/ is on ext4"),
        ("/dev/sda2 / xfs ro,relatime 0 0\n", "blocker", "read-only"),
        ("/dev/sda2 / xfs rw,ro_like 0 0\nbroken / line\n", "ok", "/ is on xfs"),
        ("/dev/sda2 / xfs rw\n", "ok", "/ is on xfs"),
        ("/dev/sda2 / xfs\n", "blocker", "is not known"),
        ("/dev/sda2 / ext4 ro 0 0\n/dev/sda3 / xfs rw 0 0\n", "ok", "/ is on xfs"),
        ("/dev/sda2 / ext4 rw 0 0\n/dev/sda3 / xfs ro 0 0\n", "blocker", "read-only"),
    ],
)
def test_the_root_is_what_was_mounted_there_last(mounts: str, state: str, sentence: str) -> None:
    [found] = [one for one in look({"/proc/mounts": mounts}).findings if one["check"] == "root"]
    assert found["state"] == state and sentence in found["sentence"], found


def test_a_rule_that_does_not_keep_the_old_kernel_says_what_to_add() -> None:
    [found] = look({"/etc/zypp/zypp.conf": "multiversion.kernels = latest\n"}).blockers
    assert found["check"] == "purge_kernels" and found["remedy"].startswith("add 6.1.0-150500.358.1 to multiversion.kernels")
