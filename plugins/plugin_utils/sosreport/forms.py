# Copyright: (c) 2026, the fleetcare.pagealloc contributors
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

_SYSCTL = re.compile(r"^(vm\.min_free_kbytes|vm\.zone_reclaim_mode|kernel\.tainted) ?= ?(\S+)\s*$", re.MULTILINE)
_INTERFACE = re.compile(r"[0-9]{1,9}: ([^\s@:]{1,32})(?:@([^\s:]{1,32}))?: <[^>]*> mtu ([0-9]{1,9})\b(.*)\Z")
_MASTER = re.compile(r" master (\S{1,32})")
_STATE = re.compile(r" state ([A-Z]{1,16})\b")
_KIND = re.compile(r"    (\S+)")
#: How ``ip -d link`` begins the line of an interface that has no device: the kinds of rtnetlink that are not hardware.
_KINDS = frozenset(
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
_ROUTE = re.compile(r"^default .*?\bdev (\S{1,32})", re.MULTILINE)
_KERNEL_LINE = re.compile(r"^(?:kernel[^\n]*|error:[^\n]*)$", re.MULTILINE)
_DEBIAN_KERNEL = re.compile(r"^ii\s+linux-image-(?:unsigned-)?([0-9]\S{0,127}?)(?::\S+)?\s", re.MULTILINE)
#: What systemd calls containers: anything else that it may say there is a virtual machine.
_CONTAINER = re.compile(
    r"^ *(Virtualization: (?:lxc|lxc-libvirt|docker|podman|openvz|systemd-nspawn|rkt|wsl|proot|pouch|container-other))\s*$", re.MULTILINE
)
_TAINT = re.compile(r"[A-Z]{1,8}\Z")
_MODULE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")

_SYSCTL_FILES = {
    "vm.min_free_kbytes": "/proc/sys/vm/min_free_kbytes",
    "vm.zone_reclaim_mode": "/proc/sys/vm/zone_reclaim_mode",
    "kernel.tainted": "/proc/sys/kernel/tainted",
}


def from_sysctl(text: str) -> dict[str, str]:
    """The files under /proc/sys of ``sysctl -a``."""
    return {_SYSCTL_FILES[name]: value + "\n" for name, value in _SYSCTL.findall(text)}


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
        if name and (link and link.group(1) in _NO_DEVICE_LINKS or kind and kind.group(1) in _KINDS):
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
    """The default routes, as /proc/net/route has them: an interface, destination and mask of zero, flags for up and gateway."""
    names = dict.fromkeys(_ROUTE.findall(text))
    lines = [f"{name}\t00000000\t00000000\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" for name in names]
    return {"/proc/net/route": "".join(lines)} if lines else {}


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
    builtin = re.search(rf"^filename:\s*\(builtin\)\s*\nname:\s*{re.escape(driver)}\s*$", text, re.MULTILINE)
    return "(builtin)" if builtin else None


def from_taint(texts: Mapping[str, str]) -> dict[str, str]:
    """Lines of /proc/modules for the modules that taint, of the files /sys/module/NAME/taint by name."""
    flags = {name: text.strip() for name, text in texts.items() if _MODULE_NAME.match(name)}
    lines = [f"{name} 0 0 - Live 0x0 ({letters})\n" for name, letters in flags.items() if _TAINT.match(letters)]
    return {"/proc/modules": "".join(lines)} if flags else {}


def from_packages(text: str) -> dict[str, str]:
    """The installed kernels, of a list of all packages of RPM or dpkg."""
    kernels = [f"linux-image {release}" for release in _DEBIAN_KERNEL.findall(text)] or _KERNEL_LINE.findall(text)
    return {"$kernels": "\n".join(kernels) + "\n"} if kernels else {}
