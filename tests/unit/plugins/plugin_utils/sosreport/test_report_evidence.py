# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of three eras, unpacked and packed, give the facts that the host itself gave."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import (
    MAX_SOURCES,
    SOSREPORT,
    Evidence,
    read_transcript,
    write_transcript,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import KeptMembers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.report_evidence import evidence_of, identity_of

from tests.conftest import SAMPLE_FLEET
from tests.security.attacks.texts import ETHTOOL_G, ETHTOOL_K, ETHTOOL_L, ETHTOOL_S, PAGETYPEINFO, SLABINFO
from tests.tools.sosreports import LAYOUTS, Link, records, report_of, write_archive, write_tree

RECORDS = records(SAMPLE_FLEET / "evidence")
UNAME = "Linux db01.example.com 2.6.32-358.el6.x86_64 #1 SMP Tue Jan 29 11:47:41 EST 2013 x86_64 x86_64 x86_64 GNU/Linux\n"
LOG = "[    0.000000] Linux version 2.6.32-358.el6.x86_64 (mockbuild@build.example) #1 SMP\n"
FAILURE = "[   10.000000] swapper: page allocation failure. order:2, mode:0x4020\n"


def of_paths(paths: dict[str, str]) -> Evidence:
    """Of members of these paths, beside an uname."""
    contents = {"sos_commands/kernel/uname_-a": UNAME, **paths}
    return evidence_of(KeptMembers({path: text.encode() for path, text in contents.items()}, {}, {}))


def without(facts: Any, *names: str) -> Any:
    """Facts without what a sosreport does not keep."""
    left = {name: value for name, value in facts.items() if name not in ("unavailable", "workaround", *names)}
    left["nics"] = [{key: value for key, value in nic.items() if key not in ("bus_driver", "module_version")} for nic in facts["nics"]]
    return left


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("host", RECORDS)
def test_a_report_tells_what_its_host_told(host: str, layout: str, tmp_path: Path) -> None:
    report = report_of(host, RECORDS[host], layout)
    tree = read_recorded(str(write_tree(tmp_path / host, report)))
    kind = {"2.2": "bz2", "3": "gz", "4": "xz"}[layout]
    packed = read_recorded(str(write_archive(tmp_path / f"{host}.tar.{kind}", f"sosreport-{host}", report)))
    assert (packed.texts, packed.reasons) == (tree.texts, tree.reasons)
    again = read_transcript(write_transcript(packed))
    assert facts_from(again) == facts_from(packed), "the cache loses nothing"
    live = facts_from(RECORDS[host])
    facts = facts_from(packed)
    if host in ("sec15-denied-dmesg", "edge14-no-ethtool"):  # the reason is another: not in the report
        assert facts["unavailable"].keys() >= {name for name in live["unavailable"] if "." not in name}
    assert without(facts) == without(live)
    judged = judge_fleet({"live": Gathered.from_evidence(RECORDS[host]), "report": Gathered.from_evidence(packed)}, [])["hosts"]
    assert judged["report"]["verdict"] == judged["live"]["verdict"], judged["report"]["reasons"]
    identity = identity_of(packed)
    assert (identity.host, identity.taken, identity.odd) == (host, "2013-03-25T08:26:40", ())


def test_a_report_gives_what_the_second_look_at_its_host_gave() -> None:
    many = "".join(f"c{number} 1 1 64 64 1 : tunables 0 0 0 : slabdata 1 {number} 0\n" for number in range(99))
    folder = "sos_commands/networking/ethtool_-"
    evidence = of_paths(
        {
            "proc/slabinfo": SLABINFO + many, "proc/pagetypeinfo": PAGETYPEINFO, f"{folder}i_eth0": "driver: mlx4_en\n",
            f"{folder}i_lo": "Cannot get driver information: Operation not supported\n", f"{folder}g_lo": "no such\n",
            f"{folder}g_eth0": ETHTOOL_G, f"{folder}l_eth0": ETHTOOL_L, f"{folder}k_eth0": ETHTOOL_K, f"{folder}S_eth0": ETHTOOL_S,
            "sys/module/mlx4_en/parameters/udp_rss": "1\n", "sys/module/xfs/parameters/x": "1\n",
        }
    )  # fmt: skip
    deep = facts_from(evidence)["deep"]
    assert [cache["name"] for cache in deep["slab_caches"]][:2] == ["kmalloc-2048", "dentry"]
    assert evidence.texts["$slabinfo"].count("\n") == 20, "no more than a live host gives"
    assert deep["pagetypes"] == facts_from(evidence)["pagetypes"]
    assert [(nic["name"], nic["rx_ring"], nic["rx_channels"], len(nic["failed_allocations"])) for nic in deep["nics"]] == [
        ("eth0", 1024, 8, 2)
    ]
    assert "rx_packets" not in evidence.texts["$ethtool_S/eth0"]
    assert deep["module_parameters"] == [{"module": "mlx4_en", "name": "udp_rss", "value": "1"}]
    assert facts_from(of_paths({}))["deep"] is None


