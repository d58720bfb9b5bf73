# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lines of kernels differ in when they speak of memory: read from mm/page_alloc.c, mm/slub.c, mm/vmalloc.c, mm/oom_kill.c,
kernel/printk/printk.c, lib/ratelimit.c and the dumpers of arch/ of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Arch = Literal["x86_64", "i686", "arm", "arm64", "ppc64le"]

#: How printk keeps text that does not end in a newline. ``chars``: one buffer of characters, a level in the middle of a line is text
#: (2.6.18); ``lines``: the same, but a level begins a new line (2.6.32 to 3.4); ``records``: a line that is not finished is kept for
#: its task and stored as it is when another one speaks (3.5 to 4.8); ``pieces``: the same, but only what says that it continues does
#: (4.9 on); ``glued``: in addition syslog(2) leaves out newlines and prefixes around such pieces (4.9).
Printk = Literal["chars", "lines", "records", "glued", "pieces"]

#: How the failure's line is printed. ``dot`` and ``colon``: one call, mode in hexadecimal; ``named``: three calls, names of the flags;
#: ``nodemask``: five calls, then a line about the cpuset; ``whole``: one call, then that line; ``cpuset``: one call that others end.
Head = Literal["dot", "colon", "named", "nodemask", "whole", "cpuset"]


@dataclass(frozen=True)
class Mode:
    """One allocation mode as the kernel prints it, and whether it may use the reserves and may not wait."""

    text: str
    atomic: bool


@dataclass(frozen=True)
class Kernel:
    """A line of kernels. ``releases``: (what uname -r says, what the banner of a dump adds); ``locked``: dump_stack runs on one CPU at a
    time (3.13 on); ``suppressed``: the name the rate limit prints, None where it is shared with others and so tells nothing;
    ``stalls``: 4.10 to 4.14 tell of slow allocations; ``max_order``: what the buddy allocator can give at most."""

    name: str
    releases: tuple[tuple[str, str], ...]
    arches: tuple[Arch, ...]
    printk: Printk
    head: Head
    locked: bool
    suppressed: str | None
    modes: tuple[Mode, ...]
    vmalloc_mode: str
    stalls: bool = False
    max_order: int = 10

    @property
    def with_line_of_vmalloc(self) -> bool:
        """Up to 4.8 a failed vmalloc is followed by a line that reads like a failure of order 0."""
        return self.head in ("dot", "colon") and self.name not in ("2.6.18", "2.6.32")


def _modes(atomic: str, waiting: str) -> tuple[Mode, ...]:
    return tuple(Mode(text, True) for text in atomic.split()) + tuple(Mode(text, False) for text in waiting.split())


