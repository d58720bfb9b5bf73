# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No password leaves the house; with a mask no address and no name does, and what the kernel counted stays as it is."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.masking import HIDDEN, Masking, without_secrets

UNAME = "sos_commands/kernel/uname_-a"
DMESG, MESSAGES, LINK = "sos_commands/kernel/dmesg", "var/log/messages", "sos_commands/networking/ip_-s_-d_link"
TEXTS = {
    UNAME: "Linux db01.corp.example 2.6.32-358.el6.x86_64 #1 SMP x86_64 GNU/Linux\n",
    MESSAGES: "Nov 27 05:16:53 filer01 kernel: x\nNov 27 05:16:53 db01 kernel: nfs: server nas7 not responding, still trying\n",
}


def mask() -> Masking:
    return Masking("masked-1", TEXTS, ["db01-inventory", "10.1.2.3"])


@pytest.mark.parametrize(
    ("path", "text", "left"),
    [
        ("boot/grub/grub.conf", "password --md5 $1$abc\ntitle x\n", f"password {HIDDEN}\ntitle x\n"),
        ("boot/grub2/grub.cfg", "  password_pbkdf2 root grub.pbkdf2.sha512.1\n", f"  password_pbkdf2 {HIDDEN}\n"),
        ("proc/cmdline", "ro rd.iscsi.password=s3cret quiet\n", f"ro rd.iscsi.password={HIDDEN} quiet\n"),
        ("proc/cmdline", "ks=https://kick:s3cret@host/ks.cfg\n", f"ks=https://kick:{HIDDEN}@host/ks.cfg\n"),
        (DMESG, "Kernel command line: ro PASSWD=s3cret\n", f"Kernel command line: ro PASSWD={HIDDEN}\n"),
        ("etc/sysctl.conf", "vm.min_free_kbytes = 1\n", "vm.min_free_kbytes = 1\n"),
        ("proc/vmstat", "password 1\n", "password 1\n"),
    ],
)
def test_a_password_never_leaves(path: str, text: str, left: str) -> None:
    assert without_secrets(path, text) == left


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("link/ether 00:02:C9:aa:bb:01 brd ff:ff:ff:ff:ff:ff", "link/ether 53:4f:53:00:00:01 brd ff:ff:ff:ff:ff:ff"),
        ("link/loopback 00:00:00:00:00:00", "link/loopback 00:00:00:00:00:00"),
        ("peer 10.1.2.3, 10.1.2.4.", "peer 100.64.0.1, 100.64.0.2."),
        ("127.0.0.1 0.0.0.0 255.255.255.0 1.2.3.4.5 300.1.1.1", "127.0.0.1 0.0.0.0 255.255.255.0 1.2.3.4.5 300.1.1.1"),
        ("inet6 fe80::202:c9ff:feaa:bb01/64 ::1 ::", "inet6 2001:db8::1/64 ::1 ::"),
        ("at 12:34:56 pci 0000:03:00.0: [15b3:1003]", "at 12:34:56 pci 0000:03:00.0: [15b3:1003]"),
        ("db01 DB01.corp.example db01-inventory xdb01 db012", "masked-1 masked-1 masked-1 xdb01 db012"),
        ("mail.corp.example corp.example corp.example.org", "host3 masked.example corp.example.org"),
        ("nfs: server nas7 OK, filer01", "nfs: server host2 OK, host1"),
    ],
)
def test_addresses_and_names_are_replaced(text: str, masked: str) -> None:
    assert mask().masked(DMESG, text) == masked


def test_each_has_one_replacement_in_all_of_an_archive() -> None:
    one = mask()
    first = one.masked(LINK, "link/ether 00:02:c9:aa:bb:01 10.1.2.3")
    assert first == one.masked(DMESG, "link/ether 00:02:C9:AA:BB:01 10.1.2.3") == "link/ether 53:4f:53:00:00:01 100.64.0.1"
    assert one.masked("proc/net/bonding/bond0", "00-02-c9-aa-bb-01") == "53:4f:53:00:00:01"
    route = "eth0\t00000000\t0302010A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    assert one.masked("proc/net/route", route) == route.replace("0302010A", "01004064")
    hexed = "fe80000000000000" + "0202c9fffeaabb01"
    assert one.masked("proc/net/ipv6_route", f"{'0' * 32} 00 {hexed} 00\n") == f"{'0' * 32} 00 20010db8{'0' * 23}1 00\n"
    assert list(one.counts().values()) == [1, 1, 1, 2]


@pytest.mark.parametrize("path", ["proc/meminfo", "proc/zoneinfo", "sos_commands/networking/ethtool_-i_eth0", "proc/slabinfo"])
def test_what_the_kernel_counted_stays(path: str) -> None:
    text = "Node 0, zone Normal 10.1.2.3 db01 firmware-version: 2.42.5.0\n"
    assert mask().masked(path, text) == text


@pytest.mark.parametrize("name", ["kernel", "Node", "page", "vm", "x1", "memory"])
def test_a_name_that_a_log_is_made_of_is_replaced_where_it_is_the_hosts_alone(name: str) -> None:
    texts = {UNAME: f"Linux {name} 2.6.32\n", MESSAGES: f"Nov 27 05:16:53 {name} kernel: x\n"}
    one = Masking("masked-1", texts)
    text = "Node 0 kernel: page allocation failure, x1 vm.min_free_kbytes memory\n"
    assert one.masked(DMESG, text) == text
    assert one.masked(UNAME, texts[UNAME]) == "Linux masked-1 2.6.32\n"
    assert one.masked("sos_commands/host/hostname", f"{name}\n") == one.masked("proc/sys/kernel/hostname", f"{name}\n") == "masked-1\n"
    assert one.masked("sos_commands/kernel/sysctl_-a", f"kernel.hostname = {name}\nvm.x = 1\n") == "kernel.hostname = masked-1\nvm.x = 1\n"
    line = f"Nov 27 05:16:53 {name} kernel: {text}"
    assert one.masked(MESSAGES, line) == f"Nov 27 05:16:53 masked-1 kernel: {text}"


def test_a_release_with_four_numbers_is_no_address() -> None:
    text = "Linux masked-1 4.4.0.21 x\n"
    assert mask().masked(UNAME, text) == text
