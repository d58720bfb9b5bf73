# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""uname, release files and package lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel import (
    parse_debian_version,
    parse_installed,
    parse_kernel_banner,
    parse_lsb_release,
    parse_os_release,
    parse_release_file,
    parse_suse_release,
    parse_uname,
)
from hypothesis import given
from hypothesis import strategies as st

EL6 = "Linux db01 2.6.32-358.el6.x86_64 #1 SMP Tue Jan 29 11:47:41 EST 2013 x86_64 x86_64 x86_64 GNU/Linux\n"
BUSYBOX = "Linux box 6.1.0-25-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 x86_64 GNU/Linux\n"


def test_uname_of_el6_and_of_busybox() -> None:
    el6 = parse_uname(EL6)
    assert (el6["release"], el6["machine"]) == ("2.6.32-358.el6.x86_64", "x86_64")
    assert parse_uname(BUSYBOX)["release"] == "6.1.0-25-amd64"
    assert parse_uname(BUSYBOX)["machine"] == "x86_64"


@pytest.mark.parametrize(
    ("words", "version", "machine"),
    [
        ("#1 SMP Wed Oct 10 16:48:18 EDT 2007 i686 i686 i386 GNU/Linux", "#1 SMP Wed Oct 10 16:48:18 EDT 2007", "i686"),
        ("#42218 SMP Mon Oct 18 19:16:55 CST 2021 x86_64 GNU/Linux synology_918+", "#42218 SMP Mon Oct 18 19:16:55 CST 2021", "x86_64"),
        ("#1 SMP Debian 5.10.1 x86_64 Intel(R) Xeon(R) CPU E5 GenuineIntel GNU/Linux", "#1 SMP Debian 5.10.1", "x86_64"),
        ("#250 PREEMPT Thu Oct 18 19:03:02 BST 2012 armv6l GNU/Linux", "#250 PREEMPT Thu Oct 18 19:03:02 BST 2012", "armv6l"),
        ("#1 SMP unheard-of GNU/Linux", "#1 SMP", "unheard-of"),
    ],
)
def test_the_machine_among_what_stands_behind_the_stamp(words: str, version: str, machine: str) -> None:
    assert parse_uname(f"Linux h 2.6.18 {words}\n") == {"release": "2.6.18", "version": version, "machine": machine}


@pytest.mark.parametrize(
    ("text", "release", "version", "machine"),
    [
        ("Linux version 4.18.0-240.el8.x86_64 (b@h) (gcc 8.3.1) #1 SMP Wed Sep 23", "4.18.0-240.el8.x86_64", "#1 SMP Wed Sep 23", "x86_64"),
        ("Linux version 5.14.0-362.el9.aarch64+64k (b@h) #1 SMP", "5.14.0-362.el9.aarch64+64k", "#1 SMP", "aarch64"),
        ("Linux version 6.1.0-25-amd64 (debian-kernel@x) (gcc-12 (Debian)) #1 SMP", "6.1.0-25-amd64", "#1 SMP", "x86_64"),
        ("Linux version 5.15.0-1-generic (b@h) (aarch64-linux-gnu-gcc 11) #1-Ubuntu", "5.15.0-1-generic", "#1-Ubuntu", "aarch64"),
        ("Linux version 5.4.0-97-generic (b@lcy02-amd64-032) (gcc)", "5.4.0-97-generic", None, None),
    ],
)  # fmt: skip
def test_what_the_kernel_says_of_itself(text: str, release: str, version: str | None, machine: str | None) -> None:
    assert parse_kernel_banner(text) == {"release": release, "version": version, "machine": machine}


@pytest.mark.parametrize("text", ["", "Linux", "SunOS a 5.11 b c d", "uname: not found"])
def test_what_is_no_uname_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        parse_uname(text)


