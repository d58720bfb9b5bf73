# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that boots itself: partitions for /boot and / behind GRUB for a PC's BIOS, made in a file, without loop devices."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

from tests.conftest import cannot_run, tool

BOOT_BYTES = 64 << 20
ROOT_BYTES = 1280 << 20
_SECTOR = 512
_FIRST_BYTE = 1 << 20
_TABLE = 446
_LINUX = 0x83
_GRUB = Path("/usr/lib/grub/i386-pc")
#: What grub.cfg calls from the start. It is in GRUB's own image; what is called later is a file, as on any host.
#: Before it has read anything from the disk, so that a failure to do so is seen.
_EARLY = "serial --unit=0 --speed=115200\nterminal_input serial\nterminal_output serial\n"
_GRUB_MODULES = ("biosdisk", "part_msdos", "ext2", "normal", "configfile", "loadenv", "regexp", "serial", "terminal", "test", "echo")


def grub_disk(disk: Path, root: Path) -> None:
    """``disk``: the file to make, of the tree under ``root``, whose boot/ becomes the first partition."""
    boot = root.with_name("boot")
    shutil.move(root / "boot", boot)
    (root / "boot").mkdir()
    modules = boot / "grub2" / "i386-pc"
    modules.mkdir()
    for module in _GRUB.glob("*.mod"):  # without the lists by which GRUB would load a command's module by itself, see grub.cfg
        shutil.copy(module, modules)
    with disk.open("wb") as file:
        file.truncate(_FIRST_BYTE + BOOT_BYTES + ROOT_BYTES)
    _file_system(disk, boot, _FIRST_BYTE, BOOT_BYTES)
    _file_system(disk, root, _FIRST_BYTE + BOOT_BYTES, ROOT_BYTES)
    core = _core(disk.with_name("core.img"))
    if len(core) > _FIRST_BYTE - _SECTOR:
        raise RuntimeError(f"GRUB's image of {len(core)} bytes does not fit before the first partition")
    with disk.open("r+b") as file:
        file.write(_boot_sector())
        file.write(core)  # boot.img looks for it in the second sector, and its head for the rest right after
    shutil.rmtree(boot)


def _file_system(disk: Path, tree: Path, start: int, size: int) -> None:
    command = [tool("mke2fs", "e2fsprogs"), "-q", "-F", "-t", "ext4", "-O", "^metadata_csum,^64bit", "-E", f"offset={start}",
               "-d", str(tree), str(disk), f"{size >> 10}k"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(f"the file system of {tree.name} cannot be made: {done.stderr[-1000:]}")


def _core(path: Path) -> bytes:
    early = path.with_suffix(".cfg")
    early.write_text(_EARLY)
    command = [tool("grub-mkimage", "grub-common"), "-O", "i386-pc", "-d", str(_GRUB), "-p", "(hd0,msdos1)/grub2", "-c", str(early)]
    command += ["-o", str(path)]
    done = subprocess.run([*command, *_GRUB_MODULES], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise RuntimeError(f"grub-mkimage failed: {done.stderr[-1000:]}")
    core = path.read_bytes()
    path.unlink()
    early.unlink()
    return core


def _boot_sector() -> bytes:
    """GRUB's, with the table of the partitions."""
    if not (_GRUB / "boot.img").exists():
        cannot_run(f"{_GRUB} is missing (apt-get install grub-pc-bin)")
    sector = bytearray((_GRUB / "boot.img").read_bytes())
    partitions = ((0x80, _FIRST_BYTE, BOOT_BYTES), (0, _FIRST_BYTE + BOOT_BYTES, ROOT_BYTES))
    table = b"".join(struct.pack("<B3xB3xII", active, _LINUX, start // _SECTOR, size // _SECTOR) for active, start, size in partitions)
    sector[_TABLE:] = table.ljust(4 * 16, b"\0") + b"\x55\xaa"
    return bytes(sector)
