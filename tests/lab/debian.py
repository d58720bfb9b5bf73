# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of Debian, fetched with an apt of the lab's own: nothing of the machine's package system is touched or asked."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import cannot_run, locked, tool
from tests.lab.cache import LAB, cached, digest

SUITE = "bookworm"
#: The release before it, for its kernels alone: its versions of all else are lower, so that they are never the candidate.
OLDER_SUITE = "bullseye"
MIRROR = "http://deb.debian.org/debian"
SECURITY = "http://deb.debian.org/debian-security"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_WEEK_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Archive:
    """Where an apt of the lab fetches from. ``folder``: of its lists, in the lab's own; ``options``: more of that apt."""

    suite: str
    sources: str
    folder: str
    options: tuple[str, ...] = ()


def _sources(*lines: str) -> str:
    return "".join(f"deb [signed-by={KEYRING}] {line} main\n" for line in lines)


#: The Debian of the guests.
OURS = Archive(
    SUITE, _sources(f"{MIRROR} {SUITE}", f"{MIRROR} {SUITE}-updates", f"{SECURITY} {SUITE}-security", f"{MIRROR} {OLDER_SUITE}"), "apt"
)
#: The release after it with its backports, and the one in the making: for their kernels.
NEXT_BACKPORTS = Archive(
    "trixie-backports",
    _sources(f"{MIRROR} trixie-backports", f"{MIRROR} trixie"),
    "apt-next",
    ("-o", "APT::Default-Release=trixie-backports"),
)
IN_THE_MAKING = Archive("sid", _sources(f"{MIRROR} sid"), "apt-sid")


@cache
def versions(*packages: str, of: Archive = OURS) -> tuple[str, ...]:
    """The versions of these packages that would be installed now, each as PACKAGE=VERSION."""
    found: dict[str, str] = {}
    name = ""
    for line in _apt(of, "apt-cache", "policy", *packages).splitlines():
        if line.endswith(":") and not line.startswith(" "):
            name = line[:-1]
        elif "Candidate:" in line and "(none)" not in line:
            found[name] = line.split()[1]
    for package in packages:
        if package not in found:
            raise RuntimeError(f"Debian {of.suite} has no package {package}")
    return tuple(f"{package}={found[package]}" for package in packages)


@cache
def depends_of(package: str, of: Archive = OURS) -> list[str]:
    """The names it depends on, in the order given."""
    lines = _apt(of, "apt-cache", "depends", "--no-recommends", "--no-suggests", package).splitlines()
    return [line.split()[1] for line in lines if line.strip().startswith("Depends:")]


@cache
def ever_depends_of(package: str) -> list[str]:
    """The names that any version of it on offer depends on, those of the newest version first."""
    lines = _apt(OURS, "apt-cache", "show", package).splitlines()
    return [word.split()[0] for line in lines if line.startswith("Depends:") for word in line.partition(":")[2].split(",")]


def unpacked(*packages: str, of: Archive = OURS) -> Path:
    """A folder with the content of these packages, and of no others, as they lie in a root file system."""

    def make(folder: Path) -> None:
        archives = folder / "archives"
        archives.mkdir()
        _apt(of, "apt-get", "download", *packages, cwd=archives)
        for archive in sorted(archives.iterdir()):
            _run("dpkg-deb", "-x", str(archive), str(folder))
            archive.unlink()
        archives.rmdir()

    return cached(packages[0], digest(*versions(*packages, of=of)), make)


def _apt(of: Archive, program: str, *words: str, cwd: Path | None = None) -> str:
    return _run(tool(program, "apt"), *_options(of), *words, cwd=cwd)


def _options(of: Archive) -> list[str]:
    """Of an apt whose lists are at most a week old; older ones do where the network is away."""
    state = LAB / of.folder
    options = [
        "-qq",
        "-o", f"Dir::Etc::sourcelist={state / 'sources.list'}", "-o", "Dir::Etc::sourceparts=-", "-o", "Dir::Etc::preferences=-",
        "-o", f"Dir::State::lists={state / 'lists'}", "-o", f"Dir::Cache={state / 'cache'}", "-o", "APT::Sandbox::User=root",
        "-o", "APT::Architecture=amd64", "-o", "APT::Architectures=amd64",
        "-o", "Acquire::Languages=none", "-o", "Acquire::Retries=3", "-o", "APT::Update::Error-Mode=any",
        "-o", "Debug::NoLocking=true",
        *of.options,
    ]  # fmt: skip
    with locked(LAB / ".lock-apt"):
        stamp = state / "updated"
        known = stamp.exists() and (state / "sources.list").read_text() == of.sources
        if known and time.time() - stamp.stat().st_mtime < _WEEK_SECONDS:
            return options
        if not KEYRING.exists():
            cannot_run(f"{KEYRING} is missing (apt-get install debian-archive-keyring)")
        for folder in (state / "lists" / "partial", state / "cache" / "archives" / "partial"):
            folder.mkdir(parents=True, exist_ok=True)
        (state / "sources.list").write_text(of.sources)
        try:
            _run(tool("apt-get", "apt"), *options, "update")
        except RuntimeError as error:
            if not known:
                cannot_run(f"Debian's package lists cannot be fetched: {str(error)[-300:]}")
        stamp.touch()
    return options


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, errors="replace", check=False, timeout=900)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:1])} {' '.join(command[-3:])} failed: {done.stderr[-1500:]}")
    return done.stdout
