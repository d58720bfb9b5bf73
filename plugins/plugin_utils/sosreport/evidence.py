# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of a report -> evidence, as the probe would have brought it from the host. The same manifest, so the same facts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import (
    LINES_WANTED,
    MANIFEST,
    PAGETYPEINFO,
    SOS_FORMS,
    SOS_IDENTITY,
    SOSREPORT,
    Evidence,
    Source,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import forms
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import (
    Identity,
    machine_of,
    safe_name,
    time_of,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.layout import LOGS, fill
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.logs import take_logs
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import Members, expand
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.nics import settle_nics
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.taken import Taken, text_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.wording import clip

_ABSENT = "not in the sosreport"
#: grep's expression as Python has it.
_WANTED = re.compile(LINES_WANTED.replace("[^[:space:]]", r"\S").replace("[[:space:]]", r"\s"))
_VERSION = re.compile(r"Linux version (\S{1,128})")


def evidence_of(members: Members, odd: Sequence[str] = ()) -> Evidence:
    """Evidence from a report; ``odd``: what was already found to be odd about it. Its identity stands under SOSREPORT."""
    report = Taken(members)
    for entry in (*MANIFEST, PAGETYPEINFO):
        if entry.source not in LOGS:
            _take(report, entry)
    _take_forms(report)
    settle_nics(report)
    strange = [*odd, *_contradictions(report)]
    take_logs(report, strange)
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
                report.put(source, _lines_wanted(text) if entry.kind == "lines" else text)


def _take_forms(report: Taken) -> None:
    """Of the sosreport's own forms what nothing else has given, read only where that is so."""
    texts = report.texts
    if any(f"/proc/sys/{name}" not in texts for name in ("vm/min_free_kbytes", "vm/zone_reclaim_mode", "kernel/tainted")):
        _convert(report, "sysctl", forms.from_sysctl)
    if "/proc/modules" not in texts:
        report.put_all(forms.from_taint(_by_name(report, "taint")))
    report.put_all(forms.from_bonding(_by_name(report, "bonding")))
    _convert(report, "ip_link", forms.from_ip_link)
    if "/proc/net/route" not in texts:
        _convert(report, "ip_route", forms.from_ip_route)
    _convert(report, "packages", forms.from_packages)
    _convert(report, "hostnamectl", forms.from_hostnamectl)
    drivers = sorted({driver for source, text in texts.items() if source.startswith("$ethtool/") for driver in _drivers(text)})
    _convert(report, "modinfo", lambda text: forms.from_modinfo(text, drivers))
    for driver in drivers:  # of hundreds of modules
        for pattern in SOS_FORMS["module_version"]:
            data = report.read(pattern.replace("*", driver), f"$module_version/{driver}") if "/" not in driver else None
            report.put_all({f"$module_version/{driver}": text_of(data)} if data else {})


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


def _drivers(ethtool: str) -> list[str]:
    return [words[0] for line in ethtool.split("\n") if line.startswith("driver:") and (words := line[7:].split())]


def _lines_wanted(text: str) -> str:
    """The lines that the probe's grep would let through."""
    return "".join(line + "\n" for line in text.split("\n") if _WANTED.search(line))
