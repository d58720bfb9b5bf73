# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as a table for a terminal, made to be read at 3 am in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.change import outcome_counts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.columns import (
    GAP,
    Paint,
    in_order_column,
    line_of,
    order_columns,
    order_headings,
    padded,
    unpainted,
    widths_of,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.comparison_view import comparison_view
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.history_view import history_view
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.rows import (
    HostRow,
    verdict_counts,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import (
    ELLIPSIS,
    count_of,
    cut,
    printable,
    wrap,
)

#: What a console, a pager and a mail show without a break.
WIDTH = 80
_HEADERS = ("HOST", "VERDICT", "KERNEL", "DRIVER")
_VERDICT = 1
#: So many hosts are shown where the clear ones are left out.
MOST_ROWS = 200
_REASON_LINES = 2
_SENTENCE_LINES = 6
# The most that a column may take, by its place; those of the headroom share the last figure.
_MOST = {0: 40, 2: 34, 3: 18}
_MOST_HEADROOM = 34
# Where the room does not do: which column gives way next, by its place, and down to which width.
_GIVES_WAY = ((3, 9), (0, 20), (2, 19), (3, 7), (2, 15), (0, 12), (2, 8), (1, 11), (0, 8))


def table_with_rows(fleet: Mapping[str, Any], rows: list[HostRow], shown: list[HostRow], paint: Paint = unpainted) -> str:
    """The fleet as text in lines of at most WIDTH columns, with what is told of it below the table. ``rows``: those of all hosts, the worst
    verdict first; ``shown``: those that are written out. A line says how many are missing, and the counts cover every host. ``paint`` gives
    verdicts their colour."""
    blocks = [[cut(f"Kernel page starvation audit, {printable(fleet['generated_at'], 40)}", WIDTH)]]
    if shown:
        blocks.append([*table_lines(shown, paint)])
    hidden = hidden_hosts(rows, shown)
    if hidden:
        blocks.append(wrap(hidden, WIDTH, 3))
    compared = comparison_view(fleet)
    if compared:
        blocks.append([*told_lines(compared.heading, (*compared.conclusion, compared.left_out))])
    past = history_view(fleet)
    if past:
        blocks.append([*told_lines(past.heading, past.sentences)])
    blocks.append(count_lines(fleet, paint))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def hidden_hosts(rows: list[HostRow], shown: list[HostRow]) -> str:
    """How many are not shown, in words; "" if all are shown."""
    clear = sum(row.verdict == "clear" for row in rows) - sum(row.verdict == "clear" for row in shown)
    warned = sum(row.warned for row in rows) - sum(row.warned for row in shown)
    other = len(rows) - len(shown) - clear
    parts = []
    if other:
        parts.append(f"{other:,} more that " + ("is" if other == 1 else "are") + " not clear")
    if clear:
        parts.append(count_of(clear, "more clear host") + (f" ({warned:,} with a warning)" if warned else ""))
    return f"{ELLIPSIS} and {' and '.join(parts)}, see fleet.html" if parts else ""


def told_lines(heading: str, sentences: Iterable[str], most_lines: int = _SENTENCE_LINES) -> Iterator[str]:
    """A heading and the sentences below it, each of at most so many lines."""
    yield from wrap(heading + ":", WIDTH, 2)
    for sentence in sentences:
        first, *more = wrap(sentence, WIDTH - 4, most_lines) or [""]
        if first:
            yield "  " + first
        yield from ("    " + part for part in more)


def table_lines(rows: list[HostRow], paint: Paint, reason_lines: int = _REASON_LINES) -> Iterator[str]:
    """The table of these rows, with a heading."""
    orders = order_columns(row.order for row in rows)
    headers = [*_HEADERS, *order_headings(orders)]
    table = [_cells(row, orders) for row in rows]
    sizes = _column_sizes(widths_of([headers, *table]), len(orders))
    for line in (headers, ["-" * size for size in sizes]):
        yield line_of(padded(line, sizes, numbers_from=len(_HEADERS)))
    for row, line in zip(rows, table, strict=True):
        cells = padded(line, sizes, numbers_from=len(_HEADERS))
        cells[_VERDICT] = paint(row.verdict, cells[_VERDICT])
        yield line_of(cells)
        # A clear host needs no second line; all others say why.
        if row.reason and (row.changed or not row.quiet):
            yield from ("    " + part for part in wrap(row.reason, WIDTH - 4, reason_lines))
        if row.acknowledged:
            yield from ("    " + part for part in wrap(f"Acknowledged {row.acknowledged}", WIDTH - 4, reason_lines))
        if row.cause:
            yield from ("    " + part for part in wrap(f"Cause: {row.cause}", WIDTH - 4, reason_lines))


def _cells(row: HostRow, orders: list[int | None]) -> list[str]:
    room = [in_order_column(order, row.order, _room(row)) for order in orders]
    return [printable(row.name, 255), row.verdict, row.kernel or "?", row.drivers or "?", *room]


def _room(row: HostRow) -> str:
    if row.headroom is None:
        return "?"
    return str(row.headroom) if row.headroom == row.headroom_at_most else f"{row.headroom}-{row.headroom_at_most}"


def _column_sizes(widths: list[int], orders: int) -> list[int]:
    """Columns for each cell: what it needs, then shrunk, least important first, until all fit."""
    most = {**_MOST, **{len(_HEADERS) + place: _MOST_HEADROOM // max(2, orders) for place in range(orders)}}
    sizes = [min(width, most.get(place, width)) for place, width in enumerate(widths)]
    room = WIDTH - GAP * (len(sizes) - 1)
    for place, least in _GIVES_WAY:
        excess = max(0, sum(sizes) - room)
        sizes[place] = max(min(sizes[place], least), sizes[place] - excess)
    return sizes


def count_lines(fleet: Mapping[str, Any], paint: Paint) -> list[str]:
    """How many hosts have each verdict, and each outcome."""
    return [*_verdict_lines(fleet, paint), *_outcome_lines(fleet)]


def _verdict_lines(fleet: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    parts = [(verdict, n) for verdict, n in verdict_counts(fleet).items() if n]
    line = count_of(len(fleet["hosts"]), "host") + (":" if parts else "")
    used = len(line)
    for place, (verdict, number) in enumerate(parts, 1):
        word = f"{number:,} {verdict}"
        comma = "," if place < len(parts) else ""
        if used + 1 + len(word + comma) > WIDTH:
            yield line
            line, used = " ", 1
        # by hand: colours take no columns
        line, used = f"{line} {paint(verdict, word)}{comma}", used + 1 + len(word + comma)
    yield line


def _outcome_lines(fleet: Mapping[str, Any]) -> list[str]:
    told = ", ".join(f"{number:,} {outcome}" for outcome, number in outcome_counts(fleet).items())
    return wrap(f"Workaround: {told}", WIDTH, 3) if told else []
