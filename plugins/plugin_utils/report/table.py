# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as a table for a terminal, made to be read at 3 am in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.change import outcome_counts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.comparison_view import comparison_view
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.history_view import history_view
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.rows import (
    HostRow,
    host_rows,
    verdict_counts,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import (
    ELLIPSIS,
    cluster_width,
    clusters,
    count_of,
    cut,
    display_width,
    printable,
    wrap,
)

_HEADERS = ("HOST", "VERDICT", "KERNEL", "DRIVER", "ORDER-2")
_GAP = 2
_MIN_WIDTH = 60
# From here on the reason has room for a column of its own; below, it stands under its host.
_WIDE = 132
_REASON_LINES = 2
_SENTENCE_LINES = 6
# The most that a column may take, by its place.
_MOST = {0: 40, 2: 34, 3: 18, 4: 17}
# Where the room does not do: which column gives way next, by its place, and down to which width.
_GIVES_WAY = ((3, 9), (0, 20), (2, 19), (3, 7), (0, 12), (2, 8), (1, 11), (0, 8))

_RESET = "\x1b[0m"
_COLOURS = {
    "affected": "\x1b[1;31m",
    "starved": "\x1b[1;31m",
    "stalled": "\x1b[1;35m",
    "at_risk": "\x1b[33m",
    "unreachable": "\x1b[35m",
    "unknown": "\x1b[36m",
    "needs_review": "\x1b[36m",
    "reboot_pending": "\x1b[34m",
    "mitigated": "\x1b[32m",
    "clear": "\x1b[32m",
}


class MissingLibraryError(ImportError):
    """A library that the collection declares is not installed; the message says what to do."""


def render_table(fleet: Mapping[str, Any], width: int = 80, *, max_rows: int = 200, colour: bool = False) -> str:
    """The fleet as text in lines of at most ``width`` columns (never fewer than 60 are assumed).

    Worst first. All hosts are shown if they are at most ``max_rows``; otherwise the clear ones without a warning
    are left out and the others shown up to that number. A line says how many are missing, and the
    counts always cover every host. ``colour`` adds ANSI colours to the verdicts.
    """
    width = max(width, _MIN_WIDTH)
    rows = host_rows(fleet)
    shown = rows
    if len(rows) > max_rows:
        shown = [row for row in rows if not row.quiet][:max_rows]
    blocks = [_title(fleet, width)]
    if shown:
        blocks.append("\n".join(_table_lines(shown, width, colour)))
    hidden = _hidden(rows, shown)
    if hidden:
        blocks.append("\n".join(wrap(hidden, width, 3)))
    compared = comparison_view(fleet)
    if compared:
        blocks.append("\n".join(_told(compared.heading, (*compared.conclusion, compared.left_out), width)))
    past = history_view(fleet)
    if past:
        blocks.append("\n".join(_told(past.heading, past.sentences, width)))
    blocks.append("\n".join([*_count_lines(fleet, len(rows), width, colour), *_outcome_lines(fleet, width)]))
    return "\n\n".join(blocks) + "\n"


def _title(fleet: Mapping[str, Any], width: int) -> str:
    return cut(f"Kernel page starvation audit, {printable(fleet['generated_at'], 40)}", width)


def _hidden(rows: list[HostRow], shown: list[HostRow]) -> str:
    clear = sum(row.verdict == "clear" for row in rows) - sum(row.verdict == "clear" for row in shown)
    warned = sum(row.warned for row in rows) - sum(row.warned for row in shown)
    other = len(rows) - len(shown) - clear
    parts = []
    if other:
        parts.append(f"{other:,} more that " + ("is" if other == 1 else "are") + " not clear")
    if clear:
        parts.append(count_of(clear, "more clear host") + (f" ({warned:,} with a warning)" if warned else ""))
    return f"{ELLIPSIS} and {' and '.join(parts)}, see fleet.html" if parts else ""


def _told(heading: str, sentences: Iterable[str], width: int) -> Iterator[str]:
    yield from wrap(heading + ":", width, 2)
    for sentence in sentences:
        first, *more = wrap(sentence, width - 4, _SENTENCE_LINES) or [""]
        if first:
            yield "  " + first
        yield from ("    " + part for part in more)


def _table_lines(rows: list[HostRow], width: int, colour: bool) -> Iterator[str]:
    wide = width >= _WIDE
    cells = [_cells(row) for row in rows]
    sizes = _column_sizes(cells, width, wide)
    table = [[cut(cell, size) for cell, size in zip(line, sizes, strict=True)] for line in cells]
    if colour:
        for line, row in zip(table, rows, strict=True):
            line[1] = _paint(line[1], row.verdict)
    headers = list(_HEADERS)
    if not wide:
        head, rule, *body = _align(table, headers, sizes)
        yield from (head, rule)
        for row, text in zip(rows, body, strict=True):
            yield text
            # "Everything was seen" needs no second line; all others say why.
            if row.reason and (row.changed or not row.quiet):
                yield from ("    " + part for part in wrap(row.reason, width - 4, _REASON_LINES))
        return
    room = width - sum(sizes) - _GAP * len(sizes)
    for line, row in zip(table, rows, strict=True):
        line.append("\n".join(wrap(row.reason, room, _REASON_LINES)))
    yield from _align(table, [*headers, "WHY"], [*sizes, room])


def _cells(row: HostRow) -> list[str]:
    return [
        printable(row.name, 255),
        row.verdict,
        row.kernel or "?",
        row.drivers or "?",
        _room(row),
    ]


def _room(row: HostRow) -> str:
    if row.headroom is None:
        return "?"
    return str(row.headroom) if row.headroom == row.headroom_at_most else f"{row.headroom}-{row.headroom_at_most}"


def _column_sizes(cells: list[list[str]], width: int, wide: bool) -> list[int]:
    """Columns for each cell: what it needs, then shrunk, least important first, until all fit."""
    sizes = [max(len(header), *(display_width(line[place]) for line in cells)) for place, header in enumerate(_HEADERS)]
    room = width - _GAP * (len(sizes) - 1)
    if wide:
        room = width * 6 // 10
    for place, most in _MOST.items():
        sizes[place] = min(sizes[place], most)
    for place, least in _GIVES_WAY:
        excess = max(0, sum(sizes) - room)
        sizes[place] = max(min(sizes[place], least), sizes[place] - excess)
    return sizes


def _align(table: list[list[str]], headers: list[str], sizes: list[int]) -> list[str]:
    """The lines of the table, laid out by tabulate.

    tabulate counts wide characters only where another library happens to be installed. So each
    cluster that is not one plain column is stood in for by private-use characters, one for each
    column it takes, and put back afterwards; :func:`printable` lets none through from a host.
    """
    filler = chr(0xF0000)
    stand_ins: dict[str, str] = {}

    def stand_in(cell: str) -> str:
        if cell.isascii():
            return cell
        return "".join(
            part
            if len(part) == 1 and cluster_width(part) == 1
            else stand_ins.setdefault(part, chr(0xF0001 + len(stand_ins))) + filler * (cluster_width(part) - 1)
            for part in clusters(cell)
        )

    # Headers as a row: tabulate would pad each of them by two columns that 80 do not have.
    text: str = tabulate_library().tabulate(
        [headers, ["-" * size for size in sizes]] + [[stand_in(cell) for cell in line] for line in table],
        tablefmt="plain",
        disable_numparse=True,
        colalign=["right" if header == "ORDER-2" else "left" for header in headers],
    )
    back = {ord(char): part for part, char in stand_ins.items()} | {ord(filler): ""}
    return [line.translate(back).rstrip() for line in text.split("\n")]


def tabulate_library() -> ModuleType:
    """The library that lays out the table; MissingLibraryError where it is not installed.

    Imported here so that everything else works without it.
    """
    try:
        import tabulate
    except ImportError as error:
        raise MissingLibraryError("the table needs the Python library tabulate on the controller: pip install tabulate") from error
    return tabulate


def _count_lines(fleet: Mapping[str, Any], total: int, width: int, colour: bool) -> Iterator[str]:
    parts = [(verdict, n) for verdict, n in verdict_counts(fleet).items() if n]
    words = [count_of(total, "host") + (":" if parts else "")]
    words += [f"{n:,} {verdict}{',' if place < len(parts) else ''}" for place, (verdict, n) in enumerate(parts, 1)]
    painted = [words[0]] + [_paint(word, verdict) if colour else word for word, (verdict, _n) in zip(words[1:], parts, strict=True)]
    line, used = "", 0
    for word, text in zip(words, painted, strict=True):  # by hand: colours take no columns
        if used and used + 1 + len(word) > width:
            yield line
            line, used = "  ", 2
        elif used:
            line, used = line + " ", used + 1
        line, used = line + text, used + len(word)
    yield line


def _outcome_lines(fleet: Mapping[str, Any], width: int) -> list[str]:
    told = ", ".join(f"{number:,} {outcome}" for outcome, number in outcome_counts(fleet).items())
    return wrap(f"Workaround: {told}", width, 3) if told else []


def _paint(text: str, verdict: str) -> str:
    colour = _COLOURS.get(verdict, "")
    return f"{colour}{text}{_RESET}" if colour else text
