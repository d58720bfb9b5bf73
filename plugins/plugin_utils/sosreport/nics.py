# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interfaces of a report, under the names they had on the host."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import VIRTUAL
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.forms import KINDS_WITHOUT_DEVICE, from_ip_link
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import expand
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.places import SOS_FORMS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.taken import Taken, text_of

_NET = "/sys/class/net/"
_NO_DEVICE = "Cannot get driver information: Operation not supported"
_MOST_NAME_CHARS = 16  # IFNAMSIZ
_MANGLED = re.compile(r"[^\w.-]+")
#: What ip puts behind the "@" of an interface whose other end is not among those it shows.
_ELSEWHERE = re.compile(r"if[0-9]+\Z|NONE\Z")
#: Drivers as ethtool names them that drive no device.
_DRIVERS_WITHOUT_DEVICE = KINDS_WITHOUT_DEVICE | {"bonding", "802.1Q"}
_OF_NAMESPACE = re.compile(r"ip_netns_exec_(.{1,128}?)_(?:ip_(?:-d_)?address_show|ethtool_-i_(.{1,64}))\Z")


@dataclass
class _Namespace:
    """What a report holds on one network namespace: {source: text} of its interfaces, which have no device, {interface: ethtool -i}."""

    links: dict[str, str] = field(default_factory=dict)
    virtual: list[str] = field(default_factory=list)
    ethtool: dict[str, str] = field(default_factory=dict)

    def names(self) -> set[str]:
        """Its interfaces but for "lo", which each namespace has."""
        return ({source.split("/")[4] for source in self.links} | set(self.ethtool) | set(self.virtual)) - {"lo"}


def settle_nics(report: Taken) -> None:
    """sos writes ``eth0.100@eth0`` as ``eth0.100_eth0``; and an interface that ethtool knows nothing of has no device."""
    written = {source.split("/", 1)[1]: report.texts.pop(source) for source in list(report.texts) if source.startswith("$ethtool/")}
    ethtool, virtual = _settled(written, _names_in(report.texts))
    for name, text in ethtool.items():
        report.texts.setdefault(f"$ethtool/{name}", text)
    _add_virtual(report, virtual)


def take_namespaces(report: Taken) -> None:
    """The interfaces of network namespaces. One whose name is another's too is called NAMESPACE/NAME: the kernel has no such name."""
    namespaces = _namespaces(report)
    names = Counter(_names_in(report.texts) | {source[9:] for source in report.texts if source.startswith("$ethtool/")})
    for namespace in namespaces.values():
        names.update(namespace.names())
    for title, namespace in namespaces.items():
        called = {name: name if names[name] == 1 else f"{title}/{name}" for name in namespace.names()}
        for source, text in namespace.links.items():
            name, _slash, rest = source.removeprefix(_NET).partition("/")
            below = rest.removeprefix("lower_")
            if name in called:
                rest = f"lower_{called.get(below, below)}" if below != rest else rest
                report.put(f"{_NET}{called[name]}/{rest}", text)
        report.put_all({f"$ethtool/{called[name]}": text for name, text in namespace.ethtool.items() if name in called})
        _add_virtual(report, (called[name] for name in namespace.virtual if name in called))


def drivers_in(ethtool: str) -> list[str]:
    """The first word of what ``ethtool -i`` calls the driver: some builds add the board's id to it."""
    return [words[0] for line in ethtool.split("\n") if line.startswith("driver:") and (words := line[7:].split())]


def _namespaces(report: Taken) -> dict[str, _Namespace]:
    namespaces: dict[str, _Namespace] = {}
    for pattern in SOS_FORMS["netns"]:
        for path, _stars in expand(report.members, pattern):
            found = _OF_NAMESPACE.match(path.rpartition("/")[2])
            data = report.read(path, "$netns") if found else None
            if not found or not data:
                continue
            namespace = namespaces.setdefault(found.group(1), _Namespace())
            if found.group(2):
                namespace.ethtool[found.group(2)] = text_of(data)
            elif not namespace.links:
                namespace.links = from_ip_link(text_of(data))
                namespace.virtual = namespace.links.pop(VIRTUAL, "").split()
    for namespace in namespaces.values():
        namespace.ethtool, virtual = _settled(namespace.ethtool, _names_in(namespace.links))
        namespace.virtual += virtual
    return namespaces


def _settled(written: dict[str, str], known: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """({interface: ethtool -i}, those that have no device), of the texts by the names that sos gave their files."""
    written_as = {_MANGLED.sub("_", name): name for name in known}
    ethtool: dict[str, str] = {}
    virtual = []
    for file_name, text in written.items():
        name = file_name if file_name in known else written_as.get(file_name) or _before_at(file_name, written_as) or file_name
        if _NO_DEVICE in text or any(driver in _DRIVERS_WITHOUT_DEVICE for driver in drivers_in(text)):
            virtual.append(name)
        if _NO_DEVICE not in text:
            ethtool.setdefault(name, text)
    return ethtool, virtual


def _names_in(sources: Iterable[str]) -> set[str]:
    """The interfaces whose MTU is among these sources."""
    return {source.removeprefix(_NET).removesuffix("/mtu") for source in sources if source.startswith(_NET) and source.endswith("/mtu")}


def _add_virtual(report: Taken, names: Iterable[str]) -> None:
    virtual = dict.fromkeys([*report.texts.get(VIRTUAL, "").split(), *names])
    if virtual:
        report.texts[VIRTUAL] = "\n".join(virtual) + "\n"


def _before_at(written: str, written_as: dict[str, str]) -> str | None:
    """The name in ``eth0.100_eth0``, where both parts are interfaces, or the other one is not among those that are shown."""
    for at in range(1, min(len(written), _MOST_NAME_CHARS)):
        if written[at] == "_" and written[:at] in written_as:
            other = written[at + 1 :]
            if other in written_as or _ELSEWHERE.match(other):
                return written_as[written[:at]]
    return None
