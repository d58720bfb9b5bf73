# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev fuzz: the fuzzers by words. Exit status 1 where a property did not hold."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.security.fuzz.every import FUZZERS
from tests.security.fuzz.runner import FOLDER, Tally, run
from tests.security.fuzz.table import COUNTS, PAGE, add_counts, write_table

#: So many inputs are handed to a process at a time.
_CHUNK = 2000
_DEFAULT_SECONDS = 60
_NO_END = 1 << 40


class _Piece(NamedTuple):
    """What one process does next. ``seconds``: its share of the time, None without one; ``until``: when all is over."""

    name: str
    seed: int
    first: int
    inputs: int
    seconds: float | None
    until: float | None
    folder: Path


def main(words: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(words)
    names = list(dict.fromkeys(given.parser or FUZZERS))
    wrong = _wrong(given, names)
    if wrong:
        print(f"fuzz: {wrong}", file=sys.stderr)
        return 2
    failed = False
    if given.seconds or given.inputs or not given.table:
        tallies = _run_all(names, given)
        failed = any(tally.failures for tally in tallies.values())
    if given.table:
        write_table(given.folder / COUNTS, given.page)
    if failed:
        print(f"\nWhat failed is in {given.folder}, each with the words that run it again.", file=sys.stderr)
    return 1 if failed else 0


def _wrong(given: argparse.Namespace, names: Sequence[str]) -> str:
    """What is wrong with the words, "" if nothing is."""
    unknown = sorted(set(names) - set(FUZZERS))
    if unknown:
        return f"there is no fuzzer {unknown[0]}; there are {', '.join(FUZZERS)}"
    numbers = (given.processes, given.seconds, given.inputs)
    return "numbers must be above 0" if any(number is not None and number <= 0 for number in numbers) or given.first < 0 else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev fuzz", description="Hostile inputs, made from a seed, through every parser and the whole road."
    )
    parser.add_argument("--seconds", type=float, help=f"stop after so many, all in all (without --inputs: {_DEFAULT_SECONDS})")
    parser.add_argument("--inputs", type=int, help="so many for each fuzzer; 1000000 take a night")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other inputs")
    parser.add_argument("--first", type=int, default=0, help="the number of the first input of the seed")
    parser.add_argument("--parser", action="append", metavar="NAME", help="this fuzzer alone; may be given again")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where counts and what fails are kept")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page of the table")
    parser.add_argument(
        "--table", action="store_true", help="write the counts of all runs here into docs/security.md; alone, without a run"
    )
    return parser


def _run_all(names: Sequence[str], given: argparse.Namespace) -> dict[str, Tally]:
    seconds = given.seconds or (None if given.inputs else _DEFAULT_SECONDS)
    tallies = {name: Tally() for name in names}
    # forked: what the fuzzers import is there already
    with multiprocessing.get_context("fork").Pool(given.processes) as pool:
        for name, tally in pool.imap_unordered(_run_piece, _pieces(names, given, seconds)):
            for place in set(tally.failures) - set(tallies[name].failures):
                print(f"{name}: {place}, input {tally.failures[place]} of seed {given.seed}", flush=True)
            tallies[name].add(tally)
            add_counts({name: tally}, given.seed, given.folder / COUNTS)  # at once: a night may end early
    for name, tally in tallies.items():
        rate = tally.inputs / tally.cpu_seconds if tally.cpu_seconds else 0
        print(f"{name:13s} {tally.inputs:>10,} inputs  {rate:>8,.0f} a second  longest {tally.longest_seconds * 1000:>6.0f} ms")
    return tallies


def _pieces(names: Sequence[str], given: argparse.Namespace, seconds: float | None) -> Iterator[_Piece]:
    if given.inputs is None:
        part = (seconds or 0) * given.processes / sum(FUZZERS[name].share for name in names)
        yield from (_Piece(name, given.seed, given.first, _NO_END, part * FUZZERS[name].share, None, given.folder) for name in names)
        return
    until = None if seconds is None else time.time() + seconds
    for done in range(0, given.inputs, _CHUNK):
        for name in names:
            yield _Piece(name, given.seed, given.first + done, min(_CHUNK, given.inputs - done), None, until, given.folder)


def _run_piece(piece: _Piece) -> tuple[str, Tally]:
    seconds = piece.seconds
    if piece.until is not None:
        seconds = piece.until - time.time()
        if seconds <= 0:
            return piece.name, Tally()
    return piece.name, run(FUZZERS[piece.name], piece.seed, piece.first, piece.inputs, seconds, piece.folder)


if __name__ == "__main__":
    sys.exit(main())
