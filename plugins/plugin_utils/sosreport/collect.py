# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many reports: found in folders, and read by parallel processes into a few facts each. The cache keeps the data."""

from __future__ import annotations

import glob
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.processor_time import ARCHIVE_SECONDS, limited_processor_time
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.regular_file import real_path
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.cache import Cache
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collection import is_collection, split_path
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import Identity, names_report
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.reading import (
    SeveralReportsError,
    is_signature,
    looks_like_archive,
    read_archive_evidence,
    read_packed_reports,
    read_tree_evidence,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.report_evidence import identity_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.tree import is_report

#: Check sums, which lie beside a report and bear its name.
_SUMS = (".md5", ".sha1", ".sha256", ".sha512")


@dataclass(frozen=True)
class FoundReport:
    """One report: who it is of and the facts that hosts are grouped by, or in ``error`` why that is not known.

    ``several``: it is an archive with the packed reports of several hosts.
    """

    path: str
    identity: Identity = Identity("", "", "")
    distribution: str = ""
    release: str = ""
    kernel: str = ""
    drivers: tuple[str, ...] = field(default=())
    modified: float = 0.0
    error: str = ""
    several: bool = False


def find_reports(paths: Iterable[str], base: str) -> tuple[list[str], list[str]]:
    """(the reports, each once, in the order of ``paths`` and of name; what of ``paths`` led to none, as sentences).

    A path is a report, packed or a folder, or a folder of reports, or a pattern of such; relative ones are relative to ``base``.
    """
    found: dict[str, None] = {}
    complaints = []
    for given in paths:
        whole = os.path.join(base, os.path.expanduser(given))  # noqa: PTH111, PTH118
        matches = [whole] if os.path.lexists(whole) else sorted(glob.glob(whole))  # noqa: PTH207
        reports = [report for match in matches for report in _reports_at(Path(match))]
        found.update(dict.fromkeys(_real(report) for report in reports))
        if not matches:
            complaints.append(f"{given}: there is no such file or folder")
        elif not reports:
            complaints.append(f"{given}: it has no sosreport")
    return list(found), complaints


def _real(report: Path) -> str:
    try:
        return real_path(str(report))
    except OSError:
        return os.path.abspath(report)  # noqa: PTH100 - reading it will say why


def _reports_at(path: Path) -> list[Path]:
    if not path.is_dir() or (is_report(str(path)) and not is_collection(path)):
        return [path]
    try:
        children = sorted(path.iterdir())
    except OSError:
        return [path]  # reading it will say why
    return [report for child in children for report in _reports_among(child)]


def _reports_among(child: Path) -> list[Path]:
    """What of a folder of reports is one, was meant to be one, or is what sos collect left of several."""
    if child.is_dir() and is_collection(child):
        return _reports_at(child)
    return [child] if _is_one(child) else []


def _is_one(child: Path) -> bool:
    """Whether what lies in a folder of reports is one, or was meant to be."""
    if child.is_dir():
        return is_report(str(child)) or names_report(child.name)
    try:
        if child.name.endswith(_SUMS) or is_signature(child):
            return False
        return names_report(child.name) or looks_like_archive(child)
    except OSError:
        return True  # reading it will say why


def look_into(path: str) -> FoundReport:
    """Read one report, into the cache. Never raises, so that one report cannot break the rest."""
    where = Path(path)
    return _told(path, lambda: (read_tree_evidence if where.is_dir() else read_archive_evidence)(where, Cache()))


def look_into_each(path: str) -> list[FoundReport]:
    """The report, or of an archive that sos collect packed each report in it. Never raises."""
    whole = look_into(path)
    if not whole.several:
        return [whole]
    reports: list[FoundReport] = []

    def visit(inner: str, read: Callable[[], Evidence]) -> None:
        reports.append(_told(inner, read))

    try:
        read_packed_reports(Path(path), Cache(), visit)
    except Exception as error:  # it is gone or shorter since the first look
        reports.append(FoundReport(path, error=_reason_of(error)))
    return reports


def _told(path: str, read: Callable[[], Evidence]) -> FoundReport:
    """What a report holds, of what reads it."""
    try:
        modified = os.stat(split_path(Path(path))[0]).st_mtime  # noqa: PTH116
        with limited_processor_time(ARCHIVE_SECONDS):
            evidence = read()
            facts = facts_from(evidence)
    except Exception as error:
        return FoundReport(path, error=_reason_of(error), several=isinstance(error, SeveralReportsError))
    kernel = facts["kernel"] or {}
    distribution = kernel.get("distribution") or {}
    drivers = sorted({nic["driver"] for nic in facts["nics"] or () if nic["driver"] and not nic["virtual"]})
    return FoundReport(
        path,
        identity_of(evidence),
        str(distribution.get("id") or ""),
        str(distribution.get("version") or ""),
        str(kernel.get("release") or ""),
        tuple(drivers),
        modified,
    )


def _reason_of(error: Exception) -> str:
    """Why a report was not read; an unexpected error is named as such."""
    if isinstance(error, EvidenceError):
        return str(error.reason)
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    return f"cannot be read because of a fault in fleetcare.pagealloc, please report it: {type(error).__name__}: {error}"


def look_into_all(paths: Iterable[str], processes: int) -> Iterator[FoundReport]:
    """What each report holds, as soon as it is known, in any order. A few are under way at any time: memory does not grow with them."""
    queue = iter(sorted(paths, key=_packed_bytes, reverse=True))  # a long one begun last would leave the other processes idle
    while True:
        broken: list[str] = []
        yield from _with_pool(queue, processes, broken)
        if not broken:
            return
        for path in broken:  # one of these ended its process: each gets one of its own, to see which
            again: list[str] = []
            yield from _with_pool(iter([path]), 1, again)
            yield from (FoundReport(one, error="cannot be read: its process was killed, perhaps because memory ran out") for one in again)


def _packed_bytes(path: str) -> int:
    try:
        return os.stat(path).st_size if os.path.isfile(path) else 0  # noqa: PTH113, PTH116
    except OSError:
        return 0


def _with_pool(queue: Iterator[str], processes: int, broken: list[str]) -> Iterator[FoundReport]:
    # forked, since only so do the processes have Ansible's way to find collections
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        under_way: dict[Future[list[FoundReport]], str] = {}
        while True:
            if not broken:
                for path in islice(queue, 2 * processes - len(under_way)):
                    try:
                        under_way[pool.submit(look_into_each, path)] = path
                    except BrokenProcessPool:
                        broken.append(path)
            if not under_way:
                return
            done, _rest = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                path = under_way.pop(future)
                try:
                    yield from future.result()
                except BrokenProcessPool:
                    broken.append(path)
