# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm.min_free_kbytes: free memory that the kernel holds back for requests that cannot wait, in kB. The workaround's steps are of it.

Too large a value starves the host. Its limits are the host's own memory, what of it is available, and its zones: the kernel shares
the value out to the zones by their size (mm/page_alloc.c, __setup_per_zone_wmarks), all but HighMem and, in newer kernels, Movable.
It sets each zone's low watermark a quarter of that above the min one, and the high one as much again: kswapd frees memory up to the
high watermarks. So a rise of D kB puts 1.5 D kB out of everybody's reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import why_not_seen
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.limits import (
    Limit,
    UnknownLimitError,
    available_kb,
    low_watermarks_kb,
    total_memory_kb,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import Policy
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.remedy import Case, Remedy, Wish

#: Zones that vm.min_free_kbytes is not shared out to. Older kernels count Movable in; left out, the limit is the tighter one.
_WITHOUT_SHARE = ("HighMem", "Movable", "Device")


def _choose(case: Case) -> Wish:
    """The next step, where one is due."""
    now = case.host.min_free_kbytes or 0
    due = next((step for step in case.steps if step > now), None)
    if case.standing and not case.symptom:
        return Wish(None, _enough(case, now))
    if case.standing and case.settling:
        return Wish(None, f"The step in force is not {case.policy.settle_seconds} s old yet: it gets its time to help.")
    if not case.steps:
        return Wish(None, f"vm.min_free_kbytes stays at {now} kB.")
    if due is None:
        return Wish(None, f"vm.min_free_kbytes is {now} kB, and there is no step above it.")
    return Wish(due, _reason(case, now, due))


def _enough(case: Case, now: int) -> str:
    if case.result["symptom"] is not True:
        return f"vm.min_free_kbytes is {now} kB and no symptom came after it."
    told = "only a log that users of the host can write to tells of the symptom after it"
    return f"vm.min_free_kbytes is {now} kB, and {told}: that alone brings no further step."


def _reason(case: Case, now: int, due: int) -> str:
    number = f"Step {case.steps.index(due) + 1} of {len(case.steps)}: vm.min_free_kbytes from {now} to {due} kB"
    return f"{number}, {case.why.get('min_free_kbytes', 'since it was forced')}."


def _limits(case: Case) -> list[Limit]:
    return limits(case.host.facts, case.host.min_free_kbytes or 0, case.policy)


def limits(facts: Mapping[str, Any], now_kb: int, policy: Policy) -> list[Limit]:
    """Every limit, the tightest first; ``now_kb``: vm.min_free_kbytes as it is. Raises UnknownLimitError."""
    found = [
        _of_memory(total_memory_kb(facts), policy),
        _of_available(facts, now_kb, policy),
        _of_zones(facts, policy),
    ]
    return sorted(found, key=lambda limit: limit.most)


def _of_memory(total_kb: int, policy: Policy) -> Limit:
    kb = int(total_kb * policy.cap_percent // 100)
    return Limit(kb, f"{_number(policy.cap_percent)} % of the host's {total_kb} kB is {kb} kB")


def _of_available(facts: Mapping[str, Any], now_kb: int, policy: Policy) -> Limit:
    _zones, page_kb = _sharing_zones(facts)
    available, known = available_kb(facts["memory"], low_watermarks_kb(facts, page_kb))
    kb = now_kb + int(available * policy.available_percent // 100) * 2 // 3
    told = f"{_number(policy.available_percent)} % of the {available} kB {known}"
    return Limit(kb, f"at {kb} kB a rise, which costs one and a half times itself, would spend {told}")


def _of_zones(facts: Mapping[str, Any], policy: Policy) -> Limit:
    zones, page_kb = _sharing_zones(facts)
    total_kb = sum(size for _zone, size in zones) * page_kb
    kb = int(total_kb * policy.zone_percent // 100) * 2 // 3
    names = ", ".join(dict.fromkeys(f"{zone['zone']}" for zone, _size in zones))
    return Limit(
        kb,
        f"the zones that share it ({names}) hold {total_kb} kB, and their high watermarks, one and a half times the value, "
        f"would be {_number(policy.zone_percent)} % of that at {kb} kB",
    )


def _sharing_zones(facts: Mapping[str, Any]) -> tuple[Sequence[tuple[Mapping[str, Any], int]], int]:
    """([(zone, the pages it holds)], kB of a page) of the zones that vm.min_free_kbytes is shared out to."""
    size_bytes = facts.get("page_size_bytes")
    if not size_bytes:
        raise UnknownLimitError(f"the size of a page was not seen{why_not_seen(facts, 'page_size_bytes')}")
    zones = []
    for zone in facts.get("zones") or ():
        held = zone.get("managed_pages")
        held = zone.get("present_pages") if held is None else held
        if held is None:
            where = f"node {zone['node']}, zone {zone['zone']}"
            raise UnknownLimitError(f"what {where} holds was not seen{why_not_seen(facts, 'zones.watermarks')}")
        if zone["zone"] not in _WITHOUT_SHARE and held:
            zones.append((zone, held))
    if not zones:
        raise UnknownLimitError(f"the memory zones were not seen{why_not_seen(facts, 'zones')}")
    return zones, size_bytes // 1024


def _number(value: float) -> str:
    return f"{value:g}"


def _usual(policy: Policy) -> int:
    return policy.steps_kb[0]


REMEDY = Remedy(
    name="min_free_kbytes", unit=" kB", action="raise_min_free_kbytes", joined=max, usual=_usual, choose=_choose, limits=_limits
)
