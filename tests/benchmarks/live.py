# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit of live hosts behind a real sshd, against the least and the most that Ansible does with a host."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.figures import Figure, by_turns, progress
from tests.benchmarks.processes import Run, ansible_playbook, children, cpu_with_ended_children, measured
from tests.benchmarks.size import Size
from tests.sshd import Sshd, running_sshd

_FORKS = 10
_AUDIT = ("fleetcare.pagealloc.audit",)


@dataclass(frozen=True)
class _Bench:
    """Hosts behind one sshd, each with a loopback address of its own, and how a playbook is measured on them."""

    folder: Path
    sshd: Sshd
    daemon: int
    hosts: int

    def play(self, *words: str) -> Run:
        logins = self.logins()
        command = ansible_playbook("-i", "inventory.json", "-f", str(_FORKS), *words)
        run = measured(command, self.folder, served_by=lambda: cpu_with_ended_children(self.daemon))
        self._check(run, self.logins() - logins)
        return run

    def logins(self) -> int:
        return (self.sshd.folder / "sshd.log").read_text(errors="replace").count("Accepted publickey")

    def _check(self, run: Run, logins: int) -> None:
        """Cold connections, all hosts: else the figure would be of something else."""
        recap = run.said.count("unreachable=0    failed=0")
        if recap != self.hosts or logins < self.hosts:
            raise RuntimeError(f"{recap} hosts went well with {logins} logins, not {self.hosts}:\n{run.said[-2000:]}")


def hosts_behind(number: int) -> list[str]:
    """The names of so many hosts of ``live_bench``."""
    return [f"host{place:03d}" for place in range(number)]


@contextmanager
def live_bench(folder: Path, hosts: int) -> Iterator[_Bench]:
    with running_sshd(folder / "sshd", HOME=str(Path.home())) as sshd:  # the login as this machine has it
        daemon = _daemon(sshd.port)
        names = enumerate(hosts_behind(hosts))
        addresses = {name: {"ansible_host": f"127.0.{1 + number // 250}.{1 + number % 250}"} for number, name in names}
        inventory = {"all": {"hosts": addresses, "vars": sshd.variables("root")}}
        (folder / "inventory.json").write_text(json.dumps(inventory))
        (folder / "ansible.cfg").write_text("# None of /etc/ansible.\n")
        _playbook(folder / "raw.yml", {"ansible.builtin.raw": "/bin/true"})
        _playbook(folder / "setup.yml", {"ansible.builtin.setup": None})
        bench = _Bench(folder, sshd, daemon, hosts)
        progress("  warming up")
        bench.play("raw.yml")
        bench.play(*_AUDIT)
        yield bench


def _daemon(port: int) -> int:
    """The process id of the sshd that was started for this port."""
    for pid in children(os.getpid()):
        # sshd rewrites its command line as one text
        if re.search(rf"sshd.*\bPort={port}\b", Path(f"/proc/{pid}/cmdline").read_text()):
            return pid
    raise RuntimeError(f"no child of this process is an sshd on port {port}")


def _playbook(path: Path, task: dict[str, Any]) -> None:
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))


def audit_vs_raw(folder: Path, size: Size) -> list[Figure]:
    with live_bench(folder, size.live_hosts) as bench:
        pairs = by_turns(size.pairs, lambda: bench.play(*_AUDIT), lambda: bench.play("raw.yml"), _told)
    against = f"audit with all reports / one raw: /bin/true, {_hosts(size)}"
    wall, cpu = ([(getattr(audit, kind), getattr(raw, kind)) for audit, raw in pairs] for kind in ("wall", "cpu"))
    return [
        Figure("audit_vs_raw_wall", _ratios(wall), f"wall time, {against}", 1.10, {"seconds": _medians(wall)}),
        Figure("audit_vs_raw_cpu", _ratios(cpu), f"CPU time of controller, ssh and sshd, {against}", 1.10, {"seconds": _medians(cpu)}),
    ]


def audit_vs_setup(folder: Path, size: Size) -> list[Figure]:
    with live_bench(folder, size.live_hosts) as bench:
        pairs = by_turns(size.pairs, lambda: bench.play(*_AUDIT), lambda: bench.play("setup.yml"), _told)
    wall = [(audit.wall, setup.wall) for audit, setup in pairs]
    note = f"wall time, audit with all reports / ansible.builtin.setup, {_hosts(size)}"
    return [Figure("audit_vs_setup_wall", _ratios(wall), note, 0.20, {"seconds": _medians(wall)})]


def _hosts(size: Size) -> str:
    return f"{size.live_hosts} hosts behind the local sshd, {_FORKS} forks, cold connections"


def _told(audit: Run, other: Run) -> str:
    return (
        f"wall {audit.wall:.2f} s / {other.wall:.2f} s = {audit.wall / other.wall:.3f}, "
        f"CPU {audit.cpu:.2f} s / {other.cpu:.2f} s = {audit.cpu / other.cpu:.3f}"
    )


def _ratios(pairs: list[tuple[float, float]]) -> list[float]:
    return [one / other for one, other in pairs]


def _medians(pairs: list[tuple[float, float]]) -> list[float]:
    return [round(median(side), 3) for side in zip(*pairs, strict=True)]
