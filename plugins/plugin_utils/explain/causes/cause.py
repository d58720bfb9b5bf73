# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cause is: how it is found on a host, what would help, and what would not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action, Unhelpful

#: The surest first: the figures prove it; they point to it and to nothing else; they do not exclude it.
CERTAINTIES = ("shown", "likely", "possible")
SHOWN, LIKELY, POSSIBLE = CERTAINTIES


@dataclass(frozen=True)
class Evidenced:
    """A cause that was found. ``reasons``: sentences that a person can check; ``figures``: name -> number, units in the names."""

    certainty: str
    reasons: tuple[str, ...]
    figures: Mapping[str, float] = field(default_factory=dict)


def _nothing(_situation: Situation) -> list[Unhelpful]:
    return []


def _no_settings(_situation: Situation) -> dict[str, int]:
    return {}


@dataclass(frozen=True)
class Cause:
    """``find``: the evidence for it on a host, None if there is none. ``advice`` has numbers of this host. ``is_root``: it leads to other
    causes, as a leak uses memory up. Then the others are not surer than it. ``settings``: settings under /proc/sys/vm that the workaround
    may change for it, with their values."""

    name: str
    find: Callable[[Situation], Evidenced | None]
    advice: Callable[[Situation], list[Action]]
    unhelpful: Callable[[Situation], list[Unhelpful]] = _nothing
    is_root: bool = False
    settings: Callable[[Situation], Mapping[str, int]] = _no_settings


def action(word: str, description: str) -> Action:
    """A thing to do: a fixed word for machines, a sentence for people."""
    return {"action": word, "description": description}


def useless(word: str, reason: str) -> Unhelpful:
    """A thing not to do."""
    return {"action": word, "reason": reason}


def kb_told(kb: int) -> str:
    """``123 MB``, in a unit that is easy to read."""
    if kb >= 10 << 20:
        return f"{kb / (1 << 20):.1f} GB"
    return f"{kb // 1024} MB" if kb >= 10 << 10 else f"{kb} kB"


def available_told(situation: Situation) -> str:
    """The available memory as a reason; 0 if it is not known."""
    kb = situation.available_kb or 0
    return f"/proc/meminfo: {kb_told(kb)} ({situation.percent(kb)} % of all memory) is available now without swapping"
