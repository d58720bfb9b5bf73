# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels an advisory speaks of: ranges of distributors' builds, and behind them a range of upstream versions.

The version of a distributor's build says what it was made from, not which changes were added later. So the upstream range clears such a
build only if its version has the fix from the start. Any other build outside all ranges of builds is FOREIGN.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils import rpm_version
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError

#: compare_releases(a, b) -> -1, 0 or 1 by RPM's rules.
compare_releases: Callable[[str, str], int] = rpm_version.compare_releases
_split_kernel_release: Callable[[str], Any] = rpm_version.split_kernel_release
_release_tags: Callable[[str], frozenset[str]] = rpm_version.release_tags

BEFORE, BETWEEN, IN_RANGE, FIXED, UNAFFECTED, FOREIGN = "before", "between", "in range", "fixed", "unaffected", "foreign"

#: A release from upstream, not a distributor's build.
_UPSTREAM = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5}){1,3}(?:-rc[0-9]{1,3})?\Z")
_CANDIDATE = re.compile(r"(?:[-.~]|[-.]0)rc[0-9]")


@dataclass(frozen=True)
class Bounds:
    """``introduced`` is the first kernel that is known to be affected, None if all are. ``fixed`` is the first that is known to be fixed.
    All before ``free_before`` are free of the fault, and all up to ``last_affected`` have it. The kernels between are not known."""

    introduced: str | None
    fixed: str | None
    free_before: str | None = None
    last_affected: str | None = None

    def __str__(self) -> str:
        known = f", known up to {self.last_affected}" if self.last_affected else ""
        return f"[{self.introduced or 'the first'}, {self.fixed or 'no fix known'}{known})"

    def place(self, compare: Callable[[str], int]) -> str:
        """The place of a kernel. ``compare`` compares it with each bound."""
        first = self.free_before or self.introduced
        if first is not None and compare(first) < 0:
            return BEFORE
        if self.fixed is not None and compare(self.fixed) >= 0:
            return FIXED
        if self.introduced is not None and compare(self.introduced) < 0:
            return BETWEEN
        return BETWEEN if self.last_affected is not None and compare(self.last_affected) > 0 else IN_RANGE


@dataclass(frozen=True)
class KernelRange(Bounds):
    """A range of a distributor's builds. ``distributions`` and ``distribution_versions``: the userlands that it covers, empty for all."""

    dists: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()
    distributions: frozenset[str] = frozenset()
    distribution_versions: frozenset[str] = frozenset()

    def speaks_of(self, release: str, userland: Userland) -> bool:
        """Whether the build belongs to this range's stream."""
        if _release_tags(release).isdisjoint(self.dists) or (self.versions and _version(release) not in self.versions):
            return False
        return self._is_meant_for(userland) and _version(release) is not None

    def _is_meant_for(self, userland: Userland) -> bool:
        if self.distributions and userland.id not in self.distributions:
            return False
        return not self.distribution_versions or userland.version in self.distribution_versions


@dataclass(frozen=True)
class UpstreamRange(Bounds):
    """A range of upstream versions."""

    def __str__(self) -> str:
        return f"upstream {super().__str__()}"


class Userland(NamedTuple):
    """The distribution of a host, as os-release names it; None is not seen."""

    id: str | None = None
    version: str | None = None


#: For a host whose distribution was not asked for: a range for one distribution does not cover it.
ANY_USERLAND = Userland()


class Place(NamedTuple):
    """Where a kernel stands, and to which range."""

    state: str
    bounds: Bounds | None = None


@dataclass(frozen=True)
class KernelSpans:
    """All that an advisory says about kernels. ``unaffected_dists``: tags of kernels that are known to be free of the fault."""

    ranges: tuple[KernelRange, ...]
    unaffected_dists: frozenset[str]
    upstream: UpstreamRange | None

    def __iter__(self) -> Iterator[Bounds]:
        yield from self.ranges
        if self.upstream is not None:
            yield self.upstream

    def __str__(self) -> str:
        return ", ".join(map(str, self))

    @property
    def fixed(self) -> str | None:
        """The first kernels with the fix in words, None if none is known."""
        return " or ".join(dict.fromkeys(one.fixed for one in self if one.fixed)) or None


@lru_cache(maxsize=4096)
def standing(release: str, spans: KernelSpans, userland: Userland = ANY_USERLAND) -> Place:
    """The place of a kernel release. A range of builds comes before the range of upstream versions.

    The result is cached, because a fleet of thousands runs a few kernels.
    """
    spoken = [Place(_among_builds(release, one), one) for one in spans.ranges if one.speaks_of(release, userland)]
    for state in (IN_RANGE, BETWEEN, FIXED, BEFORE):
        found = next((place for place in spoken if place.state == state), None)
        if found:
            return found
    if not _release_tags(release).isdisjoint(spans.unaffected_dists):
        streams = {tag for one in spans.ranges for tag in one.dists}
        return Place(UNAFFECTED if _release_tags(release).isdisjoint(streams) else FOREIGN)
    return Place(FOREIGN) if spans.upstream is None else Place(_among_versions(release, spans.upstream), spans.upstream)


def place_of(release: str, spans: KernelSpans, userland: Userland = ANY_USERLAND) -> str:
    """The state of ``standing`` alone."""
    return standing(release, spans, userland).state


def _among_builds(release: str, bounds: Bounds) -> str:
    return bounds.place(lambda bound: compare_releases(release, bound))


def _among_versions(release: str, bounds: Bounds) -> str:
    version = _version(release)
    if version is None:
        return FOREIGN
    turns = [_numbers(bound) for bound in (bounds.free_before, bounds.introduced, bounds.fixed) if bound]
    if _CANDIDATE.search(release) and _numbers(version) in turns:
        return BETWEEN  # one of the candidates has the change, and it is not known which
    state = bounds.place(lambda bound: compare_upstream(version, bound))
    return state if _UPSTREAM.match(release) or state == FIXED else FOREIGN


def compare_upstream(a: str, b: str) -> int:
    """-1, 0 or 1: the order of two upstream versions. 4.9 and 4.9.0 are the same."""
    ours, theirs = _numbers(a), _numbers(b)
    return (ours > theirs) - (ours < theirs)


def _numbers(version: str) -> list[int]:
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


@lru_cache(maxsize=4096)
def _version(release: str) -> str | None:
    """The upstream version at the start of a release; None if it is not a release."""
    try:
        version = str(_split_kernel_release(release).version)
    except EvidenceError:
        return None
    return version if all(len(part) < 10 for part in version.split(".")) else None
