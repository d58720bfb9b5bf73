# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``./dev mutate [FILE ...] [--faults N] [--seed N] [--minutes N]``: plants small faults, and shows those that no unit test notices."""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import yaml

from tests.mutate.mutants import Mutant, mutants_of
from tests.mutate.reach import ROOT, Reach, tests_of

#: Where verdicts and safety are made.
ROOMS = ("plugin_utils/judge", "plugin_utils/workaround", "plugin_utils/upgrade", "module_utils")
_GOAL = 0.9


def main(words: list[str]) -> int:
    options = _options(words)
    chosen = _chosen(options)
    end = time.monotonic() + 60 * options.minutes
    noticed: dict[str, list[bool]] = defaultdict(list)
    with ThreadPoolExecutor(options.processes) as pool:
        workers = _Workers(pool, sorted({mutant.file for mutant in chosen}), options.processes)
        for number, (mutant, seen) in enumerate(zip(chosen, pool.map(lambda one: _try(one, workers, end), chosen), strict=True), 1):
            if seen is None:
                continue
            noticed[mutant.file].append(seen)
            if not seen:
                print(f"not noticed: {mutant.file}:{mutant.line}: {mutant.fault}: {mutant.text}", flush=True)
            if number % 20 == 0:
                print(f"  {number} of {len(chosen)} ...", file=sys.stderr, flush=True)
    return _told(noticed, len(chosen))


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev mutate", description=__doc__)
    parser.add_argument("files", nargs="*", help="source files (default: all where verdicts and safety are made)")
    parser.add_argument("--faults", type=int, default=200, help="so many of all, drawn by lot; 0 for each (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the lot (default 1)")
    parser.add_argument("--minutes", type=float, default=30, help="none is begun later than this (default 30)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    return parser.parse_args(words)


def _chosen(options: argparse.Namespace) -> list[Mutant]:
    files = [str(Path(file).resolve().relative_to(ROOT)) for file in options.files] or list(_sources())
    equal = {(one["file"], one["line"], one["fault"]) for one in yaml.safe_load((Path(__file__).with_name("equal.yml")).read_text())}
    planned = [one for file in files for one in mutants_of(file, (ROOT / file).read_text())]
    for stale in sorted({one for one in equal if one[0] in files} - {one.key for one in planned}):
        sys.exit(f"tests/mutate/equal.yml names a fault that is not there: {stale}")
    every = [one for one in planned if one.key not in equal]
    # by lot, so that those for which there was time stand for the rest
    return random.Random(options.seed).sample(every, min(options.faults or len(every), len(every)))


def _sources() -> Iterator[str]:
    for room in ROOMS:
        for path in sorted((ROOT / "plugins" / room).rglob("*.py")):
            yield str(path.relative_to(ROOT))


class _Workers:
    """Processes that run the tests of the files, at first once without a fault."""

    def __init__(self, pool: ThreadPoolExecutor, files: list[str], number: int) -> None:
        tests = list(dict.fromkeys(str(path.relative_to(ROOT)) for file in files for path in tests_of(file)))
        print(f"  {len(tests)} files of tests without a fault ...", file=sys.stderr, flush=True)
        command = [str(ROOT / ".venv" / "test" / "bin" / "python"), "-m", "tests.mutate.worker"]
        workers = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _one in range(number)]
        parts = [{"paths": tests, "part": part, "parts": number} for part in range(number)]
        surveys = list(pool.map(_answer, workers, parts))
        for test in [test for survey in surveys for test in survey["failing"]]:
            print(f"left out, since it fails without a fault: {test}", flush=True)
        self.reach = Reach(surveys)
        self._idle: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        for worker in workers:
            self._idle.put(worker)

    def is_noticed(self, fault: Mapping[str, object]) -> bool:
        worker = self._idle.get()
        try:
            return bool(_answer(worker, fault))
        finally:
            self._idle.put(worker)


def _answer(worker: subprocess.Popen[str], request: Mapping[str, object]) -> Any:
    print(json.dumps(request), file=worker.stdin, flush=True)
    answer = worker.stdout.readline() if worker.stdout else ""
    if not answer:
        raise RuntimeError("the process that runs the tests has ended")
    return json.loads(answer)


def _try(mutant: Mutant, workers: _Workers, end: float) -> bool | None:
    """Whether a test that reaches the fault notices it; None where the time is over."""
    if time.monotonic() > end:
        return None
    planted = mutant.planted_in((ROOT / mutant.file).read_text())
    inside, bounds = workers.reach.tests_of(mutant.file, mutant.line)
    return bool(bounds) and workers.is_noticed({"file": mutant.file, "source": planted, "inside": inside, "bounds": bounds})


def _told(noticed: Mapping[str, list[bool]], planned: int) -> int:
    for file, seen in sorted(noticed.items(), key=lambda item: sum(item[1]) / len(item[1])):
        print(f"{sum(seen):4} of {len(seen):4} noticed  {file}")
    tried = [one for seen in noticed.values() for one in seen]
    if not tried:
        print("no fault was tried")
        return 1
    share = sum(tried) / len(tried)
    over = f"; the time was over before {planned - len(tried)} more" if planned > len(tried) else ""
    print(f"{sum(tried)} of {len(tried)} faults noticed, {100 * share:.0f} %{over}")
    return 0 if share >= _GOAL else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
