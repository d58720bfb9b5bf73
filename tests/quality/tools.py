# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the quality gates share: run one tool, show what it said, copy the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, cannot_run, tool
from tests.playbook import interpreters

#: Where the test environment has its programs, on PATH or not.
PROGRAMS = Path(sys.executable).parent


def own(name: str) -> Path:
    """A program of the test environment."""
    if not (PROGRAMS / name).exists():
        cannot_run(f"{name} is not in {PROGRAMS}: run ./dev test")
    return PROGRAMS / name


def passes(*words: str | Path, folder: Path = ROOT, timeout: int = 600, **environment: str) -> str:
    """What a tool prints to standard output; the test fails with all its output where it fails."""
    command = [str(word) for word in words]
    done = subprocess.run(
        command,
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "NO_COLOR": "1",
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
            **environment,
        },
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\nexit status {done.returncode}\n{done.stdout[-20000:]}\n{done.stderr[-20000:]}"
    return done.stdout


def files() -> list[str]:
    """What belongs to the collection: what git has or would take."""
    if not (ROOT / ".git").exists():
        cannot_run("this is no git checkout")
    listed = passes(tool("git"), "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).exists())


def real_copy(folder: Path) -> Path:
    """A copy, without .git and without links, where ansible-test wants it; returns the collection's folder."""
    target = folder / "ansible_collections" / "fleetcare" / "pagealloc"
    shutil.rmtree(target, ignore_errors=True)
    for name in files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    return target


def python_programs(folder: Path) -> Path:
    """A folder of pythonX.Y links to every Python that really runs here: ansible-test looks for these names on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    for (major, minor), path in interpreters().items():
        real = passes(path, "-c", "import sys; print(sys.executable)").strip()
        (folder / f"python{major}.{minor}").unlink(missing_ok=True)
        (folder / f"python{major}.{minor}").symlink_to(real)
    return folder
