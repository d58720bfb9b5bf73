# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of the trace that is a folder: the program that hosts run, with the kernel's files moved into the folder.

Plain files are not the kernel's: trace_options holds what was written last, and a folder under instances/ is filled and emptied by the
programs mkdir and rmdir of this host. Its sleep is short, and writes the trace where tracing is on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import TRACE_INSTANCE, TRACE_STATE_NAME
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_program import render_trace

from tests.conftest import tool
from tests.security.workaround_host import NONCE, shell_words

EVENTS = ("mm_page_alloc", "mm_page_free", "mm_page_free_batched")
OLD_EVENTS = ("mm_page_alloc", "mm_page_free_direct", "mm_pagevec_free")
#: A process may have any name.
TRACE = """\
# tracer: nop
   dd {{ x }}-250 [000] .....   129.532496: mm_page_alloc: page=922a9bb7 pfn=0x1fe7c order=2 migratetype=0 gfp_flags=GFP_ATOMIC
   dd {{ x }}-250 [000] .....   129.532579: <stack trace>
 => __alloc_pages+0x256/0x330
 => receive+0x2/0x9 [mlx4_en]
 => net_rx_action+0x1/0x2
            sh-251     [000] .....   130.532496: mm_page_free: page=00000000922a9bb7 pfn=0x1fe7c order=2
            sh-251     [000] .....   130.532579: <stack trace>
 => __free_pages+0x1/0x2
 => receive+0x7/0x9 [mlx4_en]
"""


class TracedHost:
    """``instances``: whether its kernel has them (Linux 3.10)."""

    def __init__(self, folder: Path, *, instances: bool = True, events: tuple[str, ...] = EVENTS) -> None:
        self.folder, self.top, self.run_folder = folder, folder / "tracing", folder / "run"
        self.state = self.run_folder / TRACE_STATE_NAME
        self.instance = self.top / "instances" / TRACE_INSTANCE
        self._fill(self.top, events)
        self.run_folder.mkdir()
        (folder / "debug").mkdir()
        for name, text in {"lockdown": "[none] integrity confidentiality\n", "filesystems": "nodev\ttracefs\n", "kallsyms": ""}.items():
            (folder / name).write_text(text)
        (folder / "sample").write_text(TRACE)
        if instances:
            self._fill(folder / "template", events)
            (self.top / "instances").mkdir()
        self._programs()

    def _fill(self, top: Path, events: tuple[str, ...]) -> None:
        for event in events:
            (top / "events" / "kmem" / event).mkdir(parents=True)
            (top / "events" / "kmem" / event / "enable").write_text("0\n")
            (top / "events" / "kmem" / event / "filter").write_text("none\n")
        (top / "per_cpu" / "cpu0").mkdir(parents=True)
        (top / "per_cpu" / "cpu0" / "stats").write_text("entries: 2\noverrun: 0\ncommit overrun: 0\n")
        texts = {"set_event": "", "current_tracer": "nop", "tracing_on": "1", "buffer_size_kb": "7 (expanded: 1408)", "trace": ""}
        for name, text in {**texts, "trace_options": "noraw\nnostacktrace\nnosym-offset"}.items():
            (top / name).write_text(f"{text}\n" if text else "")

    def _programs(self) -> None:
        real = {name: tool(name) for name in ("mkdir", "rmdir", "sleep", "cp", "rm")}
        sleep = (
            f'for t in {self.top} {self.instance}; do [ "$(cat $t/tracing_on 2>/dev/null)$(cat $t/events/kmem/mm_page_alloc/enable)" = 11 ]'
        )
        texts = {
            "mkdir": f'{real["mkdir"]} "$@" || exit\ncase $1 in {self.instance}) {real["cp"]} -r {self.folder}/template/. "$1" ;; esac',
            "rmdir": f'case $1 in {self.instance}) exec {real["rm"]} -rf "$1" ;; esac\nexec {real["rmdir"]} "$@"',
            "sleep": f"{sleep} && cat {self.folder}/sample >$t/trace; done 2>/dev/null\nexec {real['sleep']} 0.02",
            "mount": f'echo "$@" >>{self.folder}/mounts; {real["rmdir"]} {self.top} && mv {self.folder}/away {self.top}',
            "umount": f'echo "$@" >>{self.folder}/unmounts; mv {self.top} {self.folder}/away; {real["mkdir"]} {self.top}',
        }
        (self.folder / "bin").mkdir()
        for name, text in texts.items():
            (self.folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
            (self.folder / "bin" / name).chmod(0o755)

    def program(self, **choices: Any) -> str:
        """The program with its paths moved. No run of it can trace this machine."""
        given = {"seconds": 2, "order": 1, "buffer_kb": 4096, "events_most": 20000, "mount": False, "check": False, **choices}
        text = render_trace(NONCE, **given)
        moved = {
            "place=/run\n[ -d /run ] || place=/var/run": f"place={self.run_folder}",
            "/sys/kernel/tracing": str(self.top),
            "/sys/kernel/debug": str(self.folder / "debug"),
            "/sys/kernel/security/lockdown": str(self.folder / "lockdown"),
            "/proc/filesystems": str(self.folder / "filesystems"),
            "/proc/kallsyms": str(self.folder / "kallsyms"),
        }
        for path, place in moved.items():
            assert path in text, path
            text = text.replace(path, place)
        assert "/sys/kernel" not in text.replace("/proc/sys/kernel/random/boot_id", "")
        return text

    def start(self, shell: str, text: str) -> subprocess.Popen[str]:
        if shell == "ksh":  # it sleeps by itself, and would not look for the program of that name
            text = f"builtin -d sleep\n{text}"
        return subprocess.Popen(
            [*shell_words(shell), "-c", text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}, start_new_session=True,
        )  # fmt: skip

    def ask(self, shell: str = "dash", **choices: Any) -> str:
        """What one run answers. A shell that says something on the way has met what its program was not written for."""
        output, errors = self.start(shell, self.program(**choices)).communicate(timeout=60)
        assert errors == ""
        return output

    def left(self) -> dict[str, str]:
        """All files of its tracing, except the options: a plain file has the last written value."""
        files = {str(path.relative_to(self.top)): path.read_text() for path in sorted(self.top.rglob("*")) if path.is_file()}
        options = files.pop("trace_options", "").split()
        files["options that are on"] = " ".join(option for option in options if not option.startswith("no"))
        return files

    def wait_until_off(self) -> None:
        """Until the watchdog has done its work, also one that had not begun when the run was killed."""
        end = time.monotonic() + 120
        while self._is_watched() or (self.state / "guard").exists():
            assert time.monotonic() < end, "the watchdog does not end"
            time.sleep(0.02)

    def _is_watched(self) -> bool:
        watchdog = f"{self.state}/off".encode()
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if watchdog in process.read_bytes().split(b"\0"):
                    return True
        return False

    def unmount(self) -> None:
        """Nothing is mounted from the beginning."""
        shutil.move(self.top, self.folder / "away")
        self.top.mkdir()