def test_absence_says_where_it_is_absent() -> None:
    facts = facts_from(of_paths({}))
    for datum in ("zones", "vm.min_free_kbytes", "memory", "failures", "nics", "kernel.installed", "kernel.default_boot", "modules.taint"):
        assert "not in the sosreport" in facts["unavailable"][datum], datum
    assert facts["vm"] is None and facts["zones"] is None


def test_an_empty_member_is_not_an_absent_one() -> None:
    given = of_paths({"proc/buddyinfo": "", "sos_commands/kernel/dmesg": "", "proc/sys/vm/min_free_kbytes": ""})
    again = read_transcript(write_transcript(given))
    for one in (given, again):
        unavailable = facts_from(one)["unavailable"]
        assert "not in the sosreport" not in unavailable["zones"]
        assert "is not a count" in unavailable["vm.min_free_kbytes"]
        assert "is empty" in unavailable["failures"]


def test_the_next_log_counts_where_one_tells_nothing() -> None:
    noise = "[ 99.000000] usb 1-1: new device\n"
    messages = "Mar 18 14:39:17 db01 kernel: swapper: page allocation failure. order:2, mode:0x4020\n"
    one = facts_from(of_paths({"sos_commands/kernel/dmesg": noise, "var/log/messages": messages}))["failures"]
    assert (one["source"], one["count"]) == ("messages", 1)
    one = facts_from(of_paths({"sos_commands/kernel/dmesg": LOG + noise, "var/log/messages": messages}))["failures"]
    assert (one["source"], one["count"], one["boot_seen"]) == ("dmesg", 0, True)
    one = facts_from(of_paths({"sos_commands/kernel/dmesg": noise}))["failures"]
    assert (one["source"], one["count"], one["boot_seen"]) == ("dmesg", 0, False)


def test_the_journal_of_another_boot_and_the_log_of_boot_time_do_not_count() -> None:
    paths = {"sos_commands/logs/journalctl_--no-pager_--boot_-1": LOG + FAILURE, "var/log/dmesg": LOG + FAILURE}
    assert facts_from(of_paths(paths))["failures"] is None


def test_a_log_that_was_not_to_be_had_is_none() -> None:
    said = "dmesg: read kernel buffer failed: Operation not permitted\n"
    facts = facts_from(of_paths({"sos_commands/kernel/dmesg": said}))
    assert facts["failures"] is None and "not permitted" in facts["unavailable"]["failures"]


def test_evidence_that_contradicts_itself_is_not_believed() -> None:
    other = "Linux version 2.6.32-431.el6.x86_64 (mockbuild@build.example) #1 SMP\n"
    given = of_paths({"proc/version": other})
    facts = facts_from(given)
    assert facts["kernel"] is None and "contradicts proc/version" in facts["unavailable"]["kernel"]
    assert any("contradicts" in line for line in identity_of(given).odd)
    given = of_paths({"sos_commands/kernel/dmesg": other + FAILURE})
    facts = facts_from(given)
    assert facts["failures"] is None and "2.6.32-431.el6.x86_64" in facts["unavailable"]["failures"]
    given = of_paths({"hostname": "web07\n"})
    assert "web07" in identity_of(given).odd[0] and "db01" in identity_of(given).odd[0]


