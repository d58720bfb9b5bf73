# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trace's program in every shell, on hosts that are folders: it turns on, answers, and leaves all as it was, however it ends."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_answer import TraceRefusedError, read_trace
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_program import render_trace

from tests.security.workaround_host import NONCE, SHELLS
from tests.unit.plugins.plugin_utils.trace.traced_host import OLD_EVENTS, TracedHost

EACH_SHELL = pytest.mark.parametrize("shell", SHELLS)
#: dropbear (MAX_CMD_LEN) takes no command of more than 9000 bytes, and "sh -c" and become's words come around the program.
MOST_BYTES = 8900
LARGEST: dict[str, Any] = {"seconds": 300, "order": 10, "buffer_kb": 65536, "events_most": 1000000, "mount": True, "check": False}


def host_of(folder: Path, kind: str) -> TracedHost:
    """``old``: one tracing for all, as RHEL 6 has it."""
    return TracedHost(folder, instances=False, events=OLD_EVENTS) if kind == "old" else TracedHost(folder)


EACH_KIND = pytest.mark.parametrize("kind", ["new", "old"])


def test_it_is_not_too_long_for_an_sshd() -> None:
    assert len(shlex.quote(render_trace(NONCE, **LARGEST)).encode()) < MOST_BYTES


@pytest.mark.parametrize("name", ["seconds", "order", "buffer_kb", "events_most"])
@pytest.mark.parametrize("value", ["1; reboot", "1", True, -1, 1.0, None])
def test_nothing_but_a_number_gets_into_it(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        render_trace(NONCE, **{**LARGEST, name: value})


@EACH_SHELL
@EACH_KIND
def test_it_traces_and_leaves_all_as_it_was(tmp_path: Path, kind: str, shell: str) -> None:
    host = host_of(tmp_path, kind)
    before = host.left()
    result = read_trace(host.ask(shell), NONCE, 2)
    assert (result["outcome"], result["seconds"], result["events"]) == ("nothing_stays", 2, 2)
    (row,) = result["callers"]
    assert (row["caller"], row["taken_blocks"], row["given_back_blocks"]) == ("receive [mlx4_en]", 1, 1)
    after = host.left()
    if kind == "old":
        assert after.pop("buffer_size_kb") == "7\n"
        assert {after.pop(f"events/kmem/{event}/filter") for event in OLD_EVENTS} == {"0\n", "none\n"}
        before = {name: text for name, text in before.items() if name in after}
    assert after == before
    assert list(host.run_folder.iterdir()) == []


def test_the_filter_is_on_the_order(tmp_path: Path) -> None:
    host = host_of(tmp_path, "old")
    text = host.program(order=3).replace('put 0 "$event/filter"', "true")
    host.start("dash", text).communicate(timeout=60)
    assert (host.top / "events/kmem/mm_page_alloc/filter").read_text() == "order >= 3\n"
    assert (host.top / "events/kmem/mm_pagevec_free/filter").read_text() == "none\n", "it has no order, and frees single pages"


@EACH_KIND
@pytest.mark.parametrize("shell", ["dash", "busybox ash"])
def test_check_mode_turns_on_nothing(tmp_path: Path, kind: str, shell: str) -> None:
    host = host_of(tmp_path, kind)
    before = host.left()
    assert read_trace(host.ask(shell, check=True), NONCE, 2)["outcome"] == "planned"
    assert host.left() == before
    assert list(host.run_folder.iterdir()) == []


def refusal(host: TracedHost, **choices: Any) -> str:
    before = host.left()
    with pytest.raises(TraceRefusedError) as error:
        read_trace(host.ask("dash", **choices), NONCE, 2)
    assert host.left() == before
    assert not host.state.exists()
    return str(error.value)


def test_it_refuses_where_somebody_else_traces(tmp_path: Path) -> None:
    host = host_of(tmp_path, "old")
    (host.top / "current_tracer").write_text("function\n")
    assert "current_tracer is function" in refusal(host)
    (host.top / "current_tracer").write_text("nop\n")
    (host.top / "set_event").write_text("kmem:kmalloc\n")
    assert "set_event names events" in refusal(host)


def test_with_instances_another_tracing_is_no_hindrance(tmp_path: Path) -> None:
    host = host_of(tmp_path, "new")
    (host.top / "current_tracer").write_text("function\n")
    before = host.left()
    assert read_trace(host.ask(), NONCE, 2)["outcome"] == "nothing_stays"
    assert host.left() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("echo 'none integrity [confidentiality]' >lockdown", "locked down"),
        ("rm -r tracing/events/kmem/mm_page_free", "no tracepoints"),
        ("rm -r tracing/events/kmem/mm_page_alloc", "no tracepoints"),
        ("rm tracing/tracing_on; mkdir tracing/tracing_on", "cannot be written"),
        ("rm tracing/set_event", "not mounted"),
        ("rm tracing/set_event; echo ext4 >filesystems", "neither tracefs nor debugfs"),
    ],
)
def test_it_refuses_where_tracing_cannot_be(tmp_path: Path, change: str, said: str) -> None:
    host = host_of(tmp_path, "new")
    subprocess.run(change, shell=True, cwd=tmp_path, check=True)
    assert said in refusal(host)


