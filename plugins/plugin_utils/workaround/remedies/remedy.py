# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a remedy is: one setting under /proc/sys/vm, and when, how far and why to set it.

A remedy undoes one thing: its own value. The program on the host records the value from before the first step, gives it back with
the others, at once and for the next boot, and puts back the value of the step before where a step made it worse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import Result
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import Host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.limits import Limit
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import Policy


@dataclass(frozen=True)
class Case:
    """One host with all that a plan rests on. ``asked``: setting -> what the matching advisories want of it, None where no advisory
    asks for a workaround. ``symptom``: it is there, and not by a log alone that users of the host can write to."""

    host: Host
    result: Result
    asked: Mapping[str, int] | None
    policy: Policy
    symptom: bool

    @property
    def steps(self) -> list[int]:
        """vm.min_free_kbytes of each step: what the advisories ask for, and the steps of the policy above that."""
        first = (self.asked or {}).get("min_free_kbytes")
        if first is None:
            return list(self.policy.steps_kb) if self.policy.force else []
        return [first, *(step for step in self.policy.steps_kb if step > first)]

    @property
    def standing(self) -> bool:
        """A step is in force, by our record or by what the host has."""
        return self.host.workaround_holds or (bool(self.steps) and (self.host.min_free_kbytes or 0) >= self.steps[0])

    @property
    def settling(self) -> bool:
        """The step in force has not had its time to help yet."""
        age = self.host.record.in_force_seconds if self.host.record else None
        return self.host.workaround_holds and age is not None and age < self.policy.settle_seconds


class Wish(NamedTuple):
    """``value``: what to set, None to leave it alone. ``because``: a sentence that says why."""

    value: int | None
    because: str


def no_limit(_case: Case) -> list[Limit]:
    """Of a remedy that takes no memory away."""
    return []


@dataclass(frozen=True)
class Remedy:
    """``name``: the file under /proc/sys/vm that is read and set. ``unit``: of its values, with a blank before it; "" where they have
    none. ``action``: the word of a verdict's action that asks for it. ``joined``: what several advisories want, in one value.
    ``choose``: what to set on a host. ``limits``: how far this host's own memory lets it go, the tightest first; raises
    UnknownLimitError."""

    name: str
    unit: str
    action: str
    joined: Callable[[Sequence[int]], int]
    choose: Callable[[Case], Wish]
    limits: Callable[[Case], list[Limit]] = no_limit
