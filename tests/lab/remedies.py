# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each remedy does against each cause: packets that find no memory, and who had to wait for it, before and after.

A guest starves for a known reason while packets come, the remedy is put in force, and as many packets come again. A packet is an atomic
request, as a NIC makes it. Each run draws its numbers from the seed, so that every remedy meets the same troubles.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from tests.lab.guest import Guest, GuestError, Plan, running
from tests.lab.kernel import Kernel, kernel, older_kernel
from tests.lab.troubles import STARVER, tell

#: Packets come in bursts, 10,000 in all or so many bursts of them.
PACKETS, _MOST_ROUNDS = 10_000, 20
#: What kswapd and kcompactd get to do their work between the remedy and the next packets. kcompactd looks twice a second.
_SETTLE_SECONDS = 5
#: So many runs in a row that no guest lives through are the guest's fault.
_MOST_IN_A_ROW = 6
NONE = "none"
#: Remedy -> its values. The reserve: 1 % and 3 % of 512 MB.
STRENGTHS: dict[str, tuple[int, ...]] = {
    NONE: (0,),
    "min_free_kbytes": (5242, 15728),
    "watermark_scale_factor": (50, 200),
    "compaction_proactiveness": (20, 80),
    "compact_memory": (1,),
    "zone_reclaim_mode": (1,),
}
#: What every run begins with, where its trouble does not say otherwise: the reserve that the kernel itself gives 512 MB, and
#: vm.compaction_proactiveness as EL 8 and 9 have it.
_AT_FIRST = {"min_free_kbytes": 2896, "watermark_scale_factor": 10, "compaction_proactiveness": 0, "zone_reclaim_mode": 0}


