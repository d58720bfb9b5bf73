# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would help: the actions that go with a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import NEWER
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import Host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import standing
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed

#: The word of the action for a remedy, where it is not "set_" and the remedy's name.
_ACTION_OF = {"min_free_kbytes": "raise_min_free_kbytes", "compact_memory": "compact_memory"}


class Unhelpful(TypedDict):
    """What would not help, or harm: a fixed word as of an action, and a sentence that says why."""

    action: str
    reason: str


class Action(TypedDict):
    """``action`` is a fixed word for machines, ``description`` a sentence for people."""

    action: str
    description: str


def workaround(host: Host, advisory: Advisory) -> list[Action]:
    """The settings of the advisory's workaround that are not in force on this host."""
    asked, actions = advisory.workaround, []
    if asked is None:
        return []
    now = host.min_free_kbytes
    if asked.min_free_kbytes is not None and (now is None or now < asked.min_free_kbytes):
        was = "" if now is None else f" from {now} kB"
        actions.append(
            _action(
                "raise_min_free_kbytes",
                f"Raise vm.min_free_kbytes{was} to at least {asked.min_free_kbytes} kB (advisory {advisory.id}), "
                "as far as the host's memory allows",
            )
        )
    if not zone_reclaim_in_force(host, asked.zone_reclaim_mode):
        actions.append(
            _action(
                "set_zone_reclaim_mode",
                f"Set vm.zone_reclaim_mode to {asked.zone_reclaim_mode} (advisory {advisory.id}), "
                "unless a page-cache-heavy database runs here",
            )
        )
    actions += [_set(host, advisory, name, wanted) for name, wanted in asked.newer.items() if _is_due(host, name, wanted)]
    return actions + [_action("run_by_hand", f"Have a person run: {command} (advisory {advisory.id})") for command in asked.commands]


def _is_due(host: Host, name: str, wanted: int) -> bool:
    """A setting of a newer kernel: one that this kernel lacks is asked of nobody."""
    now = host.settings[name]
    return now < wanted if now is not None else not host.lacks(name)


def _set(host: Host, advisory: Advisory, name: str, wanted: int) -> Action:
    now = host.settings[name]
    was = "" if now is None else f" from {now}"
    return _action(f"set_{name}", f"Set vm.{name}{was} to {wanted} (advisory {advisory.id})")


def useless_by_advisories(advisories: Iterable[Advisory]) -> list[Unhelpful]:
    """What the advisories call useless, and they alone."""
    return [
        {"action": _ACTION_OF.get(remedy, f"set_{remedy}"), "reason": f"{why} (advisory {advisory.id})"}
        for advisory in advisories
        for remedy, why in advisory.unhelpful.items()
    ]


def zone_reclaim_in_force(host: Host, wanted: int | None) -> bool:
    """The mode holds every wanted bit, or the host has one memory node, where the mode does nothing."""
    if wanted is None or host.nodes == 1:
        return True
    return host.zone_reclaim_mode is not None and host.zone_reclaim_mode & wanted == wanted


def first_fixed(host: Host, advisory: Advisory) -> str | None:
    """The first kernel of the host's own stream that has the fix; of any, where the stream has none. None where none is known."""
    if advisory.kernel is None:
        return None
    bounds = standing(host.release, advisory.kernel, host.userland).bounds if host.release else None
    return (bounds.fixed if bounds else None) or advisory.kernel.fixed


def upgrade(host: Host, advisory: Advisory) -> list[Action]:
    """Install the fix, where one is known."""
    fixed = first_fixed(host, advisory)
    if fixed is None:
        return [_action("follow_advisory", f"{advisory.fix} (advisory {advisory.id})")]
    return [
        _action(
            "upgrade_kernel",
            f"Install kernel {fixed} or later, see that it has the driver {advisory.driver}, and boot it (advisory {advisory.id})",
        )
    ]


def reboot(host: Host, advisory: Advisory) -> list[Action]:
    """Boot the kernel that is already there."""
    return [
        _action(
            "reboot",
            f"See that kernel {clip(host.default_boot)} has the driver {advisory.driver}, then reboot into it",
        )
    ]


def boot_another(host: Host, advisory: Advisory) -> list[Action]:
    """Have a kernel boot by default that the advisory does not speak of."""
    now = "" if host.release is None else f", such as {clip(host.release)}, which runs now"
    return [_action("set_default_kernel", f"Make a kernel boot by default that advisory {advisory.id} does not speak of{now}")]


def review(advisory: Advisory) -> list[Action]:
    """For a person: is this build of the driver free of the fault?"""
    return [
        _action(
            "review_driver",
            f"Ask the maker of the installed {advisory.driver} whether its version has the fault of advisory "
            f"{advisory.id}, or go back to the kernel's own module",
        )
    ]


def review_kernel(host: Host, advisory: Advisory) -> list[Action]:
    """For a person: does a kernel that the advisory's range says nothing of have the fault?"""
    return [
        _action(
            "review_kernel",
            f"Ask the maker of kernel {clip(host.release)} whether {advisory.driver} in it has the fault of advisory {advisory.id}",
        )
    ]


def take_back(host: Host, *, unasked: bool) -> list[Action]:
    """The workaround role's values are in force though ``unasked`` for; or a run of it was cut."""
    record = host.record
    if record is None or record.phase == "none":
        return []
    if record.phase != "in_force":
        return [_action("finish_workaround", "Run the workaround playbook again: its last run on this host was cut, the next one mends it")]
    if not unasked:
        return []
    first = record.originals.get("min_free_kbytes")
    was = "" if first is None else f" (vm.min_free_kbytes was {first} kB)"
    if any(record.values.get(name) is not None for name in NEWER):
        told = (
            f"The workaround is in force and no symptom came since. Giving back the values from before it{was} shows whether it is needed"
        )
        return [_action("remove_workaround", told)]
    return [_action("remove_workaround", f"Give back the values from before the workaround{was}: nothing asks for it any more")]


def gather(missing: Iterable[str]) -> list[Action]:
    """Look again for what was not seen."""
    names = listed(dict.fromkeys(missing), 6, 60)
    return [_action("gather_missing", f"Gather again so that this is seen: {names}")]


#: The word of the action that the causes' own advice takes the place of (plugin_utils/explain).
FIND_CAUSE = "find_cause"


def starvation() -> list[Action]:
    """The symptom without an advisory to explain it: what helps depends on the cause."""
    return [_action(FIND_CAUSE, "Run the audit and follow the cause that it tells")]


def unreached(kind: str) -> list[Action]:
    """For a host that gave no facts: ``stalled``, ``unreachable`` or ``unknown``."""
    return {
        "stalled": [_action("console_login", "Log in at the console: TCP answers, but SSH no longer does")],
        "unreachable": [_action("check_host", "See whether the host is up, its address right and its login allowed")],
        "unknown": [_action("gather_missing", "Gather the facts again; the reason says what stood in the way")],
    }[kind]


def _action(action: str, description: str) -> Action:
    return {"action": action, "description": description}
