# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each device of the audit's playbook saves: the same audit without it, by turns with the playbook as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure, by_turns
from tests.benchmarks.live import live_bench
from tests.benchmarks.processes import Run, ansible_playbook, measured
from tests.benchmarks.recorded_fleet import FORKS, make_fleet
from tests.benchmarks.size import Size

AUDIT = "fleetcare.pagealloc.audit"
_CHECK: dict[str, Any] = {"fleetcare.pagealloc.check_options": {"role": "audit"}, "run_once": True, "delegate_to": "localhost"}
_REPORT: dict[str, Any] = {
    "fleetcare.pagealloc.report": {"gathered": "got", "recorded": "audit_evidence", "history": ""},
    "run_once": True,
    "delegate_to": "localhost",
}


def _gather(**options: Any) -> dict[str, Any]:
    return {"fleetcare.pagealloc.gather": options, "register": "got", "ignore_errors": True, "ignore_unreachable": True}


#: A playbook that does without one device -> on recorded or on live hosts, and what differs.
DEVICES: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "role_vs_playbook": (
        "recorded",
        "the role, as a playbook of a site's own calls it",
        [{"roles": ["fleetcare.pagealloc.audit"]}],
    ),
    "asking_recorded_vs_not": (
        "recorded",
        "the same plays, but the second goes to recorded hosts too",
        [{"tasks": [_CHECK]}, {"tasks": [_gather(options_from="audit_", facts=False)]}, {"tasks": [_REPORT]}],
    ),
    "templates_vs_options_from": (
        "live",
        "the same plays, but the options of gather are templates",
        [
            {"tasks": [_CHECK]},
            {
                "tasks": [
                    _gather(
                        facts=False,
                        evidence="{{ audit_evidence | default(omit) }}",
                        timeout_seconds="{{ audit_timeout_seconds | default(omit) }}",
                        save_dir="{{ audit_save_dir | default(omit) }}",
                        pagetypeinfo="{{ audit_pagetypeinfo | default(omit) }}",
                    )
                ]
            },
            {"tasks": [_REPORT]},
        ],
    ),
    "facts_vs_transcripts": (
        "live",
        "the same plays, but each host's facts are made where it is gathered",
        [{"tasks": [_CHECK]}, {"tasks": [_gather(options_from="audit_")]}, {"tasks": [_REPORT]}],
    ),
}


def devices(folder: Path, size: Size) -> list[Figure]:
    (folder / "ansible.cfg").write_text("# None of /etc/ansible.\n")
    for name, (_hosts, _what, plays) in DEVICES.items():
        book = [{"hosts": "all", "gather_facts": False, **play} for play in plays]
        (folder / f"{name}.yml").write_text(json.dumps(book))
    return [*_on_recorded(folder, size), *_on_live(folder, size)]


def _on_recorded(folder: Path, size: Size) -> list[Figure]:
    hosts = size.fleets[0]
    inventory = make_fleet(folder, hosts)

    def play(playbook: str) -> Run:
        return measured(ansible_playbook(playbook, "-i", str(inventory), "-f", str(FORKS)), folder)

    return [_figure(name, size, f"{hosts:,} recorded hosts", play) for name in _played_on("recorded")]


def _on_live(folder: Path, size: Size) -> list[Figure]:
    (folder / "live").mkdir()
    with live_bench(folder / "live", size.live_hosts) as bench:

        def play(playbook: str) -> Run:
            return bench.play(str(folder / playbook) if playbook.endswith(".yml") else playbook)

        return [_figure(name, size, f"{size.live_hosts} hosts behind the local sshd", play) for name in _played_on("live")]


def _played_on(hosts: str) -> list[str]:
    return [name for name, (where, _what, _plays) in DEVICES.items() if where == hosts]


def _figure(name: str, size: Size, hosts: str, play: Callable[[str], Run]) -> Figure:
    pairs = by_turns(
        size.pairs, lambda: play(f"{name}.yml"), lambda: play(AUDIT), lambda one, other: f"{one.wall:.2f} s / {other.wall:.2f} s"
    )
    note = f"wall time, {DEVICES[name][1]} / {AUDIT}, {hosts}, {FORKS} forks"
    return Figure(name, [one.wall / other.wall for one, other in pairs], note)
