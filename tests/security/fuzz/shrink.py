# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failing input made smaller, as long as it fails in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence

#: So long a failing input is made smaller.
_SECONDS = 10.0


def shrunk(value: Any, fails: Callable[[Any], bool], seconds: float = _SECONDS) -> Any:
    """The smallest input found of those for which ``fails`` is true."""
    end = time.monotonic() + seconds

    def still(candidate: Any) -> bool:
        return time.monotonic() < end and fails(candidate)

    return _shrunk(value, still)


def _shrunk(value: Any, still: Callable[[Any], bool]) -> Any:
    if isinstance(value, str):
        lines = _fewer(value.split("\n"), lambda part: still("\n".join(part)))
        return "".join(_fewer(list("\n".join(lines)), lambda part: still("".join(part))))
    if isinstance(value, bytes):
        blocks = [value[at : at + 512] for at in range(0, len(value), 512)]
        return b"".join(_fewer(blocks, lambda part: still(b"".join(part))))
    if isinstance(value, dict):
        return _smaller_mapping(value, still)
    if isinstance(value, Evidence):
        texts = _smaller_mapping(value.texts, lambda part: still(Evidence(part, value.reasons, value.whole)))
        return Evidence(texts, _smaller_mapping(value.reasons, lambda part: still(Evidence(texts, part, value.whole))), value.whole)
    return value


def _smaller_mapping(value: dict[str, Any], still: Callable[[Any], bool]) -> dict[str, Any]:
    items = dict(_fewer(list(value.items()), lambda part: still(dict(part))))
    for key in list(items):
        items[key] = _shrunk(items[key], lambda part, key=key: still({**items, key: part}))  # type: ignore[misc]
    return items


def _fewer(parts: list[Any], still: Callable[[list[Any]], bool]) -> list[Any]:
    """Without the halves, quarters and so on that are not needed."""
    size = len(parts)
    while size := size // 2:
        at = 0
        while at < len(parts):
            fewer = parts[:at] + parts[at + size :]
            if still(fewer):
                parts = fewer
            else:
                at += size
    return parts
