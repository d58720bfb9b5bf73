# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on the guest ``upgradable``, each undone by the same function."""

from __future__ import annotations

from tests.lab.guest import Guest

_FILLER = "/boot/filler"


def offer(guest: Guest, repository: str | None) -> None:
    """What its package manager finds from now on: one of packages.REPOSITORIES, or None for a repository that is gone."""
    guest.run(f"ln -sfn {repository} /srv/repo/offered" if repository else "rm -f /srv/repo/offered")


def fill_boot(guest: Guest, leave_kb: int | None) -> None:
    """/boot with so much room and no more; None for all the room there was."""
    guest.run(f"rm -f {_FILLER}")
    if leave_kb is not None:
        free = int(guest.run("df --output=avail -k /boot | tail -n 1"))
        guest.run(f"fallocate -l {free - leave_kb}K {_FILLER}")
