# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network interfaces: driver as ethtool tells it, device, module, lower devices, default route."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import sole_count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import VIRTUAL
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_modules import parse_modules

_NET = "/sys/class/net/"

#: The links from interfaces to the drivers of their devices.
DEVICE_DRIVERS = _NET + "*/device/driver"
#: A host with more interfaces is not judged by them: each is in every report.
MAX_NICS = 4096
_OUT_OF_TREE = re.compile(r"/lib/modules/[^/]+/(?:extra|updates|weak-updates|dkms)/")
_IN_TREE = re.compile(r"/lib/modules/[^/]+/kernel/")
_VLAN = re.compile(r"([^\s|]+)\s*\|\s*[0-9]+\s*\|\s*(\S+)\s*\Z")

#: Flags of a route: up, and reject (include/uapi/linux/route.h).
_RTF_UP, _RTF_REJECT = 0x1, 0x200


def parse_ethtool(text):
    """{driver, driver_version, firmware} of ``ethtool -i``; the driver is the first word, since EL 6 builds of mlx4_en
    add the board's id to it. Null for what it leaves empty."""
    fields = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip()] = value.strip()
    if not fields.get("driver"):
        raise EvidenceError("nics", None, "ethtool -i shows no driver: %.80r" % str(text.strip()))
    return {
        "driver": fields["driver"].split()[0],
        "driver_version": fields.get("version") or None,
        "firmware": fields.get("firmware-version") or None,
    }


def in_tree(module_path):
    """Whether a module's file is of the kernel's own tree: True, False, or None where its path does not tell."""
    if module_path is None:
        return None
    if module_path == "(builtin)" or _IN_TREE.search(module_path):
        return True
    return False if _OUT_OF_TREE.search(module_path) else None


def default_route_interfaces(route, ipv6_route):
    """The names of the interfaces with a default route, of the texts of /proc/net/route and ipv6_route."""
    names = set()
    for line in route.split("\n"):
        words = line.split()
        if len(words) >= 8 and words[1] == "00000000" and words[7] == "00000000":
            names.update(_if_in_use(words[0], words[3]))
    for line in ipv6_route.split("\n"):
        words = line.split()
        if len(words) == 10 and words[0] == "0" * 32 and words[1] == "00":
            names.update(_if_in_use(words[9], words[8]))
    return names


def _if_in_use(name, flags_hex):
    try:
        flags = int(flags_hex, 16)
    except ValueError:
        return []
    return [name] if flags & _RTF_UP and not flags & _RTF_REJECT else []


def lower_devices(evidence):
    """{interface: [the interfaces it runs over]}, of bonds, VLANs and bridges, as sysfs and /proc/net/vlan have them."""
    lower = {}
    for name, text in evidence.find(_NET, "/bonding/slaves"):
        lower.setdefault(name, set()).update(text.split())
    for middle, _text in evidence.find(_NET):
        for mark in ("/lower_", "/brif/"):
            name, found, below = middle.partition(mark)
            if found:
                lower.setdefault(name, set()).add(below)
    for line in evidence.texts.get("/proc/net/vlan/config", "").split("\n"):
        vlan = _VLAN.match(line)
        if vlan and vlan.group(1) != "Name-Type:":
            lower.setdefault(vlan.group(1), set()).add(vlan.group(2))
    return dict((name, sorted(names)) for name, names in lower.items())


def nics_from(evidence, take):
    """The interfaces in order of name, each {name, virtual, driver, driver_version, firmware, bus_driver, module_path,
    module_version, in_tree, lower[], operstate, mtu, default_route}; null is what was not seen.

    ``virtual``: there is no device of its own behind it. ``take(datum, function)`` gives what the function gives, or
    None with the reason noted.
    """
    devices = dict(evidence.find(_NET, "/device/driver"))
    asked = _asked(evidence)
    unseen = DEVICE_DRIVERS in evidence.reasons  # a record that keeps no links cannot tell which have a device
    names = set(name for suffix in ("/mtu", "/operstate") for name, unused in evidence.find(_NET, suffix))
    names.update(devices, asked)
    if not names:
        raise EvidenceMissing(_NET + "*/mtu", evidence.why_missing(_NET + "*/mtu"))
    if len(names) > MAX_NICS:
        raise EvidenceError("nics", None, "it has %d interfaces, and only %d are read" % (len(names), MAX_NICS))
    lower = lower_devices(evidence)
    told_virtual = set(["lo"] + evidence.texts.get(VIRTUAL, "").split())
    out_of_tree = set(parse_modules(evidence.texts.get("/proc/modules", ""))["out_of_tree"])
    routes = default_route_interfaces(evidence.texts.get("/proc/net/route", ""), evidence.texts.get("/proc/net/ipv6_route", ""))
    nics = []
    for name in sorted(names):
        nic = _state(evidence, name, take)
        nic.update(lower=lower.get(name, []), default_route=name in routes)
        nic["bus_driver"] = devices[name].strip().split("/")[-1] if name in devices else None
        nic["virtual"] = name in told_virtual or name not in devices and (name in lower or name not in asked and not unseen)
        nic.update(_driver(evidence, nic, take))
        nic.update(_module(evidence, nic, out_of_tree, take))
        nics.append(nic)
    return nics


def _asked(evidence):
    """The interfaces ethtool was asked about, whether it answered or not."""
    prefix = "$ethtool/"
    sources = list(evidence.texts) + list(evidence.reasons)
    return set(source[len(prefix) :] for source in sources if source.startswith(prefix))


def _state(evidence, name, take):
    mtu = _NET + name + "/mtu"
    return {
        "name": name,
        "operstate": evidence.texts.get(_NET + name + "/operstate", "").strip() or None,
        "mtu": take("nics.%s.mtu" % name, lambda: sole_count("mtu", evidence.get(mtu))),
    }


def _driver(evidence, nic, take):
    """What ethtool says of an interface; of a virtual one nothing is missing where it says nothing."""
    source = "$ethtool/" + nic["name"]
    nothing = {"driver": None, "driver_version": None, "firmware": None}
    if nic["virtual"] and source not in evidence.texts:
        return nothing

    def ask():
        if source not in evidence.texts and "$ethtool" in evidence.reasons:
            raise EvidenceMissing("$ethtool", evidence.reasons["$ethtool"])
        return parse_ethtool(evidence.get(source))

    return take("nics.%s.driver" % nic["name"], ask) or nothing


def _module(evidence, nic, out_of_tree, take):
    """Where the driver's module comes from."""
    driver = nic["driver"]
    module = {"module_path": None, "module_version": None, "in_tree": None}
    if driver is None or nic["virtual"]:
        return module
    path = take("nics.%s.module_path" % nic["name"], lambda: evidence.get("$modinfo/" + driver).strip().split("\n")[-1])
    version = evidence.texts.get("$module_version/" + driver, "").strip()
    module.update(module_path=path, module_version=version or None, in_tree=in_tree(path))
    if driver in out_of_tree:
        module["in_tree"] = False
    return module
