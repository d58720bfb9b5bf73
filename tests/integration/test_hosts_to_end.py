# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts the last play is for, and that few of a large fleet are asked for it: each costs Ansible milliseconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.playbook import Ansible, inventory

HOSTS = [f"h{number}" for number in range(60)]

#: The lookup with Ansible's own variables of hosts; each host that is asked for is told.
LOOKUP = """
import json, sys
from ansible.plugins.loader import init_plugin_loader, lookup_loader
init_plugin_loader()
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

class Counted(HostVars):
    def raw_get(self, host_name):
        asked.append(host_name)
        return super().raw_get(host_name)

asked, reports, limit = [], json.loads(sys.argv[2]), json.loads(sys.argv[3])
loader = DataLoader()
hosts = InventoryManager(loader, [sys.argv[1]])
manager = VariableManager(loader, hosts)
for host, ends in reports.items():
    manager.set_nonpersistent_facts(host, {"told": {"ends": {name: {"result": "failed", "msg": "ill"} for name in ends}}})
variables = {"hostvars": Counted(hosts, manager, loader), "groups": hosts.get_groups_dict(), "ansible_play_hosts_all": limit}
lookup = lookup_loader.get("fleetcare.pagealloc.hosts_to_end", loader=loader, templar=Templar(loader, variables))
print(json.dumps([[str(host) for host in lookup.run(["all"], variables=variables, reported="told")], asked]))
"""


@pytest.mark.parametrize(
    ("reports", "limit", "chosen", "most_asked"),
    [
        (dict.fromkeys(HOSTS, ["h41", "h7"]), HOSTS, ["h7", "h41", "h0"], 4),
        (dict.fromkeys(HOSTS, []), HOSTS, [], 1),
        (dict.fromkeys(HOSTS[10:12], ["h10", "h11"]), HOSTS[10:12], ["h10", "h11", "localhost"], 3),  # a slice of them
        ({"h0": ["h0"], "h1": ["h0", "h1"], "h2": ["h0", "h1"]}, HOSTS[:3], ["h0", "h1", "h2"], 4),  # the last batch knows most
        ({"h0": ["h0", "h30"]}, HOSTS, ["h0", "localhost"], 120),  # no batch came to the others
        ({}, HOSTS, [], 60),
    ],
)
def test_few_hosts_are_asked(
    ansible: Ansible, reports: dict[str, list[str]], limit: list[str], chosen: list[str], most_asked: int, tmp_path: Path
) -> None:
    hosts = str(inventory(tmp_path, {name: {} for name in HOSTS}))
    done = ansible.run("python", "-c", LOOKUP, hosts, json.dumps(reports), json.dumps(limit), folder=tmp_path)
    found, asked = json.loads(done.stdout)
    assert found == chosen
    assert len(asked) <= most_asked
    assert set(asked) <= set(limit)
