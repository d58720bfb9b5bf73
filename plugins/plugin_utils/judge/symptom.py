# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the symptom there: failures logged since boot, or no block left for the next request?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import epoch_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Thresholds, on_pages_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.criteria import hidden_cards
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import FailureGroup, Failures, Host, MemoryTrouble
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.memory_trouble import by_whom, is_denied, told_of, trouble_named
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.whose_failures import is_of_another, is_symptom, may_be_own
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed, requests

#: The largest number of sentences on failures that may be the symptom or not.
_MAX_DOUBTS = 3


class Symptom(NamedTuple):
    """What is known (``reasons``) and not known (``unseen``, sentences; ``missing``, data). ``present``: the symptom is there.
    ``trusted``: not only a log that users of the host can write to shows it. ``set_aside``: the log has failures of another driver."""

    present: bool
    reasons: tuple[str, ...]
    unseen: tuple[str, ...]
    missing: tuple[str, ...]
    trusted: bool = True
    set_aside: bool = False


def symptom(host: Host, headroom: Mapping[str, Any] | None, why_unknown: str | None, limits: Thresholds) -> Symptom:
    """The finding for one host under one set of thresholds; ``why_unknown`` says why ``headroom`` is None."""
    limits = on_pages_of(host.page_size_bytes, limits)
    log, left = _log(host, limits), _left(host, headroom, why_unknown, limits)
    # the symptom comes first, because the table of a report shows the first reason
    first, then = (left, log) if left.present and not log.present else (log, left)
    return Symptom(
        log.present or left.present,
        first.reasons + then.reasons,
        first.unseen + then.unseen,
        first.missing + then.missing,
        left.present or log.trusted,
        log.set_aside,
    )


def _present(reason: str) -> Symptom:
    return Symptom(True, (reason,), (), ())


def _seen(*reasons: str) -> Symptom:
    return Symptom(False, reasons, (), ())


def _unseen(reason: str, missing: str) -> Symptom:
    return Symptom(False, (), (reason,), (missing,))


def _left(host: Host, headroom: Mapping[str, Any] | None, why_unknown: str | None, limits: Thresholds) -> Symptom:
    if limits.by_trace:
        return _seen()
    order, wanted = limits.order, requests(limits.order, host.page_size_bytes)
    granted, most = (headroom["atomic"], headroom["atomic_at_most"]) if headroom else ([], [])
    if order >= len(granted):
        why = f" ({clip(why_unknown, 160)})" if why_unknown else host.why("zones")
        return _unseen(f"/proc/buddyinfo: it is not known whether the kernel would grant an {wanted}{why}", "zones")
    if granted[order] >= limits.headroom_below:
        return _seen(f"/proc/buddyinfo: the kernel would grant an {wanted} {granted[order]} times in a row")
    if headroom and most[order] >= limits.headroom_below:
        return _between(headroom, order, wanted)
    if most[order] < 1:
        return _present(f"/proc/buddyinfo: the kernel would refuse an {wanted} in every zone")
    few = f"only {most[order]} times in a row, fewer than {limits.headroom_below}"
    return _present(f"/proc/buddyinfo: the kernel would grant an {wanted} {few}")


def _between(headroom: Mapping[str, Any], order: int, wanted: str) -> Symptom:
    """Too few by the lower bound and enough by the upper one."""
    bounds = f"{headroom['atomic'][order]} to {headroom['atomic_at_most'][order]}"
    told = f"/proc/buddyinfo: the kernel would grant an {wanted} {bounds} times in a row"
    if len(headroom["rules"]) > 1:
        return _unseen(f"{told}, because this kernel uses one of the watermark rules {' and '.join(headroom['rules'])}", "zones")
    return _unseen(f"{told}, because only /proc/pagetypeinfo tells which free blocks belong to CMA", "pagetypes (audit_pagetypeinfo: true)")


def _log(host: Host, limits: Thresholds) -> Symptom:
    found = host.failures
    if found is None:
        return _unseen(f"kernel log: it could not be read{host.why('failures')}", "failures")
    seen, since = _seen_that_count(host, found)
    log, nic_drivers = f"kernel log ({listed(seen.sources, 5)})", nic_drivers_of(host)
    if limits.report:
        return _reported(seen, limits, since, log)
    if limits.by_trace:
        seen = replace(seen, groups=tuple(group for group in seen.groups if may_be_own(group, limits)), others=())
    theirs = [group for group in seen.groups if is_of_another(group, limits, nic_drivers)]
    own = replace(seen, groups=tuple(group for group in seen.groups if group not in theirs))
    log_of_own = _log_of(own, host, limits, nic_drivers, since, log)
    if not theirs:
        return log_of_own
    return log_of_own._replace(reasons=(*log_of_own.reasons, *_set_aside(log, theirs, limits, since)), set_aside=True)


