# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dmesg, the journal and syslogs put around a line of the kernel: one function each, and one list."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from tests.kernel_logs.console import BARE, Line

_LEVELS = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
HOST = "db01"

#: What the time of a failure is known by: a date with its year, a date without, seconds since boot, nothing.
Clock = Literal["date", "yearless", "seconds", "none"]


@dataclass
class Page:
    """What a log is written with: when the machine booted (seconds since 1970), and chance."""

    booted: int
    rng: Random
    formats: dict[tuple[str, int], str] = field(default_factory=dict)

    def date(self, form: str, microseconds: int) -> str:
        """A wall clock's time in the host's zone, UTC here."""
        seconds = microseconds // 1_000_000
        found = self.formats.get((form, seconds))
        if found is None:
            found = self.formats[form, seconds] = time.strftime(form, time.gmtime(self.booted + seconds))
        return found


Write = Callable[[Sequence[Line], Page], list[str]]


@dataclass(frozen=True)
class Dialect:
    """``source``: under which name the collection reads it. ``of_syslog``: the text came through syslog(2); ``boots``: it may hold
    several; ``file``: users of the host write to it too; ``since``: the first kernel that is seen in it (a line of KERNELS); ``repeats``:
    rsyslog counts equal lines; ``second``: another log of the same machine that is read too, and how it is written; ``rotated``: the log
    is in two files, and tail prints their names."""

    name: str
    source: str
    write: Write
    clock: Clock
    of_syslog: bool = False
    boots: bool = False
    file: bool = False
    since: str = "2.6.18"
    tolerance_seconds: int = 2
    repeats: bool = False
    second: tuple[str, Write] | None = None
    rotated: bool = False


def _stamp(microseconds: int) -> str:
    return f"[{microseconds // 1_000_000:5d}.{microseconds % 1_000_000:06d}] "


def _dmesg(lines: Sequence[Line], page: Page) -> list[str]:
    return [text if flags & BARE else f"[{us // 1_000_000:5d}.{us % 1_000_000:06d}] {text}" for us, _level, text, flags, _caller in lines]


def _bare(lines: Sequence[Line], page: Page) -> list[str]:
    return [line.text for line in lines]


def _raw(lines: Sequence[Line], page: Page) -> list[str]:
    return [line.text if line.flags & BARE else f"<{line.level}>{_stamp(line.microseconds)}{line.text}" for line in lines]


def _raw_unstamped(lines: Sequence[Line], page: Page) -> list[str]:
    return [line.text if line.flags & BARE else f"<{line.level}>{line.text}" for line in lines]


def _dmesg_t(lines: Sequence[Line], page: Page) -> list[str]:
    return [f"[{page.date('%a %b %e %H:%M:%S %Y', us)}] {text}" for us, _level, text, _flags, _caller in lines]


def _dmesg_x(lines: Sequence[Line], page: Page) -> list[str]:
    return [f"kern  :{_LEVELS[line.level]:<6}: {_stamp(line.microseconds)}{line.text}" for line in lines]


