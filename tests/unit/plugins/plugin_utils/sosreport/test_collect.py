# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of reports, the processes that look into them, and the cache of what they saw."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import cache as caching
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import collect, reading
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.cache import RUN, VARIABLE, Cache, begin_run, chosen_directory
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collect import (
    FoundReport,
    find_reports,
    look_into,
    look_into_all,
)

from tests.conftest import SAMPLE_FLEET, cannot_run
from tests.tools.sosreports import records, report_of, write_archive, write_tree

RECORD = records(SAMPLE_FLEET / "evidence")["db02-el64"]


def packed(folder: Path, name: str = "db02", suffix: str = "xz") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return write_archive(folder / f"sosreport-{name}.tar.{suffix}", f"sosreport-{name}", report_of(name, RECORD, "4"))


def entries(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.evidence"))


def test_reports_are_found_however_they_are_given(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    one, other = packed(folder, "a"), packed(folder, "b", "gz")
    tree = write_tree(folder / "unpacked", report_of("c", RECORD, "4"))
    renamed = shutil.copy(one, folder / "no_suffix_at_all")
    (folder / f"{one.name}.md5").write_text("00\n")
    (folder / "README").write_text("reports\n")
    (folder / "empty").mkdir()
    (folder / "sosreport-zero.tar.xz").touch()
    everything = [str(path) for path in sorted([one, other, tree, Path(renamed), folder / "sosreport-zero.tar.xz"])]
    assert sorted(find_reports(["reports"], str(tmp_path))[0]) == everything
    assert find_reports([str(one), "reports/*.gz", str(tree)], str(tmp_path)) == ([str(one), str(other), str(tree)], [])
    assert find_reports(["reports", str(one)], str(tmp_path))[0].count(str(one)) == 1
    (folder / "link.tar.xz").symlink_to(one)
    assert sorted(find_reports(["reports"], str(tmp_path))[0]) == everything, "a link is no second report"


def test_paths_that_lead_to_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found, complaints = find_reports(["nowhere", "empty", "*.tar"], str(tmp_path))
    assert found == []
    assert [line.split(": ")[0] for line in complaints] == ["nowhere", "empty", "*.tar"]


def test_pipes_and_chains_of_links_among_reports_are_named_and_passed_over(tmp_path: Path) -> None:
    packed(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "sosreport-db09.tar.xz")
    for number in range(2000):
        (tmp_path / f"sosreport-chain{number}").symlink_to(tmp_path / f"sosreport-chain{number + 1}")
    paths, complaints = find_reports([str(tmp_path)], "/")
    reports = {Path(path).name: look_into(path) for path in paths}
    assert not complaints and not reports["sosreport-db02.tar.xz"].error
    assert "Not a regular file" in reports["pipe"].error and "Not a regular file" in reports["sosreport-db09.tar.xz"].error
    assert "Too many levels of symbolic links" in reports["sosreport-chain0"].error


def test_what_is_looked_for() -> None:
    assert look_into("/nonexistent/x.tar").error == "cannot be read: No such file or directory"


def test_facts_to_group_by(tmp_path: Path) -> None:
    report = look_into(str(packed(tmp_path)))
    assert (report.identity.host, report.release, report.distribution, report.drivers) == ("db02", "6.4", "rhel", ("mlx4_en",))


def test_many_are_read_by_processes_and_a_bad_one_costs_no_other(tmp_path: Path, cache: Path) -> None:
    paths = [str(packed(tmp_path, f"h{number}")) for number in range(7)]
    bad = tmp_path / "sosreport-bad.tar.xz"
    bad.write_bytes(Path(paths[0]).read_bytes()[:-200])
    reports = {report.path: report for report in look_into_all([*paths, str(bad)], 2)}
    assert set(reports) == {*paths, str(bad)}
    assert {report.identity.host for report in reports.values() if not report.error} == {f"h{number}" for number in range(7)}
    assert "ends too early" in reports[str(bad)].error
    assert len(entries(cache)) == 7


def ends(path: str) -> FoundReport:
    if path == "c":
        os._exit(9)
    return FoundReport(path)


def test_a_process_that_is_ended_costs_its_own_report_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "look_into", ends)
    reports = {report.path: report.error for report in look_into_all("abcdefgh", 2)}
    assert sorted(reports) == list("abcdefgh")
    assert [path for path, error in reports.items() if error] == ["c"]


def test_what_was_read_is_not_unpacked_again(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path)
    first = look_into(str(path))
    [entry] = entries(cache)
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600 and stat.S_IMODE(entry.parent.stat().st_mode) == 0o700

    def unpack(*_words: object) -> None:
        raise AssertionError("unpacked again")

    monkeypatch.setattr(reading, "_unpack", unpack)
    moved = path.rename(tmp_path / "sosreport-moved.tar.xz")
    os.utime(moved, (1, 1))
    again = look_into(str(moved))
    assert (again.identity, again.drivers, again.error) == (first.identity, first.drivers, "")


@pytest.mark.parametrize("damage", ["", "pagealloc-evidence 1 recorded\n/proc/buddyinfo:Node 0", "\xff"])
def test_a_damaged_entry_is_read_anew(damage: str, tmp_path: Path, cache: Path) -> None:
    path = packed(tmp_path)
    first = look_into(str(path))
    [entry] = entries(cache)
    entry.write_bytes(damage.encode("latin-1"))
    assert look_into(str(path)) == first
    assert entry.stat().st_size > 1000


def test_a_changed_report_is_another(tmp_path: Path) -> None:
    look_into(str(packed(tmp_path, "a")))
    about = (tmp_path / "sosreport-a.tar.xz").stat()
    write_archive(tmp_path / "sosreport-a.tar.xz", "sosreport-a", report_of("b", RECORD, "4"))
    os.utime(tmp_path / "sosreport-a.tar.xz", ns=(about.st_atime_ns, about.st_mtime_ns))
    assert look_into(str(tmp_path / "sosreport-a.tar.xz")).identity.host == "b"


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "cache"))
    assert look_into(str(packed(tmp_path))).error == ""


