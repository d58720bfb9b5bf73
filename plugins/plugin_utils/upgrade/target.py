# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel to boot: from the advisories, the installed kernels and the repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key

from ansible_collections.fleetcare.pagealloc.plugins.module_utils import rpm_version
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import ANY_USERLAND, FIXED, Userland, place_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import Kernels, Target

# module_utils carries no annotations: Python 2.7 runs it too.
compare_releases: Callable[[str, str], int] = rpm_version.compare_releases


@dataclass(frozen=True)
class Wanted:
    """What the target must be. ``least`` is the operator's own minimum, or None; it replaces the kernels of the advisories.
    ``userland``: the host's, for ranges that are tied to one."""

    advisories: tuple[Advisory, ...]
    least: str | None = None
    exact: bool = False
    userland: Userland = ANY_USERLAND

    def fits(self, release: str) -> bool:
        """Whether a kernel is wanted."""
        try:
            if self.least is not None:
                order = compare_releases(release, self.least)
                return order == 0 if self.exact else order >= 0
            spans = [advisory.kernel for advisory in self.advisories]
            return all(one is not None and place_of(release, one, self.userland) == FIXED for one in spans)
        except EvidenceError:
            return False

    def __str__(self) -> str:
        if self.least is not None:
            return self.least if self.exact else f"{self.least} or later"
        return f"{' and '.join(dict.fromkeys(one.kernel.fixed for one in self.advisories if one.kernel and one.kernel.fixed))} or later"


def wanted_from(advisories: Sequence[Advisory], least: str, exact: bool, userland: Userland = ANY_USERLAND) -> Wanted:
    """What the advisories that match a host ask for, or the operator. Raises UpgradeError if neither names a kernel."""
    if least:
        try:
            compare_releases(least, least)
        except EvidenceError as error:
            raise UpgradeError(f"kernel_upgrade_target: {error.reason}", "write VERSION-RELEASE as uname -r prints it") from None
        return Wanted(tuple(advisories), least, exact)
    if exact:
        raise UpgradeError("kernel_upgrade_exact is set without a kernel", "name it in kernel_upgrade_target")
    unfixed = [one.id for one in advisories if one.kernel is None or one.kernel.fixed is None]
    if unfixed or not advisories:
        which = listed(unfixed) if unfixed else "an advisory"
        raise UpgradeError(f"no known kernel has the fix of {which}", "name a kernel in kernel_upgrade_target, or wait for the fix")
    return Wanted(tuple(advisories), userland=userland)


def choose(wanted: Wanted, kernels: Kernels, machine: str, default_boot: str | None) -> Target | None:
    """The kernel to boot, None if no available kernel is wanted.

    One that boots by default already is kept, so that a second run does nothing; else the newest.
    """
    installed, offered = kernels.installed, kernels.offered
    here = {release for release, package in installed.items() if package.endswith(f".{machine}") and wanted.fits(release)}
    if default_boot in here and default_boot != kernels.running:
        return Target(str(default_boot), installed[str(default_boot)], None)
    fitting = here | {release for release, one in offered.items() if one.package.endswith(f".{machine}") and wanted.fits(release)}
    fitting.discard(kernels.running)
    if not fitting:
        return None
    newest = max(sorted(fitting), key=cmp_to_key(compare_releases))
    if newest in here:
        return Target(newest, installed[newest], None)
    return Target(newest, offered[newest].package, offered[newest].repository)


def newest_of(releases: Iterable[str]) -> str:
    """The newest of these, for a sentence; "none" of none."""
    known = sorted(releases)
    return clip(max(known, key=cmp_to_key(compare_releases)), 80) if known else "none"
