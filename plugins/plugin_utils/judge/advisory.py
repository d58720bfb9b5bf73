# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One advisory, prepared for many hosts: typed, its range checked and its condition compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS, NEWER
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.condition import Condition, ConditionError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import KernelSpans
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.spans_reading import SpanError, read_spans

#: No kernel knows an order above this.
MAX_ORDER = 30
#: The value of ``drivers`` if the fault is not in one driver.
_ANY = "any"


class AdvisoryError(Exception):
    """An advisory that cannot be used. Names the advisory, the key's dotted path, the fault and the remedy."""

    def __init__(self, advisory: str, key: str, fault: str, remedy: str) -> None:
        where = f"advisory {advisory}: {key}" if key else f"advisory {advisory}"
        super().__init__(f"{where}: {fault}; {remedy}")
        self.advisory = advisory
        self.key = key
        self.fault = fault
        self.remedy = remedy


@dataclass(frozen=True)
class Thresholds:
    """When the symptom is there. Orders are powers of two of pages.

    ``drivers``, ``functions``: those of the advisory and of its traces, empty for none. ``by_trace``: only a failure with one of them in
    its trace is the symptom, of an order that ``counts``, and not the headroom of atomic requests. ``report``: the kind of MemoryTrouble
    that is the symptom instead of both, empty for none. ``explained``: (driver, order): failures of this order or more with this driver in
    their trace are known to be harmless."""

    order: int
    headroom_below: int
    failures_up_to_order: int
    failures_at_least: int
    drivers: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    by_trace: bool = False
    report: str = ""
    failures_from_order: int = 0
    traced_up_to_order: int = MAX_ORDER
    explained: frozenset[tuple[str, int]] = frozenset()

    def counts(self, order: int) -> bool:
        """Whether failures of this order count if the trace decides."""
        return self.failures_from_order <= order <= self.traced_up_to_order

    @property
    def named(self) -> str:
        """The drivers and functions in words."""
        return " or ".join((*sorted(self.drivers), *sorted(self.functions)))


def on_pages_of(page_size_bytes: int | None, limits: Thresholds) -> Thresholds:
    """The thresholds for pages of another size. Their orders mean bytes and are given for pages of 4 kB, because a driver asks for the
    same size on any machine. The orders stay the same if the page size is not known."""
    doublings = (page_size_bytes or 4096).bit_length() - 13
    orders = ("order", "failures_up_to_order", "failures_from_order", "traced_up_to_order")
    return replace(limits, **{name: max(0, getattr(limits, name) - doublings) for name in orders})


@dataclass(frozen=True)
class Workaround:
    """The sysctl settings that make the symptom rarer, by name. ``commands``: for a person to run; the collection never runs them."""

    settings: Mapping[str, int]
    commands: tuple[str, ...] = ()

    @property
    def min_free_kbytes(self) -> int | None:
        """None if the advisory does not ask for it."""
        return self.settings.get("min_free_kbytes")

    @property
    def zone_reclaim_mode(self) -> int | None:
        """A bit mask, None if the advisory does not ask for it."""
        return self.settings.get("zone_reclaim_mode")

    @property
    def newer(self) -> Mapping[str, int]:
        """Those that only newer kernels have."""
        return {name: value for name, value in self.settings.items() if name in NEWER}

    @property
    def is_checked(self) -> bool:
        """Whether it has a setting that the facts show."""
        return bool(self.settings)


@dataclass(frozen=True)
class Advisory:
    """One advisory of the catalogue; ``source`` is the mapping it was made from. ``drivers``: empty for any driver; ``modules``,
    ``functions``: in the trace of its failures. ``only_if_logged``: it is only about hosts with its symptom in the log. ``unhelpful``:
    remedy -> why it does not help. ``silent``: the kernel does not log its failure."""

    id: str
    title: str
    severity: str
    drivers: tuple[str, ...]
    modules: tuple[str, ...]
    functions: tuple[str, ...]
    only_if_logged: bool
    silent: bool
    counter: str | None
    unhelpful: Mapping[str, str]
    confidence: Mapping[str, str] | None
    bus_driver: str | None
    in_tree_only: bool
    distributions: frozenset[str]
    kernel: KernelSpans | None
    #: Only a NIC with a larger MTU, only pages of this size; None for any.
    mtu_above: int | None
    page_size_bytes: int | None
    condition: Condition | None
    thresholds: Thresholds
    workaround: Workaround | None
    fix: str
    references: tuple[str, ...]
    source: Mapping[str, Any]

    @property
    def driver(self) -> str:
        """The drivers in words."""
        return " or ".join(self.drivers or self.modules + self.functions) or "any driver"

    @property
    def is_noise(self) -> bool:
        """Its failures only fill the log."""
        return self.severity == "noise"


