# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of one host, read once: typed, checked, and only what a verdict needs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import SETTINGS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip


class FactsError(Exception):
    """Facts that are not in the shape of ``ansible_facts.pagealloc``; ``key`` is the dotted path to the odd one."""

    def __init__(self, key: str, fault: str) -> None:
        super().__init__(f"facts.{key}: {fault}" if key else f"facts: {fault}")
        self.key = key
        self.fault = fault


@dataclass(frozen=True)
class Nic:
    """One network interface; None is not seen."""

    name: str
    driver: str | None
    bus_driver: str | None
    module_path: str | None
    in_tree: bool | None
    virtual: bool
    lower: tuple[str, ...] | None
    #: Without ethtool: the driver is that of the bus, where no advisory says that the two differ.
    driver_by_bus: bool = False


@dataclass(frozen=True)
class FailureGroup:
    """Failures that are alike in what decides whether they count. ``atomic``: None where the mode was not read. ``trusted``: a log that
    only the kernel writes to has them. ``process``, ``at``: of the last one, None where it is not known."""

    order: int
    count: int
    atomic: bool | None = None
    drivers: tuple[str, ...] = ()
    trusted: bool = True
    process: str | None = None
    at: str | None = None


@dataclass(frozen=True)
class MemoryTrouble:
    """What else the kernel reported of memory. ``kind``: slab, stall, oom_kill, order_above_max or vmalloc. ``limited``: it is of a cgroup
    at its limit. ``since_workaround``: how many came after the workaround, None where that is not known."""

    kind: str
    count: int
    atomic: bool | None
    limited: bool
    trusted: bool
    since_workaround: int | None
    process: str | None
    what: str | None
    at: str | None


@dataclass(frozen=True)
class Failures:
    """Page allocation failures logged since boot. ``boot_seen``: the logs reach back that far. ``sources``: the logs, by name.

    ``groups``: those of which more is known than that they were. ``since_workaround``: (count, by order, groups) of those after the
    workaround role's values came into force, None where that is not known. ``suppressed``: messages that the kernel did not print.
    """

    count: int
    by_order: Mapping[int, int]
    sources: tuple[str, ...]
    boot_seen: bool
    groups: tuple[FailureGroup, ...]
    since_workaround: tuple[int, Mapping[int, int], tuple[FailureGroup, ...]] | None
    suppressed: int
    others: tuple[MemoryTrouble, ...]


@dataclass(frozen=True)
class Record:
    """What the workaround role left on the host; ``phase``: none, pending, in_force or leaving. ``values``: of that step by setting,
    ``originals``: from before the first step; in kB and as the kernel has them, None for what is left alone."""

    phase: str
    step: int | None = None
    values: Mapping[str, int | None] = field(default_factory=dict)
    originals: Mapping[str, int | None] = field(default_factory=dict)
    since_epoch_seconds: int | None = None
    in_force_seconds: int | None = None
    since: str | None = None

    @property
    def in_force_kb(self) -> int | None:
        return self.values.get("min_free_kbytes") if self.phase == "in_force" else None


@dataclass(frozen=True)
class BootSetting:
    """A line that sets one of the workaround's values at boot. ``name``: without "vm."; ``value``: as it is written."""

    file: str
    name: str
    value: str


@dataclass(frozen=True)
class Host:
    """What a verdict needs of one host; None is not seen, ``why`` tells the reason. ``facts`` are the whole.

    ``settings``: by name, the values of what the workaround may set."""

    release: str | None
    distribution_id: str | None
    installed: tuple[str, ...] | None
    default_boot: str | None
    nics: tuple[Nic, ...] | None
    container: str | None
    nodes: int | None
    page_size_bytes: int | None
    settings: Mapping[str, int | None]
    failures: Failures | None
    record: Record | None
    boot_settings: tuple[BootSetting, ...]
    out_of_tree: frozenset[str]
    unavailable: Mapping[str, Any]
    facts: Mapping[str, Any]

    @property
    def min_free_kbytes(self) -> int | None:
        """vm.min_free_kbytes, in kB."""
        return self.settings["min_free_kbytes"]

    @property
    def zone_reclaim_mode(self) -> int | None:
        """vm.zone_reclaim_mode, a bit mask."""
        return self.settings["zone_reclaim_mode"]

    @property
    def workaround_holds(self) -> bool:
        """The step that the workaround role recorded is in force. A sosreport does not keep the record, but the role's settings."""
        record, now = self.record, self.min_free_kbytes
        wanted = self._role_settings_kb if record is None else record.in_force_kb
        return wanted is not None and now is not None and now >= wanted

    @property
    def _role_settings_kb(self) -> int | None:
        """vm.min_free_kbytes in the file that the workaround role writes for the next boot, None where it is not seen."""
        ours = [line.value for line in self.boot_settings if (line.file, line.name) == (SETTINGS, "min_free_kbytes")]
        return int(ours[0]) if ours and ours[0].isdecimal() and len(ours[0]) < 20 else None

    def why(self, *data: str) -> str:
        """ " (the recorded reason)" for the first of these data that has one, else nothing."""
        for datum in data:
            reason = self.unavailable.get(datum)
            if reason and isinstance(reason, str):
                return f" ({clip(reason, 160)})"
        return ""


