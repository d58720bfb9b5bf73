# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """``fleets``: the small and the large number of recorded hosts, ``merges`` of hosts in a fact cache, ``nights`` in the history;
    ``rounds``: how often the stages see the sample fleet.

    Sosreports: ``sos_megabytes`` unpacked, ``sos_members`` of each, ``sos_rounds`` over the unpacked ones, ``sos_fleet`` archives.
    """

    pairs: int = 5
    live_hosts: int = 100
    fleets: tuple[int, int] = (1_000, 10_000)
    merges: tuple[int, int] = (10_000, 100_000)
    nights: int = 365
    rounds: int = 50
    sos_megabytes: tuple[int, ...] = (20, 30, 40, 60, 80, 120)
    sos_members: int = 3_000
    sos_rounds: int = 10
    sos_fleet: int = 1_000

    @property
    def fleet_words(self) -> str:
        small, large = self.fleets
        return f"time per host of {large:,} recorded hosts / of {small:,}"


def quick(pairs: int) -> Size:
    """Enough to see that the benchmark works; its figures mean little."""
    return Size(
        pairs,
        live_hosts=10,
        fleets=(40, 80),
        merges=(40, 80),
        nights=3,
        rounds=2,
        sos_megabytes=(2,),
        sos_members=200,
        sos_rounds=2,
        sos_fleet=10,
    )
