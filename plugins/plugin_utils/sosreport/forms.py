# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sosreport keeps in a form of its own, turned into what a live host gives: text in, {source: text} out. Pure.

Only the form changes here; what the text means is for the same parsers to say. What cannot be read is left out, and is then
missing, with that reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.container import CONTAINER
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import VIRTUAL
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import TUNING
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS

#: Names of ``sysctl -a`` -> the files that they stand for.
SYSCTL_FILES = {**{f"vm.{name}": f"/proc/sys/vm/{name}" for name in KEYS + TUNING}, "kernel.tainted": "/proc/sys/kernel/tainted"}
_SYSCTL = re.compile(rf"^({'|'.join(map(re.escape, SYSCTL_FILES))}) ?= ?(\S+)\s*$", re.MULTILINE)
_INTERFACE = re.compile(r"[0-9]{1,9}: ([^\s@:]{1,32})(?:@([^\s:]{1,32}))?: <[^>]*> mtu ([0-9]{1,9})\b(.*)\Z")
_MASTER = re.compile(r" master (\S{1,32})")
_STATE = re.compile(r" state ([A-Z]{1,16})\b")
_KIND = re.compile(r"    (\S+)")
#: How ``ip -d link`` begins the line of an interface that has no device: the kinds of rtnetlink that are not hardware.
KINDS_WITHOUT_DEVICE = frozenset(
    [
        "bond",
        "bridge",
        "dummy",
        "erspan",
        "geneve",
        "gre",
        "gretap",
        "hsr",
        "ifb",
        "ip6gre",
        "ip6gretap",
        "ip6tnl",
        "ipip",
        "ipvlan",
        "ipvtap",
        "macsec",
        "macvlan",
        "macvtap",
        "netdevsim",
        "nlmon",
        "openvswitch",
        "sit",
        "team",
        "tun",
        "tunnel",
        "veth",
        "vlan",
        "vrf",
        "vti",
        "vxlan",
        "wireguard",
        "xfrm",
    ]
)
#: Kinds whose ``@`` names what they run over; that of a veth is its other end.
_OVER = frozenset(["ipvlan", "ipvtap", "macsec", "macvlan", "macvtap", "vlan"])
_LINK = re.compile(r"    link/(\S+)")
_NO_DEVICE_LINKS = frozenset(("loopback", "sit", "ipip", "gre", "gre6", "tunnel", "tunnel6", "none", "void", "ppp"))
_SLAVE = re.compile(r"^Slave Interface: (\S{1,32})$", re.MULTILINE)
_DEVICE = re.compile(r"\bdev (\S{1,32})")
_TABLE = re.compile(r"\btable (\S{1,32})")
#: The tables that every packet is looked up in: main, which ip does not name, and "default" behind it. Others are of a policy.
_EVERYBODYS_TABLES = frozenset(("main", "254", "default", "253"))
_KERNEL_LINE = re.compile(r"^(?:kernel[^\n]*|error:[^\n]*)$", re.MULTILINE)
#: What is wanted of a package ("h" is held), and that its files are there: installed, or nearly.
_DEBIAN_KERNEL = re.compile(r"^[uihrp][iUFWt]R?\s{1,8}linux-image-(?:unsigned-)?([0-9][^\s:]{0,127})(?::\S{1,32})?\s", re.MULTILINE)
_DEBIAN_PACKAGE = re.compile(r"^ii\s{1,8}[a-z0-9]", re.MULTILINE)
_RPM_PACKAGE = re.compile(
    r"^[A-Za-z0-9][^\s-]{0,63}(?:-[^\s-]{1,64}){2,9}\.(?:noarch|x86_64|i[3-6]86|aarch64|ppc64(?:le)?|s390x)\s", re.MULTILINE
)
_UP = re.compile(r"\bup +(?:([0-9]{1,6}) days?, *)?(?:([0-9]{1,2}):([0-9]{2})|([0-9]{1,2}) min|([0-9]{1,2}) sec)\b")
_LSB = re.compile(r"^(Distributor ID|Release|Description):[ \t]*(\S[^\n]{0,200})$", re.MULTILINE)
_LSB_FIELDS = {"Distributor ID": "DISTRIB_ID", "Release": "DISTRIB_RELEASE", "Description": "DISTRIB_DESCRIPTION"}
#: Columns of free, as meminfo names them.
_FREE_COLUMNS = {"total": "MemTotal", "free": "MemFree", "available": "MemAvailable"}
_BUILTIN = re.compile(r"^filename:[ \t]*\(builtin\)[ \t]*\nname:[ \t]*(\S{1,64})[ \t]*$", re.MULTILINE)
#: What systemd calls containers: anything else that it may say there is a virtual machine.
_CONTAINER = re.compile(
    r"^ *(Virtualization: (?:lxc|lxc-libvirt|docker|podman|openvz|systemd-nspawn|rkt|wsl|proot|pouch|container-other))\s*$", re.MULTILINE
)
_TAINT = re.compile(r"[A-Z]{1,8}\Z")
_MODULE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def from_sysctl(text: str) -> dict[str, str]:
    """The files under /proc/sys of ``sysctl -a``."""
    return {SYSCTL_FILES[name]: value + "\n" for name, value in _SYSCTL.findall(text)}