def test_interfaces_of_links_vlans_and_namespaces() -> None:
    links = (
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
        "2: eth0: <BROADCAST,UP> mtu 9000 qdisc mq master br0 state UP qlen 1000\n    link/ether 00:02:c9:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
        "3: eth0.100@eth0: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP\n    link/ether 00:02:c9:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
        "    vlan protocol 802.1Q id 100 <REORDER_HDR>\n"
        "4: br0: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP\n    link/ether 00:02:c9:00:00:01 brd ff:ff:ff:ff:ff:ff\n    bridge\n"
        "5: veth1@if2: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP\n    link/ether 00:02:c9:00:00:09 brd ff:ff:ff:ff:ff:ff\n    veth\n"
        "6: sit0: <NOARP> mtu 1480 qdisc noop state DOWN\n    link/sit 0.0.0.0 brd 0.0.0.0\n"
    )
    folder = "sos_commands/networking/"
    paths = {
        folder + "ip_-s_-d_link": links,
        folder + "ethtool_-i_eth0": "driver: mlx4_en (MT_0DD0120009_CX3)\nversion: 2.0 (Dec 2011)\nfirmware-version: 2.11.500\n",
        folder + "ethtool_-i_eth0.100_eth0": "driver: 802.1Q VLAN Support\nversion: 1.8\n",
        folder + "ethtool_-i_veth1": "Cannot get driver information: Operation not supported\n",
        folder + "namespaces/blue/ip_netns_exec_blue_ethtool_-i_ens5": "driver: ixgbe\nversion: 5.1\n",
        folder + "ip_route_show_table_all": "default via 10.0.0.1 dev br0 proto static metric 100\n10.0.0.0/24 dev br0\n",
        "sys/module/mlx4_en/version": "2.0\n",
        "sys/module/other/version": "9.9\n",
        "sos_commands/kernel/modinfo_ALL_MODULES": "filename:       /lib/modules/x/kernel/net/my_mlx4_en.ko\n"
        "filename:       /lib/modules/x/extra/mlnx/mlx4_en.ko.xz\nversion:        2.0\n",
    }
    given = of_paths(paths)
    nics = {nic["name"]: nic for nic in facts_from(given)["nics"]}
    assert set(nics) == {"lo", "eth0", "eth0.100", "br0", "veth1", "sit0", "ens5"}
    assert {name for name, nic in nics.items() if nic["virtual"]} == {"lo", "eth0.100", "br0", "veth1", "sit0"}
    assert nics["eth0"]["driver"] == "mlx4_en" and nics["eth0"]["mtu"] == 9000 and nics["eth0"]["operstate"] == "up"
    assert nics["eth0"]["in_tree"] is False and nics["eth0"]["module_version"] == "2.0"
    assert (nics["br0"]["lower"], nics["br0"]["default_route"], nics["eth0.100"]["lower"]) == (["eth0"], True, ["eth0"])
    assert nics["ens5"]["driver"] == "ixgbe"
    assert not any("veth1" in datum or "sit0" in datum for datum in facts_from(given)["unavailable"]), "nothing of them is missing"
    assert not [source for source in given.texts if "other" in source]


IP = "2: {0}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu {1} qdisc noqueue state UP\n    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
ROOT_LINKS = IP.format("eth0", 1500)
FOLDER = "sos_commands/networking/"


@pytest.mark.parametrize(
    ("folder", "show"),
    [("", "ip_address_show"), ("namespaces/{}/", "ip_address_show"), ("namespaces/{}/", "ip_-d_address_show")],
)
def test_interfaces_of_namespaces_do_not_mix(folder: str, show: str) -> None:
    """As sos 3.3, 3.6 and 4.5 keep them."""

    def of(namespace: str, what: str) -> str:
        return FOLDER + folder.format(namespace) + f"ip_netns_exec_{namespace}_{what}"

    paths = {
        FOLDER + "ip_-s_-d_link": ROOT_LINKS,
        FOLDER + "ethtool_-i_eth0": "driver: ixgbe\n",
        of("qrouter-1", show): IP.format("eth0@if9", 1400) + IP.format("tap0", 1300) + IP.format("rfp-9@if5", 1450),
        of("qrouter-1", "ethtool_-i_eth0"): "driver: veth\n",
        of("qrouter-1", "ethtool_-i_rfp-9"): "driver: veth\n",
        of("qrouter-1", "ethtool_-i_tap0"): "driver: tun\n",
        of("blue_1", show): IP.format("tap0", 1200) + IP.format("ens5", 9000),
        of("blue_1", "ethtool_-i_ens5"): "driver: mlx5_core\n",
    }
    nics = {nic["name"]: nic for nic in facts_from(of_paths(paths))["nics"]}
    assert {name: (nic["mtu"], nic["driver"]) for name, nic in nics.items()} == {
        "eth0": (1500, "ixgbe"), "qrouter-1/eth0": (1400, "veth"), "rfp-9": (1450, "veth"), "ens5": (9000, "mlx5_core"),
        "qrouter-1/tap0": (1300, "tun"), "blue_1/tap0": (1200, None),
    }  # fmt: skip
    assert {name for name, nic in nics.items() if nic["virtual"]} == {"qrouter-1/eth0", "qrouter-1/tap0", "rfp-9"}


