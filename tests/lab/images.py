# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of the guests.

``legacy``: busybox and dropbear without Python. ``modern``: Debian with systemd and Python. ``reporting``: that and sos.
``upgradable``: ``modern`` with dnf, rpm and the boot of an EL host; its kernels are RPMs (packages.py), and GRUB on its disk chooses
among them by what the guest itself set. ``suse``: the same with zypper and the boot of a SUSE host.

All have the lab's network (eth0 to be reached by, mlx0 over eth1 that leaks), the lab's modules and its key, and one way to
be told how to behave: ``lab.NAME=VALUE``, see lab_setup below.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.conftest import cannot_run, locked, tool
from tests.lab.cache import LAB, cached, digest
from tests.lab.debian import OURS, unpacked, versions
from tests.lab.grub_disk import grub_disk
from tests.lab.initramfs import without_modules
from tests.lab.kernel import PROGRAMS, Kernel, kernel, lab_modules, lay_modules
from tests.lab.packages import repositories, suse_repositories

LEGACY = Path(__file__).parent / "legacy"
MODERN = Path(__file__).parent / "modern"
UPGRADABLE = Path(__file__).parent / "upgradable"
SUSE = Path(__file__).parent / "suse"
#: What all guests run at boot, as a POSIX shell script.
SETUP = Path(__file__).parent / "lab_setup"
_DISK_BYTES = 1 << 30