def prepare(source: Mapping[str, Any], defaults: Thresholds) -> Advisory:
    """An ``Advisory`` from a mapping that advisories/schema.json allows.

    Raises AdvisoryError for faults that a schema cannot find: a wrong release, an empty range, ranges or settings that contradict each
    other, a condition that does not compile.
    """
    name = source["id"]
    request = source.get("request", {})
    return Advisory(
        id=name,
        title=source["title"],
        severity=source.get("severity", "outage"),
        drivers=_drivers(name, source),
        modules=tuple(source.get("trace_modules", ())),
        functions=tuple(source.get("trace_functions", ())),
        only_if_logged=_only_if_logged(name, source),
        silent=request.get("silent", False),
        counter=request.get("counter"),
        unhelpful=_unhelpful(name, source),
        confidence=source.get("confidence"),
        bus_driver=source.get("bus_driver"),
        in_tree_only=source.get("in_tree_only", True),
        distributions=frozenset(source.get("distributions", ())),
        kernel=_kernel(name, source),
        mtu_above=source.get("mtu_above"),
        page_size_bytes=source.get("page_size_bytes"),
        condition=_condition(name, source["condition"]) if "condition" in source else None,
        thresholds=_thresholds(name, source, defaults),
        workaround=_workaround(source.get("workaround")),
        fix=source["fix"].strip(),
        references=tuple(source["references"]),
        source=source,
    )


def _drivers(name: str, source: Mapping[str, Any]) -> tuple[str, ...]:
    if "driver" in source and "drivers" in source:
        raise AdvisoryError(name, "drivers", "is given together with driver", "put all of them into drivers, or remove it")
    if "driver" not in source and "drivers" not in source:
        raise AdvisoryError(name, "driver", "missing", "name the driver, or give a list or any in drivers")
    told = source.get("drivers", [source.get("driver")])
    for key in ("bus_driver", "mtu_above") if told == _ANY else ():
        if key in source:
            raise AdvisoryError(name, key, "is about one driver, but drivers is any", "remove one of the two")
    return () if told == _ANY else tuple(told)


def _only_if_logged(name: str, source: Mapping[str, Any]) -> bool:
    """An advisory for any driver that names a trace or a report is always so. Otherwise it would match every host."""
    named = bool(source.get("trace_modules") or source.get("trace_functions") or source.get("symptom", {}).get("report"))
    asked = source.get("only_if_logged", False)
    if asked and not named and source.get("drivers") == _ANY:
        remedy = "name trace_modules, trace_functions or symptom.report, or remove it"
        raise AdvisoryError(name, "only_if_logged", "drivers is any, and no key says which failures the advisory is about", remedy)
    return bool(asked or (named and source.get("drivers") == _ANY))


def _unhelpful(name: str, source: Mapping[str, Any]) -> Mapping[str, str]:
    unhelpful: Mapping[str, str] = source.get("unhelpful", {})
    both = sorted(set(unhelpful) & set(source.get("workaround", {})))
    if both:
        raise AdvisoryError(name, f"unhelpful.{both[0]}", "is also in workaround", "remove it from one of the two")
    return {remedy: " ".join(why.split()) for remedy, why in unhelpful.items()}


def _see_symptom(name: str, symptom: Mapping[str, Any]) -> None:
    """Raise AdvisoryError for keys of the symptom that contradict each other."""
    of_failures = [key for key in ("failures_from_order", "failures_up_to_order") if key in symptom]
    if "report" in symptom and of_failures:
        fault = "is about failures, but report says that failures are not the symptom"
        raise AdvisoryError(name, f"symptom.{of_failures[0]}", fault, "remove one of the two")
    if len(of_failures) == 2 and symptom["failures_up_to_order"] < symptom["failures_from_order"]:
        fault = f"{symptom['failures_up_to_order']} is below failures_from_order {symptom['failures_from_order']}, so no failure counts"
        raise AdvisoryError(name, "symptom.failures_up_to_order", fault, "raise it, or remove one of the two")


def _thresholds(name: str, source: Mapping[str, Any], defaults: Thresholds) -> Thresholds:
    symptom, request = source.get("symptom", {}), source.get("request", {})
    _see_symptom(name, symptom)
    named = source.get("drivers", [source.get("driver")])
    drivers = {*(() if named == _ANY else named), *source.get("trace_modules", ()), source.get("bus_driver")} - {None}
    functions, report = source.get("trace_functions", ()), symptom.get("report", "")
    waits = request.get("context", "atomic") == "sleeping" or request.get("falls_back", False)
    return Thresholds(
        order=source["order"],
        headroom_below=symptom.get("headroom_below", defaults.headroom_below),
        failures_up_to_order=symptom.get("failures_up_to_order", defaults.failures_up_to_order),
        failures_at_least=symptom.get("failures_at_least", defaults.failures_at_least),
        drivers=frozenset(drivers),
        functions=frozenset(functions),
        by_trace=bool(report) or (bool(drivers or functions) and (waits or named == _ANY)),
        report=report,
        failures_from_order=symptom.get("failures_from_order", min(1, source["order"])),
        traced_up_to_order=symptom.get("failures_up_to_order", MAX_ORDER),
    )


def _workaround(source: Mapping[str, Any] | None) -> Workaround | None:
    if source is None:
        return None
    return Workaround({name: source[name] for name in KEYS if source.get(name) is not None}, tuple(source.get("commands", ())))


def _kernel(name: str, source: Mapping[str, Any]) -> KernelSpans | None:
    try:
        return read_spans(source)
    except SpanError as error:
        raise AdvisoryError(name, error.key, error.fault, error.remedy) from error


def _condition(name: str, expression: str) -> Condition:
    try:
        return Condition(expression)
    except ConditionError as error:
        raise AdvisoryError(name, "condition", str(error), error.remedy) from error
