# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text beside the archive: why the host has its verdict, what is in the archive and what is not."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.collected import Collected, members_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.ticket import Packed, judged_of, ticket

from tests.unit.plugins.plugin_utils.diagnostics.test_collected import CATALOGUE, RECORDS

ARCHIVE = Packed("sosreport-db20-2026-11-27-abcdefg.tar.gz", 12345, "ab" * 32, "db20", None, 1_795_000_000)


def told(collected: Collected) -> str:
    return ticket(collected, judged_of(collected, CATALOGUE), ARCHIVE)


def test_it_says_why_the_host_has_its_verdict_and_what_is_in_the_archive() -> None:
    collected = members_of(RECORDS["db20-el64"])
    lines = told(collected).splitlines()
    assert lines[0].startswith("db20 is affected; cause: leak (likely). Taken at 2026-11-1")
    assert lines[1] == "Kernel: 2.6.32-358.el6.x86_64. Network: eth0 mlx4_en."
    assert [line.partition(":")[0] for line in lines[2:7]] == ["Why"] * 3 + ["To do"] * 2
    assert "would refuse an order-2 atomic request (16 kB) in every zone" in lines[4]
    assert "In it, kernel log: dmesg 8 lines." in lines
    assert "In it, network: ethtool of eth0 -i; parameters of no module." in lines
    assert f"Archive: {ARCHIVE.file}, 12,345 bytes, SHA-256 {ARCHIVE.sha256}." in lines
    assert len(lines) == 13


def test_what_is_missing_in_part_or_left_out_is_named() -> None:
    found = members_of(RECORDS["db20-el64"])
    collected = Collected(
        found.texts,
        found.links,
        {"proc/vmallocinfo": "first"},
        {"$journal": "no such command"},
        ["$ethtool/../x"],
        whole=False,
    )
    text = told(collected)
    assert "Not in it: journal (no such command)" in text and "In part: proc/vmallocinfo (first part)." in text
    assert "Left out, since no member may be named so: $ethtool/../x." in text and "The host's answer breaks off" in text


def test_a_host_that_said_nothing_is_unknown_and_never_clear() -> None:
    lines = told(Collected()).splitlines()
    assert lines[0].startswith("db20 is unknown.") and "In it, kernel log: none." in lines
    assert "Kernel: not known. Network: no driver is known." in lines