def trees_and_plain(folder: Path) -> list[Path]:
    """What no check sum tells from another sooner than it is read."""
    plain = write_archive(folder / "sosreport-a.tar", "sosreport-a", report_of("a", RECORD, "4"))
    return [plain, write_tree(folder / "t", report_of("a", RECORD, "4"))]


def test_trees_and_plain_archives_are_not_kept_by_their_path_alone(tmp_path: Path, cache: Path) -> None:
    for path in trees_and_plain(tmp_path):
        assert look_into(str(path)).identity.host == "a"
    assert not cache.exists()


def test_a_run_of_ansible_reads_a_report_once_and_the_next_one_anew(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The inventory reads it, and the report of the same run has the same host before it, with any outcome of the folder."""
    monkeypatch.setenv(RUN, "")  # put back after the test
    begin_run()
    paths = trees_and_plain(tmp_path)
    for path in paths:
        assert look_into(str(path)).identity.host == "a"
    assert len(entries(cache)) == 2
    before = [read_recorded(str(path)).texts for path in paths]
    other = report_of("b", RECORD, "4")
    shutil.rmtree(paths[1])
    write_archive(paths[0], "sosreport-a", other)
    write_tree(paths[1], other)
    assert [read_recorded(str(path)).texts for path in paths] == before
    begin_run()
    assert [look_into(str(path)).identity.host for path in paths] == ["b", "b"]
    assert len(entries(cache)) == 2, "written over"
    os.environ[RUN] = ""
    assert [read_recorded(str(path)).texts == before[0] for path in paths] == [False, False]


def test_what_nobody_asked_for_in_two_months_goes(tmp_path: Path, cache: Path) -> None:
    look_into(str(packed(tmp_path, "a")))
    look_into(str(packed(tmp_path, "b")))
    long_ago = time.time() - 61 * 86400
    os.utime(entries(cache)[0], (long_ago, long_ago))
    Cache().prune()
    assert len(entries(cache)) == 1


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(VARIABLE)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert chosen_directory() == str(tmp_path / ".cache" / "fleetcare.pagealloc" / "sosreport")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/tmp/x")
    assert chosen_directory() == "/var/tmp/x/fleetcare.pagealloc/sosreport"
    monkeypatch.setenv(VARIABLE, caching.OFF)
    look_into(str(packed(tmp_path)))
    assert not entries(tmp_path / ".cache")


def given_to_another(entry: Path) -> None:
    os.chown(entry, 12345, -1)


def given_away(entry: Path) -> None:
    os.chown(entry.parent, 12345, -1)


def opened_to_others(entry: Path) -> None:
    entry.parent.chmod(0o770)


def made_a_link(entry: Path) -> None:
    elsewhere = entry.parent.rename(entry.parent.with_name("elsewhere"))
    entry.parent.symlink_to(elsewhere)


@pytest.mark.parametrize("change", [given_to_another, given_away, opened_to_others, made_a_link])
def test_what_somebody_else_may_have_put_there_is_not_believed(change: Callable[[Path], None], tmp_path: Path, cache: Path) -> None:
    if os.geteuid() != 0:
        cannot_run("only root can give a file away")
    path = packed(tmp_path, "a")
    look_into(str(path))
    look_into(str(packed(tmp_path, "b")))
    mine = next(entry for entry in entries(cache) if "$sosreport:host: a\n" in entry.read_text())
    [other] = [entry for entry in entries(cache) if entry != mine]
    mine.write_text(other.read_text())
    assert look_into(str(path)).identity.host == "b", "or the forged entry would show nothing"
    change(mine)
    assert look_into(str(path)).identity.host == "a"
    assert bool(Cache().distrust) == (change is not given_to_another)


def test_no_link_leads_the_cache_to_records_of_others(tmp_path: Path, cache: Path) -> None:
    look_into(str(packed(tmp_path, "a")))
    record = tmp_path / "records" / "db01.evidence"
    record.parent.mkdir()
    record.touch()
    os.utime(record, (0, 0))
    (cache / "other").symlink_to(record.parent)
    Cache().prune()
    assert record.exists()
