# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every dialect's prefix is told from the message, and read as a time as far as the clock tells one."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import comm_of, kernel_lines, read_line
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import Clock, moment_of
from hypothesis import given
from hypothesis import strategies as st

MESSAGE = "kworker/u16:3: page allocation failure: order:2, mode:0x20"
BOOTED = 1_363_600_000  # 2013-03-18T09:46:40Z
CLOCK = Clock(BOOTED, BOOTED + 30 * 86400)


def seconds_of(at: str | None) -> tuple[int | None, bool]:
    """Seconds since 1970 of a time with its date, and whether its zone is not known."""
    try:
        when = datetime.fromisoformat((at or "").replace("Z", "+00:00"))
    except ValueError:
        return None, False
    return int(when.replace(tzinfo=when.tzinfo or timezone.utc).timestamp()), when.tzinfo is None


@pytest.mark.parametrize(
    ("prefix", "at"),
    [
        ("", None),
        ("<4>", None),
        ("[    4.746209] ", "2013-03-18T09:46:44Z"),
        ("<4>[    4.746209] ", "2013-03-18T09:46:44Z"),
        ("[    4.746209][   T21] ", "2013-03-18T09:46:44Z"),
        ("[    4.746209] [    C21] ", "2013-03-18T09:46:44Z"),
        ("[    4.746209 <    0.000004>] ", "2013-03-18T09:46:44Z"),
        ("kern  :warn  : [    4.746209] ", "2013-03-18T09:46:44Z"),
        ("kern  :warn  : [Tue Mar 19 01:02:03 2013] ", "2013-03-19T01:02:03"),
        ("[Tue Mar 19 01:02:03 2013] ", "2013-03-19T01:02:03"),
        ("[Mar19 01:02] ", "2013-03-19T01:02:00"),
        ("[Mar 9 01:02] ", "[Mar 9 01:02]"),
        ("[  +0.000004] ", "[  +0.000004]"),
        ("[<    0.000004>] ", "[<    0.000004>]"),
        ("2013-03-19T01:02:03,123456+00:00 ", "2013-03-19T01:02:03.123456+00:00"),
        ("Mar 19 01:02:03 db01 kernel: ", "2013-03-19T01:02:03"),
        ("Mar 19 01:02:03.123456 db01 kernel: ", "2013-03-19T01:02:03"),
        ("Mar 19 01:02:03 kernel: ", "2013-03-19T01:02:03"),
        ("Mar 19 01:02:03 db01 kern.warn kernel: ", "2013-03-19T01:02:03"),
        ("Mar 19 01:02:03 db01 kern.warn kernel: [    4.746209] ", "2013-03-18T09:46:44Z"),
        ("Mar 19 01:02:03 db01 kernel: [85531.01] ", "2013-03-19T09:32:11Z"),
        ("Jul 19 01:02:03 db01 kernel: ", "Jul 19 01:02:03"),
        ("Feb 30 01:02:03 db01 kernel: ", "Feb 30 01:02:03"),
        ("2013-03-19T01:02:03+0900 db01 kernel: ", "2013-03-19T01:02:03+09:00"),
        ("2013-03-19T01:02:03-0530 db01 kernel: ", "2013-03-19T01:02:03-05:30"),
        ("2013-03-19T01:02:03.123456+09:00 db01.example.com kernel: [    4.746209] ", "2013-03-19T01:02:03.123456+09:00"),
        ("2013-03-19 01:02:03 db01 kernel: ", "2013-03-19T01:02:03"),
        ("2013-13-19T01:02:03Z db01 kernel: ", "2013-13-19T01:02:03Z"),
        ("Tue 2013-03-19 01:02:03 UTC db01 kernel: ", "2013-03-19T01:02:03Z"),
        ("Tue 2013-03-19 01:02:03 CET db01 kernel: ", "2013-03-19T01:02:03"),
        ("1363655000.123456 db01 kernel: ", "2013-03-19T01:03:20Z"),
        ("Tue Mar 19 01:02:03 2013 kern.warn kernel: [  123.456] ", "2013-03-19T01:02:03"),
        ("<4>Mar 19 01:02:03 db01 kernel: <4>[    4.746209] ", "2013-03-18T09:46:44Z"),
        ("Mar 19 01:02:03 db01 kernel: message repeated 7 times: [ ", "2013-03-19T01:02:03"),
        ("Mar 19 01:02:03 db01 kernel: message repeated 7 times: [ [    4.746209] ", "2013-03-18T09:46:44Z"),
    ],
)
def test_a_prefix_and_its_time(prefix: str, at: str | None) -> None:
    repeated = "repeated" in prefix
    line = read_line(prefix + MESSAGE + ("]" if repeated else ""))
    assert (line.message, line.times) == (MESSAGE, 7 if repeated else 1)
    moment = moment_of(line, CLOCK)
    assert moment.at == at
    assert (moment.epoch_seconds, moment.is_local) == seconds_of(at)
    bare = moment_of(line, Clock())
    assert (bare.at is None) == (at is None)


