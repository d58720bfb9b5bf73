# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One report in any form, read into evidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import SOSREPORT, Evidence, keep_bounds
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.regular_file import open_regular
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.archive import PackedReportsError, read_archive
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.cache import Cache
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collection import each_packed_report, is_collection, split_path
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import names_report
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.report_evidence import evidence_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.tree import TreeMembers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.unpacking import MAGIC_BYTES, ArchiveError, Readable, kind_of

#: How an encrypted text begins; a signature, which may lie beside a report, begins otherwise.
_ENCRYPTED = b"-----BEGIN PGP MESSAGE-----"


class SeveralReportsError(EvidenceError):
    """A file holds the packed reports of several hosts."""


def looks_like_archive(path: Path) -> bool:
    """Whether a file is an archive by what is in it, or means to be one by its name; one within an archive always is."""
    if names_report(path.name) or split_path(path)[1]:
        return True
    with open_regular(path) as file:
        head = file.read(MAGIC_BYTES) or b""
    return kind_of(head) is not None or (".tar" in path.name and _is_encrypted(path, head))


def is_signature(path: Path) -> bool:
    """Whether a file is what signs another one, and no encrypted report: both may end in ".asc"."""
    if path.suffix == ".asc":
        with open_regular(path) as file:
            return not (file.read(MAGIC_BYTES) or b"").startswith(_ENCRYPTED)
    return path.suffix == ".sig"


def read_archive_evidence(path: Path, cache: Cache | None = None) -> Evidence:
    """Evidence from a packed report, or from the cache. OSError where it cannot be read, EvidenceError with what is wrong with it."""
    cache = cache or Cache()
    outer, inner = split_path(path)
    with open_regular(outer) as file:
        head = file.read(MAGIC_BYTES) or b""
        if _is_encrypted(outer, head):
            raise EvidenceError("evidence", None, f"{outer.name} is encrypted: decrypt it with gpg --decrypt, and give the decrypted file")
        # what is packed in a way that costs nothing is read as fast as its check sum
        entry = cache.entry(file, inner) if inner or kind_of(head) in ("xz", "gzip", "bzip2") else cache.entry_of_run(path)
        kept = cache.get(entry) if entry else None
        if kept is not None:
            return kept
        evidence = _unpack_inner(file, outer, inner) if inner else _unpack(file, path.name)
    if entry:
        cache.put(entry, evidence)
    return evidence


def read_packed_reports(path: Path, cache: Cache, visit: Callable[[str, Callable[[], Evidence]], None]) -> None:
    """Call ``visit(path, what reads it)`` for each packed report in an archive; what was read goes into the cache.

    EvidenceError where the archive itself is damaged.
    """
    with open_regular(path) as file:

        def read(inner: str, content: Readable) -> Evidence:
            evidence = _unpack(content, Path(inner).name)
            entry = cache.entry_of_inner(whole, inner) if whole else None
            if entry:
                cache.put(entry, evidence)
            return evidence

        whole = cache.entry(file)
        try:
            each_packed_report(file, lambda inner, content: visit(f"{path}/{inner}", lambda: read(inner, content)))
        except ArchiveError as error:
            raise EvidenceError("evidence", None, f"{path.name} {error}") from None


def read_tree_evidence(path: Path, cache: Cache | None = None) -> Evidence:
    """Evidence from a folder with a host's files, or what this run read there before. EvidenceError where it has none of them."""
    cache = cache or Cache()
    entry = cache.entry_of_run(path)
    kept = cache.get(entry) if entry else None
    if kept is not None:
        return kept
    evidence = evidence_of(TreeMembers(str(path)))
    if set(evidence.texts) == {SOSREPORT}:
        several = ", but the reports of several hosts: name one of them" if is_collection(path) else ""
        raise EvidenceError("evidence", None, f"the directory has no file that is read from a host{several}")
    keep_bounds(evidence.texts, evidence.reasons)
    if entry:
        cache.put(entry, evidence)
    return evidence


def _unpack(file: Readable, name: str) -> Evidence:
    try:
        evidence = evidence_of(*read_archive(file))
    except PackedReportsError as error:
        raise SeveralReportsError("evidence", None, f"{name} {error}") from None  # type: ignore[no-untyped-call]
    except ArchiveError as error:
        raise EvidenceError("evidence", None, f"{name} {error}") from None
    keep_bounds(evidence.texts, evidence.reasons)
    return evidence


def _unpack_inner(file: BinaryIO, outer: Path, inner: str) -> Evidence:
    found: list[Evidence] = []

    def visit(path: str, content: Readable) -> None:
        if path == inner:
            found.append(_unpack(content, Path(inner).name))

    try:
        each_packed_report(file, visit)
    except ArchiveError as error:
        if not found:
            raise EvidenceError("evidence", None, f"{outer.name} {error}") from None
    if not found:
        raise EvidenceError("evidence", None, f"{outer.name} has no {Path(inner).name}")
    return found[-1]


def _is_encrypted(path: Path, head: bytes) -> bool:
    return head.startswith(_ENCRYPTED) or path.suffix.lower() in (".gpg", ".pgp")
