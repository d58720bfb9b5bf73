# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kernel engineer asks for, rendered as one POSIX shell program: the parts of the probe, and what sh/diagnostics.sh adds.

Its output is a transcript. It writes nothing on the host. It is nice to others, each command ends after COMMAND_SECONDS, and what was
not asked for in time is left out.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import DEEP, MANIFEST, Source
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import frame_program, render_sections
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import is_whole_number
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.program import shell_part

#: Files that are short on every host, beside those of the manifest. No pattern of one is a pattern there.
SHORT_FILES = (
    "/etc/machine-id",
    "/proc/cmdline",
    "/proc/loadavg",
    "/proc/net/bonding/*",
    "/proc/net/dev",
    "/proc/net/sockstat*",
    "/proc/net/softnet_stat",
    "/proc/pressure/*",
    "/proc/softirqs",
    "/proc/swaps",
    "/proc/version",
    "/sys/devices/system/node/node*/meminfo",
    "/sys/devices/system/node/node*/vmstat",
)
#: Of files that the manifest wants some lines of, those that hold no more than counters: they are taken whole.
_WHOLE = ("/proc/vmstat", "/proc/zoneinfo", "/proc/modules", "/proc/stat")
#: All of these folders are asked for; a source that comes twice would count as one of twice the length.
_SETTINGS = ("/proc/sys/vm/", "/proc/sys/kernel/")
#: The share of the time that the host spends asking: the rest is for the way here.
_ASKING = 0.7
#: Before the frame, which runs in a process of its own: that takes the nice value from this one, and $$ does not name it.
_NICE = "renice -n 19 -p $$ >/dev/null 2>&1; "


def render_diagnostics(nonce: str, *, seconds: int, log_kb: int, text_kb: int, most_bytes: int, sysrq: bool) -> str:
    """The program as text. ``nonce``: letters and digits that mark the frame of its answer. ``seconds``: after these the controller
    hangs up; 0 for never. ValueError for anything that is not a number where one is due."""
    numbers = (seconds, log_kb, text_kb, most_bytes)
    if not all(map(is_whole_number, numbers)) or not nonce.isalnum():
        raise ValueError(f"{nonce!r}, {numbers!r}")
    settings = {
        "LATE": int(seconds * _ASKING) or 86400,
        "LOG": log_kb * 1024,
        "TEXT": text_kb * 1024,
        "SYSRQ": "m" if sysrq else "",
        "TOKEN": nonce,
    }
    head = "".join(f"{name}={value} " for name, value in settings.items())
    framed: str = frame_program(nonce, f"{head}\n{_body()}", most_bytes=most_bytes)
    return _NICE + framed


@cache
def _body() -> str:
    asked: str = render_sections(_entries(), ("nics", "kernels"))
    return f"{asked}\n{shell_part(Path(__file__).parent / 'sh' / 'diagnostics.sh')}"


def _entries() -> list[Source]:
    """What is asked for by the probe's own commands of files: those of the manifest, some of them whole, and SHORT_FILES."""
    entries = [entry._replace(kind="file") if entry.source in _WHOLE else entry for entry in MANIFEST]
    short = [Source(path, "file", ()) for path in SHORT_FILES]
    deep = [entry for entry in DEEP if entry.kind == "file"]
    return [entry for entry in (*entries, *short, *deep) if not entry.source.startswith(_SETTINGS)]
