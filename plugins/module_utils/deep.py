# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second look at a host in trouble: its largest slab caches, its pages by migrate type, and the settings of its NICs."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import count, is_count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import COUNTERS, DEEP_FAILED
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.pagetypeinfo import parse_pagetypeinfo

#: How many NICs are looked at, caches and counters told, and parameters of modules.
MAX_DEEP_NICS = 16
MAX_CACHES = 10
MAX_COUNTERS = 64
MAX_PARAMETERS = 256
_NET, _MODULE = "/sys/class/net/", "/sys/module/"
#: The sources that only the second look asks for.
_DEEP = re.compile(
    r"\$(?:slabinfo|pagetypeinfo|ethtool_[glkS](?:/.*)?|deep)\Z|/sys/class/net/[^/]+/mode\Z|/sys/module/[^/]+/parameters/[^/]+\Z"
)
_CACHE = re.compile(
    r"(\S{1,128}) +[0-9]{1,20} +([0-9]{1,20}) +([0-9]{1,20}) +[0-9]{1,20} +([0-9]{1,20}) *:.{0,200}: slabdata +[0-9]{1,20} +([0-9]{1,20}) "
)
_SETTING = re.compile(r"([A-Za-z][A-Za-z ]{0,31}):[ \t]*([0-9]{1,10}|n/a)[ \t]*\Z")
_counter_of_memory = re.compile(COUNTERS, re.IGNORECASE)


def is_deep(source):
    """Whether a source is one that only the second look asks for."""
    return _DEEP.match(source) is not None


