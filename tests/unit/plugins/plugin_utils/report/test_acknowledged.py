# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site's file of hosts that may wait."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.acknowledged import (
    AcknowledgedError,
    acknowledged_on,
    ended_sentences,
    read_acknowledged,
)

TODAY = date(2026, 11, 27)


def written(folder: Path, text: str) -> str:
    path = folder / "acknowledged.yml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("entry", "verdict", "counts"),
    [
        ("until: 2026-11-27", "affected", True),  # the last day counts
        ("until: 2026-11-26", "affected", False),
        ('until: "2027-01-01"', "starved", True),
        ("until: 2027-01-01, verdicts: [affected]", "starved", False),
        ("until: 2027-01-01, verdicts: [at_risk, affected]", "affected", True),
    ],
)
def test_an_entry_counts_until_its_day_and_for_its_verdicts(tmp_path: Path, entry: str, verdict: str, counts: bool) -> None:
    found = read_acknowledged(written(tmp_path, f"- {{host: db, reason: CHG0042, {entry}}}"))
    told = acknowledged_on(found["db"], verdict, TODAY)
    assert told == ({"reason": "CHG0042", "until": found["db"][0].until.isoformat()} if counts else None)


def test_a_host_may_have_several_entries_and_an_empty_file_has_none(tmp_path: Path) -> None:
    lines = "- {host: db, reason: old, until: 2026-01-01}\n- {host: db, reason: new, until: 2027-01-01}\n"
    found = read_acknowledged(written(tmp_path, lines))
    assert acknowledged_on(found["db"], "affected", TODAY) == {"reason": "new", "until": "2027-01-01"}
    assert read_acknowledged(written(tmp_path, "---\n")) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("db: yes", "is not a list. Each entry needs host, reason and until"),
        ("- db", "entry 1: it is not a mapping"),
        ("- {host: db, reason: x}", "entry 1: missing required arguments: until"),
        ("- {host: db, reason: x, until: soon}", "entry 1: until: soon is not a date. Write it as 2026-12-24"),
        ("- {host: db, reason: x, until: 2026-12-24, who: me}", "entry 1: who. Supported parameters include"),
        ("- {host: db, reason: x, until: 2026-12-24, verdicts: [fine]}", "value of verdicts must be one or more of"),
        ("- {host: [", "is not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(AcknowledgedError) as raised:
        read_acknowledged(written(tmp_path, text))
    assert told in str(raised.value) and "acknowledged.yml" in str(raised.value)


def test_a_missing_or_huge_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AcknowledgedError, match="No such file"):
        read_acknowledged(str(tmp_path / "none.yml"))
    with pytest.raises(AcknowledgedError, match="larger than 4 MB"):
        read_acknowledged(written(tmp_path, "#" * (4 << 20) + "\n"))


def test_trouble_that_outlives_its_entry_is_told(tmp_path: Path) -> None:
    lines = "".join(f"- {{host: {name}, reason: x, until: 2026-11-20}}\n" for name in ("ill", "well", "gone"))
    hosts = {"ill": {"verdict": "affected", "acknowledged": None}, "well": {"verdict": "clear", "acknowledged": None}}
    assert list(ended_sentences(read_acknowledged(written(tmp_path, lines)), hosts, TODAY)) == [
        "ill is still affected, and its acknowledgement ended on 2026-11-20. Fix the host or renew the entry."
    ]
