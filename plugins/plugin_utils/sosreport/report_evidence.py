# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of a report -> evidence, as the probe would have brought it from the host. The same manifest, so the same facts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.deep import kept_of_report
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import SOSREPORT, Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import read_line
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import (
    DEEP,
    LINES_WANTED,
    LISTS_WANTED,
    MANIFEST,
    PAGETYPEINFO,
    Source,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import forms
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import (
    Identity,
    epoch_seconds_of,
    machine_of,
    safe_name,
    time_of,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.layout import LOGS, fill
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.logs import take_logs
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import Members, expand
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.nics import drivers_in, settle_nics, take_namespaces
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.places import SOS_FORMS, SOS_IDENTITY
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.taken import Taken, text_of

_ABSENT = "not in the sosreport"
#: grep's expression as Python has it.
_WANTED = re.compile("|".join((LINES_WANTED.replace("[^[:space:]]", r"\S").replace("[[:space:]]", r"\s"), LISTS_WANTED)))
_VERSION = re.compile(r"Linux version (\S{1,128})")


def evidence_of(members: Members, odd: Sequence[str] = ()) -> Evidence:
    """Evidence from a report; ``odd``: what was already found to be odd about it. Its identity stands under SOSREPORT."""
    report = Taken(members)
    for entry in (*MANIFEST, PAGETYPEINFO, *DEEP):
        if entry.source not in LOGS:
            _take(report, entry)
    _take_forms(report)
    _take_clock(report)
    settle_nics(report)
    take_namespaces(report)
    _take_modules(report)
    contradictions = _contradictions(report)
    strange = [*odd, *contradictions]
    take_logs(report, strange)
    if "$uname" not in report.texts and not contradictions:
        banner = _first(report, SOS_IDENTITY["version"]) or _boot_line(report)
        report.put_all({"/proc/version": banner} if banner else {})
    for entry in MANIFEST:  # what would otherwise count as there and empty, or as seen and without links
        if entry.source not in report.texts and ("*" not in entry.source or entry.kind == "link"):
            report.reasons.setdefault(entry.source, _ABSENT)
    report.texts[SOSREPORT] = _identity(report, strange).text()
    return Evidence(report.texts, report.reasons)


def identity_of(evidence: Evidence) -> Identity:
    """Which host the evidence of a report is of."""
    return Identity.parse(evidence.texts.get(SOSREPORT, ""))


def _take(report: Taken, entry: Source) -> None:
    for pattern in entry.sos:
        for path, stars in expand(report.members, pattern):
            source = fill(entry.source, stars)
            if source in report.texts:
                continue
            if entry.kind == "link":
                target = report.members.link(path)
                if target is not None:
                    report.put(source, target)
                continue
            data = report.read(path, source)
            if data is not None:
                text = text_of(data)
                report.put(source, _lines_wanted(text) if entry.kind == "lines" else kept_of_report(source, text))


def _take_forms(report: Taken) -> None:
    """Of the sosreport's own forms what nothing else has given, read only where that is so."""
    texts = report.texts
    if any(path not in texts for path in forms.SYSCTL_FILES.values()):
        _convert(report, "sysctl", forms.from_sysctl)
    if "/proc/modules" not in texts:
        report.put_all(forms.from_taint(_by_name(report, "taint")))
    report.put_all(forms.from_bonding(_by_name(report, "bonding")))
    _convert(report, "ip_link", forms.from_ip_link)
    for source, routes in forms.from_ip_route(_first(report, SOS_FORMS["ip_route"])).items():
        texts[source] = texts.get(source, "") + routes  # the kernel's own file shows one gateway of several
    _convert(report, "packages", forms.from_packages)
    _convert(report, "hostnamectl", forms.from_hostnamectl)
    if "/proc/meminfo" not in texts:
        for pattern in SOS_FORMS["free"]:
            report.put_all(forms.from_free(_first(report, [pattern]), 1048576 if pattern.endswith("_-m") else 1024))
    if "DISTRIB_ID" not in texts.get("/etc/lsb-release", ""):
        texts.update(forms.from_lsb_release(_first(report, SOS_FORMS["lsb_release"])))


def _take_clock(report: Taken) -> None:
    """How long the host was up, and from that and the date when it booted, where it does not say so itself."""
    if "/proc/uptime" not in report.texts:
        _convert(report, "uptime", forms.from_uptime)
    stat, uptime = report.texts.get("/proc/stat", ""), report.texts.get("/proc/uptime", "").partition(".")[0]
    dates = (epoch_seconds_of(_first(report, [pattern])) for pattern in SOS_IDENTITY["taken"])
    date = next((date for date in dates if date is not None), None)
    if "btime " not in stat and date is not None and uptime.isdecimal() and len(uptime) < 12:
        report.texts["/proc/stat"] = f"{stat}btime {date - int(uptime)}\n"


def _take_modules(report: Taken) -> None:
    """Of hundreds of modules those that drive the interfaces."""
    drivers = sorted({driver for source, text in report.texts.items() if source.startswith("$ethtool/") for driver in drivers_in(text)})
    _convert(report, "modinfo", lambda text: forms.from_modinfo(text, drivers))
    for driver in drivers:
        for pattern in SOS_FORMS["module_version"]:
            data = report.read(pattern.replace("*", driver), f"$module_version/{driver}") if "/" not in driver else None
            report.put_all({f"$module_version/{driver}": text_of(data)} if data else {})
        for pattern in SOS_FORMS["module_parameters"] if "/" not in driver and "*" not in driver else ():
            for path, (name,) in expand(report.members, pattern.replace("*", driver, 1)):
                source = f"/sys/module/{driver}/parameters/{name}"
                data = report.read(path, source)
                report.put_all({source: text_of(data)} if data else {})


def _convert(report: Taken, form: str, convert: Callable[[str], Mapping[str, str]]) -> None:
    """What the first member of this form gives; of members that stand side by side, all of them."""
    for pattern in SOS_FORMS[form]:
        given = False
        for path, _stars in expand(report.members, pattern):
            data = report.read(path, f"${form}")
            sources = convert(text_of(data)) if data else {}
            report.put_all(sources)
            given = given or bool(sources)
        if given:
            return


def _by_name(report: Taken, form: str) -> dict[str, str]:
    """What the star of a form's pattern stood for -> the text."""
    found = [(path, stars) for pattern in SOS_FORMS[form] for path, stars in expand(report.members, pattern)]
    given = {stars[-1]: report.read(path, f"${form}") for path, stars in found}
    return {name: text_of(data) for name, data in given.items() if data is not None}


def _contradictions(report: Taken) -> list[str]:
    """What two members say differently of one thing: the kernel that ran is then not known, as neither is to be believed."""
    uname = report.texts.get("$uname", "").split()
    version = _VERSION.match(_first(report, SOS_IDENTITY["version"]))
    if len(uname) > 2 and version and version.group(1) != uname[2]:
        reason = f"contradicts proc/version: {clip(uname[2])} and {clip(version.group(1))}"
        del report.texts["$uname"]
        report.reasons["$uname"] = reason
        return [f"uname -a {reason}"]
    return []


def _identity(report: Taken, strange: list[str]) -> Identity:
    uname = report.texts.get("$uname", "").split()
    host = safe_name(_first(report, SOS_IDENTITY["host"]))
    node = safe_name(uname[1]) if len(uname) > 2 else ""
    if host and node and host != node:
        strange.append(f"the host's name is {host} in one place and {node} in uname -a")
    machine = machine_of(_first(report, SOS_IDENTITY["machine"]), "") or machine_of("", _first(report, SOS_IDENTITY["dmi"]))
    taken = next((time for pattern in SOS_IDENTITY["taken"] if (time := time_of(_first(report, [pattern])))), "")
    return Identity(host or node, machine, taken, tuple(clip(line, 300) for line in strange))


def _first(report: Taken, patterns: Iterable[str]) -> str:
    """The first of these members that says anything; "" without one."""
    for path in patterns:
        data = report.read(path, "$identity")
        if data and data.strip():
            return text_of(data)
    return ""


def _boot_line(report: Taken) -> str:
    """The kernel's first line in the logs that nobody but the kernel writes to; "" without one."""
    for source in ("$dmesg", "$journal"):
        lines = [read_line(line) for line in report.texts.get(source, "").split("\n") if "Linux version " in line]
        booted: list[str] = [line.message for line in lines if line and line.message.startswith("Linux version ")]
        if booted:
            return booted[-1]
    return ""


def _lines_wanted(text: str) -> str:
    """The lines that the probe's grep would let through."""
    return "".join(line + "\n" for line in text.split("\n") if _WANTED.search(line))
