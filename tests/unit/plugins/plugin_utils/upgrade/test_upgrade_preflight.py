# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight of an EL 6 host, which cannot run here, from what its files and commands hold: each thing in the way, and all at once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import NEVER_EMPTY
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.drivers import finding_of_contents, needed_drivers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
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
        ({"$owner": ""}, "flavour", "not part of a package"),
        ({"$busy": "812 /var/run/yum.pid /usr/bin/python /usr/bin/yum update\n"}, "package_manager", "yum update (pid 812)"),
        ({"$busy": "  \n\t\n812\n"}, "package_manager", "is busy: 812 (pid 812)"),
        ({"$manager": ""}, "package_manager", "neither dnf nor yum nor zypper is there"),
        ({"$offered": "Error: No matching Packages to list\n"}, "target", "newest offered: none"),
        ({"$offered": "", "$subscription": "Release: 6.4\n"}, "target", "pinned to release 6.4"),
        ({"$offered": "", "/etc/yum/vars/releasever": "6.4\n"}, "target", "pinned to release 6.4"),
        ({"$room": "20000 /boot\n9000000 /lib/modules\n"}, "room_boot", "/boot has 20000 kB free, and a kernel needs about 27500 kB"),
        ({"$room": "380000 /boot\n"}, "room_modules", "is not known"),
        ({"$outside": "extra/vendor/fast.ko\n"}, "out_of_tree", "fast.ko"),
        ({"/boot/grub/grub.conf": "", "$tool": ""}, "boot_loader", "boot loader is not known"),
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
    """In a transcript, a file of the manifest that the program did not read is empty, or not asked for if all have text."""
    head, end = "pagealloc-evidence 1 n\n", "pagealloc-evidence end n\n"
    one = read_transcript(f"{head}/etc/os-release:ID=sles\n/boot/grub2/grub.cfg:set default\n!$grubby:no such command\n{end}", "n")
    other = read_transcript(f"{head}$offered:a\n!/etc/yum.conf:No such file or directory\n{end}", "n")
    both = both_looks(one, other)
    assert both.texts["/etc/os-release"] == "ID=sles\n" and both.texts["/boot/grub2/grub.cfg"] and both.texts["$offered"] == "a\n"
    assert set(both.reasons) - NEVER_EMPTY == {"$grubby", "/etc/yum.conf"}
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
    assert blocker["check"] == "cluster" and "are not known" in blocker["sentence"]


def test_a_clock_that_is_wrong_is_said_and_may_be_accepted() -> None:
    wishes: dict[str, Any] = {"reboot": "at", "at": "2036-12-01 02:30Z"}
    texts = {"$clock": f"{2_111_000_000}\n"}
    assert [one["check"] for one in look(texts, **wishes).blockers] == ["clock"]
    assert not look(texts, accept=["clock"], **wishes).blockers


def test_what_was_left_by_an_earlier_run() -> None:
    plan = f"TARGET={NEW}\nAT=1795990000\nUNTIL=1795993600\n"
    found = look({f"{HOME}/plan": plan, "$outcome": "1795995000 refused: its window was missed by 1400 s\n"})
    told = {one["check"]: one["sentence"] for one in found.findings}
    assert told["schedule"].endswith("did not happen, and none is scheduled now")
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
    [found] = held_back(Evidence({"$offered_all": YUM3}, {}), evidence, {}, MLX4, asked_for())
    assert found["check"] == "held" and "/etc/yum.conf: exclude=kernel*" in found["sentence"]
    assert "358.23.2" not in found["sentence"], "that one would not do"
    assert held_back(Evidence({}, {}), evidence, {}, MLX4, asked_for()) == []
    gone = Evidence({}, {"$offered": "Error: Failed to download metadata for repo 'site'"})
    assert held_back(Evidence({"$offered_all": YUM3}, {}), gone, {}, MLX4, asked_for()) == [], "the cache is no repository"


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


@pytest.mark.parametrize(
    ("off", "said"), [(300, None), (-300, None), (301, "301 s ahead of the controller's"), (-301, "301 s behind the controller's")]
)
def test_five_minutes_are_the_most_that_a_clock_may_be_off(off: int, said: str | None) -> None:
    found = look({"$clock": f"{NOW + off}\n"}, reboot="at", at="2026-12-01 02:30Z")
    assert [one["sentence"] for one in found.blockers] == ([f"the host's clock is {said}"] if said else [])


def told(found: Preflight, check: str) -> dict[str, Any]:
    [one] = [one for one in found.findings if one["check"] == check]
    return dict(one)


def test_the_time_is_told_in_the_zone_it_was_meant_in() -> None:
    wishes: dict[str, Any] = {"reboot": "at", "at": "2026-12-01 02:30"}
    assert told(look(timezone="America/New_York", **wishes), "time")["sentence"].endswith("(2026-12-01 02:30, America/New_York)")
    asked = {"$at": "1796088600\n"}
    assert told(look(asked, **wishes), "time")["sentence"].endswith("(2026-12-01 02:30, Europe/Berlin)")
    assert told(look({**asked, "$zone": ""}, **wishes), "time")["sentence"].endswith("(2026-12-01 02:30, the host's zone)")


def test_the_target_says_where_it_is() -> None:
    assert "is offered by a-repository-with-a-long-name-;" in told(look(), "target")["sentence"]
    new = "2.6.32-754.35.1.el6.x86_64"
    assert "is installed already;" in told(look({"$packages": f"kernel {OLD}\nkernel {new}\n"}), "target")["sentence"]


