# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels as RPMs, made by rpmbuild, and repositories of them, made by createrepo_c: what ``upgradable`` and ``suse`` are offered.

Each holds a Debian kernel, under the name of its package from boot on, and what EL's or SUSE's kernel packages hold: the image and the
modules, and in /boot what is made on the host. A guest has its OLD from the start.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import tool
from tests.lab.cache import cached, digest
from tests.lab.initramfs import MODULES
from tests.lab.kernel import Kernel, earlier_kernel, kernel, lab_modules, lay_modules

#: Versions and releases of the package ``kernel``. Its driver leaks:
OLD = "6.1.0-358.el9"
#: its driver does not leak, and its kernel is a newer one of Debian, where Debian offers two:
NEW = "6.1.0-431.el9"
#: as NEW, but without the driver:
DRIVERLESS = "6.1.0-440.el9"
#: as NEW, but without the module that reaches the disk, so that it panics at boot:
BROKEN = "6.1.0-450.el9"

#: The repositories, each a choice of packages; one of them is offered to the guest.
REPOSITORIES = {
    "current": (OLD, NEW),
    "pinned": (OLD,),
    "driverless": (OLD, DRIVERLESS),
    "broken": (OLD, BROKEN),
    "corrupt": (OLD, NEW),  # NEW's file is not what the repository says it is
}
#: As OLD and NEW in the package ``kernel-default``, whose last number is not in the kernel's name.
SUSE_OLD, SUSE_NEW = "6.1.0-150500.358.1", "6.1.0-150500.431.1"
SUSE_REPOSITORIES = {"current": (SUSE_OLD, SUSE_NEW), "pinned": (SUSE_OLD,), "corrupt": (SUSE_OLD, SUSE_NEW)}
#: Enough to starve a guest in a minute of traffic.
_BLOCKS_PER_PACKET = 64
_LEFT_OUT = {DRIVERLESS: "mlx4_en.ko", BROKEN: "virtio_blk.ko"}
#: What EL reckons with, so that rpm knows before it starts whether /boot has room.
_INITRAMFS_BYTES = 8 << 20

_SPEC = """
Name: {package}
Version: {version}
Release: {release}
Summary: A Debian kernel in the clothes of an EL one
License: GPL-2.0-only
Provides: {several}
AutoReqProv: no
%global debug_package %{{nil}}
%global __os_install_post %{{nil}}
%description
Of the lab of fleetcare.pagealloc: {image}.
%install
cp -a {payload}/. %{{buildroot}}
%files
/lib/modules/{name}
{scripts}
"""


@dataclass(frozen=True)
class _Clothes:
    """What a distribution calls a kernel's package and the file of its initramfs, and how its package makes that file on the host."""

    package: str
    several: str
    initramfs: str
    scripts: str


_EL = _Clothes(
    "kernel",
    "installonlypkg(kernel)",
    "initramfs-{name}.img",
    """
%ghost /boot/vmlinuz-{name}
%ghost /boot/initramfs-{name}.img
%posttrans
/usr/bin/kernel-install add {name} /lib/modules/{name}/vmlinuz || exit $?
%preun
/usr/bin/kernel-install remove {name} || exit $?
""",
)
_SUSE = _Clothes(
    "kernel-default",
    "multiversion(kernel)",
    "initrd-{name}",
    """
/boot/vmlinuz-{name}
%ghost /boot/initrd-{name}
%posttrans
/usr/lib/lab/kernel add {name} || exit $?
%postun
/usr/lib/lab/kernel remove {name} || exit $?
""",
)

#: What the Debian below provides, as far as the kernels and dnf ask for it.
_USERLAND_SPEC = """
Name: pagealloc-el-release
Version: 9
Release: 1.el9
Summary: What dnf takes the distribution's version from
License: GPL-3.0-or-later
Provides: system-release = 9
Provides: /bin/sh
%description
Of the lab of fleetcare.pagealloc.
%files
"""


