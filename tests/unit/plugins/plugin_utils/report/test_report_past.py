# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history as text: what hosts wrote stays text."""

from __future__ import annotations

import csv
import io

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import Run
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.past import render_audits, render_past, write_csv

SEEN = Observation("affected", 1764108000, "2.6.32-358.el6.x86_64", 1763028000, 1, "4 2 0", 190976, 3, 67584, 0)
NOT_SEEN = Observation("unreachable", 1764194400)


def test_one_line_an_audit() -> None:
    audits = [(Run("north", 1764194400, 1234, True, "1"), {"clear": 1230, "affected": 4}), (Run("north", 1764108000, 2, False, "1"), {})]
    assert render_audits(audits) == (
        "AUDIT (UTC)       FLEET  HOSTS\n2025-11-26 22:00  north  1,234\n    4 affected, 1,230 clear\n2025-11-25 22:00  north  2 (part)\n"
    )


def test_a_zero_is_no_question_mark() -> None:
    lines = render_past([SEEN, NOT_SEEN], 2).splitlines()
    assert lines[1].split() == ["2025-11-25", "22:00", "affected", "2.6.32-358.el6.x…", "0", "186", "3"]
    assert lines[2].split() == ["2025-11-26", "22:00", "unreachable", "?", "?", "?", "?"]


def test_each_audit_is_shown_by_the_order_it_was_judged_by() -> None:
    by_three = SEEN._replace(headroom="9 8 7 6", order=3)
    lines = render_past([SEEN, by_three, NOT_SEEN], 2).splitlines()
    assert lines[0].split() == ["AUDIT", "(UTC)", "VERDICT", "KERNEL", "ORDER-2", "ORDER-3", "FREE", "MB", "FAILED"]
    assert [line.split()[4:] for line in lines[1:]] == [["0", "186", "3"], ["6", "186", "3"], ["?", "?", "?", "?"]]
    assert lines[1].index(" 0 ") < lines[2].index(" 6 ")
    assert max(map(len, lines)) <= 80


def test_the_widest_line_fits_the_screen() -> None:
    kernel = "2.6.32-358.23.2.el6.mpc07.x86_64"
    widest = Observation("reboot_pending", 1764108000, kernel, headroom="0 0 999999", free_kb=2**30, failures=10**5)
    assert max(map(len, render_past([widest], 2).splitlines())) <= 80


def test_csv_keeps_what_is_null_apart_from_zero_and_starts_no_formula() -> None:
    file = io.StringIO()
    rows = [("north", 1764108003, "=cmd|' /C calc'!A0", SEEN), ("north", 1764194400, 'a,"b\n', NOT_SEEN._replace(kernel="@SUM(1)"))]
    assert write_csv(file, rows) == 2
    heading, first, second = csv.reader(io.StringIO(file.getvalue()))
    assert heading[:4] == ["fleet", "audit_epoch_seconds", "host", "verdict"]
    assert first[1] == "1764108003" and first[2] == "'=cmd|' /C calc'!A0"
    assert first[heading.index("headroom")] == "4 2 0" and first[heading.index("zone_reclaim_mode")] == "0"
    assert second[heading.index("kernel")] == "'@SUM(1)" and second[heading.index("free_kb")] == ""
