# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seed's story, told by real kernels: clear, at risk, traffic, affected while memory is free, SSH that stalls where TCP connects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.lab.guest import Guest
from tests.playbook import Ansible, own

#: The lab's driver and kernels, as a site would describe them. No kernel is known to have the fix.
ADVISORY = {
    "id": "lab-mlx4_en",
    "title": "the lab's mlx4_en keeps a page of an order-2 block with every packet",
    "driver": "mlx4_en",
    "bus_driver": "mlx4_core",
    "kernel": {"dists": ["amd64"], "introduced": "6.1.0-1"},
    "order": 2,
    "workaround": {"min_free_kbytes": 131072},
    "fix": "Boot a guest without the fault: lab.blocks_per_packet=0.",
    "references": ["https://github.com/fleetcare/pagealloc/blob/main/tests/lab/README.md"],
}
_MOST_PACKETS = 40_000


def leak_until_packets_are_dropped(guest: Guest) -> None:
    """Traffic alone, until the driver finds no block for a packet any more, whatever it dropped earlier."""
    dropped = packets_dropped(guest)
    for _round in range(_MOST_PACKETS // 500):
        guest.send_packets(500)
        if packets_dropped(guest) > dropped:
            return
    raise guest.error(f"{_MOST_PACKETS} packets starved nobody")


def packets_dropped(guest: Guest) -> int:
    """Packets for which its driver found no block, since the module was loaded."""
    return int(guest.run("cat /sys/module/mlx4_en/parameters/packets_dropped"))


def audit(ansible: Ansible, folder: Path, guests: dict[str, Guest], *words: str, leaking: bool = False) -> dict[str, Any]:
    hosts = {name: guest.variables() for name, guest in guests.items()}
    if leaking:
        hosts |= {f"{name}-by-mlx0": guest.variables(leaking=True) for name, guest in guests.items()}
    fleet, done = ansible.audit(folder, hosts, *words, check=False)
    assert done.returncode == (4 if leaking else 0), done.stdout + done.stderr  # over the starving card no host can be reached
    return dict(fleet["hosts"])


def test_the_seeds_story(guests: dict[str, Guest], tmp_path: Path) -> None:
    ansible = own()
    advised = ("-e", json.dumps({"pagealloc_advisories": [ADVISORY], "audit_timeout_seconds": 60}))

    clean = audit(ansible, tmp_path / "clean", guests)
    assert {name: host["verdict"] for name, host in clean.items()} == {"legacy": "clear", "modern": "clear"}, clean
    for host in clean.values():
        [card] = [nic for nic in host["facts"]["nics"] if nic["driver"] == "mlx4_en"]
        assert (card["bus_driver"], card["in_tree"]) == ("mlx4_core", True)

    warned = audit(ansible, tmp_path / "warned", guests, *advised)
    assert {name: host["verdict"] for name, host in warned.items()} == {"legacy": "at_risk", "modern": "at_risk"}

    for guest in guests.values():
        leak_until_packets_are_dropped(guest)
    starved = audit(ansible, tmp_path / "starved", guests, *advised, leaking=True)
    for name in guests:
        host = starved[name]
        assert host["verdict"] == "affected" and host["advisories"] == ["lab-mlx4_en"], host["reasons"]
        assert any("page allocation failure" in reason and "mlx4_en" in reason for reason in host["reasons"]), "the log"
        assert any("would refuse" in reason or "would grant" in reason for reason in host["reasons"]), "the headroom"
        assert host["facts"]["failures"]["last"]["atomic"] is True
        assert host["headroom"]["atomic"][2] * 100 < clean[name]["headroom"]["atomic"][2], "some always come back"
        assert host["facts"]["memory"]["free_kb"] > 1_000_000, "free still shows memory"
        assert starved[f"{name}-by-mlx0"]["verdict"] == "stalled", "TCP connects, SSH does not finish"
