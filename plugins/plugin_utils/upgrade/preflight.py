# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight: all obstacles to an upgrade at once, and what would be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host_reading import userland_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import role_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade import system
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.cluster import Cluster, read_clusters
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import Finding, UpgradeError, blocker, ok, warning
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.loader import read_loader
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.known_managers import manager_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import Kernels, Offer, PackageManager, Target
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.schedule import in_utc, reboot_epoch, require_ahead, seconds_in
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.state import State, read_state
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.target import choose, newest_of, wanted_from

#: Verdicts that need an upgrade.
ASKS = ("affected", "at_risk", "mitigated", "reboot_pending")
#: How much the clocks of host and controller may differ before a time is ambiguous.
_CLOCK_SECONDS = 300


@dataclass(frozen=True)
class Wishes:
    """What the operator asks for."""

    target: str
    exact: bool
    reboot: str
    at: str
    timezone: str
    window_seconds: int
    cluster: str
    accept: Sequence[str]


@dataclass(frozen=True)
class Preflight:
    """``target`` is None if none was found, ``at`` if no time was asked for or it was refused."""

    findings: list[Finding]
    target: Target | None
    at: int | None
    state: State
    manager: PackageManager | None
    python: str

    @property
    def blockers(self) -> list[Finding]:
        """What the upgrade is refused for."""
        return [finding for finding in self.findings if finding["state"] == "blocker"]


def _acceptable() -> frozenset[str]:
    """The checks whose blockers an operator may accept."""
    return frozenset(role_options("kernel_upgrade")["kernel_upgrade_accept"]["choices"])


def preflight(
    evidence: Evidence, facts: Mapping[str, Any], advisories: Sequence[Advisory], wishes: Wishes, controller_clock: int
) -> Preflight:
    """All findings of one host.

    ``evidence``: what the program PREFLIGHT gave, ``facts``: ``ansible_facts.pagealloc``, ``advisories``: those that match.
    Raises EvidenceError if the evidence lacks data that every host has.
    """
    state = read_state(evidence)
    kernel = facts.get("kernel") or {}
    running = state.release
    manager = manager_of(evidence)
    target, packages, more = _packages(evidence, manager, kernel, running, advisories, wishes)
    findings = [system.rights(evidence), system.distribution(evidence, kernel.get("distribution") or {}, manager), *packages]
    if target is None or target.repository is not None:
        findings += system.rooms(evidence)
    findings += system.left_behind(evidence, (facts.get("modules") or {}).get("out_of_tree"))
    findings += [*more, *_loader(evidence)]
    findings += [_cluster(one, wishes) for one in read_clusters(evidence)]
    at = None
    if wishes.reboot == "at":
        at, said = _time(evidence, state, wishes, controller_clock)
        findings += said
    findings += left_by_us(state, target)
    words = evidence.texts.get("$python", "").split()
    return Preflight(
        [_accepted(finding, wishes.accept) for finding in findings],
        target,
        at,
        state,
        manager,
        " ".join(words[:2]) if len(words) > 1 else "",
    )


def _accepted(finding: Finding, accept: Sequence[str]) -> Finding:
    if finding["state"] == "blocker" and finding["check"] in accept and finding["check"] in _acceptable():
        return warning(finding["check"], f"{finding['sentence']}; accepted by kernel_upgrade_accept")
    return finding


def both_looks(first: Evidence, more: Evidence) -> Evidence:
    """What two programs gave of one host. A file that a program did not ask for is empty in its evidence, and says nothing there."""
    seen = {source: text for source, text in first.texts.items() if text or not more.texts.get(source)}
    return Evidence({**more.texts, **seen}, {**more.reasons, **first.reasons})


def _packages(
    evidence: Evidence,
    manager: PackageManager | None,
    kernel: Mapping[str, Any],
    running: str,
    advisories: Sequence[Advisory],
    wishes: Wishes,
) -> tuple[Target | None, list[Finding], Iterator[Finding]]:
    """The kernel to boot, what was found of packages, and what else the package manager finds."""
    if manager is None:
        return None, [system.package_manager(evidence, None)], iter(())
    kernels = manager.kernels(evidence, running)
    target, told = _target(evidence, manager, kernel, kernels, advisories, wishes)
    findings = [system.flavour(evidence, running, manager), system.package_manager(evidence, manager), told]
    return target, findings, manager.findings(evidence, kernels, target)


def _target(
    evidence: Evidence,
    manager: PackageManager,
    kernel: Mapping[str, Any],
    kernels: Kernels,
    advisories: Sequence[Advisory],
    wishes: Wishes,
) -> tuple[Target | None, Finding]:
    try:
        wanted = wanted_from(advisories, wishes.target, wishes.exact, userland_of(kernel.get("distribution") or {}))
    except UpgradeError as error:
        return None, blocker("target", error.sentence, error.remedy)
    machine = str(kernel.get("machine") or kernels.running.rpartition(".")[2])
    found = choose(wanted, kernels, machine, kernel.get("default_boot"))
    if found is None:
        return None, _no_target(evidence, manager, str(wanted), kernels.offered)
    where = f"offered by {clip(found.repository, 60)}" if found.repository else "installed already"
    return found, ok("target", f"kernel {clip(found.release)} is {where}; {wanted} is needed")


