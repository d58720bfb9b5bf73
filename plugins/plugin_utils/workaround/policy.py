# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a workaround may go: the operator's choices, checked, over the catalogue's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import is_whole_number
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

#: At this share of memory hosts fail at once (RHEL 6 Performance Tuning Guide). No choice may reach it.
DEADLY_PERCENT = 5

#: 64 GB. A first step of this many kB is surely meant in bytes: 64 MB.
_SURELY_BYTES = 64 << 20


class PolicyError(Exception):
    """A wrong choice: names the option, its fault and the remedy."""

    def __init__(self, option: str, fault: str, remedy: str) -> None:
        super().__init__(f"{option}: {fault}; {remedy}")
        self.option = option


@dataclass(frozen=True)
class Policy:
    """The choices, by the names of the role's options without their prefix.

    ``steps_kb``: values of vm.min_free_kbytes, rising. ``cap_percent``: the largest share of all memory that a step may be.
    ``available_percent``: the largest share of the available memory that a step may put under the watermarks. ``zone_percent``: the
    largest share of their zones that the high watermarks may be. ``settle_seconds``: the time between two steps. ``short_percent``: if
    less of all memory is available after a step, the step is undone. ``zone_reclaim``: whether vm.zone_reclaim_mode may be set. ``force``:
    also if no advisory asks for it. ``conflicts``: "refuse" if another file sets the same value at boot, or "override". ``remedies``: the
    only settings that may be set; None for those that the host's advisories and its cause ask for. The operator cannot choose these: a
    machine with less memory than ``small_below_kb`` starts with steps of ``small_steps_percent`` of it.
    """

    steps_kb: tuple[int, ...]
    cap_percent: float
    available_percent: float
    zone_percent: float
    short_percent: float
    settle_seconds: int
    zone_reclaim: bool
    force: bool
    conflicts: str
    remedies: tuple[str, ...] | None = None
    small_below_kb: int = 0
    small_steps_percent: tuple[int, ...] = ()


CHOICES = tuple(one.name for one in fields(Policy) if not one.name.startswith("small_"))
#: Their defaults and choices, which only the specification of the role defines.
_OF_ROLE = action_options("workaround", *CHOICES)


def read_policy(chosen: Mapping[str, Any] | None, defaults: Mapping[str, Any]) -> Policy:
    """The policy from these choices. If one is missing or null, ``defaults`` (the catalogue's) or the defaults of the role's options
    count. Raises PolicyError."""
    given = {key: value for key, value in (chosen or {}).items() if value is not None}
    for key in given:
        if key not in CHOICES:
            raise PolicyError(clip(key, 40), "unknown option", f"use one of {', '.join(CHOICES)}")
    values = {**{name: _OF_ROLE[name].get("default") for name in CHOICES}, **defaults, **given}
    if "steps_kb" in given:
        values["small_below_kb"] = 0
    policy = Policy(**{**values, "steps_kb": _steps(values["steps_kb"]), "remedies": _remedies(values["remedies"])})
    _check_percent("cap_percent", policy.cap_percent, DEADLY_PERCENT)
    for name in ("available_percent", "zone_percent", "short_percent"):
        _check_percent(name, getattr(policy, name), 100)
    if not is_whole_number(policy.settle_seconds):
        raise PolicyError("settle_seconds", f"{clip(policy.settle_seconds, 40)!r} is not a number of seconds", "give 0 or more")
    for name in ("zone_reclaim", "force"):
        if not isinstance(getattr(policy, name), bool):
            raise PolicyError(name, "neither true nor false", "give one of them")
    ways = _OF_ROLE["conflicts"]["choices"]
    if policy.conflicts not in ways:
        raise PolicyError("conflicts", f"{clip(policy.conflicts, 40)!r} is not a valid choice", f"use {' or '.join(ways)}")
    return policy


def _steps(steps: object) -> tuple[int, ...]:
    if not isinstance(steps, (list, tuple)) or not steps or not all(is_whole_number(step) and step > 0 for step in steps):
        raise PolicyError("steps_kb", "not a list of numbers above 0", "give values of vm.min_free_kbytes in kB, such as [500000, 1000000]")
    if list(steps) != sorted(set(steps)):
        raise PolicyError("steps_kb", "the steps do not increase", "give each value once, the smallest first")
    if steps[0] >= _SURELY_BYTES:
        raise PolicyError("steps_kb", f"{steps[0]} looks like bytes", f"the unit is kB: {steps[0] // 1024}")
    return tuple(steps)


def _remedies(names: object) -> tuple[str, ...] | None:
    """None for an empty list too: an empty answer to a survey gives one."""
    known = _OF_ROLE["remedies"]["choices"]
    if names is None or names == []:
        return None
    if not isinstance(names, (list, tuple)):
        raise PolicyError("remedies", f"{clip(names, 40)!r} is not a list", f"give some of {', '.join(known)}")
    for name in names:
        if name not in known:
            raise PolicyError("remedies", f"{clip(name, 40)!r} is not a setting of the workaround", f"use some of {', '.join(known)}")
    return tuple(names)


def _check_percent(name: str, value: object, below: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < below:
        remedy = f"give more than 0 and less than {below}"
        raise PolicyError(name, f"{clip(value, 40)!r} is outside the allowed range", remedy)
