# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sosreport keeps in forms of its own: the tools' output in each of its shapes."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.forms import (
    from_free,
    from_ip_route,
    from_lsb_release,
    from_packages,
    from_uptime,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import epoch_seconds_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (" 16:19:19 up 17:41,  2 users,  load average: 3.58, 3.27, 2.58\n", 63660),
        (" 16:19:19 up 5 days, 17:41,  2 users,  load average: 3.58\n", 5 * 86400 + 63660),
        (" 04:02:01 up 1 day,  3:05,  1 user,  load average: 0.00\n", 97500),
        (" 04:02:01 up 12 min,  1 user,  load average: 0.00\n", 720),
        (" 04:02:01 up 400 days, 2 min,  1 user\n", 400 * 86400 + 120),
        (" 04:02:01 up 0 min,  0 users\n", 0),
        ("uptime: command not found\n", None),
    ],
)
def test_uptime(said: str, seconds: int | None) -> None:
    assert from_uptime(said) == ({} if seconds is None else {"/proc/uptime": f"{seconds}.00 0.00\n"})


NEW = "       total  used  free  shared  buff/cache  available\nMem:   1000   700   100      10         200        250\nSwap:  0  0  0\n"
OLD = "       total  used  free  shared  buffers  cached\nMem:  1000  700  100  10  20  30\n-/+ buffers/cache: 650 350\nSwap: 0 0 0\n"


@pytest.mark.parametrize(
    ("said", "unit_bytes", "meminfo"),
    [
        (NEW, 1024, "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 250 kB\n"),
        (OLD, 1024, "MemTotal: 1000 kB\nMemFree: 100 kB\n"),
        (NEW, 1048576, "MemTotal: 1024000 kB\nMemFree: 102400 kB\nMemAvailable: 256000 kB\n"),
        ("bash: free: command not found\n", 1024, None),
        (NEW.replace("1000", "1.0Gi").replace("100 ", "x").replace("250", "-1"), 1024, None),
    ],
)
def test_free(said: str, unit_bytes: int, meminfo: str | None) -> None:
    assert from_free(said, unit_bytes) == ({} if meminfo is None else {"/proc/meminfo": meminfo})


@pytest.mark.parametrize(
    ("routes", "names"),
    [
        ("default via 192.0.2.1 dev ens4 table mgmt \ndefault via 198.51.100.1 dev ens3 proto static \n", ["ens3"]),
        ("default via 192.0.2.1 dev ens4 table 100\n", []),
        ("default via 192.0.2.1 dev ens4 table default\n", ["ens4"]),
        ("default proto static\n\tnexthop via 192.0.2.1 dev eth0 weight 1\n\tnexthop via 192.0.2.2 dev eth1 weight 1\n", ["eth0", "eth1"]),
        ("default table 7\n\tnexthop via 192.0.2.1 dev eth0 weight 1\n10.0.0.0/8 dev eth1\n", []),
        ("10.0.0.0/8\n\tnexthop via 192.0.2.1 dev eth0 weight 1\n", []),
        ("default via fe80::1 dev eth2 proto ra metric 1024 pref medium\nunreachable default dev lo table unspec\n", ["eth2"]),
        ("default dev ppp0 scope link\n", ["ppp0"]),
    ],
)  # fmt: skip
def test_default_routes(routes: str, names: list[str]) -> None:
    given = from_ip_route(routes).get("/proc/net/route", "")
    assert [line.split("\t")[0] for line in given.splitlines()] == names


def test_debian_kernels_that_are_there() -> None:
    listed = {
        "hi  linux-image-5.4.0-97-generic": True, "ii  linux-image-5.4.0-99-generic": True, "ii  linux-image-6.1.0-25-amd64:amd64": True,
        "iU  linux-image-unsigned-5.4.0-100-generic": True, "iFR linux-image-5.4.0-101-generic": True,
        "ri  linux-image-5.4.0-102-generic": True,
        "rc  linux-image-5.4.0-90-generic": False, "un  linux-image-5.4.0-91-generic": False, "pn  linux-image-5.4.0-92-generic": False,
        "iH  linux-image-5.4.0-93-generic": False, "ii  linux-image-generic": False, "ii  linux-headers-5.4.0-99-generic": False,
    }  # fmt: skip
    there = [line.split()[1].split(":")[0].replace("unsigned-", "").removeprefix("linux-image-") for line, here in listed.items() if here]
    text = "".join(f"{line}   5.4.0-97.110 amd64        Signed kernel image\n" for line in listed)
    assert from_packages(text) == {"$kernels": "".join(f"linux-image {release}\n" for release in there)}


@pytest.mark.parametrize(
    ("listed", "kernels"),
    [
        ("||/ Name  Version\nii  bash  5.2.15-2+b2  amd64  GNU Bourne Again SHell\n", "dpkg\n"),
        ("bash-4.1.2-14.el6.x86_64    Mon Mar 18 2013\ntzdata-2013b-1.el6.noarch   Mon\n", "package kernel is not installed\n"),
        ("sh: rpm: command not found\n", None),
        ("", None),
    ],
)
def test_a_list_of_packages_without_a_kernel_tells_that_there_is_none(listed: str, kernels: str | None) -> None:
    """As in a container, and where the machine around the host brings the kernel."""
    assert from_packages(listed).get("$kernels") == kernels


def test_lsb_release() -> None:
    said = "No LSB modules are available.\nDistributor ID:\tUbuntu\nDescription:\tUbuntu 20.04.3 LTS\nRelease:\t20.04\nCodename:\tfocal\n"
    text = "DISTRIB_ID=Ubuntu\nDISTRIB_DESCRIPTION=Ubuntu 20.04.3 LTS\nDISTRIB_RELEASE=20.04\n"
    assert from_lsb_release(said) == {"/etc/lsb-release": text}
    assert from_lsb_release("Release:\t20.04\n") == {}


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Thu Feb 10 16:19:17 UTC 2022\n", 1644509957),
        ("Thu Feb 10 17:19:17 CET 2022\n", 1644509957),
        ("Thu Feb 10 19:49:17 +0330 2022\n", 1644509957),
        ("Thu Feb 10 12:19:17 -04 2022\n", 1644509957),
        ("Thu 10 Feb 2022 04:19:17 PM UTC\n", 1644509957),
        ("Thu Feb 10 16:19:17 CST 2022\n", None),  # of China or of Chicago
        ("Thu Feb 31 16:19:17 UTC 2022\n", None),
        ("jeu. 10 feb 16:19:17\n", None),
    ],
)
def test_dates_that_are_an_instant(date: str, seconds: int | None) -> None:
    assert epoch_seconds_of(date) == seconds


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    for read in (from_uptime, from_free, from_ip_route, from_lsb_release, from_packages, epoch_seconds_of):
        read(text)
