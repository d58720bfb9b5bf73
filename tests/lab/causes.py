# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cause that is told of guests that starve for a known reason, and of healthy ones under load.

A guest starves many times in a boot: each run takes memory the way a trouble does, asks as a NIC would, has the probe look, and gives
all back. What the second look brings counts where the audit would have asked a second time.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import render_probe
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.account import account_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.explanation import explained
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.fleet_figures import fleet_figures
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.deep_look import render_deep_look, with_deep
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify

from tests.lab.guest import Guest, Plan, running
from tests.lab.kernel import Kernel, kernel, kernels_with_cma, next_line_kernel
from tests.lab.troubles import HEALTHY, STARVER, TROUBLES, tell, troubles_on

#: Healthy looks at a guest before it starves: the hosts of its kernel and size that it stands beside.
_FLEET = 5


@dataclass(frozen=True)
class Run:
    """One run: what was so, and what was told, the likeliest cause first. ``unaccounted_percent``: None where there is no account."""

    trouble: str
    kernel: str
    seed: int
    causes: tuple[tuple[str, str], ...]
    verdict: str
    symptom: bool | None
    unaccounted_percent: float | None

    @property
    def truth(self) -> str:
        return TROUBLES[self.trouble].truth

    @property
    def told(self) -> str:
        return self.causes[0][0] if self.causes else HEALTHY


def kernels() -> tuple[Kernel, ...]:
    """On which kernels guests starve, but for the troubles that need CMA."""
    return kernel(), next_line_kernel()


def starve(runs: int, seed: int, say: Callable[[str], None], troubles: Sequence[str] = (), of: Sequence[Kernel] = ()) -> Iterator[Run]:
    """So many runs of each trouble on each kernel; the same for the same seed."""
    for one in of or (*kernels(), *kernels_with_cma()):
        names = troubles_on(one, troubles)
        for memory_mb, words in dict.fromkeys(TROUBLES[name].guest for name in names):
            here = [name for name in names if TROUBLES[name].guest == (memory_mb, words)]
            plan = Plan("legacy", memory_mb, ("oops=panic", *words), one)
            with running(plan, f"causes-{one.release.replace('+', '-')}-{len(memory_mb)}") as guest:
                yield from _on_guest(guest, one.release, here, runs, seed, say)


def _on_guest(guest: Guest, release: str, names: Sequence[str], runs: int, seed: int, say: Callable[[str], None]) -> Iterator[Run]:
    guest.run(f"a=$(grep -m1 ' nopage_rs' /proc/kallsyms) && echo limit ${{a%% *}} >{STARVER}")
    leave_looks(guest)
    guest.run("mkdir -p /mnt; dd if=/dev/urandom of=/mnt/big bs=1M count=500 2>/dev/null; sync", timeout=600)
    before = [_look(guest, [], "") for _each in range(_FLEET)]
    for name in names:
        for number in range(runs):
            dice = random.Random(f"{seed} {name} {number}")
            try:
                run = _run(guest, release, name, number, dice, before)
            except Exception:
                say(f"{release}: {name} {number}: the guest did not live through it")
                raise
            say(f"{release}: {name} {number}: {run.told} {'' if run.told == run.truth else '(wrong) '}{run.causes}")
            yield run


def _run(guest: Guest, release: str, name: str, number: int, dice: random.Random, before: Sequence[dict[str, Any]]) -> Run:
    trouble = TROUBLES[name]
    facts = _look(guest, trouble.commands(dice), trouble.after)
    like = {f"healthy {place}": (one, account_of(one)) for place, one in enumerate(before)}
    figures = fleet_figures({**like, "host": (facts, account_of(facts))})["host"]
    result = explained(classify(facts, load_catalogue()), facts, figures)
    causes = tuple((one["cause"], one["certainty"]) for one in result["causes"])
    if not result["symptom"] and any("kernel's address space" in reason for reason in result["reasons"]):
        causes = (("not_pages", "reasons"),)  # a host without the symptom has no cause: its reasons tell of what else was short
    account = result["account"]
    share = None if account["unclear"] else round(100 * account["unaccounted_kb"] / account["total_kb"], 2)
    return Run(name, release, number, causes, result["verdict"], result["symptom"], share)


