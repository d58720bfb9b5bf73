# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pagealloc.prom: the result as metrics for the text-file collector of node_exporter.

Format: the Prometheus text exposition format, version 0.0.4.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from itertools import chain
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.granted import granted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.rows import verdict_counts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.warned import ENDS, boots_fault_next, is_quiet, trends_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import (
    natural_key,
    printable,
)

# Far above any host name.
_NAME_LIMIT = 4096

#: In a file of these metrics: the counts of all hosts, and a series of one host: its metric, its labels, the host's own, its value.
_COUNT = re.compile(r"^pagealloc_hosts\{[^\n]*\} (\d{1,9})$", re.MULTILINE)
_OF_HOST = re.compile(r'^pagealloc_(\w+)\{((host="(?:[^"\\\n]|\\.)*")[^\n]*)\} (\d{1,18})$', re.MULTILINE)

_Sample = tuple[str, float]
#: (name without its prefix, what it says, its samples)
_Metric = tuple[str, str, Iterable[_Sample]]


class _Hosts:
    """(label, result) of each host in the order of their names, as often as it is asked for. ``only_trouble``: only those with something
    to report."""

    def __init__(self, results: Mapping[str, Mapping[str, Any]], *, only_trouble: bool) -> None:
        self._results = results
        named = [name for name, result in results.items() if not only_trouble or not is_quiet(result)]
        self._labels = {name: _label("host", name) for name in sorted(named, key=natural_key)}

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, label in self._labels.items():
            yield label, self._results[name]


def render_prometheus(fleet: Mapping[str, Any], *, only_trouble: bool = False) -> str:
    """The fleet as metrics. An unknown value has no sample, because it must not read as zero."""
    return "".join(prometheus_lines(fleet, only_trouble=only_trouble))


def prometheus_lines(
    fleet: Mapping[str, Any], *, only_trouble: bool = False, before: str = "", elsewhere: Collection[str] = ()
) -> Iterator[str]:
    """The same in parts. ``only_trouble``: hosts with nothing to report have no series of their own, but the counts include them.

    A fleet that a role changes gives the outcomes only, and nothing of an audit: the same series from two files would be refused by the
    collector, and an old verdict would hide the new one. The outcomes of the hosts ``elsewhere`` stay as the file ``before`` has them.
    """
    changed = any("change" in result for result in fleet["hosts"].values())
    for metric in _of_change(fleet, before, elsewhere) if changed else _of_audit(fleet, only_trouble=only_trouble):
        yield from _family(*metric)


def tells_of_others(metrics: str, hosts: Collection[str]) -> bool:
    """Whether a file of these metrics, of an audit, is of more hosts than these."""
    labels = _labels_of(hosts)
    return sum(map(int, _COUNT.findall(metrics))) > len(labels) or any(found[3] not in labels for found in _OF_HOST.finditer(metrics))


def _of_audit(fleet: Mapping[str, Any], *, only_trouble: bool) -> Iterator[_Metric]:
    hosts = _Hosts(fleet["hosts"], only_trouble=only_trouble)
    orders = _orders(fleet["hosts"].values())
    yield "audit_timestamp_seconds", "When the audit was made, in seconds since 1970.", [("", _epoch(fleet["generated_at"]))]
    yield "hosts", "Number of hosts with each verdict.", [(_label("verdict", verdict), n) for verdict, n in verdict_counts(fleet).items()]
    yield "host_verdict", "The verdict on each host, always 1.", _verdicts(hosts)
    yield "headroom_requests", "Requests of this order that the kernel would still grant, at least.", _headroom(hosts, orders)
    yield "unusable_free_ratio", "Part of the free memory that cannot serve a request of this order.", _unusable(hosts, orders)
    yield "allocation_failures", "Page allocation failures in the kernel log that could be read.", _failures(hosts, orders)
    yield "unaccounted_bytes", "Memory that the kernel counts nowhere.", _unaccounted(hosts)
    yield "host_cause", "The causes of each host's starvation, always 1.", _causes(hosts)
    yield "group_hosts", "Number of hosts of each group of the inventory with each verdict.", _of_groups(fleet["hosts"].values())
    yield "host_acknowledged", "Hosts whose trouble may wait, always 1.", _acknowledged(hosts)
    yield "host_boots_fault_next", "Hosts that boot a kernel with the fault next, always 1.", _boots_fault_next(hosts)
    if fleet["history"]:
        yield "headroom_exhausted_timestamp_seconds", "Between these two times the headroom is used up.", _ends(hosts, "headroom")
        told = "Between these two times the memory that the kernel counts nowhere uses up all that is available."
        yield "available_exhausted_timestamp_seconds", told, _ends(hosts, "unaccounted")


def _of_change(fleet: Mapping[str, Any], before: str, elsewhere: Collection[str]) -> Iterator[_Metric]:
    labels = _labels_of(elsewhere)
    kept = [found for found in _OF_HOST.finditer(before) if found[3] in labels]
    hosts = _Hosts(fleet["hosts"], only_trouble=False)
    changed = [(host, result["change"]) for host, result in hosts if "change" in result]
    yield "change_timestamp_seconds", "When the changes were reported, in seconds since 1970.", [("", _epoch(fleet["generated_at"]))]
    yield (
        "change_outcome",
        "What became of each host that was to be changed, always 1.",
        _with_kept(_outcomes(changed), "change_outcome", kept),
    )
    told = "vm.min_free_kbytes before and after the change."
    yield "change_min_free_bytes", told, _with_kept(_min_free(changed), "change_min_free_bytes", kept)


