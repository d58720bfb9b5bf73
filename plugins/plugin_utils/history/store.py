# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database of the history: SQLite in a file, or PostgreSQL. One audit is one transaction: it is there whole or not at all."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import HistoryError, Run
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.recorded_past import Seen
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

# As in tables.py: without SQLAlchemy this file can only be imported.
with suppress(ImportError):
    from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.tables import (
        HOSTS,
        METADATA,
        MIGRATIONS,
        OBSERVATIONS,
        RUNS,
        SCHEMA_VERSION,
        VERSION,
        verdict_counts_of,
        verdicts_cell,
    )
    from sqlalchemy import (
        URL,
        Column,
        Connection,
        Engine,
        Select,
        create_engine,
        delete,
        event,
        insert,
        inspect,
        make_url,
        select,
        update,
    )
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

#: How long one answer of the database may take.
_ANSWER_SECONDS = 20
#: Audits write to a PostgreSQL database one after another, as in SQLite. The number can be any that other programs do not use.
_LOCK = 0x706167656C6C6F63
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgresql+psycopg": "postgresql+psycopg"}


Taken = TypeVar("Taken")


class History:
    """The runs and observations of one database. Every method raises only HistoryError for errors of the database."""

    def __init__(self, url: str, *, write: bool = True) -> None:
        """``write``: without it nothing is stored, and no database is made."""
        self._url = _url_of(url)
        self._write = write
        path = self._url.database
        nothing_yet = self._url.drivername == "sqlite" and not (path and Path(path).exists())
        self._engine = _engine(URL.create("sqlite") if nothing_yet and not write else self._url)

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._engine.dispose()

    def add(self, run: Run, observations: Mapping[str, Observation]) -> None:
        """One audit with what it saw of each host."""
        with self._transaction() as connection:
            known = _host_ids(connection, run.label, observations)
            counted = verdicts_cell(Counter(one.verdict for one in observations.values()))
            number = connection.execute(insert(RUNS).values(**asdict(run), verdicts=counted).returning(RUNS.c.id)).scalar_one()
            rows = [{"run": number, "host": known[name], **one._asdict()} for name, one in observations.items()]
            if rows:
                connection.execute(insert(OBSERVATIONS), rows)

    def past(self, label: str, hosts: int, points: int) -> dict[str, list[Observation]]:
        """{host: its observations, newest first} of the newest audits of a fleet, until they cover ``points`` times ``hosts`` hosts."""
        with self._transaction() as connection:
            first = _first_run(connection, label, hosts * points)
            if first is None:
                return {}
            # A join with the hosts would send each name again for each audit, and a database without statistics may do it host by host.
            newest = select(RUNS.c.id).where(RUNS.c.label == label, RUNS.c.id >= first)
            asked = select(OBSERVATIONS.c.run, OBSERVATIONS.c.host, *_columns()).where(OBSERVATIONS.c.run.in_(newest))
            rows = sorted(connection.execute(asked).fetchall(), key=itemgetter(0), reverse=True)
            found: defaultdict[int, list[Observation]] = defaultdict(list)
            for row in rows:
                found[row[1]].append(Observation._make(row[2:]))
            names = _names(connection, label)
            return {names[host]: observations for host, observations in found.items()}

    def runs(self, label: str | None = None) -> list[Run]:
        """All audits, of all fleets or of one, newest first."""
        with self._transaction() as connection:
            return [Run(*row) for row in connection.execute(_all_runs(label))]

    def verdicts(self, label: str | None = None, most: int | None = None) -> list[tuple[Run, dict[str, int]]]:
        """As ``runs``, each with the number of hosts of each verdict; of all audits, or of the newest ones."""
        with self._transaction() as connection:
            runs = connection.execute(_all_runs(label, RUNS.c.verdicts).limit(most))
            return [(Run(*row[:-1]), verdict_counts_of(row[-1])) for row in runs]

    def observations(self, take: Callable[[Iterator[Seen]], Taken], label: str | None = None, host: str | None = None) -> Taken:
        """The result of ``take`` for all observations, of one fleet or of one host, oldest first. It gets them one by one."""
        wanted = [column == value for column, value in ((HOSTS.c.label, label), (HOSTS.c.name, host)) if value is not None]
        of_each = (HOSTS.c.label, RUNS.c.at_epoch_seconds, HOSTS.c.name, *_columns())
        asked = select(*of_each).join_from(OBSERVATIONS, HOSTS).join(RUNS).where(*wanted).order_by(OBSERVATIONS.c.run)
        with self._transaction() as connection:
            rows = connection.execution_options(yield_per=10_000).execute(asked)
            return take((fleet, audited, name, Observation._make(cells)) for fleet, audited, name, *cells in rows)

    def prune(self, older_than_epoch_seconds: int) -> int:
        """Delete the audits before that time, and return their number."""
        with self._transaction() as connection:
            gone = connection.execute(delete(RUNS).where(RUNS.c.at_epoch_seconds < older_than_epoch_seconds)).rowcount
            if gone:
                connection.execute(delete(HOSTS).where(HOSTS.c.id.not_in(select(OBSERVATIONS.c.host))))
            return gone

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection, connection.begin() as transaction:
                _bring_forward(connection)
                yield connection
                if not self._write:
                    transaction.rollback()
        except SQLAlchemyError as error:
            raise HistoryError(f"history database {_shown(self._url)}: {_told(error, self._url)}") from None
        except _WrongDatabaseError as error:
            raise HistoryError(f"history database {_shown(self._url)}: {error}") from None


