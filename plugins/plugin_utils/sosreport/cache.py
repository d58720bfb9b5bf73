# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was read from packed reports, kept for the next time: unpacking a report takes a thousand times as long as judging it.

One transcript for each report, named after the SHA-256 of the report's content: a file that was moved, or copied with another
time, is found again, and one that was changed is not. Hashing reads the packed file alone, which costs a hundredth of unpacking it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import time
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript, write_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import MANIFEST
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.regular_file import real_path
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.whole_file import write_whole
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.places import SOS_FORMS, SOS_IDENTITY

#: Names the folder. V(none) turns the cache off.
VARIABLE = "PAGEALLOC_CACHE_DIR"
OFF = "none"
#: The mark of this run of Ansible, which its processes inherit. Without one, nothing is kept by its path.
RUN = "PAGEALLOC_RUN"

#: Raised where the same report would give other evidence than before for a reason that the manifest does not show.
_FORMAT = 1
_KEPT_DAYS = 60
_READ_BYTES = 1048576


def chosen_directory() -> str:
    """Where the cache is, as the environment has it: $PAGEALLOC_CACHE_DIR, or under $XDG_CACHE_HOME, or under ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if base.startswith("/") else Path("~/.cache").expanduser()
    return os.environ.get(VARIABLE) or str(home / "fleetcare.pagealloc" / "sosreport")


class Entry(NamedTuple):
    """Where evidence is kept, and the line that it must begin with: none where the file's name tells the content it was read from."""

    path: Path
    mark: str = ""


def begin_run() -> None:
    """What is read of a folder from now on counts until the next call, in this process and those forked from it."""
    os.environ[RUN] = secrets.token_hex(8)


class Cache:
    """Transcripts by the content they were read from. A cache that cannot be written or read is none, and costs time only.

    Whoever can write to its folder can say of any report what was in it. So the folder counts only where it is this user's alone;
    ``distrust`` is a sentence on why it does not, "" where it does.
    """

    def __init__(self) -> None:
        chosen = chosen_directory()
        manifest = hashlib.sha256(repr((_FORMAT, MANIFEST, sorted(SOS_FORMS.items()), sorted(SOS_IDENTITY.items()))).encode())
        folder = None if chosen == OFF else Path(chosen).expanduser() / manifest.hexdigest()[:12]
        self.distrust = _distrust(folder) if folder else ""
        self._folder = None if self.distrust else folder

    def entry(self, file: BinaryIO, inner: str = "") -> Entry | None:
        """Where what is read from ``file``, or from the report ``inner`` within it, is kept; None without a cache. Leaves the file at
        its start."""
        if self._folder is None:
            return None
        digest = hashlib.sha256()
        file.seek(0)
        while piece := file.read(_READ_BYTES):
            digest.update(piece)
        file.seek(0)
        whole = Entry(self._folder / f"{digest.hexdigest()}.evidence")
        return self.entry_of_inner(whole, inner) if inner else whole

    @staticmethod
    def entry_of_inner(whole: Entry, inner: str) -> Entry:
        """Where what is read from the report ``inner`` is kept, of the entry of the archive that holds it."""
        return Entry(whole.path.with_name(f"{whole.path.stem}-{_name_of(inner)[:16]}.evidence"))

    def entry_of_run(self, path: Path) -> Entry | None:
        """Where what this run reads at a path is kept: a folder has no check sum. The next run reads it anew, and writes over it."""
        run = os.environ.get(RUN)
        if self._folder is None or not run:
            return None
        return Entry(self._folder / f"at-{_name_of(real_path(str(path)))}.evidence", f"run {run}\n")

    def get(self, entry: Entry) -> Evidence | None:
        """The evidence kept there, None where there is none, it is not whole, or somebody else put it there."""
        try:
            with entry.path.open(encoding="utf-8") as file:
                if os.fstat(file.fileno()).st_uid != os.geteuid() or file.read(len(entry.mark)) != entry.mark:
                    return None
                evidence: Evidence = read_transcript(file.read())
            os.utime(entry.path)
        except (OSError, UnicodeError, EvidenceError):
            return None
        return evidence if evidence.whole else None

    def put(self, entry: Entry, evidence: Evidence) -> None:
        """Keep the evidence, whole or not at all, for nobody else's eyes: it holds lines of logs."""
        with contextlib.suppress(OSError):
            entry.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _distrust(entry.path.parent):  # somebody else may have been faster
                write_whole(entry.path, entry.mark + write_transcript(evidence), 0o600)

    def prune(self) -> None:
        """Let go of what nobody asked for in two months."""
        if self._folder is None:
            return
        oldest = time.time() - _KEPT_DAYS * 86400
        with contextlib.suppress(OSError):
            for folder in self._folder.parent.iterdir():  # of other versions too; a link may lead to the records of an audit
                for entry in () if _distrust(folder) else folder.glob("*.evidence"):
                    if entry.stat().st_mtime < oldest:
                        entry.unlink()


def _name_of(path: str) -> str:
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()


def _distrust(folder: Path) -> str:
    """Why what lies in the folder may be somebody else's, "" where it is ours or not there yet."""
    try:
        found = folder.lstat()
    except OSError:
        return ""
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is a link or a file, so the cache is not used: remove it"
    if found.st_uid != os.geteuid():
        return f"{folder} belongs to another user, so the cache is not used: set {VARIABLE} to a folder of your own"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"other users may write to {folder}, so the cache is not used: remove the folder"
    return ""