def from_ip_link(text: str) -> dict[str, str]:
    """The files and links of /sys/class/net of ``ip link``, with ``-d`` also which interfaces have no device."""
    sources: dict[str, str] = {}
    virtual: list[str] = []
    name = peer = ""
    for line in text.split("\n"):
        head = _INTERFACE.match(line)
        if head:
            name, peer, mtu, rest = head.group(1), head.group(2) or "", head.group(3), head.group(4)
            folder = f"/sys/class/net/{name}"
            if f"{folder}/mtu" in sources:
                name = ""  # said twice: the first counts
                continue
            sources[f"{folder}/mtu"] = mtu + "\n"
            state, master = _STATE.search(rest), _MASTER.search(rest)
            if state:
                sources[f"{folder}/operstate"] = state.group(1).lower() + "\n"
            if master:
                sources[f"/sys/class/net/{master.group(1)}/lower_{name}"] = f"../{name}\n"
            continue
        link, kind = _LINK.match(line), _KIND.match(line)
        if name and (link and link.group(1) in _NO_DEVICE_LINKS or kind and kind.group(1) in KINDS_WITHOUT_DEVICE):
            virtual.append(name)
            if kind and kind.group(1) in _OVER and peer:
                sources[f"/sys/class/net/{name}/lower_{peer}"] = f"../{peer}\n"
    if virtual:
        sources[VIRTUAL] = "\n".join(dict.fromkeys(virtual)) + "\n"
    return sources


def from_bonding(texts: Mapping[str, str]) -> dict[str, str]:
    """The slaves of bonds, of the files of /proc/net/bonding by name."""
    return {f"/sys/class/net/{name}/bonding/slaves": " ".join(_SLAVE.findall(text)) + "\n" for name, text in texts.items()}


def from_ip_route(text: str) -> dict[str, str]:
    """The default routes, as /proc/net/route has them: an interface, destination and mask of zero, flags for up and gateway.

    One of several gateways goes on in lines that begin with "nexthop". Routes of a policy's table are no default routes.
    """
    names: dict[str, None] = {}
    inside = False
    for line in text.split("\n"):
        words = line.split(None, 1)
        if words and words[0] != "nexthop":
            table = _TABLE.search(line)
            inside = words[0] == "default" and (table is None or table.group(1) in _EVERYBODYS_TABLES)
        device = _DEVICE.search(line) if inside else None
        if device:
            names[device.group(1)] = None
    lines = [f"{name}\t00000000\t00000000\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" for name in names]
    return {"/proc/net/route": "".join(lines)} if lines else {}


