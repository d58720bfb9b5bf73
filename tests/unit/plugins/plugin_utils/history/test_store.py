# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite and PostgreSQL, both real: an audit is there whole or not at all, and a fault is named without the password."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history import tables
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import HistoryError, Run, default_url
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.store import History
from sqlalchemy import create_engine, text

from tests.conftest import tool
from tests.postgres import PASSWORD, Postgres, running_postgres

_DAY = 86400


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return default_url(str(tmp_path))
    return emptied(request.getfixturevalue("postgres"))


def emptied(server: Postgres) -> str:
    """The URL of the server's database, with nothing in it."""
    engine = create_engine(server.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return server.url


def run(night: int = 0, label: str = "fleet", hosts: int = 2, whole_fleet: bool = True) -> Run:
    return Run(label, night * _DAY, hosts, whole_fleet, "0.1.0")


FULL = Observation("affected", 5, "2.6.32-358.el6.x86_64", 1, 2, "9 4 1", 2**40, 2**40, 262144, 1, 2, 2**41, 0, 7, "leak exhaustion")
EMPTY = Observation("unreachable", 6, causes="")


def test_what_is_kept_comes_back(url: str) -> None:
    with History(url) as history:
        history.add(run(), {"a": FULL, "b": EMPTY})
        history.add(run(1), {"a": EMPTY, "c": FULL})
        assert history.past("fleet", 2, 10) == {"a": [EMPTY, FULL], "b": [EMPTY], "c": [FULL]}
        assert history.runs() == [run(1), run()]


def test_without_leave_to_write_nothing_is_kept(url: str, tmp_path: Path) -> None:
    with History(url, write=False) as history:
        history.add(run(), {"a": FULL})
        assert history.runs() == [] and not (tmp_path / "history.db").exists()
    with History(url) as history:
        history.add(run(), {"a": FULL})
    with History(url, write=False) as history:
        history.add(run(1), {"a": FULL})
        assert history.runs() == [run()]


def test_fleets_are_kept_apart(url: str) -> None:
    with History(url) as history:
        history.add(run(label="north"), {"a": FULL})
        history.add(run(label="south"), {"a": EMPTY})
        assert history.past("south", 1, 10) == {"a": [EMPTY]}
        assert [one.label for one in history.runs("north")] == ["north"]


def test_only_as_many_audits_are_read_as_are_asked_for(url: str) -> None:
    with History(url) as history:
        for night in range(5):
            history.add(run(night), {"a": FULL._replace(at_epoch_seconds=night), "b": EMPTY})
        assert [one.at_epoch_seconds for one in history.past("fleet", 2, 2)["a"]] == [4, 3]


def test_parts_of_a_fleet_count_as_parts(url: str) -> None:
    """Four slices a night: the last two audits of each host take the last eight runs."""
    with History(url) as history:
        for night in range(3):
            for name in "abcd":
                history.add(run(night, hosts=1, whole_fleet=False), {name: EMPTY._replace(at_epoch_seconds=night)})
        assert {name: len(past) for name, past in history.past("fleet", 4, 2).items()} == dict.fromkeys("abcd", 2)


def test_old_audits_go_with_all_that_they_saw(url: str) -> None:
    with History(url) as history:
        history.add(run(0), {"old": FULL})
        history.add(run(9), {"new": FULL})
        assert history.prune(5 * _DAY) == 1 and history.prune(5 * _DAY) == 0
        assert list(history.past("fleet", 9, 9)) == ["new"] and history.runs() == [run(9)]


@pytest.mark.parametrize("name", ["x'; DROP TABLE pagealloc_run; --", "é\U0001f525" * 20, "a" * 255, " a", "A", "%s"])
def test_names_are_only_names(url: str, name: str) -> None:
    with History(url) as history:
        history.add(run(), {name: FULL, "a": EMPTY})
        assert history.past("fleet", 9, 9) == {name: [FULL], "a": [EMPTY]}


def _add_nights(url: str, label: str, nights: int) -> None:
    with History(url) as history:
        for night in range(nights):
            history.add(run(night, label), {f"host{number}": FULL for number in range(50)})


def test_audits_that_write_at_once_are_all_there(url: str) -> None:
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_add_nights, args=(url, f"fleet{number % 2}", 5)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0] * 4
    with History(url) as history:
        assert len(history.runs()) == 20
        assert all(len(past) == 10 for past in history.past("fleet0", 50, 20).values())