@pytest.mark.parametrize(
    ("line", "stamped"),
    [
        ("x", False),
        ("[    4.746209] x", True),
        ("Mar 19 01:02:03 db01 kernel: x", True),
        ("Mar 19 01:02:03 db01 kernel: [    4.746209] x", True),
    ],
)
def test_a_line_has_a_time_by_either_stamp(line: str, stamped: bool) -> None:
    assert read_line(line).stamped is stamped


@pytest.mark.parametrize(
    ("stamps", "caller"),
    [("[    4.746209][   T21] ", "T21"), ("[    4.746209] [    C3] ", "C3"), ("[    4.746209] [  db01] ", None), ("[    4.746209] ", None)],
)
def test_who_speaks_where_the_kernel_tells(stamps: str, caller: str | None) -> None:
    assert read_line(stamps + MESSAGE).caller == caller


def test_a_year_that_is_not_the_only_one_is_not_guessed_at() -> None:
    line = read_line("Mar 19 01:02:03 db01 kernel: " + MESSAGE)
    assert moment_of(line, Clock(BOOTED, BOOTED + 400 * 86400)).at == "Mar 19 01:02:03"
    assert moment_of(line, Clock(BOOTED, None)).at == "Mar 19 01:02:03"
    assert moment_of(read_line("Jan  2 01:02:03 h kernel: x"), Clock(BOOTED, BOOTED + 300 * 86400)).at == "2014-01-02T01:02:03"

    since_the_last_day_of_2012 = Clock(BOOTED - 77 * 86400, BOOTED + 2 * 365 * 86400)
    assert moment_of(read_line("Jun  1 01:02:03 h kernel: x"), since_the_last_day_of_2012).at == "Jun  1 01:02:03"


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("Mar 17 09:46:39", "Mar 17 09:46:39"),
        ("Mar 17 09:46:40", "2013-03-17T09:46:40"),
        ("Apr 18 09:46:40", "2013-04-18T09:46:40"),
        ("Apr 18 09:46:41", "Apr 18 09:46:41"),
    ],
)
def test_a_stamp_without_a_year_is_of_this_boot_but_for_a_day_since_its_zone_is_not_known(stamp: str, at: str) -> None:
    assert moment_of(read_line(f"{stamp} db01 kernel: x"), CLOCK).at == at


@pytest.mark.parametrize(
    ("prefix", "slack_seconds"),
    [
        ("", 0),
        ("Mar 19 01:02:03 db01 kernel: ", 14 * 3600),
        ("2013-03-19T01:02:03Z db01 kernel: ", 2),
        ("2013-03-19T01:02:03,123456+00:00 ", 2),
        ("[    4.746209] ", 120),
        ("[845211.400000] ", 204),
    ],
)
def test_how_wrong_a_time_may_be(prefix: str, slack_seconds: int) -> None:
    """No zone is further from UTC than 14 hours, and the kernel's clock runs away from the host's by up to 100 millionths."""
    assert moment_of(read_line(prefix + "x"), CLOCK).slack_seconds == slack_seconds


def test_a_stamp_that_tells_no_time_is_shown_as_far_as_it_fits() -> None:
    assert moment_of(read_line("[" + " " * 99 + "1.5] x"), Clock()).at == "[" + " " * 63


@pytest.mark.parametrize(
    "line", ["Mar 19 01:02:03 db01 app: x", "Mar 19 01:02:03 app: kernel: x", "2013-03-19 01:02:03 db01 app: kernel: x"]
)
def test_who_is_not_the_kernel_is_not_read(line: str) -> None:
    assert read_line(line) is None
    assert list(kernel_lines(line + "#012" + MESSAGE, encoded_newlines=True)) == []


def test_newlines_are_parted_only_where_rsyslog_wrote_them() -> None:
    text = "Mar 19 01:02:03 db01 kernel: a#012b"
    lines = list(kernel_lines("Mar 19 01:02:02 db01 app: x#012y\n" + text + "\r", encoded_newlines=True))
    assert [(line.message, line.wall, line.times, line.wrapped) for line in lines] == [
        ("a", "Mar 19 01:02:03", 1, False),
        ("b", "Mar 19 01:02:03", 1, True),
    ]
    assert [line.message for line in kernel_lines(text, encoded_newlines=False)] == ["a#012b"]


@pytest.mark.parametrize("prefix", ["", "a#012"])
def test_a_line_is_cut_where_the_filter_cuts_it(prefix: str) -> None:
    whole = prefix + "x" * 513
    assert len(list(kernel_lines(whole, encoded_newlines=True))[-1].message) == 512


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a" * 15, "a" * 15),
        ("a" * 16, None),
        ("a" * 14 + "\\x07", "a" * 14 + "\\x07"),
        ("a" * 14 + "#007b", None),
        (" a\x07b ", "ab"),
        ("", ""),
    ],
)
def test_a_name_of_a_process_has_15_characters_however_they_are_written(text: str, name: str | None) -> None:
    assert comm_of(text) == name


@given(st.text(max_size=80), st.none() | st.integers(-(10**20), 10**20), st.none() | st.integers(-(10**20), 10**20))
def test_any_line_is_survived(text: str, booted: int | None, now: int | None) -> None:
    for prefix in ("", "Mar 19 01:02:03 db01 kernel: ", "[", "Jan 1 "):
        line = read_line(prefix + text)
        assert line is None or moment_of(line, Clock(booted, now)) is not None