@dataclass(frozen=True)
class Pressure:
    """``make``: shell commands that bring the trouble about, ``again``: one before each round of packets, ``orders``: of the packets.
    ``burst_kb``: what a burst of them takes. ``node``: where they are asked for, -1 for anywhere. ``after``: what ends it beside what
    the starver gives back."""

    cause: str
    make: Callable[[random.Random], Sequence[str]]
    orders: tuple[int, ...]
    again: str = "sleep 0.1"
    memory_mb: tuple[int, ...] = (512,)
    burst_kb: int = 10_000
    node: int = -1
    after: str = ""

    def burst(self, order: int) -> int:
        """Packets of this order in a burst."""
        return self.burst_kb // (4 << order)

    def rounds(self, order: int) -> int:
        """How many bursts of this order come."""
        return min(_MOST_ROUNDS, PACKETS // self.burst(order))


def _until(condition: str) -> str:
    """Of the program that was started last. A trouble that is not there would be measured as none: then the run fails."""
    return f"n=0; until {condition} || [ $n = 600 ] || ! kill -0 $!; do sleep 1; n=$((n+1)); done; {condition} || exit 1"


def _bursts(dice: random.Random) -> list[str]:
    return [f"echo {dice.randint(1500, 3000)} >/proc/sys/vm/min_free_kbytes", "cat /mnt/big >/dev/null"]


def _sieve(dice: random.Random) -> list[str]:
    """What is free is in holes between movable pages: the kernel takes the larger blocks that the sieve had to leave."""
    words = f"{dice.randint(8000, 10000)} {dice.randint(860, 920)} {dice.getrandbits(31)}"
    sieve = f"(echo 0 >/proc/self/oom_score_adj; exec lab_sieve {words}) >/tmp/held 2>&1 </dev/null &"
    return [sieve, _until("[ -s /tmp/held ]"), tell(f"scatter 2 1000 {dice.getrandbits(31)}")]


def _scatter(dice: random.Random) -> list[str]:
    return [tell(f"scatter {dice.randint(2, 3)} {dice.randint(560, 700)} {dice.getrandbits(31)}")]


def _pinned(dice: random.Random) -> list[str]:
    held = f"lab_hold {dice.randint(13000, 20000)}"
    return [f"(echo 0 >/proc/self/oom_score_adj; exec {held}) >/tmp/held 2>&1 </dev/null &", _until("[ -s /tmp/held ]")]


def _large(dice: random.Random) -> list[str]:
    return [tell(f"scatter {dice.randint(4, 5)} {dice.randint(250, 350)} {dice.getrandbits(31)}")]


def _drained(dice: random.Random) -> list[str]:
    return [tell(f"drain 0 {dice.randint(2000, 6000)}")]


#: The next piece of a file that is larger than memory: the page cache takes what is free.
_READ = "at=$(((at + 24) % 480)); dd if=/mnt/big of=/dev/null bs=1M count=24 skip=$at 2>/dev/null"
_KILL = "killall lab_hold lab_sieve 2>/dev/null; rm -f /tmp/held"

PRESSURES: dict[str, Pressure] = {
    "bursts against a small reserve": Pressure("reserve_too_small", _bursts, (0, 1, 2), _READ, burst_kb=16_000),
    "movable pages with holes": Pressure("fragmentation", _sieve, (2, 3), after=_KILL),
    "unmovable pages scattered": Pressure("fragmentation", _scatter, (2, 3)),
    "large requests": Pressure("request_too_large", _large, (4, 5)),
    "user memory pinned": Pressure("exhaustion", _pinned, (0, 1), after=_KILL),
    "a node drained": Pressure("one_zone_or_node", _drained, (1, 2), memory_mb=(320, 320), node=0),
}


@dataclass(frozen=True)
class Treated:
    """One run. Failures of 10,000 packets and stalls of whoever waits, before and after; ``given_up_kb``: how much higher the high
    watermarks are, which is memory that kswapd keeps from everybody; ``killed``: processes, because memory ran out."""

    pressure: str
    remedy: str
    strength: int
    kernel: str
    run: int
    failures_before: int
    failures_after: int
    stalls_before: int
    stalls_after: int
    given_up_kb: int
    killed: int

    @property
    def asked(self) -> Treatment:
        return Treatment(self.kernel, self.pressure, self.remedy, self.strength, self.run)


def strengths_for(pressure: Pressure) -> list[tuple[str, int]]:
    """The remedies that are tried: vm.zone_reclaim_mode does nothing on one node."""
    nodes = len(pressure.memory_mb)
    return [(remedy, value) for remedy, values in STRENGTHS.items() if nodes > 1 or remedy != "zone_reclaim_mode" for value in values]


@dataclass(frozen=True)
class Treatment:
    """What one run tries: which trouble, which remedy how strongly, the number of the run."""

    kernel: str
    pressure: str
    remedy: str
    strength: int
    run: int


def kernels_of_remedies() -> tuple[Kernel, ...]:
    """On which kernels remedies are measured: of two ages."""
    return kernel(), older_kernel()


def treat(
    runs: int,
    seed: int,
    say: Callable[[str], None],
    names: Sequence[str] = (),
    of: Sequence[Kernel] = (),
    tried: Sequence[tuple[str, int]] = (),
    done: Collection[Treatment] = (),
) -> Iterator[Treated]:
    """So many runs of each remedy, at each strength, against each trouble on each kernel. ``tried``: only these; ``done``: not these."""
    chosen = list(names or PRESSURES)
    for one in of or kernels_of_remedies():
        for memory_mb in dict.fromkeys(PRESSURES[name].memory_mb for name in chosen):
            here = [name for name in chosen if PRESSURES[name].memory_mb == memory_mb]
            # each of them once, then again: a run that is cut has something of all
            todo = deque(
                asked
                for number, name in ((number, name) for number in range(runs) for name in here)
                for remedy, strength in tried or strengths_for(PRESSURES[name])
                if (asked := Treatment(one.release, name, remedy, strength, number)) not in done
            )
            yield from _on_guests(Plan("legacy", memory_mb, ("oops=panic",), one), todo, seed, say)


def _on_guests(plan: Plan, todo: deque[Treatment], seed: int, say: Callable[[str], None]) -> Iterator[Treated]:
    """These runs, in their order. A run that a guest does not live through is left out after the second, and another guest goes on."""
    in_a_row = 0
    while todo:
        try:
            with running(plan, f"remedies-{todo[0].kernel}-{len(plan.memory_mb)}") as guest:
                guest.run("mkdir -p /mnt; dd if=/dev/urandom of=/mnt/big bs=1M count=500 2>/dev/null; sync", timeout=600)
                trouble = ""
                while todo:
                    if trouble != todo[0].pressure:  # once more than is counted: what another trouble left behind would count for this run
                        trouble = todo[0].pressure
                        _treated(guest, replace(todo[0], remedy=NONE, strength=0), seed)
                    done = _treated(guest, todo[0], seed)
                    say(f"{todo[0]}: {done.failures_before} to {done.failures_after}")
                    todo.popleft()
                    in_a_row = 0
                    yield done
        except GuestError as error:
            in_a_row += 1
            say(f"{todo[0]}: {str(error)[:500]}")
            if in_a_row == _MOST_IN_A_ROW:
                raise
            if in_a_row % 2 == 0:
                todo.popleft()


def _treated(guest: Guest, asked: Treatment, seed: int) -> Treated:
    pressure, dice = PRESSURES[asked.pressure], random.Random(f"{seed} {asked.pressure} {asked.run}")
    order = dice.choice(pressure.orders)
    said = guest.run(_script(pressure, pressure.make(dice), order, asked.remedy, asked.strength), timeout=1200)
    counts = {words[0]: [int(word) for word in words[1:]] for line in said.splitlines() if (words := line.split())}
    before, after = counts["before"], counts["after"]
    sent = pressure.rounds(order) * pressure.burst(order)
    lost, still_lost = ((sent - granted) * PACKETS // sent for granted, *_rest in (before, after))
    figures = (lost, still_lost, before[1], after[1], counts["marks"][0], after[2])
    return Treated(asked.pressure, asked.remedy, asked.strength, asked.kernel, asked.run, *figures)


def _script(pressure: Pressure, make: Sequence[str], order: int, remedy: str, strength: int) -> str:
    """What the guest does: trouble, packets, the remedy, packets, and all back as it was. The first packets are not counted: they have
    the kernel set blocks aside for atomic requests, as it would have on a host that has run for a while."""
    burst = tell(f"burst {order} {pressure.burst(order)} {pressure.node}")
    vm = "/proc/sys/vm"
    return "\n".join(
        [
            "echo -1000 >/proc/self/oom_score_adj",
            f"dmesg -c >/dev/null; echo 3 >{vm}/drop_caches; echo 1 >{vm}/compact_memory",
            *(f"echo {value} >{vm}/{name} 2>/dev/null" for name, value in _AT_FIRST.items()),
            "stalls() { awk '/^(allocstall|compact_stall)/ {n += $2} END {print n + 0}' /proc/vmstat; }",
            "killed() { awk '$1 == \"oom_kill\" {n = $2} END {print n + 0}' /proc/vmstat; }",
            "high() { awk '$1 == \"high\" {n += $2} END {print n * 4}' /proc/zoneinfo; }",
            "at=0",
            "packets() {",
            "s=$(stalls); k=$(killed); granted=0; i=0",
            f"while [ $i -lt {pressure.rounds(order)} ]; do",
            pressure.again,
            f"{burst}; read -r n <{STARVER}; granted=$((granted+n)); i=$((i+1))",
            "done",
            "echo $1 $granted $(($(stalls)-s)) $(($(killed)-k))",
            "}",
            *make,
            "packets first",
            "packets before",
            # where blocks are broken up the kernel raises the marks for a while, until one of these is written
            f"marks() {{ cat {vm}/watermark_scale_factor >{vm}/watermark_scale_factor; high; }}",
            "h=$(marks)",
            *([] if remedy == NONE else [f"echo {strength} >{vm}/{remedy}"]),
            "echo marks $(($(marks)-h))",
            f"sleep {_SETTLE_SECONDS}",
            "packets after",
            tell("release"),
            pressure.after,
            *(f"echo {value} >{vm}/{name} 2>/dev/null" for name, value in _AT_FIRST.items()),
            "true",
        ]
    )
