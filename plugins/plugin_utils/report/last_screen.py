# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last output on the terminal: the answer on one screen. The counts, the worst hosts, the changes, and the place of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.columns import Paint, unpainted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.comparison_view import comparison_view
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.history_view import history_view
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.rows import HostRow, host_rows
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.table import (
    MOST_ROWS,
    WIDTH,
    count_lines,
    hidden_hosts,
    table_lines,
    table_with_rows,
    told_lines,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import wrap

#: The lines of a terminal that nobody made larger, of a console and of most pagers.
SCREEN_LINES = 24
#: This many hosts are shown on any screen.
_LEAST_ROWS = 2
#: Below the table each part has this many lines.
_MOST_TOLD = 4
#: Outcomes of hosts that needed nothing.
_IDLE = ("none", "kept")


def render_answer(
    fleet: Mapping[str, Any], listing: str, where: Sequence[str], paint: Paint = unpainted, screen_lines: int = SCREEN_LINES
) -> str:
    """The fleet in lines of at most WIDTH columns, with ``where`` (the place of the reports) at the end.

    ``listing``: "worst" keeps to a screen of this height, "not_clear" lists up to MOST_ROWS hosts with something to report, and "all"
    every host. Where a role changed hosts, "worst" is as "not_clear": each change is to be seen.
    """
    rows = host_rows(fleet)
    shown = rows if listing == "all" else [row for row in rows if _tells(row, fleet["hosts"][row.name])]
    if listing != "worst" or any(row.changed for row in rows):
        table = table_with_rows(fleet, rows, shown if listing == "all" else shown[:MOST_ROWS], paint)
        return table + "".join(f"{line}\n" for line in where)
    below = [*_told_below(fleet), [*count_lines(fleet, paint), *where]]
    room = screen_lines - sum(len(block) + 1 for block in below)
    fitting = _fitting(shown, room - 1)  # a line on those left out
    blocks = [[*table_lines(fitting, paint, 1)]] if fitting else []
    hidden = hidden_hosts(rows, fitting)
    if hidden:
        blocks = [[*(blocks[0] if blocks else ()), *wrap(hidden, WIDTH, 2)]]
    return "\n\n".join("\n".join(block) for block in [*blocks, *below]) + "\n"


def _fitting(rows: list[HostRow], room: int) -> list[HostRow]:
    """The first rows that fit, including a heading of two lines and the sentence on each host."""
    for number in range(_LEAST_ROWS + 1, len(rows) + 1):
        if len([*table_lines(rows[:number], unpainted, 1)]) > room:
            return rows[: number - 1]
    return rows


def _tells(row: HostRow, host: Mapping[str, Any]) -> bool:
    return not row.quiet or (row.changed and host["change"]["outcome"] not in _IDLE)


def _told_below(fleet: Mapping[str, Any]) -> list[list[str]]:
    """The comparison and the changes, in a few lines each."""
    compared, past = comparison_view(fleet), history_view(fleet)
    blocks = []
    if compared:
        blocks.append([*told_lines(compared.heading, compared.conclusion[:1], _MOST_TOLD - 1)][:_MOST_TOLD])
    if past:
        blocks.append([*told_lines(past.heading, past.sentences, 1)][:_MOST_TOLD])
    return blocks
