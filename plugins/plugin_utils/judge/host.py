# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of one host as a verdict needs them, with types. host_reading.py makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import SETTINGS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import Userland
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import why_not_seen


@dataclass(frozen=True)
class Nic:
    """One network interface; None means not known."""

    name: str
    driver: str | None
    bus_driver: str | None
    module_path: str | None
    in_tree: bool | None
    virtual: bool
    lower: tuple[str, ...] | None
    mtu: int | None = None
    #: Without ethtool, the driver of the bus is used, if no advisory says that the two differ.
    driver_by_bus: bool = False


@dataclass(frozen=True)
class FailureGroup:
    """Failures that are alike in everything that decides whether they count. ``atomic``: None if the mode could not be read.
    ``drivers_beside``: drivers of other traces that may belong to them. ``trusted``: they are in a log to which only the kernel writes.
    ``process``, ``at``: of the last one, None if not known. ``trace_read``: their traces are in the log and have no other drivers than
    ``drivers``. ``functions``: of all these traces in one list."""

    order: int
    count: int
    atomic: bool | None = None
    drivers: tuple[str, ...] = ()
    drivers_beside: tuple[str, ...] = ()
    trusted: bool = True
    process: str | None = None
    at: str | None = None
    trace_read: bool = False
    functions: tuple[str, ...] = ()


@dataclass(frozen=True)
class MemoryTrouble:
    """Another report of the kernel about memory. ``kind``: slab, stall, oom_kill, order_above_max or vmalloc. ``limited``: a cgroup had
    reached its limit. ``since_workaround``: how many came after the workaround, None if that is not known."""

    kind: str
    count: int
    atomic: bool | None
    limited: bool
    trusted: bool
    since_workaround: int | None
    process: str | None
    what: str | None
    at: str | None


@dataclass(frozen=True)
class Failures:
    """Page allocation failures logged since boot. ``boot_seen``: the logs reach back that far. ``sources``: the logs, by name.

    ``groups``: the failures with known details. ``since_workaround``: (count, by order, groups) of failures after the workaround role
    applied its values, None if that is not known. ``suppressed``: messages that the kernel did not print.
    """

    count: int
    by_order: Mapping[int, int]
    sources: tuple[str, ...]
    boot_seen: bool
    groups: tuple[FailureGroup, ...]
    since_workaround: tuple[int, Mapping[int, int], tuple[FailureGroup, ...]] | None
    suppressed: int
    others: tuple[MemoryTrouble, ...]


@dataclass(frozen=True)
class Record:
    """What the workaround role left on the host; ``phase``: none, pending, in_force or leaving. ``values``: of that step by setting.
    ``originals``: from before the first step. They are in kB or in the unit of the kernel, None for a setting that the role does not
    change."""

    phase: str
    step: int | None = None
    values: Mapping[str, int | None] = field(default_factory=dict)
    originals: Mapping[str, int | None] = field(default_factory=dict)
    since_epoch_seconds: int | None = None
    in_force_seconds: int | None = None
    since: str | None = None

    @property
    def in_force_kb(self) -> int | None:
        return self.values.get("min_free_kbytes") if self.phase == "in_force" else None


@dataclass(frozen=True)
class BootSetting:
    """A line that sets one of the workaround's values at boot. ``name``: without "vm."; ``value``: as the file has it."""

    file: str
    name: str
    value: str


@dataclass(frozen=True)
class Host:
    """What a verdict needs of one host. None means not known, and ``why`` gives the reason. ``facts`` has everything.

    ``settings``: by name, the values that the workaround may change."""

    release: str | None
    userland: Userland
    installed: tuple[str, ...] | None
    default_boot: str | None
    nics: tuple[Nic, ...] | None
    container: str | None
    nodes: int | None
    page_size_bytes: int | None
    settings: Mapping[str, int | None]
    failures: Failures | None
    record: Record | None
    boot_settings: tuple[BootSetting, ...]
    out_of_tree: frozenset[str]
    facts: Mapping[str, Any]

    @property
    def distribution_id(self) -> str | None:
        """The ``ID`` of os-release."""
        return self.userland.id

    @property
    def min_free_kbytes(self) -> int | None:
        """vm.min_free_kbytes, in kB."""
        return self.settings["min_free_kbytes"]

    @property
    def zone_reclaim_mode(self) -> int | None:
        """vm.zone_reclaim_mode, a bit mask."""
        return self.settings["zone_reclaim_mode"]

    @property
    def workaround_holds(self) -> bool:
        """Whether the step that the workaround role recorded is in force. A sosreport has the role's settings but not the record."""
        record, now = self.record, self.min_free_kbytes
        wanted = self._role_settings_kb if record is None else record.in_force_kb
        return wanted is not None and now is not None and now >= wanted

    @property
    def _role_settings_kb(self) -> int | None:
        """vm.min_free_kbytes in the file that the workaround role writes for the next boot, None if it is not known."""
        ours = [line.value for line in self.boot_settings if (line.file, line.name) == (SETTINGS, "min_free_kbytes")]
        return int(ours[0]) if ours and ours[0].isdecimal() and len(ours[0]) < 20 else None

    def lacks(self, setting: str) -> bool:
        """Whether the kernel is known not to have the setting. That is not the same as an unknown value."""
        vm = self.facts.get("vm")
        return vm is not None and self.settings[setting] is None and not self.why(f"vm.{setting}")

    def why(self, *data: str) -> str:
        """ " (the recorded reason)" for the first of these data with a reason, else nothing."""
        return why_not_seen(self.facts, *data)