def from_uptime(text: str) -> dict[str, str]:
    """/proc/uptime, to the minute, of what ``uptime`` printed: "up 5 days, 17:41", "up 12 min"."""
    found = _UP.search(text)
    if not found:
        return {}
    days, hours, minutes, only_minutes, seconds = (int(number or 0) for number in found.groups())
    return {"/proc/uptime": f"{days * 86400 + hours * 3600 + (minutes + only_minutes) * 60 + seconds}.00 0.00\n"}


def from_free(text: str, unit_bytes: int = 1024) -> dict[str, str]:
    """The lines of /proc/meminfo that ``free`` shows, of its columns in units of so many bytes."""
    columns, values = [], []
    for line in text.split("\n"):
        words = line.split()
        if words[:2] == ["total", "used"]:
            columns = words
        elif words[:1] == ["Mem:"]:
            values = words[1:]
    pairs = [(_FREE_COLUMNS[name], value) for name, value in zip(columns, values, strict=False) if name in _FREE_COLUMNS]
    lines = [f"{name}: {int(value) * unit_bytes // 1024} kB\n" for name, value in pairs if value.isdecimal() and len(value) < 16]
    return {"/proc/meminfo": "".join(lines)} if lines else {}


def from_lsb_release(text: str) -> dict[str, str]:
    """/etc/lsb-release, of what ``lsb_release -a`` printed."""
    lines = [f"{_LSB_FIELDS[name]}={value.strip()}\n" for name, value in _LSB.findall(text)]
    return {"/etc/lsb-release": "".join(lines)} if any(line.startswith("DISTRIB_ID=") for line in lines) else {}


def from_hostnamectl(text: str) -> dict[str, str]:
    """The line that tells a container."""
    found = _CONTAINER.search(text)
    return {CONTAINER: found.group(1) + "\n"} if found else {}


def from_modinfo(text: str, drivers: Iterable[str]) -> dict[str, str]:
    """``modinfo -F filename`` of each driver, of what ``modinfo`` said of all modules."""
    sources = {}
    for driver in drivers:
        path = _path_of(text, driver)
        if path:
            sources[f"$modinfo/{driver}"] = path + "\n"
    return sources


def _path_of(text: str, driver: str) -> str | None:
    """The file name that modinfo gave, found from its end, since looking at each line of half a megabyte takes long."""
    for name in dict.fromkeys((driver, driver.replace("_", "-"), driver.replace("-", "_"))):
        at = text.find(f"/{name}.ko")
        if at >= 0:
            line = text[text.rfind("\n", 0, at) + 1 : text.find("\n", at) if "\n" in text[at:] else len(text)]
            if line.startswith("filename:"):
                return line.partition(":")[2].strip()
    return "(builtin)" if driver in _BUILTIN.findall(text) else None


def from_taint(texts: Mapping[str, str]) -> dict[str, str]:
    """Lines of /proc/modules for the modules that taint, of the files /sys/module/NAME/taint by name."""
    flags = {name: text.strip() for name, text in texts.items() if _MODULE_NAME.match(name)}
    lines = [f"{name} 0 0 - Live 0x0 ({letters})\n" for name, letters in flags.items() if _TAINT.match(letters)]
    return {"/proc/modules": "".join(lines)} if flags else {}


def from_packages(text: str) -> dict[str, str]:
    """The installed kernels, of a list of all packages of RPM or dpkg; of a list without any, what the probe says then."""
    kernels = [f"linux-image {release}" for release in _DEBIAN_KERNEL.findall(text)] or _KERNEL_LINE.findall(text)
    if not kernels and _DEBIAN_PACKAGE.search(text):
        kernels = ["dpkg"]
    elif not kernels and _RPM_PACKAGE.search(text):
        kernels = ["package kernel is not installed"]
    return {"$kernels": "\n".join(kernels) + "\n"} if kernels else {}
