# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the history costs an audit: the same fleet with a database that knows many nights of it, and without one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import Run as AuditRun
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import default_url
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation, observation_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.store import History
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from sqlalchemy import create_engine, text

from tests.benchmarks.figures import Figure, by_turns, progress, rounded
from tests.benchmarks.processes import Run, ansible_playbook, measured
from tests.benchmarks.recorded_fleet import FORKS, make_fleet
from tests.benchmarks.size import Size
from tests.conftest import SAMPLE_FLEET
from tests.postgres import running_postgres

_DAY_SECONDS = 86400
_LABEL = "bench"
#: Long ago, so that no audit of the benchmark prunes it.
_KEEP_DAYS = 100_000


def history(folder: Path, size: Size) -> list[Figure]:
    """SQLite and PostgreSQL, each beside an audit without a history."""
    (folder / "ansible.cfg").write_text("# None of /etc/ansible.\n")
    hosts, nights = size.fleets[1], size.nights
    inventory = make_fleet(folder, hosts)
    figures = []
    for name, opened in (("sqlite", _sqlite), ("postgresql", _postgresql)):
        with opened(folder) as (url, bytes_of):
            progress(f"  {name}: {nights} nights of {hosts:,} hosts are written ...")
            _fill(url, hosts, nights)
            filled = bytes_of()

            def audit(kept: str, url: str = url) -> Run:
                options = {
                    "pagealloc_output_dir": folder / "report",
                    "audit_history": url if kept else "none",
                    "audit_history_label": _LABEL,
                }
                words = [word for option, value in options.items() for word in ("-e", f"{option}={value}")]
                more = ("-e", f"audit_history_keep_days={_KEEP_DAYS}")
                return measured(
                    ansible_playbook("fleetcare.pagealloc.audit", "-i", str(inventory), "-f", str(FORKS), *words, *more), folder
                )

            audit("")  # compiles what is new
            pairs = by_turns(size.pairs, lambda: audit("kept"), lambda: audit(""), _told)
            note = f"wall time of an audit of {hosts:,} recorded hosts with {nights} nights in {name} / without a history"
            more = {
                "database_mb": round(filled / 1e6, 1),
                "bytes_per_row": round(filled / (hosts * nights), 1),
                "cpu_ratios": [rounded(one.cpu / other.cpu) for one, other in pairs],
            }
            figures.append(
                Figure(f"audit_with_history_vs_without_{name}", [one.wall / other.wall for one, other in pairs], note, 1.10, more)
            )
    return figures


def _told(one: Run, other: Run) -> str:
    return f"{one.wall / other.wall:.3f} by wall time, {one.cpu / other.cpu:.3f} by CPU"


def _fill(url: str, hosts: int, nights: int) -> None:
    """The sample fleet's observations, night after night, under the names that make_fleet gives."""
    records = sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))
    judged = judge_fleet({path.stem: Gathered.from_record(str(path)) for path in records}, [], comparing=False)["hosts"]
    seen = {path.stem: observation_of(judged[path.stem], 0) for path in records}
    named = {f"{path.stem}-{number:05d}": seen[path.stem] for number, path in enumerate(islice(cycle(records), hosts))}
    with History(url) as database:
        for ago in range(nights, 0, -1):
            run = AuditRun(_LABEL, 1_700_000_000 - ago * _DAY_SECONDS, hosts, whole_fleet=True, collection_version="0.1.0")
            database.add(run, {name: _on_night(one, ago) for name, one in named.items()})


def _on_night(one: Observation, ago: int) -> Observation:
    """That of the sample, so many nights earlier, with figures that move: else no slope would be reckoned."""
    free_kb = None if one.free_kb is None else one.free_kb + 37 * (ago % 11)
    headroom = None if one.headroom is None else " ".join(str(int(number) + ago % 7) for number in one.headroom.split())
    return one._replace(at_epoch_seconds=one.at_epoch_seconds - ago * _DAY_SECONDS, free_kb=free_kb, headroom=headroom)


@contextmanager
def _sqlite(folder: Path) -> Iterator[tuple[str, Callable[[], int]]]:
    place = folder / "sqlite"
    place.mkdir()
    try:
        yield default_url(str(place)), lambda: sum(file.stat().st_size for file in place.iterdir())
    finally:
        shutil.rmtree(place)


@contextmanager
def _postgresql(_folder: Path) -> Iterator[tuple[str, Callable[[], int]]]:
    with running_postgres() as server:
        engine = create_engine(server.url.replace("postgresql:", "postgresql+psycopg:"))

        def size() -> int:
            with engine.begin() as connection:
                return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())

        try:
            yield server.url, size
        finally:
            engine.dispose()
