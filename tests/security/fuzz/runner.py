# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs from a seed through a fuzzer, each within its time; what fails is written down with the seed that made it."""

from __future__ import annotations

import json
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence

from tests.conftest import ROOT
from tests.security.fuzz.open_points import is_open
from tests.security.fuzz.shrink import shrunk

FOLDER = ROOT / "build" / "fuzz"
#: What one input may take of the processor: no input is larger than half a megabyte.
MOST_CPU_SECONDS = 5.0
#: So many different failures of one fuzzer are written down.
_MOST_FAILURES = 20


@dataclass(frozen=True)
class Fuzzer:
    """``what``: what is given, for the table. ``parsers``: what of the collection is called with it. ``make``: a seed's input;
    ``check`` raises where a property does not hold. ``share``: of the time that all have together."""

    name: str
    what: str
    parsers: tuple[Callable[..., Any], ...]
    make: Callable[[Random], Any]
    check: Callable[[Any], None]
    share: int = 1

    def input_of(self, seed: int, number: int) -> Any:
        """The same input each time."""
        return self.make(Random(f"{seed}/{self.name}/{number}"))


@dataclass
class Tally:
    """What came of a number of inputs. ``failures``: where it failed -> the input's number, the first of each kind."""

    inputs: int = 0
    cpu_seconds: float = 0.0
    longest_seconds: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.inputs += other.inputs
        self.cpu_seconds += other.cpu_seconds
        self.longest_seconds = max(self.longest_seconds, other.longest_seconds)
        for place, number in other.failures.items():
            self.failures.setdefault(place, number)


class TooSlowError(Exception):
    """An input that takes longer than MOST_CPU_SECONDS."""


def run(fuzzer: Fuzzer, seed: int, first: int, inputs: int, seconds: float | None = None, folder: Path = FOLDER) -> Tally:
    """The inputs from number ``first`` on; no more of them are begun after ``seconds``. What fails is written into ``folder``."""
    tally = Tally()
    end = None if seconds is None else time.monotonic() + seconds
    began = time.process_time()
    for number in range(first, first + inputs):
        if end is not None and time.monotonic() > end and tally.inputs:
            break
        given = fuzzer.input_of(seed, number)
        started = time.process_time()
        failure = fails(fuzzer, given)
        tally.longest_seconds = max(tally.longest_seconds, time.process_time() - started)
        tally.inputs += 1
        if failure and not _is_known(tally, fuzzer, failure):
            tally.failures[failure[0]] = number
            _write_down(fuzzer, seed, number, given, failure, folder)
    tally.cpu_seconds = time.process_time() - began
    return tally


def _is_known(tally: Tally, fuzzer: Fuzzer, failure: tuple[str, str]) -> bool:
    return failure[0] in tally.failures or len(tally.failures) >= _MOST_FAILURES or is_open(fuzzer.name, failure[1])


def fails(fuzzer: Fuzzer, given: Any) -> tuple[str, str] | None:
    """(where and how, the whole story) of what an input breaks, None where every property holds."""
    try:
        with _at_most(MOST_CPU_SECONDS):
            fuzzer.check(given)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = str(error).partition(":")[0][:60] if isinstance(error, AssertionError) else ""
        where = "too slow" if isinstance(error, TooSlowError) else f"{Path(last.filename).name}:{last.name}"
        return f"{type(error).__name__} {where} {said}".strip(), "".join(traceback.format_exception(error))[-6000:]
    return None


@contextmanager
def _at_most(cpu_seconds: float) -> Iterator[None]:
    def late(_number: int, _frame: object) -> None:
        raise TooSlowError(f"more than {cpu_seconds} s of the processor")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _write_down(fuzzer: Fuzzer, seed: int, number: int, given: Any, failure: tuple[str, str], folder: Path) -> None:
    def same(candidate: Any) -> bool:
        found = fails(fuzzer, candidate)
        return found is not None and found[0] == failure[0]

    small = given if failure[0].startswith("TooSlow") else shrunk(given, same)
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "fuzzer": fuzzer.name,
        "seed": seed,
        "number": number,
        "again": f"./dev fuzz --parser {fuzzer.name} --seed {seed} --first {number} --inputs 1",
        "failure": failure[0],
        "shrunk": _shown(small),
        "story": failure[1],
        "input": _shown(given),
    }
    (folder / f"{fuzzer.name}-{seed}-{number}.json").write_text(json.dumps(told, indent=1, default=repr))


def _shown(given: Any) -> Any:
    if isinstance(given, bytes):
        return given.decode("latin-1")
    return vars(given) if isinstance(given, Evidence) else given
