# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the trace on a guest, and what is left when it is killed; ``./dev lab trace`` takes more."""

from __future__ import annotations

import json
import random
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_program import render_trace

from tests.lab.guest import Guest, Plan, running
from tests.lab.kernel import kernel
from tests.lab.tracing import LEAKERS, in_use, trace_runs, write_trace_figures
from tests.playbook import inventory, own

_INSTANCE = "/sys/kernel/tracing/instances/fleetcare_pagealloc"


def test_the_trace_names_who_leaks_and_nobody_else(tmp_path: Path) -> None:
    runs = list(trace_runs(2, 2026, lambda line: None, (), [kernel()]))
    figures = write_trace_figures(runs, tmp_path / "trace.json")
    assert json.loads((tmp_path / "trace.json").read_text()) == figures
    assert figures["runs"] == 2 * len(LEAKERS)
    assert figures["wrong"] == []


def test_the_playbook_names_the_driver_and_a_killed_trace_leaves_nothing_on(tmp_path: Path) -> None:
    with running(Plan("legacy", (512,), ("lab.blocks_per_packet=4",)), "trace-playbook") as guest:
        hosts = inventory(tmp_path, {"leaks": guest.variables(), "other": {"ansible_host": "127.0.9.9"}})
        words = ("--limit", "leaks", "-e", "trace_seconds=12")
        refused = own().run("ansible-playbook", "fleetcare.pagealloc.trace", "-i", str(hosts), *words, folder=tmp_path, check=False)
        assert "tracefs on /sys/kernel/tracing, which is not mounted" in " ".join(refused.stdout.split())
        with in_use(guest, LEAKERS["leaking driver"], random.Random(1)):
            own().run("ansible-playbook", "fleetcare.pagealloc.trace", "-i", str(hosts), *words, "-e", "trace_mount=true", folder=tmp_path)
        result = json.loads((tmp_path / "pagealloc-trace" / "leaks.json").read_text())
        assert [row["module"] for row in result["callers"] if row["leaks"]] == ["mlx4_en"]
        _is_off(guest)
        program = render_trace("0" * 16, seconds=60, order=1, buffer_kb=1024, events_most=20000, mount=True, check=False)
        guest.run(f"cat >/tmp/program <<'END-OF-PROGRAM'\n{program}END-OF-PROGRAM")
        guest.leave("exec sh /tmp/program")
        guest.wait_until(f"grep -qx 1 {_INSTANCE}/tracing_on", 60)
        guest.run("kill -9 $(sed -n s/^run=//p /run/fleetcare-pagealloc-trace/off)")
        guest.wait_until("[ ! -d /run/fleetcare-pagealloc-trace ]", 60)
        _is_off(guest)


def _is_off(guest: Guest) -> None:
    """Tracing needs a file system that is not mounted any more."""
    assert guest.run("grep -c tracefs /proc/mounts || true").strip() == "0"
    assert guest.run("ls /run | grep -c pagealloc-trace$ || true").strip() == "0"
