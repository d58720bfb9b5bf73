# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's logs of a report, reduced as the probe reduces those of a live host."""

from __future__ import annotations

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import MANIFEST, Source
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import MARKS, filter_log
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.layout import LOGS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.taken import Taken, text_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.wording import clip

_LOG_MARKS = tuple(mark.encode() for mark in MARKS)
_DENIED = re.compile(r"(?:dmesg|journalctl): |.*(?:[Pp]ermission denied|not permitted|command not found|No such file|timed out)")
_VERSION = re.compile(r"Linux version (\S{1,128})")


def take_logs(report: Taken, strange: list[str]) -> None:
    """As the probe does: the next log only where one tells neither a failure nor the boot it would have to reach back to."""
    uname = report.texts.get("$uname", "").split()
    release = uname[2] if len(uname) > 2 else None
    for entry in MANIFEST:
        if entry.source in LOGS and _take_log(report, entry, release, strange):
            return


def _take_log(report: Taken, entry: Source, release: str | None, strange: list[str]) -> bool:
    saw = False
    for path in entry.sos:
        data = report.read(path, entry.source)
        if data is None:
            continue
        if not any(mark in data for mark in _LOG_MARKS):
            text = text_of(data[:2000]).strip()
            if not text or (len(data) < 2000 and _DENIED.match(text)):
                report.reasons.setdefault(entry.source, clip(text) or "is empty in the sosreport")
                continue
            report.put(entry.source, "#boot 0 failures 0\n")
            continue
        left, saw = filter_log(text_of(data))
        booted = _VERSION.search(left)
        if release and booted and booted.group(1) != release:
            reason = f"is of kernel {clip(booted.group(1))}, while {clip(release)} ran"
            report.reasons.setdefault(entry.source, reason)
            strange.append(f"{path} {reason}")
            saw = False
            continue
        if saw:
            report.texts.pop(entry.source, None)
            report.put(entry.source, left)
            return True
        report.put(entry.source, left)
    return saw
