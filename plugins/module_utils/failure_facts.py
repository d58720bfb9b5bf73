# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All logs of a host -> the facts ``failures``: each failure once, in however many logs it stands."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import Counter

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import CRASH_LOG, LogContext, read_log
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import Clock
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_union import seconds_of, union_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.memory_report import OF_VMALLOC, OTHER, PAGES

#: More processes, drivers or groups than this are added up as "other", or as a group without drivers.
MAX_NAMES = 50
#: How many drivers of one trace a group names.
_MAX_DRIVERS = 8
#: CPUs that fail for the same want of pages do so within this, and are no more than so many.
_AT_ONCE_SECONDS = 0.01
_MAX_AT_ONCE = 16


def failures_of(logs, context, crash_text=None):
    """The facts of ``logs``, [(name, text)] of at least one, the most trusted first.

    Logs behind a trusted one that reaches back to the boot are not looked at. ``crash_text``: the log of the kernel that crashed last.
    """
    used = _needed(logs, context)
    events = union_of([log.events for log in used])
    pages = [event for event in events if event.kind == PAGES]
    dropped = max(log.dropped for log in used)
    first = next((log for log in used if log.events or log.dropped or log.boot_seen), used[0])
    return {
        "count": len(pages) + dropped,
        "by_order": _by_order(pages),
        "by_process": _most_frequent(Counter(event.process for event in pages)),
        "by_driver": _most_frequent(Counter(driver for event in pages for driver in event.drivers)),
        "groups": _groups(pages),
        "since_workaround": _since_workaround(used, pages, dropped, context),
        "suppressed": max(log.suppressed for log in used),
        "untrusted": sum(not event.trusted for event in pages) + _dropped_untrusted(used, dropped),
        "others": _others([event for event in events if event.kind not in (PAGES, OF_VMALLOC, OTHER)]),
        "source": first.name,
        "sources": [log.name for log in used],
        "last": _last(_telling(pages)) if pages else None,
        "last_crash": _last_crash(crash_text, context),
        "mem_info": next((log.mem_info for log in used if log.mem_info), None),
        "boot_seen": any(log.boot_seen for log in used),
    }


def _needed(logs, context):
    """The logs as far as they are needed."""
    used = []
    for name, text in logs:
        used.append(read_log(text, name, context))
        if used[-1].trusted and used[-1].boot_seen:
            break
    return used


def _dropped_untrusted(used, dropped):
    return dropped - max([log.dropped for log in used if log.trusted] or [0])


def _by_order(pages):
    return dict(Counter(str(event.order) for event in pages))


#: What of a failure decides whether it counts.
_SHAPE = ("order", "atomic", "drivers", "trace_read", "trusted")


def _groups(pages):
    """The failures that are alike in what decides whether they count, with the last of each."""
    shapes = [_shape(event) for event in pages]
    frequent = Counter(shapes).most_common(MAX_NAMES)
    kept = set(shape for shape, _count in frequent)
    groups = {}
    for shape, event in zip(shapes, pages):
        if shape not in kept:
            shape = event.order, event.atomic, (), False, event.trusted
        group = groups.setdefault(
            shape, dict(zip(_SHAPE, shape), drivers=list(shape[2]), drivers_beside=[], functions=[], count=0, last=None)
        )
        group["count"] += 1
        beside = sorted(set(group["drivers_beside"] + event.beside))
        group["drivers_beside"] = beside[:MAX_NAMES]
        group["functions"] += [name for name in event.functions if name not in group["functions"]][: MAX_NAMES - len(group["functions"])]
        group["trace_read"] = group["trace_read"] and len(beside) <= MAX_NAMES
        group["last"] = {"process": event.process, "at": event.moment.at}
    return [groups[shape] for shape in sorted(groups, key=repr)]


def _shape(event):
    trace_read = event.trace_read and len(event.drivers) <= _MAX_DRIVERS
    return event.order, event.atomic, tuple(event.drivers[:_MAX_DRIVERS]), trace_read, event.trusted


def _since_workaround(used, pages, dropped, context):
    """{count, by_order, groups} of the failures after the workaround came into force; None where that cannot be told of each."""
    if not any(log.mark_seen for log in used) and context.since_epoch_seconds is None:
        return None
    if any(event.after_workaround is None for event in pages):
        return None
    later = [event for event in pages if event.after_workaround]
    # those that were not kept are the oldest: they came before where one that was kept did
    untold = dropped if len(later) == len(pages) else 0
    return {"count": len(later) + untold, "by_order": _by_order(later), "groups": _groups(later)}


def _others(events):
    """What else the kernel reported of memory, by kind."""
    found = {}
    for event in events:
        key = (event.kind, event.atomic, event.limited, event.trusted)
        entry = found.setdefault(
            key,
            dict(
                kind=event.kind, atomic=event.atomic, limited=event.limited, trusted=event.trusted, count=0, since_workaround=0, last=None
            ),
        )
        entry["count"] += 1
        if event.after_workaround is None or entry["since_workaround"] is None:
            entry["since_workaround"] = None
        else:
            entry["since_workaround"] += event.after_workaround
        entry["last"] = {"process": event.process, "what": event.what, "order": event.order, "at": event.moment.at}
    return [found[key] for key in sorted(found, key=repr)]


def _telling(pages):
    """The last failure; of several CPUs that failed at once, where it has no driver in its trace, the last one that has."""
    last = pages[-1]
    if last.drivers or not last.moment.uptime:
        return last
    since = seconds_of(last.moment.uptime) - _AT_ONCE_SECONDS
    for event in reversed(pages[-_MAX_AT_ONCE:]):
        if event.drivers and event.order == last.order and event.moment.uptime and seconds_of(event.moment.uptime) > since:
            return event
    return last


def _last(event):
    return {
        "order": event.order,
        "mode": event.mode,
        "mode_flags": event.flags,
        "atomic": event.atomic,
        "process": event.process,
        "at": event.moment.at,
        "kernel": event.kernel,
        "drivers": event.drivers,
    }


def _last_crash(text, context):
    if text is None:
        return None
    log = read_log(text, CRASH_LOG, LogContext(Clock(), nic_drivers=context.nic_drivers))
    pages = [event for event in log.events if event.kind == PAGES]
    return {"count": len(pages) + log.dropped, "by_order": _by_order(pages), "last": _last(pages[-1]) if pages else None}


def _most_frequent(counts):
    """Whatever a hostile log names, no more than MAX_NAMES of it, and the sum of the rest."""
    if len(counts) <= MAX_NAMES:
        return dict(counts)
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    kept = dict((name, counts[name]) for name in ranked[:MAX_NAMES])
    kept["other"] = kept.get("other", 0) + sum(counts[name] for name in ranked[MAX_NAMES:])
    return kept
