# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of one machine between two boots, or over several, as lines of its log, and the reports that are truly in them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.kernel_logs import reports
from tests.kernel_logs.console import Call, Console, Line, Mark, interleave
from tests.kernel_logs.kernels import Arch, Kernel
from tests.kernel_logs.reports import PATHS, Report

#: What runs on machines, and names that a reader may take for something else. A name has 15 characters at most.
PROCESSES = (
    "swapper", "swapper/0", "swapper/21", "kswapd0", "kworker/u16:3", "kworker/0:1H", "ksoftirqd/3", "sshd", "nginx", "java", "mysqld",
    "rs:main Q:Reg", "in:imklog", "C1 CompilerThre", "G1 Conc#0", "irq/45-eth0-TxR", "(sd-pam)", "jbd2/dm-0-8", "httpd", "nfsd",
    "ovs-vswitchd", "1234", "a: b", "tar: x", "foo[12]", "[kthread]", "mode:0x20", "order:9", "kernel", "kernel: x", "Mem-Info:",
    "Linux version 9", "x, y", "a=b", "python3.6", "-bash", "Call Trace:", "page allocation", "Comm: x", "PID: 7", "eth0", "<idle>",
    "12:30:45", "root@host",
)  # fmt: skip
#: Such as no file that rsyslog wrote can show.
PROCESSES_OF_THE_KERNEL = (*PROCESSES, "a#012b", "#012")
#: With raw control characters, which the journal does not show and dmesg writes as \x1b, except text from syslog(2).
PROCESSES_OF_DMESG = (*PROCESSES_OF_THE_KERNEL, "a\x1b[1mb", "\x07bell")

_CALLERS = ("T1", "T2345", "C0", "C3", "T12", "C11")


@dataclass
class Boot:
    """The lines of one boot, what stands in them, and the reports they come from."""

    lines: list[Line]
    marks: list[Mark]
    reports: list[Report]


@dataclass(frozen=True)
class Machine:
    """What does not change over a log."""

    kernel: Kernel
    release: tuple[str, str]
    arch: Arch
    cpus: int
    restless: float
    processes: tuple[str, ...]


def machine(rng: Random, kernel: Kernel, processes: tuple[str, ...]) -> Machine:
    """A machine that runs a kernel of this line."""
    cpus = rng.choice((1, 1, 2, 2, 3, 4))
    if kernel.printk in ("chars", "glued"):  # behind another's unfinished line that name is a program's that logs
        processes = tuple(name for name in processes if name != "foo[12]")
    few = tuple(rng.choice(processes) for _number in range(rng.randrange(1, 5)))
    return Machine(kernel, rng.choice(kernel.releases), rng.choice(kernel.arches), cpus, rng.choice((0.02, 0.1, 0.4)), few)


def life(rng: Random, host: Machine, failures: int, others: int) -> Boot:
    """One boot with that many failures and other reports, from the first line on."""
    console, told = Console(host.kernel.printk), [reports.boot(host.kernel, host.release[0])]
    console.add(0, 0, 0, "T0", told[0].segments[0])
    wanted = [True] * failures + [False] * others
    rng.shuffle(wanted)
    now = 1_000_000 + rng.randrange(5_000_000)
    while wanted:
        together = 1 if host.cpus == 1 or rng.random() < 0.65 else rng.randrange(2, host.cpus + 1)
        batch = [_report(rng, host, is_failure) for is_failure in wanted[:together]]
        del wanted[:together]
        quiet = rng.randrange(3)
        for report in [reports.noise(rng) for _number in range(quiet)]:
            now = _alone(console, told, report, now, rng)
        now += int(rng.expovariate(1 / 600)) * 1_000_000 + rng.randrange(1_000_000)
        now = _alone(console, told, batch[0], now, rng) if len(batch) == 1 else _at_once(rng, host, console, told, batch, now)
    for report in [reports.noise(rng) for _number in range(rng.randrange(4))]:
        now = _alone(console, told, report, now + 100_000, rng)
    return Boot(console.lines, console.marks, told)


def _report(rng: Random, host: Machine, is_failure: bool) -> Report:
    kernel, process, path = host.kernel, rng.choice(host.processes), rng.choice(PATHS)
    common = (rng, kernel, host.release, host.arch, process)
    if is_failure:
        order = rng.choice((0, 0, 1, 2, 2, 3, rng.randrange(11)))
        suppressed = rng.choice((0, 0, 0, 0, rng.randrange(1, 6000)))
        return reports.failure(*common, order, rng.choice(kernel.modes), path, suppressed)
    kind = rng.random()
    if kind < 0.2:
        return reports.vmalloc(*common, path, kernel.with_line_of_vmalloc and rng.random() < 0.3)
    if kind < 0.3 and kernel.stalls:
        return reports.stall(*common, path)
    if kind < 0.5 and kernel.name != "2.6.18":
        return reports.slab(rng, kernel)
    if kind < 0.65:
        return reports.out_of_memory(*common, path)
    if kind < 0.85:
        return reports.warning(*common, path, kind < 0.75)
    return reports.hung_task(rng, kernel, host.arch, process, path) if kind < 0.93 else reports.noise(rng)


def _alone(console: Console, told: list[Report], report: Report, now: int, rng: Random) -> int:
    told.append(report)
    caller = _CALLERS[int(rng.random() * len(_CALLERS))]
    for segment in report.segments:
        now = console.add(now, 7, len(told) - 1, caller, segment)
    return now


def _at_once(rng: Random, host: Machine, console: Console, told: list[Report], batch: list[Report], now: int) -> int:
    """Several CPUs speak at the same time."""
    threads: list[list[tuple[int, Call]]] = []
    for report in batch:
        told.append(report)
        threads.append([(len(told) - 1, call) for call in report.calls()])
    callers = rng.sample(_CALLERS, len(threads))
    for cpu, number, call in interleave(rng, threads, host.restless):
        now += 5
        console.feed(now, cpu, number, callers[cpu], call)
    return now
