# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""request_too_large: an order that a running host often cannot give in one piece."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    LIKELY,
    SHOWN,
    Cause,
    Evidenced,
    action,
    useless,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import FailureGroup
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed


def _large(situation: Situation) -> list[FailureGroup]:
    return [group for group in situation.failures if group.order >= cause_limits()["request_too_large"]["order"]]


def _size_kb(situation: Situation, order: int) -> int:
    return (situation.page_size_bytes << min(order, 64)) // 1024


def _find(situation: Situation) -> Evidenced | None:
    large = _large(situation)
    if not large:
        return None
    worst = max(large, key=lambda group: group.order)
    count = sum(group.count for group in large)
    size = _size_kb(situation, worst.order)
    least = min(group.order for group in large)
    orders = f"order {least}" if least == worst.order else f"orders {least} to {worst.order}"
    reasons = [f"kernel log: {count} {'failure' if count == 1 else 'failures'} of {orders}, for up to {size} kB in one piece"]
    reasons.extend(_who(situation, large))
    figures = {"order": worst.order, "size_kb": size, "failures": count}
    return Evidenced(SHOWN if len(large) == len(situation.failures) else LIKELY, tuple(reasons), figures)


def _who(situation: Situation, large: list[FailureGroup]) -> list[str]:
    drivers = list(dict.fromkeys(name for group in large for name in group.drivers))
    processes = list(dict.fromkeys(group.process for group in large if group.process))
    told = [f"the traces name {listed(drivers)}" if drivers else "the log names no driver"]
    told.extend([f"the running process was {listed(processes)}"] if processes else [])
    return told + _how_they_are_set(situation, drivers)


def _how_they_are_set(situation: Situation, drivers: list[str]) -> list[str]:
    """The settings of a driver's NICs that make its requests large."""
    deep = {nic["name"]: nic for nic in (situation.facts.get("deep") or {}).get("nics") or ()}
    told = []
    for nic in situation.facts.get("nics") or ():
        seen = deep.get(nic["name"])
        if seen is None or nic.get("driver") not in drivers:
            continue
        parts = [f"an MTU of {nic['mtu']}"] if nic.get("mtu") else []
        parts.extend([f"receive rings of {seen['rx_ring']}"] if seen.get("rx_ring") else [])
        parts.extend([f"the IPoIB mode {clip(seen['ipoib_mode'], 20)}"] if seen.get("ipoib_mode") else [])
        if parts:
            told.append(f"{clip(nic['name'], 20)} ({clip(nic['driver'], 40)}) has {', '.join(parts)}")
    return told[:4]


def _advice(situation: Situation) -> list[Action]:
    large = _large(situation)
    if not large:
        return []
    worst = max(large, key=lambda group: group.order)
    who = worst.drivers[0] if worst.drivers else None
    lever = f"Make {clip(who, 40)} ask for less" if who else "Make the requester ask for less"
    goal = cause_limits()["request_too_large"]["order"] - 1
    return [
        action(
            "shrink_request",
            f"{lever} than {_size_kb(situation, worst.order)} kB at once: a smaller MTU, ring or buffer, or an option or a newer "
            f"version of the driver. Do not count on more than order {goal} ({_size_kb(situation, goal)} kB)",
        )
    ]


def _unhelpful(situation: Situation) -> list[Unhelpful]:
    order = max((group.order for group in _large(situation)), default=situation.order)
    return [
        useless(
            "raise_min_free_kbytes",
            f"A larger vm.min_free_kbytes reserves pages, not blocks of order {order}",
        )
    ]


CAUSE = Cause("request_too_large", _find, _advice, _unhelpful)
