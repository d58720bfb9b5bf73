# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""zypper, of SUSE Linux Enterprise 12 and later and of openSUSE Leap.

A kernel's package has a number more than the kernel's name (``5.14.21-150500.55.7.1`` is ``5.14.21-150500.55.7-default``). Sources:
zypper(8), zypp.conf(5) on ``multiversion``, /etc/sysconfig/bootloader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cmp_to_key
from html import unescape

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.boot import setting
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel import parse_installed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import Finding, blocker, ok
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import (
    Family,
    Kernels,
    Offer,
    PackageManager,
    Target,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.target import compare_releases

_IDS = ("sles", "sles_sap", "sled", "opensuse-leap")
# <solvable status="other-version" name="kernel-default" kind="package" edition="…" arch="x86_64" repository="…"/>
_SOLVABLE = re.compile(r"<solvable ([^<>]{1,1000})/>")
_ATTRIBUTE = re.compile(r'\b([a-z]{1,20})="([^"]{0,200})"')
# VERSION-RELEASE.ARCH. "4.12.14-lp151.28.10.1" of an early Leap has no order that is known here.
_PACKAGE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,4}-[0-9][0-9A-Za-z.+~^_]{0,99}")
# <to-install> <solvable type="package" name="kernel-default" …> </to-install>
_PLANNED = re.compile(r'<(to-[a-z-]{1,30})>|<solvable type="[a-z]{1,20}" name="([^"]{1,100})"')
_PROBLEM = re.compile(r"<description>(Problem[^<]{1,400})|<message type=\"error\">([^<]{1,400})")
_PLACE = re.compile(r"(latest|oldest)(?:[-+](\d{1,3}))?")
#: File systems without snapshots that could be booted.
_PLAIN_FILE_SYSTEMS = frozenset(("rootfs", "ext2", "ext3", "ext4", "xfs"))
_MOST_RULE_CHARS = 400
_LOADERS = frozenset(("grub2", "grub2-efi"))
_BY_HAND = "upgrade this host with its own tools"


class Zypper(PackageManager):
    """See the functions of managers/sh/zypper.sh."""

    name = "zypper"
    family = Family("SUSE Linux", frozenset(_IDS), like="suse", least_release=12)
    parts = ("rpm", "zypper")
    heads = ("kernel-default",)
    brought = heads
    pieces = (*heads, "kernel-default-extra", "kernel-default-optional")

    def offers(self, text: str) -> dict[str, Offer]:
        found: dict[str, Offer] = {}
        for attributes in map(dict, map(_ATTRIBUTE.findall, _SOLVABLE.findall(text))):
            package = f"{attributes.get('edition')}.{attributes.get('arch')}"
            release = self.release_of(self.heads[0], package)
            if release and attributes.get("name") in self.heads and attributes.get("status") != "installed":
                found.setdefault(release, Offer(package, unescape(attributes.get("repository", ""))))  # the newest comes first
        return found

    def release_of(self, head: str, package: str) -> str | None:
        if not _PACKAGE.fullmatch(package):
            return None
        releases: list[str] = parse_installed(f"{head} {package}")
        return releases[0] if releases else None

    def words(self, names: Iterable[str], package: str) -> list[str]:
        edition, _dot, arch = package.rpartition(".")
        return [f"{name}.{arch}={edition}" for name in names]

    def has_none(self, why: str) -> bool:
        return "no repository has" in why

    def findings(self, evidence: Evidence, kernels: Kernels, target: Target | None) -> Iterator[Finding]:
        yield _root(evidence)
        yield _loader_type(evidence)
        if target:
            yield _purge(evidence, kernels, target)

    def rehearsal(self, evidence: Evidence) -> list[Finding]:
        """Whether it would install the kernel, beside the others and without removing anything."""
        text = evidence.texts.get("$rehearsal", "")
        if evidence.texts.get("$rehearsal_status", "").strip() != "0":
            problem = _PROBLEM.search(text)
            told = clip(" ".join(unescape(problem.group(1) or problem.group(2)).split()), 240) if problem else "it does not say why"
            if "remove lock" in told:
                remedy = "run zypper removelock, and lock it again after the upgrade"
                return [blocker("held", f"zypper would not install it: {told}", remedy)]
            remedy = "run zypper install --dry-run on the host and read its message"
            return [blocker("transaction", f"zypper would not install it: {told}", remedy)]
        return [_planned(text, self.heads[0])]


