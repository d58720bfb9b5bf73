# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as CSV that a spreadsheet may open: text of a host stays text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import IO

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import printable

#: Spreadsheets take a cell that begins so for a formula, whoever wrote it; some of them in the wide forms too. Where the country's
#: separator is a semicolon, they begin a cell behind each one.
_FORMULA = re.compile("(?:^|(?<=;))(?= *[-=+@\uff0d\uff1d\uff0b\uff20])")
_MOST_CHARS = 4096


def write_rows(file: IO[str], headings: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """A line of headings, then the rows; returns how many these were. None is an empty cell."""
    writer, number = csv.writer(file), 0
    writer.writerow(headings)
    for number, row in enumerate(rows, 1):  # noqa: B007
        writer.writerow([_cell(value) for value in row])
    return number


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return _FORMULA.sub("'", printable(value, _MOST_CHARS)) if isinstance(value, str) else value