@pytest.mark.parametrize("words", [5, 6])
def test_the_shortest_uname_that_is_one(words: int) -> None:
    said = ["Linux", "h", "6.1.0", "#1", "odd-machine", "GNU/Linux"][:words]
    assert parse_uname(" ".join(said)) == {"release": "6.1.0", "version": "#1", "machine": "odd-machine"}
    with pytest.raises(EvidenceError):
        parse_uname("Linux h 6.1.0 odd")


def test_a_name_is_the_longest_that_is_told() -> None:
    assert parse_os_release("ID=x\n") == {"id": "x", "name": "x", "version": None}
    assert parse_os_release("ID=x\nNAME=X\nVERSION_ID='1'\n") == {"id": "x", "name": "X", "version": "1"}
    assert parse_os_release("PRETTY_NAME=\nNAME=X\nID=x\nVERSION_ID=\n") == {"id": "x", "name": "X", "version": None}
    assert parse_os_release('PRETTY_NAME="X 1"\nNAME=X\nID=x\n')["name"] == "X 1"


def test_names_are_cut_where_no_distribution_has_longer_ones() -> None:
    words = 20 * "abcdefghi "
    assert parse_release_file(f"Fedora release 40 {words}\nsecond line")["name"] == f"Fedora release 40 {words}"[:120]
    assert parse_lsb_release(f"DISTRIB_ID={words}\nDISTRIB_DESCRIPTION={words}") == {"id": words[:64], "name": words[:120], "version": None}
    assert (
        parse_suse_release(f"SUSE Linux Enterprise Server {words}\nVERSION = 11\n")["name"] == f"SUSE Linux Enterprise Server {words}"[:120]
    )
    assert parse_debian_version(200 * "s")["name"] == "Debian " + 100 * "s"


def test_of_several_lines_the_first_names_the_release() -> None:
    assert parse_release_file("\nCentOS release 6.10 (Final)\nOracle Linux Server release 7.9\nFedora release 3\n")["version"] == "6.10"
    with pytest.raises(EvidenceError, match="'odd one' names no release"):
        parse_release_file("odd one\nCentOS release 6.10\n")


def test_an_lsb_release_with_lines_of_others() -> None:
    text = "# made by hand\nDISTRIB_NOTHING\nLSB_VERSION=1.4\nDISTRIB_ID='Mint'\nDISTRIB_RELEASE=19\n"
    assert parse_lsb_release(text) == {"id": "mint", "name": "Mint 19", "version": "19"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SUSE Linux Enterprise Server 11\n", "kernel.distribution, line 1: 'SUSE Linux Enterprise Server 11' names no release of SUSE"),
        ("Other 11\nVERSION = 11\n", "kernel.distribution, line 1: 'Other 11' names no release of SUSE"),
    ],
)
def test_a_suse_release_needs_its_name_and_its_version(text: str, told: str) -> None:
    with pytest.raises(EvidenceError) as odd:
        parse_suse_release(text)
    assert str(odd.value) == told


@pytest.mark.parametrize(("pack", "version"), [("PATCHLEVEL = 0\n", "11"), ("PATCHLEVEL = 3\n", "11.3"), ("", "11")])
def test_a_service_pack_is_part_of_the_version(pack: str, version: str) -> None:
    assert parse_suse_release(f"SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\n{pack}")["version"] == version


def test_the_line_of_a_broken_package_database_is_told() -> None:
    with pytest.raises(EvidenceError) as odd:
        parse_installed("kernel 2.6.32-358.el6.x86_64\nerror: rpmdb\n")
    assert odd.value.line == 2


@pytest.mark.parametrize(
    ("text", "ident", "version"),
    [
        ("Red Hat Enterprise Linux Server release 6.4 (Santiago)", "rhel", "6.4"),
        ("CentOS release 6.4 (Final)", "centos", "6.4"),
        ("CentOS Linux release 7.9.2009 (Core)", "centos", "7.9.2009"),
        ("Oracle Linux Server release 6.4", "ol", "6.4"),
        ("Scientific Linux release 6.4 (Carbon)", "scientific", "6.4"),
        ("Fedora release 41 (Forty One)", "fedora", "41"),
        ("My Own Linux release 1.2", "unknown", "1.2"),
    ],
)
def test_release_files(text: str, ident: str, version: str) -> None:
    distribution = parse_release_file(text + "\n")
    assert (distribution["id"], distribution["version"]) == (ident, version)


