# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of one host's trace for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import cut, printable, wrap

_WIDTH = 79
_CALLERS = 8
_HEAD = f"{'':2}{'caller':<34}{'counted as':<13}{'taken/s':>8}{'given back':>11}{'stays':>10}"


def render_takers(host: str, result: Mapping[str, Any], path: str | None) -> str:
    """The sentences, then who took most. The number of lines is limited to a screen, for any answer of the host."""
    return "\n".join(_lines(host, result, path))


def _lines(host: str, result: Mapping[str, Any], path: str | None) -> Iterator[str]:
    yield printable(host, _WIDTH)
    for sentence in result["sentences"]:
        yield from (f"  {line}" for line in wrap(printable(sentence), _WIDTH - 2, 4))
    if result["callers"]:
        yield _HEAD
        yield from map(_row, result["callers"][:_CALLERS])
    if path:
        yield f"  All of it: {printable(path)}"


def _row(row: Mapping[str, Any]) -> str:
    mark = "! " if row["leaks"] else "  "
    caller = cut(printable(row["caller"]), 33)
    per_second = row["taken_blocks_per_second"]
    return f"{mark}{caller:<34}{row['kind']:<13}{per_second:>8}{row['given_back_blocks']:>11}{row['stays_blocks']:>10}"
