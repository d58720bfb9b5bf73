# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight of an EL 6 host, which cannot run here, from what its files and commands hold: each thing in the way, and all at once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.drivers import finding_of_contents, needed_drivers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.preflight import (
    Preflight,
    Wishes,
    both_looks,
    held_back,
    preflight,
)

from tests.unit.plugins.plugin_utils.upgrade.test_upgrade_cluster import CLUSTAT
from tests.unit.plugins.plugin_utils.upgrade.test_upgrade_loader import GRUB_CONF, NEW, OLD
from tests.unit.plugins.plugin_utils.upgrade.test_upgrade_target import YUM3

HOME = "/var/lib/pagealloc-kernel-upgrade"
NOW = 1_796_000_000
TEXTS = {
    "$user": "0\n",
    "$manager": "yum\n",
    "$offered": YUM3,
    "$packages": f"kernel {OLD}\npackage kernel-core is not installed\n",
    "$owner": "kernel\n",
    "/etc/sysconfig/kernel": "UPDATEDEFAULT=yes\nDEFAULTKERNEL=kernel\n",
    "$room": "380000 /boot\n9000000 /lib/modules\n",
    "$size": f"4000 /boot/vmlinuz-{OLD}\n18000 /boot/initramfs-{OLD}.img\n120000 /lib/modules/{OLD}\n",
    "$outside": "",
    "/boot/grub/grub.conf": GRUB_CONF,
    "$tool": "grubby\nat\n",
    "$grubby": f"/boot/vmlinuz-{OLD}\n",
    "$clock": f"{NOW}\n",
    "$zone": "Europe/Berlin\n",
    "$boot_id": "b\n",
    "$release": f"{OLD}\n",
    "$up": "eth0\n",
    "$default_route": "eth0\n",
    "$init": "other\n",
    "$daemon": "atd\n",
    "$python": "/usr/bin/python 2.6\n",
}
FACTS: dict[str, Any] = {
    "kernel": {
        "release": OLD,
        "machine": "x86_64",
        "default_boot": OLD,
        "distribution": {"id": "rhel", "name": "Red Hat Enterprise Linux Server release 6.4 (Santiago)", "version": "6.4"},
    },
    "modules": {"out_of_tree": []},
    "nics": [
        {"name": "eth0", "driver": "mlx4_en (MT_0DD0120009_CX3)", "module_path": "/lib/modules/x/mlx4_en.ko", "in_tree": True},
        {"name": "eth1", "driver": "own", "module_path": "/lib/modules/x/extra/own.ko", "in_tree": False},
        {"name": "bond0", "driver": "bonding", "module_path": "/lib/modules/x/bonding.ko", "in_tree": True, "virtual": True},
    ],
}
MLX4 = tuple(one for one in load_catalogue().advisories if one.id == "mlx4_en-rhel-6.4-order-2")


def asked_for(**changed: Any) -> Wishes:
    """What is asked for where an operator changes no other option."""
    plain: dict[str, Any] = {"target": "", "exact": False, "reboot": "never", "at": "", "timezone": "", "window_seconds": 3600}
    return Wishes(**{**plain, "cluster": "refuse", "accept": (), **changed})


def look(texts: dict[str, str] | None = None, facts: dict[str, Any] | None = None, **wishes: Any) -> Preflight:
    return preflight(Evidence({**TEXTS, **(texts or {})}, {}), {**FACTS, **(facts or {})}, MLX4, asked_for(**wishes), NOW)


def test_an_el6_host_with_nothing_in_the_way() -> None:
    found = look()
    assert found.blockers == []
    assert found.target and found.target.release == "2.6.32-754.35.1.el6.x86_64"
    assert {one["check"]: one["state"] for one in found.findings} == {
        "rights": "ok",
        "distribution": "ok",
        "flavour": "ok",
        "package_manager": "ok",
        "target": "ok",
        "room_boot": "ok",
        "room_modules": "ok",
        "out_of_tree": "ok",
        "boot_policy": "ok",
        "boot_loader": "ok",
        "fallback": "warning",
    }