def _dmesg_h(lines: Sequence[Line], page: Page) -> list[str]:
    out, minute, before = [], -1, 0
    for us, _level, text, _flags, _caller in lines:
        now = (page.booted + us // 1_000_000) // 60
        out.append(f"[{page.date('%b%e %H:%M', us)}] {text}" if now != minute else f"[{(us - before) / 1e6:+11.6f}] {text}")
        minute, before = now, us
    return out


def _dmesg_iso(lines: Sequence[Line], page: Page) -> list[str]:
    return [f"{page.date('%Y-%m-%dT%H:%M:%S', us)},{us % 1_000_000:06d}+00:00 {text}" for us, _level, text, _flags, _caller in lines]


def _callers(lines: Sequence[Line], page: Page) -> list[str]:
    return [f"[{line.microseconds // 1_000_000:5d}.{line.microseconds % 1_000_000:06d}][{line.caller:>6}] {line.text}" for line in lines]


def _callers_of_dmesg(lines: Sequence[Line], page: Page) -> list[str]:
    return [f"{_stamp(line.microseconds)}[{line.caller:>6}] {line.text}" for line in lines]


def _wall(form: str, before: str = "", fraction: str = "", behind: str = " " + HOST + " kernel: ", stamped: bool = False) -> Write:
    """A writer of lines with a wall clock's time. ``fraction``: what stands behind microseconds, where there are any."""

    def write(lines: Sequence[Line], page: Page) -> list[str]:
        out = []
        for us, level, text, flags, _caller in lines:
            exact = f".{us % 1_000_000:06d}{fraction.strip('.')}" if fraction else ""
            seconds = f"[{us // 1_000_000:5d}.{us % 1_000_000:06d}] " if stamped and not flags & BARE else ""
            said = behind if "%" not in behind else behind % {"level": _LEVELS[level], "number": level}
            out.append(f"{before}{page.date(form, us)}{exact}{said}{seconds}{text}")
        return out

    return write


def _escaped(write: Write) -> Write:
    """rsyslog got several lines of one moment as one message."""

    def wrapped(lines: Sequence[Line], page: Page) -> list[str]:
        out: list[str] = []
        room, before = 0, -1
        for line, text in zip(lines, write(lines, page), strict=True):
            if room and line.microseconds - before < 100 and not line.text.startswith("Linux version"):
                out[-1] += "#012" + line.text
                room -= 1
            else:
                out.append(text)
                room = page.rng.randrange(6) if page.rng.random() < 0.2 else 0
            before = line.microseconds
        return out

    return wrapped


_SHORT = "%b %e %H:%M:%S"
_ISO = "%Y-%m-%dT%H:%M:%S"
_DAY = "%a %Y-%m-%d %H:%M:%S"

DIALECTS: tuple[Dialect, ...] = (
    Dialect("dmesg", "$dmesg", _dmesg, "seconds"),
    Dialect("dmesg -T", "$dmesg", _dmesg_t, "date"),
    Dialect("dmesg -x", "$dmesg", _dmesg_x, "seconds"),
    Dialect("dmesg -H", "$dmesg", _dmesg_h, "yearless", tolerance_seconds=90),
    Dialect("dmesg -S", "$dmesg", _dmesg, "seconds", of_syslog=True),
    Dialect("dmesg -r", "$dmesg", _raw, "seconds", of_syslog=True),
    Dialect("dmesg -r, no time", "$dmesg", _raw_unstamped, "none", of_syslog=True),
    Dialect("dmesg -t", "$dmesg", _bare, "none"),
    Dialect("dmesg iso", "$dmesg", _dmesg_iso, "date"),
    Dialect("callers", "$dmesg", _callers, "seconds", since="5.x"),
    Dialect("callers, dmesg", "$dmesg", _callers_of_dmesg, "seconds", since="5.x"),
    Dialect("journal short", "$journal", _wall(_SHORT), "yearless", boots=True, since="3.10"),
    Dialect("journal short-iso", "$journal", _wall(_ISO, behind=f"+0000 {HOST} kernel: "), "date", boots=True, since="3.10"),
    Dialect("journal short-precise", "$journal", _wall(_SHORT, fraction="."), "yearless", boots=True, since="3.10"),
    Dialect("journal short-full", "$journal", _wall(_DAY, behind=f" UTC {HOST} kernel: "), "date", boots=True, since="3.10"),
    Dialect("journal iso-precise", "$journal", _wall(_ISO, fraction="+00:00"), "date", boots=True, since="3.10"),
    Dialect("syslog", "$messages", _wall(_SHORT), "yearless", of_syslog=True, boots=True, file=True),
    Dialect("syslog, stamped", "$messages", _wall(_SHORT, stamped=True), "yearless", of_syslog=True, boots=True, file=True),
    Dialect("syslog iso", "$messages", _wall(_ISO, fraction="+00:00", stamped=True), "date", of_syslog=True, boots=True, file=True),
    Dialect("syslog, repeated", "$messages", _wall(_SHORT), "yearless", of_syslog=True, boots=True, file=True, repeats=True),
    Dialect("syslog #012", "$messages", _escaped(_wall(_SHORT)), "yearless", of_syslog=True, boots=True, file=True),
    Dialect(
        "syslog, level",
        "$messages",
        _wall(_SHORT, behind=f" {HOST} kernel: <%(number)d>", stamped=True),
        "yearless",
        of_syslog=True,
        boots=True,
        file=True,
    ),
    Dialect("busybox", "$messages", _wall(_SHORT, behind=" kernel: ", stamped=True), "yearless", of_syslog=True, boots=True, file=True),
    Dialect("busybox, no time", "$messages", _wall(_SHORT, behind=" kernel: "), "yearless", of_syslog=True, boots=True, file=True),
    Dialect(
        "busybox, facility",
        "$messages",
        _wall(_SHORT, behind=f" {HOST} kern.%(level)s kernel: ", stamped=True),
        "yearless",
        of_syslog=True,
        boots=True,
        file=True,
    ),
    Dialect(
        "logread",
        "$messages",
        _wall("%a %b %e %H:%M:%S %Y", behind=" kern.%(level)s kernel: ", stamped=True),
        "date",
        of_syslog=True,
        boots=True,
        file=True,
    ),
    Dialect("dmesg, syslog too", "$dmesg", _dmesg, "seconds", second=("$messages", _wall(_SHORT, stamped=True))),
    Dialect(
        "kern.log, syslog too",
        "$kern.log",
        _wall(_SHORT, stamped=True),
        "yearless",
        of_syslog=True,
        file=True,
        second=("$syslog", _wall(_SHORT, stamped=True)),
    ),
    Dialect("kern.log, bare", "$kern.log", _wall(_SHORT), "yearless", of_syslog=True, file=True, second=("$syslog", _wall(_SHORT))),
    Dialect("syslog, rotated", "$messages", _wall(_SHORT), "yearless", of_syslog=True, boots=True, file=True, rotated=True),
    Dialect(
        "kern.log, rotated",
        "$kern.log",
        _wall(_ISO, fraction="+00:00", stamped=True),
        "date",
        of_syslog=True,
        boots=True,
        file=True,
        rotated=True,
    ),
    Dialect("dmesg, bare syslog too", "$dmesg", _dmesg, "seconds", second=("$messages", _wall(_SHORT))),
)

#: What others say in a file that they may write to: never the kernel's word.
_SPEAKERS = ("sshd[2211]: Accepted publickey for root from 192.0.2.1 port 55022", "CROND[991]: (root) CMD (run-parts /etc/cron.hourly)",
             "app[7]: swapper: page allocation failure: order:2, mode:0x4020", "app: Linux version 9.9.9 (x@y)")  # fmt: skip


def with_others(dialect: Dialect, texts: Sequence[str], rng: Random) -> list[str]:
    """The lines of a file with some of other speakers between them, under the stamp of the line before."""
    out = []
    for text in texts:
        out.append(text)
        if rng.random() < 0.05 and " kernel: " in text:
            before = text[: text.index(" kernel: ")].replace(" kern.", " user.")
            out.append(f"{before} {rng.choice(_SPEAKERS)}")
    return out


def with_repeats(
    lines: Sequence[Line],
    texts: Sequence[str],
    heads: Mapping[int, Callable[[int], None]],
    ends: Mapping[int, int],
    may_repeat: Container[str],
    rng: Random,
) -> list[str]:
    """The lines of a file in which rsyslog counts equal ones. ``heads``: line of a failure -> who is to be told how often it came again;
    ``ends``: line of a mode that stands alone -> line of its failure; ``may_repeat``: what else may come again."""
    out = []
    counted: dict[int, int] = {}
    for number, (line, text) in enumerate(zip(lines, texts, strict=True)):
        out.append(text)
        tell = heads.get(number)
        times = counted.get(ends.get(number, -1), 0)
        if (tell or line.text in may_repeat) and rng.random() < 0.2:
            times = counted[number] = rng.randrange(2, 9)
            if tell:
                tell(times)
        if times:
            out.append(text[: len(text) - len(line.text)] + f"message repeated {times} times: [ {line.text}]")
    return out


def in_two_files(texts: Sequence[str], rng: Random) -> list[str]:
    """What tail -c prints of a file and the one that was put away before it."""
    at = rng.randrange(len(texts) + 1)
    return ["==> /var/log/messages-20260103 <==", *texts[:at], "", "==> /var/log/messages <==", *texts[at:]]
