# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces: the driver of the card against that of the bus, bonds, VLANs and bridges, modules in the tree and out of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import VIRTUAL, Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.nic import (
    DEVICE_DRIVERS,
    default_route_interfaces,
    in_tree,
    lower_devices,
    nics_from,
    parse_ethtool,
)
from hypothesis import given
from hypothesis import strategies as st

NET = "/sys/class/net/"


def interface(name: str, driver: str | None = "mlx4_en", bus: str | None = "mlx4_core") -> dict[str, str]:
    texts = {f"{NET}{name}/mtu": "1500\n", f"{NET}{name}/operstate": "up\n"}
    if bus:
        texts[f"{NET}{name}/device/driver"] = f"../../../../bus/pci/drivers/{bus}\n"
    if driver:
        texts[f"$ethtool/{name}"] = f"driver: {driver}\nversion: 2.0\nfirmware-version: \n"
    return texts


def read(texts: dict[str, str], reasons: dict[str, str] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    """({name: interface}, what was noted as missing)."""
    noted: dict[str, str] = {}

    def take(datum: str, function: Any) -> Any:
        try:
            return function()
        except (EvidenceError, EvidenceMissing) as error:
            noted[datum] = str(error)
        return None

    return {nic["name"]: nic for nic in nics_from(Evidence(texts, reasons or {}), take)}, noted


@pytest.mark.parametrize("told", ["mlx4_en", "mlx4_en (MT_0DD0120009_CX3)"])
def test_the_driver_is_the_first_word_and_not_that_of_the_bus(told: str) -> None:
    nic = read(interface("eth0", told))[0]["eth0"]
    assert (nic["driver"], nic["bus_driver"]) == ("mlx4_en", "mlx4_core")
    assert nic["firmware"] is None, "what ethtool leaves empty is null"


def test_an_ethtool_without_a_driver_is_malformed() -> None:
    with pytest.raises(EvidenceError):
        parse_ethtool("Cannot get driver information: Operation not supported\n")


def test_without_ethtool_the_driver_is_missing_with_the_reason_and_the_bus_driver_is_seen() -> None:
    nics, noted = read(interface("eth0", driver=None), {"$ethtool": "no such command"})
    assert nics["eth0"]["driver"] is None and nics["eth0"]["bus_driver"] == "mlx4_core"
    assert noted["nics.eth0.driver"] == "$ethtool: no such command"


def test_what_ethtool_said_counts_though_it_failed_elsewhere() -> None:
    texts = {**interface("eth0"), **interface("eth1", driver=None), **interface("eth2", driver=None)}
    nics, noted = read(texts, {"$ethtool": "timed out", "$ethtool/eth1": "Operation not permitted"})
    assert [nic["driver"] for nic in nics.values()] == ["mlx4_en", None, None]
    assert noted["nics.eth2.driver"] == "$ethtool: timed out" and "nics.eth0.driver" not in noted
    nics, noted = read(texts, {"$ethtool/eth1": "Operation not permitted"})
    assert noted["nics.eth1.driver"] == "$ethtool/eth1: Operation not permitted"


def test_a_virtual_interface_has_a_driver_where_ethtool_names_one_and_no_module_of_a_card() -> None:
    texts = {
        **interface("bond0", "bonding", None),
        **interface("tun7", "tun", None),
        f"{NET}bond0/lower_eth0": "../eth0\n",
        VIRTUAL: "tun7\n",
    }
    nics, noted = read(texts)
    assert [(nic["driver"], nic["virtual"], nic["module_path"]) for nic in nics.values()] == [("bonding", True, None), ("tun", True, None)]
    assert noted == {}


def test_an_interface_that_ethtool_was_asked_about_is_no_virtual_one_though_its_device_is_not_seen() -> None:
    assert read(interface("eth0", bus=None))[0]["eth0"]["virtual"] is False
    assert read(interface("eth0", None, None), {"$ethtool/eth0": "timed out"})[0]["eth0"]["virtual"] is False


def test_the_file_of_a_module_is_the_last_that_modinfo_names() -> None:
    texts = {**interface("eth0"), "$modinfo/mlx4_en": "modinfo: warning\n/lib/modules/3.10.0/extra/mlx4_en.ko\n"}
    nic = read(texts)[0]["eth0"]
    assert (nic["module_path"], nic["in_tree"], nic["module_version"]) == ("/lib/modules/3.10.0/extra/mlx4_en.ko", False, None)
    nics, noted = read({**interface("eth0"), f"{NET}eth0/operstate": "\n"})
    assert (nics["eth0"]["in_tree"], nics["eth0"]["operstate"]) == (None, None) and "nics.eth0.module_path" in noted


def test_of_virtual_interfaces_nothing_is_missing() -> None:
    nics, noted = read({**interface("lo", None, None), **interface("veth1", None, None)})
    assert [nic["virtual"] for nic in nics.values()] == [True, True]
    assert noted == {}


def test_a_record_without_links_cannot_make_a_card_virtual() -> None:
    nics, noted = read({**interface("eth0", None, None), **interface("lo", None, None)}, {DEVICE_DRIVERS: "not kept in the directory"})
    assert (nics["eth0"]["virtual"], nics["lo"]["virtual"]) == (False, True)
    assert "nics.eth0.driver" in noted


def test_bonds_vlans_and_bridges_name_what_they_run_over() -> None:
    texts = {
        f"{NET}bond0/bonding/slaves": "eth0 eth1\n",
        f"{NET}bond0/lower_eth0": "../eth0\n",
        f"{NET}br0/brif/bond0": "../bond0\n",
        "/proc/net/vlan/config": "VLAN Dev name    | VLAN ID\nName-Type: VLAN_NAME_TYPE_PLUS_VID\neth0.100       | 100  | eth0\n",
    }
    assert lower_devices(Evidence(texts, {})) == {"bond0": ["eth0", "eth1"], "br0": ["bond0"], "eth0.100": ["eth0"]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/lib/modules/2.6.32-358.el6.x86_64/kernel/drivers/net/mlx4/mlx4_en.ko", True),
        ("/usr/lib/modules/6.1.0/kernel/drivers/net/x.ko.xz", True),
        ("(builtin)", True),
        ("/lib/modules/2.6.32-358.el6.x86_64/extra/mlnx-ofa_kernel/mlx4_en.ko", False),
        ("/lib/modules/3.10.0/weak-updates/mlx4_en.ko", False),
        ("/lib/modules/5.15.0/updates/dkms/mlx4_en.ko", False),
        ("/opt/vendor/mlx4_en.ko", None),
        (None, None),
    ],
)
def test_a_modules_path_tells_whose_it_is(path: str | None, expected: bool | None) -> None:
    assert in_tree(path) is expected