def test_a_namespace_keeps_what_lies_under_what() -> None:
    links = IP.format("bond0", 1500) + IP.format("ens5", 1500).replace("qdisc noqueue", "qdisc mq master bond0")
    paths = {FOLDER + "ip_-s_-d_link": ROOT_LINKS}
    paths |= {FOLDER + f"namespaces/{name}/ip_netns_exec_{name}_ip_-d_address_show": links for name in ("a", "b")}
    nics = {nic["name"]: nic for nic in facts_from(of_paths(paths))["nics"]}
    assert (nics["a/bond0"]["lower"], nics["b/bond0"]["lower"], nics["eth0"]["lower"]) == (["a/ens5"], ["b/ens5"], [])


def test_the_clock_of_a_report_that_keeps_neither_proc_uptime_nor_proc_stat() -> None:
    paths = {"sos_commands/host/uptime": " 16:19:19 up 17:41,  2 users\n", "date": "Thu Feb 10 17:19:17 CET 2022\n"}
    facts = facts_from(of_paths({**paths, "sos_commands/kernel/dmesg": LOG + FAILURE}))
    assert (facts["uptime_seconds"], facts["failures"]["last"]["at"]) == (63660, "2022-02-09T22:38:27Z")
    kept = of_paths({**paths, "proc/stat": "btime 1000\n", "proc/uptime": "5.00 9.00\n"})
    assert (kept.texts["/proc/stat"], kept.texts["/proc/uptime"]) == ("btime 1000\n", "5.00 9.00\n")
    local = of_paths({**paths, "date": "Thu Feb 10 16:19:17 CST 2022\n"})
    assert "/proc/stat" not in local.texts, "of China or of Chicago"


def test_every_gateway_has_its_interface_though_the_kernels_file_shows_one() -> None:
    row = "{}\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    routes = "default proto static\n\tnexthop via 192.0.2.1 dev eth0 weight 1\n\tnexthop via 192.0.2.2 dev eth1 weight 1\n"
    links = "".join(IP.format(name, 1500) for name in ("eth0", "eth1", "eth2"))
    paths = {FOLDER + "ip_-s_-d_link": links, "proc/net/route": row.format("eth0"), FOLDER + "ip_route_show_table_all": routes}
    nics = facts_from(of_paths(paths))["nics"]
    assert {nic["name"] for nic in nics if nic["default_route"]} == {"eth0", "eth1"}


def test_memory_distribution_and_kernel_from_what_else_tells_them() -> None:
    free = "  total used free shared buff/cache available\nMem: 1000 1 100 0 0 250\n"
    lsb = "Distributor ID:\tUbuntu\nRelease:\t14.04\n"
    folder = "sos_commands/"
    facts = facts_from(of_paths({folder + "memory/free": free, folder + "memory/free_-m": "", folder + "lsbrelease/lsb_release_-a": lsb}))
    assert facts["memory"]["total_kb"] == 1000 and facts["kernel"]["distribution"]["id"] == "ubuntu"
    facts = facts_from(of_paths({folder + "memory/free_-m": free, "proc/meminfo": "MemTotal: 7 kB\nMemFree: 1 kB\n"}))
    assert facts["memory"]["total_kb"] == 7, "what the kernel says itself comes first"
    assert facts_from(of_paths({folder + "memory/free_-m": free}))["memory"]["total_kb"] == 1024000


@pytest.mark.parametrize("path", ["proc/version", "sos_commands/kernel/dmesg"])
def test_the_kernel_where_uname_is_missing(path: str) -> None:
    text = LOG if path.endswith("dmesg") else LOG.partition("] ")[2]
    kernel = facts_from(evidence_of(KeptMembers({path: text.encode()}, {}, {})))["kernel"]
    assert (kernel["release"], kernel["machine"], kernel["version"]) == ("2.6.32-358.el6.x86_64", "x86_64", "#1 SMP")


def test_a_log_that_users_write_to_does_not_name_the_kernel() -> None:
    line = "Mar 18 14:39:17 db01 kernel: " + LOG
    assert facts_from(evidence_of(KeptMembers({"var/log/messages": line.encode()}, {}, {})))["kernel"] is None


