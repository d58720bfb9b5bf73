# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each host in one line, for the table and the HTML report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.granted import granted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import SEVERITY, VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.change import change_line
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.warned import first_end, is_quiet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import (
    natural_key,
    printable,
)


class HostRow(NamedTuple):
    """One host in one line. All text is :func:`printable`; ``name`` alone is as it was given.

    ``order`` is the one the host is judged by, None for a host that gave no facts. ``headroom`` is the number of atomic requests of that
    order that would be granted at least, ``headroom_at_most`` at most, None if not known. ``changed``: ``reason`` is what a role did to
    the host. ``warned``: clear, but ``reason`` warns of what is coming: a fault with the next boot, or memory that runs out.
    ``acknowledged``: until when its trouble may wait, and why; "" where nobody said so. ``exhausted``: when nothing may be left, "" where
    nothing says so. ``cause``: the likeliest one with what speaks for it, "" where there is none.
    """

    name: str
    verdict: str
    kernel: str
    drivers: str
    order: int | None
    headroom: int | None
    headroom_at_most: int | None
    reason: str
    changed: bool
    warned: bool
    acknowledged: str
    exhausted: str
    cause: str

    @property
    def quiet(self) -> bool:
        """Clear, and nothing to report."""
        return self.verdict == "clear" and not self.warned


def host_rows(fleet: Mapping[str, Any]) -> list[HostRow]:
    """One row for every host of ``fleet``: the worst verdict first, what is acknowledged last of each, of the clear ones those with a
    warning, whose headroom ends first, by name."""
    return sorted((_row(name, result) for name, result in fleet["hosts"].items()), key=_place)


def _place(row: HostRow) -> tuple[Any, ...]:
    # An unknown verdict sorts before all others, so that nobody overlooks it.
    return SEVERITY.get(row.verdict, -1), bool(row.acknowledged), not row.warned, row.exhausted or "~", natural_key(row.name)


def verdict_counts(fleet: Mapping[str, Any]) -> dict[str, int]:
    """Every verdict with its number of hosts, zero included, worst first."""
    counts: Mapping[str, int] = fleet["counts"]
    return {verdict: counts.get(verdict, 0) for verdict in VERDICTS}


def _row(name: str, result: Mapping[str, Any]) -> HostRow:
    facts = result["facts"] or {}
    # of a change that is what one wants to know; the reasons for the verdict are in the panel
    changed = "change" in result
    reasons = [change_line(result["change"])] if changed else result["reasons"]
    return HostRow(
        name,
        printable(result["verdict"], 40),
        _kernel(facts.get("kernel")),
        _drivers(facts.get("nics")),
        result["order"],
        granted(result["headroom"], "atomic", result["order"]),
        granted(result["headroom"], "atomic_at_most", result["order"]),
        printable(reasons[0], 400) if reasons else "",
        changed,
        not changed and result["verdict"] == "clear" and not is_quiet(result),
        _acknowledged(result["acknowledged"]),
        first_end(result),
        _cause(result),
    )


def _acknowledged(told: Mapping[str, str] | None) -> str:
    return printable(f"until {told['until']}: {told['reason']}", 200) if told else ""


def _cause(result: Mapping[str, Any]) -> str:
    for first in result["causes"]:
        why = f": {first['reasons'][0]}" if first["reasons"] else ""
        return printable(f"{first['cause'].replace('_', ' ')}, {first['certainty']}{why}", 400)
    return ""


def _kernel(kernel: Mapping[str, Any] | None) -> str:
    """The running release, less the architecture at its end: it is the same on most of a fleet."""
    if not kernel or not kernel["release"]:
        return ""
    release: str = kernel["release"]
    suffix = f".{kernel['machine']}"
    return printable(release[: -len(suffix)] if release.endswith(suffix) else release, 80)


def _drivers(nics: list[Mapping[str, Any]] | None) -> str:
    """The drivers of the real cards, that of the default route first; without ethtool the drivers that the bus shows.

    Interfaces without a device of their own (bonds, VLANs, bridges, tunnels) are left out.
    """
    real = [nic for nic in nics or () if not nic["lower"] and not nic["virtual"]]
    real.sort(key=lambda nic: not nic["default_route"])
    names = [nic["driver"] or nic["bus_driver"] for nic in real]
    return printable(", ".join(name for name in dict.fromkeys(names) if name), 80)
