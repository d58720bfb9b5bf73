# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""exhaustion: free memory is near the watermarks, and there is little to reclaim. Failures for single pages are always this."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.account import PARTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    LIKELY,
    POSSIBLE,
    SHOWN,
    Cause,
    Evidenced,
    action,
    available_told,
    kb_told,
    useless,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation, ZonesAt
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of

_NOT_HELD = ("free", "free_cma", "per_cpu_lists", "file", "slab_reclaimable")


def _find(situation: Situation) -> Evidenced | None:
    limits = cause_limits()["exhaustion"]
    single = sum(group.count for group in situation.failures if group.order == 0)
    room = situation.has_room(limits["high_watermarks"], limits["available_percent"])
    had_none = situation.had_room(limits["high_watermarks"], limits["available_percent"]) is False
    known = situation.available_kb is not None and situation.now is not None and situation.total_kb
    if not single and not had_none and (room or not known):
        return None
    reasons: list[str] = []
    figures: dict[str, float] = {}
    if single:
        reasons.append(f"kernel log: {count_of(single, 'request')} for a single page failed, so no page at all was left")
        figures["single_page_failures"] = single
    if had_none and situation.then:
        reasons.append(_little_then(situation, situation.then))
        figures["available_then_kb"] = situation.available_then_kb or 0
    if known:
        reasons.append(available_told(situation))
        figures |= {"available_kb": situation.available_kb or 0, "available_percent": situation.percent(situation.available_kb or 0)}
    reasons.extend(_holders(situation))
    # with free memory now and a Mem-Info of the failure, a reserve that is too small is likelier, if that had something to take back
    certainty = SHOWN if known and not room else POSSIBLE if known and situation.then and not had_none else LIKELY
    return Evidenced(certainty, tuple(reasons), figures)


def _little_then(situation: Situation, then: ZonesAt) -> str:
    part = f"{situation.percent(situation.available_then_kb or 0)} % of all memory, with what slab can give back"
    return f"{then.when}: {kb_told(then.free_kb)} was free and {kb_told(then.file_kb or 0)} was page cache: {part}"


def _largest(situation: Situation) -> list[tuple[str, int]]:
    """The largest users of memory that cannot be reclaimed."""
    held = {PARTS[name]: kb for name, kb in situation.account["parts"].items() if name not in _NOT_HELD}
    held["pages that the kernel counts nowhere"] = situation.account["unaccounted_kb"] or 0
    return sorted(held.items(), key=lambda one: -one[1])[:3]


def _holders(situation: Situation) -> list[str]:
    told = ", ".join(f"{what} {kb_told(kb)}" for what, kb in _largest(situation) if kb)
    return [f"largest users of memory that cannot be reclaimed: {told}"] if told and situation.account["parts"] else []


def _advice(situation: Situation) -> list[Action]:
    goal = max(situation.total_kb * cause_limits()["exhaustion"]["available_percent"] // 100, situation.now.high_kb if situation.now else 0)
    need = max(0, goal - (situation.available_kb or 0))
    amount = f"{kb_told(need)} " if need else "memory "
    held = ", ".join(what for what, kb in _largest(situation)[:2] if kb) if situation.account["parts"] else ""
    who = f": {held} hold the most" if held else ""
    return [action("free_memory", f"Free {amount}of the {kb_told(situation.total_kb)} or add that much memory{who}")]


def _unhelpful(situation: Situation) -> list[Unhelpful]:
    reason = "A larger vm.min_free_kbytes reserves memory that is already short, so the OOM killer runs sooner"
    return [
        useless("raise_min_free_kbytes", reason),
        useless("compact_memory", "Compacting makes larger blocks out of free memory, and there is hardly any"),
    ]


CAUSE = Cause("exhaustion", _find, _advice, _unhelpful)
