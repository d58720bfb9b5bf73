# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the program on the host answered."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.wording import clip

#: The program's own words. "kept": nothing to do; "changed": the host is not as the plan saw it; "busy": another run holds the lock.
OUTCOMES = ("applied", "rolled_back", "restored", "mended", "kept", "refused", "changed", "busy", "failed")


@dataclass(frozen=True)
class Answer:
    """``values``: what else it said; ``compacted``: (/proc/buddyinfo before, after) where it compacted memory."""

    outcome: str
    reason: str = ""
    values: dict[str, str] = field(default_factory=dict)
    compacted: tuple[str, str] | None = None


class NoAnswerError(Exception):
    """The answer did not arrive whole; the message says what did."""


def read_answer(output: str, nonce: str) -> Answer:
    """The answer in a host's output, whatever a shell's start-up files print around it. Raises NoAnswerError."""
    lines = [line.rstrip("\r") for line in output.split("\n")]
    try:
        start = lines.index(f"pagealloc-workaround {nonce}")
        end = lines.index(f"pagealloc-workaround end {nonce}", start)
    except ValueError:
        said = clip(" ".join(output.split()), 200)
        raise NoAnswerError(f"the host did not answer to the end; it said: {said or 'nothing'}") from None
    values: dict[str, str] = {}
    tables: dict[str, list[str]] = {"compacted_from": [], "compacted_to": []}
    for line in lines[start + 1 : end]:
        name, _equals, value = line.partition("=")
        if name in tables:
            tables[name].append(value)
        else:
            values[name] = value
    outcome = values.pop("outcome", "")
    if outcome not in OUTCOMES:
        raise NoAnswerError(f"the host's answer names no outcome that is known: {clip(outcome, 40)!r}")
    before, after = ("".join(row + "\n" for row in table) for table in tables.values())
    return Answer(outcome, clip(values.pop("reason", ""), 400), values, (before, after) if before and after else None)
