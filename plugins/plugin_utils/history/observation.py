# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one audit stores of one host, taken from the host's result. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Observation(NamedTuple):
    """One host at one audit; None means not known. Memory is in kB, times in seconds since 1970. A table and a CSV file have the same
    values. ``headroom``: how many atomic requests of each order the kernel would grant, with spaces between. ``step``: of the workaround,
    0 without one. ``order``: the order by which the host was judged, None if the audit did not store it (tables.py, version 1). Since
    version 3: ``available_kb``: free memory and memory that the kernel can take back, such as page cache; ``unaccounted_kb``: memory that
    the kernel counts nowhere; ``causes``: their names with spaces between, the likeliest first.
    """

    verdict: str
    at_epoch_seconds: int
    kernel: str | None = None
    booted_epoch_seconds: int | None = None
    step: int | None = None
    headroom: str | None = None
    free_kb: int | None = None
    failures: int | None = None
    min_free_kbytes: int | None = None
    zone_reclaim_mode: int | None = None
    order: int | None = None
    available_kb: int | None = None
    unaccounted_kb: int | None = None
    unreclaimable_slab_kb: int | None = None
    causes: str | None = None

    def left(self, order: int | None) -> int | None:
        """How many requests of that order the kernel would grant; None if that is not known."""
        if self.headroom is None or order is None:
            return None
        numbers = self.headroom.split(maxsplit=order + 1)
        return int(numbers[order]) if order < len(numbers) else None


#: How far two values of one boot time may differ: somebody may set the clock of a host.
_SAME_BOOT_SECONDS = 300


def observation_of(result: Mapping[str, Any], at_epoch_seconds: int) -> Observation:
    """``result``: one of ``hosts`` in the fleet's document; ``at_epoch_seconds``: when the audit was.

    The host's own clock counts if its evidence has it, because a record may be from another day.
    """
    facts = result["facts"] or {}
    kernel, vm, record = (facts.get(name) or {} for name in ("kernel", "vm", "workaround"))
    booted, uptime, headroom = facts.get("booted_epoch_seconds"), facts.get("uptime_seconds"), result["headroom"]
    return Observation(
        verdict=result["verdict"],
        at_epoch_seconds=at_epoch_seconds if booted is None or uptime is None else booted + uptime,
        kernel=kernel.get("release"),
        booted_epoch_seconds=booted,
        step=_step(facts, record),
        headroom=" ".join(map(str, headroom["atomic"])) if headroom else None,
        free_kb=(facts.get("memory") or {}).get("free_kb"),
        failures=(facts.get("failures") or {}).get("count"),
        min_free_kbytes=vm.get("min_free_kbytes"),
        zone_reclaim_mode=vm.get("zone_reclaim_mode"),
        order=result["order"],
        **_account(result["account"]),
        causes=" ".join(found["cause"] for found in result["causes"]),
    )


#: The parts of an account (explain/account.py) that a kernel under pressure can free itself.
_AVAILABLE = ("free", "file", "slab_reclaimable")


def _account(account: Mapping[str, Any] | None) -> dict[str, int | None]:
    if not account or account["unclear"]:
        return {}
    parts: Mapping[str, int] = account["parts"]
    return {
        "available_kb": sum(parts.get(part, 0) for part in _AVAILABLE),
        "unaccounted_kb": account["unaccounted_kb"],
        "unreclaimable_slab_kb": parts.get("slab_unreclaimable"),
    }


def _step(facts: Mapping[str, Any], record: Mapping[str, Any]) -> int | None:
    if not record:
        return None
    return (record.get("step") or 0) if record.get("phase") == "in_force" else 0


def same_boot(one: Observation, other: Observation) -> bool | None:
    """Whether the host did not boot between the two; None if that is not known."""
    if one.booted_epoch_seconds is None or other.booted_epoch_seconds is None:
        return None
    return abs(one.booted_epoch_seconds - other.booted_epoch_seconds) <= _SAME_BOOT_SECONDS
