# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m tests.kernel_logs --logs 500000 --seed 1 --processes 2: a table of kernels and dialects; ends with 1 at any wrong answer."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.conftest import ROOT
from tests.kernel_logs.check import Log, ambiguous, answer, faults, make, verdict_fault

_CHUNK = 2000
_EXAMPLES = 40

Tally = Counter[tuple[str, str, str]]


def written(log: Log) -> str:
    """Where a log was put for a person to read."""
    folder = ROOT / "build" / "kernel_logs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{log.seed}.log"
    path.write_text("".join(f"=== {source}\n{text}\n" for source, text in log.texts.items()), encoding="utf-8")
    return str(path)


def run(seeds: range) -> tuple[Tally, list[tuple[int, str, str, list[str]]]]:
    """(counts, [(seed, kernel, dialect, what was wrong)]) of these logs."""
    tally: Tally = Counter()
    wrong = []
    for seed in seeds:
        log = make(seed)
        doubts = ambiguous(log)
        said = answer(log)
        found = faults(log, said)
        if said is not None and (doubts or seed % 4 == 0):
            found += verdict_fault(log, said)
        kind = "wrong" if found else "ambiguous" if doubts else "right"
        tally[log.kernel.name, log.dialect.name, kind] += 1
        if found:
            wrong.append((seed, log.kernel.name, log.dialect.name, found))
    return tally, wrong


def _chunks(first: int, logs: int) -> Iterator[range]:
    for start in range(first, first + logs, _CHUNK):
        yield range(start, min(start + _CHUNK, first + logs))


def table(tally: Tally) -> str:
    """right/wrong/ambiguous for each kernel and dialect."""
    kernels = list(dict.fromkeys(kernel for kernel, _dialect, _kind in sorted(tally)))
    lines = []
    for dialect in sorted({dialect for _kernel, dialect, _kind in tally}):
        cells = ["/".join(str(tally[kernel, dialect, kind]) for kind in ("right", "wrong", "ambiguous")) for kernel in kernels]
        lines.append(f"{dialect:<24}" + "".join(f"{cell:>16}" for cell in cells))
    return "\n".join([f"{'right/wrong/ambiguous':<24}" + "".join(f"{kernel:>16}" for kernel in kernels), *lines])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first log; the others count on from it")
    parser.add_argument("--processes", type=int, default=2)
    words = parser.parse_args()
    begun = time.monotonic()
    tally: Tally = Counter()
    wrong = []
    with ProcessPoolExecutor(words.processes) as pool:
        for counts, found in pool.map(run, _chunks(words.seed, words.logs)):
            tally.update(counts)
            wrong += found
    seconds = time.monotonic() - begun
    print(table(tally))
    for seed, kernel, dialect, said in wrong[:_EXAMPLES]:
        print(f"seed {seed}, {kernel}, {dialect}: {'; '.join(said)[:400]}\n  {written(make(seed))}")
    kinds = {kind: sum(count for (_kernel, _dialect, of), count in tally.items() if of == kind) for kind in ("right", "wrong", "ambiguous")}
    print(
        f"{sum(kinds.values())} logs in {seconds:.0f} s ({words.logs / seconds:.0f} a second): "
        + ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