def _reported(seen: Failures, limits: Thresholds, since: str, log: str) -> Symptom:
    """For an advisory whose symptom is a report of another kind."""
    found = [other for other in seen.others if other.kind == limits.report and other.count]
    told = tuple(f"{log}: {told_of(other)}" for other in found)
    if sum(other.count for other in found) >= limits.failures_at_least:
        return Symptom(True, told, (), (), sum(other.count for other in found if other.trusted) >= limits.failures_at_least)
    none = f"{log}: fewer than {limits.failures_at_least} such reports since {since}: {trouble_named(limits.report)}"
    if seen.boot_seen:
        return _seen(none, *told)
    return _seen(f"{none}, but the log does not reach back to boot, so there may have been some", *told)


def _set_aside(log: str, theirs: Sequence[FailureGroup], limits: Thresholds, since: str) -> tuple[str, ...]:
    names = listed(sorted({name for group in theirs for name in group.drivers}))
    whom = f"and not {limits.named}" if limits.drivers else "which is known to be harmless"
    return (f"{log}: also {_told(theirs, limits, since)} with {names} in the trace, {whom}",)


def _log_of(seen: Failures, host: Host, limits: Thresholds, nic_drivers: frozenset[str], since: str, log: str) -> Symptom:
    """What the log says about the symptom. ``seen``: the failures that count, ``since``: since what, ``log``: its name."""
    counted = [group for group in seen.groups if is_symptom(group, limits, nic_drivers)]
    rest = [group for group in seen.groups if group.count and group not in counted]
    doubts = [_doubt(host, group, nic_drivers) for group in rest]
    unsure = [f"{log}: {_told_of_group(group, since)}{doubt}" for group, doubt in zip(rest, doubts, strict=True) if doubt][:_MAX_DOUBTS]
    apart = [group for group, doubt in zip(rest, doubts, strict=True) if not doubt]
    denied = [other for other in seen.others if is_denied(other)]
    ranked = denied + [other for other in seen.others if other.count and other not in denied]
    others = tuple(f"{log}: {told_of(other)}" for other in ranked) + _apart(log, apart, since)
    total = sum(group.count for group in counted)
    if total >= limits.failures_at_least or denied:
        by_kernel = sum(group.count for group in counted if group.trusted)
        trusted = by_kernel >= limits.failures_at_least or any(other.trusted for other in denied)
        told = f"{log}: {_told(counted, limits, since)}{_last(counted, nic_drivers)}{_unprinted(seen)}{by_whom(by_kernel, total)}"
        reasons = (told, *others) if total >= limits.failures_at_least else (*others, told)
        return Symptom(True, (*reasons, *unsure), (), (), trusted)
    if limits.by_trace and not unsure:
        return _seen(f"{log}: no page allocation failure with {limits.named} in its trace since {since}", *others)
    untold = seen.count - sum(seen.by_order.values())
    if untold > 0:
        return Symptom(False, others, (f"{log}: {untold} failures of unknown order", *unsure), ("failures.by_order",))
    if unsure:
        return Symptom(False, others, tuple(unsure), ("failures.groups",))
    quiet = f"{log}: {_told(counted, limits, since)}{_unprinted(seen)}"
    if seen.boot_seen:
        return _seen(quiet, *others)
    return _seen(f"{quiet}, but the log does not reach back to boot, so there may have been some", *others)


def nic_drivers_of(host: Host) -> frozenset[str]:
    return frozenset(name for nic in host.nics or () if not nic.virtual for name in (nic.driver, nic.bus_driver) if name)


def failures_that_count(host: Host, thresholds: Sequence[Thresholds]) -> list[FailureGroup]:
    """The failures that are the symptom under any of these thresholds, for the pages of the host; none if no log could be read."""
    if host.failures is None:
        return []
    groups, nic_drivers = _seen_that_count(host, host.failures)[0].groups, nic_drivers_of(host)

    def counts(group: FailureGroup, limits: Thresholds) -> bool:
        return is_symptom(group, limits, nic_drivers) and not is_of_another(group, limits, nic_drivers)

    return [group for group in groups if any(counts(group, limits) for limits in thresholds)]


def others_that_count(host: Host) -> list[MemoryTrouble]:
    """Other reports of the kernel about memory that still count."""
    return [] if host.failures is None else [other for other in _seen_that_count(host, host.failures)[0].others if other.count]


