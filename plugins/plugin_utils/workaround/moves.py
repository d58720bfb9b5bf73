# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the workaround's machine knows of a host and may do with it: plain values, and the four methods that carry out moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.look import Look


@dataclass(frozen=True)
class WorkaroundWanted:
    """What the task asks for: ``present`` applies the next step, else the values from before the first step are restored."""

    present: bool = True
    check_mode: bool = False
    force: bool = False
    compact: bool = False
    watch_seconds: int = 0
    verify_seconds: int = 0


@dataclass(frozen=True)
class Lost:
    """A look or an answer that is incomplete, and why."""

    reason: str
    error: Exception | None = field(default=None, compare=False)


@dataclass(frozen=True)
class WorkaroundSeen:
    """What is known so far; None if it was not asked for. ``times``: when each was asked for and when it came, in seconds of one clock.
    ``found``: the host at first. ``mended``, ``repaired``: the program's answer after it repaired an interrupted run, and the host after
    that. ``answer``: its answer to the change. ``after``: the last look since then. ``undone``, ``last``: the same for undoing.
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
        """How many seconds after the change the last look started."""
        return self.times["after"][0] >= self.times["answer"][1] + seconds

    def left_seconds(self, seconds: int) -> float:
        """How many of these seconds since the change were left when the last look came."""
        return max(0.0, self.times["answer"][1] + seconds - self.times["after"][1])


@dataclass(frozen=True)
class Gather:
    """Look at the host, after a while. ``into``: the name of the result in ``WorkaroundSeen``."""

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
    """The outcome of the host. ``outcome``: a key of OUTCOMES. ``after``: None if nothing was done. ``planned``: in check mode, the values
    that would be applied. ``failed``: why the task fails, None if it does not."""

    outcome: str
    sentences: list[str]
    before: Look
    after: Look | None = None
    changed: bool = False
    planned: Mapping[str, int | None] | None = None
    failed: str | None = None


@dataclass(frozen=True)
class Halt:
    """The state of the host is not known. ``lost``: before anything was tried."""

    reason: str
    lost: Lost | None = None


Move = Gather | RunProgram | End | Halt


class Reached(Protocol):
    """A host on which moves are carried out."""

    def gather(self) -> Look | Lost:
        """A look at it."""

    def run_program(self, verb: str, values: Mapping[str, Any]) -> Answer | Lost:
        """What its program answers."""

    def wait(self, seconds: float) -> None:
        """Do nothing."""

    def clock(self) -> float:
        """Seconds of a clock that never goes back."""
