# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the program on the host answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

#: The program's own words. "kept": nothing to do; "changed": the host is not as the plan saw it; "busy": another run holds the lock.
OUTCOMES = ("applied", "rolled_back", "restored", "mended", "kept", "refused", "changed", "busy", "failed")


@dataclass(frozen=True)
class Answer:
    """``values``: the other values of the answer; ``compacted``: (/proc/buddyinfo before, after) if it compacted memory."""

    outcome: str
    reason: str = ""
    values: dict[str, str] = field(default_factory=dict)
    compacted: tuple[str, str] | None = None


class NoAnswerError(Exception):
    """The answer is incomplete; the message has its start."""


def read_answer(output: str, nonce: str, outcomes: Collection[str] = OUTCOMES) -> Answer:
    """The answer, a transcript, in a host's output. Start-up files of the shell may print text around it. Raises NoAnswerError."""
    try:
        evidence = read_transcript(output, nonce)
    except EvidenceError:
        evidence = None
    if evidence is None or not evidence.whole:
        said = clip(" ".join(output.split()), 200)
        raise NoAnswerError(f"the host's answer is incomplete; it said: {said or 'nothing'}")
    texts = {source[1:]: text for source, text in evidence.texts.items() if source.startswith("$")}
    before, after = texts.pop("compacted_from", ""), texts.pop("compacted_to", "")
    values = {name: text[:-1] for name, text in texts.items()}
    outcome = values.pop("outcome", "")
    if outcome not in outcomes:
        raise NoAnswerError(f"the host's answer has an unknown outcome: {clip(outcome, 40)!r}")
    return Answer(outcome, clip(values.pop("reason", ""), 400), values, (before, after) if before and after else None)
