# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The troubles that a guest starves of: how each takes memory, and what its cause is."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.lab.kernel import Kernel

STARVER = "/proc/pagealloc_starver"
HEALTHY = "healthy"
#: What only kernels that are built with CONFIG_CMA can have. Of the rest they have the healthy hosts, beside which it must stand out.
ONLY_CMA = "only CMA's area free"
_WITH_CMA = (ONLY_CMA, "healthy under load")
#: More requests than any guest can grant.
ENDLESS = 10_000_000


@dataclass(frozen=True)
class Trouble:
    """``truth``: the cause, HEALTHY for none. ``commands``: of the shell, with random numbers; the probe looks after them.
    ``after``: what ends it, beside what the starver gives back. ``words``: of the kernel's command line."""

    truth: str
    commands: Callable[[random.Random], Sequence[str]]
    memory_mb: tuple[int, ...] = (512,)
    after: str = ""
    words: tuple[str, ...] = ()

    @property
    def guest(self) -> tuple[tuple[int, ...], tuple[str, ...]]:
        return self.memory_mb, self.words


def tell(words: str) -> str:
    return f"echo {words} >{STARVER}"


def _leak(dice: random.Random) -> list[str]:
    order = dice.choice((0, 1, 2, 2, 3))
    part = dice.randint(1, 1 << order)
    until = dice.randint(14000, 30000) if part << 1 >= 1 << order else 20000
    return [tell(f"leak {order} {part} {until}"), burst(dice.choice((1, 2, 3)), ENDLESS)]


def _slab_leak(dice: random.Random) -> list[str]:
    return [
        tell(f"slab {dice.choice((192, 512, 1024, 2048, 4096))} {dice.randint(14000, 30000)}"),
        burst(dice.choice((1, 2, 3)), ENDLESS),
    ]


def _fragmentation(dice: random.Random) -> list[str]:
    return [tell(f"scatter {dice.randint(2, 3)} {dice.randint(420, 600)} {dice.getrandbits(31)}"), burst(dice.choice((2, 3)), ENDLESS)]


def _exhaustion(dice: random.Random) -> list[str]:
    hold = f"lab_hold {dice.randint(13000, 20000)} >/tmp/held 2>&1 </dev/null & n=0"
    until = "until [ -s /tmp/held ] || [ $n = 120 ]; do sleep 1; n=$((n+1)); done"
    return [hold, until, burst(dice.choice((0, 0, 1, 2)), ENDLESS)]


def _reserve_too_small(dice: random.Random) -> list[str]:
    """The page cache fills memory; then more comes at once than is kept."""
    reserve = dice.randint(800, 4000)
    return [
        f"echo {reserve} >/proc/sys/vm/min_free_kbytes",
        "cat /mnt/big >/dev/null",
        burst(dice.choice((0, 0, 1, 2)), ENDLESS),
        "sleep 1",
    ]


def _request_too_large(dice: random.Random) -> list[str]:
    return [tell(f"scatter {dice.randint(4, 5)} {dice.randint(60, 120)} {dice.getrandbits(31)}"), burst(dice.randint(4, 8), ENDLESS)]


def _one_node(dice: random.Random) -> list[str]:
    node = dice.randint(0, 1)
    return [tell(f"drain {node} {dice.randint(2000, 6000)}"), burst(dice.choice((1, 2, 3)), ENDLESS, node)]


def _cma(dice: random.Random) -> list[str]:
    """The kernel takes what is not of CMA's area, since it may not use that area, except what keeps the guest alive."""
    left = f"$(($(awk '/CmaFree/ {{print $2}}' /proc/meminfo) + {dice.randint(10000, 18000)}))"
    return [tell(f"drain 0 {left}"), burst(dice.choice((0, 1, 2, 3)), ENDLESS)]


def _not_pages(dice: random.Random) -> list[str]:
    return [tell(f"space {dice.choice((16, 64, 128))}")]


def work_of(dice: random.Random) -> list[str]:
    """Files read and written, processes that take memory and give it back, and the NIC in use."""
    work = [
        "cat /mnt/big >/dev/null",
        f"dd if=/dev/zero of=/mnt/more bs=1M count={dice.randint(10, 60)} 2>/dev/null; sync; rm -f /mnt/more",
        f"(lab_hold {dice.randint(150000, 300000)} >/tmp/held 2>&1 </dev/null & sleep 2; kill $!; wait)",
        "find / -xdev >/dev/null 2>&1",
        burst(dice.choice((0, 1, 2)), dice.randint(10, 200)),
        f"echo {dice.randint(2000, 12000)} >/proc/sys/vm/min_free_kbytes",
    ]
    return dice.sample(work, dice.randint(2, len(work)))


def burst(order: int, count: int, node: int = -1) -> str:
    return tell(f"burst {order} {count} {node}")


TROUBLES: dict[str, Trouble] = {
    "leaking driver": Trouble("leak", _leak),
    "kmalloc leak": Trouble("slab_leak", _slab_leak),
    "unmovable pages scattered": Trouble("fragmentation", _fragmentation),
    "user memory pinned": Trouble("exhaustion", _exhaustion, after="killall lab_hold; rm -f /tmp/held"),
    "bursts against a small reserve": Trouble("reserve_too_small", _reserve_too_small),
    "large requests": Trouble("request_too_large", _request_too_large),
    "a node drained": Trouble("one_zone_or_node", _one_node, (320, 320)),
    "vmalloc space spent": Trouble("not_pages", _not_pages),
    ONLY_CMA: Trouble("cma", _cma, words=("cma=200M",)),
    "healthy under load": Trouble(HEALTHY, work_of, after="rm -f /mnt/more /tmp/held"),
}


def troubles_on(one: Kernel, asked: Sequence[str] = ()) -> list[str]:
    """Those of the ones asked for, all by default, that run on this kernel."""
    with_cma = one.built_with("CONFIG_CMA")
    return [name for name in asked or TROUBLES if (name in _WITH_CMA if with_cma else name != ONLY_CMA)]
