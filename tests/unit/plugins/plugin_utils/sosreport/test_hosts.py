# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, times and machines: which report speaks for which host."""

from __future__ import annotations

import re

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collect import FoundReport
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.hosts import hosts_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import (
    Identity,
    machine_of,
    name_of_file,
    safe_name,
    time_of,
)
from hypothesis import given
from hypothesis import strategies as st


def report(path: str, host: str = "db01", machine: str = "", taken: str = "", error: str = "") -> FoundReport:
    return FoundReport(path, Identity(host, machine, taken), error=error)


@given(st.text())
def test_any_name_is_made_safe(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62})?|", safe_name(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("db01.example.com\n", "db01"),
        ("db01", "db01"),
        ("", ""),
        ("localhost.localdomain", ""),
        ("all", ""),
        ("../../etc", ""),
        ("db01[0:9]", "db01_0_9"),
    ],
)
def test_short_names(text: str, name: str) -> None:
    assert safe_name(text) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/x/sosreport-db01-2024-05-06-abcdefg.tar.xz", "db01"),
        ("sosreport-db01-02345678-2024-05-06-abcdefg.tar.xz", "db01"),
        ("sosreport-web-eu-01-2024-05-06-abcdefg-obfuscated.tar.xz", "web-eu"),  # "01" could as well be a case number
        ("sosreport-db01.00123456-20130318143917-ab12.tar.bz2", "db01"),
        ("sosreport-db01-20130318143917-ab12.tar.xz", "db01"),
        ("sosreport-db01.tar", "db01"),
        ("backup.tar.gz", ""),
    ],
)
def test_the_host_in_a_files_name(path: str, name: str) -> None:
    assert name_of_file(path) == name


@pytest.mark.parametrize(
    ("date", "iso"),
    [
        ("Mon Mar 18 14:39:17 UTC 2013\n", "2013-03-18T14:39:17"),
        ("Mon Mar  8 04:39:17 CET 2013\n", "2013-03-08T04:39:17"),
        ("Mon 18 Mar 2013 02:39:17 PM UTC\n", "2013-03-18T14:39:17"),
        ("Mon 18 Mar 2013 12:39:17 AM UTC\n", "2013-03-18T00:39:17"),
        ("Wed Nov  6 12:01:02 PM CET 2024\n", "2024-11-06T12:01:02"),
        ("lun. 18 mars 2013 14:39:17 CET\n", ""),
        ("", ""),
    ],
)
def test_times_that_date_prints(date: str, iso: str) -> None:
    assert time_of(date) == iso


@given(st.text())
def test_any_text_is_an_identity_in_its_form_or_none(text: str) -> None:
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}|", time_of(text))
    assert re.fullmatch("[0-9a-f]{8}|", machine_of(text, text))
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62})?|", name_of_file(f"sosreport-{text}"))


def test_an_identity_is_read_as_it_was_written() -> None:
    one = Identity("db01", "0a1b2c3d", "2013-03-18T14:39:17", ("one: two", "three"))
    assert Identity.parse(one.text()) == one


def test_the_newest_report_speaks_for_its_host_and_the_others_are_named() -> None:
    old, new = report("/a", taken="2013-03-01T00:00:00"), report("/b", taken="2013-04-01T00:00:00")
    hosts, words = hosts_of([new, old])
    assert [(host.name, host.report.path, [one.path for one in host.older]) for host in hosts] == [("db01", "/b", ["/a"])]
    assert words == ["/a: left out, since another report of db01 is as new or newer"]


def test_two_machines_of_one_name_are_two_hosts() -> None:
    reports = [report("/a", machine="aaaa"), report("/b", machine="bbbb"), report("/c", machine="bbbb", taken="2013"), report("/d")]
    hosts, words = hosts_of(reports)
    assert {host.name: host.report.path for host in hosts} == {"db01-aaaa": "/a", "db01-bbbb": "/c", "db01-unknown": "/d"}
    assert hosts[0].namesakes == ("db01-bbbb", "db01-unknown")
    assert any("3 machines call themselves db01" in line for line in words)


def test_a_name_made_is_never_one_that_is_there() -> None:
    hosts, _words = hosts_of([report("/a", machine="aaaa"), report("/b", machine="bbbb"), report("/c", "db01-aaaa")])
    assert {host.name: host.report.path for host in hosts} == {"db01-aaaa": "/c", "db01-aaaa_": "/a", "db01-bbbb": "/b"}


def test_a_report_that_does_not_say_its_machine_is_of_the_only_one() -> None:
    hosts, _words = hosts_of([report("/a", machine="aaaa", taken="2013"), report("/b", taken="2012")])
    assert [host.name for host in hosts] == ["db01"]


def test_nothing_that_cannot_be_read_is_lost() -> None:
    reports = [
        report("/x/sosreport-db01-2024-05-06-abc.tar.xz"),
        report("/x/sosreport-db01-2024-06-06-def.tar.xz", "", error="is cut off"),
        report("/x/sosreport-db02-2024-06-06-def.tar.xz", "", error="is empty"),
        report("/y/sosreport-db02-2024-06-06-def.tar.xz", "", error="is empty"),
        report("/x/backup.tar", "", error="is no sosreport"),
    ]
    hosts, words = hosts_of(reports)
    assert {host.name: host.report.error for host in hosts} == {
        "db01": "",
        "sosreport-db01-2024-06-06-def": "is cut off",
        "db02": "is empty",
        "sosreport-db02-2024-06-06-def": "is empty",
    }
    assert "/x/backup.tar: is no sosreport" in words


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["", "m1", "m2"]), st.sampled_from(["", "2013", "2014"]), st.booleans())))
def test_every_report_is_somewhere_exactly_once(drawn: list[tuple[str, str, str, bool]]) -> None:
    reports = [
        report(f"/sosreport-{host}-{number}.tar", host, machine, taken, "bad" if bad else "")
        for number, (host, machine, taken, bad) in enumerate(drawn)
    ]
    hosts, _words = hosts_of(reports)
    told = [one.path for host in hosts for one in (host.report, *host.older)]
    assert sorted(told) == sorted(one.path for one in reports)
    assert len({host.name for host in hosts}) == len(hosts)
