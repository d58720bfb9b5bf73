# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records: their names, their limits, and directories that lead elsewhere."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript, write_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather import recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import (
    file_name_for,
    read_recorded,
    save_transcript,
    unreached_transcript,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import tree as tree_reader
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import SAMPLE_FLEET


@given(st.text(min_size=1))
@example("..")
@example("../../x")
@example("\ud800")
@example("a" * 5000)
def test_a_hosts_record_is_one_safe_file_name(host: str) -> None:
    name = file_name_for(host)
    assert "/" not in name and not name.startswith(".") and name.isascii() and len(name) <= 200


@given(st.text(min_size=1), st.text(min_size=1))
@example("a/b", "a%2Fb")
@example("x" * 300, "x" * 301)
def test_two_hosts_never_share_a_record(one: str, other: str) -> None:
    if one != other:
        assert file_name_for(one) != file_name_for(other)


def test_a_record_is_written_whole_under_its_name(tmp_path: Path) -> None:
    path = save_transcript(str(tmp_path / "new" / "folder"), "../db1", "text")
    assert path.read_text() == "text"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name] == ["%2E.%2Fdb1.evidence"]


def test_an_unreached_host_is_recorded_with_what_ssh_said() -> None:
    evidence = read_transcript(unreached_transcript("line one\nline two\n"))
    assert evidence.reasons[recorded.CONNECTION] == "line one"


def test_a_transcript_is_written_as_it_was_read() -> None:
    for path in (SAMPLE_FLEET / "evidence").glob("*.evidence"):
        evidence = read_transcript(path.read_text())
        again = read_transcript(write_transcript(evidence))
        assert (again.texts, again.reasons, again.whole) == (evidence.texts, evidence.reasons, evidence.whole)


FAILURE = "Mar 18 14:39:17 db01 kernel: swapper: page allocation failure. order:2, mode:0x4020\n"


def tree(folder: Path) -> Path:
    for name, text in {
        "proc/buddyinfo": "Node 0, zone Normal 1 2 3\n",
        "sos_commands/kernel/uname_-a": "Linux h 2.6.32-358.el6.x86_64 #1 SMP x x86_64 GNU/Linux\n",
        "sos_commands/networking/ethtool_-i_eth0": "driver: mlx4_en\nversion: 2.0\n",
        "sys/class/net/eth0/mtu": "1500\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_directory_gives_files_and_what_commands_said(tmp_path: Path) -> None:
    evidence = read_recorded(str(tree(tmp_path)))
    assert evidence.get("/proc/buddyinfo").startswith("Node 0")
    assert evidence.get("$uname").startswith("Linux h")
    assert evidence.get("$ethtool/eth0").startswith("driver: mlx4_en")
    assert evidence.get("/sys/class/net/eth0/mtu") == "1500\n"


def test_nothing_outside_a_directory_is_read(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_text("12345.0 1\n")
    folder = tree(tmp_path / "tree")
    (folder / "proc" / "uptime").symlink_to(outside)
    (folder / "etc").symlink_to("/etc")
    os.mkfifo(folder / "proc" / "meminfo")
    evidence = read_recorded(str(folder))
    assert "points outside" in evidence.why_missing("/proc/uptime")
    assert not any(source.startswith("/etc/") for source in evidence.texts)
    assert "not a regular file" in evidence.why_missing("/proc/meminfo"), "a fifo would never end"


def test_a_log_too_long_counts_from_its_end_and_any_other_file_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_reader, "MAX_MEMBER_BYTES", 100)
    folder = tree(tmp_path)
    (folder / "proc" / "meminfo").write_text("x" * 200)
    (folder / "var" / "log").mkdir(parents=True)
    (folder / "var" / "log" / "messages").write_text(FAILURE * 50 + FAILURE.replace("order:2", "order:3"))
    evidence = read_recorded(str(folder))
    assert "larger than" in evidence.why_missing("/proc/meminfo")
    assert evidence.get("$messages").endswith("order:3, mode:0x4020\n#log failures 1 dropped 0 0 0 0 0\n"), "and of that what matters"


def test_what_is_no_evidence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="has no file that is read"):
        read_recorded(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        read_recorded(str(tmp_path / "none"))
    (tmp_path / "empty").touch()
    with pytest.raises(EvidenceError, match="no output"):
        read_recorded(str(tmp_path / "empty"))


@pytest.mark.parametrize("name", ["record", "sosreport-db01.tar.xz"])
def test_what_is_no_file_is_named_and_never_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / f"{name}.socket"))
    for path in (tmp_path / name, tmp_path / f"{name}.socket", Path("/dev/zero")):
        with pytest.raises(OSError, match="Not a regular file"):
            read_recorded(str(path))
    listening.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="/proc/kmsg is readable to root alone")
def test_the_kernels_own_pipe_among_regular_files_is_not_waited_for() -> None:
    with pytest.raises((EvidenceError, OSError)):
        read_recorded("/proc/kmsg")
