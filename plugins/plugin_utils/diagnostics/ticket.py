# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten lines or so beside the archive: why the host has its verdict and what is in the archive. What one pastes into a ticket. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, keep_bounds
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.collected import Collected
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.explanation import explained
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of, printable
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import listed, parted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import KeptMembers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.report_evidence import evidence_of

_LINE_CHARS = 300
_REASONS = 3
#: What is told of by its place in the report: words -> how the paths of its members begin.
_LOGS = {
    "dmesg": "sos_commands/kernel/dmesg",
    "journal": "sos_commands/logs/",
    "messages": "var/log/messages",
    "kern.log": "var/log/kern.log",
    "syslog": "var/log/syslog",
    "last crash": "var/crash/",
}
_SOUGHT = (
    "meminfo", "zoneinfo", "buddyinfo", "pagetypeinfo", "vmstat", "slabinfo", "vmallocinfo", "interrupts", "softirqs", "cpuinfo",
    "cmdline", "modules", "net/softnet_stat", "net/sockstat",
)  # fmt: skip
_OWNERS = ("sys/kernel/debug/page_owner", "sys/kernel/debug/page_owner_stacks/show_stacks")
_ETHTOOL = re.compile(r"sos_commands/networking/ethtool_-([a-zA-Z])_(.+)\Z")
_PARAMETER = re.compile(r"sys/module/([^/]+)/parameters/")


@dataclass(frozen=True)
class Packed:
    """The archive as it is told of: its file's name, bytes and check sum, what it is called in it, what was masked (None: nothing was
    asked to be)."""

    file: str
    bytes: int
    sha256: str
    host: str
    masked: Mapping[str, int] | None
    epoch_seconds: float


def judged_of(collected: Collected, catalogue: Catalogue) -> dict[str, Any]:
    """The result of the host as the audit reads it from the archive: with its facts and causes. Never raises for what a host gave."""
    evidence: Evidence = evidence_of(
        KeptMembers({path: text.encode("utf-8", "replace") for path, text in collected.texts.items()}, collected.links, {})
    )
    keep_bounds(evidence.texts, evidence.reasons)
    result = judge_host(Gathered.whatever(lambda: Gathered.from_evidence(evidence)), catalogue)
    return explained(result, result["facts"], None, catalogue)


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two results of a host say the same: verdict, headroom and causes."""
    return all(one[name] == other[name] for name in ("verdict", "symptom", "advisories", "headroom")) and [
        cause["cause"] for cause in one["causes"]
    ] == [cause["cause"] for cause in other["causes"]]


def ticket(collected: Collected, result: Mapping[str, Any], archive: Packed) -> str:
    """The text. What a host said is printable in it and bounded."""
    lines = (*_why(result, archive), *_what(collected), *_missing(collected), *_of_archive(archive))
    return "".join(f"{printable(parted(line), _LINE_CHARS)}\n" for line in lines)


def _why(result: Mapping[str, Any], archive: Packed) -> Iterator[str]:
    facts = result["facts"] or {}
    causes = result["causes"]
    found = f"; cause: {_words(causes[0]['cause'])} ({causes[0]['certainty']})" if causes else ""
    yield f"{archive.host} is {_words(result['verdict'])}{found}. Taken at {utc_time_of(archive.epoch_seconds)}."
    yield f"Kernel: {(facts.get('kernel') or {}).get('release') or 'not known'}. Network: {_drivers(facts.get('nics') or ())}."
    told = [reason for cause in causes[:1] for reason in cause["reasons"][:1]]
    for reason in list(dict.fromkeys([*told, *result["reasons"]]))[:_REASONS]:
        yield f"Why: {reason}"
    for action in result["actions"][:2]:
        yield f"To do: {action['description']}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _drivers(nics: Iterable[Mapping[str, Any]]) -> str:
    named = [f"{nic['name']} {nic['driver']}" for nic in nics if nic.get("driver") and not nic.get("virtual")]
    return listed(named, 4) if named else "no driver is known"


def _what(collected: Collected) -> Iterator[str]:
    texts = collected.texts
    logs = [f"{name} {count_of(_lines_of(texts, start), 'line')}" for name, start in _LOGS.items() if _lines_of(texts, start)]
    yield f"In it, kernel log: {', '.join(logs) or 'none'}."
    asked: dict[str, list[str]] = {}
    for flag, name in (found.groups() for found in map(_ETHTOOL.match, texts) if found):
        asked.setdefault(name, []).append(flag)
    nics = [f"{name} -{' -'.join(sorted(flags))}" for name, flags in sorted(asked.items())]
    modules = sorted({found.group(1) for found in map(_PARAMETER.match, texts) if found})
    yield f"In it, network: ethtool of {listed(nics) or 'no interface'}; parameters of {listed(modules) or 'no module'}."
    owner = "page_owner" if any(path in texts for path in _OWNERS) else "no page_owner on this kernel"
    there = [name for name in _SOUGHT if f"proc/{name}" in texts]
    number = sum(path.startswith("proc/sys/") for path in texts)
    yield f"In it, memory: {', '.join(there) or 'nothing'}; {count_of(number, 'sysctl')}; {owner}."


def _lines_of(texts: Mapping[str, str], start: str) -> int:
    return sum(text.count("\n") for path, text in texts.items() if path.startswith(start))


def _missing(collected: Collected) -> Iterator[str]:
    absent = [name for name in _SOUGHT if f"proc/{name}" not in collected.texts]
    why = [f"{source[1:]} ({reason})" for source, reason in collected.missing.items() if source.startswith("$")]
    if absent or why:
        yield f"Not in it: {listed([*why, *absent], 8, 80)}."
    if collected.left_out:
        yield f"Left out, since no member may be named so: {listed(collected.left_out)}."
    if collected.cut:
        yield f"In part: {listed([f'{path} ({part} part)' for path, part in collected.cut.items()], 4, 60)}."
    if not collected.whole:
        yield "The host's answer breaks off: it was larger than diagnostics_total_kb, or the connection ended. What came last is missing."


def _of_archive(archive: Packed) -> Iterator[str]:
    yield f"Archive: {archive.file}, {archive.bytes:,} bytes, SHA-256 {archive.sha256}."
    if archive.masked is None:
        yield "Addresses and names in it are the host's own. What looked like a password is hidden."
    else:
        told = ", ".join(f"{number} {kind}" for kind, number in archive.masked.items())
        yield f"Masked: the host's own name, {told}. What looked like a password is hidden."