def read_host(facts: object) -> Host:
    """A ``Host`` from the value of ``ansible_facts.pagealloc``. Raises FactsError naming what is odd.

    Keys a verdict rests on must be there, be it as null; further down, an absent key is one that was not seen.
    """
    if not isinstance(facts, Mapping):
        raise FactsError("", f"of type {type(facts).__name__} where the mapping ansible_facts.pagealloc is needed")
    kernel = _needed(facts, "kernel") or {}
    distribution = _mapping(kernel, "distribution", "kernel.") or {}
    vm = _needed(facts, "vm") or {}
    modules = _mapping(facts, "modules", "") or {}
    _check_memory(facts)
    return Host(
        release=_text(kernel, "release", "kernel."),
        distribution_id=_distribution_id(distribution),
        installed=_texts(kernel, "installed", "kernel."),
        default_boot=_text(kernel, "default_boot", "kernel."),
        nics=_nics(facts),
        container=_container(facts),
        nodes=_nodes(facts),
        page_size_bytes=_page_size(facts),
        settings={name: _count(vm, name, "vm.") for name in KEYS},
        failures=_failures(facts),
        record=_record(facts),
        boot_settings=_boot_settings(vm),
        out_of_tree=frozenset(_texts(modules, "out_of_tree", "modules.") or ()),
        unavailable=_mapping(facts, "unavailable", "") or {},
        facts=facts,
    )


def _distribution_id(distribution: Mapping[str, Any]) -> str | None:
    found = _text(distribution, "id", "kernel.distribution.")
    # A release file that was read and not recognised tells as little as none.
    return None if found == "unknown" else found


def _nics(facts: Mapping[str, Any]) -> tuple[Nic, ...] | None:
    entries = _needed_list(facts, "nics")
    return None if entries is None else tuple(_nic(entry, place) for place, entry in enumerate(entries))


def _container(facts: Mapping[str, Any]) -> str | None:
    """What kind of container the host is and what told, in words; None where nothing says that it is one."""
    found = _mapping(facts, "container", "")
    if found is None:
        return None
    kind, by = (_text(found, key, "container.") or "not recorded" for key in ("kind", "by"))
    return f"{clip(kind, 32)}, by {clip(by, 40)}"


def _nic(entry: object, place: int) -> Nic:
    path = f"nics[{place}]."
    if not isinstance(entry, Mapping):
        raise _odd(path[:-1], entry, "a mapping")
    name = _text(entry, "name", path)
    if name is None:
        raise FactsError(path + "name", "missing")
    driver = _text(entry, "driver", path)
    return Nic(
        name=name,
        # Only the first word is the driver's name; what follows is the card's.
        driver=driver.split(None, 1)[0] if driver else None,
        bus_driver=_text(entry, "bus_driver", path),
        module_path=_text(entry, "module_path", path),
        in_tree=_truth(entry, "in_tree", path),
        # Only where it is certain that no device is behind it is a driver not to be missed.
        virtual=entry.get("virtual") is True,
        lower=_texts(entry, "lower", path),
    )


def _failures(facts: Mapping[str, Any]) -> Failures | None:
    found = _needed(facts, "failures")
    if found is None:
        return None
    count = _count(found, "count", "failures.")
    if count is None:
        raise FactsError("failures.count", "missing")
    path = "failures."
    source = _text(found, "source", path) or "source not recorded"
    return Failures(
        count=count,
        by_order=_by_order(found, path),
        sources=_texts(found, "sources", path) or (source,),
        boot_seen=found.get("boot_seen") is True,
        groups=_groups(found, path),
        since_workaround=_since_workaround(found),
        suppressed=_count(found, "suppressed", path) or 0,
        others=_others(found),
    )


