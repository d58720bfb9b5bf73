# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history for a terminal and for other programs: audits one under the other, one host's past, and all of it as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from typing import IO

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import Run
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.table import tabulate_library
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import cut, printable, wrap

#: Spreadsheets take a cell that begins so for a formula, whoever wrote it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render_audits(audits: Iterable[tuple[Run, Mapping[str, int]]]) -> str:
    """Each audit: when, of which fleet, how many hosts; below it their verdicts, worst first."""
    kept = list(audits)
    if not kept:
        return "No audit is kept in this database.\n"
    rows = [[_minute(run.at_epoch_seconds), printable(run.label, 40), _asked(run)] for run, _counts in kept]
    head, *lines = _table(["AUDIT (UTC)", "FLEET", "HOSTS"], rows)
    told = ["".join(f"    {part}\n" for part in wrap(_verdicts(counts), 76, 3)) for _run, counts in kept]
    return head + "".join(line + verdicts for line, verdicts in zip(lines, told, strict=True))


def render_past(past: Iterable[Observation], order: int) -> str:
    """One line an audit of one host; ``order``: whose headroom is shown."""
    rows = [
        [_minute(one.at_epoch_seconds), one.verdict, cut(printable(one.kernel or "?", 128), 17), _of_order(one, order), *_figures(one)]
        for one in past
    ]
    headers = ["AUDIT (UTC)", "VERDICT", "KERNEL", f"ORDER-{order}", "FREE MB", "FAILED"]
    return "".join(_table(headers, rows)) if rows else "No audit of this host is kept in this database.\n"


def write_csv(file: IO[str], rows: Iterable[tuple[str, str, Observation]]) -> int:
    """(fleet, host, observation) as CSV with a heading; returns how many lines follow it."""
    writer, number = csv.writer(file), 0
    writer.writerow(["fleet", "host", *Observation._fields])
    for number, (label, host, one) in enumerate(rows, 1):  # noqa: B007
        values = one._replace(headroom=None if one.headroom is None else " ".join(map(str, one.headroom)))  # type: ignore[arg-type]
        writer.writerow([_cell(label), _cell(host), *("" if value is None else _cell(value) for value in values)])
    return number


def _figures(one: Observation) -> tuple[str, str]:
    return _number(None if one.free_kb is None else one.free_kb // 1024), _number(one.failures)


def _of_order(one: Observation, order: int) -> str:
    return _number(one.headroom[order]) if one.headroom and order < len(one.headroom) else "?"


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _verdicts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in VERDICTS if counts.get(verdict))


def _minute(epoch_seconds: int) -> str:
    return str(utc_time_of(epoch_seconds))[:16].replace("T", " ")


def _cell(value: object) -> object:
    """Text of a host, such that no spreadsheet reckons with it."""
    if not isinstance(value, str):
        return value
    text = printable(value, 4096)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _asked(run: Run) -> str:
    return f"{run.hosts:,}{'' if run.whole_fleet else ' (part)'}"


def _table(headers: list[str], rows: list[list[str]]) -> list[str]:
    numbers = ["right" if header.endswith(("MB", "FAILED")) or header.startswith("ORDER") else "left" for header in headers]
    text: str = tabulate_library().tabulate([headers, *rows], tablefmt="plain", disable_numparse=True, colalign=numbers)
    return [line.rstrip() + "\n" for line in text.split("\n")]