@pytest.mark.parametrize(
    ("texts", "check", "sentence"),
    [
        ({"$user": "1000\n"}, "rights", "do not run as root"),
        ({"$owner": "kernel-uek\n"}, "flavour", "of the package kernel-uek"),
        ({"$owner": ""}, "flavour", "of no package"),
        ({"$busy": "812 /var/run/yum.pid /usr/bin/python /usr/bin/yum update\n"}, "package_manager", "yum update (pid 812)"),
        ({"$busy": "  \n\t\n812\n"}, "package_manager", "is busy: 812 (pid 812)"),
        ({"$manager": ""}, "package_manager", "neither dnf nor yum nor zypper is there"),
        ({"$offered": "Error: No matching Packages to list\n"}, "target", "newest offered: none"),
        ({"$offered": "", "$subscription": "Release: 6.4\n"}, "target", "pinned to release 6.4"),
        ({"$offered": "", "/etc/yum/vars/releasever": "6.4\n"}, "target", "pinned to release 6.4"),
        ({"$room": "20000 /boot\n9000000 /lib/modules\n"}, "room_boot", "/boot has 20000 kB free, a kernel takes about 27500 kB"),
        ({"$room": "380000 /boot\n"}, "room_modules", "was not seen"),
        ({"$outside": "extra/vendor/fast.ko\n"}, "out_of_tree", "fast.ko"),
        ({"/boot/grub/grub.conf": "", "$tool": ""}, "boot_loader", "not recognised"),
    ],
)
def test_what_stands_in_the_way(texts: dict[str, str], check: str, sentence: str) -> None:
    [blocker] = look(texts).blockers
    assert blocker["check"] == check and sentence in blocker["sentence"], blocker
    assert blocker["remedy"]


@pytest.mark.parametrize(
    ("ident", "version", "known"),
    [
        ("rhel", "6.4", True),
        ("centos", "10", True),
        ("rhel", "5.9", False),
        ("debian", "12", False),
        ("unknown", "6", False),
        ("ol", None, False),
    ],
)
def test_distributions(ident: str, version: str | None, known: bool) -> None:
    kernel = {**FACTS["kernel"], "distribution": {"id": ident, "name": ident, "version": version}}
    assert ("distribution" not in {one["check"] for one in look(facts={"kernel": kernel}).blockers}) is known


def test_a_rebuild_that_says_what_it_is_like_is_known() -> None:
    kernel = {**FACTS["kernel"], "distribution": {"id": "site", "name": "Site Linux", "version": "9.3"}}
    assert not look({"/etc/os-release": 'ID_LIKE="rhel fedora"\n'}, {"kernel": kernel}).blockers


def test_a_second_look_takes_nothing_from_the_first() -> None:
    """In a transcript, a file of the manifest that the program did not read is empty."""
    head, end = "pagealloc-evidence 1 n\n", "pagealloc-evidence end n\n"
    one = read_transcript(f"{head}/etc/os-release:ID=sles\n/boot/grub2/grub.cfg:set default\n!$grubby:no such command\n{end}", "n")
    other = read_transcript(f"{head}$offered:a\n!/etc/yum.conf:No such file or directory\n{end}", "n")
    both = both_looks(one, other)
    assert both.texts["/etc/os-release"] == "ID=sles\n" and both.texts["/boot/grub2/grub.cfg"] and both.texts["$offered"] == "a\n"
    assert set(both.reasons) == {"$grubby", "/etc/yum.conf"}
    assert both_looks(other, one).texts["/etc/os-release"] == "ID=sles\n"


def test_everything_at_once() -> None:
    texts = {
        "$user": "7\n",
        "$offered": "",
        "$room": "1 /boot\n1 /lib/modules\n",
        "$outside": "extra/a.ko\n",
        "$clustat": CLUSTAT,
        "$daemon": "",
    }
    found = look(texts, reboot="at", at="2020-01-01 00:00Z")
    checks = [one["check"] for one in found.blockers]
    assert checks == ["rights", "target", "room_boot", "room_modules", "out_of_tree", "cluster", "scheduler", "time"]


def test_only_what_may_be_accepted_is() -> None:
    texts = {"$user": "7\n", "$outside": "extra/a.ko\n"}
    assert [one["check"] for one in look(texts, accept=["out_of_tree", "rights"]).blockers] == ["rights"]


@pytest.mark.parametrize(
    ("reboot", "cluster", "blocked"),
    [("never", "refuse", False), ("now", "refuse", True), ("at", "refuse", True), ("now", "standby", False), ("now", "allow", False)],
)
def test_a_node_that_runs_something(reboot: str, cluster: str, blocked: bool) -> None:
    found = look({"$clustat": CLUSTAT}, reboot=reboot, cluster=cluster, at="2026-12-01 02:30Z")
    assert ("cluster" in {one["check"] for one in found.blockers}) is blocked


def test_a_node_of_which_nothing_was_seen_cannot_stand_by() -> None:
    [blocker] = look({"$daemon": "atd\nrgmanager\n"}, reboot="now", cluster="standby").blockers
    assert blocker["check"] == "cluster" and "was not seen" in blocker["sentence"]


