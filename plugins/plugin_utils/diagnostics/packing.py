# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of a report -> a .tar.gz. Owner, modes and time are ours: nothing of the host's."""

from __future__ import annotations

import gzip
import io
import posixpath
import tarfile
from collections.abc import Mapping


def packed(root: str, texts: Mapping[str, str], links: Mapping[str, str], epoch_seconds: int) -> bytes:
    """The archive. ``root``: the folder that all of it is in."""
    stream = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=epoch_seconds) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        folders: set[str] = set()
        for path in sorted({*texts, *links}):
            full = f"{root}/{path}"
            for folder in _folders_of(full):
                if folder not in folders:
                    folders.add(folder)
                    archive.addfile(_about(folder, epoch_seconds, tarfile.DIRTYPE, 0o755))
            if path in texts:
                data = texts[path].encode("utf-8", "replace")
                about = _about(full, epoch_seconds, tarfile.REGTYPE, 0o644)
                about.size = len(data)
                archive.addfile(about, io.BytesIO(data))
            else:
                about = _about(full, epoch_seconds, tarfile.SYMTYPE, 0o777)
                about.linkname = links[path]
                archive.addfile(about)
    return stream.getvalue()


def _folders_of(path: str) -> list[str]:
    folder = posixpath.dirname(path)
    return [*_folders_of(folder), folder] if folder else []


def _about(name: str, epoch_seconds: int, kind: bytes, mode: int) -> tarfile.TarInfo:
    about = tarfile.TarInfo(name)
    about.type, about.mode, about.mtime = kind, mode, epoch_seconds
    about.uname = about.gname = "root"
    return about
