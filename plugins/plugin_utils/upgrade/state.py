# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on a host now, and what an upgrade left there: a schedule, the state before the reboot, the last message of its script."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import UPGRADE_HOME
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.schedule import in_utc, seconds_in

_WORDS = re.compile(r"^([0-9]{1,11}) (.+)$", re.M)
#: Our plans have less than 4,000. shlex takes time that grows with the square of the text.
_MOST_PLAN_CHARS = 20000


@dataclass(frozen=True)
class Before:
    """A host before its reboot."""

    boot_id: str
    release: str
    up: frozenset[str]
    default_routes: frozenset[str]


@dataclass(frozen=True)
class State:
    """``plan``: the due plan, {} if there is none. ``outcome``: the script's last words, newest last, as (epoch, sentence)."""

    clock: int
    zone: str
    boot_id: str
    release: str
    up: frozenset[str]
    default_routes: frozenset[str]
    systemd: bool
    at: bool
    plan: Mapping[str, str]
    armed: bool
    active: bool
    before: Before | None
    outcome: tuple[tuple[int, str], ...]

    @property
    def due(self) -> int | None:
        """When a reboot is due, in seconds since the epoch; None if none is scheduled."""
        return seconds_in(self.plan.get("AT", "")) if self.active else None

    def last_words(self) -> str:
        """The script's last message with its time, "" for none."""
        if not self.outcome:
            return ""
        epoch, words = self.outcome[-1]
        return f"{words} ({in_utc(epoch)})"


def read_state(evidence: Evidence) -> State:
    """The state of a host from the part ``state`` of a program. Raises EvidenceError if data that every host has is missing."""
    texts: Mapping[str, str] = evidence.texts
    plan = _assignments(texts.get(f"{UPGRADE_HOME}/plan", ""))
    systemd = texts.get("$init", "").strip() == "systemd"
    job = texts.get(f"{UPGRADE_HOME}/job", "").strip()
    queued = [line.split()[0] for line in texts.get("$atq", "").split("\n") if line.split()]
    return State(
        clock=_clock(texts.get("$clock", "")),
        zone=clip(texts.get("$zone", "").strip(), 60),
        boot_id=texts.get("$boot_id", "").strip(),
        release=texts.get("$release", "").strip(),
        up=_words(texts.get("$up", "")),
        default_routes=_words(texts.get("$default_route", "")),
        systemd=systemd,
        at="at" in texts.get("$tool", "").split() and "atd" in texts.get("$daemon", "").split(),
        plan=plan,
        armed=bool(texts.get(f"{UPGRADE_HOME}/armed")),
        active=bool(plan) and (texts.get("$timer", "").strip() in ("waiting", "running") if systemd else job in queued),
        before=_before(texts.get(f"{UPGRADE_HOME}/before", "")),
        outcome=_outcome(texts.get("$outcome", "")),
    )


def _clock(text: str) -> int:
    clock = seconds_in(text.strip())
    if clock is None:
        raise EvidenceError("clock", None, "the host did not tell its time")
    return clock


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _assignments(text: str) -> dict[str, str]:
    """{NAME: value} of a file of shell assignments that we wrote; {} if somebody else wrote it."""
    if len(text) > _MOST_PLAN_CHARS:
        return {}
    try:
        words = shlex.split(text)
    except ValueError:
        return {}
    return dict(word.split("=", 1) for word in words if "=" in word)


def _before(text: str) -> Before | None:
    pairs = [line.split("=", 1) for line in text.split("\n") if "=" in line]
    if not pairs:
        return None
    single = {name: value.strip() for name, value in pairs}

    def every(wanted: str) -> frozenset[str]:
        return frozenset(value.strip() for name, value in pairs if name == wanted)

    return Before(single.get("boot_id", ""), single.get("release", ""), every("up"), every("default_route"))


def _outcome(text: str) -> tuple[tuple[int, str], ...]:
    found = _WORDS.findall(text)
    return tuple((int(epoch), clip(words, 200)) for epoch, words in found)
