# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs, how far it is, and when it will be done: one line on a terminal, a line a minute in a log. At the end, why tests were skipped.

The guess comes from how long each file's tests took in the last run on this machine, else from durations.json. As soon as tests are done,
it goes by the pace of this run.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, TextIO

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: {quick or all: {file: [seconds, tests]}}, about, on two cores that have nothing else to do; only files that take a second or more.
MEASURED = ROOT / "tests" / "durations.json"
#: The same, of the last run on this machine.
KEPT = ROOT / ".venv" / "durations.json"
#: For a test of a file that nobody has measured.
UNKNOWN_SECONDS = 0.05
LOG_EVERY_SECONDS = 60
TERMINAL_EVERY_SECONDS = 0.2

Durations = dict[str, dict[str, tuple[float, int]]]


def known_durations() -> Durations:
    """What was measured; of what was measured on this machine, that."""
    found: Durations = {"quick": {}, "all": {}}
    for path in (MEASURED, KEPT):
        if path.exists():
            for name, files in json.loads(path.read_text()).items():
                found[name].update(files)
    return found


def file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def seconds_left(waiting: Mapping[str, int], of_each: Mapping[str, float], processes: int, pace: float = 1) -> float:
    """How long these tests will take, by file: how many wait, and how long one of them takes. The tests of a file run one after the
    other, so the file that takes longest is the least."""
    by_file = [tests * of_each[file] for file, tests in waiting.items()]
    return max(sum(by_file) / processes, *by_file, 0.0) * pace


def in_words(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(seconds, 1):.0f} s"


class Progress:
    """Sits in the process that the user sees, beside xdist's workers or without them."""

    def __init__(self, config: pytest.Config, stream: TextIO, name: str, *, whole: bool) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._processes = max(1, len(config.getoption("tx", None) or []))
        self._name, self._whole = name, whole
        self._tests = self._done = self._failed = 0
        self._of_each: dict[str, float] = {}
        self._counts: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._running: dict[str, None] = {}
        self._took: dict[str, float] = {}
        self._expected = self._said = 0.0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without xdist. With it the workers collect, and the hook below is told."""
        self._begin([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        if not self._tests:
            self._begin(ids)

    def _begin(self, tests: list[str]) -> None:
        known = known_durations()[self._name]
        self._tests, self._counts = len(tests), Counter(map(file_of, tests))
        self._waiting = self._counts.copy()
        self._of_each = {file: known[file][0] / known[file][1] if file in known else UNKNOWN_SECONDS for file in self._waiting}
        # on a terminal the first test is named at once
        self._said = 0.0 if self._terminal else time.monotonic()
        left = seconds_left(self._waiting, self._of_each, self._processes)
        if not self._terminal and left >= LOG_EVERY_SECONDS:
            self._write(f"{self._tests:,} tests, {self._processes} at a time: about {in_words(left)}, till {_clock(left)}\n")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running[nodeid] = None
        self._tell()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        file = file_of(report.nodeid)
        self._took[file] = self._took.get(file, 0) + report.duration
        self._failed += report.failed
        if report.failed and self._terminal:
            self._write(f"\r\033[K{report.nodeid}: failed\n")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._running.pop(nodeid, None)
        self._done += 1
        self._waiting[file_of(nodeid)] -= 1
        self._expected += self._of_each.get(file_of(nodeid), 0)
        self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._said < (TERMINAL_EVERY_SECONDS if self._terminal else LOG_EVERY_SECONDS):
            return
        self._said = now
        # the first tests alone say little of the pace
        pace = (sum(self._took.values()) + 10) / (self._expected + 10)
        left = seconds_left(self._waiting, self._of_each, self._processes, pace)
        files = ", ".join(dict.fromkeys(Path(file_of(test)).stem for test in self._running))
        failed = f", {self._failed} failed" if self._failed else ""
        line = f"{self._done:,} of {self._tests:,} tests{failed}, about {in_words(left)} left, till {_clock(left)}{files and ': '}{files}"
        self._write(f"\r\033[K{line[: shutil.get_terminal_size().columns - 1]}" if self._terminal else f"\n{line}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Any, Any]:
        """On a terminal the line stands in place of pytest's dots."""
        told = yield
        return (told[0], "", told[2]) if self._terminal and told else told

    def pytest_sessionfinish(self) -> None:
        if self._terminal:
            self._write("\r\033[K")
        if self._whole and not +self._waiting and KEPT.parent.is_dir():
            kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
            files = {file: [round(self._took.get(file, 0), 1), tests] for file, tests in self._counts.items()}
            KEPT.write_text(json.dumps({**kept, self._name: files}, indent=0))


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M", time.localtime(time.time() + seconds))


def tell_why_skipped(reporter: pytest.TerminalReporter) -> None:
    """Each reason once, with how many tests it holds for, the most first."""
    reasons: Counter[str] = Counter()
    for report in reporter.getreports("skipped"):
        reason = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else str(report.longrepr)
        # hypothesis puts its example below
        reasons[reason.splitlines()[0]] += 1
    if reasons:
        reporter.section("skipped")
    for reason, tests in reasons.most_common():
        reporter.write_line(f"{tests:6,} {reason}")
