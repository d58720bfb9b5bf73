# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a remedy is: one setting under /proc/sys/vm, and when, how far and why to set it.

A remedy changes only its own value. The program on the host records the value from before the first step and restores it with the others,
at once and for the next boot. If a step made the host worse, the program restores the value of the step before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import Result
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import Host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.limits import Limit
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import Policy


@dataclass(frozen=True)
class Case:
    """One host with all data for a plan. ``asked``: setting -> the value that the matching advisories want, None if no advisory asks for a
    workaround. ``symptom``: it is there, and not only in a log that users of the host can write to. ``why``: setting -> who asks for it,
    as a clause."""

    host: Host
    result: Result
    asked: Mapping[str, int] | None
    policy: Policy
    symptom: bool
    why: Mapping[str, str] = field(default_factory=dict)

    @property
    def steps(self) -> list[int]:
        """vm.min_free_kbytes of each step: the wanted value, the larger steps of the policy, and on a small machine smaller shares of its
        memory."""
        first = self._first_kb
        if first is None:
            return []
        total_kb, small = (self.host.facts.get("memory") or {}).get("total_kb") or 0, self.policy
        shares = small.small_steps_percent if total_kb < small.small_below_kb else ()
        kb = [int(total_kb * share // 100) for share in shares]
        return [*(step for step in kb if 0 < step < first), first, *(step for step in self.policy.steps_kb if step > first)]

    @property
    def _first_kb(self) -> int | None:
        """The first step of a machine that is not small."""
        asked = (self.asked or {}).get("min_free_kbytes")
        forced = self.policy.force and (self.policy.remedies is None or "min_free_kbytes" in self.policy.remedies)
        return self.policy.steps_kb[0] if asked is None and forced else asked

    @property
    def standing(self) -> bool:
        """Whether a step is in force, by our record or by the host's values."""
        return self.host.workaround_holds or (self._first_kb is not None and (self.host.min_free_kbytes or 0) >= self._first_kb)

    @property
    def settling(self) -> bool:
        """Whether the step in force still needs time to help."""
        age = self.host.record.in_force_seconds if self.host.record else None
        return self.host.workaround_holds and age is not None and age < self.policy.settle_seconds


class Wish(NamedTuple):
    """``value``: the new value, None to keep it. ``because``: a sentence that says why; "" for a setting that nothing asks for."""

    value: int | None
    because: str


def no_limit(_case: Case) -> list[Limit]:
    """For a remedy that reserves no memory."""
    return []


def missing(case: Case, name: str, since: str) -> str:
    """A clause on a setting that has no value on this host. ``since``: the first kernel that has it."""
    if case.host.lacks(name):
        return f"this kernel does not have it; {since} introduced it"
    return f"its value is not known{case.host.why(f'vm.{name}', 'vm')}"


def _raised(name: str, since: str) -> Callable[[Case], Wish]:
    """How a setting of newer kernels is chosen: the wanted value, if it is larger than the value in force."""

    def choose(case: Case) -> Wish:
        wanted, now = (case.asked or {}).get(name), case.host.settings[name]
        if wanted is None:
            return Wish(None, "")
        if now is None:
            return Wish(None, f"vm.{name} stays unchanged: {missing(case, name, since)}.")
        if now >= wanted:
            return Wish(None, f"vm.{name} is already {now}.")
        if case.standing and case.settling:
            return Wish(None, f"vm.{name} waits: the last step needs time to help.")
        return Wish(wanted, f"vm.{name} from {now} to {wanted}, {case.why[name]}.")

    return choose


def advised_for(cause: str, limit: str) -> Callable[[Policy], int]:
    """The value in the advice for a cause."""
    return lambda _policy: int(cause_limits()[cause][limit])


@dataclass(frozen=True)
class Remedy:
    """``name``: the file under /proc/sys/vm that is read and set. ``unit``: of its values, with a blank before it; "" for none.
    ``action``: the word of a verdict's action that asks for it. ``joined``: one value from those of several advisories. ``usual``: its
    value if the operator named it and nothing else gives one. ``choose``: the value for a host. ``since``: the first kernel that has it.
    ``limits``: its limits by this host's memory, the lowest first; raises UnknownLimitError."""

    name: str
    unit: str
    action: str
    joined: Callable[[Sequence[int]], int]
    usual: Callable[[Policy], int]
    choose: Callable[[Case], Wish]
    since: str = "Linux 2.6"
    limits: Callable[[Case], list[Limit]] = no_limit


def newer_remedy(name: str, since: str, usual: Callable[[Policy], int], limits: Callable[[Case], list[Limit]], unit: str = "") -> Remedy:
    """A remedy for a setting of newer kernels. It takes the largest wanted value and never lowers the present one."""
    return Remedy(
        name=name, unit=unit, action=f"set_{name}", joined=max, usual=usual, choose=_raised(name, since), since=since, limits=limits
    )
