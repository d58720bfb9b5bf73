# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A figure: the ratio of two things measured by turns, and the file that keeps the figures."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

Measured = TypeVar("Measured")


@dataclass(frozen=True)
class Figure:
    """``ratio`` is the median of the ratios of the pairs; ``goal`` is the most it may be, ``least`` the least; None: no such."""

    name: str
    pairs: list[float]
    note: str
    goal: float | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    least: float | None = None

    @property
    def ratio(self) -> float:
        return median(self.pairs)

    def record(self) -> dict[str, Any]:
        """What stands under the figure's name in the file."""
        return {
            "ratio": rounded(self.ratio),
            "runs": len(self.pairs),
            "note": self.note,
            "goal": self.goal,
            "least": self.least,
            "pairs": [rounded(pair) for pair in self.pairs],
            **self.more,
        }


def rounded(number: float) -> float:
    """Four significant digits: more than any of these measurements holds."""
    return float(f"{number:.4g}")


def by_turns(
    count: int, first: Callable[[], Measured], second: Callable[[], Measured], say: Callable[[Measured, Measured], str]
) -> list[tuple[Measured, Measured]]:
    """``count`` pairs, each of one run of ``first`` and one of ``second``, with a line of progress for each pair.

    Every other pair is run the other way round, so that neither side always has the caches or the clock of the first.
    """
    pairs = []
    for number in range(count):
        if number % 2:
            later = second()
            pair = first(), later
        else:
            pair = first(), second()
        pairs.append(pair)
        progress(f"  pair {number + 1} of {count}: {say(*pair)}")
    return pairs


def progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def merge(path: Path, figures: Iterable[Figure], command: str) -> None:
    """Write the figures into the file, each with when and where it was measured; what it holds of others stays."""
    about = {"measured_at": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "machine": machine(), "command": command}
    known = json.loads(path.read_text()) if path.exists() else {}
    known.update({figure.name: {**figure.record(), **about} for figure in figures})
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    unfinished.replace(path)


def machine() -> str:
    """What the figures were measured on, in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = _cpu_model()
    cpus = f"{os.cpu_count()} CPUs" + (f" ({model})" if model else "")
    return f"{cpus}, {memory:.0f} GB, Linux {platform.release()}, Python {platform.python_version()}, ansible-core {_ansible_version()}"


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _ansible_version() -> str:
    from ansible.release import __version__

    return str(__version__)
