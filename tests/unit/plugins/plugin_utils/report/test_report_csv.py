# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.csv, and that no cell of any CSV is taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.csv_cells import write_rows
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet_csv import render_csv
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.rows import host_rows
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import (
    HOSTILE,
    changed_fleet,
    facts,
    fleet_of,
    hostile_fleet,
    result,
    sample_fleet,
)


def lines(fleet: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(fleet), newline="")))


def test_every_host_has_one_line_the_worst_first() -> None:
    fleet = sample_fleet()
    assert [line["host"] for line in lines(fleet)] == [row.name for row in host_rows(fleet)]
    assert lines(fleet_of({})) == []


def test_what_is_known_and_what_is_not() -> None:
    found = {line["host"]: line for line in lines(sample_fleet())}
    affected = found["db-prod-4"]
    assert {**affected, "reasons": "", "actions": "", "drivers": ""} == {
        "host": "db-prod-4", "verdict": "affected", "groups": "", "acknowledged_until": "", "change": "", "symptom": "true",
        "order": "2", "headroom_at_least": "0", "headroom_at_most": "0", "failures": "5",
        "kernel": "2.6.32-358.23.2.el6", "drivers": "", "free_kb": "1920448", "min_free_kbytes": "67584",
        "zone_reclaim_mode": "0", "advisories": "pagealloc-mlx4-rhel6.4", "actions": "", "reasons": "",
    }  # fmt: skip
    assert affected["actions"] == "raise_min_free_kbytes; upgrade_kernel" and affected["drivers"] == "mlx4_en"
    assert affected["reasons"].startswith("5 order-2 page allocation failures logged")
    gone = found["old-print-server"]
    assert {name for name, cell in gone.items() if cell} == {"host", "verdict", "reasons"}, "an empty cell, never zero"


def test_groups_and_acknowledgements_have_their_columns() -> None:
    told = {"groups": ["db", "=web"], "acknowledged": {"reason": "CHG0042", "until": "2026-12-24"}}
    line = lines(fleet_of({"h": {**result("affected", facts(), ["x"]), **told}}))[0]
    assert (line["groups"], line["acknowledged_until"]) == ("db;' =web", "2026-12-24")


def test_the_order_is_the_hosts_own() -> None:
    host = result("affected", facts(), ["x"], order=3)
    line = lines(fleet_of({"h": host}))[0]
    assert (line["order"], line["headroom_at_least"]) == ("3", str(host["headroom"]["atomic"][3]))


def test_a_change_tells_its_outcome() -> None:
    assert {line["host"]: line["change"] for line in lines(changed_fleet())}["refused-1"] == "refused"


def test_hostile_text_is_one_cell_that_is_no_formula() -> None:
    found = lines(hostile_fleet())
    assert len(found) == len(HOSTILE)
    assert all(cell.isprintable() for line in found for cell in line.values())


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "  =", "\t=", "x;=", "x; @", ";;-"])
def test_no_cell_begins_as_a_formula_does(begin: str) -> None:
    """Neither the cell, nor what a semicolon cuts off it where it parts the cells."""
    file = io.StringIO(newline="")
    assert write_rows(file, ["a", "b"], [(f"{begin}1+cmd|' /C calc'!A0", "harmless")]) == 1
    cell, other = list(csv.reader(io.StringIO(file.getvalue(), newline="")))[1]
    assert all(not re.match("[-=+@＝＋－＠]", part.strip()) for part in cell.split(";")) and other == "harmless"
    assert cell.replace("'", "").endswith("1+cmd| /C calc!A0")


def test_cells_keep_null_zero_and_false_apart() -> None:
    file = io.StringIO(newline="")
    write_rows(file, ["a", "b", "c", "d"], [(None, 0, False, -1)])
    assert file.getvalue() == "a,b,c,d\r\n,0,false,-1\r\n"