def test_a_clock_that_is_wrong_is_said_and_may_be_accepted() -> None:
    wishes: dict[str, Any] = {"reboot": "at", "at": "2036-12-01 02:30Z"}
    texts = {"$clock": f"{2_111_000_000}\n"}
    assert [one["check"] for one in look(texts, **wishes).blockers] == ["clock"]
    assert not look(texts, accept=["clock"], **wishes).blockers


def test_what_was_left_by_an_earlier_run() -> None:
    plan = f"TARGET={NEW}\nAT=1795990000\nUNTIL=1795993600\n"
    found = look({f"{HOME}/plan": plan, "$outcome": "1795995000 refused: its window was missed by 1400 s\n"})
    told = {one["check"]: one["sentence"] for one in found.findings}
    assert told["schedule"].endswith("did not take place, and nothing waits for it now")
    assert told["last_reboot"].startswith("refused: its window was missed by 1400 s (2026-11-29")
    due = look({f"{HOME}/plan": plan, f"{HOME}/job": "7\n", "$atq": "7\t2026-11-30 02:30 a root\n"})
    assert due.state.due == 1795990000


@pytest.mark.parametrize(("timer", "due"), [("waiting", True), ("running", True), ("elapsed", False), ("dead", False), ("", False)])
def test_a_timer_that_has_elapsed_waits_for_nothing(timer: str, due: bool) -> None:
    found = look({f"{HOME}/plan": f"TARGET={NEW}\nAT=1795990000\n", "$init": "systemd\n", "$timer": timer})
    assert (found.state.due is not None) is due


def test_a_kernel_that_did_not_come_up_is_not_tried_again_unasked() -> None:
    texts = {"$outcome": f"1795995000 returned: kernel 2.6.32-754.35.1.el6.x86_64 did not come up, {OLD} runs\n"}
    [blocker] = look(texts).blockers
    assert blocker["check"] == "last_reboot" and "kernel_upgrade_accept" in blocker["remedy"]
    assert not look(texts, accept=["last_reboot"]).blockers
    other = {"$outcome": "1795995000 returned: kernel 2.6.32-400.el6.x86_64 did not come up\n"}
    assert not look(other).blockers, "another kernel's failure is this one's no reason"


def test_a_hold_is_named_with_where_it_stands() -> None:
    evidence = Evidence({**TEXTS, "$offered": "", "/etc/yum.conf": "exclude=kernel*\ninstallonly_limit=3\n"}, {})
    [found] = held_back(Evidence({"$offered_all": YUM3}, {}), evidence, MLX4, asked_for())
    assert found["check"] == "held" and "/etc/yum.conf: exclude=kernel*" in found["sentence"]
    assert "358.23.2" not in found["sentence"], "that one would not do"
    assert held_back(Evidence({}, {}), evidence, MLX4, asked_for()) == []
    gone = Evidence({}, {"$offered": "Error: Failed to download metadata for repo 'site'"})
    assert held_back(Evidence({"$offered_all": YUM3}, {}), gone, MLX4, asked_for()) == [], "the cache is no repository"


def test_the_drivers_that_are_needed_and_whether_a_package_has_them() -> None:
    assert needed_drivers(FACTS) == ["mlx4_en"]
    has = Evidence({"$contents": "mlx4-en.ko.xz\next4.ko.xz\n"}, {})
    assert finding_of_contents(has, ["mlx4_en"], NEW, [])["state"] == "ok"
    assert finding_of_contents(has, ["mlx5_core"], NEW, [])["state"] == "blocker"
    assert finding_of_contents(has, ["mlx5_core"], NEW, ["driver"])["state"] == "warning"
    assert finding_of_contents(Evidence({}, {"$contents": "repoquery is not there"}), ["mlx4_en"], NEW, [])["state"] == "warning"


@pytest.mark.parametrize("odd", ["²", "९", "9" * 12, "9" * 5000, "-1", "1e9", "{{ 7*7 }}"])
def test_what_a_host_writes_for_a_number_ends_nothing(odd: str) -> None:
    """Python calls more characters digits than it converts, and converts no more than 4,300 of them."""
    plan = {f"{HOME}/plan": f"TARGET={NEW}\nAT={odd}\n", "$init": "systemd\n"}
    found = look({**plan, "$timer": "waiting\n", "$size": f"{odd} /boot/vmlinuz\n", "$room": f"{odd} /boot\n"})
    assert found.state.due is None
    assert {"room_boot", "room_modules"} <= {one["check"] for one in found.blockers}
    assert look({**plan, "$outcome": f"{odd} confirmed: kernel x came up\n"}).state.outcome == ()
    with pytest.raises(EvidenceError, match="did not tell its time"):
        look({"$clock": f"{odd}\n"})