def _since_workaround(found: Mapping[str, Any]) -> tuple[int, Mapping[int, int], tuple[FailureGroup, ...]] | None:
    path = "failures.since_workaround."
    since = _mapping(found, "since_workaround", "failures.")
    return None if since is None else (_count(since, "count", path) or 0, _by_order(since, path), _groups(since, path))


def _groups(found: Mapping[str, Any], path: str) -> tuple[FailureGroup, ...]:
    """The groups of failures; of facts gathered before there were any, what the orders and the last failure tell."""
    entries = _list(found, "groups", path)
    if entries is not None:
        return tuple(_group(entry, f"{path}groups[{place}].") for place, entry in enumerate(entries))
    last = _mapping(found, "last", path) or {}
    groups = [FailureGroup(order, count) for order, count in _by_order(found, path).items()]
    order = groups[0].order if len(groups) == 1 else last.get("order")
    return tuple(_with_last(group, last, path + "last.") if group.order == order else group for group in groups)


def _with_last(group: FailureGroup, last: Mapping[str, Any], path: str) -> FailureGroup:
    drivers, atomic = _texts(last, "drivers", path) or (), _truth(last, "atomic", path)
    return replace(group, drivers=drivers, atomic=atomic, process=_text(last, "process", path), at=_text(last, "at", path))


def _group(entry: object, path: str) -> FailureGroup:
    if not isinstance(entry, Mapping):
        raise _odd(path[:-1], entry, "a mapping")
    order, count = _count(entry, "order", path), _count(entry, "count", path)
    if order is None or count is None:
        raise FactsError(path + ("order" if order is None else "count"), "missing")
    last = _mapping(entry, "last", path) or {}
    return FailureGroup(
        order=order,
        count=count,
        atomic=_truth(entry, "atomic", path),
        drivers=_texts(entry, "drivers", path) or (),
        trusted=_truth(entry, "trusted", path) is True,
        process=_text(last, "process", path + "last."),
        at=_text(last, "at", path + "last."),
    )


def _others(found: Mapping[str, Any]) -> tuple[MemoryTrouble, ...]:
    return tuple(_trouble(entry, f"failures.others[{place}].") for place, entry in enumerate(_list(found, "others", "failures.") or ()))


def _trouble(entry: object, path: str) -> MemoryTrouble:
    if not isinstance(entry, Mapping):
        raise _odd(path[:-1], entry, "a mapping")
    last = _mapping(entry, "last", path) or {}
    process, what, at = (_text(last, name, path + "last.") for name in ("process", "what", "at"))
    return MemoryTrouble(
        kind=_text(entry, "kind", path) or "",
        count=_count(entry, "count", path) or 0,
        atomic=_truth(entry, "atomic", path),
        limited=_truth(entry, "limited", path) is True,
        trusted=_truth(entry, "trusted", path) is True,
        since_workaround=_count(entry, "since_workaround", path),
        process=process,
        what=what,
        at=at,
    )


def _truth(holder: Mapping[str, Any], key: str, path: str) -> bool | None:
    value = holder.get(key)
    if value is not None and not isinstance(value, bool):
        raise _odd(path + key, value, "true, false or null")
    return value


def _record(facts: Mapping[str, Any]) -> Record | None:
    """Facts gathered before there was a workaround role have none: not seen."""
    found = _mapping(facts, "workaround", "")
    if found is None:
        return None
    path = "workaround."
    return Record(
        phase=_text(found, "phase", path) or "none",
        since=_text(found, "since", path),
        values={name: _count(found, name, path) for name in KEYS},
        originals={name: _count(found, f"original_{name}", path) for name in KEYS},
        **{name: _count(found, name, path) for name in ("step", "since_epoch_seconds", "in_force_seconds")},
    )


def _boot_settings(vm: Mapping[str, Any]) -> tuple[BootSetting, ...]:
    lines = []
    for place, line in enumerate(_list(vm, "boot_settings", "vm.") or ()):
        path = f"vm.boot_settings[{place}]."
        if not isinstance(line, Mapping):
            raise _odd(path[:-1], line, "a mapping")
        texts = [_text(line, part.name, path) for part in fields(BootSetting)]
        for part, text in zip(fields(BootSetting), texts, strict=True):
            if text is None:
                raise FactsError(path + part.name, "missing")
        lines.append(BootSetting(*(text or "" for text in texts)))
    return tuple(lines)


