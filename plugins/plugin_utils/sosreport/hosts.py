# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports -> hosts: which report speaks for which host, under which name. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collect import FoundReport
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import name_of_file, names_report, safe_name, stem_of

_SEPARATORS = re.compile(r"[\s.]")


@dataclass(frozen=True)
class ReportedHost:
    """A host, the report that speaks for it, and its older ones."""

    name: str
    report: FoundReport
    older: tuple[FoundReport, ...] = ()
    #: Other machines that call themselves the same.
    namesakes: tuple[str, ...] = field(default=())


def hosts_of(reports: Iterable[FoundReport]) -> tuple[list[ReportedHost], list[str]]:
    """(the hosts, in order of name; what a person should know, as sentences). The newest report of a host speaks for it.

    Reports of one name from different machines are different hosts, and all of them bear the machine in their name. A report
    that could not be read is a host of its own, under the name that its file's name gives; a file that is not named as one is only told.
    """
    named: dict[str, list[FoundReport]] = {}
    bad, words = [], []
    for report in sorted(reports, key=lambda one: one.path):
        if report.error:
            bad.append(report)
            continue
        name = report.identity.host or name_of_file(report.path) or _safe_stem(report.path)
        named.setdefault(name, []).append(report)
        words += [f"{report.path}: {line}" for line in report.identity.odd]
    hosts: dict[str, ReportedHost] = {}
    for name, ones in sorted(named.items()):
        machines = _hosts_named(name, ones, named)
        hosts.update((host.name, host) for host in machines)
        if len(machines) > 1:
            words.append(f"{len(machines)} machines call themselves {name}: they are {', '.join(sorted(host.name for host in machines))}")
    words += [
        f"{report.path}: left out, since another report of {host.name} is as new or newer"
        for host in hosts.values()
        for report in host.older
    ]
    for report in bad:
        unread = _unread(report, hosts)
        words.append(f"{report.path}: {report.error}")
        if unread:
            hosts[unread.name] = unread
    return [hosts[name] for name in sorted(hosts)], words


def _hosts_named(name: str, reports: Sequence[FoundReport], taken: Container[str]) -> list[ReportedHost]:
    by_machine: dict[str, list[FoundReport]] = {}
    for report in reports:
        by_machine.setdefault(report.identity.machine, []).append(report)
    known = [machine for machine in by_machine if machine]
    if len(known) < 2:  # what does not say its machine is taken for the only one of that name
        return [_newest(name, reports)]
    names = {machine: _free(f"{name}-{machine or 'unknown'}", taken) for machine in by_machine}
    return [
        _newest(names[machine], ones, tuple(other for one, other in names.items() if one != machine))
        for machine, ones in by_machine.items()
    ]


def _newest(name: str, reports: Sequence[FoundReport], namesakes: tuple[str, ...] = ()) -> ReportedHost:
    newest, *older = sorted(reports, key=lambda one: (one.identity.taken, one.modified, one.path), reverse=True)
    return ReportedHost(name, newest, tuple(older), namesakes)


def _unread(report: FoundReport, hosts: dict[str, ReportedHost]) -> ReportedHost | None:
    if not names_report(stem_of(report.path)):
        return None
    name = name_of_file(report.path)
    if not name or name in hosts:  # it may be of that host or not: it stays apart
        name = _safe_stem(report.path)
    return ReportedHost(_free(name, hosts), report)


def _free(name: str, taken: Container[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _safe_stem(path: str) -> str:
    return safe_name(_SEPARATORS.sub("_", stem_of(path))) or "sosreport"
