# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence -> facts: the content of ansible_facts.pagealloc. The one place for its names and for missing data."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools

from ansible_collections.fleetcare.pagealloc.plugins.module_utils import boot, kernel
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.buddyinfo import parse_buddyinfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.container import container_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import is_count, sole_count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.deep import deep_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.failure_facts import failures_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import RECORD
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import CRASH_LOG, LOGS, LogContext
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_modules import parse_modules, taint_flags
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import Clock
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import PAGETYPEINFO, THP_MODE, TUNING
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.meminfo import parse_meminfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.nic import nics_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.page_size import page_size_bytes
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.pagetypeinfo import parse_pagetypeinfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.vmstat import parse_vmstat
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import (
    KEYS,
    NEWER,
    no_record,
    parse_record,
    parse_settings,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.zoneinfo import FIELDS as ZONEINFO_FIELDS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.zoneinfo import parse_zoneinfo

#: The facts module -> the top-level names it gives; ``gather`` gives all.
FACTS_OF = {
    "buddyinfo_facts": ("zones", "page_size_bytes", "memory", "vmstat", "vm", "workaround", "failures", "pagetypes", "deep"),
    "nic_driver_facts": ("nics", "container", "modules"),
    "kernel_release_facts": ("kernel", "uptime_seconds", "booted_epoch_seconds"),
}


def facts_from(evidence):
    """All facts of a host and ``unavailable``, {datum: reason} of those that are null. Never raises on bad evidence.

    ``pagetypes`` and ``deep`` are null without a reason where they were not asked for.
    """
    unavailable = {}

    def take(datum, function, otherwise=None):
        try:
            return function()
        except EvidenceMissing as missing:
            unavailable[datum] = str(missing)
        except EvidenceError as error:
            unavailable[datum] = str(error)
        return otherwise

    facts = {
        "kernel": take("kernel", lambda: _kernel(evidence, take)),
        "uptime_seconds": take("uptime_seconds", lambda: _uptime(evidence.get("/proc/uptime"))),
        "booted_epoch_seconds": take("booted_epoch_seconds", lambda: _booted(evidence)),
        "nics": take("nics", lambda: nics_from(evidence, take)),
        "modules": _modules(evidence, take),
        "zones": take("zones", lambda: _zones(evidence, take)),
        "memory": take("memory", lambda: parse_meminfo(evidence.get("/proc/meminfo"))),
        "vmstat": take("vmstat", lambda: parse_vmstat(evidence.get("/proc/vmstat"))),
        "vm": _vm(evidence, take),
        "workaround": take("workaround", lambda: _workaround(evidence)),
        "pagetypes": None,
    }
    facts["container"] = container_of(evidence, facts["nics"])
    facts["failures"] = take("failures", lambda: _failures(evidence, facts))
    facts["page_size_bytes"] = take("page_size_bytes", lambda: page_size_bytes(evidence, facts))
    if PAGETYPEINFO.source in evidence.texts or PAGETYPEINFO.source in evidence.reasons:
        facts["pagetypes"] = take("pagetypes", lambda: parse_pagetypeinfo(evidence.get(PAGETYPEINFO.source)))
    facts["deep"] = take("deep", lambda: deep_from(evidence, facts, take))
    facts["unavailable"] = unavailable
    return facts


def select(facts, module):
    """The part of the facts that a facts module gives, with the part of ``unavailable`` that is about it."""
    names = FACTS_OF[module]
    part = dict((name, facts[name]) for name in names)
    part["unavailable"] = dict((datum, reason) for datum, reason in facts["unavailable"].items() if datum.split(".")[0] in names)
    return part


def _running(evidence):
    """What ``uname -a`` says; where it is missing, what the kernel says of itself."""
    banner = evidence.texts.get("/proc/version", "")
    if "$uname" in evidence.texts or not banner:
        return kernel.parse_uname(evidence.get("$uname"))
    return kernel.parse_kernel_banner(banner)


def _kernel(evidence, take):
    facts = _running(evidence)
    facts["distribution"] = take("kernel.distribution", lambda: _distribution(evidence))
    facts["installed"] = take("kernel.installed", lambda: kernel.parse_installed(evidence.get("$kernels")))
    facts["default_boot"] = take("kernel.default_boot", lambda: boot.default_boot(evidence))
    return facts


#: Where a host names its distribution -> how that is read, the best first. Oracle's EL 6 has a redhat-release that claims to be Red
#: Hat's: its own file comes before it. A file that names none gives None.
_DISTRIBUTION_FILES = (
    ("/etc/oracle-release", kernel.parse_release_file),
    ("/etc/os-release", kernel.parse_os_release),
    ("/etc/redhat-release", kernel.parse_release_file),
    ("/etc/lsb-release", kernel.parse_lsb_release),
    ("/etc/SuSE-release", kernel.parse_suse_release),
    ("/etc/debian_version", kernel.parse_debian_version),
)


def _distribution(evidence):
    for source, parse in _DISTRIBUTION_FILES:
        text = evidence.texts.get(source, "")
        found = parse(text) if text.strip() else None
        if found:
            return found
    raise EvidenceMissing("/etc/os-release", evidence.why_missing("/etc/os-release"))


def _uptime(text):
    words = text.split()
    return sole_count("uptime_seconds", words[0].partition(".")[0] if words else "")


def _booted(evidence):
    """When the host booted, by its own clock."""
    text = evidence.get("/proc/stat")
    booted = _boot_epoch_seconds(evidence)
    if booted is None:
        raise EvidenceError("booted_epoch_seconds", None, "/proc/stat names no btime: %.80r" % str(text.strip()))
    return booted


def _modules(evidence, take):
    taint = take("modules.taint", lambda: sole_count("taint", evidence.get("/proc/sys/kernel/tainted")))
    loaded = take("modules.loaded", lambda: parse_modules(evidence.get("/proc/modules")))
    if taint is None and loaded is None:
        return None
    loaded = loaded or {"out_of_tree": None, "proprietary": None}
    return dict(loaded, taint=taint, taint_flags=None if taint is None else taint_flags(taint))


def _zones(evidence, take):
    zones = parse_buddyinfo(evidence.get("/proc/buddyinfo"))
    zoneinfo = take("zones.watermarks", lambda: parse_zoneinfo(evidence.get("/proc/zoneinfo")), {})
    for zone in zones:
        name = (zone["node"], zone["zone"])
        if zoneinfo:
            take("zones.watermarks", functools.partial(_require_zoneinfo, zoneinfo, name))
        zone.update(zoneinfo.get(name) or dict.fromkeys(ZONEINFO_FIELDS))
    return zones


def _require_zoneinfo(zoneinfo, name):
    if name not in zoneinfo:
        raise EvidenceError("zoneinfo", None, "it lacks node %d, zone %s of buddyinfo" % name)


def _vm(evidence, take):
    def value_of(name):
        return take("vm." + name, lambda: sole_count(name, evidence.get("/proc/sys/vm/" + name)))

    values = dict((name, value_of(name)) for name in KEYS if name not in NEWER)
    if all(value is None for value in values.values()):
        return None
    tuning = dict((name, _tuning(evidence, take, name)) for name in NEWER + TUNING)
    return dict(values, boot_settings=_boot_settings(evidence), transparent_huge_pages=_thp_mode(evidence), **tuning)


def _tuning(evidence, take, name):
    """The value of a sysctl that only some kernels have: null without a reason where this one has none."""
    source = "/proc/sys/vm/" + name
    if source not in evidence.texts and "o such file" in evidence.reasons.get(source, "o such file"):
        return None
    return take("vm." + name, lambda: sole_count(name, evidence.get(source)))


def _thp_mode(evidence):
    """The word in brackets of "always [madvise] never"; null where the kernel has no transparent huge pages."""
    first, _star, last = THP_MODE.partition("*")
    for red_hat in ("", "redhat_"):
        mode = evidence.texts.get(first + red_hat + last, "").partition("[")[2].partition("]")[0]
        if mode in ("always", "madvise", "never"):
            return mode
    return None


def _boot_settings(evidence):
    """The lines of /etc/sysctl.conf and its like that set the values of the workaround."""
    folders = [("/etc/sysctl.conf", evidence.texts.get("/etc/sysctl.conf", ""))]
    for folder in ("/etc/sysctl.d/", "/run/sysctl.d/", "/usr/lib/sysctl.d/"):
        folders.extend((folder + name, text) for name, text in evidence.find(folder))
    return parse_settings(folders)


def _workaround(evidence):
    """The record of the workaround role; of a host that says there is no such file, that there is none."""
    reason = evidence.reasons.get(RECORD, "")
    if RECORD not in evidence.texts and "o such file" in reason:
        return no_record()
    return parse_record(evidence.get(RECORD), _now_epoch_seconds(evidence))


def _now_epoch_seconds(evidence):
    booted = _boot_epoch_seconds(evidence)
    try:
        return None if booted is None else booted + _uptime(evidence.get("/proc/uptime"))
    except (EvidenceError, EvidenceMissing):
        return None


def _failures(evidence, facts):
    """The failures in all logs that are needed to reach back to the boot."""
    logs = [(name, evidence.texts["$" + name]) for name in LOGS if "$" + name in evidence.texts]
    if not logs:
        reasons = ["%s: %s" % (name, evidence.reasons["$" + name]) for name in LOGS if "$" + name in evidence.reasons]
        raise EvidenceMissing("kernel log", "; ".join(reasons) or evidence.why_missing("$dmesg"))
    workaround = facts["workaround"] or {}
    context = LogContext(
        Clock(_boot_epoch_seconds(evidence), _now_epoch_seconds(evidence)),
        _release(evidence),
        sorted(set(nic[name] for nic in facts["nics"] or () if not nic["virtual"] for name in ("driver", "bus_driver") if nic[name])),
        workaround.get("mark"),
        workaround.get("since_epoch_seconds"),
    )
    return failures_of(logs, context, evidence.texts.get("$" + CRASH_LOG))


def _boot_epoch_seconds(evidence):
    for line in evidence.texts.get("/proc/stat", "").split("\n"):
        words = line.split()
        if len(words) == 2 and words[0] == "btime" and is_count(words[1]):
            return int(words[1])
    return None


def _release(evidence):
    try:
        return _running(evidence)["release"]
    except (EvidenceError, EvidenceMissing):
        return None