def _first_look(url: str, start: Barrier) -> None:
    start.wait(60)
    with History(url) as history:
        history.runs()


def test_audits_that_make_the_database_at_once_all_have_it(tmp_path: Path) -> None:
    """Without care about one round in eight lost an audit."""
    forked = multiprocessing.get_context("fork")
    for number in range(40):
        (tmp_path / f"{number}").mkdir()
        start = forked.Barrier(4)
        audits = [forked.Process(target=_first_look, args=(default_url(str(tmp_path / f"{number}")), start)) for _ in range(4)]
        for audit in audits:
            audit.start()
        for audit in audits:
            audit.join(60)
        assert [audit.exitcode for audit in audits] == [0] * 4, number


def test_a_writer_that_is_killed_leaves_nothing_half_done(url: str) -> None:
    """Killed at ten moments: each run has all of its hosts, and the next audit can write."""
    kept = 0
    for pause in range(1, 11):
        writer = multiprocessing.get_context("fork").Process(target=_add_nights, args=(url, "fleet", 10_000))
        writer.start()
        before, kept = kept, _wait_for_more_than(kept, url)
        assert kept > before
        time.sleep(0.007 * pause)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join(60)
    with History(url) as history:
        history.add(run(300, hosts=50), {f"host{number}": FULL for number in range(50)})
        runs = len(history.runs())
        past = history.past("fleet", 50, 10**6)
        assert runs > 1 and {len(observations) for observations in past.values()} == {runs}


