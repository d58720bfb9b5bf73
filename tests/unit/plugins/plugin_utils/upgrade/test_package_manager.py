# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""To add a package manager it is enough to add its files and its line in the list: nothing else knows any by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.known_managers import (
    MANAGERS,
    manager_named,
    manager_of,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import PackageManager

from tests.conftest import ROOT

UPGRADE = ROOT / "plugins" / "plugin_utils" / "upgrade"
OF_MANAGERS = UPGRADE / "managers"
#: What a shell part is called by, and what it is to set.
_FUNCTIONS = re.compile(r"\b((?:manager|database)_[a-z_]+)")
_DEFINED = re.compile(r"^((?:manager|database)_[a-z_]+)\(\)", re.M)
_SETTINGS = ("pid_files", "lock_files", "library")
EACH = pytest.mark.parametrize("manager", MANAGERS, ids=lambda one: one.name)


def shell_of(manager: PackageManager) -> str:
    return "".join((OF_MANAGERS / "sh" / f"{part}.sh").read_text() for part in manager.parts)


def code() -> list[Path]:
    """All that runs for an upgrade and is no package manager's own."""
    found = [*UPGRADE.glob("*.py"), *UPGRADE.glob("sh/*.sh"), *(ROOT / "plugins" / "action").glob("*.py")]
    return [*found, *(ROOT / "roles" / "kernel_upgrade" / "tasks").glob("*.yml"), *(ROOT / "playbooks").glob("*.yml")]


def test_nothing_else_knows_a_package_manager_by_name() -> None:
    names = re.compile(rf"\b(?:{'|'.join(one.name for one in MANAGERS)})\b", re.IGNORECASE)
    assert len(code()) > 30 and names.search("# as dnf does")
    assert [f"{path.name}: {line.strip()}" for path in code() for line in path.read_text().split("\n") if names.search(line)] == []


def test_each_file_is_in_the_list() -> None:
    assert {path.stem for path in OF_MANAGERS.glob("*.py")} == {one.name for one in MANAGERS} | {"known_managers"}
    assert {path.stem for path in (OF_MANAGERS / "sh").glob("*.sh")} == {part for one in MANAGERS for part in one.parts}
    assert len({one.name for one in MANAGERS}) == len(MANAGERS)


@EACH
def test_a_shell_part_has_all_that_is_called_and_set(manager: PackageManager) -> None:
    called = {name for path in UPGRADE.glob("sh/*.sh") for name in _FUNCTIONS.findall(path.read_text())}
    assert len(called) >= 9, "the pattern finds the calls"
    assert called == set(_DEFINED.findall(shell_of(manager)))
    assert [name for name in _SETTINGS if not re.search(rf"^{name}=", shell_of(manager), re.M)] == []


@EACH
def test_a_manager_is_found_by_the_word_of_its_host(manager: PackageManager) -> None:
    assert manager_named(manager.name) is manager and manager_of(Evidence({"$manager": f"{manager.name}\n"}, {})) is manager
    assert manager.heads[0] in manager.brought and set(manager.brought) <= set(manager.pieces)


@pytest.mark.parametrize(
    ("words", "os_release", "found"),
    [
        ("dnf\nzypper\n", 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "zypper"),
        ("dnf\nzypper\n", 'ID="almalinux"\n', "dnf"),
        ("dnf\nyum\n", 'ID="rhel"\n', "dnf"),
        ("yum\nzypper\n", "", "yum"),  # EL 6 has no os-release
        ("zypper\n", "ID=debian\n", "zypper"),
    ],
)
def test_of_several_the_one_that_serves_the_host_is_taken(words: str, os_release: str, found: str) -> None:
    manager = manager_of(Evidence({"$manager": words, "/etc/os-release": os_release}, {}))
    assert manager is not None and manager.name == found


@pytest.mark.parametrize("word", ["", "apt", "../dnf", "rpm", "known_managers"])
def test_another_word_chooses_nothing(word: str) -> None:
    assert manager_of(Evidence({"$manager": word}, {})) is None
