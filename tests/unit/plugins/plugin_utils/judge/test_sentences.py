# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verdict says to the person who checks it by hand: what was seen, where, and of what it was not seen."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify

from tests.unit.plugins.plugin_utils.builders import (
    ADVISORY,
    AFFECTED_KERNEL,
    FIXED_KERNEL,
    SITE_ADVISORY,
    blank,
    facts,
    failures,
    kernel,
    nic,
    pending_kernel,
    zone,
)

CATALOGUE = load_catalogue()


def said(given: dict[str, Any], *site: dict[str, Any]) -> str:
    return "\n".join(classify(given, merge_site_advisories(CATALOGUE, list(site)) if site else CATALOGUE)["reasons"])


def asked(given: dict[str, Any], action: str) -> str:
    """The sentence of this action."""
    [found] = [one["description"] for one in classify(given, CATALOGUE)["actions"] if one["action"] == action]
    return str(found)


def has(given: dict[str, Any], action: str) -> bool:
    return action in [one["action"] for one in classify(given, CATALOGUE)["actions"]]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        # the kernel and the range
        (facts(kernel=kernel("2.6.32-279.el6.x86_64")), "is before the affected range [2.6.32-358.el6, 2.6.32-431.el6)"),
        (facts(kernel=kernel(FIXED_KERNEL)), "is after the affected range [2.6.32-358.el6, 2.6.32-431.el6)"),
        # the driver
        (facts(nics=[nic("eth0", "igb"), nic("eth1", None, bus_driver="tg3")]), "advisories are about (found: igb, tg3): atlantic, "),
        (facts(nics=[]), "advisories are about (found: none): atlantic, "),
        (
            facts(nics=[nic(in_tree=False, module_path=None)]),
            "modinfo: mlx4_en comes from an unknown path, outside the kernel's own tree",
        ),
        (facts(nics=[nic(in_tree=None, module_path="/x.ko")]), "this does not tell whether it is the kernel's own module"),
        (facts(nics=[nic(in_tree=None, module_path=None)]), "eth0: the origin of the module mlx4_en is not known"),
        # the workaround
        (facts(vm=blank("vm")), "vm.min_free_kbytes is not known, 262144 kB or more is needed"),
        (facts(), "vm.min_free_kbytes is 67584 kB, 262144 kB or more is needed"),
        (
            facts(zones=[zone([9] * 11, 0), zone([9] * 11, 1)], vm=blank("vm", min_free_kbytes=67584)),
            "vm.zone_reclaim_mode is not known, 1 is needed on a host with 2 memory nodes",
        ),
        (
            facts(zones=[zone([9] * 11, 0), zone([9] * 11, 1)]),
            "vm.zone_reclaim_mode is 0, 1 is needed on a host with 2 memory nodes",
        ),
        (facts(zones=None), "vm.zone_reclaim_mode is 0, 1 is needed on a host with an unknown number of memory nodes"),
        (facts(zones=None), "(16 kB) (/proc/buddyinfo could not be read"),
    ],
)
def test_what_is_said(given: dict[str, Any], sentence: str) -> None:
    assert sentence in said(given), said(given)


@pytest.mark.parametrize("met", [True, False])
def test_a_condition_says_whether_it_is_met(met: bool) -> None:
    site = {**SITE_ADVISORY, "driver": "mlx4_en", "in_tree_only": False, "condition": f"vm.zone_reclaim_mode == `{0 if met else 1}`"}
    assert f"condition of advisory site-igb: {'met' if met else 'not met'}" in said(facts(kernel=kernel(FIXED_KERNEL)), site)
    assert (classify(facts(), merge_site_advisories(CATALOGUE, [site]))["advisories"] == [ADVISORY, "site-igb"]) is met


