# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host text in sentences: of limited length, printable, and harmless to a template engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

LIMIT = 80
_BRACKET = re.compile(r"\{(?=[{%#])")

#: The start of a sentence on an error that the code did not expect and that is not the host's fault.
FAULT = "A fault in fleetcare.pagealloc, please report it:"


def clip(text: object, limit: int = LIMIT) -> str:
    """``text`` on one line of at most ``limit`` characters, for use in a sentence.

    Unprintable characters (control characters, line separators, direction overrides, lone surrogates) are removed. Opening template
    brackets are split, because a sentence may lose Ansible's mark of untrusted text later.
    """
    words = str(text)[: limit * 4]
    if not words.isprintable():
        words = " ".join("".join(one if one.isprintable() else " " for one in words).split())
    words = parted(words)
    return words if len(words) <= limit else words[: limit - 1] + "…"


def parted(text: str) -> str:
    """``text`` with a space in each opening bracket of a template, so that none is left.

    >>> parted("{{{% x }}")
    '{ { { % x }}'
    """
    return _BRACKET.sub("{ ", text) if "{" in text else text


def fault(error: Exception) -> str:
    """A sentence on an error that the code did not expect."""
    return f"{FAULT} {type(error).__name__}: {clip(error, 300)}"


def listed(names: Iterable[str], limit: int = 3, length: int = 40) -> str:
    """The first ``limit`` names, each of at most ``length`` characters, and how many more there are."""
    every = list(names)
    told = ", ".join(clip(name, length) for name in every[:limit])
    return told if len(every) <= limit else f"{told} and {len(every) - limit} more"


def why_not_seen(facts: Mapping[str, Any], *data: str) -> str:
    """ " (the reason)" for the first of these data that the facts call missing, else nothing."""
    unavailable = facts.get("unavailable") or {}
    for datum in data:
        reason = unavailable.get(datum)
        if reason and isinstance(reason, str):
            return f" ({clip(reason, 160)})"
    return ""


def requests(order: int, page_size_bytes: int | None) -> str:
    """``order-2 atomic request (16 kB)``; without the size where the page size is not known."""
    if page_size_bytes is None:
        return f"order-{order} atomic request"
    size = (page_size_bytes << order) // 1024
    return f"order-{order} atomic request ({size} kB)"


def os_failure(error: OSError) -> str:
    """``FILE: what the system said``. Some failures name no file, such as a write to a full disk."""
    said = error.strerror or str(error) or type(error).__name__
    return clip(f"{error.filename}: {said}" if error.filename else said, 300)