def test_os_release_and_what_is_none() -> None:
    text = 'NAME="Arch Linux"\nID=arch\nPRETTY_NAME="Arch Linux"\n'
    assert parse_os_release(text) == {"id": "arch", "name": "Arch Linux", "version": None}
    for bad in ("", "NAME=x\n"):
        with pytest.raises(EvidenceError):
            parse_os_release(bad)
    with pytest.raises(EvidenceError):
        parse_release_file("no such thing\n")


def test_installed_kernels_of_rpm_of_dpkg_and_of_a_sosreport() -> None:
    rpm = "kernel 2.6.32-358.el6.x86_64\nkernel 2.6.32-431.el6.x86_64\npackage kernel-core is not installed\n"
    assert parse_installed(rpm) == ["2.6.32-358.el6.x86_64", "2.6.32-431.el6.x86_64"]
    assert parse_installed("dpkg\nlinux-image 6.1.0-25-amd64\n") == ["6.1.0-25-amd64"]
    assert parse_installed("dpkg\n") == []
    listed = "kernel-2.6.32-358.el6.x86_64        Mon Mar 18 2013\nkernel-headers-2.6.32-358.el6.x86_64  Mon\n"
    assert parse_installed(listed) == ["2.6.32-358.el6.x86_64"]
    both = "kernel 5.14.0-1.el9.x86_64\nkernel-core 5.14.0-1.el9.x86_64\n"
    assert parse_installed(both) == ["5.14.0-1.el9.x86_64"]


@pytest.mark.parametrize(
    ("package", "release"),
    [
        ("kernel-64k-core-5.14.0-362.el9.aarch64", "5.14.0-362.el9.aarch64+64k"),
        ("kernel-64k-debug-core-5.14.0-362.el9.aarch64", "5.14.0-362.el9.aarch64+64k-debug"),
        ("kernel-debug-core 4.18.0-305.el8.x86_64", "4.18.0-305.el8.x86_64+debug"),
        ("kernel-debug 3.10.0-1160.el7.x86_64", "3.10.0-1160.el7.x86_64.debug"),
        ("kernel-debug 2.6.32-358.el6.x86_64", "2.6.32-358.el6.x86_64.debug"),
        ("kernel-rt 3.10.0-1160.rt56.1131.el7.x86_64", "3.10.0-1160.rt56.1131.el7.x86_64"),
        ("kernel-rt-debug-core 4.18.0-305.rt7.72.el8.x86_64", "4.18.0-305.rt7.72.el8.x86_64+debug"),
        ("kernel-rt-core 5.14.0-362.8.1.el9_3.x86_64", "5.14.0-362.8.1.el9_3.x86_64+rt"),
        ("kernel-uek 4.14.35-1818.3.3.el7uek.x86_64", "4.14.35-1818.3.3.el7uek.x86_64"),
        ("kernel-plus 3.10.0-1160.el7.centos.plus.x86_64", "3.10.0-1160.el7.centos.plus.x86_64"),
        ("kernel-PAE 2.6.18-53.el5.i686", "2.6.18-53.el5PAE"),
        ("kernel-2.6.18-348.el5", "2.6.18-348.el5"),
        ("kernel 2.6.18-348.el5.x86_64", "2.6.18-348.el5"),
        ("kernel-default 5.14.21-150400.24.100.2.x86_64", "5.14.21-150400.24.100-default"),
        ("kernel-default 3.0.101-0.47.1.x86_64", "3.0.101-0.47-default"),
        ("kernel-azure-5.14.21-150400.14.31.1.x86_64", "5.14.21-150400.14.31-azure"),
        ("kernel6.12-6.12.40-1.amzn2023.x86_64", "6.12.40-1.amzn2023.x86_64"),
        ("linux-image 5.15.0-1050-azure", "5.15.0-1050-azure"),
        ("linux-image 6.1.0-25-rt-amd64", "6.1.0-25-rt-amd64"),
    ],
)
def test_a_package_is_named_as_its_kernel_names_itself(package: str, release: str) -> None:
    assert parse_installed(f"{package}\n") == [release]


