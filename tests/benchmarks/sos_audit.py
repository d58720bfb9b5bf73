# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One side of the comparison over sosreports: this collection. Reads paths from stdin, prints its own time and what it found.

As an audit does it: what the inventory reads in parallel processes, then the verdicts. The clock starts after the imports.
"""

from __future__ import annotations

import json
import os
import sys
import time

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet, no_search_for_cycles
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collect import look_into_all


def main(processes: int) -> None:
    paths = sys.stdin.read().split("\n")
    start, cpu = time.perf_counter(), sum(os.times()[:4])
    reports = list(look_into_all(paths, processes))
    with no_search_for_cycles():
        fleet = judge_fleet({f"{number} {one.path}": Gathered.from_record(one.path) for number, one in enumerate(reports)}, [])
    seconds, cpu = time.perf_counter() - start, sum(os.times()[:4]) - cpu
    affected = sorted({name.split(" ", 1)[1] for name, result in fleet["hosts"].items() if result["verdict"] == "affected"})
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "hosts": len(fleet["hosts"]), "affected": affected}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
