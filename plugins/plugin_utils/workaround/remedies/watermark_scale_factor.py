# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm.watermark_scale_factor: the distance of a zone's watermarks, in ten-thousandths of the zone. The kernel's default is 10.

kswapd wakes at the low watermark and frees up to the high one. With a larger factor both are higher, so it wakes earlier and frees more.
The reserve for requests that cannot wait stays the same (mm/page_alloc.c, __setup_per_zone_wmarks, since Linux 4.6). The high watermark is
the min one plus twice this share of the zone. If a quarter of the min one is more, the kernel uses that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.limits import (
    Limit,
    available_kb,
    low_watermarks_kb,
    total_memory_kb,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.remedy import Case, advised_for, newer_remedy

_NAME = "watermark_scale_factor"
_WHOLE = 10_000


def _limits(case: Case) -> list[Limit]:
    """Only for a host that has the setting and needs it: other hosts do not need known memory."""
    now = case.host.settings[_NAME]
    if now is None or _NAME not in (case.asked or {}):
        return []
    ceiling = cause_limits()["reserve_too_small"]["scale_ceiling"]
    found = [Limit(ceiling, f"{ceiling} is the largest value that is tried"), _of_memory(case), _of_available(case.host.facts, now, case)]
    return sorted(found, key=lambda limit: limit.most)


def _of_memory(case: Case) -> Limit:
    total_kb, percent = total_memory_kb(case.host.facts), case.policy.zone_percent
    reserve_kb = case.host.min_free_kbytes or 0
    most = max(0, int(total_kb * percent // 100) - reserve_kb) * _WHOLE // (2 * total_kb)
    return Limit(
        most,
        f"at {most} the high watermarks, {reserve_kb} kB and twice {most} ten-thousandths of memory, would be {percent:g} % of the host's "
        f"{total_kb} kB",
    )


def _of_available(facts: Mapping[str, Any], now: int, case: Case) -> Limit:
    total_kb, percent = total_memory_kb(facts), case.policy.available_percent
    available, known = available_kb(facts["memory"], low_watermarks_kb(facts, (case.host.page_size_bytes or 4096) // 1024))
    most = now + int(available * percent // 100) * _WHOLE // (2 * total_kb)
    return Limit(most, f"at {most} the increase of the high watermarks would cost {percent:g} % of the {available} kB {known}")


REMEDY = newer_remedy(
    _NAME, since="Linux 4.6", usual=advised_for("reserve_too_small", "scale_target"), limits=_limits, unit=" ten-thousandths"
)
