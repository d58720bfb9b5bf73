# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``ansible_facts.pagealloc`` -> Host. The shape of the facts is checked first. Absent or null means not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import (
    BootSetting,
    FailureGroup,
    Failures,
    Host,
    MemoryTrouble,
    Nic,
    Record,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import Userland
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import FactsError, check_facts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip


def read_host(facts: object) -> Host:
    """A ``Host`` from the value of ``ansible_facts.pagealloc``. Raises FactsError that names what is wrong."""
    seen = check_facts(facts)
    kernel, vm, modules = (seen.get(name) or {} for name in ("kernel", "vm", "modules"))
    return Host(
        release=_text(kernel, "release"),
        userland=userland_of(kernel.get("distribution") or {}),
        installed=_texts(kernel, "installed"),
        default_boot=_text(kernel, "default_boot"),
        nics=None if seen["nics"] is None else tuple(map(_nic, seen["nics"])),
        container=_container(seen.get("container")),
        nodes=len({zone["node"] for zone in seen["zones"]}) if seen["zones"] else None,
        page_size_bytes=_page_size_bytes(seen["page_size_bytes"]),
        settings={name: vm.get(name) for name in KEYS},
        failures=_failures(seen["failures"]),
        record=_record(seen.get("workaround")),
        boot_settings=tuple(BootSetting(*(line[field.name] for field in fields(BootSetting))) for line in vm.get("boot_settings") or ()),
        out_of_tree=frozenset(_texts(modules, "out_of_tree") or ()),
        facts=seen,
    )


def _text(holder: Mapping[str, Any], name: str) -> str | None:
    """The text; None if it is missing or blank."""
    text: str | None = holder.get(name)
    return text if text and text.strip() else None


def _texts(holder: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    values = holder.get(name)
    return None if values is None else tuple(values)


def userland_of(distribution: Mapping[str, Any]) -> Userland:
    """From ``kernel.distribution`` of the facts."""
    found = _text(distribution, "id")
    # A release file that is not recognised says as little as none.
    return Userland() if found == "unknown" else Userland(found, _text(distribution, "version"))


def _container(found: Mapping[str, Any] | None) -> str | None:
    """The kind of container and what shows it, in words; None if the host is not known to be a container."""
    if found is None:
        return None
    kind, by = (_text(found, name) or "not recorded" for name in ("kind", "by"))
    return f"{clip(kind, 32)}, by {clip(by, 40)}"


def _page_size_bytes(size: int | None) -> int | None:
    if size is not None and (size == 0 or size & (size - 1)):
        raise FactsError("page_size_bytes", f"{size} is not a page size: a page size is a power of two")
    return size


def _nic(found: Mapping[str, Any]) -> Nic:
    driver = _text(found, "driver")
    return Nic(
        name=found["name"],
        # Only the first word is the driver's name; the rest is the card's.
        driver=driver.split(None, 1)[0] if driver else None,
        bus_driver=_text(found, "bus_driver"),
        module_path=_text(found, "module_path"),
        in_tree=found.get("in_tree"),
        # A driver may be missing only if it is certain that there is no device.
        virtual=found.get("virtual") is True,
        lower=_texts(found, "lower"),
        mtu=found.get("mtu"),
    )


def _failures(found: Mapping[str, Any] | None) -> Failures | None:
    if found is None:
        return None
    since = found.get("since_workaround")
    return Failures(
        count=found["count"],
        by_order=_by_order(found),
        sources=_texts(found, "sources") or (_text(found, "source") or "source not recorded",),
        boot_seen=found.get("boot_seen") is True,
        groups=tuple(_groups(found)),
        since_workaround=None if since is None else (since.get("count") or 0, _by_order(since), tuple(_groups(since))),
        suppressed=found.get("suppressed") or 0,
        others=tuple(map(_trouble, found.get("others") or ())),
    )


def _by_order(found: Mapping[str, Any]) -> dict[int, int]:
    orders: dict[int, int] = {}
    for order, count in (found.get("by_order") or {}).items():
        orders[int(order)] = orders.get(int(order), 0) + (count or 0)
    return orders


def _groups(found: Mapping[str, Any]) -> Iterable[FailureGroup]:
    """The groups of failures. Old facts have no groups; then the orders and the last failure make them."""
    entries = found.get("groups")
    if entries is not None:
        return map(_group, entries)
    last = found.get("last") or {}
    groups = [FailureGroup(order, count) for order, count in _by_order(found).items()]
    order = groups[0].order if len(groups) == 1 else last.get("order")
    return (_with_last(group, last) if group.order == order else group for group in groups)


def _with_last(group: FailureGroup, last: Mapping[str, Any]) -> FailureGroup:
    drivers = _texts(last, "drivers") or ()
    return replace(group, drivers=drivers, atomic=last.get("atomic"), process=_text(last, "process"), at=_text(last, "at"))


def _group(found: Mapping[str, Any]) -> FailureGroup:
    last = found.get("last") or {}
    return FailureGroup(
        order=found["order"],
        count=found["count"],
        atomic=found.get("atomic"),
        drivers=_texts(found, "drivers") or (),
        drivers_beside=_texts(found, "drivers_beside") or (),
        functions=_texts(found, "functions") or (),
        trace_read=found.get("trace_read") is True,
        trusted=found.get("trusted") is True,
        process=_text(last, "process"),
        at=_text(last, "at"),
    )


def _trouble(found: Mapping[str, Any]) -> MemoryTrouble:
    last = found.get("last") or {}
    return MemoryTrouble(
        kind=_text(found, "kind") or "",
        count=found.get("count") or 0,
        atomic=found.get("atomic"),
        limited=found.get("limited") is True,
        trusted=found.get("trusted") is True,
        since_workaround=found.get("since_workaround"),
        process=_text(last, "process"),
        what=_text(last, "what"),
        at=_text(last, "at"),
    )


def _record(found: Mapping[str, Any] | None) -> Record | None:
    """Facts from before the workaround role have none: not known."""
    if found is None:
        return None
    return Record(
        phase=_text(found, "phase") or "none",
        since=_text(found, "since"),
        values={name: found.get(name) for name in KEYS},
        originals={name: found.get(f"original_{name}") for name in KEYS},
        **{name: found.get(name) for name in ("step", "since_epoch_seconds", "in_force_seconds")},
    )
