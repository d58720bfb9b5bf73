# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs of ./dev lab remedies come to: a row for each remedy against each trouble, and what is said to help."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.lab.kept_runs import kept_runs
from tests.lab.remedies import NONE, PACKETS, PRESSURES, STRENGTHS, Treated

#: The runs of the table in docs/remedies.md.
MEASURED = Path(__file__).with_name("remedies.jsonl")
#: A remedy helps where it leaves at most this share of the failures, before it and without any.
_LEFT = 0.5
#: Of 10,000 packets: where fewer fail, there is no trouble that a remedy could be held against.
_LEAST = 100


#: The first line of the table in docs/remedies.md.
HEADER = "| trouble | remedy | runs | failures | stalls | given up | helps |"


def treated_before(kept: Path, seed: int) -> list[Treated]:
    """The runs of this seed that the file keeps."""
    return [Treated(**run) for run in kept_runs(kept, seed)]


def table_of(runs: Sequence[Treated]) -> list[dict[str, Any]]:
    """A row for each kernel, trouble, remedy and strength, in the order of what is measured: medians over its runs."""
    groups: dict[tuple[str, str, str, int], list[Treated]] = {}
    troubles, remedies = list(PRESSURES), list(STRENGTHS)
    for run in sorted(runs, key=lambda run: (troubles.index(run.pressure), remedies.index(run.remedy), run.strength, run.run)):
        groups.setdefault((run.kernel, run.pressure, run.remedy, run.strength), []).append(run)
    rows = [_row(*key, group) for key, group in groups.items()]
    untreated = {(row["kernel"], row["pressure"]): row["failures_after"] for row in rows if row["remedy"] == NONE}
    return [{**row, "helps": _helps(row, untreated.get((row["kernel"], row["pressure"])))} for row in rows]


def _row(kernel: str, pressure: str, remedy: str, strength: int, runs: Sequence[Treated]) -> dict[str, Any]:
    counted = ("failures_before", "failures_after", "stalls_before", "stalls_after", "given_up_kb")
    figures = {name: median(getattr(run, name) for run in runs) for name in counted}
    told = {"kernel": kernel, "pressure": pressure, "cause": PRESSURES[pressure].cause, "remedy": remedy, "strength": strength}
    return {**told, "runs": len(runs), **figures, "runs_with_killed": sum(run.killed > 0 for run in runs)}


def _helps(row: dict[str, Any], untreated: float | None) -> bool | None:
    """None where too few failed before it or without any, or where there is no run without any."""
    if row["remedy"] == NONE or untreated is None or min(row["failures_before"], untreated) < _LEAST:
        return None
    return bool(row["failures_after"] <= _LEFT * min(row["failures_before"], untreated))


def write_remedies(runs: Sequence[Treated], seed: int, path: Path) -> dict[str, Any]:
    """build/remedies.json, written anew after each run, so that one that is cut leaves what it had."""
    found = {
        "seed": seed,
        "failures_of_packets": PACKETS,
        "kernels": sorted({run.kernel for run in runs}),
        "not_run": {
            "leak, slab_leak": "what leaks uses up a larger reserve too; a guest that leaks on past its reserve does not live",
            "cma": "the kernels of the lab are built without CONFIG_CMA",
            "not_pages": "no page is missing there",
        },
        "table": table_of(runs),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n")
    return found


def markdown(found: dict[str, Any]) -> str:
    """The table of docs/remedies.md."""
    lines = [
        HEADER,
        "|---|---|---|---|---|---|---|",
    ]
    for release in found["kernels"]:
        lines.append(f"| **{release}** | | | | | | |")
        for row in (row for row in found["table"] if row["kernel"] == release):
            lines.append(_line(row))
    return "\n".join(lines)


def write_into(docs: Path, table: str) -> None:
    """The table in the place of the one that stands in the documentation."""
    lines = docs.read_text(encoding="utf-8").splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("| trouble |"))
    last = next((at for at, line in enumerate(lines[first:], first) if not line.startswith("|")), len(lines))
    docs.write_text("\n".join([*lines[:first], table, *lines[last:]]) + "\n", encoding="utf-8")


def _line(row: dict[str, Any]) -> str:
    remedy = "none" if row["remedy"] == NONE else f"`{row['remedy']}` {row['strength']}"
    killed = f", {row['runs_with_killed']} of {row['runs']} runs killed a process" if row["runs_with_killed"] else ""
    helps = {True: "yes", False: "no", None: ""}[row["helps"]]
    moved = [f"{row[f'{what}_before']:g} → {row[f'{what}_after']:g}" for what in ("failures", "stalls")]
    return f"| {row['pressure']} | {remedy} | {row['runs']} | {moved[0]} | {moved[1]} | {row['given_up_kb']:g} kB{killed} | {helps} |"