def parse_slabinfo(text, page_size_bytes):
    """[{name, objects, object_bytes, kb}] of the MAX_CACHES largest caches, the largest first.

    A line of /proc/slabinfo: NAME ACTIVE OBJECTS OBJECT_BYTES PER_SLAB PAGES_PER_SLAB : tunables ... : slabdata ACTIVE SLABS SHARED
    """
    caches = []
    for pages, found in _caches_in(text):
        name, objects, size = found.groups()[:3]
        numbers = {"objects": int(objects), "object_bytes": int(size), "kb": pages * page_size_bytes // 1024}
        if max(numbers.values()) < 1 << 53:  # no memory is larger
            caches.append(dict(numbers, name=name))
    if not caches:
        raise EvidenceError("slabinfo", None, "it has no cache: %.80r" % str(text.strip()))
    return caches[:MAX_CACHES]


def _caches_in(text):
    """[(pages, the match of its line)], the largest first."""
    matches = [_CACHE.match(line + " ") for line in text.split("\n")]
    caches = [(int(found.group(4)) * int(found.group(5)), found) for found in matches if found]
    return sorted(caches, key=lambda cache: (-cache[0], cache[1].string))


def kept_of_report(source, text):
    """What of a source that a sosreport has whole the second look would have brought."""
    if source == "$slabinfo":
        return "".join(found.string + "\n" for unused, found in _caches_in(text)[: 2 * MAX_CACHES])
    if source.startswith("$ethtool_S/"):
        return "".join(line + "\n" for line in text.split("\n") if line.startswith("NIC statistics") or _counter_in(line))
    return text


def parse_ethtool_settings(text):
    """({name: number} of the most that can be set, the same of what is set now) of ``ethtool -g`` and ``-l``; without what is "n/a"."""
    most, now, current = {}, {}, None
    for line in text.split("\n"):
        if line.startswith("Pre-set maximums"):
            current = most
        elif line.startswith("Current hardware settings"):
            current = now
        found = _SETTING.match(line)
        if found and current is not None and is_count(found.group(2)):
            current.setdefault(found.group(1), int(found.group(2)))
    if not now:
        raise EvidenceError("ethtool", None, "it shows no settings: %.80r" % str(text.strip()))
    return most, now


def parse_offloads(text):
    """The names of what ``ethtool -k`` says is on, in its order, of those that join packets or take them in pieces."""
    told = [line.strip().split() for line in text.split("\n")]
    known = [words for words in told if len(words) > 1 and words[0].endswith(":") and words[1] in ("on", "off")]
    if not known:
        raise EvidenceError("ethtool", None, "it shows no features: %.80r" % str(text.strip()))
    wanted = ("receive-offload", "gro", "lro", "scatter-gather", "segmentation-offload")
    return [words[0][:-1] for words in known if words[1] == "on" and len(words[0]) < 64 and any(word in words[0] for word in wanted)][:32]


def parse_failed_allocations(text):
    """[{name, count}] of the counters of ``ethtool -S`` that are of memory and not 0."""
    if "NIC statistics" not in text:
        raise EvidenceError("ethtool", None, "it shows no statistics: %.80r" % str(text.strip()))
    return [found for found in map(_counter_in, text.split("\n")) if found][:MAX_COUNTERS]


def _counter_in(line):
    """{name, count} of a line with a counter that is of memory and not 0, else None."""
    name, unused, value = line.rpartition(":")
    name, value = name.strip(), value.strip()
    if len(name) < 128 and is_count(value) and int(value) and _counter_of_memory.search(name):
        return {"name": name, "count": count("ethtool", None, value)}
    return None


def deep_from(evidence, facts, take):
    """{slab_caches, pagetypes, nics, module_parameters} of what the second look gave; None where there was none.

    EvidenceMissing where it failed. ``facts``: with the NICs and the size of a page. ``take(datum, function)`` gives what the function
    gives, or None with the reason noted."""
    if DEEP_FAILED in evidence.reasons:
        raise EvidenceMissing(DEEP_FAILED, evidence.reasons[DEEP_FAILED])
    if not any(is_deep(source) for sources in (evidence.texts, evidence.reasons) for source in sources):
        return None
    return {
        "slab_caches": take("deep.slab_caches", lambda: _caches(evidence, facts["page_size_bytes"])),
        "pagetypes": take("deep.pagetypes", lambda: parse_pagetypeinfo(evidence.get("$pagetypeinfo"))),
        "nics": take("deep.nics", lambda: [_nic(evidence, name, take) for name in _names(evidence, facts["nics"])]),
        "module_parameters": _parameters(evidence),
    }


def _caches(evidence, page_size_bytes):
    text = evidence.get("$slabinfo")
    if page_size_bytes is None:
        raise EvidenceMissing("$slabinfo", "the page size is not known")
    return parse_slabinfo(text, page_size_bytes)


def _names(evidence, nics):
    """Of NICs with a device: a report has what ethtool says of the others too."""
    if "$ethtool_g" in evidence.reasons:
        raise EvidenceMissing("$ethtool_g", evidence.reasons["$ethtool_g"])
    asked = [
        source.partition("/") for sources in (evidence.texts, evidence.reasons) for source in sources if source.startswith("$ethtool_")
    ]
    names = set(name for unused, slash, name in asked if slash and name)
    names.update(name for name, unused in evidence.find(_NET, "/mode") if "/" not in name)
    virtual = set(nic["name"] for nic in nics or () if nic["virtual"])
    return sorted(names - virtual - {"lo"})[:MAX_DEEP_NICS]


def _nic(evidence, name, take):
    def asked(flag, datum, parse):
        return take("deep.nics.%s.%s" % (name, datum), lambda: parse(evidence.get("$ethtool_%s/%s" % (flag, name))))

    most_ring, ring = asked("g", "rings", parse_ethtool_settings) or ({}, {})
    unused, channels = asked("l", "channels", parse_ethtool_settings) or ({}, {})
    receiving = [channels[kind] for kind in ("RX", "Combined") if kind in channels]
    return {
        "name": name,
        "rx_ring": ring.get("RX"),
        "rx_ring_most": most_ring.get("RX"),
        "rx_channels": sum(receiving) if receiving else None,
        "offloads": asked("k", "offloads", parse_offloads),
        "failed_allocations": asked("S", "failed_allocations", parse_failed_allocations),
        "ipoib_mode": evidence.texts.get(_NET + name + "/mode", "").strip()[:32] or None,
    }


def _parameters(evidence):
    """Of modules that drive the NICs; a value is one line."""
    found = []
    for middle, text in evidence.find(_MODULE):
        module, unused, name = middle.partition("/parameters/")
        if name and "/" not in name + module:
            found.append({"module": module, "name": name, "value": text.split("\n")[0][:200]})
    return found[:MAX_PARAMETERS]
