# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's logs of a report, reduced as the probe reduces those of a live host."""

from __future__ import annotations

import re
import zlib

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import (
    CRASH_LOG,
    SYSLOG_FILES,
    KernelLog,
    LogContext,
    read_log,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import WORDS, filter_log
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import Clock
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import MANIFEST, Source
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.layout import LOGS, MAX_MEMBER_BYTES, rotated
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import expand
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.taken import Taken, text_of

_WORDS = tuple(word.encode() for word in WORDS)
_DENIED = re.compile(r"(?:dmesg|journalctl): |.*(?:[Pp]ermission denied|not permitted|command not found|No such file|timed out)")
_GZIP = b"\x1f\x8b"


def take_logs(report: Taken, strange: list[str]) -> None:
    """As the probe does: one log that only the kernel writes to and that reaches back to the boot is enough, else all there are."""
    uname = report.texts.get("$uname", "").split()
    release = uname[2] if len(uname) > 2 else None
    enough = False
    for entry in MANIFEST:
        name = entry.source[1:]
        if entry.source not in LOGS or (enough and name != CRASH_LOG):
            continue
        if name in SYSLOG_FILES:
            _take_rotated(report, entry)
        elif name == CRASH_LOG:
            _take_crash(report, entry)
        else:
            enough = _take_log(report, entry, release, strange)


def _take_log(report: Taken, entry: Source, release: str | None, strange: list[str]) -> bool:
    """The first of the places that tells anything, or the first at all; whether it reaches back to the boot."""
    for path in entry.sos:
        data = report.read(path, entry.source)
        left = None if data is None else _left_of(report, entry.source, data)
        if left is None:
            continue
        log = _read(left, entry.source[1:])
        if release and log.boot_release not in (None, release):
            reason = f"is of kernel {clip(log.boot_release)}, while {clip(release)} ran"
            report.reasons.setdefault(entry.source, reason)
            strange.append(f"{path} {reason}")
            continue
        if log.boot_seen or log.events or log.dropped:
            report.texts.pop(entry.source, None)
            report.put(entry.source, left)
            return log.boot_seen
        report.put(entry.source, left)
    return False


def _take_rotated(report: Taken, entry: Source) -> None:
    """A log of syslog and what of it was put away before, as one."""
    paths = [path for pattern in entry.sos for path, _stars in expand(report.members, pattern)]
    older = sorted((path for path in paths if rotated(path)), key=lambda path: rotated(path) or (False, 0))
    texts = []
    for path in (*older, *(path for path in paths if not rotated(path) and path in entry.sos)):
        data = report.read(path, entry.source)
        if data is not None:
            texts.append(_unzipped(data))
        if texts and not rotated(path):
            break
    left = _left_of(report, entry.source, b"\n".join(texts)) if texts else None
    if left is not None:
        report.put(entry.source, left)


def _take_crash(report: Taken, entry: Source) -> None:
    paths = [path for pattern in entry.sos for path, _stars in expand(report.members, pattern)]
    data = report.read(paths[-1], entry.source) if paths else None
    if data is not None:
        report.put(entry.source, _reduced(text_of(data)))


def _left_of(report: Taken, source: str, data: bytes) -> str | None:
    """What the probe would have sent of a log; None for one that is empty, or holds no more than why there is none."""
    if any(word in data for word in _WORDS):
        return _reduced(text_of(data))
    text = text_of(data[:2000]).strip()
    if not text or (len(data) < 2000 and _DENIED.match(text)):
        report.reasons.setdefault(source, clip(text) or "is empty in the sosreport")
        return None
    return _reduced("")


def _unzipped(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    try:
        return zlib.decompressobj(31).decompress(data, MAX_MEMBER_BYTES)
    except zlib.error:
        return b""


def _reduced(text: str) -> str:
    left: str = filter_log(text)
    return left


def _read(text: str, name: str) -> KernelLog:
    log: KernelLog = read_log(text, name, LogContext(Clock()))
    return log
