# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the workaround's machine sees of a host and what it may do with it: plain values, and the four methods that carry moves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.look import Look


@dataclass(frozen=True)
class WorkaroundWanted:
    """What the task asks for: ``present`` puts the next step in force, else what was there before the first comes back."""

    present: bool = True
    check_mode: bool = False
    force: bool = False
    compact: bool = False
    watch_seconds: int = 0
    verify_seconds: int = 0


@dataclass(frozen=True)
class Lost:
    """A look or an answer that did not come back whole, and why."""

    reason: str
    error: Exception | None = field(default=None, compare=False)


@dataclass(frozen=True)
class WorkaroundSeen:
    """What was seen so far; None for what was not asked for. ``times``: of each, when it was asked for and when it was there, in
    seconds of one clock.

    ``found``: the host at first. ``mended``, ``repaired``: what the program said when it mended what a cut run left, and the host after
    that. ``answer``: what it said to the change. ``after``: the last look since then. ``undone``, ``last``: the same for putting back.
    """

    found: Look | Lost | None = None
    mended: Answer | Lost | None = None
    repaired: Look | Lost | None = None
    answer: Answer | Lost | None = None
    after: Look | Lost | None = None
    undone: Answer | Lost | None = None
    last: Look | Lost | None = None
    times: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def over(self, seconds: int) -> bool:
        """The last look after the change was begun so many seconds after it, or later."""
        return self.times["after"][0] >= self.times["answer"][1] + seconds

    def left_seconds(self, seconds: int) -> float:
        """Of so many seconds since the change, what was left when the last look was there."""
        return max(0.0, self.times["answer"][1] + seconds - self.times["after"][1])


@dataclass(frozen=True)
class Gather:
    """Look at the host, after a while. ``into``: the name in ``WorkaroundSeen`` of what comes of a move."""

    into: str
    wait_seconds: float = 0.0


@dataclass(frozen=True)
class RunProgram:
    """Have the host run the program."""

    into: str
    verb: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """What became of the host. ``outcome``: a key of OUTCOMES. ``after``: None where nothing was done. ``planned``: in check mode, the
    values that would be put in force. ``failed``: why the task fails, None where it does not."""

    outcome: str
    sentences: list[str]
    before: Look
    after: Look | None = None
    changed: bool = False
    planned: Mapping[str, int | None] | None = None
    failed: str | None = None


@dataclass(frozen=True)
class Halt:
    """What became of the host is not known. ``lost``: before anything was tried."""

    reason: str
    lost: Lost | None = None


Move = Gather | RunProgram | End | Halt


class Reached(Protocol):
    """A host that moves are carried out on."""

    def gather(self) -> Look | Lost:
        """A look at it."""

    def run_program(self, verb: str, values: Mapping[str, Any]) -> Answer | Lost:
        """What its program answers."""

    def wait(self, seconds: float) -> None:
        """Do nothing."""

    def clock(self) -> float:
        """Seconds of a clock that never goes back."""
