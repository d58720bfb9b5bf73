# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""not_pages: vmalloc's address space or a cgroup's limit ran out, but pages were free."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    LIKELY,
    SHOWN,
    Cause,
    Evidenced,
    action,
    kb_told,
    useless,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import MemoryTrouble
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.memory_trouble import told_of


def _not_of_pages(situation: Situation) -> list[MemoryTrouble]:
    """Reports of the kernel in which no page was missing."""
    return [other for other in situation.others if other.kind == "vmalloc" or (other.limited and other.kind in ("slab", "oom_kill"))]


def _find(situation: Situation) -> Evidenced | None:
    found = _not_of_pages(situation)
    if not found:
        return None
    figures = {f"{'vmalloc' if other.kind == 'vmalloc' else 'cgroup'}_reports": other.count for other in found}
    return Evidenced(LIKELY if situation.failures else SHOWN, tuple(f"kernel log: {told_of(other)}" for other in found), figures)


def _advice(situation: Situation) -> list[Action]:
    advice, memory = [], situation.facts.get("memory") or {}
    if any(other.kind == "vmalloc" for other in _not_of_pages(situation)):
        total, used = memory.get("vmalloc_total_kb"), memory.get("vmalloc_used_kb")
        now = f" ({kb_told(used or 0)} of {kb_told(total)} in use)" if total else ""
        advice.append(
            action(
                "find_vmalloc_user",
                f"See in /proc/vmallocinfo who fills vmalloc's address space{now}. On a 32-bit kernel, vmalloc= on the command "
                "line makes it larger",
            )
        )
    if any(other.limited for other in _not_of_pages(situation)):
        advice.append(action("raise_cgroup_limit", "Raise the memory limit of the cgroup that the reason names, or run less in it"))
    return advice


def _unhelpful(_situation: Situation) -> list[Unhelpful]:
    return [
        useless(
            "raise_min_free_kbytes",
            "Pages were free: a larger vm.min_free_kbytes changes neither address space nor a cgroup's limit",
        )
    ]


CAUSE = Cause("not_pages", _find, _advice, _unhelpful)
