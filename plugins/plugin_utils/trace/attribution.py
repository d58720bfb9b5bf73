# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who took a block, by its stack: the function, its module, and the counter of the kernel that has the block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_text import Frame, Stack

#: Memory that the kernel counts nowhere.
PAGES = "pages"
_UNKNOWN = Frame("unknown", None)


@dataclass(frozen=True)
class Caller:
    """``kind``: PAGES, or the name in frames.yml of the kernel's counter for the block."""

    function: str
    module: str | None
    kind: str

    @property
    def name(self) -> str:
        """``receive [the module]``"""
        return f"{self.function} [{self.module}]" if self.module else self.function


@lru_cache(maxsize=8192)
def caller_of(stack: Stack) -> Caller:
    """The first function of the stack outside the allocator. If it belongs to the kernel, a near function of a module is used."""
    own = next((place for place, frame in enumerate(stack.frames) if not _is_one_of(frame, _allocators())), len(stack.frames))
    near = stack.frames[own : own + trace_limits()["near_frames"] + 1]
    frame = next((frame for frame in near if frame.module), near[0] if near else _UNKNOWN)
    return Caller(frame.function, frame.module, counted_as(stack))


def counted_as(stack: Stack) -> str:
    """The kernel's counter for the stack's blocks."""
    for kind, names in _names()["kinds"].items():
        if any(_is_one_of(frame, names) for frame in stack.frames):
            return str(kind)
    return "user" if stack.flags.intersection(_names()["user_flags"]) else PAGES


def _is_one_of(frame: Frame, names: Sequence[str]) -> bool:
    """A function of a module belongs to the module, with any name."""
    function = frame.function.partition(".")[0]
    return not frame.module and any(function.startswith(name[:-1]) if name.endswith("*") else function == name for name in names)


@lru_cache(maxsize=1)
def _allocators() -> tuple[str, ...]:
    return (*_names()["allocator"], *_names()["kinds"]["slab"], *_names()["kinds"]["vmalloc"])


@lru_cache(maxsize=1)
def _names() -> dict[str, Any]:
    found: dict[str, Any] = yaml_load(Path(__file__).with_name("frames.yml").read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1)
def trace_limits() -> dict[str, int]:
    """What trace_limits.yml says."""
    found: dict[str, int] = yaml_load(Path(__file__).with_name("trace_limits.yml").read_text(encoding="utf-8"))
    return found
