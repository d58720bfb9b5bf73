# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end that is foretold of guests which leak at an uneven pace, and what is foretold of guests that do not leak.

A night takes a second or so: a guest leaks, works, and is looked at. The clock is what the evidence says, so each look is given the
time of its night. The true end is the kernel's own: the first night on which it refuses the request.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import head_line, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.forecast import Forecast, Trend, forecast
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation, observation_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet

from tests.lab.causes import NONCE, kernels, leave_probe
from tests.lab.guest import Guest, Plan, running
from tests.lab.kernel import Kernel
from tests.lab.troubles import STARVER, tell, work_of

_DAY_SECONDS = 86400
#: A night. Of each block one page is kept, so that the blocks end while single pages are left to live on: a fourth of some 300 MB.
_PACE_KB = (1_800, 4_500)
_MOST_NIGHTS = 120
_ORDER = 2
LEAKS, STANDS = "leaks", "does not leak"


@dataclass(frozen=True)
class Life:
    """One run: ``nights`` looks, then what was told; ``ended``: the night of the true end, None where there was none."""

    kind: str
    kernel: str
    seed: int
    nights: int
    ended: int | None
    told: Forecast

    @property
    def ends(self) -> tuple[float, float] | None:
        """The nights between which nothing is left, as it was told of the headroom."""
        return _nights(self.told)

    @property
    def foretold(self) -> bool:
        return any(_nights(trend) for trend in (self.told, self.told["unaccounted"]))

    @property
    def inside(self) -> bool:
        """The end came within the range. It lies between the night before the refusal and that night."""
        return self.ends is not None and self.ended is not None and self.ends[0] <= self.ended and self.ended - 1 <= self.ends[1]


def _nights(trend: Trend | Forecast) -> tuple[float, float] | None:
    earliest, latest = trend["exhausted_earliest"], trend["exhausted_latest"]
    if earliest is None:
        return None
    first, last = (datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp() if at else float("inf") for at in (earliest, latest))
    return first / _DAY_SECONDS, last / _DAY_SECONDS


def live(runs: int, seed: int, say: Callable[[str], None], of: Sequence[Kernel] = ()) -> Iterator[Life]:
    """So many runs of each kind on each kernel; the same for the same seed."""
    for one in of or kernels():
        with running(Plan("legacy", (512,), ("oops=panic",), one), f"forecast-{one.release}") as guest:
            leave_probe(guest)
            guest.run("mkdir -p /mnt; dd if=/dev/urandom of=/mnt/big bs=1M count=100 2>/dev/null; sync", timeout=600)
            for kind in (LEAKS, STANDS):
                for number in range(runs):
                    life = _life(guest, one.release, kind, number, random.Random(f"{seed} {one.release} {kind} {number}"))
                    end = "" if life.ended is None else f", ended in night {life.ended}"
                    say(f"{one.release}: {kind} {number}: {life.nights} nights, {life.told['state']}, told {life.ends}{end}")
                    yield life


def _life(guest: Guest, release: str, kind: str, number: int, dice: random.Random) -> Life:
    nights = dice.randint(10, 18)
    pace_kb = dice.randint(*_PACE_KB) if kind == LEAKS else 0
    # as much as three times the pace in one night, and next to nothing in another
    taken_kb = [
        int(pace_kb * dice.choice((0.1, 0.4, 0.8, 1, 1.2, 1.5, 2, 3)) / 1.25) for _night in range(_MOST_NIGHTS if pace_kb else nights)
    ]
    said = guest.run(_script(taken_kb, nights, [] if pace_kb else [" ; ".join(work_of(dice)) for _night in range(nights)]), timeout=1800)
    transcripts = said.split(head_line(NONCE))[1:]
    seen = [_observed(head_line(NONCE) + text, night) for night, text in enumerate(transcripts, 1)]
    ended = re.search(r"^ended ([0-9]+)$", said, re.MULTILINE)
    told = forecast(seen[:-1], seen[-1])
    return Life(kind, release, number, len(seen), int(ended.group(1)) if ended else None, told)


def _script(taken_kb: Sequence[int], looks: int, work: Sequence[str]) -> str:
    """All nights of a run in one go, one look a night. It ends where the request is refused, and gives all back."""
    each = "\n".join(f" {night}) {words} ;;" for night, words in enumerate(work, 1))
    leak = f'free=$(sed -n "s/^MemFree: *\\([0-9]*\\).*/\\1/p" /proc/meminfo); {tell(f"leak {_ORDER} 1 $((free - kb))")}'
    return f"""
echo -1000 >/proc/self/oom_score_adj
min=$(cat /proc/sys/vm/min_free_kbytes)
dmesg -c >/dev/null; echo 3 >/proc/sys/vm/drop_caches; echo 1 >/proc/sys/vm/compact_memory
night=0
for kb in {" ".join(map(str, taken_kb))}; do
 night=$((night + 1))
 [ "$kb" = 0 ] || {{ {leak}; }}
 case $night in
{each}
 *) ;;
 esac
 echo $min >/proc/sys/vm/min_free_kbytes
 [ $night -gt {looks} ] || sh /tmp/probe
 {tell(f"burst {_ORDER} 1 -1")}
 [ "$(cat {STARVER})" != 0 ] || {{ echo "ended $night"; break; }}
done
{tell("release")}
rm -f /mnt/more /tmp/held
true"""


def _observed(transcript: str, night: int) -> Observation:
    facts: dict[str, Any] = facts_from(read_transcript(transcript, NONCE))
    moment = {"booted_epoch_seconds": 0, "uptime_seconds": night * _DAY_SECONDS}
    return observation_of(judge_fleet({"guest": Gathered({**facts, **moment})}, [], comparing=False)["hosts"]["guest"], 0)


def figures_of(lives: Sequence[Life]) -> dict[str, Any]:
    """What goes into build/forecast.json."""
    leaking, standing = ([life for life in lives if life.kind == kind] for kind in (LEAKS, STANDS))
    told = [life for life in leaking if life.ends]
    return {
        "kernels": sorted({life.kernel for life in lives}),
        "leaking_runs": len(leaking),
        "leaking_told": len(told),
        "end_in_the_range": sum(life.inside for life in told),
        "end_in_the_range_percent": round(100 * sum(life.inside for life in told) / len(told), 1) if told else None,
        "states_of_leaking": dict(Counter(life.told["state"] for life in leaking)),
        "runs_without_a_leak": len(standing),
        "foretold_without_a_leak": sum(life.foretold for life in standing),
        "states_without_a_leak": dict(Counter(life.told["state"] for life in standing)),
        "outside": [
            {"kernel": life.kernel, "run": life.seed, "nights": life.nights, "ended": life.ended, "told": life.ends}
            for life in told
            if not life.inside
        ],
    }


def write_forecasts(lives: Sequence[Life], path: Path) -> dict[str, Any]:
    figures = figures_of(lives)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n")
    return figures
