# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's headroom against what kernels grant: over random states of memory, on guests of several shapes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.lab.guest import Plan, running
from tests.lab.kernel import kernel
from tests.lab.states import Seen, look, random_states

#: What the states are made on -> (memory of each node in MB, its share of the states). A large guest takes long, a small one not.
GUESTS: dict[str, tuple[tuple[int, ...], float]] = {
    "512 MB, zones DMA and DMA32": ((512,), 0.46),
    "2 nodes of 1 GB": ((1024, 1024), 0.31),
    "4.5 GB, zones DMA, DMA32 and Normal": ((4608,), 0.23),
}
#: An error of the headroom that is worth a word.
_NOTABLE_PERCENT = 2.0
_PER_CPU = re.compile(r"^\s+count:\s+([0-9]+)", re.MULTILINE)


@dataclass(frozen=True)
class Accuracy:
    """All states that were seen."""

    seen: Sequence[Seen]

    def figures(self) -> dict[str, Any]:
        """What goes into build/accuracy.json."""
        off = [one for one in self.seen if _error(one.counted, one.expected) > _NOTABLE_PERCENT]
        in_lists = [one for one in off if _in_per_cpu_lists(one)]
        return {
            "states": len(self.seen),
            "agree_percent": round(100 * (1 - len(self.wrong()) / len(self.seen)), 2),
            "headroom_error_median_percent": round(self._median(lambda one: one.expected), 3),
            "headroom_error_median_percent_without_pagetypeinfo": round(self._median(lambda one: one.expected_without_types), 3),
            "next_request_refused": sum(not one.asked for one in self.seen),
            "off_by_more_than_2_percent": len(off),
            "of_these_within_the_pages_of_per_cpu_lists": len(in_lists),
            "by_guest": {name: self._of(name) for name in GUESTS if any(one.guest == name for one in self.seen)},
            "kernel": kernel().release,
        }

    def wrong(self) -> list[Seen]:
        """The states in which the kernel granted the next request and the collection would not have, or the other way round."""
        return [one for one in self.seen if one.asked != one.asked_expected]

    def oddities(self) -> Iterator[str]:
        """A line on each state that is wrong, or further off than the per-CPU lists explain."""
        for one in self.seen:
            unexplained = _error(one.counted, one.expected) > _NOTABLE_PERCENT and not _in_per_cpu_lists(one)
            if unexplained or one.asked != one.asked_expected:
                yield (
                    f"{one.guest}: {one.state.line()}: order 2 asked {one.asked}, expected {one.asked_expected}; "
                    f"counted {one.counted}, expected {one.expected}, {per_cpu_pages(one)} pages in per-CPU lists"
                )

    def _of(self, guest: str) -> dict[str, Any]:
        part = Accuracy([one for one in self.seen if one.guest == guest])
        agree = len(part.seen) - len(part.wrong())
        return {"states": len(part.seen), "agree": agree, "median_percent": round(part._median(lambda one: one.expected), 3)}

    def _median(self, expected: Callable[[Seen], int]) -> float:
        """Over the states in which anything was granted or expected: where both are none there is no error to speak of."""
        errors = [_error(one.counted, expected(one)) for one in self.seen if one.counted or expected(one)]
        return median(errors) if errors else 0.0


def _error(counted: int, expected: int) -> float:
    """Percent of the larger of the two."""
    return 100 * abs(counted - expected) / max(counted, expected, 1)


def _in_per_cpu_lists(one: Seen) -> bool:
    return abs(one.counted - one.expected) << one.state.order <= per_cpu_pages(one)


def per_cpu_pages(one: Seen) -> int:
    """The free pages that lay in per-CPU lists, where buddyinfo does not show them (/proc/zoneinfo, "count")."""
    return sum(map(int, _PER_CPU.findall(one.texts[1])))


def measure(states: int, seed: int, say: Callable[[str], None]) -> Accuracy:
    """About so many states, on each of GUESTS by its share."""
    seen: list[Seen] = []
    for name, (memory_mb, share) in GUESTS.items():
        number = max(1, round(states * share))
        plan = Plan("legacy", memory_mb)
        with running(plan, f"accuracy-{len(memory_mb)}-{memory_mb[0]}") as guest:
            wanted = list(random_states(seed, number, sum(memory_mb) * 1024))
            for one in look(guest, name, wanted):
                seen.append(one)
                if len(seen) % 50 == 0:
                    say(f"  {len(seen)} states of about {states}")
        say(f"{name}: {number} states")
    return Accuracy(seen)


def write(accuracy: Accuracy, path: Path) -> dict[str, Any]:
    figures = accuracy.figures()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n")
    return figures
