# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of a log, and what of it the log's text can tell.

Lines of several CPUs get mixed, and a text does not say which CPU wrote a line. So a careful reader is played here, who knows
no more than the lines: a line that names a process belongs to the open failure of that process, or else to the oldest one without a
name; a mode to the oldest one without a mode; a driver to the process named last. Where that reader goes wrong, what he would have to
say is asked of nobody; ``told`` names what can be asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.kernel_logs.console import Mark
from tests.kernel_logs.reports import Report


@dataclass
class Failed:
    """One failure as it shows in a log."""

    report: int
    line: int
    order: int
    process: str | None
    atomic: bool | None
    modules: list[str] = field(default_factory=list)
    read_modules: list[str] = field(default_factory=list)
    read_process: str | None = None
    read_atomic: bool | None = None
    named: bool = False
    repeated: int = 0

    @property
    def process_told(self) -> bool:
        return self.process is not None and self.read_process == self.process

    @property
    def atomic_told(self) -> bool:
        return self.atomic is not None and self.read_atomic == self.atomic

    @property
    def modules_told(self) -> bool:
        return self.read_modules == self.modules and not self.repeated


@dataclass
class Truth:
    """All failures in the order of their lines, what the rate limit kept back, and what else was reported."""

    failures: list[Failed] = field(default_factory=list)
    suppressed: int = 0
    kinds: set[str] = field(default_factory=set)
    doubts: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        return sum(1 + failed.repeated for failed in self.failures)

    def by(self, name: str) -> dict[Any, int]:
        counts: Counter[Any] = Counter()
        for failed in self.failures:
            counts[getattr(failed, name)] += 1 + failed.repeated
        return dict(counts)

    def by_driver(self) -> dict[str, int]:
        return dict(Counter(module for failed in self.failures for module in failed.modules))

    def processes_told(self) -> bool:
        """Whether the names, if perhaps not whose each is, can be told."""
        read = Counter(failed.read_process for failed in self.failures)
        return None not in read and read == Counter(failed.process for failed in self.failures)


def truth_of(reports: Sequence[Report], marks: Sequence[Mark]) -> Truth:
    """The truth of the lines that ``marks`` stand in (one boot's)."""
    reader = _Reader(reports)
    for mark in marks:
        reader.take(mark)
    return reader.close()


class _Reader:
    def __init__(self, reports: Sequence[Report]) -> None:
        self.reports = reports
        self.truth = Truth()
        self.of: dict[int, Failed] = {}
        self.open: list[Failed] = []
        self.modeless: list[Failed] = []
        self.announced: list[str | None] = []
        self.trace: Failed | None = None
        self.vmalloc: list[int] = []

    def take(self, mark: Mark) -> None:
        getattr(self, "_take_" + mark.role)(mark)

    def _take_boot(self, mark: Mark) -> None:
        del mark

    def _take_name(self, mark: Mark) -> None:
        del mark

    def _take_suppressed(self, mark: Mark) -> None:
        if self.reports[mark.report].suppressed:
            self.truth.suppressed += mark.value
        else:
            self.truth.doubts.add("suppressed: the rate limit does not say whose")

    def _take_vmalloc(self, mark: Mark) -> None:
        self.vmalloc.append(mark.report)

    def _take_head(self, mark: Mark) -> None:
        report = self.reports[mark.report]
        process, mode = mark.value
        if self.vmalloc:
            if self.vmalloc[0] != mark.report:
                self.truth.doubts.add("which: a line of order 0 follows the vmalloc of another CPU")
            else:
                del self.vmalloc[0]
        if not report.counts:
            self.trace = None
            self.announced.append(process)
            return
        failed = Failed(mark.report, mark.line, report.order, report.process, None, named=process is not None)
        failed.read_process = process
        if mode is not None:
            failed.atomic = failed.read_atomic = mode.atomic
        else:
            self.modeless.append(failed)
        self.of[mark.report] = failed
        self.open.append(failed)
        self.truth.failures.append(failed)
        if not self._has_comm(report):
            self.trace = failed

    @staticmethod
    def _has_comm(report: Report) -> bool:
        return any(call.mark is not None and call.mark[0] == "comm" for segment in report.segments for call in segment.calls[:1])

    def _take_mode(self, mark: Mark) -> None:
        mine = self.of.get(mark.report)
        if mine is not None:
            mine.atomic = mark.value.atomic
        if self.modeless:
            self.modeless.pop(0).read_atomic = mark.value.atomic

    def _take_start(self, mark: Mark) -> None:
        self.trace = None
        if mark.value is not None:
            self.announced.append(mark.value)

    def _take_comm(self, mark: Mark) -> None:
        named = next((failed for failed in self.open if failed.named and failed.read_process == mark.value), None)
        if named is None and mark.value in self.announced:
            self.announced.remove(mark.value)
            self.trace = None
            return
        failed = named or next((failed for failed in self.open if not failed.named), None)
        self.trace = failed
        if failed is not None:
            self.open.remove(failed)
            failed.read_process = mark.value

    def _take_module(self, mark: Mark) -> None:
        mine = self.of.get(mark.report)
        for modules in (mine.modules if mine else [], self.trace.read_modules if self.trace else []):
            if mark.value not in modules:
                modules.append(mark.value)

    def close(self) -> Truth:
        for failed in self.truth.failures:
            if not failed.named and failed.read_process is None:
                failed.process = None
        return self.truth
