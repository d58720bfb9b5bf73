# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel reports about memory besides failures of page allocations: what counts, and the sentences for it."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import MemoryTrouble
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip


def is_denied(other: MemoryTrouble) -> bool:
    """Whether an atomic request of the whole host got no memory, although the kernel names no missing page."""
    return other.kind == "slab" and other.atomic is True and not other.limited and other.count > 0


def by_whom(by_kernel: int, total: int) -> str:
    """The end of a sentence if some of them are only in a log that users can write to."""
    if by_kernel == total:
        return ""
    return f", {'' if by_kernel == 0 else f'{total - by_kernel} of them '}from a log that users of the host can write to"


def told_of(other: MemoryTrouble) -> str:
    """A sentence's end on what else the kernel reported."""
    what = _TROUBLES.get((other.kind, other.limited)) or trouble_named(other.kind)
    if is_denied(other):
        what = "SLUB could give no memory to an atomic request"
    last = clip(other.what or other.process or "", 60)
    told = f"{what}, {other.count} {'time' if other.count == 1 else 'times'}"
    told += f", the last time {last}" if last and other.at else f", {last}" if last else ""
    return told + (f" at {clip(other.at, 40)}" if other.at else "") + ("" if other.trusted else by_whom(0, 1))


def trouble_named(kind: str) -> str:
    """A kind of report in words."""
    return _TROUBLES.get((kind, False), "other trouble with memory")


_TROUBLES = {
    ("slab", False): "SLUB could give no memory",
    ("slab", True): "SLUB could give no memory to a cgroup, which is at its limit",
    ("stall", False): "a request for pages had to wait for 10 seconds or more",
    ("oom_kill", False): "the kernel killed a process because memory ran out",
    ("oom_kill", True): "the kernel killed a process of a cgroup that was at its limit",
    ("order_above_max", False): "somebody asked for a block that is larger than any block of the kernel",
    ("vmalloc", False): "vmalloc found no room in the kernel's address space, although pages were free",
}