_BEFORE_4_4 = _modes("0x20 0x4020 0x20 0x4020 0x8020 0x21", "0xd0 0x40d0 0x80d0 0x0 0xd1 0x4000 0x240d0 0x10d0")
_EL_7 = _modes("0x20 0x4020 0x204020 0x200020 0x4020 0x104020", "0xd0 0x40d0 0x2000d0 0x2040d0 0x200000 0x10c0d0")
_4_4 = _modes("0x2080020 0x2084020 0x2280020 0x2200020", "0x24000c0 0x24040c0 0x26040c0 0x2000000 0x2404040")
_4_9 = _modes(
    "0x2080020(GFP_ATOMIC) 0x2084020(GFP_ATOMIC|__GFP_COMP) 0x2280020(GFP_ATOMIC|__GFP_NOTRACK)"
    " 0x2200020(GFP_NOWAIT|__GFP_HIGH|__GFP_NOTRACK) 0x2284020(GFP_ATOMIC|__GFP_COMP|__GFP_NOTRACK)",
    "0x24000c0(GFP_KERNEL) 0x24040c0(GFP_KERNEL|__GFP_COMP) 0x26040c0(GFP_KERNEL|__GFP_COMP|__GFP_NOTRACK) 0x2000000(GFP_NOWAIT)"
    " 0x24200ca(GFP_HIGHUSER_MOVABLE) 0x2404040(GFP_NOFS|__GFP_COMP)",
)
_4_14 = _modes(
    "0x1080020(GFP_ATOMIC) 0x1084020(GFP_ATOMIC|__GFP_COMP) 0x1080020(GFP_ATOMIC)",
    "0x14000c0(GFP_KERNEL) 0x14040c0(GFP_KERNEL|__GFP_COMP) 0x1000000(GFP_NOWAIT) 0x14200ca(GFP_HIGHUSER_MOVABLE) 0x1400040(GFP_NOFS)",
)
_4_18 = _modes(
    "0x480020(GFP_ATOMIC) 0x484020(GFP_ATOMIC|__GFP_COMP) 0x488020(GFP_ATOMIC|__GFP_ZERO)",
    "0x6000c0(GFP_KERNEL) 0x6040c0(GFP_KERNEL|__GFP_COMP) 0x400000(GFP_NOWAIT) 0x6200ca(GFP_HIGHUSER_MOVABLE)"
    " 0x60c0c0(GFP_KERNEL|__GFP_COMP|__GFP_ZERO)",
)
_5 = _modes(
    "0xa20(GFP_ATOMIC) 0x40a20(GFP_ATOMIC|__GFP_COMP) 0xb20(GFP_ATOMIC|__GFP_ZERO)",
    "0xcc0(GFP_KERNEL) 0x40cc0(GFP_KERNEL|__GFP_COMP) 0x40dc0(GFP_KERNEL|__GFP_COMP|__GFP_ZERO) 0x800(GFP_NOWAIT) 0xc0(__GFP_IO|__GFP_FS)"
    " 0x100cca(GFP_HIGHUSER_MOVABLE) 0x400d0(__GFP_IO|__GFP_FS|__GFP_COMP|__GFP_RECLAIMABLE) 0xc00(GFP_NOIO)",
)
_6 = _modes(
    "0x820(GFP_ATOMIC) 0x40820(GFP_ATOMIC|__GFP_COMP) 0x920(GFP_ATOMIC|__GFP_ZERO)",
    "0xcc0(GFP_KERNEL) 0x40cc0(GFP_KERNEL|__GFP_COMP) 0x40dc0(GFP_KERNEL|__GFP_ZERO|__GFP_COMP) 0x800(GFP_NOWAIT)"
    " 0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO) 0xc40(GFP_NOFS)",
)

