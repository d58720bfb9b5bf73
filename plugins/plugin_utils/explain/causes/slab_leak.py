# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""slab_leak: kernel caches that cannot be given up, far above what hosts like it have."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.beside_fleet import too_much
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    Cause,
    Evidenced,
    action,
    kb_told,
    useless,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful

_PART = "slab_unreclaimable"


def _find(situation: Situation) -> Evidenced | None:
    return too_much(situation, _PART, _PART, "are kernel caches that cannot be given up (SUnreclaim)", "slab_leak")


def _advice(situation: Situation) -> list[Action]:
    kb = kb_told(situation.account["parts"].get(_PART, 0))
    return [
        action(
            "name_slab_cache", f"See which cache has grown to most of {kb}: slabtop -o -s c, or /proc/slabinfo, and again an hour later"
        ),
        action("plan_reboot", f"Until its user is mended, reboot before it is used up: only that brings the {kb} back"),
    ]


def _unhelpful(_situation: Situation) -> list[Unhelpful]:
    return [
        useless("raise_min_free_kbytes", "A larger vm.min_free_kbytes only delays it: the cache grows into the larger reserve too"),
        useless("drop_caches", "Dropping caches frees nothing of it: these caches are the ones that cannot be given up"),
    ]


CAUSE = Cause("slab_leak", _find, _advice, _unhelpful, is_root=True)
