# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests under the workaround playbook: how it is run, what is on them, and how it is cut short at a chosen moment."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.guest import Guest
from tests.lab.test_story import ADVISORY as STORY
from tests.playbook import Ansible, inventory, own

ORIGINAL_KB, FIRST_KB, SECOND_KB = 67584, 81920, 98304
RECORD = "/var/lib/fleetcare-pagealloc/workaround"
SETTINGS = "/etc/sysctl.d/zz-fleetcare-pagealloc.conf"

#: 3 % of a guest with 4.5 GB is 135 MB: room for two steps.
ADVISORY = {**STORY, "workaround": {"min_free_kbytes": FIRST_KB, "zone_reclaim_mode": 1}}
CHOICES: dict[str, Any] = {
    "pagealloc_advisories": [ADVISORY],
    "workaround_steps_kb": [SECOND_KB],
    "workaround_settle_seconds": 0,
    "workaround_watch_seconds": 2,
    "workaround_verify_seconds": 15,
    "workaround_timeout_seconds": 60,
    "workaround_serial": "100%",
}


@dataclass
class Fleet:
    """Guests by name, and the folder for what Ansible makes."""

    guests: Mapping[str, Guest]
    folder: Path
    ansible: Ansible

    def workaround(self, *words: str, check: bool = True, **choices: Any) -> dict[str, Any]:
        """{guest: its change} of a run of the playbook; check=False where it may fail."""
        found, done = self.ansible.workaround(self.folder, self.hosts(), *words, check=check, **{**CHOICES, **choices})
        self.said = done.stdout
        print(done.stdout, done.stderr)
        assert found, done.stdout + done.stderr
        return {name: found["hosts"][name]["change"] for name in self.guests}

    def hosts(self) -> dict[str, Any]:
        """The guests as an inventory has them."""
        return {name: guest.variables() for name, guest in self.guests.items()}

    @contextmanager
    def started(self, **choices: Any) -> Iterator[subprocess.Popen[bytes]]:
        """The playbook in the background, in a process group of its own."""
        hosts, variables = inventory(self.folder, self.hosts()), json.dumps({**CHOICES, **choices})
        words = ["fleetcare.pagealloc.workaround", "-i", str(hosts), "-e", variables]
        process = subprocess.Popen(
            [str(self.ansible.programs / "ansible-playbook"), *words],
            cwd=self.folder, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=self.ansible.environment(self.folder / "home"),
        )  # fmt: skip
        try:
            yield process
        finally:
            process.wait(120)

    def states(self) -> dict[str, State]:
        return {name: state_of(guest) for name, guest in self.guests.items()}


def fleet(guests: Mapping[str, Guest], folder: Path) -> Fleet:
    (folder / "home").mkdir(parents=True, exist_ok=True)
    return Fleet(guests, folder, own())


@dataclass(frozen=True)
class State:
    """What is on a guest: the value in force, that of the next boot (None: no file of ours), the record's phase, all of /etc."""

    running_kb: int
    boot_kb: int | None
    phase: str
    etc: str

    @property
    def values(self) -> tuple[int, int | None, str]:
        return self.running_kb, self.boot_kb, self.phase


def state_of(guest: Guest) -> State:
    said = guest.run(
        f"cat /proc/sys/vm/min_free_kbytes; sed -n 's/^vm.min_free_kbytes = //p' {SETTINGS} 2>/dev/null; echo --; "
        f"sed -n 's/^phase=//p' {RECORD} 2>/dev/null; echo --; cd /etc; find . -type f -o -type d | sort | while read -r path; do "
        'if [ -d "$path" ]; then ls -d "$path"; else md5sum "$path"; fi; done'
    )
    values, phase, etc = said.split("--\n", 2)
    running, *boot = values.split()
    return State(int(running), int(boot[0]) if boot else None, phase.strip() or "none", etc)


#: A moment of the change -> a condition of the guest's shell that becomes true then.
MOMENTS = {
    "once it is written down": f"grep -q phase=pending {RECORD}",
    "once the next boot is changed": f"[ -e {SETTINGS} ]",
    "once the kernel has the value": f"grep -q {FIRST_KB} /proc/sys/vm/min_free_kbytes",
    "once it is done": f"grep -q phase=in_force {RECORD}",
}
#: The same for the way back.
LEAVING = f"grep -q phase=leaving {RECORD}"


def at(guest: Guest, moment: str, do: str) -> None:
    """Let the guest do something to itself as soon as the condition ``moment`` is true. It waits in a tight loop, so that it is not
    late."""
    guest.leave(f"until {moment}; do :; done 2>/dev/null; {do}")


#: The power is gone: nothing that is not on the disk is kept.
POWER_CUT = "echo b >/proc/sysrq-trigger"
#: The connection is gone: the sshd above the program that holds the lock ends.
CONNECTION_CUT = (
    'set -- $(readlink /run/fleetcare-pagealloc.lock); pid=$1; until grep -q "dropbear\\|sshd" /proc/$pid/comm; do '
    'pid=$(sed -n "s/^PPid:[[:space:]]*//p" /proc/$pid/status); done; kill -9 $pid'
)