def test_it_mounts_only_where_that_was_asked_for_and_unmounts(tmp_path: Path) -> None:
    host = host_of(tmp_path, "new")
    host.unmount()
    assert "not mounted" in refusal(host)
    assert "Would mount tracefs" in read_trace(host.ask(check=True, mount=True), NONCE, 2)["sentences"][0]
    assert not (tmp_path / "mounts").exists()
    assert read_trace(host.ask(mount=True), NONCE, 2)["events"] == 2
    assert (tmp_path / "mounts").read_text() == f"-t tracefs nodev {host.top}\n"
    assert (tmp_path / "unmounts").read_text() == f"{host.top}\n"
    assert list(host.top.iterdir()) == []


def test_two_at_once_refuse_each_other(tmp_path: Path) -> None:
    host = host_of(tmp_path, "new")
    first = host.start("dash", host.program(seconds=60))
    while not (host.state / "guard").exists():
        assert first.poll() is None
    with pytest.raises(TraceRefusedError, match="busy"):
        read_trace(host.ask(), NONCE, 2)
    assert read_trace(first.communicate(timeout=60)[0], NONCE, 60)["seconds"] == 60


def test_a_flood_of_events_ends_it_early(tmp_path: Path) -> None:
    host = host_of(tmp_path, "old")
    (host.top / "per_cpu/cpu0/stats").write_text("entries: 600\noverrun: 500\n")
    result = read_trace(host.ask(seconds=30, events_most=1000), NONCE, 30)
    assert (result["seconds"], result["records"], result["lost_records"]) == (1, 1100, 500)
    assert "It ended after 1 of 30 seconds, because there were 1,100 records." in result["sentences"]


@EACH_KIND
@pytest.mark.slow("a trace is killed at each of its steps")
def test_killed_at_any_step_it_leaves_tracing_off(tmp_path: Path, kind: str) -> None:
    """Before each of its commands. Afterwards the next run finds nothing in its way."""
    whole, _errors = host_of(tmp_path / "count", kind).start("bash", _counting(host_of(tmp_path / "c", kind).program(), 0)).communicate()
    assert "commands:" in whole
    number = int(whole.split("commands:")[1].split()[0])
    assert number > 80
    with ThreadPoolExecutor(4) as together:  # they sleep most of the time
        killed = list(together.map(lambda step: _killed_at(tmp_path / str(step), kind, step), range(1, number)))
    assert all(killed[: number - _WAITED])


#: Commands of the loops that wait a second: a run that waits once less has fewer, and ends before its last steps.
_WAITED = 40


