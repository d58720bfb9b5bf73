# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf, of Enterprise Linux 8 and later."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import Finding, ok, warning
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import (
    Family,
    Kernels,
    Offer,
    PackageManager,
    Target,
)

# "kernel.x86_64   VERSION-RELEASE   REPOSITORY"; yum breaks a line that is longer than 80 columns.
_OFFER = re.compile(r"^kernel\.(\w{1,20})\s+(?:\d{1,9}:)?([\w.+~^]{1,60}-[\w.+~^]{1,80})\s+@?(\S{1,100})", re.M)
_POLICY = re.compile(r"^(UPDATEDEFAULT|DEFAULTKERNEL)=[\"']?([\w-]*)", re.M)
_RELEASE = re.compile(r"^Release: (\d[\w.]{0,20})", re.M)
_HOLDING = ("/etc/yum.conf", "/etc/dnf/dnf.conf", "/etc/yum/pluginconf.d/versionlock.list", "/etc/dnf/plugins/versionlock.list")
#: Of what an os-release or a release file calls its distribution.
_IDS = ("rhel", "centos", "ol", "rocky", "almalinux", "scientific", "cloudlinux", "springdale", "eurolinux", "miraclelinux")


class Dnf(PackageManager):
    """See the functions of managers/sh/dnf.sh."""

    name = "dnf"
    family = Family("Enterprise Linux", frozenset(_IDS), like="rhel", least_release=6)
    parts = ("rpm", "enterprise_linux", "dnf")
    module = "ansible.builtin.dnf"
    heads = ("kernel", "kernel-core")
    brought = (*heads, "kernel-modules", "kernel-modules-core")
    pieces = (*brought, "kernel-modules-extra")
    unpin = "subscription-manager release --set=RELEASE, or --unset"

    def offers(self, text: str) -> dict[str, Offer]:
        found = [(f"{version}.{arch}", repository) for arch, version, repository in _OFFER.findall(text)]
        return {package: Offer(package, repository) for package, repository in found}

    def has_none(self, why: str) -> bool:
        return "No matching" in why

    def pin(self, evidence: Evidence) -> str:
        """By subscription-manager, or by a variable of its own."""
        told = _RELEASE.search(evidence.texts.get("$subscription", ""))
        if told:
            return told.group(1)
        values = (evidence.texts.get(f"/etc/{name}/vars/releasever", "").strip() for name in ("yum", "dnf"))
        return next((clip(value, 20) for value in values if "." in value), "")

    def holds(self, evidence: Evidence) -> list[str]:
        lines = ((source, line.strip()) for source in _HOLDING for line in evidence.texts.get(source, "").split("\n"))
        return [f"{source}: {clip(line, 60)}" for source, line in lines if line and "installonly_limit" not in line]

    def findings(self, evidence: Evidence, kernels: Kernels, target: Target | None) -> Iterator[Finding]:
        """Whether the packages make a new kernel the default by themselves."""
        policy = dict(_POLICY.findall(evidence.texts.get("/etc/sysconfig/kernel", "")))
        if policy.get("UPDATEDEFAULT", "yes") == "yes" and policy.get("DEFAULTKERNEL", "kernel") in self.heads:
            yield ok("boot_policy", "the package of a new kernel makes it the default")
            return
        told = ", ".join(f"{name}={value}" for name, value in policy.items())
        yield warning("boot_policy", f"/etc/sysconfig/kernel says {told}: the package does not change the default, so this role does")
