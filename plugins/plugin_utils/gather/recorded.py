# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded evidence: transcripts saved by ``gather``, sosreports, and directories with a host's files under their own paths."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import (
    MAX_TRANSCRIPT_BYTES,
    Evidence,
    end_line,
    head_line,
    read_transcript,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.processor_time import ARCHIVE_SECONDS, limited_processor_time
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.regular_file import open_regular
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.whole_file import write_whole

#: A longer transcript is an error.
MAX_FILE_BYTES = 4 * MAX_TRANSCRIPT_BYTES

#: The source of a transcript that holds the message of ssh if the host could not be reached.
CONNECTION = "$connection"


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
    """Write a transcript under ``directory``, whole or not at all, and return its path. A missing directory is made."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file_name_for(host)
    # a kernel log is not for all users
    write_whole(target, transcript, 0o600)
    return target


def read_recorded(path: str) -> Evidence:
    """Evidence from a saved transcript, from a sosreport, or from a directory with a host's files as in a sosreport. Raises OSError if it
    cannot be read, and EvidenceError if it has no evidence.
    """
    # imported here because live hosts do not need it, and Ansible compiles the modules of a collection in every run
    from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.reading import (
        looks_like_archive,
        read_archive_evidence,
        read_tree_evidence,
    )

    where = Path(path)
    with limited_processor_time(ARCHIVE_SECONDS):
        if where.is_dir():
            return read_tree_evidence(where)
        if looks_like_archive(where):
            return read_archive_evidence(where)
        evidence: Evidence = read_transcript(_read_text(where))
        return evidence


def _read_text(path: Path) -> str:
    with open_regular(path) as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if data is None:
        raise EvidenceError("evidence", None, f"{path.name} is not a record of evidence: there is nothing to read in it")
    if len(data) > MAX_FILE_BYTES:
        raise EvidenceError("evidence", None, f"{path.name} is larger than {MAX_FILE_BYTES} bytes")
    return data.decode("utf-8", "replace")
