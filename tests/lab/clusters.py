# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest ``upgradable`` as a node of two clusters, Pacemaker's and keepalived's, each of one node. Undone by the same module."""

from __future__ import annotations

from tests.lab.guest import Guest

#: What keepalived holds.
ADDRESS = "10.0.2.99"
#: Succeeds while Pacemaker runs its resource and keepalived holds its address.
RUNS_BOTH = f"crm_mon -1 --output-as=xml | grep '<node name' | grep -q 'resources_running=\"1\"' && ip -o address | grep -q {ADDRESS}"
_COROSYNC = """\
totem {
 version: 2
 cluster_name: lab
 transport: knet
}
nodelist {
 node {
  name: $(uname -n)
  nodeid: 1
  ring0_addr: 127.0.0.1
 }
}
quorum {
 provider: corosync_votequorum
}
"""
_KEEPALIVED = f"""\
vrrp_instance lab {{
 state MASTER
 interface eth0
 virtual_router_id 51
 priority 100
 advert_int 1
 virtual_ipaddress {{
  {ADDRESS}/32
 }}
}}
"""
_LATE = "/etc/systemd/system/pacemaker.service.d"
_RESOURCE = '<primitive id="service" class="ocf" provider="pacemaker" type="Dummy"/>'


def join_clusters(guest: Guest) -> None:
    """Until both run something on it, and start with the machine."""
    guest.run(f"cat >/etc/corosync/corosync.conf <<END\n{_COROSYNC}END\ncat >/etc/keepalived/keepalived.conf <<END\n{_KEEPALIVED}END")
    guest.run("systemctl enable --now corosync pacemaker keepalived 2>&1", timeout=180)
    guest.wait_until("crm_mon -1 | grep -q Online", 120)
    for name, value in (("stonith-enabled", "false"), ("no-quorum-policy", "ignore")):
        guest.run(f"crm_attribute -t crm_config -n {name} -v {value}")
    guest.run(f"cibadmin -o resources -C -X '{_RESOURCE}'")
    guest.wait_until(RUNS_BOTH, 120)


def start_late(guest: Guest) -> None:
    """From the next boot on Pacemaker listens only after the network has long been there, as on a host with much to start."""
    guest.run(f"mkdir {_LATE} && printf '[Service]\\nExecStartPre=/bin/sleep 20\\n' >{_LATE}/late.conf; systemctl daemon-reload")


def leave_clusters(guest: Guest) -> None:
    """Installed, and no node of anything."""
    guest.run("systemctl disable --now keepalived pacemaker corosync 2>&1", timeout=180)
    guest.run(f"rm -r {_LATE} /etc/corosync/corosync.conf /etc/keepalived/keepalived.conf")