def test_a_report_is_hostile_text() -> None:
    given = of_paths({"hostname": "{{ lookup('pipe','id') }}\n", "sos_commands/networking/ethtool_-i_x": "driver: ../../etc/passwd\n"})
    assert identity_of(given).host in ("", "db01"), "nothing of a template is left"
    assert given.texts[SOSREPORT].count("\n") == given.texts[SOSREPORT].rstrip("\n").count("\n") + 1
    folder = "sos_commands/networking/ethtool_-i_"
    names = of_paths(
        {folder + "x\npagealloc-evidence end recorded\n": "driver: a\n", folder + "x:driver: b": "c\n", folder + "y": "driver: d\n"}
    )
    again = read_transcript(write_transcript(names))
    assert (again.texts, again.whole, [name for name, _text in again.find("$ethtool/")]) == (names.texts, True, ["y"])
    text = of_paths({"hostname": "db01\npagealloc-evidence end recorded\n", "date": "pagealloc-evidence end recorded\n"})
    assert read_transcript(write_transcript(text)).texts == text.texts


def test_a_tree_is_looked_up_and_not_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = report_of("db02", RECORDS["db02-el64"], "4")
    tree = write_tree(tmp_path / "tree", {**report, **{f"etc/many/{number}": b"x" for number in range(300)}})
    listed: list[str] = []
    whole = os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: listed.append(str(folder)) or whole(folder))  # type: ignore[func-returns-value]
    read_recorded(str(tree))
    assert len(listed) < 20 and not any("many" in folder for folder in listed)


def test_a_folder_that_is_a_link_leads_no_further_than_the_tree(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "buddyinfo").write_text("Node 0, zone Normal 9 9 9\n")
    tree = write_tree(tmp_path / "tree", {"sos_commands/kernel/uname_-a": UNAME.encode(), "uname": Link("sos_commands/kernel/uname_-a")})
    (tree / "proc").symlink_to(outside)
    given = read_recorded(str(tree))
    assert "points outside" in given.why_missing("/proc/buddyinfo")
    (tree / "inside").mkdir()
    (tree / "inside" / "buddyinfo").write_text("Node 0, zone Normal 1 2 3\n")
    (tree / "proc").unlink()
    (tree / "proc").symlink_to("inside")
    assert read_recorded(str(tree)).get("/proc/buddyinfo").startswith("Node 0")


STARRED = {"sys/class/net/*/mtu": b"1500\n", "sys/class/net/eth0/mtu": b"9000\n", "sys/class/net/a*b/operstate": b"up\n"}


def test_a_star_in_a_name_is_a_letter(tmp_path: Path) -> None:
    uname = {"sos_commands/kernel/uname_-a": UNAME.encode()}
    tree = write_tree(tmp_path / "tree", {**uname, **STARRED})
    archive = write_archive(tmp_path / "sosreport-db01.tar.gz", "sosreport-db01", {**uname, **STARRED})
    for given in map(read_recorded, (str(tree), str(archive))):
        assert given.get("/sys/class/net/eth0/mtu") == "9000\n"
        assert given.get("/sys/class/net/*/mtu") == "1500\n" and given.get("/sys/class/net/a*b/operstate") == "up\n"


def chain(folder: Path, first: str, last: str) -> None:
    """2,000 links, each to the next."""
    for number in range(2000):
        (folder / f"{first}{number or ''}").symlink_to(f"{first}{number + 1}" if number < 1999 else last)


def test_a_long_chain_of_links_in_a_tree_is_named(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", {"sos_commands/kernel/uname_-a": UNAME.encode(), "proc/other": b"1.5 1.5\n"})
    chain(tree / "proc", "uptime", "other")
    chain(tree, "sys", "proc")
    given = read_recorded(str(tree))
    assert "Too many levels of symbolic links" in given.why_missing("/proc/uptime")
    chain(tmp_path, "record", "tree")
    with pytest.raises(OSError, match="Too many levels"):
        read_recorded(str(tmp_path / "record"))


def test_a_report_with_more_than_any_host_is_none(tmp_path: Path) -> None:
    many = {f"sys/class/net/n{number}/mtu": b"1500\n" for number in range(MAX_SOURCES)}
    archive = write_archive(tmp_path / "sosreport-db01.tar.gz", "sosreport-db01", {"sos_commands/kernel/uname_-a": UNAME.encode(), **many})
    with pytest.raises(EvidenceError, match="more than 20000 sources"):
        read_recorded(str(archive))
    tree = write_tree(tmp_path / "tree", {"proc/modules": b"x" * 9000 + b" (O)\n"})
    assert "line of more than" in read_recorded(str(tree)).why_missing("/proc/modules")
