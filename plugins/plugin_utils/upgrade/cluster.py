# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cluster managers: whether this host is a node, what it runs there, and the commands that hand it over and take it back.

Sources: crm_mon(8) and crm_standby(8) of Pacemaker, clustat(8) of rgmanager, cman_tool(8), keepalived.conf(5).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import is_count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed

_NODE = re.compile(r"<node\s([^<>]*)>")
_ATTRIBUTE = re.compile(r'(?<![\w-])([\w-]{1,64})="([^"]*)"')
_ADDRESS = re.compile(r"\binet6? (\S{1,64})")
_SANE_NODE = re.compile(r"[A-Za-z0-9._-]{1,255}")


@dataclass(frozen=True)
class Cluster:
    """``runs``: part of a sentence on the resources of this node, "" for none, None if not known. ``standby`` moves them away, ``idle``
    succeeds when none runs here, ``unstandby`` lets the node take resources again. These are shell commands, "" if there is none.
    """

    manager: str
    runs: str | None
    standby: str = ""
    idle: str = ""
    unstandby: str = ""


def read_clusters(evidence: Evidence) -> list[Cluster]:
    """Every cluster manager that was noticed on the host."""
    return list(_clusters(evidence))


def _clusters(evidence: Evidence) -> Iterator[Cluster]:
    daemons = set(evidence.texts.get("$daemon", "").split())
    status = evidence.texts.get("$crm_mon")
    if status is not None or "pacemakerd" in daemons:
        yield _pacemaker(status, evidence.texts.get("$crm_node", "").strip())
    rings = evidence.texts.get("$clustat")
    if rings is not None or "rgmanager" in daemons:
        yield _rgmanager(rings)
    elif evidence.texts.get("$cman"):
        yield Cluster("cman", "membership of the cluster, and what may hold its locks")
    if "keepalived" in daemons:
        yield _keepalived(evidence)


def _pacemaker(status: str | None, node: str) -> Cluster:
    nodes = [dict(_ATTRIBUTE.findall(text)) for text in _NODE.findall(status or "")]
    here = next((one for one in nodes if one.get("name") == node and "resources_running" in one), None)
    if here is None or not _SANE_NODE.fullmatch(node) or not is_count(here["resources_running"]):
        return Cluster("Pacemaker", None)
    number = int(here["resources_running"])
    runs = "" if number == 0 else f"{number} resource{'' if number == 1 else 's'}"
    name = shlex.quote(node)
    # crm_mon of both generations prints one <node .../> with the number; a dash may stand in no name before it
    shown = f"{{ crm_mon -1 --output-as=xml 2>/dev/null || crm_mon -1 --as-xml; }} | grep '<node name=\"{node}\" '"
    idle = f"{shown} | grep -q 'resources_running=\"0\"'"
    if here.get("standby") == "true":  # it was in standby before, so it stays
        return Cluster("Pacemaker", runs, ":", idle, ":")
    # crm_standby ends with 0 also where Pacemaker does not listen yet, and of a node that has not joined crm_mon says standby="false"
    back = f"crm_standby -N {name} -D && {shown} | grep 'online=\"true\"' | grep -q 'standby=\"false\"'"
    return Cluster("Pacemaker", runs, f"crm_standby -N {name} -v on", idle, back)


def _rgmanager(text: str | None) -> Cluster:
    local, services = None, []
    for line in (text or "").split("\n"):
        words = line.split()
        if "Local" in line and len(words) >= 3:
            local = words[0]
        elif len(words) >= 3 and ":" in words[0] and words[1] == local and words[-1].startswith("start"):
            services.append(words[0])
    if local is None:
        return Cluster("rgmanager", None)
    # its own init script relocates the services; it starts again with the machine
    return Cluster("rgmanager", listed(services), "service rgmanager stop", ":", "service rgmanager start")


def _keepalived(evidence: Evidence) -> Cluster:
    config = evidence.texts.get("/etc/keepalived/keepalived.conf")
    addresses = evidence.texts.get("$addresses")
    if config is None or addresses is None:
        return Cluster("keepalived", None)
    here = {found.split("/")[0] for found in _ADDRESS.findall(addresses)}
    virtual = [line.split()[0] for line in config.split("\n") if line.strip()]
    held = [clip(one, 50) for one in virtual if one.split("/")[0] in here]
    return Cluster("keepalived", listed(held), "service keepalived stop", ":", "service keepalived start")
