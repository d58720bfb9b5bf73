# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cma: free memory belongs to the contiguous memory allocator, and drivers cannot use it."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    SHOWN,
    Cause,
    Evidenced,
    action,
    kb_told,
    useless,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.deep_figures import free_pages_of, page_types
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful


def _find(situation: Situation) -> Evidenced | None:
    moment = situation.decisive
    if moment is None:
        return None
    by_type_kb = free_pages_of(page_types(situation.facts), "CMA") * moment.page_kb
    # kernels before 3.19 do not print it in Mem-Info; the present value then says nothing about that moment
    free_cma_kb = moment.free_cma_kb or (0 if situation.then else min(by_type_kb, moment.free_kb))
    usable = moment.free_kb - free_cma_kb
    if not free_cma_kb or free_cma_kb * 100 < moment.free_kb * cause_limits()["cma"]["free_percent"] or usable > moment.high_kb:
        return None
    told = [
        f"{moment.when}: CMA owns {kb_told(free_cma_kb)} of the {kb_told(moment.free_kb)} of free memory, "
        f"which leaves {kb_told(max(0, usable))}"
    ]
    if by_type_kb:
        told.append(f"/proc/pagetypeinfo, now: {kb_told(by_type_kb)} is free in blocks of CMA")
    return Evidenced(SHOWN, tuple(told), {"free_kb": moment.free_kb, "free_cma_kb": free_cma_kb, "high_watermarks_kb": moment.high_kb})


def _advice(situation: Situation) -> list[Action]:
    total = (situation.facts.get("memory") or {}).get("cma_total_kb")
    now = f" of {kb_told(total)}" if total else ""
    half = f", to {total // 2048} MB at the most (cma={total // 2048}M)" if total else " (cma=)"
    return [action("shrink_cma", f"Make the CMA area{now} smaller on the kernel's command line{half}, as far as its users allow")]


def _unhelpful(_situation: Situation) -> list[Unhelpful]:
    return [useless("drop_caches", "Dropping caches frees memory that fills again, and drivers still cannot use the CMA area")]


CAUSE = Cause("cma", _find, _advice, _unhelpful)
