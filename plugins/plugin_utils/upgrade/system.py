# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings on the host itself: rights, distribution, package manager, free space, and modules that would be missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import is_count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import Finding, blocker, ok, warning
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.known_managers import MANAGERS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import PackageManager

_MAJOR = re.compile(r"(\d{1,4})")
#: The space that a new kernel needs, relative to the running one.
_MARGIN = 1.25


def rights(evidence: Evidence) -> Finding:
    """Whether this is root."""
    if evidence.texts.get("$user", "").strip() == "0":
        return ok("rights", "commands run as root")
    return blocker("rights", "commands do not run as root", "run with become: true (ansible-playbook -b)")


def distribution(evidence: Evidence, seen: Mapping[str, str | None], manager: PackageManager | None) -> Finding:
    """Whether the host is of the family that its package manager serves. ``seen``: the fact ``kernel.distribution``."""
    families = [manager.family] if manager else list(dict.fromkeys(one.family for one in MANAGERS))
    mine = next((family for family in families if family.has(evidence, seen.get("id"))), None)
    name = clip(seen.get("name") or seen.get("id") or "unknown", 60)
    major = _MAJOR.match(seen.get("version") or "")
    if mine is None:
        told = f"{name} is not of the {' or '.join(family.name for family in families)} family"
        return blocker("distribution", told, "upgrade this host with its own tools")
    if major is None or int(major.group(1)) < mine.least_release:
        told = f"{name}: the release is older than {mine.least_release} or not known"
        return blocker("distribution", told, "upgrade this host with its own tools")
    return ok("distribution", name)


def flavour(evidence: Evidence, running: str, manager: PackageManager) -> Finding:
    """Whether the running kernel is the distribution's standard one."""
    owner = evidence.texts.get("$owner", "").strip()
    if owner in manager.heads:
        return ok("flavour", f"kernel {clip(running)} is part of the package {owner}")
    said = f"part of the package {clip(owner, 40)}" if owner else f"not part of a package ({clip(evidence.why_missing('$owner'))})"
    return blocker(
        "flavour",
        f"the running kernel {clip(running)} is {said}; it is not the distribution's standard kernel",
        "upgrade it from its own source",
    )


def package_manager(evidence: Evidence, manager: PackageManager | None) -> Finding:
    """Whether a package manager that is known here is there and idle."""
    busy = [line.split(None, 2) for line in evidence.texts.get("$busy", "").split("\n") if line.strip()]
    if manager is None:
        names = " nor ".join(one.name for one in MANAGERS)
        return blocker("package_manager", f"neither {names} is there", "install one, or upgrade this host by hand")
    if busy:
        who = listed((f"{words[-1].strip()} (pid {words[0]})" for words in busy), 3, 80)
        return blocker("package_manager", f"the package manager is busy: {who}", "wait for it to end, or find out why it does not end")
    return ok("package_manager", f"{manager.name} is idle")


def rooms(evidence: Evidence) -> Iterator[Finding]:
    """Room in /boot and for the modules, measured by what the running kernel takes."""
    free = dict(_sizes(evidence.texts.get("$room", "")))
    taken = dict(_sizes(evidence.texts.get("$size", "")))
    for check, path, prefix in (("room_boot", "/boot", "/boot/"), ("room_modules", "/lib/modules", "/lib/modules/")):
        needed = int(sum(size for name, size in taken.items() if name.startswith(prefix)) * _MARGIN)
        room = free.get(path)
        if room is None or not needed:
            yield blocker(check, f"the free space in {path} is not known", "check that df and du work there")
        elif room < needed:
            yield blocker(
                check,
                f"{path} has {room} kB free, and a kernel needs about {needed} kB",
                "remove a kernel that neither runs nor boots by default",
            )
        else:
            yield ok(check, f"{path} has {room} kB free, and a kernel needs about {needed} kB")


def _sizes(text: str) -> Iterator[tuple[str, int]]:
    for line in text.split("\n"):
        size, _space, path = line.partition(" ")
        if is_count(size):
            yield path, int(size)


def left_behind(evidence: Evidence, out_of_tree: list[str] | None) -> Iterator[Finding]:
    """Modules that do not come with a new kernel."""
    outside = evidence.texts.get("$outside", "").split("\n")
    linked = [path for path in outside if path.startswith("weak-updates/")]
    own = [path for path in outside if path and not path.startswith("weak-updates/")]
    if own or out_of_tree:
        named = listed([*(out_of_tree or ()), *(path.rpartition("/")[2] for path in own)], 5)
        yield blocker(
            "out_of_tree",
            f"modules that are not part of the kernel would be missing in the new kernel: {named}",
            "install them for the new kernel first, or name out_of_tree in kernel_upgrade_accept",
        )
    elif out_of_tree is None:
        yield warning("out_of_tree", "it is not known which loaded modules are not part of the kernel")
    else:
        yield ok("out_of_tree", "all loaded modules are part of the kernel")
    if linked:
        names = listed((path.rpartition("/")[2] for path in linked), 5)
        yield warning("weak_updates", f"modules of another kernel are linked in: {names}", "check that weak-modules links them again")
    dkms = [line for line in evidence.texts.get("$dkms", "").split("\n") if line.strip()]
    if dkms:
        remedy = "check that it builds for the new kernel. It needs the kernel-devel of that kernel"
        yield warning("dkms", f"DKMS builds {listed(dkms, 3, 60)}", remedy)
