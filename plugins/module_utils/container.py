# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host is a container. It shares its machine's kernel and does not see the machine's network cards."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

#: Which of the paths below are there, a line each; of a report the line of hostnamectl that tells.
CONTAINER = "$container"
SYSTEMD_CONTAINER = "/run/systemd/container"
FIRST_CGROUP = "/proc/1/cgroup"

_OPENVZ, _OPENVZ_MACHINE = "/proc/vz", "/proc/bc"

#: Files that a container's image can hold. A virtual machine made of such an image has them too, but also a network card.
_LEFT_BEHIND = (("/run/.containerenv", "podman"), ("/.dockerenv", "docker"))

#: Looked for on a live host.
PATHS = (_OPENVZ, _OPENVZ_MACHINE) + tuple(path for path, unused in _LEFT_BEHIND)

_VIRTUALIZATION = re.compile(r"Virtualization: ([a-z0-9-]{1,32})")
_KIND = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
#: The first process of a machine is in the root of the tree, or in init.scope.
_CGROUP = re.compile(r"[:/](docker|lxc|libpod|kubepods|crio|garden)\b")


def container_of(evidence, nics):
    """{kind, by} of a container, None if nothing says that it is one; ``by``: the file or command that shows it. ``nics``: the interfaces,
    None if not known. A file that an image may contain counts only if no interface has a device.
    """
    lines = evidence.texts.get(CONTAINER, "").split("\n")
    kind = _KIND.match(evidence.texts.get(SYSTEMD_CONTAINER, ""))
    if kind:
        return {"kind": kind.group(), "by": SYSTEMD_CONTAINER}
    if _OPENVZ in lines and _OPENVZ_MACHINE not in lines:
        return {"kind": "openvz", "by": _OPENVZ}
    cgroup = _CGROUP.search(evidence.texts.get(FIRST_CGROUP, ""))
    if cgroup:
        return {"kind": cgroup.group(1), "by": FIRST_CGROUP}
    told = _VIRTUALIZATION.match(lines[0])
    if told:
        return {"kind": told.group(1), "by": "hostnamectl"}
    if any(not nic["virtual"] for nic in nics or ()):
        return None
    return next(({"kind": kind, "by": path} for path, kind in _LEFT_BEHIND if path in lines), None)
