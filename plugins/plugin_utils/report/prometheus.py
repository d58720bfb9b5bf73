# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pagealloc.prom: the result as metrics for the text-file collector of node_exporter.

Format: the Prometheus text exposition format, version 0.0.4.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.granted import granted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.rows import verdict_counts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import (
    natural_key,
    printable,
)

# Far above any host name.
_NAME_LIMIT = 4096

_Sample = tuple[str, float]


class _Hosts:
    """(label, result) of each host in the order of their names, as often as it is asked for."""

    def __init__(self, results: Mapping[str, Mapping[str, Any]]) -> None:
        self._results = results
        self._labels = {name: _label("host", name) for name in sorted(results, key=natural_key)}

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, label in self._labels.items():
            yield label, self._results[name]


def render_prometheus(fleet: Mapping[str, Any]) -> str:
    """The fleet as metrics. What is not known has no sample: it must not read as zero."""
    return "".join(prometheus_lines(fleet))


def prometheus_lines(fleet: Mapping[str, Any]) -> Iterator[str]:
    """The same in parts."""
    hosts = _Hosts(fleet["hosts"])
    orders = _orders(fleet["hosts"].values())
    families: tuple[tuple[str, str, Iterable[_Sample]], ...] = (
        ("audit_timestamp_seconds", "When the audit was made, in seconds since 1970.", [("", _epoch(fleet["generated_at"]))]),
        ("hosts", "Number of hosts with each verdict.", [(_label("verdict", verdict), n) for verdict, n in verdict_counts(fleet).items()]),
        (
            "host_verdict",
            "The verdict on each host, always 1.",
            ((f"{host},{_label('verdict', result['verdict'])}", 1) for host, result in hosts),
        ),
        ("headroom_requests", "Requests of this order that the kernel would still grant, at least.", _headroom(hosts, orders)),
        ("unusable_free_ratio", "Part of the free memory that cannot serve a request of this order.", _unusable(hosts, orders)),
        ("allocation_failures", "Page allocation failures in the kernel log that could be read.", _failures(hosts, orders)),
    )
    families += (
        ("unaccounted_bytes", "Memory that no counter of the kernel owns.", _unaccounted(hosts)),
        ("host_cause", "The causes of each host's starvation, always 1.", _causes(hosts)),
    )
    ends = [
        (f"{host},{_label('end', end)}", _epoch(result["forecast"][f"exhausted_{end}"]))
        for host, result in hosts
        for end in ("earliest", "latest")
        if (result.get("forecast") or {}).get(f"exhausted_{end}")
    ]
    if fleet["history"]:
        families += (("headroom_exhausted_timestamp_seconds", "Between these two times nothing of the headroom is left.", ends),)
    changed = [(host, result["change"]) for host, result in hosts if "change" in result]
    if changed:
        families += (
            ("change_outcome", "What became of each host that was to be changed, always 1.", _outcomes(changed)),
            ("change_min_free_bytes", "vm.min_free_kbytes before and after the change.", _min_free(changed)),
        )
    for family in families:
        yield from _family(*family)


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
