# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole fleet without Ansible, in this process: ``python -m tests.benchmarks.pipeline INVENTORY FOLDER`` prints its seconds."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.fleet import Gathered, judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.recorded import CONNECTION, read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import write_reports
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.table import render_table


def gathered_from(evidence: Evidence) -> Gathered:
    """As the ``gather`` action does it."""
    if CONNECTION in evidence.reasons:
        return Gathered(None, evidence.reasons[CONNECTION], unreachable=True)
    return Gathered(facts_from(evidence))


def main(inventory: str, folder: str) -> None:
    hosts = json.loads(Path(inventory).read_text())["all"]["hosts"]
    start = time.perf_counter()
    fleet = judge_fleet({name: gathered_from(read_recorded(of["audit_evidence"])) for name, of in hosts.items()}, [])
    write_reports(fleet, folder)
    render_table(fleet)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