KERNELS: tuple[Kernel, ...] = (
    Kernel(
        "2.6.18",
        (("2.6.18-194.el5", ""), ("2.6.18-398.el5", ""), ("2.6.18-6-686", "")),
        ("x86_64", "i686"),
        "chars",
        "dot",
        False,
        None,
        _BEFORE_4_4,
        "0xd2",
    ),
    Kernel(
        "2.6.32",
        (("2.6.32-358.2.1.el6.x86_64", ""), ("2.6.32-431.el6.x86_64", ""), ("2.6.32-754.35.1.el6.x86_64", ""), ("2.6.32-5-amd64", "")),
        ("x86_64", "i686"),
        "lines",
        "dot",
        False,
        None,
        _BEFORE_4_4,
        "0xd2",
    ),
    Kernel(
        "3.2",
        (("3.2.0-4-amd64", " Debian 3.2.65-1"), ("3.2.27+", ""), ("3.2.0-126-generic", "-Ubuntu")),
        ("x86_64", "i686", "arm"),
        "lines",
        "colon",
        False,
        "warn_alloc_failed",
        _BEFORE_4_4,
        "0x80d2",
    ),
    Kernel(
        "3.10",
        (("3.10.0-862.el7.x86_64", ""), ("3.10.0-1160.49.1.el7.x86_64", ""), ("3.10.0-229.el7.x86_64", "")),
        ("x86_64", "ppc64le"),
        "records",
        "colon",
        False,
        "warn_alloc_failed",
        _EL_7,
        "0x80d2",
    ),
    Kernel(
        "3.16",
        (("3.16.0-4-amd64", " Debian 3.16.7-ckt25-2"), ("3.16.0-77-generic", "-Ubuntu")),
        ("x86_64", "arm"),
        "records",
        "colon",
        True,
        "warn_alloc_failed",
        _EL_7,
        "0x80d2",
    ),
    Kernel(
        "4.1",
        (("4.1.19-v7+", ""), ("4.1.6-1-ARCH", ""), ("4.1.12-61.1.28.el7uek.x86_64", "")),
        ("x86_64", "arm", "arm64"),
        "records",
        "colon",
        True,
        "warn_alloc_failed",
        _EL_7,
        "0x80d2",
    ),
    Kernel(
        "4.4",
        (("4.4.0-142-generic", "-Ubuntu"), ("4.4.180-94.97-default", ""), ("4.4.302+", "")),
        ("x86_64", "arm64"),
        "records",
        "colon",
        True,
        "warn_alloc_failed",
        _4_4,
        "0x24080c2",
    ),
    Kernel(
        "4.9",
        (("4.9.0-5-amd64", " Debian 4.9.65-3+deb9u2"), ("4.9.59-v7+", ""), ("4.9.0-19-amd64", " Debian 4.9.320-2")),
        ("x86_64", "arm", "arm64"),
        "glued",
        "named",
        True,
        "warn_alloc",
        _4_9,
        "0x24080c2(GFP_KERNEL|__GFP_HIGHMEM|__GFP_ZERO)",
    ),
    Kernel(
        "4.14",
        (("4.14.35-1902.10.7.el7uek.x86_64", ""), ("4.14.98-v7+", ""), ("4.13.0-46-generic", "-Ubuntu"), ("4.12.14-122.37-default", "")),
        ("x86_64", "arm", "arm64", "ppc64le"),
        "pieces",
        "nodemask",
        True,
        "warn_alloc",
        _4_14,
        "0x14080c2(GFP_KERNEL|__GFP_HIGHMEM|__GFP_ZERO)",
        stalls=True,
    ),
    Kernel(
        "4.15",
        (("4.15.0-213-generic", "-Ubuntu"), ("4.17.0-0.bpo.1-amd64", " Debian 4.17.8-1~bpo9+1")),
        ("x86_64", "arm64"),
        "pieces",
        "whole",
        True,
        "warn_alloc",
        _4_18,
        "0x6080c2(GFP_KERNEL|__GFP_HIGHMEM|__GFP_ZERO)",
    ),
    Kernel(
        "4.18",
        (("4.18.0-305.el8.x86_64", ""), ("4.18.0-553.16.1.el8_10.x86_64", ""), ("4.18.0-348.el8.ppc64le", "")),
        ("x86_64", "ppc64le", "arm64"),
        "pieces",
        "cpuset",
        True,
        "warn_alloc",
        _4_18,
        "0x6080c2(GFP_KERNEL|__GFP_HIGHMEM|__GFP_ZERO)",
    ),
    Kernel(
        "5.x",
        (("5.4.0-97-generic", "-Ubuntu"), ("5.10.0-28-amd64", " Debian 5.10.209-2"), ("5.15.32-v7l+", ""), ("5.2.1-g527a3db363a3", "")),
        ("x86_64", "arm", "arm64"),
        "pieces",
        "cpuset",
        True,
        "warn_alloc",
        _5,
        "0xdc2(GFP_KERNEL|__GFP_HIGHMEM|__GFP_ZERO)",
    ),
    Kernel(
        "5.14",
        (("5.14.0-362.8.1.el9_3.x86_64", ""), ("5.14.0-70.13.1.el9_0.ppc64le", ""), ("5.14.0-427.el9.aarch64+64k", "")),
        ("x86_64", "arm64", "ppc64le"),
        "pieces",
        "cpuset",
        True,
        "warn_alloc",
        _5,
        "0xdc2(GFP_KERNEL|__GFP_HIGHMEM|__GFP_ZERO)",
    ),
    Kernel(
        "6.x",
        (
            ("6.12.0-55.9.1.el10_0.x86_64", ""),
            ("6.12.9-amd64", " Debian 6.12.9-1"),
            ("6.6.31+rpt-rpi-v8", ""),
            ("6.8.0-45-generic", "-Ubuntu"),
        ),
        ("x86_64", "arm", "arm64"),
        "pieces",
        "cpuset",
        True,
        "warn_alloc",
        _6,
        "0xdc2(GFP_KERNEL|__GFP_HIGHMEM|__GFP_ZERO)",
    ),
)
