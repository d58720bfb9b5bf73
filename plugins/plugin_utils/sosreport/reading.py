# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One report, in whatever it comes, read into evidence."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import SOSREPORT, Evidence, keep_bounds
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.regular_file import open_regular
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.archive import read_archive
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.cache import Cache
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.evidence import evidence_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import NAMED
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.tree import TreeMembers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.unpacking import MAGIC_BYTES, ArchiveError, kind_of


def looks_like_archive(path: Path) -> bool:
    """Whether a file is an archive by what is in it, or means to be one by its name."""
    if path.name.startswith(NAMED):
        return True
    with open_regular(path) as file:
        return kind_of(file.read(MAGIC_BYTES) or b"") is not None


def read_archive_evidence(path: Path, cache: Cache | None = None) -> Evidence:
    """Evidence from a packed report, or from the cache. OSError where it cannot be read, EvidenceError with what is wrong with it."""
    cache = cache or Cache()
    with open_regular(path) as file:
        entry = cache.entry(file) if kind_of(file.read(MAGIC_BYTES) or b"") in ("xz", "gzip", "bzip2") else None
        kept = cache.get(entry) if entry else None
        if kept is not None:
            return kept
        evidence = _unpack(file, path)
    if entry:
        cache.put(entry, evidence)
    return evidence


def read_tree_evidence(path: Path) -> Evidence:
    """Evidence from a folder with a host's files. EvidenceError where it has none of them."""
    evidence = evidence_of(TreeMembers(str(path)))
    if set(evidence.texts) == {SOSREPORT}:
        raise EvidenceError("evidence", None, "the directory holds none of the files of a host that are looked at")
    keep_bounds(evidence.texts, evidence.reasons)
    return evidence


def _unpack(file: BinaryIO, path: Path) -> Evidence:
    file.seek(0)
    try:
        evidence = evidence_of(*read_archive(file))
    except ArchiveError as error:
        raise EvidenceError("evidence", None, f"{path.name} {error}") from None
    keep_bounds(evidence.texts, evidence.reasons)
    return evidence
