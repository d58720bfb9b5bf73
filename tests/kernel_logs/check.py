# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One log from its seed, through the collection, against the truth."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from random import Random
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import filter_log

from tests.kernel_logs import scenario
from tests.kernel_logs.console import BARE, Line, Mark, as_syslog_reads
from tests.kernel_logs.dialects import DIALECTS, HOST, Dialect, Page, with_others
from tests.kernel_logs.kernels import KERNELS, Kernel
from tests.kernel_logs.truth import Failed, Truth, truth_of

_ORDER = [kernel.name for kernel in KERNELS]


@dataclass
class Log:
    """A log as the collection gets it, and what is true of it."""

    seed: int
    kernel: Kernel
    dialect: Dialect
    texts: dict[str, str]
    truth: Truth
    boot_seen: bool
    booted: int
    lines: list[Line]
    release: str
    filtered: bool
    note: list[str] = field(default_factory=list)


def make(seed: int) -> Log:
    """The log of a seed."""
    rng = Random(seed)
    dialect = DIALECTS[seed % len(DIALECTS)]
    kernels = KERNELS[_ORDER.index(dialect.since) :]
    kernel = kernels[rng.randrange(len(kernels))]
    host = scenario.machine(rng, kernel, scenario.PROCESSES if dialect.file else scenario.PROCESSES_OF_DMESG)
    boots = 1 + (dialect.boots and rng.random() < 0.3)
    epoch = 1_400_000_000 + rng.randrange(350_000_000)
    written: list[str] = []
    for _earlier in range(boots - 1):
        past = scenario.life(rng, host, rng.choice((0, 1, 3)), rng.randrange(2))
        lines, _marks, _lost = _shown(rng, dialect, kernel, past.lines, past.marks, cut=False)
        written += dialect.write(lines, Page(epoch - 40_000_000, rng))
        if dialect.source == "$journal":
            written.append("-- Reboot --" if rng.random() < 0.5 else f"-- Boot {rng.getrandbits(128):032x} --")
    boot = scenario.life(rng, host, rng.choice((0, 1, 1, 1, 2, 2, 3, 4, rng.randrange(12))), rng.choice((0, 0, 1, 1, 2, 3)))
    lines, marks, lost = _shown(rng, dialect, kernel, boot.lines, boot.marks, cut=boots == 1 and rng.random() < 0.2)
    truth = truth_of(boot.reports, marks)
    truth.kinds = {boot.reports[mark.report].kind for mark in marks}
    body = dialect.write(lines, Page(epoch, rng))
    if dialect.file:
        body = with_others(dialect, body, rng)
    filtered = rng.random() < 0.6
    texts = _placed(rng, dialect, written + body, filtered)
    uptime = lines[-1].microseconds // 1_000_000 + 60 if lines else 600
    texts["$uname"] = f"Linux {HOST} {host.release[0]} #1 SMP Fri Apr 20 16:44:24 UTC 2018 x86_64 x86_64 x86_64 GNU/Linux\n"
    texts["/proc/stat"] = f"cpu  1 2 3\nbtime {epoch}\n"
    texts["/proc/uptime"] = f"{uptime}.11 {uptime}.22\n"
    return Log(seed, kernel, dialect, texts, truth, not lost, epoch, lines, host.release[0], filtered)


def _shown(
    rng: Random, dialect: Dialect, kernel: Kernel, lines: list[Line], marks: list[Mark], cut: bool
) -> tuple[list[Line], list[Mark], bool]:
    """(lines, marks, whether the first ones are lost) as the dialect's source gives them."""
    if dialect.of_syslog and kernel.printk == "glued":
        lines, into = as_syslog_reads(lines)
        marks = [mark._replace(line=into[mark.line]) for mark in marks]
    if not cut:
        return lines, marks, False
    first = rng.randrange(1, len(lines))
    return lines[first:], [mark._replace(line=mark.line - first) for mark in marks if mark.line >= first], True


