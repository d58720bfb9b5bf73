# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the fleet's nights: a bar for each audit, as high as hosts that were not clear. The page's template draws it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import printable

#: The picture's size in its own units; the page stretches it.
WIDTH, HEIGHT = 600, 100
_SHOWN = [verdict for verdict in VERDICTS if verdict != "clear"]


class Bar(NamedTuple):
    """One audit. ``parts``: (verdict, top, height), the worst at the bottom; ``told``: all of it in words."""

    left: float
    width: float
    told: str
    parts: list[tuple[str, float, float]]


class NightsPicture(NamedTuple):
    """``most``: what the full height stands for; ``verdicts``: those that are in it; ``first`` and ``last``: days."""

    bars: list[Bar]
    most: int
    verdicts: list[str]
    first: str
    last: str


def nights_picture(fleet: Mapping[str, Any]) -> NightsPicture | None:
    """None if fewer than two audits asked the whole fleet: audits of a part cannot be compared."""
    nights = [night for night in (fleet["history"] or {}).get("nights", ()) if night["whole_fleet"]]
    if len(nights) < 2:
        return None
    most = max(1, *(sum(night["verdicts"].get(verdict, 0) for verdict in _SHOWN) for night in nights))
    step = WIDTH / len(nights)
    bars = [_bar(night, round(place * step, 2), round(step * 0.8, 2), most) for place, night in enumerate(nights)]
    shown = [verdict for verdict in _SHOWN if any(night["verdicts"].get(verdict) for night in nights)]
    return NightsPicture(bars, most, shown, nights[0]["at"][:10], nights[-1]["at"][:10])


def _bar(night: Mapping[str, Any], left: float, width: float, most: int) -> Bar:
    parts, top = [], float(HEIGHT)
    for verdict in _SHOWN:
        height = HEIGHT * night["verdicts"].get(verdict, 0) / most
        if height:
            top -= height
            parts.append((verdict, round(top, 2), round(height, 2)))
    told = ", ".join(
        f"{night['verdicts'][verdict]:,} {verdict.replace('_', ' ')}" for verdict in VERDICTS if night["verdicts"].get(verdict)
    )
    return Bar(left, width, f"{printable(night['at'], 40)}: {told}", parts)
