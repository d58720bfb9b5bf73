# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of what remedies do on one guest; ``./dev lab remedies`` takes more."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tests.lab.kept_runs import keep_run, kept_runs
from tests.lab.kernel import Kernel, kernel
from tests.lab.remedies import NONE, STRENGTHS, Treated, Treatment, treat
from tests.lab.remedies_table import markdown, table_of, write_into, write_remedies

BURSTS = "bursts against a small reserve"
RUN = Treated(BURSTS, "min_free_kbytes", 15728, "6.1.0", 0, 4000, 1000, 3, 1, 12000, 0)


@pytest.mark.parametrize(
    ("before", "after", "untreated", "helps"),
    [
        (4000, 2000, 4000, True),
        (4000, 2001, 4000, False),
        (4000, 2000, 3999, False),
        (100, 50, 100, True),
        (99, 0, 4000, None),
        (4000, 0, 99, None),
        (0, 0, 0, None),
    ],
)
def test_a_remedy_helps_that_halves_the_failures_before_it_and_without_it(
    before: int, after: int, untreated: int, helps: bool | None
) -> None:
    runs = [replace(RUN, failures_before=before, failures_after=after), replace(RUN, remedy=NONE, strength=0, failures_after=untreated)]
    rows = table_of(runs)
    assert {row["remedy"]: row["helps"] for row in rows} == {"min_free_kbytes": helps, NONE: None}
    assert table_of(runs[:1])[0]["helps"] is None, "nothing to hold it against"


def test_the_table_has_medians_and_says_what_was_killed(tmp_path: Path) -> None:
    runs = [replace(RUN, run=number, failures_after=failed, killed=failed // 3000) for number, failed in enumerate((10, 20, 3000))]
    found = write_remedies(runs, 7, tmp_path / "made" / "remedies.json")
    assert json.loads((tmp_path / "made" / "remedies.json").read_text()) == found
    assert markdown(found).splitlines()[-1] == (
        f"| {BURSTS} | `min_free_kbytes` 15728 | 3 | 4000 \u2192 20 | 3 \u2192 1 | 12000 kB, 1 of 3 runs killed a process |  |"
    )


def test_rows_stand_in_the_order_of_what_is_measured_and_go_into_the_documentation(tmp_path: Path) -> None:
    runs = [replace(RUN, remedy=remedy, strength=value) for remedy, value in (("compact_memory", 1), (NONE, 0), ("min_free_kbytes", 5242))]
    docs = tmp_path / "remedies.md"
    docs.write_text("Before.\n\n| trouble | old |\n|---|---|\n| x | 1 |\n\nAfter.\n")
    write_into(docs, markdown(write_remedies(runs, 7, tmp_path / "remedies.json")))
    before, *table, after = docs.read_text().strip().split("\n\n")
    assert (before, after, len(table)) == ("Before.", "After.", 1)
    assert [line.split(" | ")[1] for line in table[0].splitlines()[3:]] == ["none", "`min_free_kbytes` 5242", "`compact_memory` 1"]


def test_a_measurement_that_was_cut_goes_on_where_it_was(tmp_path: Path) -> None:
    kept = tmp_path / "made" / "remedies.jsonl"
    assert list(kept_runs(kept, 7)) == []
    for seed, number in ((7, 0), (8, 0), (7, 1)):
        keep_run(kept, seed, asdict(replace(RUN, run=number)))
    with kept.open("a") as file:
        file.write('{"seed": 7, "pressure": "bur')
    assert [Treated(**run) for run in kept_runs(kept, 7)] == [RUN, replace(RUN, run=1)]


def test_what_is_done_is_not_done_again() -> None:
    """Not even a guest is started for it."""
    here = Kernel("6.1.0", Path("/nowhere"))
    tried = [("min_free_kbytes", 15728), (NONE, 0)]
    done = {Treatment("6.1.0", BURSTS, remedy, value, number) for remedy, value in tried for number in range(2)}
    assert RUN.asked in done
    assert list(treat(2, 7, print, [BURSTS], [here], tried, done)) == []


def test_a_larger_reserve_serves_bursts_and_a_value_of_the_wrong_kind_does_not(tmp_path: Path) -> None:
    tried = [(NONE, 0), ("min_free_kbytes", STRENGTHS["min_free_kbytes"][-1]), ("compaction_proactiveness", 20)]
    runs = list(treat(1, 2026, lambda line: None, [BURSTS], [kernel()], tried))
    rows: dict[str, dict[str, Any]] = {row["remedy"]: row for row in write_remedies(runs, 2026, tmp_path / "remedies.json")["table"]}
    assert rows[NONE]["failures_before"] > 0 and rows[NONE]["given_up_kb"] == 0
    assert rows["min_free_kbytes"]["helps"] is True and rows["min_free_kbytes"]["given_up_kb"] > 0
    assert rows["compaction_proactiveness"]["helps"] is False
