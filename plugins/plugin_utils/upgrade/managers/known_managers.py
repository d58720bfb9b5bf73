# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of the package managers. If a host has several that serve it, the first is used."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.boot import setting
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.dnf import Dnf
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.yum import Yum
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.zypper import Zypper
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import PackageManager

MANAGERS: tuple[PackageManager, ...] = (Dnf(), Yum(), Zypper())


def manager_named(name: str) -> PackageManager | None:
    """The package manager with this command; None for an unknown word."""
    return next((one for one in MANAGERS if one.name == name), None)


def manager_of(evidence: Evidence) -> PackageManager | None:
    """The package manager of a host, of those that it says are there: the one of its own family, else the first. None if there is none."""
    words = evidence.texts.get("$manager", "").split()
    found = [one for one in MANAGERS if one.name in words]
    ident = setting(evidence.texts.get("/etc/os-release", ""), "ID")
    return next((one for one in found if one.family.has(evidence, ident)), found[0] if found else None)
