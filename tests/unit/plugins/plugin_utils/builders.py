# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of made-up hosts, in the shape that gathering gives (shared/facts_shape.yml), and one host for every verdict that facts can
bring about. Each call gives a fresh copy."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import no_record
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import Shape, shapes

Facts = dict[str, Any]

ADVISORY = "mlx4_en-rhel-6.4-order-2"
AFFECTED_KERNEL = "2.6.32-358.2.1.el6.x86_64"
FIXED_KERNEL = "2.6.32-431.el6.x86_64"


def blank(record: str, **values: Any) -> Facts:
    """A record of the shape with these values; what is not given is null where it may be, else empty, zero or false.

    A new fact is in every builder by this, as one that was not seen.
    """
    shape = shapes()[record]
    assert set(values) <= set(shape), f"{record} has no {set(values) - set(shape)}"
    return {name: values[name] if name in values else _blank_value(shape[name]) for name in shape}


def _blank_value(shape: Shape) -> Any:
    if shape.nullable:
        return None
    if shape.kind == "record":
        return blank(shape.of)
    if shape.kind == "one":
        return shape.of.split(", ")[0]
    return {"text": "", "count": 0, "flag": False, "list": [], "counts": {}, "texts": {}}[shape.kind]


def nic(name: str = "eth0", driver: str | None = "mlx4_en", **more: Any) -> Facts:
    """One interface as gather tells it."""
    seen = {
        "name": name,
        "driver": driver,
        "driver_version": "2.0 (Dec 2011)",
        "firmware": "2.10.700",
        "bus_driver": "mlx4_core" if driver in ("mlx4_en", None) else driver,
        "module_path": f"/lib/modules/{AFFECTED_KERNEL}/kernel/drivers/net/{driver}.ko",
        "in_tree": True,
        "operstate": "up",
        "mtu": 1500,
        "default_route": True,
    }
    return blank("nic", **{**seen, **more})


def zone(free_blocks: list[int], node: int = 0, name: str = "Normal", min_pages: int = 11000, **more: Any) -> Facts:
    """A zone whose free pages are those of its blocks, with watermarks as the kernel spaces them; by default of about 50 MB."""
    seen = {
        "node": node,
        "zone": name,
        "free_blocks": free_blocks,
        "free_pages": sum(count << order for order, count in enumerate(free_blocks)),
        "min_pages": min_pages,
        "low_pages": min_pages * 5 // 4,
        "high_pages": min_pages * 3 // 2,
        "present_pages": 4128768,
        "lowmem_reserve_pages": [0, 0, 0, 0],
    }
    return blank("zone", **{**seen, **more})


ROOMY = [9539, 4328, 7412, 2374, 900, 500, 300, 200, 100, 50, 400]
#: Plenty is free, all of it in blocks too small.
SHATTERED = [60000, 20000, 0, 0, 0, 0, 0, 0, 0, 0, 0]


def no_failures(**more: Any) -> Facts:
    """A log that reaches back to boot and holds none."""
    return blank("failures", **{"source": "dmesg", "sources": ["dmesg"], "boot_seen": True, **more})


def failures(by_order: Mapping[str, int], **more: Any) -> Facts:
    """A log with these failures, whose last one is known, and so its group. ``last`` replaces parts of it."""
    count = sum(by_order.values())
    last = blank("last_failure", **{**_LAST, **more.pop("last", {})})
    if len(by_order) == 1 and next(iter(by_order)).isdigit():
        last["order"] = int(next(iter(by_order)))
    seen = {
        "count": count,
        "by_order": dict(by_order),
        "by_process": {last["process"]: count},
        "groups": [_group_of(int(order), number, last) for order, number in by_order.items() if order.isdigit()],
        "last": last,
    }
    return no_failures(**{**seen, **more})


_LAST = {
    "order": 2,
    "mode": "0x4020",
    "mode_flags": ["__GFP_HIGH", "__GFP_COMP"],
    "atomic": True,
    "process": "swapper",
    "at": "2026-11-20T04:00:00Z",
    "kernel": AFFECTED_KERNEL,
    "drivers": ["mlx4_en"],
}


