# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian kernel for the guests, and the lab's own modules built for it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import tool
from tests.lab.cache import cached, digest
from tests.lab.debian import depends_of, unpacked

DRIVER = Path(__file__).parent / "driver"
#: The metapackage whose kernel is the newest of the suite.
_NEWEST = "linux-image-amd64"


@dataclass(frozen=True)
class Kernel:
    """``root`` is its package as it lies in a file system."""

    release: str
    root: Path

    @property
    def image(self) -> Path:
        return self.root / "boot" / f"vmlinuz-{self.release}"

    @property
    def modules(self) -> Path:
        return self.root / "lib" / "modules" / self.release


@cache
def kernel() -> Kernel:
    """The suite's newest kernel."""
    package = next(name for name in depends_of(_NEWEST) if name.startswith("linux-image-"))
    return Kernel(package.removeprefix("linux-image-"), unpacked(package))


@cache
def lab_modules(of: Kernel) -> Path:
    """A folder with mlx4_en.ko, the driver that leaks, and pagealloc_oracle.ko, built for this kernel, and lab_look."""

    def make(folder: Path) -> None:
        build = folder / "build"
        shutil.copytree(headers / "usr", build / "usr", symlinks=True)
        tree = build / "usr" / "src" / f"linux-headers-{of.release}"
        # Debian's makefile names the other half by its place in an installed system
        tree.joinpath("Makefile").write_text(f"include {build}/usr/src/{common}/Makefile\n")
        source = folder / "source"
        shutil.copytree(DRIVER, source)
        command = [tool("make"), "-C", str(tree), f"M={source}", "modules"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            raise RuntimeError(f"the lab's modules do not build: {done.stdout[-2000:]}{done.stderr[-3000:]}")
        for module in sorted(source.glob("*.ko")):
            shutil.copy(module, folder / module.name)
        command = [tool("gcc"), "-static", "-O2", "-o", str(folder / "lab_look"), str(source / "look.c")]
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        shutil.rmtree(build)
        shutil.rmtree(source)

    tool("gcc")
    headers_package = f"linux-headers-{of.release}"
    needed = depends_of(headers_package)
    common = next(name for name in needed if name.endswith("-common"))
    kbuild = next(name for name in needed if name.startswith("linux-kbuild-"))
    headers = unpacked(headers_package, common, kbuild)
    return cached("modules", digest(headers.name, DRIVER), make)
