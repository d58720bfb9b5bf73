# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From calls of printk on several CPUs to the lines of the log, as kernel/printk/printk.c of each generation does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, NamedTuple

from tests.kernel_logs.kernels import Printk

#: Of a line: it continues another, it was ended by a newline, its level was given.
CONT, NEWLINE, PREFIX = 1, 2, 4
#: syslog(2) of 4.9 prints it without time and level.
BARE = 8


class Call(NamedTuple):
    """One call of printk. ``level``: -1 if none is given; ``cont``: it says that it continues; ``locked``: under dump_stack's lock;
    ``mark``: (role, value) of what a reader looks for in it."""

    level: int
    text: str
    cont: bool = False
    locked: bool = False
    mark: tuple[str, Any] | None = None


class Line(NamedTuple):
    """One line of the log."""

    microseconds: int
    level: int
    text: str
    flags: int
    caller: str


class Mark(NamedTuple):
    """What stands in a line that a reader looks for, and the report it truly belongs to."""

    line: int
    report: int
    role: str
    value: Any


class Segment:
    """Calls of one CPU that begin and end with a line, and the lines they give where no other CPU speaks."""

    __slots__ = ("_lines", "calls")

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = tuple(calls)
        self._lines: dict[Printk, tuple[list[tuple[int, str, int]], list[tuple[int, str, Any]]]] = {}

    def lines(self, printk: Printk) -> tuple[list[tuple[int, str, int]], list[tuple[int, str, Any]]]:
        """([(level, text, flags)], [(line, role, value)])."""
        found = self._lines.get(printk)
        if found is None:
            console = Console(printk)
            for call in self.calls:
                console.feed(0, 0, 0, "", call)
            lines = [(line.level, line.text, line.flags) for line in console.lines]
            found = self._lines[printk] = lines, [(mark.line, mark.role, mark.value) for mark in console.marks]
        return found


class Console:
    """The log buffer."""

    def __init__(self, printk: Printk) -> None:
        self.printk = printk
        self.lines: list[Line] = []
        self.marks: list[Mark] = []
        self._text = ""
        self._owner = -1
        self._head = (0, 4, 0, "")

    def feed(self, microseconds: int, owner: int, report: int, caller: str, call: Call) -> None:
        """One call. ``owner``: the CPU that speaks."""
        if self.printk in ("chars", "lines"):
            self._feed_characters(microseconds, caller, call, report)
        elif self.printk == "records":
            self._feed_record(microseconds, owner, caller, call, report)
        else:
            self._feed_piece(microseconds, owner, caller, call, report)

    def add(self, microseconds: int, step: int, report: int, caller: str, segment: Segment) -> int:
        """What one CPU says without being interrupted; the time after it."""
        lines, marks = segment.lines(self.printk)
        first = len(self.lines)
        self.lines += [Line(microseconds + i * step, level, text, flags, caller) for i, (level, text, flags) in enumerate(lines)]
        self.marks += [Mark(first + line, report, role, value) for line, role, value in marks]
        return microseconds + len(lines) * step

    def _mark(self, call: Call, report: int) -> None:
        """The line that is open, or else the next one, bears the call's mark."""
        if call.mark is not None:
            mark = Mark(len(self.lines), report, *call.mark)
            self.marks.append(mark)

    def _flush(self, flags: int = 0) -> None:
        microseconds, level, first, caller = self._head
        self.lines.append(Line(microseconds, level, self._text, first | flags, caller))
        self._text, self._owner = "", -1

    def _open(self, microseconds: int, owner: int, caller: str, call: Call) -> None:
        flags = (CONT if call.cont else 0) | (PREFIX if call.level >= 0 else 0)
        self._head = (microseconds, call.level if call.level >= 0 else 4, flags, caller)
        self._owner = owner

    def _feed_characters(self, microseconds: int, caller: str, call: Call, report: int) -> None:
        text = call.text
        if self._owner >= 0 and call.level >= 0:
            if self.printk == "lines":
                self._flush(NEWLINE)
            else:
                text = f"<{call.level}>{text}"
        *whole, rest = text.split("\n")
        for number, part in enumerate(whole):
            if self._owner < 0:
                self._open(microseconds, 0, caller, call)
            self._text += part
            if number == len(whole) - 1:
                self._mark(call, report)
            self._flush(NEWLINE)
        if rest:
            if self._owner < 0:
                self._open(microseconds, 0, caller, call)
            self._text += rest
            self._mark(call, report)

    def _feed_record(self, microseconds: int, owner: int, caller: str, call: Call, report: int) -> None:
        ended = call.text.endswith("\n")
        if self._owner >= 0 and (call.level >= 0 or self._owner != owner):
            self._flush(NEWLINE)
        if self._owner < 0:
            self._open(microseconds, owner, caller, call)
        self._text += call.text[:-1] if ended else call.text
        self._mark(call, report)
        if ended:
            self._flush(NEWLINE)

    def _feed_piece(self, microseconds: int, owner: int, caller: str, call: Call, report: int) -> None:
        ended = call.text.endswith("\n")
        text = call.text[:-1] if ended else call.text
        if self._owner >= 0 and not (call.cont and self._owner == owner):
            self._flush()
        if self._owner < 0:
            if call.cont and not text:
                return  # it only ends a line that another CPU has ended already
            self._open(microseconds, owner, caller, call)
        self._text += text
        self._mark(call, report)
        if ended:
            self._flush(NEWLINE)