def _killed_at(folder: Path, kind: str, step: int) -> bool:
    """Whether it was killed; it was not where this run had fewer commands."""
    host = host_of(folder, kind)
    before = host.left()
    program = host.start("bash", _counting(host.program(), step))
    said, _errors = program.communicate(timeout=60)
    if program.returncode == 0:
        assert int(said.split("commands:")[1].split()[0]) < step
        return False
    assert program.returncode == -signal.SIGKILL, step
    host.wait_until_off()
    _is_off(host, before, step)
    assert _outcome_once_the_watchdog_is_gone(host) == "nothing_stays", step
    assert list(host.run_folder.iterdir()) == [], step
    shutil.rmtree(folder)
    return True


def _outcome_once_the_watchdog_is_gone(host: TracedHost) -> str:
    """It has turned tracing off, and ends in a moment: on a machine with much to do this one comes later."""
    for _second in range(60):
        try:
            return read_trace(host.ask(), NONCE, 2)["outcome"]
        except TraceRefusedError as error:
            if not str(error).startswith("busy: An earlier trace was killed"):
                raise
            time.sleep(1)
    raise TimeoutError("the watchdog of a killed trace does not end")


def _counting(program: str, step: int) -> str:
    """The program in bash, which ends itself before its command of that number."""
    trap = f"commands=$((commands + 1)); [ $commands != {step} ] || kill -9 $$"
    return f"commands=0\nset -T\ntrap '{trap}' DEBUG\n" + program.replace(
        'printf "%s\\n%s%s\\n"', 'echo "commands:$commands"\nprintf "%s\\n%s%s\\n"'
    )


def _is_off(host: TracedHost, before: dict[str, str], step: int) -> None:
    left = host.left()
    assert not host.instance.exists(), step
    assert left["tracing_on"] == before["tracing_on"], step
    assert left["options that are on"] == "", step
    assert {left[name] for name in left if name.endswith("/enable")} == {"0\n"}, step
    assert int(left["buffer_size_kb"].split()[0]) == 7, step


def test_what_was_killed_with_its_watchdog_the_next_run_turns_off(tmp_path: Path) -> None:
    host = host_of(tmp_path, "old")
    before = host.left()
    run = host.start("dash", host.program(seconds=300))
    while (host.top / "events/kmem/mm_page_free_direct/enable").read_text() != "1\n":
        assert run.poll() is None
    os.kill(int((host.state / "guard").read_text()), signal.SIGKILL)
    run.kill()
    run.wait()
    assert host.state.exists()
    assert read_trace(host.ask(), NONCE, 2)["outcome"] == "nothing_stays"
    _is_off(host, before, 0)


def test_what_such_a_run_mounted_is_unmounted_and_mounted_anew(tmp_path: Path) -> None:
    host = host_of(tmp_path, "new")
    host.unmount()
    run = host.start("dash", host.program(seconds=300, mount=True))
    while not host.instance.exists():
        assert run.poll() is None
    os.kill(int((host.state / "guard").read_text()), signal.SIGKILL)
    run.kill()
    run.wait()
    assert "not mounted" in _refused_by_what_is_left(host)
    assert read_trace(host.ask(mount=True), NONCE, 2)["outcome"] == "nothing_stays"
    assert not host.instance.exists()
    assert list(host.top.iterdir()) == []
    assert list(host.run_folder.iterdir()) == []


def _refused_by_what_is_left(host: TracedHost) -> str:
    """What a run says that may not mount: it has cleaned up after the other all the same."""
    with pytest.raises(TraceRefusedError) as error:
        read_trace(host.ask(), NONCE, 2)
    assert not host.state.exists()
    return str(error.value)


def test_its_time_over_the_watchdog_turns_off_though_the_run_hangs(tmp_path: Path) -> None:
    host = host_of(tmp_path, "new")
    run = host.start("dash", host.program(seconds=200))
    while not (host.state / "guard").exists():
        assert run.poll() is None
    os.kill(run.pid, signal.SIGSTOP)
    host.wait_until_off()
    assert not host.instance.exists()
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
