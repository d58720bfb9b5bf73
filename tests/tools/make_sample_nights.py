# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the past of the sample fleet: thirty nights of audits before the evidence that is bundled, as the playbook history writes them.

.venv/test/bin/python -m tests.tools.make_sample_nights playbooks/sample_fleet/nights.csv
"""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation, observation_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.recorded_past import Seen
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.past import write_csv

from tests.conftest import SAMPLE_FLEET

NIGHTS = 30
_DAY_SECONDS = 86400
#: When the last of them was: 25 November 2026, 22:00 UTC.
_LAST_AUDIT = 1795644000
#: On the hosts that leak a driver takes so many kB a night, in blocks of order 2.
_LEAKS = {"db02-el64": 13_000, "db03-el64-seed": 240_000, "db20-el64": 250_000}
#: The evidence is of a host that is up for so many nights.
_UP_NIGHTS = 12
#: Since so many nights the workaround is in force, where it is.
_WORKAROUND_NIGHTS = 9
#: These run the kernel with the fix since then.
_UPGRADED = ("db05-el65", "db33-el65", "db34-el65")
_OLD_KERNEL = "2.6.32-358.el6.x86_64"


def nights() -> Iterator[Seen]:
    gathered = {path.stem: Gathered.from_record(str(path)) for path in sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))}
    chance = random.Random(18)
    now = {name: observation_of(result, _LAST_AUDIT + _DAY_SECONDS) for name, result in judge_fleet(gathered, [])["hosts"].items()}
    for ago in range(NIGHTS, 0, -1):
        for name, one in now.items():
            yield "sample_fleet", _LAST_AUDIT - (ago - 1) * _DAY_SECONDS, name, _seen(name, one, ago, chance)


def _seen(name: str, now: Observation, ago: int, chance: random.Random) -> Observation:
    at = now.at_epoch_seconds - ago * _DAY_SECONDS
    if name == "db18-down":
        return Observation("unreachable" if ago < 3 else "clear", at, causes="")
    if name in _LEAKS:
        return _leaking(now, at, ago, chance, _LEAKS[name])
    if name in _UPGRADED:
        return _of_kernel(now, at)
    if now.verdict == "mitigated":
        return _mitigated(now, at, ago, chance)
    return Observation(now.verdict, at, kernel=now.kernel, causes="")


def _leaking(now: Observation, at: int, ago: int, chance: random.Random, taken_kb: int) -> Observation:
    """What was taken is there again after a boot, and is taken once more."""
    booted, headroom = now.booted_epoch_seconds or 0, _numbers(now.headroom or "0 0 0")
    before = at < booted
    back_kb = int(taken_kb * chance.uniform(0.94, 1.06) * (ago - before * _UP_NIGHTS))
    left = tuple(max(0, number + (back_kb // 16) * (4 >> order)) for order, number in enumerate(headroom[:3]))
    trouble = left[2] == 0
    return now._replace(
        verdict="affected" if trouble else "at_risk",
        at_epoch_seconds=at,
        booted_epoch_seconds=booted - 50 * _DAY_SECONDS if before else booted,
        headroom=" ".join(map(str, left)),
        failures=now.failures if trouble else 0,
        unaccounted_kb=max(0, (now.unaccounted_kb or 0) - back_kb),
        available_kb=(now.available_kb or 0) + back_kb,
        free_kb=(now.free_kb or 0) + back_kb,
        causes=now.causes if trouble else "",
    )


def _numbers(headroom: str | None) -> list[int]:
    return [int(number) for number in (headroom or "").split()]


def _of_kernel(now: Observation, at: int) -> Observation:
    booted = now.booted_epoch_seconds or 0
    if at >= booted:
        return Observation(now.verdict, at, kernel=now.kernel, booted_epoch_seconds=booted, causes="")
    return Observation("at_risk", at, kernel=_OLD_KERNEL, booted_epoch_seconds=booted - 50 * _DAY_SECONDS, causes="")


def _mitigated(now: Observation, at: int, ago: int, chance: random.Random) -> Observation:
    since = ago <= _WORKAROUND_NIGHTS
    return now._replace(
        verdict="mitigated" if since else "affected",
        at_epoch_seconds=at,
        step=now.step if since else 0,
        min_free_kbytes=now.min_free_kbytes if since else 67584,
        headroom=" ".join(str(int(number * chance.uniform(0.95, 1.05)) if since else 0) for number in _numbers(now.headroom)[:4]),
        causes="",
    )


def main() -> None:
    made = io.StringIO(newline="")
    write_csv(made, nights())
    # files of the repository end their lines as all others do
    Path(sys.argv[1]).write_text(made.getvalue().replace("\r\n", "\n"), encoding="utf-8")


if __name__ == "__main__":
    main()
