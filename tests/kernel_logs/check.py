# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One log from its seed, through the collection, against the truth."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from random import Random
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import filter_log
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import BY_VERDICT, nic

from tests.kernel_logs import scenario
from tests.kernel_logs.console import BARE, Line, Mark, as_syslog_reads
from tests.kernel_logs.dialects import DIALECTS, HOST, Dialect, Page, in_two_files, with_others, with_repeats
from tests.kernel_logs.kernels import KERNELS, Kernel
from tests.kernel_logs.reports import NOISE
from tests.kernel_logs.truth import Failed, Truth, truth_of

#: The reader is tried here, not the catalogue: another advisory may speak of a module that the dice put into a trace.
_CATALOGUE = replace(load_catalogue(), advisories=())
_HEALTHY = BY_VERDICT["clear"]
#: Reports that say nothing of missing pages.
_QUIET = {"boot", "noise", "warning", "hung", "vmalloc"}
#: A driver that is in no trace.
_NO_MODULE = "forcedeth"
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
    kernel = rng.choice([kernel for kernel in KERNELS[_ORDER.index(dialect.since) :] if not (dialect.second and kernel.printk == "glued")])
    host = scenario.machine(rng, kernel, _processes(dialect))
    booted = 1_400_000_000 + rng.randrange(350_000_000)
    page = Page(booted, rng)
    before = _boot_before(rng, dialect, host, booted) if dialect.boots and rng.random() < 0.3 else []
    boot = scenario.life(rng, host, rng.choice((0, 1, 1, 1, 2, 2, 3, 4, rng.randrange(12))), rng.choice((0, 0, 1, 1, 2, 3)))
    lines, marks, first = _shown(rng, dialect, kernel, boot.lines, boot.marks, cut=not before and rng.random() < 0.2)
    callers = [line.caller for line in lines] if dialect.name.startswith("callers") else None
    truth = truth_of(boot.reports, marks, callers, headed=kernel.printk not in ("chars", "lines"))
    truth.kinds = {boot.reports[mark.report].kind for mark in marks}
    if not dialect.of_syslog:
        lines = [line._replace(text=_escaped(line.text)) if _CONTROL.search(line.text) else line for line in lines]
    for failed in truth.failures:
        failed.show(_stripped if dialect.of_syslog else _escaped)
    body = dialect.write(lines, page)
    if dialect.repeats:
        ends = _modes_alone(lines, marks, truth)
        heads = {failed.line: failed.repeat for failed in truth.failures if _is_whole(lines[failed.line].text, failed)}
        heads.update({failed.line: failed.repeat for failed in truth.failures if failed.line in ends.values()})
        body = with_repeats(lines, body, heads, ends, NOISE, rng)
    if dialect.file:
        body = with_others(dialect, body, rng)
    if dialect.rotated:
        before, body = [], in_two_files(before + body, rng)
    filtered = rng.random() < 0.6
    written = {dialect.source: before + body}
    if dialect.second:
        source, write = dialect.second
        written[source] = write(lines, page)
        cut, first_left = rng.choice((dialect.source, source)), rng.randrange(len(lines))
        while first_left < len(lines) and "page allocation failure" in lines[first_left].text:
            first_left += 1  # the line before may say that it is vmalloc's
        written[cut] = written[cut][first_left:]
    texts = {source: _text(whole, filtered) for source, whole in written.items()}
    uptime = lines[-1].microseconds // 1_000_000 + 60
    texts["$uname"] = f"Linux {HOST} {host.release[0]} #1 SMP Fri Apr 20 16:44:24 UTC 2018 x86_64 x86_64 x86_64 GNU/Linux\n"
    texts["/proc/stat"] = f"cpu  1 2 3\nbtime {booted}\n"
    texts["/proc/uptime"] = f"{uptime}.11 {uptime}.22\n"
    return Log(seed, kernel, dialect, texts, truth, first == 0, booted, lines, host.release[0], filtered)


