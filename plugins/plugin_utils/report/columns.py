# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text in columns for a terminal, and which columns a headroom needs. The texts are printable already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import cut, display_width

#: Between two columns.
GAP = 2
#: So many orders have a column of their own, where there is room.
_MOST_ORDERS = 3

#: (a verdict, a text) -> the text as the verdict is shown: in its colour, or as it is.
Paint = Callable[[str, str], str]


def unpainted(_verdict: str, text: str) -> str:
    """The text as it is."""
    return text


def padded(cells: Sequence[str], sizes: Sequence[int], *, numbers_from: int) -> list[str]:
    """Each cell cut or filled to its size; cells from ``numbers_from`` on are aligned to the right."""
    found = []
    for place, (cell, size) in enumerate(zip(cells, sizes, strict=True)):
        shown = cut(cell, size)
        space = " " * (size - display_width(shown))
        found.append(space + shown if place >= numbers_from else shown + space)
    return found


def line_of(cells: Iterable[str]) -> str:
    """Padded cells as one line."""
    return (" " * GAP).join(cells).rstrip()


def widths_of(lines: Iterable[Sequence[str]]) -> list[int]:
    """How wide each column has to be for these lines, which have as many cells each."""
    return [max(map(display_width, column)) for column in zip(*lines, strict=True)]


def fitted(lines: Sequence[Sequence[str]], *, numbers_from: int) -> list[list[str]]:
    """The cells of these lines, padded to the widest of their column."""
    sizes = widths_of(lines)
    return [padded(line, sizes, numbers_from=numbers_from) for line in lines]


def order_columns(orders: Iterable[int | None], most: int = _MOST_ORDERS) -> list[int | None]:
    """The columns that headrooms of these orders need: one an order, or the one column None for all where that would be more than ``most``.

    An order that is None, that of a host without facts, needs no column.
    """
    found = sorted({order for order in orders if order is not None})
    return list(found) if len(found) <= most else [None]


def order_headings(columns: Iterable[int | None]) -> list[str]:
    """What stands above them."""
    return ["HEADROOM" if order is None else f"ORDER-{order}" for order in columns]


def in_order_column(column: int | None, order: int | None, text: str) -> str:
    """What stands in a column of :func:`order_columns` for a host that is judged by ``order``: "" where another column has it."""
    if column is None:
        return text if order is None else f"{text} of order {order}"
    return text if order in (column, None) else ""
