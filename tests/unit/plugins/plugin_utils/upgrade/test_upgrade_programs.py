# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shlex

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.known_managers import MANAGERS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import PackageManager
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import (
    PACKAGES,
    PREFLIGHT,
    STATE,
    VERIFY,
    host_script,
    manager_program_of,
    program_of,
)

KERNEL = "2.6.32-431.el6.x86_64"
#: dropbear takes no command of 9000 bytes or more; sudo and the shell around it need some of them.
DROPBEAR_BYTES = 8900


@pytest.mark.parametrize(
    ("parts", "settings"),
    [
        (PREFLIGHT, {"local_time": "2026-12-01 02:30:00", "managers": " ".join(one.name for one in MANAGERS)}),
        (STATE, {}),
        (("state",), {}),
        (("command",), {"command": f"grubby --set-default=/boot/vmlinuz-{KERNEL}"}),
        (("cancel",), {}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_what_asks_any_host_goes_through_any_ssh_server(parts: tuple[str, ...], settings: dict[str, str]) -> None:
    assert len(shlex.quote(program_of("0" * 16, *parts, **settings))) < DROPBEAR_BYTES


@pytest.mark.parametrize("manager", MANAGERS, ids=lambda one: one.name)
def test_what_asks_or_orders_a_package_manager_goes_through_any_ssh_server(manager: PackageManager) -> None:
    what = " ".join(manager.words(manager.pieces, KERNEL))
    programs = {
        PACKAGES: {},
        VERIFY: {"target": KERNEL, "package": KERNEL, "drivers": "mlx4_en bnx2x igb ixgbe"},
        ("contents",): {"what": what},
        ("held",): {},
        ("install",): {"how": "reinstall", "what": what},
    }
    for parts, settings in programs.items():
        assert len(shlex.quote(manager_program_of("0" * 16, manager, *parts, **settings))) < DROPBEAR_BYTES, parts


@pytest.mark.parametrize("how", ["schedule", "launch"])
def test_what_brings_the_hosts_own_script_needs_openssh(how: str) -> None:
    """As docs/kernel_upgrade.md says. Linux takes no argument of 128 kB or more, far above."""
    program = program_of("0" * 16, "place", how, script=host_script(), plan="A=b\n" * 100, fires="1", calendar="1")
    assert DROPBEAR_BYTES < len(shlex.quote(program)) < 12_000
