# Copyright (c) 2026, the fleetcare.pagealloc contributors
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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.kernel_logs.console import Mark
from tests.kernel_logs.reports import Report

#: How many lines behind another report in pieces its mode may come.
_BETWEEN = 150


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
    traced: bool = False
    mode_doubtful: bool = False
    doubtful: bool = False
    mixed: bool = False

    def show(self, shown: Callable[[str], str]) -> None:
        """Its process as the log shows it."""
        self.process = self.process and shown(self.process)
        self.read_process = self.read_process and shown(self.read_process)

    def repeat(self, times: int) -> None:
        """Its line came so many times more, without a trace."""
        self.repeated += times

    @property
    def process_told(self) -> bool:
        return self.process is not None and self.read_process == self.process and (self.named or not self.doubtful)

    @property
    def atomic_told(self) -> bool:
        return self.atomic is not None and self.read_atomic == self.atomic and not self.mode_doubtful

    @property
    def is_lost(self) -> bool:
        """Whether the log lacks what it takes to judge a failure of a high order."""
        return self.atomic is None or not self.traced or self.repeated > 0

    @property
    def modules_told(self) -> bool:
        return self.read_modules == self.modules and not (self.repeated or self.doubtful or self.mixed)


@dataclass
class Truth:
    """All failures in the order of their lines, what the rate limit kept back, and what else was reported. ``perhaps``: lines that may be
    failures too."""

    failures: list[Failed] = field(default_factory=list)
    perhaps: int = 0
    suppressed: int = 0
    kinds: set[str] = field(default_factory=set)
    others: Counter[tuple[str, bool]] = field(default_factory=Counter)
    doubts: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        return sum(1 + failed.repeated for failed in self.failures)

    def by(self, name: str) -> dict[Any, int]:
        counts: Counter[Any] = Counter()
        for failed in self.failures:
            counts[getattr(failed, name)] += 1 + failed.repeated
        return dict(counts)

    @property
    def unsure(self) -> bool:
        """Whether a name may be that of another report."""
        return any(failed.doubtful and not failed.named for failed in self.failures)

    def by_driver(self) -> dict[str, int]:
        return dict(Counter(module for failed in self.failures for module in failed.modules))

    def processes_told(self) -> bool:
        """Whether the names, if perhaps not whose each is, can be told."""
        read = Counter(failed.read_process for failed in self.failures)
        return not self.unsure and None not in read and read == Counter(failed.process for failed in self.failures)


def truth_of(reports: Sequence[Report], marks: Sequence[Mark], callers: Sequence[str] | None = None, *, headed: bool = False) -> Truth:
    """The truth of the lines that ``marks`` stand in (one boot's). ``callers``: who spoke each line, where the log says so. ``headed``: no
    dump has frames before the line that names its process."""
    truth = Truth()
    readers: dict[str, _Reader] = {}
    for mark in marks:
        caller = callers[mark.line] if callers else ""
        if caller not in readers:
            readers[caller] = _Reader(reports, truth, headed)
        readers[caller].take(mark)
    traced = {mark.report for mark in marks if mark.role == "module"}
    for failed in truth.failures:
        failed.traced = failed.report in traced
        if not failed.named and failed.read_process is None:
            failed.process = None
    return truth