def _processes(dialect: Dialect) -> tuple[str, ...]:
    if dialect.file or dialect.second:
        return scenario.PROCESSES
    return scenario.PROCESSES_OF_DMESG if dialect.source == "$dmesg" else scenario.PROCESSES_OF_THE_KERNEL


def _is_whole(text: str, failed: Failed) -> bool:
    """Whether a line is the failure's and nobody's besides."""
    alone = text.startswith(f"{failed.process}: page allocation failure") and text.count("page allocation failure") == 1
    return alone and ", mode:" in text.rpartition("order:")[2]


def _modes_alone(lines: list[Line], marks: list[Mark], truth: Truth) -> dict[int, int]:
    """{line of a mode: line of its failure} where both stand alone and no other failure waits for its mode, so that rsyslog may count them
    and everybody knows whose the modes are."""
    if any(mark.role == "piece" for mark in marks):
        return {}
    ends = {mark.report: mark.line for mark in marks if mark.role == "mode"}
    waiting = [(one.line, ends.get(one.report, len(lines))) for one in truth.failures if ends.get(one.report) != one.line]
    found = {}
    for failed in truth.failures:
        first, last = failed.line, ends.get(failed.report, failed.line)
        alone = lines[first].text == f"{failed.process}: page allocation failure: order:{failed.order}"
        if alone and lines[last].text.startswith(", mode:") and sum(begun <= last and first <= ended for begun, ended in waiting) == 1:
            found[last] = first
    return found


_CONTROL = re.compile("[\x00-\x1f]")


def _escaped(text: str) -> str:
    """As dmesg writes what /dev/kmsg gives it."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def _stripped(text: str) -> str:
    """As the facts have it where the log had it raw."""
    return _CONTROL.sub("", text)


def _boot_before(rng: Random, dialect: Dialect, host: scenario.Machine, booted: int) -> list[str]:
    """The lines of an earlier boot in the same log."""
    past = scenario.life(rng, host, rng.choice((0, 1, 3)), rng.randrange(2))
    lines, _marks, _first = _shown(rng, dialect, host.kernel, past.lines, past.marks, cut=rng.random() < 0.3)
    written = dialect.write(lines, Page(booted - 10_000_000, rng))
    if dialect.source == "$journal":
        written.append("-- Reboot --" if rng.random() < 0.5 else f"-- Boot {rng.getrandbits(128):032x} --")
    return written


def _shown(
    rng: Random, dialect: Dialect, kernel: Kernel, lines: list[Line], marks: list[Mark], cut: bool
) -> tuple[list[Line], list[Mark], int]:
    """(lines, marks, how many of the first lines are lost) as the dialect's source gives them."""
    if dialect.of_syslog and kernel.printk == "glued":
        lines, into = as_syslog_reads(lines)
        marks = [mark._replace(line=into[mark.line]) for mark in marks]
    if not cut:
        return lines, marks, 0
    first = rng.randrange(1, len(lines))
    return lines[first:], [mark._replace(line=mark.line - first) for mark in marks if mark.line >= first], first


