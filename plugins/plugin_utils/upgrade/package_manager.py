# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface of a package manager for the upgrade. Each has its own file in managers/, and its commands in managers/sh/."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import Finding

_ID_LIKE = re.compile(r"^ID_LIKE=(.*)$", re.M)


@dataclass(frozen=True)
class Offer:
    """A kernel in a repository. ``package``: VERSION-RELEASE.ARCH of its package."""

    package: str
    repository: str


@dataclass(frozen=True)
class Target:
    """The kernel to boot: ``release`` as ``uname -r`` will say it, ``package`` is VERSION-RELEASE.ARCH of its package.

    ``repository`` is None where it is installed already.
    """

    release: str
    package: str
    repository: str | None


@dataclass(frozen=True)
class Kernels:
    """The running one's release, {release: VERSION-RELEASE.ARCH} of those installed, and {release: offer} of those in repositories."""

    running: str
    installed: Mapping[str, str]
    offered: Mapping[str, Offer]


@dataclass(frozen=True)
class Family:
    """Distributions with the same packages. ``ids``: what os-release calls them; others count by a word of their ID_LIKE."""

    name: str
    ids: frozenset[str]
    like: str
    least_release: int

    def has(self, evidence: Evidence, ident: str | None) -> bool:
        """Whether a distribution with this id belongs to it."""
        likes = _ID_LIKE.findall(evidence.texts.get("/etc/os-release", ""))
        return ident in self.ids or any(self.like in like.strip("\"'").split() for like in likes)


class PackageManager(ABC):
    """One package manager: constants, and pure functions of what its commands printed.

    ``name``: its command. ``parts``: its files in managers/sh/, in the order in which a shell is to read them. ``module``: Ansible's
    own module for it, "" where there is none that may be used. ``unpin``: the remedy for a ``pin``.

    Packages: ``heads`` each stand for an installed kernel, and the first is the one to install; ``brought`` come with it; ``pieces`` are
    all that a kernel may consist of.
    """

    name: str
    family: Family
    parts: tuple[str, ...]
    module: str = ""
    heads: tuple[str, ...]
    brought: tuple[str, ...]
    pieces: tuple[str, ...]
    unpin: str = ""

    @abstractmethod
    def offers(self, text: str) -> dict[str, Offer]:
        """{release: offer} of what the shell function ``manager_offers`` printed."""

    def release_of(self, head: str, package: str) -> str | None:
        """What ``uname -r`` says of the kernel in the package ``head`` with this VERSION-RELEASE.ARCH; None where it is no kernel."""
        return package

    def words(self, names: Iterable[str], package: str) -> list[str]:
        """The packages of these names and this VERSION-RELEASE.ARCH, as its command takes them."""
        return [f"{name}-{package}" for name in names]

    def has_none(self, why: str) -> bool:
        """Whether nothing was offered because its repositories answered and have no kernel."""
        return False

    def pin(self, evidence: Evidence) -> str:
        """The release of the distribution to which it is pinned, "" if it is not pinned."""
        return ""

    def holds(self, evidence: Evidence) -> list[str]:
        """The packages that its configuration holds back, each with the file."""
        return []

    def findings(self, evidence: Evidence, kernels: Kernels, target: Target | None) -> Iterator[Finding]:
        """Other findings on a host with this manager. Everything that makes an upgrade unsafe is a blocker."""
        return iter(())

    def rehearsal(self, evidence: Evidence) -> list[Finding]:
        """What it would do besides installing the kernel, from ``manager_contents``."""
        return []

    def installed(self, lines: str) -> dict[str, str]:
        """{release: VERSION-RELEASE.ARCH} of the lines "NAME VERSION-RELEASE.ARCH"; those of packages that are no heads do not count."""
        pairs = [words for line in lines.split("\n") if len(words := line.split()) == 2 and words[0] in self.heads]
        return {release: package for head, package in pairs if (release := self.release_of(head, package))}

    def kernels(self, evidence: Evidence, running: str) -> Kernels:
        """What a host has and is offered. ``evidence``: of the program PACKAGES."""
        texts: Mapping[str, str] = evidence.texts
        return Kernels(running, self.installed(texts.get("$packages", "")), self.offers(texts.get("$offered", "")))