class _Reader:
    """Reads the lines of one caller, or those of all where the log does not tell callers."""

    def __init__(self, reports: Sequence[Report], truth: Truth, headed: bool) -> None:
        self.headed = headed
        self.names = False  # traces name their process
        self.reports = reports
        self.truth = truth
        self.of: dict[int, Failed] = {}
        self.open: list[Failed] = []
        self.modeless: list[Failed] = []
        self.announced: list[str | None] = []
        self.trace: Failed | None = None
        self.traced = True
        self.nameless = 0
        self.name: Mark | None = None
        self.vmalloc: list[int] = []
        self.piece = -_BETWEEN

    def take(self, mark: Mark) -> None:
        getattr(self, "_take_" + mark.role.replace(" ", "_"))(mark)

    def _take_boot(self, mark: Mark) -> None:
        del mark

    def _take_name(self, mark: Mark) -> None:
        self.name = mark

    def _name_of(self, mark: Mark) -> str | None:
        """The name that stands before a piece in its line."""
        return self.name.value if self.name is not None and self.name.line == mark.line else None

    def _leave(self) -> None:
        """Another report begins or ends: the trace goes on where the other's frames stand behind a line that names its process."""
        self.trace = self.trace if self.headed or self.names else None

    def _take_piece(self, mark: Mark) -> None:
        self._leave()
        self.piece = mark.line
        for failed in self.modeless:
            failed.mode_doubtful = True
        self.announced.append(self._name_of(mark))
        self.truth.others[mark.value, False] += 1

    def _take_suppressed(self, mark: Mark) -> None:
        if self.reports[mark.report].suppressed:
            self.truth.suppressed += mark.value
        else:
            self.truth.doubts.add("suppressed: the rate limit does not say whose")

    def _take_vmalloc(self, mark: Mark) -> None:
        self.vmalloc.append(mark.report)
        if not mark.value:
            self.truth.others["vmalloc", False] += 1

    def _take_other(self, mark: Mark) -> None:
        self.truth.others[mark.value] += 1

    def _take_vmalloc_whole(self, mark: Mark) -> None:
        self._take_start(mark)
        self.truth.others["vmalloc", False] += 1

    def _take_above_max(self, mark: Mark) -> None:
        self._take_cut(mark)
        self.truth.others["order_above_max", False] += 1

    def _take_head(self, mark: Mark) -> None:
        report = self.reports[mark.report]
        process, mode = mark.value
        process = process or self._name_of(mark)
        alike = self.vmalloc if report.order == 0 and not (mode and mode.atomic) else []
        if any(self.reports[number].counts != report.counts for number in alike):
            self.truth.doubts.add("which: a line of order 0 follows the vmalloc of another CPU, and only one of the two counts")
        if mark.report in self.vmalloc:
            self.vmalloc.remove(mark.report)
        elif report.kind == "vmalloc":
            self.truth.doubts.add("count: the line about the address space is lost, and what is left reads like a failure of order 0")
            self.truth.perhaps += not report.counts
        if not report.counts:
            self._leave()
            self.announced.append(process)
            return
        failed = Failed(mark.report, mark.line, report.order, report.process, None, named=process is not None)
        failed.read_process = process
        if mode is not None:
            failed.atomic = failed.read_atomic = mode.atomic
        else:
            failed.mode_doubtful = mark.line - self.piece < _BETWEEN
            self.modeless.append(failed)
        self.of[mark.report] = failed
        self.open.append(failed)
        self.truth.failures.append(failed)
        if not self._has_comm(report):
            self.trace, self.traced = failed, False

    @staticmethod
    def _has_comm(report: Report) -> bool:
        return any(call.mark is not None and call.mark[0] == "comm" for segment in report.segments for call in segment.calls[:1])

    def _take_mode(self, mark: Mark) -> None:
        """A mode behind the order and the name is surely the failure's own, one behind an order alone may be any's that waits."""
        mine = self.of.get(mark.report)
        if mine is not None:
            mine.atomic = mark.value.atomic
        if mine is not None and mine in self.modeless and mine.named and mine.line == mark.line:
            self.modeless.remove(mine)
            mine.read_atomic, mine.mode_doubtful = mine.atomic, False
            return
        if len(self.modeless) > 1 and any(failed.line == mark.line for failed in self.modeless):
            for failed in self.modeless:
                failed.mode_doubtful = True
        if self.modeless:
            self.modeless.pop(0).read_atomic = mark.value.atomic

    def _take_start(self, mark: Mark) -> None:
        """``value``: the process that the line names, None where it names none; True where no later line names it either."""
        self._leave()
        if mark.value is True:
            self.trace = None
            self.nameless += 1
        else:
            self.announced.append(mark.value)

    def _take_cut(self, mark: Mark) -> None:
        del mark
        self._leave()

    def _take_heading(self, mark: Mark) -> None:
        """A trace begins: of what was named last, unless that has its trace or something that names nobody waits for one too."""
        if self.traced or self.nameless:
            self.trace = None
            self.nameless = max(0, self.nameless - 1)
        self.traced = True
        del mark

    def _take_comm(self, mark: Mark) -> None:
        self.names = True
        named = [failed for failed in self.open if failed.named and failed.read_process == mark.value]
        nameless = [failed for failed in self.open if not failed.named]
        others = [name for name in self.announced if name == mark.value] or (self.announced if None in self.announced else [])
        candidates = named or nameless
        if len(candidates) + bool(others) > 1:  # it may be of any of them
            for failed in candidates:
                failed.doubtful = True
        if named or (nameless and not others):
            self.trace, self.traced = candidates[0], False
            self.open.remove(candidates[0])
            candidates[0].read_process = mark.value
        else:
            self.trace, self.traced = None, False
            if others:
                self.announced.remove(mark.value if mark.value in self.announced else None)

    def _take_module(self, mark: Mark) -> None:
        mine = self.of.get(mark.report)
        if self.trace is not mine:
            for failed in (mine, self.trace):
                if failed is not None:
                    failed.mixed = True
        for modules in (mine.modules if mine else [], self.trace.read_modules if self.trace else []):
            modules += [module for module in mark.value if module not in modules]
