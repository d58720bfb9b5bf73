# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""yum 3, of Enterprise Linux 6 and 7. It prints and keeps what dnf does, but has no --refresh and no repoquery of its own."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.dnf import Dnf


class Yum(Dnf):
    """See the functions of managers/sh/yum.sh."""

    name = "yum"
    parts = ("rpm", "enterprise_linux", "yum")
    module = "ansible.builtin.yum"