def _with_kept(samples: Iterable[_Sample], name: str, kept: Iterable[re.Match[str]]) -> Iterator[_Sample]:
    return chain(samples, ((found[2], int(found[4])) for found in kept if found[1] == name))


def _verdicts(hosts: _Hosts) -> Iterator[_Sample]:
    for host, result in hosts:
        yield f"{host},{_label('verdict', result['verdict'])}", 1


def _of_groups(results: Iterable[Mapping[str, Any]]) -> Iterator[_Sample]:
    counted = Counter((group, result["verdict"]) for result in results for group in result["groups"])
    for group, verdict in sorted(counted):
        yield f"{_label('group', group)},{_label('verdict', verdict)}", counted[group, verdict]


def _acknowledged(hosts: _Hosts) -> Iterator[_Sample]:
    for host, result in hosts:
        if result["acknowledged"]:
            yield host, 1


def _boots_fault_next(hosts: _Hosts) -> Iterator[_Sample]:
    for host, result in hosts:
        if boots_fault_next(result):
            yield host, 1


def _ends(hosts: _Hosts, of: str) -> Iterator[_Sample]:
    for host, result in hosts:
        trend = trends_of(result).get(of, {})
        for end in ENDS:
            if trend.get(f"exhausted_{end}"):
                yield f"{host},{_label('end', end)}", _epoch(trend[f"exhausted_{end}"])


def _orders(results: Iterable[Mapping[str, Any]]) -> list[int]:
    """Every order that any host is judged by, and up to which failures count; so all hosts have the same series."""
    bounds = {(result["order"], result["failures_up_to_order"]) for result in results if result["order"] is not None}
    return sorted({order for judged_by, most in bounds for order in (judged_by, *range(judged_by, most + 1))})


def _family(name: str, explanation: str, samples: Iterable[_Sample]) -> Iterator[str]:
    yield f"# HELP pagealloc_{name} {explanation}\n# TYPE pagealloc_{name} gauge\n"
    for labels, value in samples:
        yield f"pagealloc_{name}{{{labels}}} {_number(value)}\n" if labels else (f"pagealloc_{name} {_number(value)}\n")


def _outcomes(changed: list[tuple[str, Mapping[str, Any]]]) -> Iterator[_Sample]:
    for host, change in changed:
        yield f"{host},{_label('what', change['what'])},{_label('outcome', change['outcome'])}", 1


def _min_free(changed: list[tuple[str, Mapping[str, Any]]]) -> Iterator[_Sample]:
    for host, change in changed:
        for when in ("before", "after"):
            value = (change[when] or {}).get("min_free_kbytes")
            if value is not None:
                yield f'{host},when="{when}"', value * 1024


def _headroom(hosts: _Hosts, orders: Iterable[int]) -> Iterator[_Sample]:
    for host, result in hosts:
        for order in orders:
            for kind, atomic in (("atomic", "true"), ("non_atomic", "false")):
                number = granted(result["headroom"], kind, order)
                if number is not None:
                    yield f'{host},order="{order}",atomic="{atomic}"', number


def _unusable(hosts: _Hosts, orders: Iterable[int]) -> Iterator[_Sample]:
    for host, result in hosts:
        percents = (result["headroom"] or {}).get("unusable_free_percent") or ()
        for order in orders:
            if order < len(percents) and percents[order] is not None:
                yield f'{host},order="{order}"', percents[order] / 100


def _failures(hosts: _Hosts, orders: Iterable[int]) -> Iterator[_Sample]:
    for host, result in hosts:
        failures = (result["facts"] or {}).get("failures")
        if failures is None:
            continue
        # A log that was read and holds none is a zero worth having, so that an alert can resolve.
        by_order = {str(order): 0 for order in orders} | dict(failures["by_order"])
        for order in sorted(by_order, key=natural_key):
            yield f"{host},{_label('order', order)}", by_order[order]


def _unaccounted(hosts: _Hosts) -> Iterator[_Sample]:
    for host, result in hosts:
        kb = (result["account"] or {}).get("unaccounted_kb")
        if kb is not None:
            yield host, kb * 1024


def _causes(hosts: _Hosts) -> Iterator[_Sample]:
    for host, result in hosts:
        for found in result["causes"]:
            yield f"{host},{_label('cause', found['cause'])},{_label('certainty', found['certainty'])}", 1


def _epoch(stamp: str) -> float:
    moment = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) else repr(round(value, 6))


def _labels_of(hosts: Iterable[str]) -> frozenset[str]:
    return frozenset(_label("host", name) for name in hosts)


def _label(name: str, value: str) -> str:
    text = _told_apart(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{text}"'


def _told_apart(value: str) -> str:
    """``value`` made printable. A text that this changes gets digits of its own, since another may look the same then, and the
    collector refuses a file in which two series have the same labels."""
    shown = printable(value, _NAME_LIMIT)
    if shown == value:
        return shown
    return f"{shown} #{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
