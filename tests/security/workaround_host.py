# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of the workaround that is a folder: the program that hosts run, with the paths that it changes moved into the folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import RECORD, SETTINGS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import parse_record
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer, read_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.program import render_program

from tests.conftest import tool

SHELLS = ("dash", "bash --posix", "busybox ash", "ksh", "mksh")
NONCE = "0123456789abcdef"
ORIGINAL_KB, FIRST_KB = 67584, 262144
#: What an ``apply`` of the first step is given.
APPLY = {
    "min_free_kbytes": FIRST_KB,
    "zone_reclaim_mode": 1,
    "expected_min_free_kbytes": ORIGINAL_KB,
    "expected_zone_reclaim_mode": 0,
    "step": 1,
    "short_kb": 1,
    "watch_seconds": 0,
    "compact": False,
}


@dataclass(frozen=True)
class Left:
    """What is on a host: the values in force, the text for the next boot, the record's text; None for a file that is not there."""

    running: tuple[str, str]
    settings: str | None
    record: str | None


class WorkaroundHost:
    """``folder`` holds what stands for /proc/sys/vm, /run, /var/lib, /etc/sysctl.d and /dev/kmsg. ``newer``: settings that only newer
    kernels have, and their values."""

    def __init__(self, folder: Path, newer: Mapping[str, int] | None = None) -> None:
        self.folder = folder
        self.vm, self.run_folder = folder / "vm", folder / "run"
        self.record, self.settings = folder / RECORD[1:], folder / SETTINGS[1:]
        self.lock, self.kernel_log = self.run_folder / "fleetcare-pagealloc.lock", folder / "kmsg"
        for place in (self.vm, self.run_folder, self.record.parents[1], self.settings.parent):
            place.mkdir(parents=True)
        (self.vm / "min_free_kbytes").write_text(f"{ORIGINAL_KB}\n")
        (self.vm / "zone_reclaim_mode").write_text("0\n")
        for name, value in (newer or {}).items():
            (self.vm / name).write_text(f"{value}\n")

    def program(self, verb: str, **values: Any) -> str:
        """The program with its paths moved. No run of it can change this machine."""
        text = render_program(verb, NONCE, APPLY | values if verb == "apply" else values)
        moved = {
            "place=/run\n[ -d /run ] || place=/var/run": f"place={self.run_folder}",
            "/proc/sys/vm": str(self.vm),
            RECORD: str(self.record),
            SETTINGS: str(self.settings),
            "/dev/kmsg": str(self.kernel_log),
        }
        for path in moved:
            assert path in text or path == "/dev/kmsg", path
            text = text.replace(path, f"@{list(moved).index(path)}@")
        assert not any(path in text for path in ("/run", "/etc", "/var", "/dev/k", "/proc/sys/vm"))
        for number, path in enumerate(moved.values()):
            text = text.replace(f"@{number}@", path)
        return text

    def start(self, shell: str, text: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        if shell == "ksh":  # it sleeps by itself, and would not look for the program of that name
            text = f"builtin -d sleep\n{text}"
        return subprocess.Popen(
            [*shell_words(shell), "-c", text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip

    def ask(self, shell: str, verb: str, **values: Any) -> Answer:
        """The answer of one run. A shell that says something on the way has met what its program was not written for."""
        output, errors = self.start(shell, self.program(verb, **values)).communicate(timeout=60)
        assert errors == ""
        return read_answer(output, NONCE)

    def left(self) -> Left:
        running = tuple((self.vm / name).read_text().strip() for name in ("min_free_kbytes", "zone_reclaim_mode"))
        return Left(running, *(path.read_text() if path.is_file() else None for path in (self.settings, self.record)))  # type: ignore[arg-type]

    def leftovers(self) -> list[str]:
        """Every file of ours that is neither the record nor the settings, and the record's folder where that is empty."""
        places = (self.run_folder, self.record.parent, self.settings.parent)
        names = [path for place in places if place.is_dir() for path in place.iterdir()]
        empty = [] if self.record.exists() or not self.record.parent.exists() else [self.record.parent]
        return sorted(str(path) for path in [*names, *empty] if path not in (self.record, self.settings))


def is_applied(left: Left) -> bool:
    """The first step is in force now and at the next boot, and the record says so."""
    if left.record is None or left.settings is None:
        return False
    record = parse_record(left.record)
    settings = [line for line in left.settings.split("\n") if line and not line.startswith("#")]
    return (
        left.running == (str(FIRST_KB), "1")
        and settings == [f"vm.min_free_kbytes = {FIRST_KB}", "vm.zone_reclaim_mode = 1"]
        and (record["phase"], record["step"], record["min_free_kbytes"]) == ("in_force", 1, FIRST_KB)
        and (record["original_min_free_kbytes"], record["original_zone_reclaim_mode"]) == (ORIGINAL_KB, 0)
    )


def shell_words(shell: str) -> Sequence[str]:
    first, *rest = shell.split()
    return [tool(first, "ksh93u+m" if first == "ksh" else first), *rest]