def _seen_that_count(host: Host, found: Failures) -> tuple[Failures, str]:
    """(the failures that count, since what). While the workaround is in force, failures before it do not count."""
    if not host.workaround_holds or found.since_workaround is None:
        return found, "boot"
    count, by_order, groups = found.since_workaround
    before = found.count - count
    told = f" ({before} before it)" if before > 0 else ""
    step = f"step {host.record.step} of " if host.record else ""
    others = tuple(other if other.since_workaround is None else replace(other, count=other.since_workaround) for other in found.others)
    seen = replace(found, count=count, by_order=by_order, groups=groups, others=others, boot_seen=True)
    return seen, f"{step}the workaround{told}"


def _told(counted: Sequence[FailureGroup], limits: Thresholds, since: str) -> str:
    by_order: dict[int, int] = {}
    for group in counted:
        by_order[group.order] = by_order.get(group.order, 0) + group.count
    total = sum(by_order.values())
    if total == 0:
        own = f" or of order {limits.order}" if limits.order > limits.failures_up_to_order else ""
        return f"no page allocation failures of order {limits.failures_up_to_order} or less{own} since {since}"
    if len(by_order) == 1:
        order = next(iter(by_order))
        return f"{total} order-{order} page allocation {'failure' if total == 1 else 'failures'} since {since}"
    parts = ", ".join(f"order {order}: {by_order[order]}" for order in sorted(by_order))
    return f"{total} page allocation failures ({parts}) since {since}"


def _last(counted: Sequence[FailureGroup], nic_drivers: frozenset[str]) -> str:
    """The best example of these failures: one that a NIC's driver explains, then one of a low order, then the last."""
    if not counted:
        return ""
    lowest = min(group.order for group in counted)

    def rank(group: FailureGroup) -> tuple[bool, bool, int, bool, bool]:
        by_nic, at = not nic_drivers.isdisjoint(group.drivers), epoch_of(group.at) or 0
        return by_nic, group.order == lowest, at, bool(group.drivers), bool(group.process)

    last = max(counted, key=rank)
    if last.process is None and last.at is None and not last.drivers:
        return ""
    of_order = "" if all(group.order == last.order for group in counted) else f" of order {last.order}"
    told = f", the last{of_order} by {clip(last.process, 40) if last.process else 'an unknown process'}"
    if last.at:
        told += f" at {clip(last.at, 40)}"
    if last.drivers:
        told += f", {listed(last.drivers)} in its trace"
    return told


def _unprinted(seen: Failures) -> str:
    return f", and the kernel did not print {seen.suppressed} more messages" if seen.suppressed else ""


def _apart(log: str, apart: Sequence[FailureGroup], since: str) -> tuple[str, ...]:
    """A sentence on the failures that are not the symptom."""
    if not apart:
        return ()
    total, orders = sum(group.count for group in apart), sorted({group.order for group in apart})
    orders_told = f"order {orders[0]}" if len(orders) == 1 else f"orders {orders[0]} to {orders[-1]}"
    return (
        f"{log}: {total} page allocation {'failure' if total == 1 else 'failures'} of {orders_told} since {since}; "
        "no NIC explains them: the request could wait, and no NIC driver is in its trace" + _last(apart, frozenset()),
    )


def _told_of_group(group: FailureGroup, since: str) -> str:
    return f"{group.count} page allocation {'failure' if group.count == 1 else 'failures'} of order {group.order} since {since}"


def _doubt(host: Host, group: FailureGroup, nic_drivers: frozenset[str]) -> str:
    """The end of a sentence: why failures of a high order may be the symptom or not. Empty if they are not."""
    beside = [name for name in group.drivers_beside if name in nic_drivers]
    if beside:
        return f", printed at the same time as a trace with {listed(beside)}; the log does not tell whether that trace belongs to them"
    if group.atomic is None:
        return "; their mode could not be read, so it is not known whether the request could wait"
    if not group.trace_read:
        return "; the log lacks all or part of their trace, so it is not known whether a NIC driver asked"
    if _unseen_cards(host):
        return f"; it is not known whether a NIC driver of this host asked, because {_unseen_cards(host)}"
    return ""


def _unseen_cards(host: Host) -> str | None:
    """Why some drivers of the host's NICs are not known; None if all are."""
    if host.nics is None:
        return f"the network interfaces are not known{host.why('nics')}"
    unseen = [nic.name for nic in host.nics if not nic.virtual and nic.driver is None]
    if unseen:
        return f"the driver of {listed(unseen, 3)} is not known{host.why(f'nics.{unseen[0]}.driver', 'nics.driver')}"
    return hidden_cards(host)