#: What marks the transcript of every look, and of every second one.
NONCE, DEEP_NONCE = "causes", "deeper"
#: dropbear takes no command of more than 9,000 bytes.
_PART_BYTES = 4000


def leave_probe(guest: Guest) -> None:
    """The probe as a file on the guest."""
    _leave(guest, "/tmp/probe", render_probe(NONCE))


def leave_looks(guest: Guest) -> None:
    """The probe and the second look as files: the first says which drivers the second is to ask."""
    leave_probe(guest)
    first = read_transcript(guest.run("sh /tmp/probe"), NONCE)
    _leave(guest, "/tmp/deep", render_deep_look(DEEP_NONCE, facts_from(first)))


def _leave(guest: Guest, path: str, program: str) -> None:
    text = program.rstrip("\n") + "\n"
    while text:
        end = text.find("\n", _PART_BYTES) + 1 or len(text)
        guest.run(f"cat >>{path} <<'END-OF-PART'\n{text[:end]}END-OF-PART")
        text = text[end:]


def _look(guest: Guest, commands: Sequence[str], after: str) -> dict[str, Any]:
    """The facts of the guest after these commands, which are undone."""
    script = "\n".join(
        [
            "echo -1000 >/proc/self/oom_score_adj",
            "min=$(cat /proc/sys/vm/min_free_kbytes); dmesg -c >/dev/null; : >/var/log/messages; echo 3 >/proc/sys/vm/drop_caches",
            *commands,
            "sh /tmp/probe; sh /tmp/deep",
            tell("release"),
            after,
            "echo $min >/proc/sys/vm/min_free_kbytes",
            "echo 1 >/proc/sys/vm/compact_memory; true",
        ]
    )
    return facts_of_looks(guest.run(script, check=False, timeout=400))


def facts_of_looks(said: str) -> dict[str, Any]:
    """Of both looks; of the first alone where the audit would not have looked again."""
    first = read_transcript(said, NONCE)
    facts: dict[str, Any] = facts_from(first)
    if classify(facts, load_catalogue())["symptom"]:
        facts = facts_from(with_deep(first, read_transcript(said, DEEP_NONCE)))
    return facts


def figures_of(runs: Sequence[Run]) -> dict[str, Any]:
    """What goes into build/causes.json: the confusion matrix and what follows from it."""
    matrix: dict[str, Counter[str]] = {}
    for run in runs:
        matrix.setdefault(run.trouble, Counter())[run.told] += 1
    right = sum(run.told == run.truth for run in runs)
    healthy = [run for run in runs if run.truth == HEALTHY]
    return {
        "runs": len(runs),
        "kernels": sorted({run.kernel for run in runs}),
        "right": right,
        "right_percent": round(100 * right / len(runs), 2) if runs else None,
        "leak_for_a_healthy_host": sum(any(cause == "leak" for cause, _sure in run.causes) for run in healthy),
        "any_cause_for_a_healthy_host": sum(bool(run.causes) for run in healthy),
        "truth_among_the_causes": sum(run.truth in [cause for cause, _sure in run.causes] for run in runs if run.truth != HEALTHY),
        "unaccounted_percent_of_healthy_hosts": _span([run.unaccounted_percent for run in healthy]),
        "matrix": {name: dict(sorted(told.items())) for name, told in matrix.items()},
        "truth": {name: trouble.truth for name, trouble in TROUBLES.items() if name in matrix},
        "wrong": [
            {
                "trouble": run.trouble,
                "kernel": run.kernel,
                "run": run.seed,
                "verdict": run.verdict,
                "told": [list(one) for one in run.causes],
            }
            for run in runs
            if run.told != run.truth
        ],
    }


def _span(values: Sequence[float | None]) -> list[float] | None:
    seen = [value for value in values if value is not None]
    return [min(seen), max(seen)] if seen else None


def write_causes(runs: Sequence[Run], path: Path) -> dict[str, Any]:
    figures = figures_of(runs)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n")
    return figures