def _placed(rng: Random, dialect: Dialect, lines: list[str], filtered: bool) -> dict[str, str]:
    text = "\n".join(lines) + "\n"
    if not filtered:
        return {dialect.source: text}
    left = filter_log(text)
    return {dialect.source: left if isinstance(left, str) else left[0]}


def answer(log: Log) -> dict[str, Any] | None:
    """What the collection makes of it."""
    found: dict[str, Any] | None = facts_from(Evidence(log.texts, {}))["failures"]
    return found


def faults(log: Log, found: dict[str, Any] | None) -> list[str]:
    """What is wrong in the answer, [] where it is right."""
    truth, wrong = log.truth, []
    if found is None:
        return ["no answer"]

    def expect(name: str, said: Any, true: Any) -> None:
        if said != true:
            wrong.append(f"{name}: said {said!r}, true {true!r}")

    expect("count", found["count"], truth.count)
    expect("by_order", found["by_order"], {str(order): count for order, count in truth.by("order").items()})
    expect("boot_seen", found["boot_seen"], log.boot_seen)
    which = any(doubt.startswith("which") for doubt in truth.doubts)
    if truth.processes_told() and not which:
        expect("by_process", found["by_process"], truth.by("process"))
    told = all(failed.modules_told for failed in truth.failures) and not which
    if told and "by_driver" in found:
        expect("by_driver", found["by_driver"], truth.by_driver())
    if "suppressed" in found and not any(doubt.startswith("suppressed") for doubt in truth.doubts):
        expect("suppressed", found["suppressed"] or 0, truth.suppressed)
    if truth.failures and not which:
        wrong += _faults_of_last(log, found["last"], truth.failures[-1])
    return wrong


def _faults_of_last(log: Log, last: dict[str, Any] | None, failed: Failed) -> list[str]:
    if last is None:
        return ["last: none"]
    said = {"order": last["order"] == failed.order}
    if failed.process_told:
        said["process"] = last["process"] == failed.process
    if failed.atomic_told and failed.process_told:
        said["atomic"] = last["atomic"] is failed.atomic
    if failed.modules_told and failed.process_told:
        said["drivers"] = last["drivers"] == failed.modules
    said["at"] = _time_right(log, last["at"], failed)
    true = {"order": failed.order, "process": failed.process, "atomic": failed.atomic, "drivers": failed.modules, "at": _when(log, failed)}
    return [f"last.{name}: said {last[name]!r}, true {true[name]!r}" for name, right in said.items() if not right]


def _when(log: Log, failed: Failed) -> str:
    return datetime.fromtimestamp(log.booted + log.lines[failed.line].microseconds / 1e6, timezone.utc).isoformat()


_YEARS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def _time_right(log: Log, at: str | None, failed: Failed) -> bool:
    if log.dialect.clock == "none" or log.lines[failed.line].flags & BARE:
        return at is None or log.lines[failed.line].flags & BARE != 0
    if at is None:
        return False
    if not _YEARS.match(at):
        return log.dialect.clock == "yearless"
    said = datetime.fromisoformat(at.replace("Z", "+00:00"))
    said = said if said.tzinfo else said.replace(tzinfo=timezone.utc)
    true = log.booted + log.lines[failed.line].microseconds / 1e6
    return abs(said.timestamp() - true) <= log.dialect.tolerance_seconds


def ambiguous(log: Log) -> list[str]:
    """Why a reader could take this log two ways, [] where none can."""
    reasons = sorted(log.truth.doubts)
    if not log.truth.processes_told():
        reasons.append("process: a failure's name cannot be told")
    if not all(failed.modules_told for failed in log.truth.failures):
        reasons.append("drivers: lines of several traces are mixed")
    if not all(failed.atomic_told for failed in log.truth.failures):
        reasons.append("mode: which failure a mode belongs to cannot be told")
    return reasons
