# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""leak: memory that the kernel counts nowhere, far more than on similar hosts."""

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
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import listed


def _find(situation: Situation) -> Evidenced | None:
    return too_much(situation, None, "unaccounted", "are pages that the kernel counts nowhere, such as buffers of drivers", "leak")


def _advice(situation: Situation) -> list[Action]:
    kb = situation.account["unaccounted_kb"]
    named = list(dict.fromkeys(name for group in situation.failures for name in group.drivers))
    suspects = f"Start with {listed(named)}: the traces of the failures name it" if named else "No trace of a failure names a driver"
    days = (situation.host.facts.get("uptime_seconds") or 0) / 86400
    rate = f", {kb_told(int(kb / days))} a day since it booted" if days >= 1 else ""
    return [
        action(
            "find_leak", f"Find who keeps {kb_told(kb)}{rate}. {suspects}. The unaccounted memory of the next audits shows whether it grows"
        ),
        action("plan_reboot", f"Until the leak is fixed, reboot before memory runs out: only a reboot frees the {kb_told(kb)}"),
    ]


def _unhelpful(situation: Situation) -> list[Unhelpful]:
    return [
        useless("raise_min_free_kbytes", "A larger vm.min_free_kbytes only delays it: the leak uses up the larger reserve too"),
        useless("drop_caches", "Dropping caches frees nothing: the lost memory is in no cache, and free and slabtop do not show it"),
    ]


CAUSE = Cause("leak", _find, _advice, _unhelpful, is_root=True)
