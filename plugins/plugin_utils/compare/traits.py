# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts in which a host may differ from others: possible causes, not the trouble itself. No headroom, no kernel log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils import rpm_version
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.account import account_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.fleet_figures import percent_of_total
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import sound_parts

#: Fact -> its name in a sentence. The order decides ties: from the general to the special.
NAMES: dict[str, str] = {
    "kernel_line": "kernel line",
    "driver": "NIC driver",
    "distribution": "distribution",
    "kernel": "kernel",
    "driver_version": "driver version",
    "firmware": "firmware",
    "out_of_tree_driver": "driver that is not part of the kernel",
    "out_of_tree_module": "module that is not part of the kernel",
    "proprietary_module": "proprietary module",
    "mtu": "MTU",
    "memory": "memory",
    "numa_nodes": "NUMA nodes",
    "min_free_kbytes": "vm.min_free_kbytes",
    "zone_reclaim_mode": "vm.zone_reclaim_mode",
    "machine": "machine",
    "unaccounted": "memory that the kernel counts nowhere",
    "unreclaimable_slab": "kernel caches that cannot be freed",
}

#: No real host has more drivers or modules. A host that claims more must not break the comparison of the fleet.
_MOST_VALUES = 64
_MOST_CHARS = 256

#: What Ethernet carries in a frame by its standard (IEEE 802.3).
_STANDARD_MTU = 1500

# 358.23.2.el6, 427.13.1.el9_4, 400.17.1.el6uek, 358.23.2.el6.mpc07: the first build of a minor release, and its distribution.
_EL_RELEASE = re.compile(r"([0-9]+)(?:\.[0-9.]+)?\.(el[0-9]+(?:uek|rt)?)(?![0-9a-z])")
#: From this version on /proc/modules marks modules that are not part of the kernel with O, see kernel_modules.py.
_MARKS_OUT_OF_TREE = (3, 2)


class Seen(NamedTuple):
    """The values of one fact on one host. ``whole``: the list is complete; otherwise there may be more."""

    values: frozenset[str]
    whole: bool


_NOTHING = Seen(frozenset(), False)


def seen_facts(facts: Mapping[str, Any]) -> Iterator[tuple[str, Seen]]:
    """(fact, its value) for each of NAMES, from the value of ``ansible_facts.pagealloc``. A fact that is absent, null or of a wrong shape
    is not known."""
    kernel, vm, modules, memory = (part or {} for part in sound_parts(facts, "kernel", "vm", "modules", "memory"))
    every_nic, zones = (part or () for part in sound_parts(facts, "nics", "zones"))
    nics = [nic for nic in every_nic if nic.get("virtual") is not True]
    drivers = [_driver(nic) for nic in nics]
    release = _text(kernel.get("release"))
    yield "driver", _all_of(drivers, drivers)
    yield "kernel_line", _one(kernel_line(release) if release else None)
    yield "distribution", _one(_distribution(kernel.get("distribution") or {}))
    yield "kernel", _one(_without_machine(release) if release else None)
    yield "driver_version", _all_of(drivers, _beside(nics, drivers, "driver_version"))
    yield "firmware", _all_of(drivers, _beside(nics, drivers, "firmware"))
    yield "out_of_tree_driver", _out_of_tree_drivers(nics, drivers)
    yield "out_of_tree_module", _modules(modules.get("out_of_tree"), whole=_marks_out_of_tree(release))
    yield "proprietary_module", _modules(modules.get("proprietary"))
    yield "mtu", _mtu(nics)
    yield "memory", _one(_memory(memory.get("total_kb")))
    yield "numa_nodes", _one(_nodes(zones))
    for name in ("min_free_kbytes", "zone_reclaim_mode"):
        yield name, _one(None if vm.get(name) is None else str(vm[name]))
    yield "machine", _one(_text(kernel.get("machine")))
    vmstat, page_size_bytes = sound_parts(facts, "vmstat", "page_size_bytes")
    account = account_of({"memory": memory, "vmstat": vmstat, "page_size_bytes": page_size_bytes})
    for name, part, cause in (("unaccounted", None, "leak"), ("unreclaimable_slab", "slab_unreclaimable", "slab_leak")):
        yield name, _one(_share(percent_of_total(account, part), cause_limits()[cause]["likely_percent"]))


