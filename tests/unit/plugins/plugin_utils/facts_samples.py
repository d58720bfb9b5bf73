# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of made-up hosts, one for every verdict that facts can bring about. Each call gives a fresh copy."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

ADVISORY = "mlx4_en-rhel-6.4-order-2"
AFFECTED_KERNEL = "2.6.32-358.2.1.el6.x86_64"
FIXED_KERNEL = "2.6.32-431.el6.x86_64"


def nic(name: str = "eth0", driver: str | None = "mlx4_en", **more: Any) -> dict[str, Any]:
    """One interface as gather tells it."""
    seen = {
        "name": name,
        "virtual": False,
        "driver": driver,
        "driver_version": "2.0 (Dec 2011)",
        "firmware": "2.10.700",
        "bus_driver": "mlx4_core" if driver in ("mlx4_en", None) else driver,
        "module_path": f"/lib/modules/{AFFECTED_KERNEL}/kernel/drivers/net/{driver}.ko",
        "in_tree": True,
        "lower": [],
        "operstate": "up",
        "mtu": 1500,
        "default_route": True,
    }
    return {**seen, **more}


def zone(free_blocks: list[int], node: int = 0, name: str = "Normal") -> dict[str, Any]:
    """A zone whose free pages are those of its blocks, with watermarks of about 50 MB."""
    free = sum(count << order for order, count in enumerate(free_blocks))
    return {
        "node": node,
        "zone": name,
        "free_blocks": free_blocks,
        "free_pages": free,
        "min_pages": 11000,
        "low_pages": 13750,
        "high_pages": 16500,
        "managed_pages": None,
        "present_pages": 4128768,
        "lowmem_reserve_pages": [0, 0, 0, 0],
        "free_cma_pages": None,
        "free_highatomic_pages": None,
    }


ROOMY = [9539, 4328, 7412, 2374, 900, 500, 300, 200, 100, 50, 400]
#: Plenty is free, all of it in blocks too small.
SHATTERED = [60000, 20000, 0, 0, 0, 0, 0, 0, 0, 0, 0]


def no_failures() -> dict[str, Any]:
    """A log that reaches back to boot and holds none."""
    return {"count": 0, "by_order": {}, "by_process": {}, "source": "dmesg", "last": None, "mem_info": None, "boot_seen": True}


def failures(by_order: dict[str, int], **more: Any) -> dict[str, Any]:
    """A log with these failures."""
    seen = {
        "count": sum(by_order.values()),
        "by_order": by_order,
        "by_process": {"swapper": sum(by_order.values())},
        "source": "dmesg",
        "last": {
            "order": 2,
            "mode": "0x4020",
            "mode_flags": ["__GFP_HIGH", "__GFP_COMP"],
            "atomic": True,
            "process": "swapper",
            "at": "2026-11-20T04:00:00Z",
            "kernel": AFFECTED_KERNEL,
            "drivers": ["mlx4_en"],
        },
        "mem_info": None,
        "boot_seen": True,
    }
    return {**seen, **more}


def facts(**over: Any) -> dict[str, Any]:
    """A RHEL 6.4 host as it was installed, with no symptom: at_risk. ``over`` replaces top-level keys."""
    base: dict[str, Any] = {
        "kernel": kernel(AFFECTED_KERNEL),
        "nics": [nic()],
        "zones": [zone(list(ROOMY))],
        "page_size_bytes": 4096,
        "memory": {"total_kb": 16000000, "free_kb": 600000, "available_kb": None},
        "vm": {"min_free_kbytes": 67584, "zone_reclaim_mode": 0},
        "failures": no_failures(),
        "modules": {"taint": 0, "taint_flags": [], "out_of_tree": [], "proprietary": []},
        "pagetypes": None,
        "uptime_seconds": 864000,
        "booted_epoch_seconds": 1_763_028_000,
        "unavailable": {},
    }
    return deepcopy({**base, **over})


def kernel(release: str, distribution: str | None = "rhel", **more: Any) -> dict[str, Any]:
    """The running kernel, which is also the only one installed and the default one."""
    seen: dict[str, Any] = {
        "release": release,
        "machine": "x86_64",
        "version": None,
        "distribution": distribution and {"id": distribution, "name": "a distribution", "version": "6.4"},
        "installed": [release],
        "default_boot": release,
    }
    return {**seen, **more}


def pending_kernel() -> dict[str, Any]:
    """An affected kernel runs, a fixed one is installed and boots by default."""
    return kernel(AFFECTED_KERNEL, installed=[FIXED_KERNEL, AFFECTED_KERNEL], default_boot=FIXED_KERNEL)


WORKAROUND = {"min_free_kbytes": 524288, "zone_reclaim_mode": 1}

#: Verdict -> facts that bring it about.
BY_VERDICT: dict[str, dict[str, Any]] = {
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