def _text(lines: list[str], filtered: bool) -> str:
    """A log as it reaches the collection: through the filter that runs on the target, or whole."""
    text = "\n".join(lines) + "\n"
    if not filtered:
        return text
    return str(filter_log(text))


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

    expect("boot_seen", found["boot_seen"], log.boot_seen)
    if any(doubt.startswith("count") for doubt in truth.doubts):
        if not truth.count <= found["count"] <= truth.count + truth.perhaps:
            wrong.append(f"count: said {found['count']}, true {truth.count} to {truth.count + truth.perhaps}")
        return wrong
    expect("count", found["count"], truth.count)
    expect("by_order", found["by_order"], {str(order): count for order, count in truth.by("order").items()})
    which = any(doubt.startswith("which") for doubt in truth.doubts)
    if truth.processes_told() and not which:
        expect("by_process", found["by_process"], truth.by("process"))
    told = all(failed.modules_told for failed in truth.failures) and not which
    if told:
        expect("by_driver", found["by_driver"], truth.by_driver())
    if not any(doubt.startswith("suppressed") for doubt in truth.doubts):
        expect("suppressed", found["suppressed"], truth.suppressed)
    if log.kernel.printk != "chars" and not (log.kernel.printk == "glued" and log.dialect.of_syslog):
        expect("others", _counts((one["kind"], one["limited"], one["count"]) for one in found["others"]), dict(truth.others))
    if not log.dialect.second:
        expect("untrusted", found["untrusted"], truth.count if log.dialect.file else 0)
    if not which and all(failed.atomic_told for failed in truth.failures):
        modes = _counts((one["order"], one["atomic"], one["count"]) for one in found["groups"])
        expect("modes", modes, _counts((failed.order, failed.atomic, 1 + failed.repeated) for failed in truth.failures))
    if told and all(failed.atomic_told and failed.process_told for failed in truth.failures):
        groups = _counts((one["order"], one["atomic"], tuple(one["drivers"]), one["count"]) for one in found["groups"])
        expect("groups", groups, _counts((failed.order, failed.atomic, tuple(failed.modules), 1) for failed in truth.failures))
    if truth.failures and not which:
        wrong += _faults_of_last(log, found["last"], truth.failures)
    return wrong


def _counts(entries: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """How often each thing was; the last member of an entry is how often it was."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for *thing, count in entries:
        counts[tuple(thing)] += count
    return dict(counts)


def verdict(found: dict[str, Any], *nic_drivers: str) -> str:
    """The verdict for a host with these failures that is healthy but for them. ``nic_drivers``: of its NICs, others than the sample's."""
    nics = {"nics": [nic(f"eth{number}", driver) for number, driver in enumerate(nic_drivers)]} if nic_drivers else {}
    return str(classify({**_HEALTHY, **nics, "failures": found}, _CATALOGUE)["verdict"])


def verdict_fault(log: Log, found: dict[str, Any]) -> list[str]:
    """What is wrong in the verdict: clear where memory was missing, or not clear where none was. A failure of an order above 3 is one of
    the NIC where it could not wait, and on a host whose NIC has the driver in its trace. Nobody knows where its mode or trace is lost."""
    truth = log.truth
    missing = any(failed.order <= 3 or failed.atomic or failed.is_lost for failed in truth.failures)
    missing = missing or any(doubt.startswith("count") for doubt in truth.doubts)
    for failed in () if missing else truth.failures:
        for module in failed.modules:
            if verdict(found, module) == "clear":
                return [f"verdict: clear, {module} is in the trace of a failure of order {failed.order}"]
    if not missing and not _is_quiet(log):
        return []
    said = verdict(found, *(() if missing else (_NO_MODULE,)))
    return [f"verdict: {said}"] if missing == (said == "clear") else []


def _is_quiet(log: Log) -> bool:
    """Whether nothing but failures that could wait, with everything told, are in the log."""
    truth = log.truth
    told = all(failed.modules_told and failed.process_told and failed.atomic_told for failed in truth.failures)
    nothing_else = truth.kinds <= _QUIET | {"failure"} and not truth.others.keys() - {("vmalloc", False)}
    return told and nothing_else and log.boot_seen and not (truth.suppressed or truth.doubts)


def _faults_of_last(log: Log, last: dict[str, Any] | None, failures: list[Failed]) -> list[str]:
    """``last`` is the last failure, or, if no module of its trace can be told, one of another CPU at the same moment that has a module."""
    newest = failures[-1]
    faults = _faults_of_one(log, last, newest)
    if faults and not (newest.modules and newest.modules_told):
        at = log.lines[newest.line].microseconds
        for failed in failures[-16:-1]:
            at_once = (failed.modules or failed.read_modules or failed.mixed) and abs(at - log.lines[failed.line].microseconds) < 10_000
            if at_once and not _faults_of_one(log, last, failed):
                return []
    return faults


def _faults_of_one(log: Log, last: dict[str, Any] | None, failed: Failed) -> list[str]:
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
        return log.dialect.clock == "yearless" or log.dialect.second is not None
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
