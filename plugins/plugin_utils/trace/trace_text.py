# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trace in a host's answer, as plain data.

::

    $stack:3 a GFP_ATOMIC|__GFP_COMP __alloc_pages,receive[nic_driver],__netif_receive_skb_core
    $event:3 0 1812 0x1f2a4 2          stack, processor, milliseconds, page frame, order
    $symbol:receive nic_driver            only where the kernel's stacks name no modules; "-" is the kernel itself
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError

#: No kernel has a block of more than 1 << 20 pages.
_MOST_ORDER = 20
_STACK = re.compile(r"([0-9]{1,6}) ([af?]) (\S{1,600}) (\S{0,2000})\Z")
_EVENT = re.compile(r"([0-9]{1,6}) ([0-9]{1,5}|\?) (-?[0-9]{1,9}) (0x[0-9a-f]{1,16}|[0-9]{1,20}) ([0-9]{1,2})\Z")
_FRAME = re.compile(r"([\w.$]{1,200})(?:\[([\w-]{1,64})\])?\Z", re.ASCII)
_SYMBOL = re.compile(r"([\w.$]{1,200}) (?:\[([\w-]{1,64})\]|-)\Z", re.ASCII)


@dataclass(frozen=True)
class Frame:
    """A function of a stack. ``module`` is None for the kernel itself."""

    function: str
    module: str | None


@dataclass(frozen=True)
class Stack:
    """``takes``: whether its events take blocks; else they give them back. ``frames``: the innermost first."""

    takes: bool
    flags: frozenset[str]
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class PageEvent:
    """A block of ``1 << order`` pages from the page frame ``pfn`` on, taken or given back."""

    stack: Stack
    cpu: str
    milliseconds: int
    pfn: int
    order: int


def read_events(texts: Mapping[str, str]) -> list[PageEvent]:
    """The events in the order of the host. ``texts``: name without the "$" -> its lines.

    Raises EvidenceError with the line if a line is wrong.
    """
    modules = _modules(texts.get("symbol", ""))
    stacks = dict(_stacks(texts.get("stack", ""), modules))
    return list(_events(texts.get("event", ""), stacks))


def _lines(text: str, shape: re.Pattern[str], what: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The number of each line and its parts."""
    for number, line in enumerate(text.split("\n"), 1):
        found = shape.match(line)
        if found:
            yield number, found.groups(default="")
        elif line:
            raise EvidenceError("trace", number, f"is not a {what}: {line[:80]!r}")


def _modules(text: str) -> dict[str, str]:
    """Function -> its module. A function that several modules or the kernel have is left out."""
    owners: dict[str, set[str]] = {}
    for _line, (function, module) in _lines(text, _SYMBOL, "symbol"):
        owners.setdefault(function, set()).add(module)
    return {function: next(iter(names)) for function, names in owners.items() if len(names) == 1 and "" not in names}


def _stacks(text: str, modules: Mapping[str, str]) -> Iterator[tuple[str, Stack]]:
    for line, (number, kind, flags, frames) in _lines(text, _STACK, "stack"):
        yield number, Stack(kind == "a", frozenset(flags.split("|")), tuple(_frames(line, frames, modules)))


def _frames(line: int, text: str, modules: Mapping[str, str]) -> Iterator[Frame]:
    for word in text.split(",") if text else ():
        found = _FRAME.match(word)
        if not found:
            raise EvidenceError("trace", line, f"has a frame that is not a function: {word[:80]}")
        yield Frame(found.group(1), found.group(2) or modules.get(found.group(1)))


def _events(text: str, stacks: Mapping[str, Stack]) -> Iterator[PageEvent]:
    for line, (stack, cpu, milliseconds, pfn, order) in _lines(text, _EVENT, "event"):
        if stack not in stacks or int(order) > _MOST_ORDER:
            raise EvidenceError("trace", line, "names an unknown stack or order")
        yield PageEvent(stacks[stack], cpu, int(milliseconds), int(pfn, 16 if pfn.startswith("0x") else 10), int(order))
