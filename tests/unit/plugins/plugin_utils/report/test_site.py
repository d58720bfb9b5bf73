# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the site says of its hosts, and the marks that rows are filtered by."""

from __future__ import annotations

import shlex
from datetime import date

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.commands import commands_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.row_marks import row_marks
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.site import Site, groups_of_hosts


def test_groups_are_told_by_host_without_those_that_say_nothing() -> None:
    groups = {"all": ["a", "b"], "ungrouped": ["b"], "web10": ["a"], "web9": ["a"], "empty": []}
    assert groups_of_hosts(groups) == {"a": ["web9", "web10"]}
    site = Site(date(2026, 11, 27), groups_of_hosts(groups))
    assert site.told_of("b", "clear") == {"groups": [], "acknowledged": None}


def test_rows_have_the_places_of_their_groups_and_actions() -> None:
    hosts = [
        {"groups": ["web"], "actions": [{"action": "reboot"}, {"action": "upgrade_kernel"}, {"action": "reboot"}]},
        {"groups": ["db", "web"], "actions": []},
    ]
    marks = row_marks(hosts)
    assert marks.groups == [("db", 1), ("web", 2)] and marks.actions == ["reboot", "upgrade_kernel"]
    assert marks.of_rows == [("1", "0 1"), ("0 1", "")]


def test_a_command_names_the_inventory_as_it_was_given_and_first_only_shows() -> None:
    commands = commands_of(["my hosts.yml", "other"])
    words = shlex.split(commands["upgrade_kernel"])
    assert words[:6] == ["ansible-playbook", "fleetcare.pagealloc.kernel_upgrade", "-i", "my hosts.yml", "-i", "other"]
    assert words[6:] == ["--limit", "HOSTS", "-b", "--check", "--diff"]
    assert all("--check" in told or ".audit " in told for told in commands.values())
    assert " -i INVENTORY --limit HOSTS " in commands_of([])["reboot"]
