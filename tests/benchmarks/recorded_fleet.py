# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded fleets of thousands: the audit with Ansible around it, and its own code alone."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.figures import Figure, by_turns, rounded
from tests.benchmarks.processes import Run, ansible_playbook, measured
from tests.benchmarks.size import Size
from tests.conftest import ROOT, SAMPLE_FLEET

FORKS = 10


def make_fleet(folder: Path, count: int) -> Path:
    """An inventory of ``count`` hosts, each with a file of its own: copies of the sample fleet's records by turns."""
    evidence = folder / f"evidence-{count}"
    evidence.mkdir(parents=True)
    records = sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))
    hosts: dict[str, Any] = {}
    for number, record in enumerate(islice(cycle(records), count)):
        name = f"{record.stem}-{number:05d}"
        hosts[name] = {"audit_evidence": str(shutil.copyfile(record, evidence / f"{name}.evidence"))}
    inventory = folder / f"fleet-{count}.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    return inventory


def fleet_audit(folder: Path, size: Size) -> list[Figure]:
    """Through the real ansible-playbook, as a user would run it."""
    (folder / "ansible.cfg").write_text("# None of /etc/ansible.\n")
    inventories = {count: make_fleet(folder, count) for count in size.fleets}

    def audit(count: int) -> Run:
        words = ("-i", str(inventories[count]), "-f", str(FORKS), "-e", f"pagealloc_output_dir={folder / 'report'}")
        run = measured(ansible_playbook("fleetcare.pagealloc.audit", *words), folder, sample_memory=True)
        _check_report(folder / "report", count)
        return run

    small, large = size.fleets
    inventories[1] = make_fleet(folder, 1)
    audit(1)  # compiles what is new
    start = audit(1).wall
    pairs = by_turns(size.pairs, lambda: audit(large), lambda: audit(small), _told(size))
    runs = [pair[0] for pair in pairs]
    more = {
        "hosts_per_second": round(large / median(run.wall for run in runs), 1),
        "seconds": [round(median(pair[side].wall for pair in pairs), 1) for side in (0, 1)],
        "start_seconds": round(start, 1),
        "ratio_without_start": rounded(median((one.wall - start) / (other.wall - start) * small / large for one, other in pairs)),
        "peak_memory_mb": round(max(run.tree_mb for run in runs)),
        "largest_process_mb": round(max(run.largest_mb for run in runs)),
    }
    note = f"{size.fleet_words}, ansible-playbook fleetcare.pagealloc.audit with all reports, {FORKS} forks, its start included"
    return [Figure("fleet_10k_vs_1k_per_host", _per_host(pairs, size), note, 1.15, more)]


def fleet_core(folder: Path, size: Size) -> list[Figure]:
    """Without Ansible: each run reads, judges and reports a whole fleet in one new process."""
    inventories = {count: make_fleet(folder, count) for count in size.fleets}

    def run(count: int) -> Run:
        command = [sys.executable, "-m", "tests.benchmarks.pipeline", str(inventories[count]), str(folder / "report")]
        done = measured(["env", f"PYTHONPATH={ROOT}", *command], folder)
        _check_report(folder / "report", count)
        # Its own clock, begun after the imports: their share of the small fleet would flatter the large one.
        return Run(float(done.said), done.cpu, done.largest_mb, 0, done.said)

    small, large = size.fleets
    run(small)
    pairs = by_turns(size.pairs, lambda: run(large), lambda: run(small), _told(size))
    more = {
        "hosts_per_second": round(large / median(pair[0].wall for pair in pairs)),
        "seconds": [round(median(pair[side].wall for pair in pairs), 2) for side in (0, 1)],
        "peak_memory_mb": round(max(pair[0].largest_mb for pair in pairs)),
    }
    note = f"{size.fleet_words}, the same without Ansible in one process: evidence read, judged, all reports written"
    return [Figure("fleet_core_10k_vs_1k_per_host", _per_host(pairs, size), note, None, more)]


def _check_report(folder: Path, count: int) -> None:
    document = folder / "fleet.json"
    total = sum(json.loads(document.read_text())["counts"].values())
    if total != count:
        raise RuntimeError(f"{document} holds {total} hosts, not {count}")
    shutil.rmtree(folder)


def _per_host(pairs: list[tuple[Run, Run]], size: Size) -> list[float]:
    small, large = size.fleets
    return [(one.wall / large) / (other.wall / small) for one, other in pairs]


def _told(size: Size) -> Callable[[Run, Run], str]:
    small, large = size.fleets

    def told(one: Run, other: Run) -> str:
        [ratio] = _per_host([(one, other)], size)
        memory = f", {one.tree_mb or one.largest_mb:.0f} MB"
        return f"{1e3 * one.wall / large:.2f} ms / {1e3 * other.wall / small:.2f} ms a host = {ratio:.3f}{memory}"

    return told
