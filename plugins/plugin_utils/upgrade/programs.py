# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell programs of the upgrade: the parts in ``sh/``, with their settings before them, framed as transcripts."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import UPGRADE_HOME
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import frame_program
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import PackageManager

_FOLDER = Path(__file__).with_name("sh")
_OF_MANAGERS = Path(__file__).with_name("managers") / "sh"

#: What is asked in one round trip, of any host,
PREFLIGHT = ("which", "daemons", "room", "boot", "cluster", "state")
STATE = ("daemons", "boot", "cluster", "state")
#: and behind the parts of its package manager.
PACKAGES = ("daemons", "packages")
VERIFY = ("verify", "boot")

#: How long one command of a program may take, in seconds; those that fetch the metadata of repositories need the most.
COMMAND_SECONDS = 180


def program_of(nonce: str, *parts: str, **settings: str) -> str:
    """The program of these parts of ``sh/``. Settings become shell variables of the same name in capitals; ``home`` is our folder."""
    assignments = "".join(f"{name.upper()}={shlex.quote(value)}\n" for name, value in settings.items())
    body = f"home={UPGRADE_HOME}\n{assignments}" + "\n".join(_part(part) for part in parts)
    program: str = frame_program(nonce, body, COMMAND_SECONDS)
    return program


def manager_program_of(nonce: str, manager: PackageManager, *parts: str, **settings: str) -> str:
    """The program of these parts for a host with this package manager."""
    names = {"heads": " ".join(manager.heads), "pieces": " ".join(manager.pieces)}
    return program_of(nonce, *(f"{_OF_MANAGERS.parent.name}/{part}" for part in manager.parts), *parts, **names, **settings)


def host_script() -> str:
    """The script that stays on the host while a reboot is due."""
    return (_FOLDER / "host.sh").read_text(encoding="utf-8")


@cache
def _part(name: str) -> str:
    folder, _slash, part = name.rpartition("/")
    lines = ((_OF_MANAGERS if folder else _FOLDER) / f"{part}.sh").read_text(encoding="utf-8").split("\n")
    return "\n".join(line for line in lines if not line.startswith("#"))
