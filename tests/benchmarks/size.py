# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """``fleets``: the small and the large number of recorded hosts; ``rounds``: how often the stages see the sample fleet."""

    pairs: int = 5
    live_hosts: int = 100
    fleets: tuple[int, int] = (1_000, 10_000)
    rounds: int = 50

    @property
    def fleet_words(self) -> str:
        small, large = self.fleets
        return f"time per host of {large:,} recorded hosts / of {small:,}"


def quick(pairs: int) -> Size:
    """Enough to see that the benchmark works; its figures mean little."""
    return Size(pairs, live_hosts=10, fleets=(40, 80), rounds=2)