@pytest.mark.parametrize(
    "package",
    [
        "kernel-64k-modules-5.14.0-362.el9.aarch64", "kernel-debug-devel-3.10.0-1160.el7.x86_64", "kernel-tools-5.14.0-1.el9.x86_64",
        "kernel-default-devel-5.14.21-150400.24.100.2.x86_64", "linux-image 5.4.0-99-generic-dbgsym", "linux-image 6.1.0-25-amd64-dbg",
        "linux-image 2.6-amd64", "linux-image 6.1.0-25-amd64-signed",
    ],
)  # fmt: skip
def test_what_is_no_kernel(package: str) -> None:
    assert parse_installed(f"{package}\n") == []


@pytest.mark.parametrize(
    ("parse", "text", "found"),
    [
        (parse_lsb_release, 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=20.04\nDISTRIB_DESCRIPTION="Ubuntu 20.04.3 LTS"\n',
         ("ubuntu", "Ubuntu 20.04.3 LTS", "20.04")),
        (parse_lsb_release, "DISTRIB_ID=RedHatEnterpriseServer\nDISTRIB_RELEASE=6.4\n", ("rhel", "RedHatEnterpriseServer 6.4", "6.4")),
        (parse_suse_release, "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 3\n",
         ("sles", "SUSE Linux Enterprise Server 11 (x86_64)", "11.3")),
        (parse_suse_release, "openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n", ("opensuse", "openSUSE 13.1 (x86_64)", "13.1")),
        (parse_debian_version, "6.0.4\n", ("debian", "Debian 6.0.4", "6.0.4")),
        (parse_debian_version, " 7.0-beta of ours\n", ("debian", "Debian 7.0-beta", "7.0-beta")),
        (parse_debian_version, "squeeze/sid\n", ("debian", "Debian squeeze/sid", None)),
    ],
)  # fmt: skip
def test_distributions_without_an_os_release(parse: Callable[[str], Any], text: str, found: tuple[str, str, str | None]) -> None:
    assert parse(text) == dict(zip(("id", "name", "version"), found, strict=True))


def test_an_lsb_release_that_names_no_distribution_is_none() -> None:
    assert parse_lsb_release("LSB_VERSION=base-4.0-amd64:base-4.0-noarch\n") is None
    with pytest.raises(EvidenceError):
        parse_suse_release("x\n")


@pytest.mark.parametrize(
    ("parse", "text", "datum"),
    [
        (parse_uname, "Darwin h 6.1.0 x86_64 x86_64", "kernel"),
        (parse_uname, "Linux h 6.1.0 x86_64", "kernel"),
        (parse_kernel_banner, "x", "kernel"),
        (parse_release_file, "odd one", "kernel.distribution"),
        (parse_suse_release, "x", "kernel.distribution"),
        (parse_debian_version, "", "kernel.distribution"),
    ],
)
def test_what_is_broken_is_named_with_its_line(parse: Any, text: str, datum: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        parse(text)
    assert (caught.value.datum, caught.value.line) == (datum, 1)


def test_a_broken_package_database_is_an_error() -> None:
    with pytest.raises(EvidenceError, match="rpm says"):
        parse_installed("error: rpmdb: BDB0113 Thread died\n")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    readers = (parse_uname, parse_kernel_banner, parse_os_release, parse_release_file, parse_lsb_release, parse_suse_release)
    for parse in (*readers, parse_debian_version, parse_installed):
        try:
            parse(text)
        except EvidenceError as error:
            assert error.datum.startswith("kernel")
