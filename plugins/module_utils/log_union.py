# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failures of several logs of one host, each once."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import Counter

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.memory_report import OF_VMALLOC, PAGES

#: How many reports of another log one is compared with at most, to see whether it is the same.
_MAX_COMPARED = 256
#: The clocks of all zones differ from UTC by a number of these.
_QUARTER_SECONDS = 900


def union_of(logs):
    """The Events of all logs, [[Event]], in the order of time as far as it is known. Those of the first log come last where it is not."""
    events = list(logs[0])
    for more in logs[1:]:
        extra = _only_in(more, events)
        if all(event.moment.epoch_seconds is not None for event in extra + events):
            events = sorted(extra + events, key=lambda event: event.moment.epoch_seconds)
        else:
            events = extra + events
    return events


def _only_in(events, known):
    """Those of ``events`` that are not among ``known``. What one log says more of an event than the other is taken over.

    A log loses its oldest lines, so both are gone through from their ends; those that are alike in all find each other first.
    """
    unmatched = {}
    for event in reversed(known):
        unmatched.setdefault(_kind_of(event), []).append(event)
    zone = _zone_of(events, unmatched)
    left = list(reversed(events))
    for alike, quarters in ((_is_alike, zone), (_is_same, zone), (_is_same, None), (_is_guessed_otherwise, zone)):
        left = [event for event in left if not _is_matched(event, unmatched.get(_kind_of(event), []), alike, quarters)]
    return left[::-1]


def _kind_of(event):
    return PAGES if event.kind == OF_VMALLOC else event.kind, event.order


def _is_matched(event, candidates, alike, quarters):
    """Whether the event is one of the ``candidates``, which then is none any more."""
    near = []
    for place, other in enumerate(candidates[:_MAX_COMPARED]):
        apart = _apart(event.moment, other.moment, quarters) if alike(event, other) else None
        if apart is not None:
            near.append((apart, place))
    if near:
        _complete(candidates.pop(min(near)[1]), event)
    return bool(near)


def _is_alike(event, other):
    return event.kind == other.kind and event.drivers == other.drivers and _is_same(event, other)


def _is_same(event, other):
    """Whether the two may be one, but for their times. Without the kernel's stamps the modules of their traces tell them apart, unless
    the same dump follows: where one log has lost lines, the traces of CPUs that failed at once may be told otherwise from what is left."""
    if not _agree(event.process, other.process) or not _agree(event.mode, other.mode):
        return False
    if (event.moment.uptime and other.moment.uptime) or _has_same_behind(event, other):
        return True
    ours, theirs = set(event.drivers), set(other.drivers)
    return ours <= theirs or theirs <= ours


def _agree(ours, theirs):
    return not (ours and theirs) or ours == theirs


def _has_same_behind(event, other):
    return bool(event.behind) and event.behind == other.behind


def _is_guessed_otherwise(event, other):
    """Whether the two may be one though their processes differ: a line without a name took the first dump behind it that nobody else
    waited for, which is another's where the log lost that one's line."""
    return not (event.named and other.named) and _agree(event.mode, other.mode) and _has_same_behind(event, other)


def _apart(ours, theirs, quarters):
    """How many seconds two moments lie apart, None where that is too much for one. ``quarters``: by how many quarters of an hour the
    host's clock is ahead of UTC, None where any number will do."""
    if ours.uptime and theirs.uptime:
        apart = abs(seconds_of(ours.uptime) - seconds_of(theirs.uptime))
        return apart if apart < 0.011 else None  # some cut the stamp to two digits
    if ours.epoch_seconds is None or theirs.epoch_seconds is None:
        return 0
    apart, slack = ours.epoch_seconds - theirs.epoch_seconds, ours.slack_seconds + theirs.slack_seconds
    if ours.is_local and theirs.is_local:  # of one zone
        slack = 2
    elif ours.is_local or theirs.is_local:
        found = _quarters(ours, theirs)
        if abs(apart) > slack or quarters not in (None, found):
            return None
        apart, slack = (apart if ours.is_local else -apart) - _QUARTER_SECONDS * found, 150
    return abs(apart) if abs(apart) <= slack else None


def _quarters(ours, theirs):
    ahead = ours.epoch_seconds - theirs.epoch_seconds
    return int(round((ahead if ours.is_local else -ahead) / float(_QUARTER_SECONDS)))


def _zone_of(events, unmatched):
    """The zone, in quarters of an hour, in which most events of one log are those of the other; None where the times do not need it."""
    zones = Counter()
    for event in events[-_MAX_COMPARED:]:
        for other in unmatched.get(_kind_of(event), [])[:_MAX_COMPARED]:
            if event.moment.is_local == other.moment.is_local or not _is_alike(event, other):
                continue
            if _apart(event.moment, other.moment, None) is not None:
                zones[_quarters(event.moment, other.moment)] += 1
    return min(zones, key=lambda zone: (-zones[zone], abs(zone))) if zones else None


def seconds_of(uptime):
    """The stamp of the kernel as a number."""
    return float("%d.%s" % uptime)


def _complete(known, event):
    known.kind = OF_VMALLOC if event.kind == OF_VMALLOC else known.kind
    told = known.drivers + event.drivers
    if not _agree(known.process, event.process) and (event.named, event.number) > (known.named, known.number):
        # the log that reaches back further has the line whose dump the other one took
        known.process, known.named, known.number = event.process, event.named, event.number
        known.drivers, known.functions, known.trace_read = event.drivers, event.functions, event.trace_read
    known.process = known.process or event.process
    if event.trace_read and not known.trace_read:
        known.drivers, known.functions, known.trace_read = event.drivers, event.functions, True
    known.drivers = known.drivers or event.drivers
    known.functions = known.functions or event.functions
    known.beside = [name for name in known.beside + event.beside + told if name not in known.drivers]
    if known.mode is None:
        known.mode, known.flags, known.atomic = event.mode, event.flags, event.atomic
    if known.after_workaround is None:
        known.after_workaround = event.after_workaround
    if known.moment.epoch_seconds is None or known.moment.is_local:
        known.moment = event.moment
