# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cluster managers from what their commands print. None of them runs here: the texts are written from their manuals."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.cluster import Cluster, read_clusters

CRM_MON = """\
<?xml version="1.0"?>
<crm_mon version="1.1.10">
    <nodes>
        <node name="db01" id="1" online="true" standby="false" pending="false" type="member" resources_running="2" is_dc="true" />
        <node name="db02" id="2" online="true" standby="false" pending="false" type="member" resources_running="0" />
    </nodes>
    <resources>
        <resource id="vip" resource_agent="ocf::heartbeat:IPaddr2" role="Started" nodes_running_on="1" >
            <node name="db01" id="1" cached="false"/>
        </resource>
    </resources>
</crm_mon>
"""
CLUSTAT = """\
Cluster Status for shop @ Mon Jan  6 10:00:00 2014
Member Status: Quorate

 Member Name                             ID   Status
 ------ ----                             ---- ------
 db01                                        1 Online, Local, rgmanager
 db02                                        2 Online, rgmanager

 Service Name                   Owner (Last)                   State
 ------- ----                   ----- ------                   -----
 service:web                    db01                           started
 service:mail                   db02                           started
 vm:old                         (db01)                         stopped
"""
KEEPALIVED = {"$daemon": "keepalived\n", "/etc/keepalived/keepalived.conf": "        192.0.2.10/24 dev eth0\n        192.0.2.11\n"}


def sole(texts: dict[str, str], reasons: dict[str, str] | None = None) -> Cluster:
    [found] = read_clusters(Evidence(texts, reasons or {}))
    return found


@pytest.mark.parametrize(("node", "runs"), [("db01", "2 resources"), ("db02", ""), ("db03", None), ("", None)])
def test_pacemaker(node: str, runs: str | None) -> None:
    found = sole({"$crm_mon": CRM_MON, "$crm_node": f"{node}\n"})
    assert (found.manager, found.runs) == ("Pacemaker", runs)
    if node == "db01":
        assert found.standby == "crm_standby -N db01 -v on"
        assert found.unstandby.startswith("crm_standby -N db01 -D && ") and 'standby="false"' in found.unstandby, "its exit says nothing"
        assert 'online="true"' in found.unstandby, "of a node that has not joined yet, standby is always false"


def test_a_node_that_stood_by_before_is_left_so() -> None:
    found = sole({"$crm_mon": CRM_MON.replace('standby="false"', 'standby="true"'), "$crm_node": "db01\n"})
    assert (found.standby, found.unstandby) == (":", ":")


def test_pacemaker_that_does_not_answer_is_not_one_that_runs_nothing() -> None:
    assert sole({"$daemon": "pacemakerd\n"}, {"$crm_mon": "no answer within 180 s"}).runs is None


@pytest.mark.parametrize("name", ["$(reboot)", "x';reboot;'", "x$(reboot)", "x`reboot`", "x&reboot", "x reboot", "x\\", "xé", "x\u202ey"])
def test_the_name_of_a_node_cannot_become_a_command(name: str) -> None:
    """The plain letter at its beginning is what a pattern matches that is not held to the end."""
    hostile = CRM_MON.replace('"db01"', f'"{name}"')
    assert sole({"$crm_mon": hostile, "$crm_node": f"{name}\n"}) == Cluster("Pacemaker", None)


def test_a_number_of_resources_that_is_none() -> None:
    assert sole({"$crm_mon": CRM_MON.replace('resources_running="2"', 'resources_running="²"'), "$crm_node": "db01\n"}).runs is None


def test_rgmanager_and_cman() -> None:
    found = sole({"$clustat": CLUSTAT, "$cman": "Nodes: 2\n"})
    assert (found.manager, found.runs, found.standby) == ("rgmanager", "service:web", "service rgmanager stop")
    assert sole({"$clustat": CLUSTAT.replace("db01                           started", "db02   started")}).runs == ""
    assert sole({"$daemon": "rgmanager\n"}).runs is None
    alone = sole({"$cman": "Nodes: 2\n"})
    assert alone.manager == "cman" and alone.runs and not alone.standby


def test_keepalived_holds_an_address_or_not() -> None:
    held = "2: eth0    inet 192.0.2.10/24 scope global secondary eth0\\ valid_lft forever\n"
    assert sole({**KEEPALIVED, "$addresses": held}).runs == "192.0.2.10/24"
    assert sole({**KEEPALIVED, "$addresses": "2: eth0    inet 192.0.2.1/24 scope global eth0\n"}).runs == ""
    assert sole(KEEPALIVED).runs is None


def test_a_host_without_any() -> None:
    assert read_clusters(Evidence({"$daemon": "atd\n"}, {})) == []


def test_one_resource_and_several() -> None:
    for number, runs in ((0, ""), (1, "1 resource"), (2, "2 resources")):
        node = f'<node name="db01" online="true" standby="false" resources_running="{number}"/>'
        assert next(iter(read_clusters(Evidence({"$crm_mon": node, "$crm_node": "db01\n"}, {})))).runs == runs


def test_short_lines_of_clustat_are_read_or_passed_over() -> None:
    short = " Local x\n db01 1 Local\n service:web db01 started\n service:mail db01\n :odd: db01 x starting\n started\n"
    assert sole({"$clustat": short}).runs == "service:web, :odd:"
    assert sole({"$clustat": " db01 Local\n service:web db01 started\n"}).runs is None, "no line of a member"
