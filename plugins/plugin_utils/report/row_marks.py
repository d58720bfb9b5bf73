# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows of the page are filtered by, beside their text: groups and actions, as numbers in short lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import natural_key, printable

#: A select with more is of no use.
_MOST_GROUPS = 500


class RowMarks(NamedTuple):
    """``groups``: (name, number of hosts) of the largest groups, by name. ``actions``: their words. ``of_rows``: for each row the places
    of its groups, and of its actions, with spaces between."""

    groups: list[tuple[str, int]]
    actions: list[str]
    of_rows: list[tuple[str, str]]


def row_marks(results: Sequence[Mapping[str, Any]]) -> RowMarks:
    """The marks of the rows of these results, in their order."""
    sizes = Counter(group for result in results for group in result["groups"])
    names = sorted((name for name, _size in sizes.most_common(_MOST_GROUPS)), key=natural_key)
    group_places = {name: place for place, name in enumerate(names)}
    action_places: dict[str, int] = {}
    of_rows = []
    for result in results:
        actions = [action_places.setdefault(action["action"], len(action_places)) for action in result["actions"]]
        of_rows.append((_places(group_places[name] for name in result["groups"] if name in group_places), _places(dict.fromkeys(actions))))
    return RowMarks([(printable(name, 80), sizes[name]) for name in names], list(action_places), of_rows)


def _places(numbers: Iterable[int]) -> str:
    return " ".join(map(str, numbers))
