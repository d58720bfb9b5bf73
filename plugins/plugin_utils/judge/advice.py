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

#: The word of the action for a remedy, if it is not "set_" and the remedy's name.
_ACTION_OF = {"min_free_kbytes": "raise_min_free_kbytes", "compact_memory": "compact_memory"}


class Unhelpful(TypedDict):
    """What would not help, or would do harm: a fixed word as in an action, and a sentence that says why."""

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
                "unless a database here needs a large page cache",
            )
        )
    actions += [_set(host, advisory, name, wanted) for name, wanted in asked.newer.items() if _is_due(host, name, wanted)]
    return actions + [_action("run_by_hand", f"Run by hand: {command} (advisory {advisory.id})") for command in asked.commands]


def _is_due(host: Host, name: str, wanted: int) -> bool:
    """A setting of a newer kernel. It is not asked for if this kernel lacks it."""
    now = host.settings[name]
    return now < wanted if now is not None else not host.lacks(name)


def _set(host: Host, advisory: Advisory, name: str, wanted: int) -> Action:
    now = host.settings[name]
    was = "" if now is None else f" from {now}"
    return _action(f"set_{name}", f"Set vm.{name}{was} to {wanted} (advisory {advisory.id})")


def useless_by_advisories(advisories: Iterable[Advisory]) -> list[Unhelpful]:
    """What the advisories call useless, without the causes."""
    return [
        {"action": _ACTION_OF.get(remedy, f"set_{remedy}"), "reason": f"{why} (advisory {advisory.id})"}
        for advisory in advisories
        for remedy, why in advisory.unhelpful.items()
    ]


def zone_reclaim_in_force(host: Host, wanted: int | None) -> bool:
    """The mode has every wanted bit. With one memory node the mode does nothing, so the answer is yes."""
    if wanted is None or host.nodes == 1:
        return True
    return host.zone_reclaim_mode is not None and host.zone_reclaim_mode & wanted == wanted


def first_fixed(host: Host, advisory: Advisory) -> str | None:
    """The first kernel with the fix in the host's own stream, or in any stream if its own has none. None if no fix is known."""
    if advisory.kernel is None:
        return None
    bounds = standing(host.release, advisory.kernel, host.userland).bounds if host.release else None
    return (bounds.fixed if bounds else None) or advisory.kernel.fixed


def upgrade(host: Host, advisory: Advisory) -> list[Action]:
    """Install the fix, if one is known."""
    fixed = first_fixed(host, advisory)
    if fixed is None:
        return [_action("follow_advisory", f"{advisory.fix} (advisory {advisory.id})")]
    return [
        _action(
            "upgrade_kernel",
            f"Install kernel {fixed} or later, check that it has the driver {advisory.driver}, and boot it (advisory {advisory.id})",
        )
    ]


def reboot(host: Host, advisory: Advisory) -> list[Action]:
    """Boot the kernel that is already there."""
    return [
        _action(
            "reboot",
            f"Check that kernel {clip(host.default_boot)} has the driver {advisory.driver}, then reboot into it",
        )
    ]


def boot_another(host: Host, advisory: Advisory) -> list[Action]:
    """Make a kernel the default that the advisory does not cover."""
    now = "" if host.release is None else f", such as the running kernel {clip(host.release)}"
    return [_action("set_default_kernel", f"Make another kernel the default, one that advisory {advisory.id} does not cover{now}")]


def review(advisory: Advisory) -> list[Action]:
    """For a person: is this build of the driver free of the fault?"""
    return [
        _action(
            "review_driver",
            f"Ask the vendor of the installed {advisory.driver} whether its version has the fault of advisory "
            f"{advisory.id}, or use the kernel's own module instead",
        )
    ]


def review_kernel(host: Host, advisory: Advisory) -> list[Action]:
    """For a person: does a kernel outside the advisory's ranges have the fault?"""
    return [
        _action(
            "review_kernel",
            f"Ask the vendor of kernel {clip(host.release)} whether its {advisory.driver} has the fault of advisory {advisory.id}",
        )
    ]


def take_back(host: Host, *, unasked: bool) -> list[Action]:
    """The workaround role's values are in force although nothing needs them (``unasked``), or a run of it was interrupted."""
    record = host.record
    if record is None or record.phase == "none":
        return []
    if record.phase != "in_force":
        told = "Run the workaround playbook again: its last run on this host was interrupted, and the next run repairs it"
        return [_action("finish_workaround", told)]
    if not unasked:
        return []
    first = record.originals.get("min_free_kbytes")
    was = "" if first is None else f" (vm.min_free_kbytes was {first} kB)"
    if any(record.values.get(name) is not None for name in NEWER):
        told = f"The workaround is in force and no symptom came since. Restore the old values{was} to see whether it is still needed"
        return [_action("remove_workaround", told)]
    return [_action("remove_workaround", f"Restore the values from before the workaround{was}: it is no longer needed")]


def gather(missing: Iterable[str]) -> list[Action]:
    """Gather the missing data again."""
    names = listed(dict.fromkeys(missing), 6, 60)
    return [_action("gather_missing", f"Gather the evidence again. Missing: {names}")]


#: The word of the action that the advice of the causes replaces (plugin_utils/explain).
FIND_CAUSE = "find_cause"


def starvation() -> list[Action]:
    """The symptom without an advisory that explains it: the cause decides what helps."""
    return [_action(FIND_CAUSE, "Run the audit and follow its advice for the cause")]


def unreached(kind: str) -> list[Action]:
    """For a host without facts: ``stalled``, ``unreachable`` or ``unknown``."""
    return {
        "stalled": [_action("console_login", "Log in at the console: TCP answers, but SSH no longer does")],
        "unreachable": [_action("check_host", "Check that the host is up, that its address is right and that the login is allowed")],
        "unknown": [_action("gather_missing", "Read the reason, remove the obstacle, then gather the facts again")],
    }[kind]


def _action(action: str, description: str) -> Action:
    return {"action": action, "description": description}