def _group_of(order: int, count: int, last: Facts) -> Facts:
    if order != last["order"]:
        return failure_group(order, count, last=blank("last_of_group"))
    seen = {name: last[name] for name in ("process", "at")}
    return failure_group(order, count, atomic=last["atomic"], drivers=list(last["drivers"]), last=seen)


def failure_group(order: int, count: int = 1, **more: Any) -> Facts:
    """Failures that are alike, of a log that only the kernel writes to."""
    last = {"process": "swapper", "at": "2026-11-20T04:00:00Z"}
    read = {"atomic": False, "trace_read": True, "trusted": True}
    return blank("failure_group", **{"order": order, "count": count, "last": last, **read, **more})


def memory_trouble(kind: str, **more: Any) -> Facts:
    """What else the kernel reported once."""
    return blank("memory_trouble", **{"kind": kind, "count": 1, "trusted": True, "last": blank("last_trouble", process=""), **more})


def facts(**over: Any) -> Facts:
    """A RHEL 6.4 host as it was installed, with no symptom: at_risk. ``over`` replaces top-level keys."""
    base: Facts = {
        "kernel": kernel(AFFECTED_KERNEL),
        "nics": [nic()],
        "zones": [zone(list(ROOMY))],
        "page_size_bytes": 4096,
        "memory": blank("memory", total_kb=16000000, free_kb=600000),
        "vm": blank("vm", min_free_kbytes=67584, zone_reclaim_mode=0),
        "workaround": no_record(),
        "failures": no_failures(),
        "modules": blank("modules", taint=0, taint_flags=[], out_of_tree=[], proprietary=[]),
        "uptime_seconds": 864000,
        "booted_epoch_seconds": 1_763_028_000,
    }
    return deepcopy(blank("facts", **{**base, **over}))


def kernel(release: str, distribution: str | None = "rhel", **more: Any) -> Facts:
    """The running kernel, which is also the only one installed and the default one."""
    seen: Facts = {
        "release": release,
        "machine": "x86_64",
        "distribution": distribution and {"id": distribution, "name": "a distribution", "version": "6.4"},
        "installed": [release],
        "default_boot": release,
    }
    return blank("kernel", **{**seen, **more})


def pending_kernel() -> Facts:
    """An affected kernel runs, a fixed one is installed and boots by default."""
    return kernel(AFFECTED_KERNEL, installed=[FIXED_KERNEL, AFFECTED_KERNEL], default_boot=FIXED_KERNEL)


WORKAROUND = blank("vm", min_free_kbytes=524288, zone_reclaim_mode=1)

#: An advisory of a site's own.
SITE_ADVISORY: dict[str, Any] = {
    "id": "site-igb",
    "title": "igb of a site's kernel",
    "driver": "igb",
    "order": 3,
    "fix": "Ask the site.",
    "references": ["https://wiki.example.com/igb"],
}

#: Verdict -> facts that bring it about.
BY_VERDICT: dict[str, Facts] = {
    "affected": facts(failures=failures({"2": 12})),
    "starved": facts(kernel=kernel(FIXED_KERNEL), zones=[zone(list(SHATTERED))]),
    "at_risk": facts(),
    "unknown": facts(kernel=kernel("2.6.39-400.17.1.el6uek.x86_64", "ol")),
    "needs_review": facts(nics=[nic(in_tree=False, module_path=f"/lib/modules/{AFFECTED_KERNEL}/extra/mlnx-ofa_kernel/mlx4_en.ko")]),
    "reboot_pending": facts(kernel=pending_kernel()),
    "mitigated": facts(vm=dict(WORKAROUND)),
    "clear": facts(kernel=kernel(FIXED_KERNEL)),
}
#: Clear by its driver where the one above is clear by its kernel.
CLEAR_BY_DRIVER = facts(nics=[nic("eth0", "igb"), nic("lo", None, bus_driver=None, module_path=None, in_tree=None, virtual=True)])
