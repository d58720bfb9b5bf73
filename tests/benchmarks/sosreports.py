# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sosreports of the size and member count of real ones: the audit and insights-core by turns, and a thousand in one run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.benchmarks.figures import Figure, by_turns, progress, rounded
from tests.benchmarks.processes import ansible_playbook, clean_environment, measured
from tests.benchmarks.size import Size
from tests.conftest import ROOT, SAMPLE_FLEET
from tests.tools.sosreports import Content, filler, records, report_of, write_archive, write_tree

_REQUIREMENTS = Path(__file__).with_name("requirements-insights.txt")
#: All reports have this folder at their root, so that streams of members can be put together.
_ROOT = "sosreport-db-2013-03-25-abcdefg"
#: Hosts whose verdict insights-core's rule can reach too: affected ones and healthy ones, of EL 6 to 9.
_HOSTS = ("db01-el63", "db03-el64-seed", "db05-el65", "app10-el7", "app11-el9", "db13-el64-numa")


def sos_tree(folder: Path, size: Size) -> list[Figure]:
    """Unpacked reports."""
    trees = [str(write_tree(folder / f"sosreport-{host}", members)) for host, members in _reports(size)]
    paths = trees * size.sos_rounds
    note = "hosts per second from unpacked trees, audit's inventory and verdicts / insights-core 3.8.4"
    return [_compare("sos_tree_vs_insights_hosts_per_second", folder, paths, size, 20.0, note, {})]


def sos_xz(folder: Path, size: Size) -> list[Figure]:
    """Packed reports, nothing in the cache."""
    paths = [str(_pack(folder / f"sosreport-{host}.tar.xz", members)) for host, members in _reports(size)]
    floors = [_floor(folder, paths) for _number in range(1 + size.pairs)][1:]
    note = "hosts per second from .tar.xz, empty cache, audit's inventory and verdicts / insights-core 3.8.4"
    more = {"floor_cpu_seconds": rounded(median(floors))}
    return [_compare("sos_xz_vs_insights_hosts_per_second", folder, paths, size, 3.0, note, more)]


def sos_fleet(folder: Path, size: Size) -> list[Figure]:
    """A thousand archives through the real ansible-playbook: first with an empty cache, then again."""
    inventory = _make_fleet(folder, size)
    words = ansible_playbook("fleetcare.pagealloc.audit", "-i", str(inventory), "-e", f"pagealloc_output_dir={folder / 'report'}")

    def audit() -> Any:
        run = measured(words, folder, sample_memory=True)
        counts = json.loads((folder / "report" / "fleet.json").read_text())["counts"]
        if sum(counts.values()) != size.sos_fleet or counts["unknown"]:
            raise RuntimeError(f"not {size.sos_fleet} hosts, all known, but {counts}")
        return run

    cold = audit()
    progress(f"  {size.sos_fleet} archives, nothing kept: {cold.wall:.0f} s, {cold.tree_mb:.0f} MB")
    warm = [audit() for _number in range(size.pairs)]
    more = {
        "hosts_per_second": round(size.sos_fleet / cold.wall, 1),
        "seconds": [round(median(run.wall for run in warm), 1), round(cold.wall, 1)],
        "peak_memory_mb": round(cold.tree_mb),
        "largest_process_mb": round(cold.largest_mb),
    }
    note = (
        f"time of an audit of {size.sos_fleet:,} .tar.xz of 20 MB each when all are in the cache / when none is, ansible-playbook and all"
    )
    return [Figure("sos_fleet_cached_vs_not", [run.wall / cold.wall for run in warm], note, None, more)]


def _compare(name: str, folder: Path, paths: list[str], size: Size, least: float, note: str, more: dict[str, Any]) -> Figure:
    """Each side as its users run it: insights-core takes one report after the other and unpacks to its temporary folder.

    Beside it stands what it does in as many processes as ours, unpacking to memory.
    """
    theirs = [str(insights_python()), str(Path(__file__).with_name("insights_audit.py"))]
    run_ours = _side([sys.executable, "-m", "tests.benchmarks.sos_audit", str(_cpus())], folder, paths)
    run_theirs = _side([*theirs, "1"], folder, paths)
    run_theirs_favoured = _side([*theirs, str(_cpus()), "/dev/shm"], folder, paths)
    one, other = run_ours(), run_theirs()  # compiles, and fills the caches of the machine
    if one["affected"] != other["affected"] or not one["affected"]:
        raise RuntimeError(f"the two sides do not find the same: {one['affected']} and {other['affected']}")

    def say(one: dict[str, Any], other: dict[str, Any]) -> str:
        return f"{_rate(one):.1f} / {_rate(other):.1f} hosts per second = {_rate(one) / _rate(other):.1f}"

    pairs = by_turns(size.pairs, run_ours, run_theirs, say)
    favoured = by_turns(min(3, size.pairs), run_ours, run_theirs_favoured, say)
    ours = rounded(median(_rate(pair[0]) for pair in pairs + favoured))
    more = {
        "hosts_per_second": ours,
        "insights_hosts_per_second": rounded(median(_rate(pair[1]) for pair in pairs)),
        "ratio_to_insights_favoured": rounded(median(_rate(a) / _rate(b) for a, b in favoured)),
        "ratio_of_cpu_time": rounded(median(b["cpu_seconds"] / a["cpu_seconds"] for a, b in pairs)),
        **more,
    }
    if "floor_cpu_seconds" in more:
        more["share_of_floor"] = rounded(more["floor_cpu_seconds"] / median(pair[0]["cpu_seconds"] for pair in pairs + favoured))
    note = (
        f"{note}, the same {len(set(paths))} reports of {size.sos_members:,} members and {_span(size)} MB; {_cpus()} processes against one"
    )
    return Figure(name, [_rate(a) / _rate(b) for a, b in pairs], note, None, more, least)