def _by_order(found: Mapping[str, Any], path: str) -> dict[int, int]:
    table = _mapping(found, "by_order", path) or {}
    orders: dict[int, int] = {}
    for key in table:
        # JSON makes strings of the orders; a plain number is welcome too.
        order = str(key) if isinstance(key, str) or _is_count(key) else ""
        if not _ORDER.fullmatch(order):
            raise _odd(path + "by_order", key, "an order")
        orders[int(order)] = orders.get(int(order), 0) + (_count(table, key, path + "by_order.") or 0)
    return orders


def _nodes(facts: Mapping[str, Any]) -> int | None:
    """How many memory nodes the zones name, having seen that the zones can be reckoned with."""
    zones = _needed_list(facts, "zones")
    if not zones:
        return None
    return len({_zone_node(zone, place) for place, zone in enumerate(zones)})


def _zone_node(zone: object, place: int) -> int:
    path = f"zones[{place}]."
    if not isinstance(zone, Mapping):
        raise _odd(path[:-1], zone, "a mapping")
    node = _count(zone, "node", path)
    if node is None or _text(zone, "zone", path) is None:
        raise FactsError(path + ("node" if node is None else "zone"), "missing")
    for key in _ZONE_COUNTS:
        _count(zone, key, path)
    for key in _ZONE_LISTS:
        _counts(zone, key, path)
    return node


_ORDER = re.compile("[0-9]{1,3}")
#: No counter of a kernel is wider than 64 bits.
_LARGEST = (1 << 64) - 1

_ZONE_COUNTS = (
    "free_pages",
    "min_pages",
    "low_pages",
    "high_pages",
    "managed_pages",
    "present_pages",
    "free_cma_pages",
    "free_highatomic_pages",
)
_ZONE_LISTS = ("free_blocks", "lowmem_reserve_pages")


_MEMORY = ("total_kb", "free_kb", "available_kb", "active_file_kb", "inactive_file_kb", "reclaimable_slab_kb")


def _check_memory(facts: Mapping[str, Any]) -> None:
    """Seen that the memory can be reckoned with."""
    memory = _mapping(facts, "memory", "") or {}
    for key in _MEMORY:
        _count(memory, key, "memory.")


def _page_size(facts: Mapping[str, Any]) -> int | None:
    if "page_size_bytes" not in facts:
        raise FactsError("page_size_bytes", "missing")
    size = _count(facts, "page_size_bytes", "")
    if size is not None and (size == 0 or size & (size - 1)):
        raise FactsError("page_size_bytes", f"{size} is no page size, which is a power of two")
    return size


def _needed(facts: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    if key not in facts:
        raise FactsError(key, "missing; are these the whole ansible_facts.pagealloc?")
    return _mapping(facts, key, "")


def _needed_list(facts: Mapping[str, Any], key: str) -> Sequence[Any] | None:
    if key not in facts:
        raise FactsError(key, "missing; are these the whole ansible_facts.pagealloc?")
    return _list(facts, key, "")


def _mapping(holder: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any] | None:
    value = holder.get(key)
    if value is not None and not isinstance(value, Mapping):
        raise _odd(path + key, value, "a mapping")
    return value


def _list(holder: Mapping[str, Any], key: str, path: str) -> Sequence[Any] | None:
    value = holder.get(key)
    if value is not None and not isinstance(value, (list, tuple)):
        raise _odd(path + key, value, "a list")
    return value


def _text(holder: Mapping[str, Any], key: str, path: str) -> str | None:
    value = holder.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str):
        raise _odd(path + key, value, "a string")
    return value


def _texts(holder: Mapping[str, Any], key: str, path: str) -> tuple[str, ...] | None:
    values = _list(holder, key, path)
    if values is None:
        return None
    for value in values:
        if not isinstance(value, str):
            raise _odd(path + key, value, "a list of strings")
    return tuple(values)


def _count(holder: Mapping[str, Any], key: str, path: str) -> int | None:
    value = holder.get(key)
    if value is not None and not _is_count(value):
        raise _odd(path + key, value, "a count")
    return value


def _counts(holder: Mapping[str, Any], key: str, path: str) -> None:
    for value in _list(holder, key, path) or ():
        if not _is_count(value):
            raise _odd(path + key, value, "a list of counts")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _odd(path: str, value: object, wanted: str) -> FactsError:
    told = repr(clip(value, 40)) if isinstance(value, (str, bool, float)) else f"this {type(value).__name__}"
    if isinstance(value, int) and abs(value) <= _LARGEST:
        told = str(value)
    return FactsError(path, f"{told} where {wanted} is needed")
