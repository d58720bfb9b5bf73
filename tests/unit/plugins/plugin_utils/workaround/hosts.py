# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of hosts of every size, with watermarks as the kernel shares vm.min_free_kbytes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import no_record
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import plan_value
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import Facts, blank, facts, failures, zone

MB = 1024
GB = 1024 * MB


def zones(*sizes: tuple[int, str, int], min_free_kbytes: int = 67584) -> list[Facts]:
    """Zones of these (node, name, kB), each with a tenth free in large blocks."""
    sharing = sum(kb for _node, name, kb in sizes if name not in ("Movable", "HighMem"))
    made = []
    for node, name, kb in sizes:
        pages = kb // 4
        share = 0 if name in ("Movable", "HighMem") else min_free_kbytes // 4 * kb // sharing
        blocks = [0] * 10 + [pages // 10240]
        made.append(zone(blocks, node, name, min_pages=share, present_pages=pages))
    return made


def layout(kb: int, nodes: int = 1) -> list[tuple[int, str, int]]:
    """(node, zone, kB) of a 64-bit host: DMA, DMA32 and Normal on the first node, Normal on the others."""
    each = kb // nodes
    dma32 = min(each, 3 * GB) - 16 * MB
    first = [(0, "DMA", 16 * MB), (0, "DMA32", dma32)]
    rest = each - 16 * MB - dma32
    if rest > 0:
        first.append((0, "Normal", rest))
    return first + [(node, "Normal", each) for node in range(1, nodes)]


def host(
    kb: int,
    nodes: int = 1,
    *,
    now: int = 67584,
    mode: int | None = 0,
    available_kb: int | None = None,
    sizes: Sequence[tuple[int, str, int]] | None = None,
    failed: bool = True,
    **more: Any,
) -> Facts:
    """An RHEL 6.4 host of so many kB, with failures in its log unless ``failed`` is false."""
    return facts(
        zones=zones(*(sizes or layout(kb, nodes)), min_free_kbytes=now),
        memory=blank(
            "memory",
            total_kb=kb,
            free_kb=kb // 20,
            available_kb=kb // 2 if available_kb is None else available_kb,
            active_file_kb=kb // 4,
            inactive_file_kb=kb // 4,
            reclaimable_slab_kb=kb // 50,
        ),
        vm=blank("vm", min_free_kbytes=now, zone_reclaim_mode=mode, boot_settings=more.pop("boot_settings", [])),
        workaround={**no_record(), **more.pop("record", {})},
        **({"failures": failures({"2": 12})} if failed else {}),
        **more,
    )


def plan_of(facts_of_host: Facts, **policy: Any) -> Facts:
    return plan_value(facts_of_host, policy, None)


def in_force(step: int, min_free_kbytes: int, mode: int | None = None, age: int | None = 3600) -> Facts:
    """A record of that step."""
    return blank(
        "workaround",
        phase="in_force",
        step=step,
        min_free_kbytes=min_free_kbytes,
        zone_reclaim_mode=mode,
        original_min_free_kbytes=67584,
        original_zone_reclaim_mode=None if mode is None else 0,
        since_epoch_seconds=1_363_700_000,
        since="2013-03-19T13:33:20Z",
        in_force_seconds=age,
        mark="5f0c2d9a417be836",
    )
