# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian kernels for the guests, and the lab's own modules built for them."""

from __future__ import annotations

import lzma
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import tool
from tests.lab.cache import cached, digest
from tests.lab.debian import IN_THE_MAKING, NEXT_BACKPORTS, OURS, Archive, depends_of, ever_depends_of, unpacked

DRIVER = Path(__file__).parent / "driver"
#: The programs in it: look.c becomes /sbin/lab_look of every guest.
PROGRAMS = ("look", "hold", "sieve")
#: The metapackage whose kernel is the newest of the suite's own line, and the one of the next release's line.
_NEWEST, _NEXT_LINE = "linux-image-amd64", "linux-image-6.12-amd64"


@dataclass(frozen=True)
class Kernel:
    """``root`` is its packages as they lie in a file system. Debian has laid all of it into the folder of the modules since 7.2."""

    release: str
    root: Path
    archive: Archive = OURS

    @property
    def image(self) -> Path:
        return self._of(self.root / "boot" / f"vmlinuz-{self.release}", self.modules / "vmlinuz")

    @property
    def modules(self) -> Path:
        return self._of(*(self.root / usr / "lib" / "modules" / self.release for usr in ("", "usr")))

    @staticmethod
    def _of(*places: Path) -> Path:
        return next((place for place in places if place.exists()), places[0])

    def module(self, name: str) -> bytes | None:
        """The file of a module, unpacked; None where it is built in or there is none."""
        for path in self.modules.rglob(f"{name}.ko"):
            return path.read_bytes()
        for path in self.modules.rglob(f"{name}.ko.xz"):
            return lzma.decompress(path.read_bytes())
        return None

    def built_with(self, option: str) -> bool:
        """Whether its build has this option, CONFIG_CMA or the like, built in."""
        config = self._of(self.root / "boot" / f"config-{self.release}", self.modules / "config")
        return f"{option}=y" in config.read_text().splitlines()


@cache
def kernel() -> Kernel:
    """The suite's newest kernel."""
    return _kernel(depends_of(_NEWEST))


@cache
def earlier_kernel() -> Kernel:
    """The suite's newest but one; the newest where it has no other, as right after a point release of Debian."""
    return _kernel([name for name in _ever() if _is_of_the_suite(name) and not name.endswith(kernel().release)] or depends_of(_NEWEST))


@cache
def older_kernel() -> Kernel:
    """The newest of the release before the suite's: the memory management of another age."""
    return _kernel([name for name in _ever() if not _is_of_the_suite(name)])


def _ever() -> list[str]:
    return [name for name in ever_depends_of(_NEWEST) if name.startswith("linux-image-")]


def _is_of_the_suite(package: str) -> bool:
    return package.startswith(f"linux-image-{kernel().release.partition('-')[0]}-")


@cache
def next_line_kernel() -> Kernel:
    """The newest of the next release's line, which the suite has beside its own."""
    return _kernel(depends_of(_NEXT_LINE))


@cache
def kernels_with_cma() -> tuple[Kernel, ...]:
    """The newest that Debian has, which are the first whose build has CONFIG_CMA: of two lines."""
    return tuple(_kernel(depends_of(_NEWEST, archive), archive) for archive in (NEXT_BACKPORTS, IN_THE_MAKING))


def _kernel(packages: Sequence[str], archive: Archive = OURS) -> Kernel:
    package = next(name for name in packages if name.startswith("linux-image-"))
    release = package.removeprefix("linux-image-")
    parts = [name for name in depends_of(package, archive) if name.startswith("linux-") and name.endswith(f"-{release}")]
    return Kernel(release, unpacked(package, *parts, of=archive), archive)


@cache
def lab_modules(of: Kernel, blocks_per_packet: int = 0) -> Path:
    """A folder with the modules of the folder driver/, built for this kernel, and its programs.

    ``blocks_per_packet``: how many blocks its mlx4_en.ko leaks with each packet where the guest is told nothing else.
    """

    def make(folder: Path) -> None:
        build = folder / "build"
        shutil.copytree(headers / "usr", build / "usr", symlinks=True)
        tree = build / "usr" / "src" / f"linux-headers-{of.release}"
        # Debian's makefile names the other half by its place in an installed system
        tree.joinpath("Makefile").write_text(f"KBUILD_OUTPUT = {tree}\ninclude {build}/usr/src/{common}/Makefile\n")
        source = folder / "source"
        shutil.copytree(DRIVER, source)
        _let_run(build / "usr" / "lib" / kbuild, of.archive)
        # no BTF, which would take a program more, and no option of a compiler newer than the one that is here
        without = ("CONFIG_DEBUG_INFO_BTF_MODULES=", "CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=")
        words = ("CC=gcc", *without, f"KCFLAGS=-DBLOCKS_PER_PACKET={blocks_per_packet}")
        command = [tool("make"), "-C", str(tree), f"M={source}", *words, "modules"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            raise RuntimeError(f"the lab's modules do not build: {done.stdout[-2000:]}{done.stderr[-3000:]}")
        for module in sorted(source.glob("*.ko")):
            shutil.copy(module, folder / module.name)
        for program in PROGRAMS:
            command = [tool("gcc"), "-static", "-O2", "-o", str(folder / f"lab_{program}"), str(source / f"{program}.c")]
            subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        shutil.rmtree(build)
        shutil.rmtree(source)

    tool("gcc")
    headers_package = f"linux-headers-{of.release}"
    needed = depends_of(headers_package, of.archive)
    common = next(name for name in needed if name.endswith("-common"))
    kbuild = next(name for name in needed if name.startswith("linux-kbuild-"))
    headers = unpacked(headers_package, common, kbuild, of=of.archive)
    kind = "leaking-modules" if blocks_per_packet else "modules"
    return cached(f"{kind}-{of.release}", digest(headers.name, DRIVER, Path(__file__), str(blocks_per_packet)), make)


def _let_run(kbuild: Path, archive: Archive) -> None:
    """The programs that build modules, by the libraries they were built with, where those of another Debian are here."""
    if archive is OURS:
        return
    libraries = unpacked("libc6", "libelf1t64", "zlib1g", "libzstd1", of=archive)
    linker = f"{libraries}/usr/lib64/ld-linux-x86-64.so.2 --library-path {libraries}/usr/lib/x86_64-linux-gnu"
    for program in [path for path in kbuild.rglob("*") if path.is_file() and path.open("rb").read(4) == b"\x7fELF"]:
        real = program.rename(program.with_name(f".{program.name}"))
        program.write_text(f'#!/bin/sh\nexec {linker} --argv0 "$0" {real} "$@"\n')
        program.chmod(0o755)


#: What a guest's network needs beside the lab's own modules.
_NETWORK = ("virtio_net", "net_failover", "failover")


def lay_modules(tree: Path, of: Kernel, lab: Path, names: Sequence[str] = ()) -> None:
    """Into the folder of a guest's /lib/modules: those of the lab and the network, and what else is named, as far as not built in."""
    driver = tree / "kernel" / "drivers" / "net" / "ethernet" / "mellanox" / "mlx4"
    own = tree / "kernel" / "lab"
    for folder in (driver, own):
        folder.mkdir(parents=True)
    for module in sorted(lab.glob("*.ko")):
        shutil.copy(module, driver if module.stem == "mlx4_en" else own)
    for name in (*_NETWORK, *names):
        content = of.module(name)
        if content is not None:
            (own / f"{name}.ko").write_bytes(content)
    for name in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
        shutil.copy(of.modules / name, tree)
