# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a sosreport keeps what it has in a form of its own, and what tells whose report it is. Data.

What a report keeps in the form of a live host stands in the manifest (module_utils/manifest.py), beside how the live host gives it.
"""

from __future__ import annotations

#: What a sosreport keeps in a form of its own: form -> patterns, the best first. forms.py turns it into what
#: a live host gives.
SOS_FORMS = {
    "sysctl": ("sos_commands/kernel/sysctl_-a",),
    "ip_link": (
        "sos_commands/networking/ip_-s_-d_link",
        "sos_commands/networking/ip_-d_link",
        "sos_commands/networking/ip_link",
        "sos_commands/networking/ip_-d_address",
        "sos_commands/networking/ip_address",
        "ip_addr",
        "sos_commands/networking/ip_-o_addr",
    ),
    "netns": (
        "sos_commands/networking/namespaces/*/ip_netns_exec_*_ip_-d_address_show",
        "sos_commands/networking/namespaces/*/ip_netns_exec_*_ip_address_show",
        "sos_commands/networking/ip_netns_exec_*_ip_address_show",
        "sos_commands/networking/namespaces/*/ip_netns_exec_*_ethtool_-i_*",
        "sos_commands/networking/ip_netns_exec_*_ethtool_-i_*",
    ),
    "ip_route": ("sos_commands/networking/ip_route_show_table_all", "ip_route"),
    "uptime": ("sos_commands/host/uptime", "sos_commands/general/uptime", "uptime"),
    "free": ("sos_commands/memory/free", "free", "sos_commands/memory/free_-m"),
    "lsb_release": ("sos_commands/release/lsb_release_-a", "sos_commands/lsbrelease/lsb_release_-a"),
    "bonding": ("proc/net/bonding/*",),
    "hostnamectl": (
        "sos_commands/host/hostnamectl_status",
        "sos_commands/host/hostnamectl",
        "sos_commands/general/hostnamectl",
    ),
    "modinfo": ("sos_commands/kernel/modinfo_*",),
    "module_version": ("sys/module/*/version",),
    "module_parameters": ("sys/module/*/parameters/*",),
    "taint": ("sys/module/*/taint",),
    "packages": (
        "installed-rpms",
        "sos_commands/rpm/package-data",
        "sos_commands/rpm/sh_-c_rpm_*",
        "sos_commands/rpm/rpm_-qa*",
        "installed-debs",
        "sos_commands/dpkg/dpkg_-l",
    ),
}

#: What tells which host a sosreport is of, and when it was taken: datum -> patterns, the best first.
SOS_IDENTITY = {
    "host": ("hostname", "sos_commands/host/hostname", "sos_commands/general/hostname", "etc/hostname"),
    "taken": ("sos_commands/date/date_--utc", "date", "sos_commands/date/date", "sos_commands/general/date"),
    "machine": ("etc/machine-id", "var/lib/dbus/machine-id"),
    "dmi": ("dmidecode", "sos_commands/hardware/dmidecode"),
    "version": ("proc/version",),
}
