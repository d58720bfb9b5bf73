# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that leak, and guests that do not, under network and file load: whom the trace names.

A run turns the leak on, keeps the guest busy, traces it and turns the leak off. What is so is known, since the lab's own modules leak.
"""

from __future__ import annotations

import json
import random
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_answer import read_trace
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_program import render_trace

from tests.lab.causes import kernels
from tests.lab.guest import Guest, Plan, running
from tests.lab.kernel import Kernel
from tests.lab.troubles import STARVER

SECONDS = 10
_PARAMETER = "/sys/module/mlx4_en/parameters/blocks_per_packet"
#: Files read and written, a folder searched, a process that takes memory and gives it back, in the background until told to end. There is
#: one processor, and an emulated one: the load leaves it to whoever else wants it.
_LOAD = (
    "while [ -e /tmp/busy ]; do dd if=/dev/zero of=/mnt/more bs=64k count={blocks}; cat /mnt/big /sbin/* >/dev/null; "
    "find /proc /sys /sbin -xdev >/dev/null; (lab_hold 200000 >/dev/null & sleep 1; kill $!; wait); rm -f /mnt/more; "
    f"echo burst {{order}} {{count}} -1 >{STARVER}; done"
)


@dataclass(frozen=True)
class Leaker:
    """``module``: what the trace has to name; None for a guest on which nothing leaks. ``on``, ``off``: commands with random numbers.
    ``during``: what is done each second of the trace, as a command."""

    module: str | None
    on: Callable[[random.Random], str]
    off: str
    during: Callable[[random.Random], str] = lambda _dice: ""


def _driver(dice: random.Random) -> str:
    return f"echo {dice.randint(1, 4)} >{_PARAMETER}"


def _some(dice: random.Random) -> str:
    """The starver leaks blocks until a little less is free than was."""
    order = dice.choice((1, 2, 3))
    free = f"$(($(sed -n 's/^MemFree: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)-{dice.randint(200, 1500)}))"
    return f"echo leak {order} {1 << order} {free} >{STARVER}"


LEAKERS = {
    "leaking driver": Leaker("mlx4_en", _driver, f"echo 0 >{_PARAMETER}"),
    "leaking module": Leaker("pagealloc_starver", lambda _dice: "true", f"echo release >{STARVER}", _some),
    "nothing leaks": Leaker(None, lambda _dice: "true", "true"),
}


@dataclass(frozen=True)
class Traced:
    """One run: what leaked, whom the trace named."""

    leaker: str
    kernel: str
    run: int
    named: tuple[str, ...]
    outcome: str
    events: int
    lost_records: int
    sentence: str

    @property
    def right(self) -> bool:
        module = LEAKERS[self.leaker].module
        return self.named == ((module,) if module else ())


def trace_runs(
    runs: int, seed: int, say: Callable[[str], None], leakers: Sequence[str] = (), of: Sequence[Kernel] = ()
) -> Iterator[Traced]:
    """So many runs of each on each kernel; the same load and leak for the same seed."""
    for one in of or kernels():
        with running(Plan("legacy", (1024,), (), one), f"trace-{one.release}") as guest:
            guest.run("mkdir -p /mnt; dd if=/dev/urandom of=/mnt/big bs=1M count=60 2>/dev/null; sync", timeout=300)
            for number in range(runs):
                for name in leakers or LEAKERS:
                    traced = _run(guest, one.release, name, number, random.Random(f"{seed} {name} {number}"))
                    right = "" if traced.right else "(wrong) "
                    say(f"{one.release}: {name} {number}: {right}{traced.named} of {traced.events} events: {traced.sentence}")
                    yield traced


def _run(guest: Guest, release: str, name: str, number: int, dice: random.Random) -> Traced:
    leaker = LEAKERS[name]
    guest.run(leaker.on(dice))
    load = _LOAD.format(blocks=dice.randint(50, 300), order=dice.choice((0, 1, 2)), count=dice.randint(10, 200))
    guest.run(f": >/tmp/busy; nice -n 5 sh -c '{load}' >/dev/null 2>&1 </dev/null & sleep 1")
    try:
        with in_use(guest, leaker, dice):
            result = trace(guest)
    finally:
        guest.run(f"rm -f /tmp/busy; {leaker.off}")
    named = tuple(sorted({str(row["module"]) for row in result["callers"] if row["leaks"]}))
    return Traced(name, release, number, named, result["outcome"], result["events"], result["lost_records"], result["sentences"][0])


@contextmanager
def in_use(guest: Guest, leaker: Leaker, dice: random.Random) -> Iterator[None]:
    """Packets go to the driver's interface meanwhile, and the leaker leaks."""
    over = threading.Event()

    def use() -> None:
        while not over.wait(0.7):
            guest.send_packets(dice.randint(5, 40), dice.choice((64, 600, 1400)))
            if leaker.during(dice):
                guest.run(leaker.during(dice), check=False)

    user = threading.Thread(target=use)
    user.start()
    try:
        yield
    finally:
        over.set()
        user.join()


def trace(guest: Guest, seconds: int = SECONDS) -> dict[str, Any]:
    """What the trace says of the guest, whose tracefs it mounts."""
    nonce = secrets.token_hex(8)
    program = render_trace(nonce, seconds=seconds, order=1, buffer_kb=4096, events_most=20000, mount=True, check=False)
    return read_trace(guest.run(program, check=False, timeout=900), nonce, seconds)


def trace_figures(runs: Sequence[Traced]) -> dict[str, Any]:
    """What goes into build/trace.json."""
    leaking = [run for run in runs if LEAKERS[run.leaker].module]
    quiet = [run for run in runs if not LEAKERS[run.leaker].module]
    return {
        "kernels": sorted({run.kernel for run in runs}),
        "seconds": SECONDS,
        "runs": len(runs),
        "leaking": len(leaking),
        "leaking_module_named": sum(run.right for run in leaking),
        "not_leaking": len(quiet),
        "named_where_nothing_leaks": sum(bool(run.named) for run in quiet),
        "by_leaker": {name: _right_and_wrong(run for run in runs if run.leaker == name) for name in LEAKERS},
        "events": [min(run.events for run in runs), max(run.events for run in runs)] if runs else None,
        "wrong": [asdict(run) for run in runs if not run.right],
    }


def _right_and_wrong(runs: Iterable[Traced]) -> dict[str, dict[str, int]]:
    """kernel -> how many of each."""
    found: dict[str, Counter[str]] = {}
    for run in runs:
        found.setdefault(run.kernel, Counter())["right" if run.right else "wrong"] += 1
    return {release: dict(counts) for release, counts in found.items()}


def write_trace_figures(runs: Sequence[Traced], path: Path) -> dict[str, Any]:
    figures = trace_figures(runs)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n")
    return figures
