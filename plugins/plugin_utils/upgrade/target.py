# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel to boot: from what the advisories ask for, what is installed and what the repositories offer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key

from ansible_collections.fleetcare.pagealloc.plugins.module_utils import rpm_version
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.criteria import FIXED, place_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError

# module_utils carries no annotations: Python 2.7 runs it too.
compare_releases: Callable[[str, str], int] = rpm_version.compare_releases

# "kernel.x86_64   VERSION-RELEASE   REPOSITORY"; yum breaks a line that is longer than 80 columns.
_OFFER = re.compile(r"^kernel\.(\w{1,20})\s+(?:\d{1,9}:)?([\w.+~^]{1,60}-[\w.+~^]{1,80})\s+@?(\S{1,100})", re.M)


@dataclass(frozen=True)
class Wanted:
    """What the target must be. ``least`` is the operator's own minimum, or None; it takes the place of what advisories say."""

    advisories: tuple[Advisory, ...]
    least: str | None = None
    exact: bool = False

    def fits(self, release: str) -> bool:
        """Whether a kernel is wanted."""
        try:
            if self.least is not None:
                order = compare_releases(release, self.least)
                return order == 0 if self.exact else order >= 0
            return all(advisory.kernel is not None and place_of(release, advisory.kernel) == FIXED for advisory in self.advisories)
        except EvidenceError:
            return False

    def __str__(self) -> str:
        if self.least is not None:
            return self.least if self.exact else f"{self.least} or later"
        return f"{' and '.join(dict.fromkeys(one.kernel.fixed for one in self.advisories if one.kernel and one.kernel.fixed))} or later"


@dataclass(frozen=True)
class Target:
    """The kernel to boot: ``release`` as ``uname -r`` will say it; ``repository`` is None where it is installed already."""

    release: str
    repository: str | None


def wanted_from(advisories: Sequence[Advisory], least: str, exact: bool) -> Wanted:
    """What the advisories that match a host ask for, or the operator. UpgradeError where neither says which kernel."""
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
        raise UpgradeError(f"no kernel is known to have the fix of {which}", "name one in kernel_upgrade_target, or wait for the fix")
    return Wanted(tuple(advisories))


def parse_offers(text: str) -> dict[str, str]:
    """{release with architecture: repository} of what ``yum list available`` or ``dnf list available`` prints."""
    return {f"{version}.{arch}": repository for arch, version, repository in _OFFER.findall(text)}


def choose(
    wanted: Wanted, running: str, machine: str, default_boot: str | None, installed: Iterable[str], offered: Mapping[str, str]
) -> Target | None:
    """The kernel to boot, None where none is wanted of what is there.

    One that boots by default already is kept, so that a second run does nothing; else the newest.
    """
    here = {release for release in installed if release.endswith(f".{machine}") and wanted.fits(release)}
    if default_boot in here and default_boot != running:
        return Target(str(default_boot), None)
    fitting = here | {release for release in offered if release.endswith(f".{machine}") and wanted.fits(release)}
    fitting.discard(running)
    if not fitting:
        return None
    newest = max(sorted(fitting), key=cmp_to_key(compare_releases))
    return Target(newest, None if newest in here else offered[newest])


def newest_of(releases: Iterable[str]) -> str:
    """The newest of these, for a sentence; "none" of none."""
    known = sorted(releases)
    return clip(max(known, key=cmp_to_key(compare_releases)), 80) if known else "none"