def _wait_for_more_than(kept: int, url: str) -> int:
    """How many audits the database has, once it has more than so many."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with History(url) as history:
            runs = len(history.runs())
        if runs > kept:
            return runs
        time.sleep(0.01)
    return kept


def test_an_older_database_is_brought_forward(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with History(url) as history:
        history.add(run(), {"a": FULL})
    newest = tables.SCHEMA_VERSION
    steps = {newest: lambda connection: connection.execute(text("ALTER TABLE pagealloc_run ADD COLUMN extra INTEGER"))}
    monkeypatch.setattr(tables, "MIGRATIONS", steps)
    for module in ("store", "tables"):
        monkeypatch.setattr(f"ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.{module}.SCHEMA_VERSION", newest + 1)
    monkeypatch.setattr("ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.store.MIGRATIONS", steps)
    with History(url) as history:
        assert history.runs() == [run()]
    monkeypatch.undo()
    with pytest.raises(HistoryError, match=rf"newer version .* \(schema {newest + 1}, .* knows {newest}\)"), History(url) as history:
        history.runs()


#: Version -> the columns that came with the next one.
_CAME = {1: ["order"], 2: ["available_kb", "unaccounted_kb", "unreclaimable_slab_kb", "causes"], 3: []}


@pytest.mark.parametrize("version", _CAME)
def test_a_database_of_an_older_version_gets_its_columns(url: str, version: int) -> None:
    with History(url) as history:
        history.add(run(), {"a": FULL})
    came = [column for older, columns in _CAME.items() if older >= version for column in columns]
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        for column in came:
            connection.execute(text(f'ALTER TABLE pagealloc_observation DROP COLUMN "{column}"'))
        connection.execute(text("ALTER TABLE pagealloc_run DROP COLUMN verdicts"))
        connection.execute(text(f"UPDATE pagealloc_history SET schema_version = {version}"))
    engine.dispose()
    with History(url) as history:
        history.add(run(1), {"a": FULL})
        assert history.past("fleet", 1, 10) == {"a": [FULL, FULL._replace(**dict.fromkeys(came))]}
        assert history.verdicts() == [(run(1), {"affected": 1}), (run(), {"affected": 1})]


def test_the_newest_audits_alone_are_counted(url: str) -> None:
    with History(url) as history:
        for night in range(4):
            history.add(run(night), {"a": FULL, "b": EMPTY})
        history.add(run(9, label="other"), {"a": FULL})
        assert history.verdicts("fleet", most=2) == [(run(night), {"affected": 1, "unreachable": 1}) for night in (3, 2)]
        assert len(history.verdicts()) == 5


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(HistoryError, match="tables of another program"), History(default_url(str(tmp_path))) as history:
        history.runs()
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_text("not a database at all, but long enough to look at" * 20)
    named = f"{tmp_path}/history.db: file is not a database"
    with pytest.raises(HistoryError, match=named), History(default_url(str(tmp_path))) as history:
        history.runs()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="unable to open database file"), History(default_url(str(tmp_path / "none"))) as history:
        history.runs()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nonsense", "not a URL of a database"),
        ("mysql://user:hidden1word@host/name", "mysql is not supported"),
        ("postgresql://user:hidden1word@127.0.0.1:1/name", "refused"),
    ],
)
def test_a_wrong_url_is_named_without_its_password(given: str, said: str) -> None:
    with pytest.raises(HistoryError, match=said) as caught, History(given) as history:
        history.runs()
    assert "hidden1word" not in str(caught.value)


def test_a_wrong_password_is_told_and_not_shown(postgres: Postgres) -> None:
    with pytest.raises(HistoryError, match="password authentication failed") as caught, History(postgres.url_with("wr0ngW0rd")) as history:
        history.runs()
    assert "wr0ngW0rd" not in str(caught.value) and PASSWORD not in str(caught.value)


def test_a_server_that_went_away_and_came_back(postgres: Postgres) -> None:
    with History(emptied(postgres)) as history:
        before = len(history.runs())
        postgres.stop()
        with pytest.raises(HistoryError, match="127.0.0.1"):
            history.add(run(), {"a": FULL})
        postgres.start()
        assert len(history.runs()) == before
        history.add(run(), {"a": FULL})
        assert len(history.runs()) == before + 1


def test_a_full_disk_is_named_and_leaves_no_half_audit(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("a small file system can only be mounted by root")
    mount, umount = tool("mount"), tool("umount", "mount")
    subprocess.run([mount, "-t", "tmpfs", "-o", "size=400k", "none", str(tmp_path)], check=True)
    try:
        with History(default_url(str(tmp_path))) as history:
            with pytest.raises(HistoryError, match="full"):
                for night in range(100):
                    history.add(run(night, hosts=500), {f"host{number}": FULL for number in range(500)})
            runs = len(history.runs())
            assert {len(past) for past in history.past("fleet", 500, 1000).values()} == ({runs} if runs else set())
    finally:
        subprocess.run([umount, "-l", str(tmp_path)], check=True)


_STORE = "ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.store"


def test_a_database_that_another_audit_does_not_let_go_of_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that is held, or a server that is slow: the audit waits for a bounded time."""
    with History(url) as history:
        history.add(run(), {"a": FULL})
    monkeypatch.setattr(f"{_STORE}._ANSWER_SECONDS", 1)
    with History(url) as holder, holder._transaction():
        begun = time.monotonic()
        with pytest.raises(HistoryError, match="database is locked|statement timeout"), History(url) as history:
            history.add(run(1), {"a": FULL})
        assert time.monotonic() - begun < 15
    with History(url) as history:
        assert history.runs() == [run()]


def test_a_database_that_may_only_be_read_is_named(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("a file system can only be mounted by root")
    with History(default_url(str(tmp_path))) as history:
        history.add(run(), {"a": FULL})
    mount, umount = tool("mount"), tool("umount", "mount")
    subprocess.run([mount, "--bind", str(tmp_path), str(tmp_path)], check=True)
    try:
        subprocess.run([mount, "-o", "remount,ro,bind", str(tmp_path)], check=True)
        with pytest.raises(HistoryError, match="unable to open|readonly"), History(default_url(str(tmp_path))) as history:
            history.add(run(1), {"a": FULL})
    finally:
        subprocess.run([umount, "-l", str(tmp_path)], check=True)
    with History(default_url(str(tmp_path))) as history:
        assert history.runs() == [run()]