def _no_target(evidence: Evidence, manager: PackageManager, wanted: str, offered: Mapping[str, Offer]) -> Finding:
    """Why no wanted kernel was found, and what to do: a pin, or the repositories. ``held_back`` looks for a hold."""
    told = f"kernel {wanted} is not offered (newest offered: {newest_of(offered)})"
    pin = manager.pin(evidence)
    if pin:
        return blocker("target", f"{told}, the host is pinned to release {pin}", manager.unpin)
    said = "" if offered else f": {clip(evidence.texts.get('$offered') or evidence.why_missing('$offered'), 160)}"
    return blocker("target", told + said, "enable a repository that has it, or find out why one does not answer")


def held_back(
    asked: Evidence, evidence: Evidence, kernel: Mapping[str, Any], advisories: Sequence[Advisory], wishes: Wishes
) -> list[Finding]:
    """A kernel that would do, but it is held back. ``asked``: what the program ``held`` gave, ``evidence``: PREFLIGHT's, ``kernel``: the
    host's by its facts."""
    manager = manager_of(evidence)
    try:
        wanted = wanted_from(advisories, wishes.target, wishes.exact, userland_of(kernel.get("distribution") or {}))
    except UpgradeError:
        return []
    if manager is None or ("$offered" not in evidence.texts and not manager.has_none(evidence.why_missing("$offered"))):
        return []  # the repositories did not answer: what the cache holds says nothing
    offered = manager.offers(evidence.texts.get("$offered", ""))
    held = {one for one in manager.offers(asked.texts.get("$offered_all", "")) if one not in offered and wanted.fits(one)}
    if not held:
        return []
    by = "; ".join(manager.holds(evidence)[:3]) or "by a plugin or an option of the repository"
    return [blocker("held", f"held back is {listed(sorted(held))}: {by}", "release the hold, and set it again after the upgrade")]


def _loader(evidence: Evidence) -> Iterator[Finding]:
    try:
        loader = read_loader(evidence)
    except UpgradeError as error:
        yield blocker("boot_loader", error.sentence, error.remedy)
        return
    if loader.default is None:
        yield blocker("boot_loader", f"{loader.kind}: the default kernel is not known", "run grubby --default-kernel and read its message")
        return
    try:
        loader.default_command(loader.default)
    except UpgradeError as error:
        yield blocker("boot_loader", error.sentence, error.remedy)
        return
    yield ok("boot_loader", f"{loader.kind} boots {clip(loader.default)} by default")
    if not loader.has_once or loader.submenus:
        why = "" if not loader.has_once else ", because the older ones are in a submenu"
        yield warning(
            "fallback",
            f"{loader.kind} here cannot boot a kernel for one boot only{why}",
            "keep the console ready: if the new kernel does not boot, choose the old one there",
        )


def _cluster(one: Cluster, wishes: Wishes) -> Finding:
    if one.runs == "":
        return ok("cluster", f"a node of {one.manager} without resources")
    runs = "its resources are not known" if one.runs is None else f"it runs {one.runs}"
    told = f"a node of {one.manager}: {runs}"
    if wishes.reboot not in ("now", "at") or wishes.cluster == "allow":
        return warning("cluster", told, "a reboot takes it down")
    if wishes.cluster == "standby" and one.standby and one.runs is not None:
        return warning("cluster", f"{told}; the role moves it to another node before the reboot")
    remedy = "set kernel_upgrade_cluster: standby moves the resources first, allow reboots without that"
    return blocker("cluster", told, remedy if one.standby else "move its resources by hand, then set kernel_upgrade_cluster: allow")


def _time(evidence: Evidence, state: State, wishes: Wishes, controller_clock: int) -> tuple[int | None, list[Finding]]:
    findings = []
    if not state.systemd and not state.at:
        findings.append(blocker("scheduler", "the host has neither systemd nor a running atd", "start atd (package at)"))
    off = state.clock - controller_clock
    if abs(off) > _CLOCK_SECONDS:
        told = f"the host's clock is {abs(off)} s {'ahead of' if off > 0 else 'behind'} the controller's"
        findings.append(blocker("clock", told, "set the host's clock"))
    try:
        at = reboot_epoch(wishes.at, wishes.timezone, evidence.texts.get("$at"))
        require_ahead(at, state.clock, wishes.window_seconds)
    except UpgradeError as error:
        return None, [*findings, blocker("time", error.sentence, error.remedy)]
    zone = wishes.timezone or state.zone or "the host's zone"
    return at, [*findings, ok("time", f"the time of the reboot would be {in_utc(at)} ({clip(wishes.at, 40)}, {clip(zone, 40)})")]


def left_by_us(state: State, target: Target | None) -> Iterator[Finding]:
    """A schedule that is there, and how the last one ended. ``target``: the kernel to boot, None if there is none."""
    if state.due is not None:
        yield ok("schedule", f"a reboot into kernel {clip(state.plan.get('TARGET', '?'))} is due at {in_utc(state.due)}")
    elif state.plan:
        at = seconds_in(state.plan.get("AT", ""))
        when = "" if at is None else f", due at {in_utc(at)},"
        release = clip(state.plan.get("TARGET", "?"))
        yield warning("schedule", f"a reboot into kernel {release}{when} did not happen, and none is scheduled now")
    words = state.last_words()
    if target and words.startswith(f"returned: kernel {target.release} did not come up"):
        # if it were the default again, any unplanned reboot would boot it
        remedy = "read the reason on the console. To try again, set kernel_upgrade_accept: [last_reboot]"
        yield blocker("last_reboot", clip(words, 200), remedy)
    elif words:
        yield (ok if words.startswith(("confirmed", "rebooting")) else warning)("last_reboot", words)
