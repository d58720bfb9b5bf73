# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier audits from a CSV file of the playbook history. They count as the past without being in a database."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.forecast import MOST_POINTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import HistoryError, Past, Run
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, os_failure

#: (fleet, when the audit was, host, what it saw)
Seen = tuple[str, int, str, Observation]
PAST_COLUMNS = ("fleet", "audit_epoch_seconds", "host", *Observation._fields)
_NEEDED = ("audit_epoch_seconds", "host", "verdict", "at_epoch_seconds")
_TEXTS = ("verdict", "kernel", "headroom", "causes")
#: No name, list of causes or headroom is longer.
_MOST_CELL_CHARS = 1400
_HEADROOM = re.compile("[0-9]{1,16}(?: [0-9]{1,16})*")
#: The year 3000, and a number above any count of pages or kB.
_LAST_EPOCH_SECONDS, _MOST = 32_503_680_000, 1 << 53


def read_past(path: str, label: str) -> Past:
    """The audits in the file, for the fleet ``label``. Raises HistoryError with file and line if it is not such a file."""
    try:
        with Path(path).open(encoding="utf-8", errors="replace", newline="") as file:
            return _past_of(_rows(file, path), label)
    except OSError as error:
        raise HistoryError(f"audit_past: {os_failure(error)}") from None


def _rows(lines: Iterable[str], path: str) -> Iterator[Seen]:
    reader = csv.DictReader(lines)
    try:
        missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise HistoryError(f"audit_past: {path} has no column {missing[0]}. Write the file with the playbook history (history_csv)")
        for cells in reader:
            yield _seen(cells)
    except (csv.Error, ValueError) as error:
        raise HistoryError(f"audit_past: {path}, line {reader.line_num}: {clip(str(error), 200)}") from None


def _seen(cells: Mapping[str | None, str | None]) -> Seen:
    if any(value and len(value) > _MOST_CELL_CHARS for value in cells.values()):
        raise ValueError(f"one cell is longer than {_MOST_CELL_CHARS} characters")
    found = {name: _cell(name, cells.get(name)) for name in PAST_COLUMNS}
    if found["verdict"] not in VERDICTS:
        raise ValueError(f"{found['verdict']!r} is not a verdict")
    if not found["host"] or None in (found["audit_epoch_seconds"], found["at_epoch_seconds"]):
        raise ValueError("the line has no host or no time")
    if found["headroom"] and not _HEADROOM.fullmatch(str(found["headroom"])):
        raise ValueError(f"headroom: {clip(str(found['headroom']), 40)} is not a list of numbers")
    seen = Observation._make(found[name] for name in Observation._fields)
    return str(found["fleet"] or ""), int(found["audit_epoch_seconds"] or 0), str(found["host"]), seen


def _cell(name: str, text: str | None) -> str | int | None:
    """None for an empty cell. In a line that has causes, an empty cell of causes means that the host has none."""
    if not text:
        return "" if text == "" and name == "causes" else None
    return text if name in (*_TEXTS, "fleet", "host") else _number(name, text)


def _number(name: str, text: str) -> int:
    number = int(text)
    if not 0 <= number <= (_LAST_EPOCH_SECONDS if name.endswith("_epoch_seconds") else _MOST):
        raise ValueError(f"{name}: {clip(text, 40)} is out of range")
    return number


def _past_of(rows: Iterable[Seen], label: str) -> Past:
    verdicts: dict[int, Counter[str]] = defaultdict(Counter)
    of_host: dict[str, list[Observation]] = defaultdict(list)
    for _fleet, audited, host, one in rows:
        verdicts[audited][one.verdict] += 1
        of_host[host].append(one)
        if len(of_host[host]) > 4 * MOST_POINTS:
            of_host[host] = newest_first(of_host[host])
    runs = [(Run(label, at, counts.total(), whole_fleet=True, collection_version=""), dict(counts)) for at, counts in verdicts.items()]
    runs.sort(key=lambda one: one[0].at_epoch_seconds, reverse=True)
    return Past(runs, {host: newest_first(seen) for host, seen in of_host.items()})


def newest_first(observations: Iterable[Observation]) -> list[Observation]:
    """The newest observations, as many as a forecast uses."""
    return sorted(observations, key=lambda one: one.at_epoch_seconds, reverse=True)[:MOST_POINTS]
