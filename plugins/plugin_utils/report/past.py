# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history for a terminal and for other programs: audits one under the other, one host's past, and all of it as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import IO

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import Run
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.recorded_past import PAST_COLUMNS, Seen
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.columns import (
    Paint,
    fitted,
    in_order_column,
    line_of,
    order_columns,
    order_headings,
    unpainted,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.csv_cells import write_rows
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import cut, printable, wrap


def render_audits(audits: Iterable[tuple[Run, Mapping[str, int]]]) -> str:
    """Each audit: its time, its fleet, its number of hosts; below it their verdicts, worst first."""
    kept = list(audits)
    if not kept:
        return "This database holds no audit.\n"
    rows = [[_minute(run.at_epoch_seconds), printable(run.label, 40), _asked(run)] for run, _counts in kept]
    head, *lines = _table(["AUDIT (UTC)", "FLEET", "HOSTS"], rows, numbers_from=3)
    told = ["".join(f"    {part}\n" for part in wrap(_verdicts(counts), 76, 3)) for _run, counts in kept]
    return head + "".join(line + verdicts for line, verdicts in zip(lines, told, strict=True))


def render_past(past: Iterable[Observation], unkept_order: int, paint: Paint = unpainted) -> str:
    """One line an audit of one host. ``unkept_order``: the one that counts for an audit that kept none; ``paint`` gives verdicts
    their colour."""
    kept = [one._replace(order=unkept_order) if one.order is None and one.headroom else one for one in past]
    if not kept:
        return "This database holds no audit of this host.\n"
    orders = order_columns((one.order for one in kept), most=2)
    headers = ["AUDIT (UTC)", "VERDICT", "KERNEL", *order_headings(orders), "FREE MB", "FAILED"]
    return "".join(_table(headers, [_audit_of(one, orders) for one in kept], numbers_from=3, paint=paint))


def write_csv(file: IO[str], rows: Iterable[Seen]) -> int:
    """Each observation of an audit in one line of CSV, with a heading; returns how many lines follow it."""
    values = ((fleet, audited, host, *one) for fleet, audited, host, one in rows)
    return write_rows(file, PAST_COLUMNS, values)


def _audit_of(one: Observation, orders: list[int | None]) -> list[str]:
    kernel = cut(printable(one.kernel or "?", 128), 17 if len(orders) < 2 else 8)
    room = [in_order_column(order, one.order, _number(one.left(one.order))) for order in orders]
    free_mb = None if one.free_kb is None else one.free_kb // 1024
    return [_minute(one.at_epoch_seconds), one.verdict, kernel, *room, _number(free_mb), _number(one.failures)]


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _verdicts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in VERDICTS if counts.get(verdict))


def _minute(epoch_seconds: int) -> str:
    return str(utc_time_of(epoch_seconds))[:16].replace("T", " ")


def _asked(run: Run) -> str:
    return f"{run.hosts:,}{'' if run.whole_fleet else ' (part)'}"


def _table(headers: list[str], rows: list[list[str]], *, numbers_from: int, paint: Paint = unpainted) -> list[str]:
    lines = [headers, *rows]
    cells = fitted(lines, numbers_from=numbers_from)
    return [line_of([first, paint(line[1], second), *more]) + "\n" for line, (first, second, *more) in zip(lines, cells, strict=True)]
