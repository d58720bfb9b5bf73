# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded evidence: transcripts saved by ``gather``, and directories with a host's files under their own paths."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import (
    MANIFEST,
    MAX_TRANSCRIPT_BYTES,
    PAGETYPEINFO,
    Evidence,
    Source,
    end_line,
    head_line,
    read_transcript,
)

#: Recorded files are read up to here; of a longer log its end counts, of any other file it is an error.
MAX_FILE_BYTES = 4 * MAX_TRANSCRIPT_BYTES

#: Where a transcript keeps what ssh said when the host could not be reached.
CONNECTION = "$connection"

_LOGS = ("$dmesg", "$journal", "$messages")


def file_name_for(host: str) -> str:
    """A file name for a host's record: of one path component, never hidden, at most 200 characters."""
    name = quote(host, safe="", errors="surrogatepass").replace("~", "%7E")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > 180:
        name = f"{name[:140]}-{hashlib.sha256(host.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
    return name + ".evidence"


def unreached_transcript(message: str) -> str:
    """A transcript that records only why the host could not be reached."""
    lines = [f"!{CONNECTION}:{line}" for line in message.splitlines() if line.strip()]
    return "\n".join([head_line("recorded"), *lines[:20], end_line("recorded"), ""])


def save_transcript(directory: str, host: str, transcript: str) -> Path:
    """Write a transcript under ``directory`` (made where missing), whole or not at all; returns its path."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file_name_for(host)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    # what a kernel logs is not for everyone's eyes
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(transcript.encode("utf-8", "replace"))
    unfinished.replace(target)
    return target


def read_recorded(path: str) -> Evidence:
    """Evidence from a saved transcript or from a directory. OSError where it cannot be read, EvidenceError where
    there is no evidence in it."""
    where = Path(path)
    if where.is_dir():
        return _read_directory(where)
    if not where.is_file():
        raise FileNotFoundError(2, "No such file or directory", str(path))
    evidence: Evidence = read_transcript(_read_text(where, from_end=False))
    return evidence


def _read_text(path: Path, *, from_end: bool) -> str:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_FILE_BYTES:
            if not from_end:
                raise EvidenceError("evidence", None, f"{path.name} is larger than {MAX_FILE_BYTES} bytes")
            file.seek(size - MAX_FILE_BYTES)
            file.readline()
        return file.read(MAX_FILE_BYTES).decode("utf-8", "replace")


def _read_directory(root: Path) -> Evidence:
    """Evidence from a file tree; a link that leads out of it is not followed."""
    root = root.resolve()
    evidence = Evidence({}, {})
    for entry in (*MANIFEST, PAGETYPEINFO):
        if entry.kind == "link":
            _take_links(evidence, root, entry)
        else:
            _take_files(evidence, root, entry)
    if not evidence.texts:
        raise EvidenceError("evidence", None, "the directory holds none of the files of a host that are looked at")
    return evidence


def _take_links(evidence: Evidence, root: Path, entry: Source) -> None:
    links = [link for link in root.glob(entry.source.lstrip("/")) if link.is_symlink()]
    for link in links:
        evidence.texts["/" + str(link.relative_to(root))] = str(link.readlink()) + "\n"
    if not links:
        evidence.reasons[entry.source] = "not kept in the directory"


def _take_files(evidence: Evidence, root: Path, entry: Source) -> None:
    for pattern in entry.sos:
        for path in sorted(root.glob(pattern)):
            source = _source_name(entry, pattern, str(path.relative_to(root)))
            if source in evidence.texts:
                continue
            try:
                evidence.texts[source] = _read_inside(root, path, from_end=entry.source in _LOGS)
            except (OSError, EvidenceError) as error:
                evidence.reasons[source] = error.reason if isinstance(error, EvidenceError) else str(error.strerror)


def _source_name(entry: Source, pattern: str, relative: str) -> str:
    """The transcript's name for a file of a tree: its own path, or ``$command`` with what the pattern's star stood for."""
    source = str(entry.source)
    if not source.startswith("$"):
        return "/" + relative
    if not source.endswith("/*"):
        return source
    return source[:-1] + relative[len(pattern) - 1 :]


def _read_inside(root: Path, path: Path, *, from_end: bool) -> str:
    real = path.resolve()
    if not real.is_relative_to(root):
        raise EvidenceError("evidence", None, "is a link that leads out of the directory")
    if not real.is_file():
        raise EvidenceError("evidence", None, "is no regular file")
    return _read_text(real, from_end=from_end)