@lru_cache(maxsize=4096)
def kernel_line(release: str) -> str | None:
    """The first kernel of a minor release, for all its later builds; only the version if it has no el tag.

    >>> kernel_line("5.14.0-427.13.1.el9_4.x86_64")
    '5.14.0-427.el9'
    >>> kernel_line("6.1.0-25-amd64")
    '6.1.0'
    """
    parts = _split(release)
    if parts is None:
        return None
    found = _EL_RELEASE.match(parts.release)
    return f"{parts.version}-{found.group(1)}.{found.group(2)}" if found else str(parts.version)


@lru_cache(maxsize=4096)
def _without_machine(release: str) -> str:
    """One build is one value on all machines; the fact "machine" separates these."""
    parts = _split(release)
    return f"{parts.version}-{parts.release}" if parts and parts.release else release


def _split(release: str) -> Any:
    try:
        return rpm_version.split_kernel_release(release)
    except EvidenceError:
        return None


@lru_cache(maxsize=4096)
def _marks_out_of_tree(release: str | None) -> bool:
    parts = _split(release) if release else None
    if parts is None:
        return False
    return tuple(int(number[:9]) for number in parts.version.split(".")[:2]) >= _MARKS_OUT_OF_TREE


def _driver(nic: Mapping[str, Any]) -> str | None:
    """Its first word: in old builds the rest is the card's."""
    driver = _text(nic.get("driver"))
    return driver.split(None, 1)[0] if driver else None


def _beside(nics: list[Mapping[str, Any]], drivers: list[str | None], key: str) -> list[str | None]:
    """The value of each NIC after its driver, because 2.0 of one driver is not 2.0 of another."""
    values = (_text(nic.get(key)) for nic in nics)
    return [f"{driver} {value}" if driver and value else None for driver, value in zip(drivers, values, strict=True)]


def _all_of(nics: list[str | None], values: list[str | None]) -> Seen:
    return _seen((value for value in values if value is not None), whole=bool(nics) and None not in values)


def _out_of_tree_drivers(nics: list[Mapping[str, Any]], drivers: list[str | None]) -> Seen:
    origins = [nic.get("in_tree") for nic in nics]
    foreign = (driver for driver, own in zip(drivers, origins, strict=True) if own is False and driver)
    return _seen(foreign, whole=bool(nics) and None not in drivers and None not in origins)


def _modules(names: Sequence[str] | None, *, whole: bool = True) -> Seen:
    if names is None:
        return _NOTHING
    texts = [_text(name) for name in names]
    return _seen((text for text in texts if text is not None), whole=whole and None not in texts)


def _mtu(nics: list[Mapping[str, Any]]) -> Seen:
    """The largest counts, because it decides the size of a receive buffer."""
    sizes = [nic.get("mtu") for nic in nics]
    if any(size is not None and size > _STANDARD_MTU for size in sizes):
        return _one(f"above {_STANDARD_MTU}")
    return _one(f"at most {_STANDARD_MTU}" if sizes and None not in sizes else None)


def _memory(total_kb: int | None) -> str | None:
    """The next power of two GB. MemTotal is smaller, because kernel and firmware take some memory."""
    if not total_kb:
        return None
    return f"up to {1 << (-(-total_kb // (1 << 20)) - 1).bit_length()} GB"


def _share(percent: float | None, limit: int) -> str | None:
    """Whether it is more than a healthy host has."""
    return None if percent is None else f"{limit} % of memory or more" if percent >= limit else f"less than {limit} % of memory"


def _nodes(zones: Sequence[Mapping[str, Any]]) -> str | None:
    return str(len({zone["node"] for zone in zones})) if zones else None


def _distribution(found: Mapping[str, Any]) -> str | None:
    ident, version = _text(found.get("id")), _text(found.get("version"))
    return f"{ident} {version}" if ident and version and ident != "unknown" else None


def _one(value: str | None) -> Seen:
    return _NOTHING if value is None else Seen(frozenset((value,)), True)


def _seen(values: Iterable[str], *, whole: bool) -> Seen:
    every = frozenset(values)
    return Seen(every, whole) if len(every) <= _MOST_VALUES else Seen(frozenset(sorted(every)[:_MOST_VALUES]), False)


def _text(value: str | None) -> str | None:
    return value.strip()[:_MOST_CHARS] or None if value else None
