# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the history, and how an older database is updated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

# ansible-test imports each file where SQLAlchemy is not installed. keeping.open_history tells the user.
with suppress(ImportError):
    from sqlalchemy import BigInteger, Boolean, Column, Connection, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint, text

    METADATA = MetaData()

    #: One row: the version of these tables. Its name shows that the database is ours.
    VERSION = Table("pagealloc_history", METADATA, Column("schema_version", Integer, nullable=False))

    #: One row for each audit. ``label``: the fleet; ``hosts``: how many were asked; ``whole_fleet``: every host of the inventory was
    #: asked; ``verdicts``: each verdict with its number of hosts, "affected 3 clear 9997".
    RUNS = Table(
        "pagealloc_run",
        METADATA,
        Column("id", Integer, primary_key=True),
        Column("label", String(200), nullable=False, index=True),
        Column("at_epoch_seconds", BigInteger, nullable=False),
        Column("hosts", Integer, nullable=False),
        Column("whole_fleet", Boolean, nullable=False),
        Column("collection_version", String(40), nullable=False),
        Column("verdicts", String(400), nullable=False, server_default=""),
    )

    #: Each name is stored once, because a fleet of thousands uses the same names every night.
    HOSTS = Table(
        "pagealloc_host",
        METADATA,
        Column("id", Integer, primary_key=True),
        Column("label", String(200), nullable=False),
        Column("name", String(255), nullable=False),
        UniqueConstraint("label", "name"),
    )

    #: One row for each host and audit; observation.py describes the columns. SQLite keeps them in the order of the key: an audit reads
    #: those of the newest runs.
    OBSERVATIONS = Table(
        "pagealloc_observation",
        METADATA,
        Column("run", ForeignKey("pagealloc_run.id", ondelete="CASCADE"), primary_key=True),
        Column("host", ForeignKey("pagealloc_host.id", ondelete="CASCADE"), primary_key=True),
        Column("verdict", String(20), nullable=False),
        Column("at_epoch_seconds", BigInteger, nullable=False),
        Column("kernel", String(128)),
        Column("booted_epoch_seconds", BigInteger),
        Column("step", Integer),
        Column("headroom", String(1400)),
        Column("free_kb", BigInteger),
        Column("failures", BigInteger),
        Column("min_free_kbytes", BigInteger),
        Column("zone_reclaim_mode", Integer),
        Column("order", Integer),
        Column("available_kb", BigInteger),
        Column("unaccounted_kb", BigInteger),
        Column("unreclaimable_slab_kb", BigInteger),
        Column("causes", String(200)),
        sqlite_with_rowid=False,
    )


def _keep_the_order(connection: Connection) -> None:
    """Version 1 did not store the order by which a host was judged."""
    connection.execute(text('ALTER TABLE pagealloc_observation ADD COLUMN "order" INTEGER'))


def _keep_the_account(connection: Connection) -> None:
    """Version 2 did not store where the memory went, and why."""
    for column in ("available_kb BIGINT", "unaccounted_kb BIGINT", "unreclaimable_slab_kb BIGINT", "causes VARCHAR(200)"):
        connection.execute(text(f"ALTER TABLE pagealloc_observation ADD COLUMN {column}"))


def _count_the_verdicts(connection: Connection) -> None:
    """Version 3 counted them each time."""
    connection.execute(text("ALTER TABLE pagealloc_run ADD COLUMN verdicts VARCHAR(400) NOT NULL DEFAULT ''"))
    counted: dict[int, dict[str, int]] = {}
    for run, verdict, hosts in connection.execute(text("SELECT run, verdict, COUNT(*) FROM pagealloc_observation GROUP BY run, verdict")):
        counted.setdefault(run, {})[verdict] = hosts
    for run, counts in counted.items():
        connection.execute(RUNS.update().where(RUNS.c.id == run).values(verdicts=verdicts_cell(counts)))


def verdicts_cell(counts: Mapping[str, int]) -> str:
    """How many hosts had each verdict, in the form of a run."""
    return " ".join(f"{verdict} {hosts}" for verdict, hosts in counts.items())


def verdict_counts_of(cell: str) -> dict[str, int]:
    """The same, read back."""
    words = cell.split()
    return {verdict: int(hosts) for verdict, hosts in zip(words[::2], words[1::2], strict=True)}


#: Version -> the update of a database from that version to the next. The last key plus one is the version of the tables above.
MIGRATIONS: dict[int, Callable[[Connection], None]] = {1: _keep_the_order, 2: _keep_the_account, 3: _count_the_verdicts}

SCHEMA_VERSION = max(MIGRATIONS, default=0) + 1
