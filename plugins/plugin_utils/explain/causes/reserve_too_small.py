# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reserve_too_small: bursts are faster than kswapd. Requests fail although memory could be reclaimed, and minutes later there is
headroom."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import (
    LIKELY,
    POSSIBLE,
    Cause,
    Evidenced,
    action,
    available_told,
    kb_told,
    useless,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.one_zone_or_node import is_elsewhere
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.deep_figures import Rings, rings_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation, ZonesAt
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip


def _find(situation: Situation) -> Evidenced | None:
    limits, now, then = cause_limits()["reserve_too_small"], situation.now, situation.then
    if now is None or not situation.has_room(limits["high_watermarks"], limits["available_percent"]) or _is_too_large(situation):
        return None
    if not situation.failures:
        # nothing failed yet: free memory is down to the reserve, and the reserve has no such block
        return _finding(situation, POSSIBLE, now) if _is_near(now, limits) else None
    if then is None:
        return _finding(situation, POSSIBLE, now) if now.granted(situation.order) else None
    if situation.had_room(limits["high_watermarks"], limits["available_percent"]) is False:
        return None  # a larger reserve would have taken what was short
    return _finding(situation, LIKELY, then) if _is_near(then, limits) and not is_elsewhere(situation) else None


def _is_too_large(situation: Situation) -> bool:
    """Whether all requests were too large for any reserve."""
    orders = situation.failed_orders
    return bool(orders) and orders[0] >= cause_limits()["request_too_large"]["order"]


def _is_near(moment: ZonesAt, limits: dict[str, int]) -> bool:
    return (moment.free_kb - moment.free_cma_kb) * 100 <= moment.high_kb * limits["near_percent"]


def _finding(situation: Situation, certainty: str, moment: ZonesAt) -> Evidenced:
    available = situation.available_kb or 0
    reasons = [
        f"{moment.when}: {kb_told(moment.free_kb)} was free, the high watermarks reserve {kb_told(moment.high_kb)}",
        available_told(situation),
    ]
    figures: dict[str, float] = {"free_kb": moment.free_kb, "high_watermarks_kb": moment.high_kb, "available_kb": available}
    if situation.host.min_free_kbytes is not None:
        reasons.append(f"vm.min_free_kbytes is {situation.host.min_free_kbytes} kB")
        figures["min_free_kbytes"] = situation.host.min_free_kbytes
    rings = rings_of(situation.facts)
    if rings:
        figures["rings_kb"] = sum(one.kb for one in rings)
        reasons.append(_told_of_rings(rings))
    hit = (situation.facts.get("vmstat") or {}).get("kswapd_low_wmark_hit_quickly")
    if hit:
        reasons.append(f"/proc/vmstat: memory was low again {hit} times soon after kswapd went to sleep")
    return Evidenced(certainty, tuple(reasons), figures)


def _told_of_rings(rings: list[Rings]) -> str:
    """How much the NICs ask for if they take all their buffers at once."""
    most = rings[0]
    channels = "an unknown number of channels" if most.channels is None else count_of(most.channels, "channel")
    least = "at least " if any(one.channels is None for one in rings) else ""
    return (
        f"the NICs' receive rings hold {least}{kb_told(sum(one.kb for one in rings))}: {clip(most.nic, 20)} has {most.ring} buffers of "
        f"{most.buffer_bytes // 1024} kB in a ring, and {channels}"
    )


def _advice(situation: Situation) -> list[Action]:
    limits, now = cause_limits()["reserve_too_small"], situation.host.min_free_kbytes
    ceiling, advice, goals = _ceiling_kb(situation), [], _goals(situation)
    if "watermark_scale_factor" in goals:
        scale, goal = situation.host.settings["watermark_scale_factor"], goals["watermark_scale_factor"]
        advice.append(
            action(
                "set_watermark_scale_factor",
                f"Set vm.watermark_scale_factor to {goal} ({scale} now, no more than {limits['scale_ceiling']}): "
                "kswapd starts earlier, and no memory is reserved",
            )
        )
    if "min_free_kbytes" in goals:
        goal, was, percent = goals["min_free_kbytes"], "" if now is None else f" from {now}", limits["ceiling_percent"]
        told = f"Raise vm.min_free_kbytes{was} to {goal} kB, and never above {ceiling} kB ({percent} % of memory)"
        advice.append(action("raise_min_free_kbytes", told))
    return advice or [
        action(
            "shrink_bursts",
            f"vm.min_free_kbytes is at its maximum of {ceiling} kB: make the NICs' rings smaller (ethtool -G), or the bursts",
        )
    ]


def _settings(situation: Situation) -> dict[str, int]:
    """One at a time."""
    return dict(list(_goals(situation).items())[:1])


def _goals(situation: Situation) -> dict[str, int]:
    """The milder setting first, because it reserves no memory. Measurements (docs/remedies.md) show that its first value may not help, and
    its maximum does."""
    limits, now = cause_limits()["reserve_too_small"], situation.host.min_free_kbytes
    scale, goals = situation.host.settings["watermark_scale_factor"], {}
    larger = [limits[name] for name in ("scale_target", "scale_ceiling") if scale is not None and scale < limits[name]]
    if larger:
        goals["watermark_scale_factor"] = larger[0]
    goal = min(_ceiling_kb(situation), max(2 * (now or 0), situation.total_kb * limits["target_percent"] // 100))
    return goals if now is not None and now >= goal else {**goals, "min_free_kbytes": goal}


def _ceiling_kb(situation: Situation) -> int:
    return int(situation.total_kb * cause_limits()["reserve_too_small"]["ceiling_percent"] // 100)


def _unhelpful(situation: Situation) -> list[Unhelpful]:
    return [
        useless("drop_caches", "Dropping caches helps only for minutes: the page cache grows again, and the reserve is as small as before")
    ]


CAUSE = Cause("reserve_too_small", _find, _advice, _unhelpful, settings=_settings)
