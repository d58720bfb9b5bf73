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

#: At this share of memory hosts die at once (RHEL 6 Performance Tuning Guide): no choice may reach it.
DEADLY_PERCENT = 5

#: 64 GB. A first step of so many kB is one of bytes: 64 MB.
_SURELY_BYTES = 64 << 20


class PolicyError(Exception):
    """A choice that cannot be: names the option, its fault and the remedy."""

    def __init__(self, option: str, fault: str, remedy: str) -> None:
        super().__init__(f"{option}: {fault}; {remedy}")
        self.option = option


@dataclass(frozen=True)
class Policy:
    """The choices, by the names of the role's options without their prefix.

    ``steps_kb``: values of vm.min_free_kbytes, rising. ``cap_percent``: of all memory, the most a step may be.
    ``available_percent``: of what is available now, the most a step may put under the watermarks. ``zone_percent``: of the zones
    that have watermarks, the most the high ones may be. ``settle_seconds``: how long a step is given before the next.
    ``short_percent``: of all memory, less available than this after a step is a reason to put it back. ``zone_reclaim``: whether
    vm.zone_reclaim_mode may be set. ``force``: also where no advisory asks for it. ``conflicts``: "refuse" where another file sets
    the same at boot, or "override". ``remedies``: the only settings that may be set; None for those that the host's advisories and its
    cause ask for. Not the operator's: a machine with less memory than ``small_below_kb`` begins with steps of ``small_steps_percent``
    of it.
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
#: Their defaults and choices, which stand in the specification of the role alone.
_OF_ROLE = action_options("workaround", *CHOICES)


def read_policy(chosen: Mapping[str, Any] | None, defaults: Mapping[str, Any]) -> Policy:
    """The policy of these choices, ``defaults`` (the catalogue's) or those of the role's options where one is missing or null. Raises
    PolicyError."""
    given = {key: value for key, value in (chosen or {}).items() if value is not None}
    for key in given:
        if key not in CHOICES:
            raise PolicyError(clip(key, 40), "no such choice", f"use one of {', '.join(CHOICES)}")
    values = {**{name: _OF_ROLE[name].get("default") for name in CHOICES}, **defaults, **given}
    if "steps_kb" in given:
        values["small_below_kb"] = 0
    policy = Policy(**{**values, "steps_kb": _steps(values["steps_kb"]), "remedies": _remedies(values["remedies"])})
    _check_percent("cap_percent", policy.cap_percent, DEADLY_PERCENT)
    for name in ("available_percent", "zone_percent", "short_percent"):
        _check_percent(name, getattr(policy, name), 100)
    if not is_whole_number(policy.settle_seconds):
        raise PolicyError("settle_seconds", f"{clip(policy.settle_seconds, 40)!r} is no number of seconds", "give 0 or more")
    for name in ("zone_reclaim", "force"):
        if not isinstance(getattr(policy, name), bool):
            raise PolicyError(name, "neither true nor false", "give one of them")
    ways = _OF_ROLE["conflicts"]["choices"]
    if policy.conflicts not in ways:
        raise PolicyError("conflicts", f"{clip(policy.conflicts, 40)!r} is none of the ways", f"use {' or '.join(ways)}")
    return policy


def _steps(steps: object) -> tuple[int, ...]:
    if not isinstance(steps, (list, tuple)) or not steps or not all(is_whole_number(step) and step > 0 for step in steps):
        raise PolicyError("steps_kb", "no list of numbers above 0", "give values of vm.min_free_kbytes in kB, such as [500000, 1000000]")
    if list(steps) != sorted(set(steps)):
        raise PolicyError("steps_kb", "the steps do not rise", "give each once, the least first")
    if steps[0] >= _SURELY_BYTES:
        raise PolicyError("steps_kb", f"{steps[0]} looks like bytes", f"the unit is kB: {steps[0] // 1024}")
    return tuple(steps)


def _remedies(names: object) -> tuple[str, ...] | None:
    """None for an empty list too: a survey that is left blank gives one."""
    known = _OF_ROLE["remedies"]["choices"]
    if names is None or names == []:
        return None
    if not isinstance(names, (list, tuple)):
        raise PolicyError("remedies", f"{clip(names, 40)!r} is no list", f"give some of {', '.join(known)}")
    for name in names:
        if name not in known:
            raise PolicyError("remedies", f"{clip(name, 40)!r} is no remedy that can be set", f"use some of {', '.join(known)}")
    return tuple(names)


def _check_percent(name: str, value: object, below: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < below:
        remedy = f"give more than 0 and less than {below}"
        raise PolicyError(name, f"{clip(value, 40)!r} is no share that may be chosen", remedy)
