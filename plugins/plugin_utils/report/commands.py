# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that goes with an action, for those that a playbook of this collection carries out."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

#: Stands in a command where the names of hosts belong.
HOSTS = "HOSTS"
#: First it is only shown what would be done.
_SHOW = "--check --diff"
_WORKAROUND = f"workaround -b {_SHOW}"
_UPGRADE = f"kernel_upgrade -b {_SHOW}"
#: Action -> the playbook with its words.
_PLAYBOOKS = {
    "raise_min_free_kbytes": _WORKAROUND,
    "set_zone_reclaim_mode": _WORKAROUND,
    "set_watermark_scale_factor": _WORKAROUND,
    "set_compaction_proactiveness": _WORKAROUND,
    "compact_memory": _WORKAROUND,
    "finish_workaround": _WORKAROUND,
    "remove_workaround": f"{_WORKAROUND} -e workaround_state=absent",
    "upgrade_kernel": _UPGRADE,
    "reboot": f"{_UPGRADE} -e kernel_upgrade_reboot=now",
    "gather_missing": "audit -b",
    "check_host": "audit -b",
}


def commands_of(inventory: Sequence[str]) -> dict[str, str]:
    """{action: its command}; HOSTS stands for the hosts. ``inventory``: its sources as they were given, none where a person could not
    give the same ones."""
    sources = " ".join(f"-i {shlex.quote(source)}" for source in inventory) or "-i INVENTORY"
    found = {}
    for action, told in _PLAYBOOKS.items():
        playbook, words = told.split(" ", 1)
        found[action] = f"ansible-playbook fleetcare.pagealloc.{playbook} {sources} --limit {HOSTS} {words}"
    return found