def _side(command: list[str], folder: Path, paths: list[str]) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        cache = folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        environment = {**clean_environment(folder / "home"), "PAGEALLOC_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, check=False, env=environment, cwd=folder)
        if done.returncode:
            raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stderr[-3000:]}")
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    return run


def _rate(result: dict[str, Any]) -> float:
    return float(result["hosts"] / result["seconds"])


def _cpus() -> int:
    return os.cpu_count() or 1


def _span(size: Size) -> str:
    return f"{min(size.sos_megabytes)} to {max(size.sos_megabytes)}"


def _floor(folder: Path, paths: list[str]) -> float:
    """CPU seconds that xz itself takes to unpack them all to nowhere: no reader of whole archives takes less."""
    before = sum(os.times()[2:4])
    subprocess.run(["xz", "-dc", *paths], stdout=subprocess.DEVNULL, check=True, cwd=folder)
    return sum(os.times()[2:4]) - before


def _reports(size: Size) -> list[tuple[str, dict[str, Content]]]:
    """(host, members): each of another size. What the kernel logged is in messages too, where insights-core's parser looks."""
    kept = records(SAMPLE_FLEET / "evidence")
    made = []
    for number, (host, megabytes) in enumerate(zip(_HOSTS, cycle(size.sos_megabytes), strict=False)):
        members: dict[str, Content] = {**filler(size.sos_members, megabytes * 1_000_000, number), **report_of(host, kept[host], "4")}
        messages = members["var/log/messages"]
        assert isinstance(messages, bytes)
        log = "".join(f"Mar 25 08:26:40 db kernel: {line}\n" for line in kept[host].texts["$dmesg"].splitlines())
        members["var/log/messages"] = messages + b"\n" + log.encode()
        made.append((host, members))
    return made


def _pack(path: Path, members: dict[str, Content]) -> Path:
    progress(f"  packing {path.name}")
    return write_archive(path, _ROOT, members)


def _make_fleet(folder: Path, size: Size) -> Path:
    """Archives of as many different hosts: each its own members in one stream of xz, then the filler in another."""
    reports = folder / "reports"
    reports.mkdir()
    (folder / "ansible.cfg").write_text("# None of /etc/ansible.\n")
    fillers = [write_archive(folder / f"filler-{n}.tar.xz", _ROOT, filler(size.sos_members, 20_000_000, n)).read_bytes() for n in range(4)]
    kept = records(SAMPLE_FLEET / "evidence")
    known = {host: record for host, record in kept.items() if host in _HOSTS}
    for number, (host, record) in enumerate(islice(cycle(known.items()), size.sos_fleet)):
        name = f"{host}-{number:04d}"
        own = write_archive(folder / "own.tar.xz", _ROOT, report_of(name, record, "4"), end=False).read_bytes()
        (reports / f"sosreport-{name}.tar.xz").write_bytes(own + fillers[number % len(fillers)])
    inventory = folder / "reports.yml"
    inventory.write_text(
        json.dumps({"plugin": "fleetcare.pagealloc.sosreport", "paths": [str(reports)], "cache_dir": str(folder / "cache")})
    )
    return inventory


def insights_python() -> Path:
    """The Python of an environment with insights-core, made once."""
    venv = ROOT / ".venv" / "insights"
    python = venv / "bin" / "python"
    stamp = venv / "stamp"
    wanted = _REQUIREMENTS.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(venv, ignore_errors=True)
        progress("  setting up .venv/insights, once ...")
        for command in ([sys.executable, "-m", "venv", str(venv)], [str(python), "-m", "pip", "install", "-q", "-r", str(_REQUIREMENTS)]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"insights-core does not install: {done.stderr[-300:]}")
        stamp.write_text(wanted)
    return python
