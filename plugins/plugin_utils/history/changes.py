# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between an audit and the one before. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation, same_boot

#: Kind of change -> what it means, the most urgent first.
CHANGES = {
    "newly_affected": "newly affected",
    "newly_starved": "newly starved",
    "newly_stalled": "newly stalled",
    "gone": "no longer in the inventory",
    "cured": "affected, starved or stalled before, now mitigated or clear",
    "workaround_put_in_force": "a new step of the workaround is in force",
    "workaround_taken_back": "a step of the workaround is no longer in force",
    "kernel_changed": "runs another kernel",
    "rebooted": "booted since the last audit",
    "new": "audited for the first time",
}

_TROUBLE = ("affected", "starved", "stalled")
_WELL = ("mitigated", "clear")


def changes_of(before: Mapping[str, Observation], now: Mapping[str, Observation], *, whole_fleet: bool) -> dict[str, list[str]]:
    """{kind of CHANGES: names of hosts}, kinds without a host left out.

    ``before``: each host's last observation in earlier audits. ``whole_fleet``: this audit asked every host of the inventory. Only then
    does a missing host no longer exist.
    """
    found: dict[str, list[str]] = {kind: [] for kind in CHANGES}
    for name, observation in now.items():
        earlier = before.get(name)
        for kind in ["new"] if earlier is None else _kinds(earlier, observation):
            found[kind].append(name)
    if whole_fleet:
        found["gone"] = [name for name in before if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


def with_new_verdict(before: Mapping[str, Observation], now: Mapping[str, Observation]) -> set[str]:
    """The hosts whose verdict changed, including hosts that were never audited before."""
    return {name for name, one in now.items() if name not in before or before[name].verdict != one.verdict}


def happened(before: Observation, now: Observation) -> Iterator[str]:
    """What was done to a host between two audits."""
    if now.step is not None and before.step is not None and now.step != before.step:
        yield "workaround_put_in_force" if now.step > before.step else "workaround_taken_back"
    if now.kernel and before.kernel and now.kernel != before.kernel:
        yield "kernel_changed"
    elif same_boot(before, now) is False:
        yield "rebooted"


def _kinds(before: Observation, now: Observation) -> Iterator[str]:
    if now.verdict in _TROUBLE and now.verdict != before.verdict:
        yield f"newly_{now.verdict}"
    if before.verdict in _TROUBLE and now.verdict in _WELL:
        yield "cured"
    yield from happened(before, now)
