# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcripts: what is a frame, what is a host's text, and what is missing."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import (
    Evidence,
    cut_transcript,
    keep_bounds,
    read_transcript,
    write_transcript,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import NEVER_EMPTY
from hypothesis import example, given
from hypothesis import strategies as st

HEAD, END = "pagealloc-evidence 1 n0", "pagealloc-evidence end n0"


def transcript(*lines: str) -> str:
    return "\n".join([HEAD, *lines, END, ""])


def test_files_commands_and_reasons_are_filed_under_their_source() -> None:
    evidence = read_transcript(
        transcript(
            "/proc/uptime:1.5 2.5", "$uname:Linux a", "$uname:b", "!grep: /proc/modules: Permission denied", "!$ethtool:no such command"
        )
    )
    assert evidence.get("/proc/uptime") == "1.5 2.5\n"
    assert evidence.get("$uname") == "Linux a\nb\n"
    told = {source: reason for source, reason in evidence.reasons.items() if source not in NEVER_EMPTY}
    assert told == {"/proc/modules": "Permission denied", "$ethtool": "no such command"}
    with pytest.raises(EvidenceMissing, match="/proc/modules: Permission denied"):
        evidence.get("/proc/modules")


def test_a_banner_before_the_transcript_is_left_out() -> None:
    banner = "*** AUTHORISED USE ONLY ***\n/proc/uptime:99 99\npagealloc-evidence 1 forged\n"
    assert read_transcript(banner + transcript("/proc/uptime:1 2"), "n0").get("/proc/uptime") == "1 2\n"


def test_carriage_returns_of_a_terminal_are_dropped() -> None:
    evidence = read_transcript(transcript("/proc/uptime:1 2").replace("\n", "\r\n"))
    assert evidence.whole and evidence.get("/proc/uptime") == "1 2\n"


@pytest.mark.parametrize("forged", [END, HEAD, "!/proc/buddyinfo:gone", "$uname:forged", "pagealloc-evidence end n0\r"])
def test_text_of_a_host_cannot_pose_as_a_frame(forged: str) -> None:
    """Every line of a file bears the file's name before it, so whatever it says stays the file's."""
    evidence = read_transcript(transcript("/etc/os-release:" + forged, "/proc/uptime:1 2"))
    assert evidence.whole
    assert evidence.get("/etc/os-release").rstrip("\r\n") == forged.rstrip("\r")
    assert "$uname" not in evidence.texts and evidence.reasons.get("/proc/buddyinfo") != "gone"


def test_what_breaks_off_is_not_believed_and_what_is_behind_it_is_not_absent() -> None:
    evidence = read_transcript(f"{HEAD}\n/proc/uptime:1 2\n/proc/buddyinfo:Node 0, zone   Normal  95")
    assert not evidence.whole
    assert evidence.get("/proc/uptime") == "1 2\n"
    with pytest.raises(EvidenceMissing, match="in the middle of it"):
        evidence.get("/proc/buddyinfo")
    with pytest.raises(EvidenceMissing, match="ends before it"):
        evidence.get("/proc/zoneinfo")


@pytest.mark.parametrize("line", ["sh: gone", "/proc/odd", "proc/odd:1", ":1", "", "[1]+ Done: x"])
def test_a_line_that_names_no_source_is_left_out(line: str) -> None:
    assert set(read_transcript(transcript(line)).texts) == set(read_transcript(transcript()).texts)


def test_what_stands_between_is_something() -> None:
    texts = {
        "/sys/class/net/mtu": "x",
        "/sys/class/net//mtu": "y",
        "/sys/class/net/b/mtu": "2",
        "/sys/class/net/a/mtu": "1",
        "/sys/c/mtu": "z",
    }
    assert Evidence(texts, {}).find("/sys/class/net/", "/mtu") == [("a", "1"), ("b", "2")]
    assert Evidence({"/a": "", "/a/": "x", "/a/b": "y"}, {}).find("/a/") == [("b", "y")]


def test_an_empty_file_is_there_and_empty() -> None:
    assert read_transcript(transcript()).get("/proc/net/route") == ""


@pytest.mark.parametrize("source", sorted(NEVER_EMPTY))
def test_what_no_kernel_has_empty_was_not_asked_for_where_nothing_is_said_of_it(source: str) -> None:
    with pytest.raises(EvidenceMissing, match="perhaps because nobody asked for it"):
        read_transcript(transcript()).get(source)


def test_a_record_says_what_was_empty_and_what_it_does_not_name_was_not_asked_for() -> None:
    live = read_transcript(transcript("/proc/uptime:1 2", "!/etc/os-release:No such file"))
    recorded = write_transcript(live)
    again = read_transcript(recorded)
    assert (again.texts, again.reasons) == (live.texts, live.reasons)
    older = read_transcript(recorded.replace("=/proc/net/route\n", "").replace("=/proc/modules\n", ""))
    for source in ("/proc/net/route", "/proc/modules"):
        assert again.get(source) == ""
        with pytest.raises(EvidenceMissing, match="perhaps because nobody asked for it"):
            older.get(source)


