# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the symptom there: failures logged since boot, or no block left for the next request?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.advisory import Thresholds
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.host import Failures, Host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.wording import clip, listed, requests


class Finding(NamedTuple):
    """What was seen (``reasons``) and not seen (``unseen``, sentences; ``missing``, data); ``present``: it is there."""

    present: bool
    reasons: tuple[str, ...]
    unseen: tuple[str, ...]
    missing: tuple[str, ...]


def symptom(host: Host, headroom: Mapping[str, Any] | None, why_unknown: str | None, limits: Thresholds) -> Finding:
    """The finding for one host under one set of thresholds; ``why_unknown`` tells why ``headroom`` is None."""
    log, left = _log(host, limits), _left(host, headroom, why_unknown, limits)
    # what is there comes before what is not: the first reason is the one a report's table shows
    first, then = (left, log) if left.present and not log.present else (log, left)
    return Finding(
        log.present or left.present,
        first.reasons + then.reasons,
        first.unseen + then.unseen,
        first.missing + then.missing,
    )


def _present(reason: str) -> Finding:
    return Finding(True, (reason,), (), ())


def _seen(*reasons: str) -> Finding:
    return Finding(False, reasons, (), ())


def _unseen(reason: str, missing: str) -> Finding:
    return Finding(False, (), (reason,), (missing,))


def _left(host: Host, headroom: Mapping[str, Any] | None, why_unknown: str | None, limits: Thresholds) -> Finding:
    order, wanted = limits.order, requests(limits.order, host.page_size_bytes)
    granted, most = (headroom["atomic"], headroom["atomic_at_most"]) if headroom else ([], [])
    if order >= len(granted):
        why = f" ({clip(why_unknown, 160)})" if why_unknown else host.why("zones")
        return _unseen(f"/proc/buddyinfo: whether an {wanted} would be granted is not known{why}", "zones")
    if granted[order] >= limits.headroom_below:
        return _seen(f"/proc/buddyinfo: {granted[order]} times in a row an {wanted} would be granted")
    if headroom and most[order] >= limits.headroom_below:
        return _between(headroom, order, wanted)
    if most[order] < 1:
        return _present(f"/proc/buddyinfo: an {wanted} would be refused in every zone")
    return _present(f"/proc/buddyinfo: only {most[order]} times in a row an {wanted} would be granted, fewer than {limits.headroom_below}")


def _between(headroom: Mapping[str, Any], order: int, wanted: str) -> Finding:
    """Too few by the lower bound and enough by the upper one."""
    bounds = f"{headroom['atomic'][order]} to {headroom['atomic_at_most'][order]}"
    told = f"/proc/buddyinfo: {bounds} times in a row an {wanted} would be granted"
    if len(headroom["rules"]) > 1:
        return _unseen(f"{told}, since this kernel has one of the watermark rules {' and '.join(headroom['rules'])}", "zones")
    return _unseen(
        f"{told}, since CMA's free blocks cannot be told from the others without /proc/pagetypeinfo", "pagetypes (audit_pagetypeinfo: true)"
    )


def _log(host: Host, limits: Thresholds) -> Finding:
    found = host.failures
    if found is None:
        return _unseen(f"kernel log: none could be read{host.why('failures')}", "failures")
    source = clip(found.source, 40)
    seen, since = _that_count(host, found)
    counted = {
        order: count for order, count in seen.by_order.items() if count and (order <= limits.failures_up_to_order or order == limits.order)
    }
    total = sum(counted.values())
    if total >= limits.failures_at_least:
        return _present(f"kernel log ({source}): {_told(counted, limits)} since {since}{_last(found)}")
    untold = seen.count - sum(seen.by_order.values())
    if untold > 0:
        return _unseen(f"kernel log ({source}): {untold} failures whose order is not known", "failures.by_order")
    quiet = f"kernel log ({source}): {_told(counted, limits)} since {since}"
    if seen.boot_seen:
        return _seen(quiet)
    return _seen(f"{quiet}, but it does not reach back to boot: their absence proves nothing")


def _that_count(host: Host, found: Failures) -> tuple[Failures, str]:
    """(the failures that count, since what): while the workaround holds, those before it are what it was applied for."""
    if not host.workaround_holds or found.since_workaround is None:
        return found, "boot"
    count, by_order = found.since_workaround
    before = found.count - count
    told = f" ({before} before it)" if before > 0 else ""
    step = f"step {host.record.step} of " if host.record else ""
    return replace(found, count=count, by_order=by_order, boot_seen=True), f"{step}the workaround{told}"


def _told(counted: Mapping[int, int], limits: Thresholds) -> str:
    total = sum(counted.values())
    if total == 0:
        own = f" or of order {limits.order}" if limits.order > limits.failures_up_to_order else ""
        return f"no page allocation failures of order {limits.failures_up_to_order} or less{own}"
    if len(counted) == 1:
        order = next(iter(counted))
        return f"{total} order-{order} page allocation {'failure' if total == 1 else 'failures'}"
    parts = ", ".join(f"order {order}: {counted[order]}" for order in sorted(counted))
    return f"{total} page allocation failures ({parts})"


def _last(found: Failures) -> str:
    last = found.last
    if not last:
        return ""
    process, at, drivers = last.get("process"), last.get("at"), last.get("drivers")
    told = f", the last by {clip(process, 40) if process and isinstance(process, str) else 'an unnamed process'}"
    if at and isinstance(at, str):
        told += f" at {clip(at, 40)}"
    if isinstance(drivers, (list, tuple)) and drivers:
        told += f", {listed(name for name in drivers if isinstance(name, str))} in its trace"
    return told
