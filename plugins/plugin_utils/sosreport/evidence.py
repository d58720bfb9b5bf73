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
    VIRTUAL,
    Evidence,
    Source,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import MARKS, filter_log
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import forms
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import (
    Identity,
    machine_of,
    safe_name,
    time_of,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.layout import LOGS, fill
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import Members, UnreadableMember, expand
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.wording import clip

_ABSENT = "not in the sosreport"
#: grep's expression as Python has it.
_WANTED = re.compile(LINES_WANTED.replace("[^[:space:]]", r"\S").replace("[[:space:]]", r"\s"))
_LOG_MARKS = tuple(mark.encode() for mark in MARKS)
_VERSION = re.compile(r"Linux version (\S{1,128})")
_NO_DEVICE = "Cannot get driver information: Operation not supported"
_DENIED = re.compile(r"(?:dmesg|journalctl): |.*(?:[Pp]ermission denied|not permitted|command not found|No such file|timed out)")
_MANGLED = re.compile(r"[^\w.-]+")


class _Report:
    """What is taken from the members, with the reasons for what could not be."""

    def __init__(self, members: Members) -> None:
        self.members = members
        self.texts: dict[str, str] = {}
        self.reasons: dict[str, str] = {}

    def read(self, path: str, source: str) -> bytes | None:
        """A member's content; None where it gave none, with the reason noted where it is there."""
        try:
            return self.members.data(path) if _is_name(source) else None
        except UnreadableMember as error:
            self.reasons.setdefault(source, str(error))
            return None

    def put(self, source: str, text: str) -> None:
        """What was there counts, and the first of it; an empty file is a text, an empty command's output is not."""
        if source in self.texts or not _is_name(source):
            return
        if text.strip() or not source.startswith("$"):
            self.texts[source] = text if not text or text.endswith("\n") else text + "\n"
            self.reasons.pop(source, None)
        else:
            self.reasons.setdefault(source, "is empty in the sosreport")

    def put_all(self, sources: Mapping[str, str]) -> None:
        for source, text in sources.items():
            self.put(source, text)


def evidence_of(members: Members, odd: Sequence[str] = ()) -> Evidence:
    """Evidence from a report; ``odd``: what was already found to be odd about it. Its identity stands under SOSREPORT."""
    report = _Report(members)
    for entry in (*MANIFEST, PAGETYPEINFO):
        if entry.source not in LOGS:
            _take(report, entry)
    _take_forms(report)
    _settle_nics(report)
    strange = [*odd, *_contradictions(report)]
    _take_logs(report, strange)
    for entry in MANIFEST:  # what would otherwise count as there and empty, or as seen and without links
        if entry.source not in report.texts and ("*" not in entry.source or entry.kind == "link"):
            report.reasons.setdefault(entry.source, _ABSENT)
    report.texts[SOSREPORT] = _identity(report, strange).text()
    return Evidence(report.texts, report.reasons)


def _is_name(source: str) -> bool:
    """Whether a transcript can name this source: a member's name may hold what would pose as the frame."""
    return ":" not in source and source.isprintable()


def identity_of(evidence: Evidence) -> Identity:
    """Which host the evidence of a report is of."""
    return Identity.parse(evidence.texts.get(SOSREPORT, ""))


def _take(report: _Report, entry: Source) -> None:
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
                text = _text(data)
                report.put(source, _lines_wanted(text) if entry.kind == "lines" else text)


def _take_forms(report: _Report) -> None:
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
    drivers = sorted({driver for source, text in texts.items() if source.startswith("$ethtool/") for driver in _drivers(text)})
    _convert(report, "modinfo", lambda text: forms.from_modinfo(text, drivers))
    for driver in drivers:  # of hundreds of modules
        for pattern in SOS_FORMS["module_version"]:
            data = report.read(pattern.replace("*", driver), f"$module_version/{driver}") if "/" not in driver else None
            report.put_all({f"$module_version/{driver}": _text(data)} if data else {})


def _convert(report: _Report, form: str, convert: Callable[[str], Mapping[str, str]]) -> None:
    """What the first member of this form gives; of members that stand side by side, all of them."""
    for pattern in SOS_FORMS[form]:
        given = False
        for path, _stars in expand(report.members, pattern):
            data = report.read(path, f"${form}")
            sources = convert(_text(data)) if data else {}
            report.put_all(sources)
            given = given or bool(sources)
        if given:
            return


def _by_name(report: _Report, form: str) -> dict[str, str]:
    """What the star of a form's pattern stood for -> the text."""
    found = [(path, stars) for pattern in SOS_FORMS[form] for path, stars in expand(report.members, pattern)]
    given = {stars[-1]: report.read(path, f"${form}") for path, stars in found}
    return {name: _text(data) for name, data in given.items() if data is not None}


def _settle_nics(report: _Report) -> None:
    """sos writes ``eth0.100@eth0`` as ``eth0.100_eth0``; and an interface that ethtool knows nothing of has no device."""
    known = [source.split("/")[4] for source in report.texts if source.startswith("/sys/class/net/") and source.endswith("/mtu")]
    virtual = report.texts.get(VIRTUAL, "").split()
    written_as = {_MANGLED.sub("_", name): name for name in known}
    for source in [source for source in report.texts if source.startswith("$ethtool/")]:
        written = source.split("/", 1)[1]
        text = report.texts.pop(source)
        name = written if written in known else written_as.get(written) or _before_at(written, written_as) or written
        if _NO_DEVICE in text:
            virtual.append(name)
        else:
            report.texts.setdefault(f"$ethtool/{name}", text)
    if virtual:
        report.texts[VIRTUAL] = "\n".join(dict.fromkeys(virtual)) + "\n"


def _before_at(written: str, written_as: Mapping[str, str]) -> str | None:
    """The name in ``eth0.100_eth0``, where both parts are interfaces."""
    for at in range(1, len(written)):
        if written[at] == "_" and written[:at] in written_as and written[at + 1 :] in written_as:
            return written_as[written[:at]]
    return None


def _contradictions(report: _Report) -> list[str]:
    """What two members say differently of one thing: the kernel that ran is then not known, as neither is to be believed."""
    uname = report.texts.get("$uname", "").split()
    version = _VERSION.match(_first(report, SOS_IDENTITY["version"]))
    if len(uname) > 2 and version and version.group(1) != uname[2]:
        reason = f"contradicts proc/version: {clip(uname[2])} and {clip(version.group(1))}"
        del report.texts["$uname"]
        report.reasons["$uname"] = reason
        return [f"uname -a {reason}"]
    return []


def _take_logs(report: _Report, strange: list[str]) -> None:
    """As the probe does: the next log only where one tells neither a failure nor the boot it would have to reach back to."""
    uname = report.texts.get("$uname", "").split()
    release = uname[2] if len(uname) > 2 else None
    for entry in MANIFEST:
        if entry.source in LOGS and _take_log(report, entry, release, strange):
            return


def _take_log(report: _Report, entry: Source, release: str | None, strange: list[str]) -> bool:
    saw = False
    for path in entry.sos:
        data = report.read(path, entry.source)
        if data is None:
            continue
        if not any(mark in data for mark in _LOG_MARKS):
            text = _text(data[:2000]).strip()
            if not text or (len(data) < 2000 and _DENIED.match(text)):
                report.reasons.setdefault(entry.source, clip(text) or "is empty in the sosreport")
                continue
            report.put(entry.source, "#boot 0 failures 0\n")
            continue
        left, saw = filter_log(_text(data))
        booted = _VERSION.search(left)
        if release and booted and booted.group(1) != release:
            reason = f"is of kernel {clip(booted.group(1))}, while {clip(release)} ran"
            report.reasons.setdefault(entry.source, reason)
            strange.append(f"{path} {reason}")
            saw = False
            continue
        if saw:
            report.texts.pop(entry.source, None)
            report.put(entry.source, left)
            return True
        report.put(entry.source, left)
    return saw


def _identity(report: _Report, strange: list[str]) -> Identity:
    uname = report.texts.get("$uname", "").split()
    host = safe_name(_first(report, SOS_IDENTITY["host"]))
    node = safe_name(uname[1]) if len(uname) > 2 else ""
    if host and node and host != node:
        strange.append(f"the host's name is {host} in one place and {node} in uname -a")
    machine = machine_of(_first(report, SOS_IDENTITY["machine"]), "") or machine_of("", _first(report, SOS_IDENTITY["dmi"]))
    taken = next((time for pattern in SOS_IDENTITY["taken"] if (time := time_of(_first(report, [pattern])))), "")
    return Identity(host or node, machine, taken, tuple(clip(line, 300) for line in strange))


def _first(report: _Report, patterns: Iterable[str]) -> str:
    """The first of these members that says anything; "" without one."""
    for path in patterns:
        data = report.read(path, "$identity")
        if data and data.strip():
            return _text(data)
    return ""


def _drivers(ethtool: str) -> list[str]:
    return [words[0] for line in ethtool.split("\n") if line.startswith("driver:") and (words := line[7:].split())]


def _lines_wanted(text: str) -> str:
    """The lines that the probe's grep would let through."""
    return "".join(line + "\n" for line in text.split("\n") if _WANTED.search(line))


def _text(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return text.replace("\r\n", "\n") if "\r" in text else text
