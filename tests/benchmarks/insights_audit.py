# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other side of the comparison over sosreports: insights-core with its parsers and a rule of the same meaning.

Runs in .venv/insights. Imported once, its graph resolved once, only what the rule needs is run, and the clock starts after the
imports. Words: how many processes, and where archives are unpacked; without that in the folder that it chooses itself.
"""

from __future__ import annotations

import importlib
import json
import logging
import multiprocessing
import os
import sys
import time
from pathlib import Path

from insights import dr
from insights.core.archives import extract
from insights.core.context import SosArchiveContext
from insights.core.filters import add_filter
from insights.core.hydration import initialize_broker
from insights.core.plugins import make_fail, make_pass, rule
from insights.core.spec_factory import simple_file
from insights.parsers.buddyinfo import BuddyInfo
from insights.parsers.ethtool import Driver
from insights.parsers.messages import Messages
from insights.parsers.uname import Uname
from insights.specs import Specs

# the specs of sosreports are found by being imported
importlib.import_module("insights.specs.sos_archive")

_FOLDER = sys.argv[2] if len(sys.argv) > 2 else None
_FAILURE = "page allocation failure"


class MoreSpecs(Specs):  # type: ignore[misc]
    """Its specs of sosreports do not name the log."""

    messages = simple_file("var/log/messages", context=SosArchiveContext)


add_filter(Specs.messages, _FAILURE)


@rule(BuddyInfo, Uname, [Driver], optional=[Messages])  # type: ignore[misc]
def starving(buddyinfo: BuddyInfo, uname: Uname, drivers: list[Driver], messages: Messages | None) -> object:
    """The advisory on mlx4_en in the kernels of RHEL 6.4, with its symptom: failures logged, or no block of order 2 left."""
    affected = Uname.from_kernel("2.6.32-358.el6.x86_64") <= uname < Uname.from_kernel("2.6.32-431.el6.x86_64")
    has_driver = any((driver.driver or "").split()[:1] == ["mlx4_en"] for driver in drivers)
    failures = len(messages.get(_FAILURE)) if messages else 0
    blocks = sum(sum(zone["counter"][2:]) for zone in buddyinfo if zone["zone"] == "Normal")
    if affected and has_driver and (failures or blocks < 8):
        return make_fail("STARVING", failures=failures)
    return make_pass("NOT_STARVING")


_GRAPH = dr.get_dependency_graph(starving)


def judge(path: str) -> bool:
    """Whether the rule finds a report affected."""
    if Path(path).is_dir():
        return _judge(path)
    with extract(path, extract_dir=_FOLDER) as unpacked:
        return _judge(unpacked.tmp_dir)


def _judge(folder: str) -> bool:
    _context, broker = initialize_broker(folder)
    dr.run(_GRAPH, broker=broker)
    return broker[starving]["type"] == "rule"


def main(processes: int) -> None:
    logging.disable(logging.CRITICAL)
    paths = sys.stdin.read().split("\n")
    start, cpu = time.perf_counter(), sum(os.times()[:4])
    if processes == 1:
        found = [judge(path) for path in paths]
    else:
        pool = multiprocessing.Pool(processes)
        found = pool.map(judge, paths, chunksize=1)
        pool.close()
        pool.join()
    seconds, cpu = time.perf_counter() - start, sum(os.times()[:4]) - cpu
    affected = sorted({path for path, bad in zip(paths, found, strict=True) if bad})
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "hosts": len(found), "affected": affected}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
