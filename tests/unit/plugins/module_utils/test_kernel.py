# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""uname, release files and package lists."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel import (
    parse_installed,
    parse_os_release,
    parse_release_file,
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


@pytest.mark.parametrize("text", ["", "Linux", "SunOS a 5.11 b c d", "uname: not found"])
def test_what_is_no_uname_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        parse_uname(text)


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


def test_a_broken_package_database_is_an_error() -> None:
    with pytest.raises(EvidenceError, match="rpm says"):
        parse_installed("error: rpmdb: BDB0113 Thread died\n")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_uname, parse_os_release, parse_release_file, parse_installed):
        try:
            parse(text)
        except EvidenceError as error:
            assert error.datum.startswith("kernel")