def test_a_value_that_was_not_seen_is_asked_for_all_the_same() -> None:
    assert asked(facts(vm=blank("vm")), "raise_min_free_kbytes").startswith("Raise vm.min_free_kbytes to at least 262144 kB")
    assert asked(facts(), "raise_min_free_kbytes").startswith("Raise vm.min_free_kbytes from 67584 kB to at least 262144 kB")


def test_the_mode_is_asked_for_where_there_are_several_nodes() -> None:
    two = [zone([9] * 11, 0), zone([9] * 11, 1)]
    assert "Set vm.zone_reclaim_mode to 1" in asked(facts(zones=two), "set_zone_reclaim_mode")
    assert not has(facts(), "set_zone_reclaim_mode")


def test_the_next_boot_names_the_kernel_that_is_good() -> None:
    runs_fixed = facts(kernel=kernel(FIXED_KERNEL, installed=None, default_boot=AFFECTED_KERNEL))
    assert asked(runs_fixed, "set_default_kernel").endswith(f", such as the running kernel {FIXED_KERNEL}")


def test_a_default_kernel_that_is_not_installed_brings_nothing() -> None:
    for installed, warned in (([FIXED_KERNEL], False), ([FIXED_KERNEL, AFFECTED_KERNEL], True), (None, True)):
        given = facts(kernel=kernel(FIXED_KERNEL, installed=installed, default_boot=AFFECTED_KERNEL))
        assert ("the next boot brings the fault" in said(given)) is warned


def test_a_fix_that_awaits_its_reboot_asks_for_the_workaround_while_the_symptom_is_there() -> None:
    assert has(facts(kernel=pending_kernel(), failures=failures({"2": 1})), "raise_min_free_kbytes")
    assert not has(facts(kernel=pending_kernel()), "raise_min_free_kbytes")


def test_an_advisory_that_knows_no_workaround_asks_for_none() -> None:
    site = {**SITE_ADVISORY, "driver": "mlx4_en"}
    given = facts(kernel=kernel("2.6.32-279.el6.x86_64"))
    assert "advisory site-igb has no workaround" in said(given, site)
    assert not any(one["action"] == "raise_min_free_kbytes" for one in classify(given, merge_site_advisories(CATALOGUE, [site]))["actions"])


def test_doubts_name_the_interface_and_the_datum() -> None:
    result = classify(facts(nics=[nic("bond0", "bonding", lower=["eth7"], virtual=True), nic("eth1", "igb")]), CATALOGUE)
    assert "bond0 uses eth7, which is not known, so it may have the driver mlx4_en" in "\n".join(result["reasons"])
    assert any("nics.eth7" in one["description"] for one in result["actions"])
    several = [nic(f"eth{number}", None, bus_driver=None) for number in range(5)]
    names = said(facts(nics=several))
    assert "the driver of eth0 is not known" in names and "driver of eth2" in names and "driver of eth3" not in names


def test_a_refused_advisory_says_who_refuses_what() -> None:
    broken = {**SITE_ADVISORY, "driver": "mlx4_en", "condition": "kernel"}
    with pytest.raises(AdvisoryError) as caught:
        classify(facts(kernel=kernel("2.6.32-279.el6.x86_64")), merge_site_advisories(CATALOGUE, [broken]))
    error = caught.value
    assert (error.advisory, error.key) == ("site-igb", "condition")
    assert error.fault in str(error) and error.remedy in str(error)


def test_a_mode_alone_can_be_the_workaround() -> None:
    site = {**SITE_ADVISORY, "driver": "mlx4_en", "workaround": {"zone_reclaim_mode": 1}}
    two = {"zones": [zone([99] * 11, 0), zone([99] * 11, 1)], "kernel": kernel("2.6.32-279.el6.x86_64")}
    catalogue = merge_site_advisories(CATALOGUE, [site])
    for mode, verdict in ((1, "mitigated"), (0, "at_risk")):
        assert classify(facts(vm=blank("vm", min_free_kbytes=1, zone_reclaim_mode=mode), **two), catalogue)["verdict"] == verdict
