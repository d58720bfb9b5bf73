# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose failures are these, and do they count? They may belong to the drivers of an advisory or to another driver."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Thresholds
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import FailureGroup


def is_symptom(group: FailureGroup, limits: Thresholds, nic_drivers: frozenset[str]) -> bool:
    """Whether failures are the symptom. Many callers ask for larger blocks and can do without them. A NIC's driver, and a request that may
    not wait, cannot."""
    if limits.report:
        return False
    if limits.by_trace:
        return group.count > 0 and limits.counts(group.order) and is_own(group, limits)
    small = group.order <= limits.failures_up_to_order or group.order == limits.order
    return group.count > 0 and (small or group.atomic is True or not nic_drivers.isdisjoint(group.drivers))


def is_own(group: FailureGroup, limits: Thresholds) -> bool:
    """Whether the trace names one of the advisory's drivers or functions."""
    return not (limits.drivers.isdisjoint(group.drivers) and limits.functions.isdisjoint(group.functions))


def may_be_own(group: FailureGroup, limits: Thresholds) -> bool:
    """Whether failures belong, or may belong, to one of the advisory's drivers."""
    if not limits.counts(group.order):
        return False
    if is_own(group, limits) or not limits.drivers.isdisjoint(group.drivers_beside):
        return True
    return not group.trace_read and not group.drivers and group.order == limits.order


def is_of_another(group: FailureGroup, limits: Thresholds, nic_drivers: frozenset[str]) -> bool:
    """Whether failures are known to be harmless, or their trace names a driver of the host's NICs and no driver of the advisory."""
    if any(name in group.drivers and group.order >= order for name, order in limits.explained):
        return nic_drivers.isdisjoint(set(group.drivers) - {name for name, _order in limits.explained})
    if not limits.drivers or is_own(group, limits) or not limits.drivers.isdisjoint(group.drivers_beside):
        return False
    return not nic_drivers.isdisjoint(group.drivers)