class _WrongDatabaseError(Exception):
    """The database exists but may not be written."""


def _url_of(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise HistoryError("history database: not a URL of a database. Give sqlite:///FILE or postgresql://USER@HOST/NAME") from None
    if url.drivername not in _DRIVERS:
        raise HistoryError(f"history database {_shown(url)}: {clip(url.drivername, 40)} is not supported. Give sqlite or postgresql")
    return url.set(drivername=_DRIVERS[url.drivername])


def _engine(url: URL) -> Engine:
    sqlite = url.drivername == "sqlite"
    options = f"-c statement_timeout={_ANSWER_SECONDS * 1000}"
    limits = {"timeout": _ANSWER_SECONDS} if sqlite else {"connect_timeout": _ANSWER_SECONDS, "options": options}
    try:
        engine = create_engine(url, connect_args=limits)
    except (NoSuchModuleError, ModuleNotFoundError):
        raise HistoryError(f"history database {_shown(url)}: the controller has no psycopg. Run: pip install 'psycopg[binary]'") from None
    if sqlite:
        event.listen(engine, "connect", _set_up_sqlite)
    turn = "BEGIN IMMEDIATE" if sqlite else f"SELECT pg_advisory_xact_lock({_LOCK})"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(turn))
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver would start the transaction too late, and two audits could both read before they write
    _keep_wal(connection)
    for pragma in ("foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _keep_wal(connection: Any) -> None:
    """With this journal, audits can read while another one writes. If two processes choose it at the same moment, for a new database,
    SQLite does not wait but refuses one of them."""
    end = time.monotonic() + _ANSWER_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.05)


def _bring_forward(connection: Connection) -> None:
    """Make the tables of this version, or update an older version, within the transaction."""
    tables = set(inspect(connection).get_table_names())
    if VERSION.name not in tables:
        if tables & set(METADATA.tables) or (tables and connection.dialect.name == "sqlite"):
            raise _WrongDatabaseError("it has tables of another program. Name another database in audit_history")
        METADATA.create_all(connection)
        connection.execute(insert(VERSION).values(schema_version=SCHEMA_VERSION))
        return
    found = connection.execute(select(VERSION.c.schema_version)).scalar_one()
    if found > SCHEMA_VERSION:
        versions = f"schema {found}, this version knows {SCHEMA_VERSION}"
        raise _WrongDatabaseError(f"a newer version of the collection wrote it ({versions}). Update the collection on this controller")
    for version in range(found, SCHEMA_VERSION):
        MIGRATIONS[version](connection)
    if found < SCHEMA_VERSION:
        connection.execute(update(VERSION).values(schema_version=SCHEMA_VERSION))


def _columns() -> list[Column[Any]]:
    return [OBSERVATIONS.c[name] for name in Observation._fields]


def _all_runs(label: str | None, *more: Column[Any]) -> Select[Any]:
    """The columns of a Run, and ``more``, of each audit, newest first."""
    asked = select(*(RUNS.c[field.name] for field in fields(Run)), *more).order_by(RUNS.c.id.desc())
    return asked if label is None else asked.where(RUNS.c.label == label)


def _host_ids(connection: Connection, label: str, names: Mapping[str, object]) -> dict[str, int]:
    """Name -> id of the fleet's hosts. New names of ``names`` are added."""

    def known() -> dict[str, int]:
        return {name: number for number, name in _names(connection, label).items()}

    ids = known()
    new = [{"label": label, "name": name} for name in names if name not in ids]
    if not new:
        return ids
    connection.execute(insert(HOSTS), new)
    return known()


def _names(connection: Connection, label: str) -> dict[int, str]:
    """Id -> name of the fleet's hosts."""
    return dict(map(tuple, connection.execute(select(HOSTS.c.id, HOSTS.c.name).where(HOSTS.c.label == label))))


def _first_run(connection: Connection, label: str, hosts: int) -> int | None:
    """The oldest of the newest runs that together asked this many hosts."""
    first, asked = None, 0
    for number, count in connection.execute(select(RUNS.c.id, RUNS.c.hosts).where(RUNS.c.label == label).order_by(RUNS.c.id.desc())):
        first, asked = number, asked + count
        if asked >= hosts:
            break
    return first


def _shown(url: URL) -> str:
    return url.database or "in memory" if url.drivername == "sqlite" else url.render_as_string(hide_password=True)


def _told(error: SQLAlchemyError, url: URL) -> str:
    """The message of the database, in one line and without the password."""
    said = str(getattr(error, "orig", None) or error)
    if url.password:
        said = said.replace(str(url.password), "***")
    return clip(" ".join(said.split()), 300)