@cache
def key() -> Path:
    """The private key that every guest lets in as root; its public half beside it."""
    path = LAB / "key"
    with locked(LAB / ".lock-key"):
        if not path.exists():
            subprocess.run([tool("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def legacy(of: Kernel) -> Path:
    """An ext4 disk, the nearest here to an EL 6 host that a current Ansible cannot run modules on."""
    packages = unpacked(
        "dropbear-bin", "busybox-static", "libc6", "libcrypt1", "zlib1g", "libtomcrypt1", "libtommath1", "libgmp10", "ethtool", "libmnl0"
    )

    def fill(root: Path) -> None:
        for name in ("bin", "sbin", "usr", "lib", "lib64"):
            if (packages / name).exists():
                shutil.copytree(packages / name, root / name, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(root / "usr" / "share", ignore_errors=True)
        applets = subprocess.run([str(root / "bin" / "busybox"), "--list-full"], capture_output=True, text=True, check=True).stdout
        for applet in applets.split():
            (root / applet).parent.mkdir(parents=True, exist_ok=True)
            if not (root / applet).exists():
                (root / applet).symlink_to("/bin/busybox")
        shutil.copytree(LEGACY, root, dirs_exist_ok=True)

    return _disk("legacy", of, digest(LEGACY, packages.name), fill)


def modern(of: Kernel) -> Path:
    """An ext4 disk with Debian's userland."""
    base = _debian("debian", _MODERN_PACKAGES)
    return _disk("modern", of, digest(MODERN, base.parent.name), lambda root: _lay_debian(root, base))


def reporting(of: Kernel) -> Path:
    """As ``modern``, with sos."""
    base = _debian("sos-debian", (*_MODERN_PACKAGES, "sosreport"))
    return _disk("reporting", of, digest(MODERN, base.parent.name), lambda root: _lay_debian(root, base))


def upgradable(_of: Kernel) -> Path:
    """A disk with GRUB, a /boot of its own and Debian's userland, on which an RPM brought the kernel; more are in /srv/repo."""
    base = _debian("dnf-debian", (*_MODERN_PACKAGES, "dnf", "rpm", "grub-common", "cpio", "at", *_CLUSTERS, "pacemaker-cli-utils"))

    def fill(root: Path) -> None:
        shutil.copytree(UPGRADABLE, root, dirs_exist_ok=True)
        for service in _CLUSTERS:
            (root / "etc" / "systemd" / "system" / "multi-user.target.wants" / f"{service}.service").unlink()
        (root / "boot" / "loader" / "entries").mkdir(parents=True)

    return _self_booting("upgradable", base, repositories(), fill, UPGRADABLE)


def suse(_of: Kernel) -> Path:
    """As ``upgradable``, with zypper, and with a menu of GRUB's as SUSE's grub2-mkconfig writes it."""
    base = _debian("zypper-debian", (*_MODERN_PACKAGES, "zypper", "rpm", "grub-common", "cpio"))

    def fill(root: Path) -> None:
        (root / "boot" / "grub2").mkdir(parents=True)
        (root / "etc" / "kernel").mkdir(exist_ok=True)
        (root / "etc" / "rpm").mkdir(exist_ok=True)
        for name in ("etc/fstab", "etc/kernel/cmdline", "etc/rpm/macros", "usr/sbin/grub2-editenv"):
            shutil.copy(UPGRADABLE / name, root / name)
        shutil.copytree(SUSE, root, dirs_exist_ok=True)
        shutil.copy(UPGRADABLE / "usr" / "lib" / "kernel" / "install.d" / "50-dracut.install", root / "usr" / "lib" / "lab" / "dracut")

    return _self_booting("suse", base, suse_repositories(), fill, UPGRADABLE, SUSE)


def _self_booting(name: str, base: Path, offered: Path, fill: Callable[[Path], None], *sources: Path) -> Path:
    """A disk of this Debian, with what ``fill`` adds to it, that boots by its own GRUB what its own rpm installed of ``offered``."""

    def make(folder: Path) -> None:
        root = folder / "root"
        _lay_debian(root, base)
        fill(root)
        without_modules(root / "usr" / "lib" / "lab" / "initramfs")
        (root / "srv").mkdir(exist_ok=True)
        subprocess.run(["cp", "-a", str(offered), str(root / "srv" / "repo")], check=True)  # hard links and all
        (root / "srv" / "repo" / "offered").symlink_to("current")
        _install(root)
        for program in (*root.glob("usr/bin/apt*"), *root.glob("usr/bin/dpkg*")):  # EL has none, and Ansible would take apt for its own
            program.unlink()
        _let_in(root, lab_modules(kernel()))
        grub_disk(folder / "disk", root)
        shutil.rmtree(root)

    code = [Path(__file__).with_name(file) for file in ("images.py", "grub_disk.py", "initramfs.py", "first_init")]
    what = digest(*sources, MODERN, SETUP, *code, base.parent.name, offered.name, key().with_suffix(".pub"))
    return cached(name, what, _as_root(make)) / "disk"


def _install(root: Path) -> None:
    """What the guest has from the start, by its own rpm, so that its database knows."""
    base = root / "srv" / "repo" / "base"
    packages = [f"/{package.relative_to(root)}" for package in sorted(base.glob("*.rpm"))]
    command = ["chroot", str(root), "rpm", "--force-debian", "-i", *packages]
    alone = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    done = subprocess.run(command, env=alone, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode or done.stderr.strip():
        raise RuntimeError(f"the kernel's package does not install: {done.stdout[-500:]}{done.stderr[-1500:]}")
    shutil.rmtree(base)


def _lay_debian(root: Path, base: Path) -> None:
    """An installed Debian with what the lab adds, into a folder that is there or not."""
    subprocess.run(["cp", "-a", f"{base}/.", str(root)], check=True)  # devices and all
    shutil.copytree(MODERN, root, dirs_exist_ok=True)
    for service in ("lab-setup.service", "ssh.service"):
        wanted = root / "etc" / "systemd" / "system" / "multi-user.target.wants"
        wanted.mkdir(parents=True, exist_ok=True)
        source = "/etc" if service.startswith("lab") else "/lib"
        (wanted / service).unlink(missing_ok=True)
        (wanted / service).symlink_to(f"{source}/systemd/system/{service}")


#: Not started unless a test does so.
_CLUSTERS = ("corosync", "pacemaker", "keepalived")
#: Beside what Debian marks as required: what a managed host has.
_MODERN_PACKAGES = ("systemd-sysv", "dbus", "openssh-server", "python3", "procps", "iproute2", "kmod", "ethtool", "udev")
_NOT_WANTED = ("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service", "systemd-timesyncd.service",
               "dpkg-db-backup.timer", "fstrim.timer", "getty@tty1.service", "serial-getty@ttyS0.service")  # fmt: skip


def _debian(kind: str, packages: tuple[str, ...]) -> Path:
    """A folder with an installed Debian, made by mmdebstrap."""

    def make(folder: Path) -> None:
        command = [
            tool("mmdebstrap"), "--quiet", "--mode=root", "--variant=minbase", "--format=directory",
            f"--include={','.join(packages)}", "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*", "--aptopt=APT::Install-Recommends false",
            f"--customize-hook=systemctl --root \"$1\" mask {' '.join(_NOT_WANTED)}",
            "", str(folder / "root"), "-",
        ]  # fmt: skip
        done = subprocess.run(command, input=OURS.sources, capture_output=True, text=True, check=False, timeout=1200)
        if done.returncode:
            raise RuntimeError(f"mmdebstrap failed: {done.stderr[-2000:]}")

    return cached(kind, digest(*versions(*packages), *_NOT_WANTED), make) / "root"


def _disk(name: str, of: Kernel, key_of_content: str, fill: Callable[[Path], None]) -> Path:
    """An ext4 file system with what ``fill`` puts into it and what all guests share."""

    def make(folder: Path) -> None:
        root = folder / "root"
        root.mkdir()
        fill(root)
        tree = root / "lib" / "modules" / of.release
        tree.mkdir(parents=True)
        lay_modules(tree, of, modules)
        subprocess.run([tool("depmod", "kmod"), "-b", str(root), of.release], check=True, capture_output=True)
        _let_in(root, modules)
        disk = folder / "disk"
        with disk.open("wb") as file:
            file.truncate(_DISK_BYTES)
        command = [tool("mke2fs", "e2fsprogs"), "-q", "-t", "ext4", "-O", "^metadata_csum,^64bit", "-d", str(root), str(disk)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            raise RuntimeError(f"the disk of {name} cannot be made: {done.stderr[-1000:]}")
        shutil.rmtree(root)

    modules = lab_modules(of)
    what = digest(key_of_content, Path(__file__), SETUP, of.root.name, modules.name, key().with_suffix(".pub"))
    return cached(name, what, _as_root(make)) / "disk"


def _as_root(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """Only root can make files of root's."""
    if os.geteuid() != 0:
        cannot_run("the disks of the lab's guests are made as root")
    return make


def _let_in(root: Path, modules: Path) -> None:
    """The folders, the key and the programs that every guest has."""
    for directory in ("dev", "proc", "sys", "run", "tmp", "root/.ssh", "etc/sysctl.d", "var/log", "mnt"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    (root / "root" / ".ssh").chmod(0o700)
    authorized = root / "root" / ".ssh" / "authorized_keys"
    shutil.copy(key().with_suffix(".pub"), authorized)
    authorized.chmod(0o600)
    (root / "root").chmod(0o700)
    (root / "tmp").chmod(0o1777)
    for source in (SETUP, *(modules / f"lab_{program}" for program in PROGRAMS)):
        shutil.copy(source, root / "sbin" / source.name)
        (root / "sbin" / source.name).chmod(0o755)
