# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""slab_leak: kernel caches that cannot be freed, far more than on similar hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.beside_fleet import too_much
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    Cause,
    Evidenced,
    action,
    kb_told,
    useless,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.deep_figures import fixed_caches
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

_PART = "slab_unreclaimable"


def _find(situation: Situation) -> Evidenced | None:
    found = too_much(situation, _PART, _PART, "are kernel caches that cannot be freed (SUnreclaim)", "slab_leak")
    caches = _caches(situation)
    if found is None or not caches:
        return found
    first, *others = caches[:3]
    told = [f"{_named(first)} ({first['objects']} objects of {first['object_bytes']} bytes)", *map(_named, others)]
    reason = f"/proc/slabinfo, the largest such caches: {', '.join(told)}"
    return replace(found, reasons=(*found.reasons, reason), figures={**found.figures, "largest_cache_kb": first["kb"]})


def _caches(situation: Situation) -> list[Mapping[str, Any]]:
    """The caches that cannot be freed. SUnreclaim was read a moment before, and a leak has grown since."""
    percent = cause_limits()["slab_leak"]["cache_percent"]
    return fixed_caches(situation.facts, situation.account["parts"].get(_PART, 0) * percent // 100)


def _named(cache: Mapping[str, Any]) -> str:
    return f"{clip(cache['name'], 40)} {kb_told(cache['kb'])}"


def _advice(situation: Situation) -> list[Action]:
    kb, caches = kb_told(situation.account["parts"].get(_PART, 0)), _caches(situation)
    if caches:
        told = f"Find who allocates from the cache {_named(caches[0])} of {kb}: see whether it grows in an hour"
    else:
        told = f"Find the cache that holds most of {kb}: run slabtop -o -s c now and again an hour later"
    return [
        action("name_slab_cache", told),
        action("plan_reboot", f"Until the leak is fixed, reboot before memory runs out: only a reboot frees the {kb}"),
    ]


def _unhelpful(_situation: Situation) -> list[Unhelpful]:
    return [
        useless("raise_min_free_kbytes", "A larger vm.min_free_kbytes only delays it: the cache grows into the larger reserve too"),
        useless("drop_caches", "Dropping caches does not help: these caches cannot be freed"),
    ]


CAUSE = Cause("slab_leak", _find, _advice, _unhelpful, is_root=True)