def test_what_the_repositories_said_is_told_where_they_offer_nothing() -> None:
    assert (
        "(newest offered: none): Error: No matching Packages"
        in told(look({"$offered": "Error: No matching Packages\n"}), "target")["sentence"]
    )
    older = YUM3.replace("754.35.1", "300.1").replace("431", "301").replace("573.12.1", "302")
    assert told(look({"$offered": older}), "target")["sentence"].endswith("(newest offered: 2.6.32-358.23.2.el6.x86_64)")


@pytest.mark.parametrize(
    ("words", "python"),
    [
        ("/usr/bin/python 2.6\n", "/usr/bin/python 2.6"),
        ("/usr/bin/python 2.6 x\n", "/usr/bin/python 2.6"),
        ("/usr/bin/python\n", ""),
        ("", ""),
    ],
)
def test_a_python_counts_with_its_version(words: str, python: str) -> None:
    assert look({"$python": words}).python == python


@pytest.mark.parametrize(("outcome", "state"), [("confirmed: it runs", "ok"), ("rebooting into x", "ok"), ("refused: late", "warning")])
def test_the_last_reboot_warns_where_it_did_not_end_well(outcome: str, state: str) -> None:
    assert told(look({"$outcome": f"1795995000 {outcome}\n"}), "last_reboot")["state"] == state


def test_a_node_that_cannot_stand_by_is_handed_over_by_hand() -> None:
    [by_hand] = look({"$cman": "Nodes: 2\n"}, reboot="now").blockers
    assert by_hand["remedy"].startswith("move its resources by hand")
    [by_option] = look({"$clustat": CLUSTAT}, reboot="now").blockers
    assert by_option["remedy"].startswith("set kernel_upgrade_cluster: standby")


def test_the_first_look_counts_and_the_second_fills_what_was_empty() -> None:
    both = both_looks(Evidence({"a": "1", "b": "", "c": ""}, {}), Evidence({"a": "2", "b": "3"}, {}))
    assert both.texts == {"a": "1", "b": "3", "c": ""}


def test_room_for_exactly_one_kernel_is_enough() -> None:
    assert told(look({"$room": "27500 /boot\n9000000 /lib/modules\n"}), "room_boot")["state"] == "ok"
    assert told(look({"$room": "27499 /boot\n9000000 /lib/modules\n"}), "room_boot")["state"] == "blocker"


def test_modules_are_named_without_their_folder() -> None:
    found = look({"$outside": "extra/vendor/fast.ko\nweak-updates/vendor/slow.ko\n"}, {"modules": {"out_of_tree": ["own"]}})
    assert told(found, "out_of_tree")["sentence"].endswith("new kernel: own, fast.ko")
    assert told(found, "weak_updates")["sentence"].endswith("linked in: slow.ko")


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        ({"id": "debian", "name": "Debian 12"}, "Debian 12 is not of the"),
        ({"id": "debian", "name": None}, "debian is not of the"),
        ({}, "unknown is not of the"),
    ],
)
def test_a_distribution_is_called_by_its_name_or_its_id(seen: dict[str, Any], sentence: str) -> None:
    found = look({"$manager": ""}, {"kernel": {**FACTS["kernel"], "distribution": {"id": None, "name": None, "version": None, **seen}}})
    assert told(found, "distribution")["sentence"].startswith(sentence)


def test_who_holds_the_package_manager_is_named_by_its_command() -> None:
    found = look({"$busy": "812 /var/run/yum.pid /usr/bin/yum -y update\n"})
    assert told(found, "package_manager")["sentence"].endswith("is busy: /usr/bin/yum -y update (pid 812)")


def test_a_package_without_the_files_says_why() -> None:
    found = finding_of_contents(Evidence({}, {}), [], NEW, [])
    assert "has the drivers (the repository does not list the files of packages)" in found["sentence"]
    assert "has modules, and no card needs one" in finding_of_contents(Evidence({"$contents": "x.ko\n"}, {}), [], NEW, [])["sentence"]
    assert "has ext4" in finding_of_contents(Evidence({"$contents": "ext4.ko\n"}, {}), ["ext4"], NEW, [])["sentence"]


@pytest.mark.parametrize(
    ("policy", "state"),
    [
        ("", "ok"),
        ("UPDATEDEFAULT=yes\n", "ok"),
        ("UPDATEDEFAULT=no\n", "warning"),
        ("DEFAULTKERNEL=kernel\n", "ok"),
        ("DEFAULTKERNEL=kernel-debug\n", "warning"),
        ("UPDATEDEFAULT=no\nDEFAULTKERNEL=kernel\n", "warning"),
    ],
)
def test_whether_a_package_makes_its_kernel_the_default(policy: str, state: str) -> None:
    assert told(look({"/etc/sysconfig/kernel": policy}), "boot_policy")["state"] == state


def test_the_machine_is_that_of_the_facts_or_of_the_kernels_name() -> None:
    nameless = {name: value for name, value in FACTS["kernel"].items() if name != "machine"}
    assert told(look(facts={"kernel": nameless}), "target")["state"] == "ok"


def test_a_loader_that_boots_nothing_once_says_so() -> None:
    assert told(look(), "fallback")["sentence"].endswith("here cannot boot a kernel for one boot only")


def test_a_fault_of_an_upgrade_has_its_remedy() -> None:
    assert str(UpgradeError("it is so", "do this")) == "it is so; do this"