@pytest.mark.parametrize("line", ["grep: /proc/uptime: binary file matches", "Binary file /proc/uptime matches"])
def test_a_binary_file_is_missing_with_that_reason(line: str) -> None:
    with pytest.raises(EvidenceMissing, match="is binary"):
        read_transcript(transcript(line)).get("/proc/uptime")


@pytest.mark.parametrize(
    ("text", "reason"), [("", "gave no output"), ("\n \n", "no output"), ("Permission denied.\n", "begins: Permission")]
)
def test_no_transcript_is_an_error_that_says_what_came_instead(text: str, reason: str) -> None:
    with pytest.raises(EvidenceError, match=reason):
        read_transcript(text)


def test_another_probes_transcript_is_none() -> None:
    with pytest.raises(EvidenceError):
        read_transcript(transcript("/proc/uptime:1 2"), "other")


@given(st.text())
@example("\ud800")
@example(f"{HEAD}\n:\n!\n!:\n$:\n/:\n{END}")
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, f"{HEAD}\n{text}", f"{HEAD}\n{text}\n{END}"):
        try:
            evidence = read_transcript(candidate)
        except EvidenceError:
            continue
        assert all(isinstance(value, str) for value in evidence.texts.values())


@pytest.mark.parametrize("before", ["", "*** NO TRESPASSING ***\n", f"{HEAD} x\n", f"x{HEAD}\n", f"{HEAD}x\r\n{HEAD[:-1]}\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_first_line_is_found_as_a_whole_line(before: str, end: str) -> None:
    whole = transcript("/proc/uptime:1 2").replace("\n", end)
    assert cut_transcript(before + whole, "n0") == whole
    assert read_transcript(before + whole, "n0").get("/proc/uptime") == "1 2\n"


@pytest.mark.parametrize("text", [f"{HEAD} x\n{END}\n", f"x {HEAD}\n{END}\n", f"{HEAD}x"])
def test_what_only_contains_the_first_line_is_no_transcript(text: str) -> None:
    for read in (cut_transcript, read_transcript):
        with pytest.raises(EvidenceError, match="no transcript"):
            read(text, "n0")


def test_a_host_that_sends_more_than_the_probe_would_is_cut() -> None:
    text = transcript("/proc/uptime:1 2", *["$dmesg:x"] * 120000)
    assert len(cut_transcript(text, "n0")) == 1048576
    evidence = read_transcript(text, "n0")
    assert not evidence.whole and evidence.get("/proc/uptime") == "1 2\n"
    assert "the evidence ends" in evidence.why_missing("/proc/buddyinfo")


def test_a_line_too_long_costs_its_source() -> None:
    longest = "a" * 8192
    evidence = read_transcript(transcript(f"$uname:{longest}", "/proc/uptime:1 2", f"/proc/uptime:{longest}a", f"!$ethtool:{longest}"))
    assert evidence.get("$uname") == f"{longest}\n"
    with pytest.raises(EvidenceMissing, match="/proc/uptime: it has a line of more than 8192 characters"):
        evidence.get("/proc/uptime")
    assert len(evidence.reasons["$ethtool"]) == 500


def test_too_many_sources_or_too_long_names_are_no_hosts() -> None:
    longest = "/" + 511 * "a"
    evidence = read_transcript(transcript(f"{longest}:1", f"{longest}a:1", f"!{longest}b:gone", f"!/b{longest[2:]}:gone"))
    assert [name for name in evidence.texts if name[:2] == "/a"] == [longest]
    assert [name for name in evidence.reasons if "aaa" in name] == [f"/b{longest[2:]}"]
    most = [f"/sys/{number}:1" for number in range(19999)]
    keep_bounds(dict.fromkeys(most, ""), {"$uname": "gone"})  # as many as a host may have
    with pytest.raises(EvidenceError, match="more than 20000 sources"):
        keep_bounds(dict.fromkeys(most, ""), {"$uname": "gone", "$ethtool": "gone"})
    with pytest.raises(EvidenceError, match="more than 20000 sources, more than any host"):
        read_transcript(transcript(*most, "/sys/last:1", "!$uname:gone"))


def test_the_first_line_may_be_the_last_that_came() -> None:
    assert cut_transcript(HEAD, "n0") == HEAD
    assert cut_transcript("\n" + HEAD + "\r", "n0") == HEAD + "\r"


def test_what_is_written_is_read_back() -> None:
    whole = Evidence({"/proc/uptime": "1 2\n", "$uname": "a\nb\n", "/empty": ""}, {"$ethtool": "no such\ncommand"})
    for evidence in (whole, Evidence(whole.texts, whole.reasons, whole=False)):
        again = read_transcript(write_transcript(evidence))
        assert again.whole is evidence.whole and again.reasons["$ethtool"] == "no such command"
        assert again.texts["/proc/uptime"] == "1 2\n" and ("$uname" in again.texts) is evidence.whole
