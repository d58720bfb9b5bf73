# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts -> what a verdict needs of them, those of older versions too."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import SETTINGS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import FailureGroup, Failures
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host_reading import read_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import FactsError

from tests.unit.plugins.plugin_utils.builders import Facts, blank, facts, failures, kernel, nic, no_failures, zone


def before_groups(given: Facts) -> Failures:
    """Of facts that a version gathered which knew no groups and one log."""
    for name in ("groups", "sources", "suppressed", "others", "by_driver", "untrusted"):
        del given[name]
    found = read_host(facts(failures=given)).failures
    assert found is not None
    return found


def test_facts_from_before_there_were_groups_tell_the_last_failure() -> None:
    last = FailureGroup(2, 12, True, ("mlx4_en",), (), True, "swapper", "2026-11-20T04:00:00Z")
    assert before_groups(failures({"2": 12})).groups == (last,)
    assert before_groups(failures({"2": 12, "3": 1})).groups == (last, FailureGroup(3, 1))
    assert before_groups(failures({"5": 12}, last={"order": None})).groups[0].process == "swapper", "there is no other"
    found = before_groups(failures({"2": 12}))
    assert (found.sources, found.suppressed, found.others) == (("dmesg",), 0, ())


def test_orders_that_are_one_are_added_up() -> None:
    found = read_host(facts(failures=failures({"2": 12, "02": 3}))).failures
    assert found is not None and found.by_order == {2: 15}


@pytest.mark.parametrize(("over", "seen"), [({"virtual": None}, False), ({"virtual": True}, True)])
def test_an_interface_is_virtual_where_that_is_certain(over: dict[str, Any], seen: bool) -> None:
    [found] = read_host(facts(nics=[nic(**over)])).nics or ()
    assert found.virtual is seen


def test_a_blank_text_was_not_seen() -> None:
    host = read_host(facts(kernel={**kernel(" "), "distribution": blank("distribution", id=""), "default_boot": ""}))
    assert (host.release, host.distribution_id, host.default_boot) == (None, None, None)
    assert read_host(facts(kernel=kernel("x", "unknown"))).distribution_id is None
    [found] = read_host(facts(nics=[nic(driver=" ", bus_driver="")])).nics or ()
    assert (found.driver, found.bus_driver) == (None, None)


def test_the_first_word_names_the_driver() -> None:
    [found] = read_host(facts(nics=[nic(driver="mlx4_en (MT_0DD0120009_CX3)")])).nics or ()
    assert found.driver == "mlx4_en"


@pytest.mark.parametrize("zones", [None, []])
def test_no_zones_no_nodes(zones: list[Facts] | None) -> None:
    assert read_host(facts(zones=zones)).nodes is None
    assert read_host(facts(zones=[zone([1], 0), zone([1], 1), zone([1], 1, "DMA")])).nodes == 2


@pytest.mark.parametrize("size", [0, 3, 4095])
def test_a_page_size_is_a_power_of_two(size: int) -> None:
    with pytest.raises(FactsError, match="not a page size"):
        read_host(facts(page_size_bytes=size))
    assert read_host(facts(page_size_bytes=65536)).page_size_bytes == 65536
    assert read_host(facts(page_size_bytes=None)).page_size_bytes is None


def test_a_container_is_told_in_words() -> None:
    assert read_host(facts(container={"kind": "lxc", "by": "/proc/1/cgroup"})).container == "lxc, by /proc/1/cgroup"
    assert read_host(facts(container={})).container == "not recorded, by not recorded"
    assert read_host(facts()).container is None


@pytest.mark.parametrize(
    ("value", "now", "holds"),
    [
        ("262144", 262144, True),
        ("262144", 262143, False),
        ("0", 0, True),
        ("x", 262144, False),
        ("9" * 19, 1 << 62, False),
        ("0" * 13 + "262144", 262144, True),
        ("0" * 14 + "262144", 262144, False),
    ],
)
def test_a_sosreport_has_the_settings_of_the_role_alone(value: str, now: int, holds: bool) -> None:
    line = {"file": SETTINGS, "name": "min_free_kbytes", "value": value}
    vm = blank("vm", min_free_kbytes=now, boot_settings=[line])
    assert read_host(facts(vm=vm, workaround=None)).workaround_holds is holds
    elsewhere = {**vm, "boot_settings": [{**line, "file": "/etc/sysctl.conf"}]}
    assert not read_host(facts(vm=elsewhere, workaround=None)).workaround_holds


def test_a_group_counts_as_read_and_trusted_only_where_it_says_so() -> None:
    group = {"order": 5, "count": 1}
    read = read_host(facts(failures=no_failures(count=1, by_order={"5": 1}, groups=[group]))).failures
    assert read is not None
    [found] = read.groups
    assert (found.trace_read, found.trusted, found.atomic, found.process) == (False, False, None, None)


def test_a_trouble_without_its_count_or_its_last_is_none() -> None:
    read = read_host(facts(failures=no_failures(others=[{"kind": "stall"}]))).failures
    assert read is not None
    [found] = read.others
    assert (found.count, found.process, found.what, found.at) == (0, None, None, None)


@pytest.mark.parametrize("size", [1, 2, 4096])
def test_any_power_of_two_is_a_page_size(size: int) -> None:
    assert read_host(facts(page_size_bytes=size)).page_size_bytes == size