def interleave(rng: Random, threads: Sequence[Sequence[tuple[int, Call]]], restless: float) -> Iterable[tuple[int, int, Call]]:
    """(CPU, report, call) of all threads in an order in which they may run at once. ``restless``: how often the turn passes."""
    at = [0] * len(threads)
    alive = [cpu for cpu in range(len(threads)) if threads[cpu]]
    holder, turn = -1, rng.choice(alive) if alive else -1
    random = rng.random
    while alive:
        report, call = threads[turn][at[turn]]
        if call.locked and holder not in (-1, turn):
            turn = holder  # the others wait for the lock; its holder goes on
            continue
        at[turn] += 1
        done = at[turn] == len(threads[turn])
        holder = _holder(threads[turn], at[turn], done, call, turn, holder)
        yield turn, report, call
        if done:
            alive.remove(turn)
            if alive:
                turn = rng.choice(alive)
        elif random() < restless:
            turn = alive[int(random() * len(alive))]


def _holder(thread: Sequence[tuple[int, Call]], at: int, done: bool, call: Call, turn: int, holder: int) -> int:
    """Who holds dump_stack's lock after a call: taken with the first locked call of a report, given back with its last."""
    if not call.locked:
        return holder
    return -1 if done or not thread[at][1].locked or thread[at][0] != thread[at - 1][0] else turn


def as_syslog_reads(lines: Sequence[Line]) -> tuple[list[Line], list[int]]:
    """(the lines as syslog(2) of 4.9 glues and strips them, which of them each line went into)."""
    out: list[Line] = []
    into: list[int] = []
    before, open_line = 0, False
    for line in lines:
        prefix = not ((before & CONT) and not line.flags & PREFIX)
        if line.flags & CONT and before & CONT and not before & NEWLINE:
            prefix = False
        shown = line.text
        if open_line:
            if prefix:
                shown = f"<{line.level}>[{line.microseconds // 1000000:5d}.{line.microseconds % 1000000:06d}] {shown}"
            out[-1] = out[-1]._replace(text=out[-1].text + shown)
        else:
            out.append(line if prefix else line._replace(flags=line.flags | BARE))
        into.append(len(out) - 1)
        open_line = bool(line.flags & CONT and not line.flags & NEWLINE)
        before = line.flags
    return out, into
