# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel runs, on which distribution, and which kernels are installed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import OrderedDict

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError

_OS_RELEASE = re.compile(r"([A-Z_]{1,40})=(.*)\Z")
_RELEASE_FILE = re.compile(r"(.{1,100}?) (?:Linux )?release ([0-9][0-9.]*)")
# "kernel 2.6.32-358.el6.x86_64" as the probe asks rpm, "kernel-2.6.32-358.el6.x86_64  Mon ..." as sosreports list it
_KERNEL_PACKAGE = re.compile(r"kernel(?:-(?:core|uek|uek-core|rt|rt-core|default|ml|lt))?[ -]([0-9]\S{0,127})")
_DEBIAN_PACKAGE = re.compile(r"linux-image ([0-9]\S{0,127})\Z")

#: How a release file names a distribution -> the id os-release gives it.
_DISTRIBUTION_IDS = (
    ("Oracle", "ol"),
    ("Red Hat Enterprise", "rhel"),
    ("CentOS", "centos"),
    ("Scientific", "scientific"),
    ("Fedora", "fedora"),
)


def parse_uname(text):
    """{release, version, machine} of ``uname -a``, whose last words are the machine and "GNU/Linux"."""
    words = text.split()
    if len(words) < 5 or words[0] != "Linux":
        raise EvidenceError("kernel", 1, "%.80r is not what uname -a prints on Linux" % str(text.strip()))
    machine_at = -2 if words[-1].endswith("Linux") else -1
    return {"release": words[2], "version": " ".join(words[3:machine_at]) or None, "machine": words[machine_at]}


def parse_os_release(text):
    """{id, name, version} of /etc/os-release (os-release(5)); version is null where it is rolling."""
    fields = {}
    for line in text.split("\n"):
        found = _OS_RELEASE.match(line.strip())
        if found:
            fields[found.group(1)] = found.group(2).strip("\"'")
    if not fields.get("ID"):
        raise EvidenceError("kernel.distribution", None, "os-release names no ID")
    return {
        "id": fields["ID"],
        "name": fields.get("PRETTY_NAME") or fields.get("NAME") or fields["ID"],
        "version": fields.get("VERSION_ID") or None,
    }


def parse_release_file(text):
    """{id, name, version} of /etc/redhat-release and its like, as EL 6 has it, without an os-release."""
    line = text.strip().split("\n")[0]
    found = _RELEASE_FILE.match(line)
    if not found:
        raise EvidenceError("kernel.distribution", 1, "%.80r names no release" % str(line))
    ids = [ident for name, ident in _DISTRIBUTION_IDS if found.group(1).startswith(name)]
    return {"id": ids[0] if ids else "unknown", "name": line[:120], "version": found.group(2)}


def parse_installed(text):
    """The releases of the installed kernel packages, each once, in the order listed."""
    releases = OrderedDict()
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("error:"):
            raise EvidenceError("kernel.installed", number, "rpm says %.100r" % str(line))
        found = _KERNEL_PACKAGE.match(line) or _DEBIAN_PACKAGE.match(line)
        if found:
            releases[found.group(1)] = None
    return list(releases)
