# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that starves, asked live and then by the report that Debian's sos makes of it in that state: the same causes.

sos is a program in Python and needs memory of its own, so a guest here has some left. Where a trouble takes all of it, the trouble is over
before the guest is asked.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.explanation import explained
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify

from tests.lab.causes import facts_of_looks, leave_looks
from tests.lab.guest import Guest, Plan, running
from tests.lab.kernel import kernel, kernels_with_cma
from tests.lab.troubles import ENDLESS, HEALTHY, ONLY_CMA, TROUBLES, Trouble, burst, tell

#: sos's plugins that bring what is read here; all of them take an emulated processor half an hour.
_PLUGINS = ("kernel", "memory", "networking", "process", "date", "host", "logs", "release")
_FOLDER, _RESERVE, _COMPACT = "/root/report", "/proc/sys/vm/min_free_kbytes", "/proc/sys/vm/compact_memory"
#: What the guests have, in MB, in one node or in two.
_ONE_NODE, _TWO_NODES = (1024,), (640, 640)


def _all(order: int) -> str:
    """Requests until one is refused."""
    return burst(order, ENDLESS)


def _now(truth: str, commands: Callable[[random.Random], Sequence[str]]) -> Trouble:
    """A trouble that leaves sos its memory."""
    return Trouble(truth, commands, _ONE_NODE)


def _over(name: str, end: str, memory_mb: tuple[int, ...] = _ONE_NODE) -> Trouble:
    """The trouble of causes.py, over before the guest is asked: sos could not run in it. What the kernel logged of the failure tells."""
    of = TROUBLES[name]
    return Trouble(of.truth, lambda dice: [*of.commands(dice), end], memory_mb, words=of.words)


#: Trouble -> the cause, and the commands that bring it about with random numbers.
REPORTED: dict[str, Trouble] = {
    "leaking driver": _now("leak", lambda dice: [tell(f"leak 0 1 {dice.randint(200, 300)}000"), _all(dice.choice((1, 2, 3)))]),
    "kmalloc leak": _now("slab_leak", lambda dice: [tell(f"slab 2048 {dice.randint(200, 300)}000"), _all(dice.choice((1, 2, 3)))]),
    "unmovable pages scattered": _now("fragmentation", lambda dice: [tell(f"scatter 2 500 {dice.getrandbits(31)}"), _all(2)]),
    "user memory pinned": _over("user memory pinned", "killall lab_hold; rm -f /tmp/held"),
    "bursts against a small reserve": _over("bursts against a small reserve", "sleep 1"),
    "large requests": _now("request_too_large", lambda dice: [tell(f"scatter 4 90 {dice.getrandbits(31)}"), _all(dice.randint(4, 8))]),
    "a node drained": _over("a node drained", tell("release"), _TWO_NODES),
    "vmalloc space spent": _now("not_pages", lambda dice: [tell(f"space {dice.choice((16, 64))}")]),
    ONLY_CMA: _over(ONLY_CMA, tell("release")),
    "healthy under load": replace(TROUBLES["healthy under load"], memory_mb=_ONE_NODE),
}


@dataclass(frozen=True)
class Reported:
    """What was told of a guest live, and by its report: verdict and causes with their certainty, the likeliest first."""

    trouble: str
    live: tuple[str, ...]
    report: tuple[str, ...]
    truth: str

    @property
    def same(self) -> bool:
        return self.live == self.report

    @property
    def right(self) -> bool:
        """Whether both name the true cause first. A host without the symptom has no cause: its reasons tell of what else was short."""
        wanted = None if self.truth in (HEALTHY, "not_pages") else self.truth
        return all((told[1].split()[0] if told[1:] else None) == wanted for told in (self.live, self.report))


def report_on(seed: int, say: Callable[[str], None], troubles: Sequence[str] = ()) -> Iterator[Reported]:
    """A run of each trouble; the same for the same seed."""
    names = list(troubles or REPORTED)
    for memory_mb, words in dict.fromkeys(REPORTED[name].guest for name in names):
        of = kernels_with_cma()[0] if words else kernel()
        with running(Plan("reporting", memory_mb, ("oops=panic", *words), of), f"reports-{len(memory_mb)}") as guest:
            leave_looks(guest)
            guest.run("truncate -s 1100M /mnt/big")  # of holes: the page cache takes them as any file
            for name in (name for name in names if REPORTED[name].guest == (memory_mb, words)):
                trouble = REPORTED[name]
                live, report = _both(guest, trouble.commands(random.Random(f"{seed} {name}")))
                done = Reported(name, told_of(live), told_of(facts_from(read_recorded(str(report)))), trouble.truth)
                say(f"{name}: live {', '.join(done.live)}; report {', '.join(done.report)}{'' if done.same and done.right else ' (wrong)'}")
                yield done


def _both(guest: Guest, commands: Sequence[str]) -> tuple[dict[str, Any], Path]:
    """The facts of the guest in this trouble, and the report that was made of it before the trouble was undone."""
    forget = f"journalctl --rotate; journalctl --vacuum-time=1s; dmesg -c; echo 3 >/proc/sys/vm/drop_caches; echo 1 >{_COMPACT}"
    guest.run(f"sync; ({forget}) >/dev/null 2>&1; rm -rf {_FOLDER}; mkdir {_FOLDER}; cat {_RESERVE} >/tmp/reserve")
    said = guest.run("\n".join((*commands, "sh /tmp/probe; sh /tmp/deep")), check=False, timeout=600)
    words = f"--batch --tmp-dir {_FOLDER} -z gzip -o {','.join(_PLUGINS)}"
    guest.run(f"sos report {words} >/root/said 2>&1 || {{ tail /root/said; false; }}", timeout=1800)
    path = guest.folder / "sosreport-guest.tar.gz"
    path.write_bytes(base64.b64decode(guest.run(f"base64 {_FOLDER}/sosreport-*.tar.gz", timeout=600)))
    guest.run(f"{tell('release')}; rm -rf {_FOLDER} /mnt/more; cat /tmp/reserve >{_RESERVE}")
    return facts_of_looks(said), path


def told_of(facts: dict[str, Any]) -> tuple[str, ...]:
    """The verdict, then each cause with its certainty."""
    result = explained(classify(facts, load_catalogue()), facts)
    return (result["verdict"], *(f"{one['cause']} {one['certainty']}" for one in result["causes"]))


def write_reports(runs: Sequence[Reported], path: Path) -> dict[str, Any]:
    """build/reports.json"""
    figures = {
        "kernel": kernel().release,
        "runs": len(runs),
        "same": sum(run.same for run in runs),
        "right": sum(run.right for run in runs),
        "of_each": [{**asdict(run), "live": list(run.live), "report": list(run.report)} for run in runs],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n")
    return figures
