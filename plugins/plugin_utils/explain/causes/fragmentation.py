# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fragmentation: enough memory is free above the watermarks, but no block is large enough."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    LIKELY,
    SHOWN,
    Cause,
    Evidenced,
    action,
    kb_told,
    useless,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.deep_figures import fixed_percent, free_pages_of, page_types
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation, ZonesAt
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful


def _find(situation: Situation) -> Evidenced | None:
    moment, order = situation.decisive, situation.asked_order
    if moment is None or moment.granted(order) is None:
        return None
    usable_kb = moment.free_kb - moment.free_cma_kb
    # free pages above the high watermark: kswapd has done its work, but blocks are still missing
    if moment.granted(order) or usable_kb <= moment.high_kb or not moment.granted(0):
        return None
    figures: dict[str, float] = {
        "free_kb": moment.free_kb,
        "high_watermarks_kb": moment.high_kb,
        "order": order,
        "granted_single_pages": moment.granted(0) or 0,
    }
    told = (
        f"{moment.when}: {kb_told(moment.free_kb)} was free, the high watermarks reserve {kb_told(moment.high_kb)}, "
        f"and there was no block of order {order}"
    )
    fixed = fixed_percent(page_types(situation.facts))
    if fixed is not None:
        figures["unmovable_pageblocks_percent"] = fixed
    certainty = SHOWN if moment is situation.then or not situation.failures else LIKELY
    return Evidenced(certainty, (told, *_movable(situation), *_by_type(situation), *_tried(situation)), figures)


def _movable(situation: Situation) -> Iterator[str]:
    """Which memory the kernel could move to make larger blocks."""
    if situation.account["parts"]:
        movable, fixed = _movable_and_fixed_kb(situation)
        yield f"/proc/meminfo: the kernel can move {kb_told(movable)} to make larger blocks, but not {kb_told(fixed)} of its own"


def _movable_and_fixed_kb(situation: Situation) -> tuple[int, int]:
    """0 for both if there is no account."""
    parts = situation.account["parts"] or {}
    movable = sum(parts.get(name, 0) for name in ("anonymous", "file", "shmem"))
    fixed = sum(
        parts.get(name, 0)
        for name in ("slab", "slab_reclaimable", "slab_unreclaimable", "page_tables", "kernel_stacks", "vmalloc", "other")
    )
    return movable, fixed + (situation.account["unaccounted_kb"] or 0)


def _has_more_fixed(situation: Situation) -> bool:
    """Whether most pages are the kernel's own. Measurements show that compaction then does not help (docs/remedies.md)."""
    movable, fixed = _movable_and_fixed_kb(situation)
    return fixed > movable


def _by_type(situation: Situation) -> Iterator[str]:
    """Whether free memory is among movable pages: there compaction makes blocks."""
    rows = page_types(situation.facts)
    if not rows:
        return
    page_kb = max(1, situation.page_size_bytes // 1024)
    movable, fixed = (free_pages_of(rows, *types) * page_kb for types in (("Movable",), ("Unmovable", "Reclaimable")))
    percent = fixed_percent(rows)
    blocks = "" if percent is None else f"; {percent} % of all pageblocks are for the others"
    yield f"/proc/pagetypeinfo, now: {kb_told(movable)} is free among movable pages, {kb_told(fixed)} among others{blocks}"


def _is_fixed(situation: Situation) -> bool:
    """Most of memory is in pageblocks for pages that cannot be moved."""
    percent = fixed_percent(page_types(situation.facts))
    return percent is not None and percent >= cause_limits()["fragmentation"]["unmovable_percent"]


def _tried(situation: Situation) -> Iterator[str]:
    counted = situation.facts.get("vmstat") or {}
    tried, failed = counted.get("compact_stall"), counted.get("compact_fail")
    if tried is not None and failed is not None:
        yield f"/proc/vmstat: the kernel compacted memory {tried} times for a waiting request, and {failed} times this made no room"
    if (situation.facts.get("vm") or {}).get("compaction_proactiveness") == 0:
        yield "vm.compaction_proactiveness is 0: the kernel compacts memory only when a request needs it"


def _advice(situation: Situation) -> list[Action]:
    order = situation.asked_order
    if _is_fixed(situation) or _has_more_fixed(situation):
        return [
            action(
                "find_unmovable_user",
                "Find who holds pages that cannot be moved (the largest caches of /proc/slabinfo, drivers); a reboot brings back blocks of "
                f"order {order}",
            )
        ]
    advice = [
        action(
            "compact_memory",
            f"Write 1 to /proc/sys/vm/compact_memory and see whether blocks of order {order} come back. If not, the pages cannot be moved",
        )
    ]
    for name, goal in _settings(situation).items():
        advice.append(action(f"set_{name}", f"Set vm.{name} to {goal} ({situation.facts['vm'][name]} now, the maximum is 100)"))
    return advice


def _settings(situation: Situation) -> dict[str, int]:
    now, goal = situation.host.settings["compaction_proactiveness"], cause_limits()["fragmentation"]["proactiveness_target"]
    if now is None or now >= goal or _has_more_fixed(situation) or _is_fixed(situation):
        return {}
    return {"compaction_proactiveness": goal}


def _unhelpful(situation: Situation) -> list[Unhelpful]:
    moment: ZonesAt | None = situation.decisive
    free = f"{kb_told(moment.free_kb)} is free already" if moment else "enough is free already"
    told = [useless("raise_min_free_kbytes", f"A larger vm.min_free_kbytes keeps more pages free, not larger blocks: {free}")]
    movable, fixed = (kb_told(kb) for kb in _movable_and_fixed_kb(situation))
    if _has_more_fixed(situation) and situation.host.settings["compaction_proactiveness"] is not None:
        why = f"vm.compaction_proactiveness moves only movable pages ({movable}); the kernel's own pages ({fixed}) stay in place"
        told.append(useless("set_compaction_proactiveness", why))
    if _has_more_fixed(situation) and not _is_fixed(situation):
        told.append(useless("compact_memory", f"Compacting moves only movable pages ({movable}), not the kernel's own ({fixed})"))
    if _is_fixed(situation):
        percent = fixed_percent(page_types(situation.facts))
        told.append(
            useless("compact_memory", f"Compacting cannot move them: {percent} % of all pageblocks are for pages that stay in place")
        )
    return told


CAUSE = Cause("fragmentation", _find, _advice, _unhelpful, settings=_settings)
