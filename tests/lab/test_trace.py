# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the trace on a guest, and what is left when it is cut short; ``./dev lab trace`` takes more."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_program import render_trace

from tests.lab.guest import Guest, Plan, running
from tests.lab.kernel import kernel
from tests.lab.tracing import LEAKERS, in_use, trace, trace_runs, write_trace_figures
from tests.playbook import inventory, own

_TRACING = "/sys/kernel/tracing"
_ON = f"grep -qx 1 {_TRACING}/instances/fleetcare_pagealloc/events/kmem/mm_page_alloc/enable"
_STATE = "/run/fleetcare-pagealloc-trace"
#: So many times the program is killed, each time a little later: from before it turns anything on until it reads the trace.
_KILLS, _STEP_SECONDS = 12, 0.7


def test_the_trace_names_who_leaks_and_nobody_else(tmp_path: Path) -> None:
    runs = list(trace_runs(2, 2026, lambda line: None, (), [kernel()]))
    figures = write_trace_figures(runs, tmp_path / "trace.json")
    assert json.loads((tmp_path / "trace.json").read_text()) == figures
    assert figures["runs"] == 2 * len(LEAKERS)
    assert figures["wrong"] == []


@pytest.fixture(scope="module")
def leaking() -> Iterator[Guest]:
    with running(Plan("legacy", (512,), ("lab.blocks_per_packet=4",)), "trace-playbook") as guest:
        yield guest


def _words(folder: Path, guest: Guest) -> tuple[str, ...]:
    hosts = inventory(folder, {"leaks": guest.variables(), "other": {"ansible_host": "127.0.9.9"}})
    return ("fleetcare.pagealloc.trace", "-i", str(hosts), "--limit", "leaks", "-e", "trace_seconds=12")


def test_the_playbook_names_the_driver(leaking: Guest, tmp_path: Path) -> None:
    words = _words(tmp_path, leaking)
    refused = own().run("ansible-playbook", *words, folder=tmp_path, check=False)
    assert "tracefs on /sys/kernel/tracing, and it is not mounted" in " ".join(refused.stdout.split())
    with in_use(leaking, LEAKERS["leaking driver"], random.Random(1)):
        own().run("ansible-playbook", *words, "-e", "trace_mount=true", folder=tmp_path)
    result = json.loads((tmp_path / "pagealloc-trace" / "leaks.json").read_text())
    assert [row["module"] for row in result["callers"] if row["leaks"]] == ["mlx4_en"]
    _is_off(leaking)


@pytest.mark.parametrize(
    "cable",
    [
        pytest.param(True, id="the controller dies"),
        pytest.param(False, id="the connection breaks, and nobody tells the host", marks=pytest.mark.lab_long),
    ],
)
def test_a_controller_that_is_gone_leaves_tracing_off(leaking: Guest, tmp_path: Path, cable: bool) -> None:
    (tmp_path / "home").mkdir()
    run = subprocess.Popen(
        [str(own().programs / "ansible-playbook"), *_words(tmp_path, leaking), "-e", "trace_mount=true"],
        cwd=tmp_path, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=own().environment(tmp_path / "home"),
    )  # fmt: skip
    leaking.wait_until(_ON, 120)
    leaking.qmp("set_link", name="reach", up=cable)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    time.sleep(0 if cable else 40)
    leaking.qmp("set_link", name="reach", up=True)
    leaking.wait_until(f"[ ! -d {_STATE} ]", 120)
    _is_off(leaking)


@pytest.mark.lab_long  # test_trace_program.py kills it at each step, on files that look like tracing
def test_killed_at_any_step_the_kernels_tracing_is_off(leaking: Guest) -> None:
    _lay_program(leaking, 4)
    for step in range(_KILLS):
        _start(leaking, f"sleep {step * _STEP_SECONDS:.1f}; kill -9 $!")
        leaking.wait_until("[ -e /tmp/killed ]", 60)
        leaking.run("sleep 2")  # a watchdog that was about to start
        leaking.wait_until(f"[ ! -f {_STATE}/guard ]", 90)
        _is_off(leaking)
    assert trace(leaking, 4)["outcome"] == "nothing_stays"
    _is_off(leaking)
    assert leaking.run(f"ls -d {_STATE} 2>&1 || true").strip().endswith("No such file or directory")


@pytest.mark.lab_long
def test_killed_with_its_watchdog_the_next_trace_turns_tracing_off(leaking: Guest) -> None:
    _lay_program(leaking, 200)
    _start(leaking, f"until {_ON}; do sleep 1; done; kill -9 $! $(cat {_STATE}/guard)")
    leaking.wait_until("[ -e /tmp/killed ]", 120)
    leaking.run(_ON)  # nobody is left who turns it off
    assert trace(leaking, 4)["outcome"] == "nothing_stays"
    _is_off(leaking)


def _lay_program(guest: Guest, seconds: int) -> None:
    program = render_trace("0" * 16, seconds=seconds, order=1, buffer_kb=1024, events_most=20000, mount=True, check=False)
    guest.run(f"cat >/tmp/program <<'END-OF-PROGRAM'\n{program}END-OF-PROGRAM")


def _start(guest: Guest, then: str) -> None:
    """The program on the guest, and beside it what is done to it."""
    guest.run("rm -f /tmp/killed")
    guest.leave(f"sh /tmp/program & {then}; : >/tmp/killed")


def _is_off(guest: Guest) -> None:
    """What the trace mounted is not mounted any more. Mounted once more, it has no instance and no event that is on."""
    assert guest.run("grep -c tracefs /proc/mounts || true").strip() == "0"
    look = f"mount -t tracefs nodev {_TRACING}; ls {_TRACING}/instances; cat {_TRACING}/events/enable; umount {_TRACING}"
    assert guest.run(look).split() == ["0"]
