# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parsers of single texts of a host: a file, a command's output, a log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils import boot, gfp, kernel, log_line, nic, rpm_version
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.buddyinfo import parse_buddyinfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import sole_count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.deep import (
    parse_ethtool_settings,
    parse_failed_allocations,
    parse_offloads,
    parse_slabinfo,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.failure_facts import MAX_NAMES, failures_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.failure_memory import parse_mem_info
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import LOGS, LogContext, read_log
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_modules import parse_modules, taint_flags
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import filter_log
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import Clock, moment_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.meminfo import parse_meminfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.pagetypeinfo import parse_pagetypeinfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import epoch_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.vmstat import parse_vmstat
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import parse_record, parse_settings
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.zoneinfo import parse_zoneinfo
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.unreached import verdict_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared import text as report_text
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import forms, identity
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.yum import Yum
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.zypper import Zypper

from tests.security.attacks.texts import samples, text_like
from tests.security.attacks.words import junk, number, word
from tests.security.fuzz.properties import bounded, named, require
from tests.security.fuzz.runner import Fuzzer

_RELEASES = (
    "2.6.32-358.23.2.el6.x86_64", "2.6.32-431.el6.mpc07.x86_64.debug", "3.10.0-1160.el7.x86_64", "6.6.0-rc1", "5.14.0-427.el9+rt",
    "6.1.0-18-amd64", "2.6.39-400.el6uek.x86_64", "6.18.44",
)  # fmt: skip
_STAMPS = (
    "Mar 18 14:39:17 host kernel: [85531.01] x", "2026-11-24T01:02:03+01:00 host kernel: x", "[Tue Nov 24 01:02:03 2026] x",
    "<4>[ 1.0] [T1] x", "Tue 2026-11-24 01:02:03 UTC host kernel: x", "2026-11-24T01:02:03,123456+01:00 x",
)  # fmt: skip
_IP_LINK = (
    "1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue state UNKNOWN\n    link/loopback 00:00:00:00:00:00\n"
    "2: eth0.100@eth0: <BROADCAST> mtu 1500 qdisc mq master bond0 state UP qlen 1000\n    link/ether 00:02:c9:00:00:01\n    vlan id 100\n"
)
_MODINFO = "filename:       /lib/modules/x/kernel/mlx4_en.ko\nversion: 1\nfilename:       (builtin)\nname:           mlx4_en\n"
_PACKAGES = "kernel-2.6.32-358.el6.x86_64  Tue Jan 29 11:47:41 2013\nii  linux-image-6.1.0-18-amd64  6.1.76-1  amd64  Linux\nerror: rpmdb\n"
_ZYPPER = '<solvable status="other-version" name="kernel-default" edition="6.1.0-150500.440.1" arch="x86_64" repository="lab"/>\n'
_YUM = "kernel.x86_64      2.6.32-754.35.1.el6      base\nkernel.x86_64   1:3.10.0-1160.el7\n    updates\n"
_FILE_NAMES = (
    "sosreport-db01-02345678-2024-05-06-abcdefg.tar.xz",
    "sosreport-db01.1234567-20130325-ab12.tar.gz",
    "sosreport-x-obfuscated.tar",
)
_DATES = ("Mon Mar 25 08:26:40 UTC 2013", "Mon 25 Mar 2013 08:26:40 PM CET", "Mo 25. Mar 2013, 08:26:40")
_BANNER = "Linux version 2.6.32-358.el6.x86_64 (mockbuild@x) (gcc version 4.4.7 20120313 (Red Hat 4.4.7-3) (GCC) ) #1 SMP Tue Jan 29 2013\n"
_DEBIAN_BANNER = (
    "Linux version 6.1.0-18-amd64 (debian-kernel@x) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1\n"
)
_SUSE = "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 3\n"
_SSH = (
    "Connection timed out during banner exchange\nConnection to UNKNOWN port 65535 timed out",
    "ssh: connect to host db01 port 22: refused",
)


def _of(pool: Sequence[str]) -> Callable[[Random], str]:
    return lambda chance: text_like(chance, pool)


def _of_source(*sources: str) -> Callable[[Random], str]:
    """A text as these sources of a transcript have it."""

    def make(chance: Random) -> str:
        return text_like(chance, [text for source in sources for text in samples()[source]])

    return make


def _parser(name: str, what: str, function: Callable[[str], Any], make: Callable[[Random], str], *more: Callable[..., Any]) -> Fuzzer:
    """A function from a text to plain data."""

    def check(text: str) -> None:
        bounded(named(function, text), text)

    return Fuzzer(name, what, (function, *more) if function.__name__ != "<lambda>" else more, make, check)


_CONTEXT = LogContext(Clock(1364000000, 1364003600), "2.6.32-358.el6.x86_64", ("mlx4_en",), "0123456789abcdef", 1364000100)


def _kernel_log(text: str) -> None:
    """One text as each log, and as all of them at once, with and without what is known of the host."""
    for names, context in ((LOGS, _CONTEXT), (LOGS[:1], _CONTEXT), (LOGS[-1:], LogContext(Clock()))):
        found = failures_of([(name, text) for name in names], context, text)
        bounded(found, text)
        require(found["count"] >= sum(found["by_order"].values()) >= 0, "more failures have an order than there are")
        require(sum(group["count"] for group in found["groups"]) <= found["count"], "the groups hold more failures than there are")
        require(max(len(found["by_process"]), len(found["by_driver"])) <= MAX_NAMES + 1, "too many names are told")


def _filter_log(text: str) -> None:
    """What the filter leaves tells the parser the same as the whole log."""
    left = filter_log(text)
    bounded(left, text)
    whole, part = (failures_of([("dmesg", one)], _CONTEXT) for one in (text, left))
    require(whole["boot_seen"] or not part["boot_seen"], "the filter makes a boot")
    require(part["count"] > 0 or whole["count"] == 0, "the filter loses the only failures")


def _stamps(text: str) -> None:
    for line in log_line.kernel_lines(text, True):
        require(len(line.message) <= log_line.MAX_LINE_CHARS, "a line is longer than it may be")
        told = moment_of(line, _CONTEXT.clock).at
        require(told is None or (len(told) <= 64 and not told.startswith("\x1b")), "a time is longer than it may be")
        named(epoch_of, told)


def _boot(text: str) -> None:
    half = len(text) // 2
    for function, arguments in (
        (boot.from_grubby, (text,)),
        (boot.from_grub_legacy, (text,)),
        (boot.from_grub_cfg, (text, text[:half], text[half:])),
        (boot.from_bls, (text[:half], [(text[half : half + 20], text), ("a-rescue", text), ("b", "linux /vmlinuz-1.2.3\n")])),
    ):
        found = named(function, *arguments)
        require(found is None or 0 < len(found) <= 128, f"{found!r} is no release")
    boot.menu_entries(text)


def _release(text: str) -> None:
    parts = named(rpm_version.split_kernel_release, text)
    if parts is None:
        return
    first, second = text, _RELEASES[len(text) % len(_RELEASES)]
    require(rpm_version.compare_releases(first, first) == 0, "a release differs from itself")
    require(rpm_version.compare_releases(first, second) == -rpm_version.compare_releases(second, first), "the order has two directions")


def _mode(text: str) -> None:
    for release in (None, *_RELEASES):
        flags = gfp.decode_mode(text, release)
        gfp.is_atomic(flags)
        bounded(flags, text)


def _routes(text: str) -> None:
    bounded(sorted(nic.default_route_interfaces(text, text)), text)


def _sos_forms(text: str) -> None:
    for function, arguments in (
        (forms.from_sysctl, (text,)),
        (forms.from_ip_link, (text,)),
        (forms.from_bonding, ({"bond0": text},)),
        (forms.from_ip_route, (text,)),
        (forms.from_modinfo, (text, ["mlx4_en", "a.*b", text[:30]])),
        (forms.from_taint, ({"a": text, text[:60]: "OE"},)),
        (forms.from_packages, (text,)),
        (forms.from_uptime, (text,)),
        (forms.from_hostnamectl, (text,)),
        (forms.from_free, (text,)),
        (forms.from_lsb_release, (text,)),
    ):
        bounded(function(*arguments), text)


def _identity(text: str) -> None:
    for name in (identity.safe_name(text), identity.name_of_file(text), identity.name_of_file("sosreport-" + text)):
        require(len(name) <= 63 and not set(name) - set(_NAME_CHARS), f"{name!r} is no safe name")
        require(
            not name.startswith(("-", ".", "_")) and name not in ("all", "ungrouped", "localhost"), f"{name!r} means something to Ansible"
        )
    identity.stem_of(text)
    require(len(identity.machine_of(text, text)) in (0, 8), "a machine is not told by eight digits")
    require(len(identity.time_of(text)) in (0, 18, 19), "a time is not one")
    found = identity.Identity.parse(text)
    bounded(identity.Identity.parse(found.text()), text)


_NAME_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"


def _unreached(text: str) -> None:
    verdict, sentence = verdict_of(text)
    require(verdict in VERDICTS and verdict != "clear" and sentence, f"{verdict} for a host that was not reached")


def _printed(text: str) -> None:
    """The text as it gets into reports and sentences."""
    shown = report_text.printable(text, 200)
    require(shown.isprintable() and len(shown) <= 200, "what is printable is not")
    for line in report_text.wrap(shown, 33, 4):
        require(report_text.display_width(line) <= 33, "a line is too wide")
    require(report_text.display_width(report_text.cut(shown, 20)) <= 20, "what was cut is too wide")
    sentence = clip(text, 80)
    require(len(sentence) <= 80 and sentence.isprintable(), "a sentence holds more than one may")
    require(not any(mark in sentence for mark in ("{{", "{%", "{#")), "a sentence is a template")
    require(sorted([text, shown], key=report_text.natural_key), "names have no order")


FUZZERS = (
    _parser("buddyinfo", "`/proc/buddyinfo`", parse_buddyinfo, _of_source("/proc/buddyinfo")),
    _parser("zoneinfo", "`/proc/zoneinfo`", lambda text: _listed(parse_zoneinfo(text)), _of_source("/proc/zoneinfo"), parse_zoneinfo),
    _parser("meminfo", "`/proc/meminfo`", parse_meminfo, _of_source("/proc/meminfo")),
    _parser("vmstat", "`/proc/vmstat`", parse_vmstat, _of_source("/proc/vmstat")),
    _parser("pagetypeinfo", "`/proc/pagetypeinfo`", parse_pagetypeinfo, _of_source("/proc/pagetypeinfo")),
    _parser("slabinfo", "`/proc/slabinfo`", lambda text: parse_slabinfo(text, 4096), _of_source("$slabinfo"), parse_slabinfo),
    _parser("ethtool_settings", "`ethtool -g` and `-l`", parse_ethtool_settings, _of_source("$ethtool_g/eth0", "$ethtool_l/eth0")),
    _parser("offloads", "`ethtool -k`", parse_offloads, _of_source("$ethtool_k/eth0")),
    _parser("failed_allocations", "`ethtool -S`", parse_failed_allocations, _of_source("$ethtool_S/eth0")),
    _parser("modules", "`/proc/modules`", parse_modules, _of_source("/proc/modules")),
    _parser(
        "taint", "`/proc/sys/kernel/tainted`", lambda text: taint_flags(sole_count("taint", text)), _of(["0\n", "4097\n"]), taint_flags
    ),
    _parser("host_record", "the workaround's record", parse_record, _of_source("/var/lib/fleetcare-pagealloc/workaround")),
    _parser(
        "settings",
        "`/etc/sysctl.conf` and its like",
        lambda text: parse_settings([("x", text)]),
        _of_source("/etc/sysctl.conf"),
        parse_settings,
    ),
    _parser("uname", "`uname -a`", kernel.parse_uname, _of_source("$uname")),
    _parser("os_release", "`/etc/os-release`", kernel.parse_os_release, _of_source("/etc/os-release")),
    _parser("release_file", "`/etc/redhat-release`", kernel.parse_release_file, _of_source("/etc/redhat-release")),
    _parser("kernel_banner", "`/proc/version`", kernel.parse_kernel_banner, _of((_BANNER, _DEBIAN_BANNER))),
    _parser("lsb_release", "`/etc/lsb-release`", kernel.parse_lsb_release, _of(["DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\n"])),
    _parser("suse_release", "`/etc/SuSE-release`", kernel.parse_suse_release, _of([_SUSE])),
    _parser("debian_version", "`/etc/debian_version`", kernel.parse_debian_version, _of(("6.0.10\n", "squeeze/sid\n"))),
    _parser("installed", "the installed kernels", kernel.parse_installed, _of_source("$kernels")),
    _parser("ethtool", "`ethtool -i`", nic.parse_ethtool, _of_source("$ethtool/eth0")),
    _parser("mem_info", "a Mem-Info block", lambda text: parse_mem_info(text.split("\n")), _of_source("$dmesg"), parse_mem_info),
    _parser("offers", "`yum list available`", Yum().offers, _of([_YUM])),
    _parser("solvables", "`zypper search`", Zypper().offers, _of([_ZYPPER])),
    Fuzzer("routes", "the routing tables", (nic.default_route_interfaces,), _of_source("/proc/net/route", "/proc/net/ipv6_route"), _routes),
    Fuzzer("kernel_log", "a kernel log", (failures_of, read_log), _of_source("$dmesg"), _kernel_log),
    Fuzzer("log_filter", "a whole log of a report", (filter_log,), _of_source("$dmesg"), _filter_log),
    Fuzzer("log_stamps", "prefixes of log lines", (log_line.kernel_lines, log_line.read_line, moment_of, epoch_of), _of(_STAMPS), _stamps),
    Fuzzer("gfp", "an allocation's mode", (gfp.decode_mode,), _of(("0x4020", "0x40a20(GFP_ATOMIC|__GFP_COMP)")), _mode),
    Fuzzer("release", "a kernel's release", (rpm_version.split_kernel_release, rpm_version.compare_releases), _of(_RELEASES), _release),
    Fuzzer(
        "boot_loader",
        "files of boot loaders",
        (boot.from_grubby, boot.from_grub_legacy, boot.from_grub_cfg, boot.from_bls, boot.menu_entries),
        _of_source("/boot/grub2/grub.cfg", "/boot/grub/grub.conf", "/boot/grub2/grubenv", "$grubby", "/etc/default/grub"),
        _boot,
    ),
    Fuzzer(
        "sos_forms",
        "what sosreports keep in a form of their own",
        (
            forms.from_sysctl,
            forms.from_ip_link,
            forms.from_bonding,
            forms.from_ip_route,
            forms.from_modinfo,
            forms.from_taint,
            forms.from_packages,
            forms.from_uptime,
            forms.from_hostnamectl,
            forms.from_free,
            forms.from_lsb_release,
        ),
        _of(
            (
                _IP_LINK,
                _MODINFO,
                _PACKAGES,
                "default via 192.0.2.1 dev eth0 proto dhcp\n",
                "vm.min_free_kbytes = 1\n",
                "Slave Interface: eth0\n",
                " 14:00:01 up 5 days, 17:41,  2 users,  load average: 0.00, 0.01, 0.05\n",
                "             total       used       free\nMem:      15566296   13910780    1655516\n",
                "   Static hostname: db01\n           Chassis: container\n    Virtualization: lxc\n",
                "Distributor ID:\tUbuntu\nDescription:\tUbuntu 14.04\nRelease:\t14.04\n",
            )
        ),
        _sos_forms,
    ),
    Fuzzer(
        "sos_identity",
        "names, dates and ids of reports",
        (identity.safe_name, identity.name_of_file, identity.stem_of, identity.machine_of, identity.time_of, identity.Identity.parse),
        _of((*_FILE_NAMES, *_DATES, "host: x\nmachine: y\ntaken: z\nodd: a\n", "\tUUID: 4C4C4544-0051-3010-8052-B4C04F4E4E31\n", "0" * 32)),
        _identity,
    ),
    Fuzzer("ssh_words", "what ssh says of a host", (verdict_of,), _of(_SSH), _unreached),
    Fuzzer(
        "words",
        "any text, on its way into a report",
        (report_text.printable, report_text.wrap, report_text.cut, report_text.natural_key, clip),
        lambda chance: "".join(chance.choice((word, junk, number))(chance) for _part in range(chance.choice((1, 2, 9)))),
        _printed,
    ),
)


def _listed(zones: dict[Any, Any]) -> list[Any]:
    """JSON knows no pairs as keys."""
    return list(zones.items())
