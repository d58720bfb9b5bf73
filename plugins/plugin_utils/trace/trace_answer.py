# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of the trace's program on the host, as the result of the host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.takers import findings
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_text import read_events
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer, read_answer

#: The program's own words. With "traced" the events come. With all others nothing is changed, or it is restored.
PLANNED, TRACED = "planned", "traced"
_WORDS = (PLANNED, TRACED, "refused", "busy", "failed")
_SEEN = re.compile(r"([0-9]{1,6}) ([0-9]{1,15}) ([0-9]{1,15})\Z")
_PAGE_KB = re.compile(r"[0-9]{1,4}\Z")

#: The program gives the reason as a word, then the file or the tool, because it must be short.
_REASONS = {
    "locked_down": "The kernel is locked down (confidentiality) and forbids tracing",
    "not_mounted": "Tracing needs {0}, and it is not mounted. Set trace_mount: true, and the trace mounts it and unmounts it at its end",
    "no_tracing": "This kernel has neither tracefs nor debugfs. It is built without tracing, or this is a container",
    "no_events": "This kernel has no tracepoints kmem:mm_page_alloc and mm_page_free. Linux 2.6.32 introduced them",
    "unwritable": "{0} cannot be written. Run the trace as root (become: true). Perhaps the kernel is locked down",
    "in_use": "Somebody else traces on this host ({0}), and this kernel allows one trace at a time",
    "no_awk": "The host has no awk, and the trace needs it. Install awk",
    "ending": "An earlier trace was killed, and its watchdog will turn tracing off soon. Run this again in a minute",
    "stays": "{0} of an earlier trace cannot be removed. Perhaps somebody reads it. sh /run/fleetcare-pagealloc-trace/off removes it",
    "not_taken": "The kernel refused a setting: {0}. Nothing was changed",
    "no_watchdog": "The watchdog on the host does not start, so nothing was turned on",
    "no_stacks": "This kernel prints no stacks with its events, so the trace could not name a caller",
    "odd": "The trace does not understand the kernel's tracing settings ({0}), so nothing was turned on",
    "mount": "Would mount {0}, and unmount it at the end",
}


class TraceRefusedError(Exception):
    """No trace was made; the message says why."""


def read_trace(output: str, nonce: str, seconds: int) -> dict[str, Any]:
    """{outcome, sentences, callers, ...} of a host's output. Raises NoAnswerError, EvidenceError, and TraceRefusedError."""
    answer = read_answer(output, nonce, _WORDS)
    why = _reason(answer.reason)
    if answer.outcome not in (PLANNED, TRACED):
        raise TraceRefusedError(f"{answer.outcome}: {why}.{_left(answer.values)}")
    if answer.outcome == PLANNED:
        plan = f"Would trace for {seconds} seconds and turn tracing off again. Nothing was turned on."
        return {"outcome": PLANNED, "sentences": [f"{why}.", plan] if why else [plan], "callers": []}
    return _of_trace(answer, seconds)


def _of_trace(answer: Answer, seconds: int) -> dict[str, Any]:
    values = answer.values
    seen = _SEEN.match(values.get("seen", ""))
    if not seen:
        raise EvidenceError("trace", None, "it lacks the time it took and the number of events")
    if "unread" in values:
        raise EvidenceError("trace", None, "awk on the host could not read the trace")
    passed, number, lost = map(int, seen.groups())
    if not 0 < passed <= seconds:
        raise EvidenceError("trace", None, f"it covers {seconds} seconds, which was not the time asked for")
    page_kb = values.get("page_kb", "")
    events = read_events(values)
    found = findings(events, passed, _page_kb(page_kb), lost=lost > 0, cut="cut" in values)
    early = [f"It ended after {passed} of {seconds} seconds, because there were {number:,} records."] if passed < seconds else []
    return {
        **found,
        "sentences": [*found["sentences"], *early, *([_left(values).strip()] if "left" in values else [])],
        "seconds": passed,
        "events": len(events),
        "records": number,
        "lost_records": lost,
        "where": clip(values.get("where", ""), 200),
    }


def _page_kb(text: str) -> int:
    if not _PAGE_KB.match(text) or int(text) < 1:
        raise EvidenceError("trace", None, f"{text[:80]!r} is not a page size in kB")
    return int(text)


def _reason(told: str) -> str:
    """The sentence of a reason, without the full stop."""
    word, _space, rest = told.partition(" ")
    return _REASONS[word].format(clip(rest, 200)) if word in _REASONS else clip(told, 200)


def _left(values: Mapping[str, str]) -> str:
    if "left" not in values:
        return ""
    return f" Tracing could not be turned off completely: {clip(values['left'], 200)} is still there, and the watchdog keeps trying."
