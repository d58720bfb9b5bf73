# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The counts of all runs on this machine, and the table of docs/security.md that is written of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.security.fuzz.every import FUZZERS
from tests.security.fuzz.open_points import OPEN
from tests.security.fuzz.runner import Fuzzer, Tally

PAGE = ROOT / "docs" / "security.md"
#: The name of the file with the counts.
COUNTS = "counts.json"
BEGIN, END = "<!-- counts: written by ./dev fuzz --table -->", "<!-- end of counts -->"


def add_counts(tallies: Mapping[str, Tally], seed: int, file: Path) -> None:
    """Add what a run did to what others did before it."""
    counts = read_counts(file)
    for name, tally in tallies.items():
        kept = counts.setdefault(name, {"inputs": 0, "longest_seconds": 0.0, "failures": [], "seeds": []})
        kept["inputs"] += tally.inputs
        kept["longest_seconds"] = max(kept["longest_seconds"], tally.longest_seconds)
        kept["failures"] = sorted({*kept["failures"], *tally.failures})
        kept["seeds"] = sorted({*kept["seeds"], seed})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(counts, indent=1, sort_keys=True))


def read_counts(file: Path) -> dict[str, Any]:
    """{fuzzer: {inputs, longest_seconds, failures, seeds}}, empty before the first run."""
    counts: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    return counts


def write_table(file: Path, page: Path = PAGE) -> None:
    """Put the table between the page's two marks. ValueError without the marks."""
    text = page.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{page} does not have the two marks of the counts once each")
    before, rest = text.split(BEGIN)
    page.write_text(before + BEGIN + "\n" + _table(read_counts(file)) + "\n" + END + rest.split(END)[1], encoding="utf-8")


def _table(counts: Mapping[str, Any]) -> str:
    rows = ["| fuzzer | it gives | to | inputs | the longest, ms | kinds that did not hold |", "|---|---|---|---|---|---|"]
    for name, fuzzer in FUZZERS.items():
        kept = counts.get(name, {"inputs": 0, "longest_seconds": 0.0, "failures": []})
        called = ", ".join(f"`{parser}`" for parser in parser_names(fuzzer))
        row = (f"`{name}`", fuzzer.what, called, f"{kept['inputs']:,}", f"{kept['longest_seconds'] * 1000:.0f}", str(len(kept["failures"])))
        rows.append(f"| {' | '.join(row)} |")
    total = sum(kept["inputs"] for kept in counts.values())
    seeds = sorted({seed for kept in counts.values() for seed in kept["seeds"]})
    told = f"{total:,} inputs in all, of the seeds {_listed(seeds)}. Written on {date.today().isoformat()}." if seeds else "No run yet."
    waiting = ["Not in the last column, since it is known and being mended:", "", *(f"- {one.point}" for one in OPEN), ""] if OPEN else []
    return "\n".join(["", *rows, "", told, "", *waiting])


def _listed(seeds: list[int]) -> str:
    shown = ", ".join(map(str, seeds[:8]))
    return shown if len(seeds) <= 8 else f"{shown} and {len(seeds) - 8} more"


def parser_names(fuzzer: Fuzzer) -> list[str]:
    """The functions that a fuzzer calls, by the names that the table has: those of classes with their class."""
    return [_name(parser) for parser in fuzzer.parsers]


def _name(parser: Callable[..., Any]) -> str:
    return re.sub(r"^.*<locals>\.", "", parser.__qualname__)