def _planned(text: str, head: str) -> Finding:
    """What the summary of a dry run says: which packages are to be installed, and what is to become of others."""
    plan: dict[str, list[str]] = {}
    section = ""
    for found in _PLANNED.finditer(text):
        section = found.group(1) or section
        plan.setdefault(section, []).extend([found.group(2)] if found.group(2) else [])
    replaced = [name for name in plan if name not in ("to-install", "to-reinstall") and head in plan[name]]
    if replaced:
        told = "zypper would replace the running kernel, because it does not keep several"
        return blocker("transaction", told, "set multiversion = provides:multiversion(kernel) in /etc/zypp/zypp.conf")
    if "to-remove" in plan:
        gone = listed(plan["to-remove"]) or "packages"
        return blocker("transaction", f"zypper would remove {gone}", "run zypper install --dry-run on the host and read its message")
    if head not in plan.get("to-install", ()):
        return blocker("transaction", f"zypper would not install {head}", "run zypper install --dry-run on the host and read its message")
    return ok("transaction", f"zypper would install {listed(plan['to-install'])} and remove nothing")


def _root(evidence: Evidence) -> Finding:
    """Whether the installed files are there after the boot: no snapshot and no second root is booted instead."""
    mounts = [line.split() for line in evidence.texts.get("/proc/mounts", "").split("\n") if len(line.split()) > 3]
    roots = [words for words in mounts if words[1] == "/"]
    if not roots:
        return blocker("root", "the file system of / is not known", "check that /proc/mounts can be read")
    if "transactional-update" in evidence.texts.get("$tool", "").split() or "ro" in roots[-1][3].split(","):
        return blocker("root", "/ is read-only or updated by transactional-update, and that installs into a snapshot", _BY_HAND)
    odd = [f"{words[1]} on {words[2]}" for words in mounts if words[1] in ("/", "/boot") and words[2] not in _PLAIN_FILE_SYSTEMS]
    if odd:
        told = f"{listed(odd)}: this role does not choose the snapshot that boots, and perhaps GRUB cannot write there"
        return blocker("root", told, _BY_HAND)
    return ok("root", f"/ is on {clip(roots[-1][2], 20)}")


def _loader_type(evidence: Evidence) -> Finding:
    kind = setting(evidence.texts.get("/etc/sysconfig/bootloader", ""), "LOADER_TYPE")
    if kind in _LOADERS:
        return ok("loader_type", f"the boot loader is {kind}")
    told = f"the boot loader is {clip(kind, 20)}, not grub2" if kind else "/etc/sysconfig/bootloader does not tell the boot loader"
    return blocker("loader_type", told, _BY_HAND)


def _purge(evidence: Evidence, kernels: Kernels, target: Target) -> Finding:
    """Whether the running kernel is still there after the reboot: purge-kernels.service removes at boot what is not to be kept."""
    rule, old = (_purge_rule(evidence) or "")[:_MOST_RULE_CHARS], kernels.installed.get(kernels.running)
    if not rule or not old:
        told = "it is not known which kernels purge-kernels keeps" if old else "the package of the running kernel is not known"
        return blocker("purge_kernels", told, "set multiversion.kernels = latest,latest-1,running in /etc/zypp/zypp.conf")
    if old in _kept(rule, [*kernels.installed.values(), target.package]):
        return ok("purge_kernels", f"{clip(kernels.running)} is kept after the reboot (multiversion.kernels = {clip(rule)})")
    told = f"purge-kernels would remove {clip(kernels.running)} after the reboot, and then there is no way back"
    remedy = f"add {clip(old.rpartition('.')[0])} to multiversion.kernels in /etc/zypp/zypp.conf"
    return blocker("purge_kernels", f"{told} (multiversion.kernels = {clip(rule)})", remedy)


def _purge_rule(evidence: Evidence) -> str | None:
    """The value of multiversion.kernels: a file of the machine's own goes before the vendor's, and what is added to it before both."""
    added = [text for _name, text in evidence.find("/etc/zypp/zypp.conf.d/", ".conf")]
    texts = [*reversed(added), *(evidence.texts.get(f"{folder}/zypp/zypp.conf", "") for folder in ("/etc", "/usr/etc"))]
    lines = ["\n".join(line.replace(" ", "").replace("\t", "") for line in text.split("\n")) for text in texts]
    return next((value for text in lines if (value := setting(text, "multiversion.kernels"))), None)


def _kept(rule: str, packages: Iterable[str]) -> set[str]:
    """Which of these packages the rule keeps; each VERSION-RELEASE.ARCH. The word "running" keeps what runs then: not the old one."""
    oldest_first: Sequence[str] = sorted(set(packages), key=cmp_to_key(compare_releases))
    kept: set[str] = set()
    for word in rule.split(","):
        place = _PLACE.fullmatch(word)
        if place:
            ordered = oldest_first if place.group(1) == "oldest" else oldest_first[::-1]
            number = int(place.group(2) or 0)
            kept.update(ordered[number : number + 1])
        else:
            kept.update(package for package in oldest_first if package.rpartition(".")[0] == word)
    return kept
