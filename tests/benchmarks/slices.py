# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet in slices: the one report of what they handed on, and two slices at the same time against one audit."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from tests.benchmarks.figures import Figure, by_turns
from tests.benchmarks.live import hosts_behind, live_bench
from tests.benchmarks.processes import Run, ansible_playbook, measured
from tests.benchmarks.size import Size
from tests.conftest import ROOT, SAMPLE_FLEET

_CONFIGURATION = "[defaults]\nfact_caching = jsonfile\nfact_caching_connection = {cache}\nfact_caching_timeout = 0\n"


def merge(folder: Path, size: Size) -> list[Figure]:
    """The playbook report, with a fact cache that holds every host."""
    small, large = size.merges
    (folder / "ansible.cfg").write_text(_CONFIGURATION.format(cache=folder / "cache"))
    names = [f"host-{number:06d}" for number in range(large)]
    inventories = {count: _inventory(folder, names[:count]) for count in size.merges}
    measured(["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.benchmarks.slices", str(large)], folder)

    def report(count: int) -> Run:
        words = ("-i", str(inventories[count]), "-e", f"pagealloc_output_dir={folder / 'report'}", "-e", "audit_history=none")
        run = measured(ansible_playbook("fleetcare.pagealloc.report", *words), folder, sample_memory=True)
        total = sum(json.loads(_head(folder / "report" / "fleet.json")).values())
        if total != count:
            raise RuntimeError(f"the report has {total} hosts, not {count}")
        shutil.rmtree(folder / "report")
        return run

    def ratio(one: Run, other: Run) -> float:
        return (one.wall / large) / (other.wall / small)

    def cpu_ratio(one: Run, other: Run) -> float:
        return (one.cpu / large) / (other.cpu / small)

    report(small)
    pairs = by_turns(
        size.pairs,
        lambda: report(large),
        lambda: report(small),
        lambda one, other: (
            f"{one.wall:.1f} s / {other.wall:.1f} s, a host {ratio(one, other):.3f}, CPU {cpu_ratio(one, other):.3f}, "
            f"{one.tree_mb:.0f} / {other.tree_mb:.0f} MB"
        ),
    )
    more = {
        "hosts_per_second": round(large / median(one.wall for one, _other in pairs), 1),
        "seconds": [round(median(pair[side].wall for pair in pairs), 1) for side in (0, 1)],
        "cpu_ratio": round(median(cpu_ratio(*pair) for pair in pairs), 3),
        "cpu_seconds": [round(median(pair[side].cpu for pair in pairs), 1) for side in (0, 1)],
        "peak_memory_mb": round(max(one.tree_mb for one, _other in pairs)),
        "peak_memory_small_mb": round(max(other.tree_mb for _one, other in pairs)),
    }
    note = f"time per host of {large:,} hosts in the fact cache / of {small:,}, fleetcare.pagealloc.report, all reports, no history"
    return [Figure("merge_100k_vs_10k_per_host", [ratio(*pair) for pair in pairs], note, 1.15, more)]


def _inventory(folder: Path, names: list[str]) -> Path:
    path = folder / f"fleet-{len(names)}.json"
    path.write_text(json.dumps({"all": {"hosts": dict.fromkeys(names, {})}}))
    return path


def _head(document: Path) -> str:
    """The counts of a fleet.json, which stand in a line of their own: the whole may be larger than memory."""
    with document.open() as lines:
        line = next(line for line in lines if line.startswith('"counts":'))
    return line.removeprefix('"counts":').rstrip(",\n")


def two_slices(folder: Path, size: Size) -> list[Figure]:
    """Two halves of the fleet at the same time and the report of both, against one audit of all."""
    with live_bench(folder, size.live_hosts):
        (folder / "ansible.cfg").write_text(_CONFIGURATION.format(cache=folder / "cache"))
        names = hosts_behind(size.live_hosts)
        halves = [",".join(names[: len(names) // 2]), ",".join(names[len(names) // 2 :])]
        audits = [shlex.join(_audit("-l", half, "-e", f"pagealloc_output_dir=slice{place}")) for place, half in enumerate(halves)]
        whole = shlex.join(ansible_playbook("fleetcare.pagealloc.report", "-i", "inventory.json", "-e", "pagealloc_output_dir=merged"))
        together = f"set -e; {audits[0]} & first=$!; {audits[1]} & second=$!; wait $first; wait $second; {whole}"

        def slices() -> Run:
            shutil.rmtree(folder / "cache", ignore_errors=True)
            run = measured(["sh", "-c", together], folder)
            found = json.loads((folder / "merged" / "fleet.json").read_text())
            if len(found["hosts"]) != len(names) or found["counts"]["unknown"] + found["counts"]["unreachable"]:
                raise RuntimeError(f"the report of the slices has {found['counts']}")
            return run

        def one() -> Run:
            return measured(_audit("-e", "pagealloc_output_dir=whole"), folder)

        pairs = by_turns(size.pairs, slices, one, lambda two, all_in_one: f"{two.wall:.1f} s / {all_in_one.wall:.1f} s")
    note = f"wall time, two slices at once and the report of both / one audit, {size.live_hosts} hosts behind the local sshd, 10 forks each"
    seconds = [round(median(pair[side].wall for pair in pairs), 2) for side in (0, 1)]
    return [Figure("audit_2_slices_wall_vs_1", [two.wall / all_in_one.wall for two, all_in_one in pairs], note, None, {"seconds": seconds})]


def _audit(*words: str) -> list[str]:
    return ansible_playbook("fleetcare.pagealloc.audit", "-i", "inventory.json", "-f", "10", *words)


def _fill(count: int) -> None:
    """Put the facts of so many hosts into the cache of the folder's ansible.cfg, the sample fleet's by turns."""
    import os
    import time

    from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.fact_cache import FactCache
    from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
    from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.handed_on import facts_to_hand_on

    records = [Gathered.from_record(str(path)) for path in sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))]
    cache, now = FactCache(), int(time.time())
    first_free = os.open(os.devnull, os.O_RDONLY)
    for number, one in enumerate(islice(cycle(records), count)):
        cache.add(f"host-{number:06d}", facts_to_hand_on(one, now))
        if number % 500 == 0:  # Ansible's jsonfile leaves one open for each host
            os.closerange(first_free, first_free + 600)


if __name__ == "__main__":
    _fill(int(sys.argv[1]))
