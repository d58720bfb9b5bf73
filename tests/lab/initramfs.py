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
MODULES = ("virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk",
           "crc16", "mbcache", "jbd2", "crc32c_generic", "libcrc32c", "ext4")  # fmt: skip
_INIT = Path(__file__).parent / "first_init"


def without_modules(tree: Path) -> None:
    """All of it but /modules/order, which names the modules beside it."""
    for name in ("bin", "dev", "modules", "proc", "root"):
        (tree / name).mkdir(parents=True)
    (tree / "bin" / "busybox").write_bytes((unpacked("busybox-static") / "bin" / "busybox").read_bytes())
    (tree / "bin" / "busybox").chmod(0o755)
    for applet in ("sh", "mount", "umount", "insmod", "switch_root"):
        (tree / "bin" / applet).symlink_to("busybox")
    (tree / "init").write_bytes(_INIT.read_bytes())
    (tree / "init").chmod(0o755)


def initramfs(of: Kernel) -> Path:
    """The archive for this kernel."""

    def make(folder: Path) -> None:
        tree = folder / "tree"
        without_modules(tree)
        present = []
        for name in MODULES:
            content = of.module(name)
            if content is not None:  # else it is built in
                (tree / "modules" / f"{name}.ko").write_bytes(content)
                present.append(f"{name}.ko\n")
        (tree / "modules" / "order").write_text("".join(present))
        names = "\n".join(sorted(str(path.relative_to(tree)) for path in tree.rglob("*")))
        archive = subprocess.run(
            [tool("cpio"), "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=tree, input=names.encode(), capture_output=True, check=True
        ).stdout
        (folder / "initrd").write_bytes(archive)

    return cached(f"initramfs-{of.release}", digest(Path(__file__), _INIT, of.root.name, unpacked("busybox-static").name), make) / "initrd"