def test_a_modules_own_taint_outweighs_its_path() -> None:
    texts = {
        **interface("eth0"),
        "$modinfo/mlx4_en": "/lib/modules/3.10.0/kernel/mlx4_en.ko\n",
        "$module_version/mlx4_en": "4.9-2.2.4\n",
        "/proc/modules": "mlx4_en 1 1 - Live 0x0 (OE)\n",
    }
    nic = read(texts)[0]["eth0"]
    assert nic["in_tree"] is False and nic["module_version"] == "4.9-2.2.4"


ROUTE = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"


def test_default_routes_of_both_families_and_what_is_none() -> None:
    route = ROUTE + (
        "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "eth1\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"
        "eth2\t00000000\t0100000A\t0203\t0\t0\t0\t00000000\t0\t0\t0\n"  # reject
        "eth3\t00000000\t0100000A\txyz\t0\t0\t0\t00000000\t0\t0\t0\n"
    )
    route += "eth4\t00000000\t0100000A\t0003\t0\t0\t0\neth5\t00000000\t0100000A\t0001\t0\t0\t0\t00000000\n"
    route += "eth7\t00000000\t0100000A\t0002\t0\t0\t0\t00000000\n"  # down
    zero = "0" * 32
    ipv6 = f"{zero} 00 {zero} 00 {zero} ffffffff 1 0 00200200 lo\n{zero} 00 {zero} 00 {zero} 400 2 0 00000003 eth6\n"
    ipv6 += f"{zero} 40 {zero} 00 {zero} 400 2 0 00000003 eth8\n{zero} 00 {zero} 00 {zero} 400 2 0 00000003\n"
    ipv6 += f"{'1' * 32} 00 {zero} 00 {zero} 400 2 0 00000003 eth9\n{zero} 00 {zero} 00 {zero} 400 2 0 00000003 eth10 more\n"
    assert default_route_interfaces(route, ipv6) == {"eth0", "eth5", "eth6"}


def test_more_interfaces_than_are_looked_at() -> None:
    texts = {f"{NET}eth{number}/mtu": "1500\n" for number in range(4096)}
    assert len(nics_from(Evidence(texts, {}), lambda datum, function: function() if datum.endswith("mtu") else None)) == 4096
    with pytest.raises(EvidenceError, match="it has 4097 interfaces, and only 4096 are read"):
        nics_from(Evidence({**texts, f"{NET}one_more/mtu": "1500\n"}, {}), lambda datum, function: function())


def test_no_interface_at_all_is_missing() -> None:
    with pytest.raises(EvidenceMissing):
        nics_from(Evidence({}, {}), lambda datum, function: function())


@given(
    st.dictionaries(
        st.sampled_from(
            [
                f"{NET}e/mtu",
                f"{NET}e/device/driver",
                f"{NET}e/lower_x",
                "$ethtool/e",
                "$modinfo/d",
                "/proc/net/vlan/config",
                "/proc/net/route",
                "/proc/net/ipv6_route",
                "/proc/modules",
            ]
        ),
        st.text(),
    )
)
def test_any_text_is_read_or_noted(texts: dict[str, str]) -> None:
    """The interface is there whatever is said of it; a number that cannot be read is noted, and not 0."""
    found, noted = read({f"{NET}e/operstate": "up\n", **texts})
    assert "e" in found and found["e"]["operstate"] == "up"
    digits = texts.get(f"{NET}e/mtu", "").strip()
    assert found["e"]["mtu"] == (int(digits) if re.fullmatch("[0-9]{1,20}", digits) else None)
    assert ("nics.e.mtu" in noted) is (found["e"]["mtu"] is None)
    assert found["e"]["driver"] is None or found["e"]["driver"] in texts["$ethtool/e"]