def uname_of(version_release: str) -> str:
    """What ``uname -r`` says on the kernel of this package."""
    return f"{version_release.rpartition('.')[0]}-default" if _is_suse(version_release) else f"{version_release}.x86_64"


def _is_suse(version_release: str) -> bool:
    return version_release in (SUSE_OLD, SUSE_NEW)


def repositories() -> Path:
    """A folder with a folder of each repository, and in ``base`` what the guest ``upgradable`` has from the start."""
    return _repositories("repositories", REPOSITORIES, OLD, NEW)


def suse_repositories() -> Path:
    """The same of the guest ``suse``."""
    return _repositories("suse-repositories", SUSE_REPOSITORIES, SUSE_OLD, SUSE_NEW)


def _repositories(kind: str, choices: Mapping[str, Sequence[str]], old: str, new: str) -> Path:
    def make(folder: Path) -> None:
        base = folder / "base"
        built = {version: _kernel_package(folder / "build", version) for version in dict.fromkeys(sum(map(tuple, choices.values()), ()))}
        base.mkdir()
        shutil.move(_rpm(folder / "build", _USERLAND_SPEC), base)
        os.link(built[old], base / built[old].name)
        for name, versions in choices.items():
            (folder / name).mkdir()
            for version in versions:
                os.link(built[version], folder / name / built[version].name)
            subprocess.run([tool("createrepo_c", "createrepo-c"), "-q", str(folder / name)], check=True, capture_output=True, timeout=300)
        _corrupt(folder / "corrupt" / built[new].name)
        shutil.rmtree(folder / "build")

    return cached(kind, digest(Path(__file__), *MODULES, *(_parts(version)[1].name for version in (old, new))), make)


def _parts(version_release: str) -> tuple[Kernel, Path]:
    """The kernel, and the lab's modules for it."""
    if version_release in (OLD, SUSE_OLD):
        return earlier_kernel(), lab_modules(earlier_kernel(), _BLOCKS_PER_PACKET)
    return kernel(), lab_modules(kernel())


def _kernel_package(build: Path, version_release: str) -> Path:
    of, lab = _parts(version_release)
    name = uname_of(version_release)
    payload = build / name
    tree = payload / "lib" / "modules" / name
    lay_modules(tree, of, lab, MODULES)
    for module in tree.rglob(_LEFT_OUT.get(version_release, "none")):
        module.unlink()
    shutil.copy(of.image, tree / "vmlinuz")
    clothes = _SUSE if _is_suse(version_release) else _EL
    (payload / "boot").mkdir()
    shutil.copy(of.image, payload / "boot" / f"vmlinuz-{name}")
    with (payload / "boot" / clothes.initramfs.format(name=name)).open("wb") as ghost:
        ghost.truncate(_INITRAMFS_BYTES)
    version, _dash, release = version_release.partition("-")
    names = {"version": version, "release": release, "name": name, "package": clothes.package, "several": clothes.several}
    scripts = clothes.scripts.format(name=name)
    return _rpm(build, _SPEC.format(payload=payload, image=of.release, scripts=scripts, **names))


def _rpm(build: Path, spec: str) -> Path:
    """The package that rpmbuild makes of a spec, in a home of its own."""
    top = build / digest(spec)
    top.mkdir(parents=True)
    (top / "spec").write_text(spec)
    done = subprocess.run(
        [tool("rpmbuild", "rpm"), "-bb", "--quiet", "--target", "x86_64", "--define", f"_topdir {top}",
         "--define", "_binary_payload w1.gzdio", str(top / "spec")],
        env={**os.environ, "HOME": str(top)}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"rpmbuild failed: {done.stdout[-500:]}{done.stderr[-1500:]}")
    return next((top / "RPMS").rglob("*.rpm"))


def _corrupt(package: Path) -> None:
    """As a bad disk does: of the right size, with other bytes in the middle. Of this copy alone."""
    data = bytearray(package.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4096] = bytes(4096)
    package.unlink()
    package.write_bytes(data)
