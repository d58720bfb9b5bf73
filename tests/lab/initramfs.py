# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first root file system of every guest: busybox and the modules that reach the disk, then over to the disk."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import tool
from tests.lab.cache import cached, digest
from tests.lab.debian import unpacked
from tests.lab.kernel import Kernel

#: In the order they are loaded.
_MODULES = ("virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk",
            "crc16", "mbcache", "jbd2", "crc32c_generic", "libcrc32c", "ext4")  # fmt: skip

_INIT = """#!/bin/sh
mount -t devtmpfs none /dev
for module in {modules}; do insmod /modules/$module.ko || echo "lab: $module does not load"; done

mount -t ext4 /dev/vda /root || {{ echo "lab: the disk does not mount"; poweroff -f; }}
mount --move /dev /root/dev
exec switch_root /root /sbin/init
"""


def initramfs(of: Kernel) -> Path:
    """The compressed archive for this kernel."""

    def make(folder: Path) -> None:
        tree = folder / "tree"
        for name in ("bin", "dev", "modules", "root"):
            (tree / name).mkdir(parents=True)
        (tree / "bin" / "busybox").write_bytes((busybox / "bin" / "busybox").read_bytes())
        (tree / "bin" / "busybox").chmod(0o755)
        for applet in ("sh", "mount", "insmod", "mkdir", "switch_root", "poweroff", "echo"):
            (tree / "bin" / applet).symlink_to("busybox")
        present = []
        for name in _MODULES:
            found = next(of.modules.rglob(f"{name}.ko"), None)
            if found:  # else it is built in
                (tree / "modules" / found.name).write_bytes(found.read_bytes())
                present.append(name)
        (tree / "init").write_text(_INIT.format(modules=" ".join(present)))
        (tree / "init").chmod(0o755)
        names = "\n".join(sorted(str(path.relative_to(tree)) for path in tree.rglob("*")))
        archive = subprocess.run(
            [tool("cpio"), "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=tree, input=names.encode(), capture_output=True, check=True
        ).stdout
        (folder / "initrd").write_bytes(archive)

    busybox = unpacked("busybox-static")
    return cached("initramfs", digest(Path(__file__), of.root.name, busybox.name), make) / "initrd"
