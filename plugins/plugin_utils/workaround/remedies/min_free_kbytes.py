# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm.min_free_kbytes: free memory that the kernel reserves for requests that cannot wait, in kB. It is the value of the workaround's steps.

Too large a value starves the host. Its limits are the host's memory, the available memory, and its zones. The kernel divides the value
among the zones by their size (mm/page_alloc.c, __setup_per_zone_wmarks), except HighMem and, in newer kernels, Movable. Each zone's low
watermark is a quarter of its share above the min one, and the high one is another quarter above that. kswapd frees memory up to the high
watermarks. So an increase of D kB reserves 1.5 D kB.
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

#: Zones that get no share of vm.min_free_kbytes. Older kernels include Movable; without it the limit is lower.
_WITHOUT_SHARE = ("HighMem", "Movable", "Device")


def _choose(case: Case) -> Wish:
    """The next step, if one is due."""
    now = case.host.min_free_kbytes or 0
    due = next((step for step in case.steps if step > now), None)
    if case.standing and not case.symptom:
        return Wish(None, _enough(case, now))
    if case.standing and case.settling:
        return Wish(None, f"The last step is less than {case.policy.settle_seconds} s old: it needs time to help.")
    if not case.steps:
        return Wish(None, f"vm.min_free_kbytes stays at {now} kB.")
    if due is None:
        return Wish(None, f"vm.min_free_kbytes is {now} kB, and no larger step is allowed.")
    return Wish(due, _reason(case, now, due))


def _enough(case: Case, now: int) -> str:
    if case.result["symptom"] is not True:
        return f"vm.min_free_kbytes is {now} kB and no symptom came after it."
    told = "only a log that users of the host can write to shows the symptom after it"
    return f"vm.min_free_kbytes is {now} kB, and {told}: that is not enough for another step."


def _reason(case: Case, now: int, due: int) -> str:
    number = f"Step {case.steps.index(due) + 1} of {len(case.steps)}: vm.min_free_kbytes from {now} to {due} kB"
    return f"{number}, {case.why.get('min_free_kbytes', 'because force is set')}."


def _limits(case: Case) -> list[Limit]:
    return limits(case.host.facts, case.host.min_free_kbytes or 0, case.policy)


def limits(facts: Mapping[str, Any], now_kb: int, policy: Policy) -> list[Limit]:
    """Every limit, the lowest first; ``now_kb``: the present vm.min_free_kbytes. Raises UnknownLimitError."""
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
    return Limit(kb, f"an increase to {kb} kB costs one and a half times the difference, which is {told}")


def _of_zones(facts: Mapping[str, Any], policy: Policy) -> Limit:
    zones, page_kb = _sharing_zones(facts)
    total_kb = sum(size for _zone, size in zones) * page_kb
    kb = int(total_kb * policy.zone_percent // 100) * 2 // 3
    names = ", ".join(dict.fromkeys(f"{zone['zone']}" for zone, _size in zones))
    return Limit(
        kb,
        f"the zones that share it ({names}) hold {total_kb} kB; at {kb} kB their high watermarks, one and a half times the value, "
        f"would be {_number(policy.zone_percent)} % of that",
    )


def _sharing_zones(facts: Mapping[str, Any]) -> tuple[Sequence[tuple[Mapping[str, Any], int]], int]:
    """([(zone, the pages it holds)], kB of a page) of the zones that get a share of vm.min_free_kbytes."""
    size_bytes = facts.get("page_size_bytes")
    if not size_bytes:
        raise UnknownLimitError(f"the page size is not known{why_not_seen(facts, 'page_size_bytes')}")
    zones = []
    for zone in facts.get("zones") or ():
        held = zone.get("managed_pages")
        held = zone.get("present_pages") if held is None else held
        if held is None:
            where = f"node {zone['node']}, zone {zone['zone']}"
            raise UnknownLimitError(f"the size of {where} is not known{why_not_seen(facts, 'zones.watermarks')}")
        if zone["zone"] not in _WITHOUT_SHARE and held:
            zones.append((zone, held))
    if not zones:
        raise UnknownLimitError(f"the memory zones are not known{why_not_seen(facts, 'zones')}")
    return zones, size_bytes // 1024


def _number(value: float) -> str:
    return f"{value:g}"


def _usual(policy: Policy) -> int:
    return policy.steps_kb[0]


REMEDY = Remedy(
    name="min_free_kbytes", unit=" kB", action="raise_min_free_kbytes", joined=max, usual=_usual, choose=_choose, limits=_limits
)
