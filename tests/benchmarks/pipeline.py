# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole fleet without Ansible, in this process: ``python -m tests.benchmarks.pipeline INVENTORY FOLDER`` prints its seconds."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import write_reports
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet, no_search_for_cycles
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer


def main(inventory: str, folder: str) -> None:
    hosts = json.loads(Path(inventory).read_text())["all"]["hosts"]
    start = time.perf_counter()
    with no_search_for_cycles():
        fleet = judge_fleet({name: Gathered.from_record(of["audit_evidence"]) for name, of in hosts.items()}, [])
        write_reports(fleet, folder)
        render_answer(fleet, "all", ())
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
