# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook as a user would: its own process, an empty HOME, an inventory of its own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, cannot_run, locked

#: The oldest supported ansible-core, and the last one that takes text for a template unless it is marked (since 2.19 the other
#: way round), each in an environment of its own.
OLDEST_CORE, LAST_TRUSTING_CORE = "2.16", "2.18"


_REQUIREMENTS = ROOT / "requirements.txt"


@dataclass(frozen=True)
class Ansible:
    """One version of ansible-core: the folder of its programs."""

    version: str
    programs: Path

    def run(self, *words: str, folder: Path, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """A program of this version, with its HOME and its temporary files under ``folder``."""
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [str(self.programs / words[0]), *words[1:]],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            errors="replace",
            env={**self.environment(home), **environment},
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def environment(self, home: Path) -> dict[str, str]:
        """Nothing of the user's own Ansible, and the checkout's collection before any that is installed on this machine."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        own_packages = str(next(self.programs.parent.glob("lib/python3*/site-packages")))
        return {**kept, "HOME": str(home), "ANSIBLE_NOCOLOR": "1", "COLUMNS": "80", "ANSIBLE_COLLECTIONS_PATH": own_packages}

    def play(
        self, folder: Path, hosts: Mapping[str, Any], tasks: list[dict[str, Any]], *words: str, check: bool = True, **play: Any
    ) -> subprocess.CompletedProcess[str]:
        """A play of these tasks over these hosts."""
        playbook = folder / "play.yml"
        playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, **play, "tasks": tasks}]))
        return self.run("ansible-playbook", "-i", str(inventory(folder, hosts)), str(playbook), *words, folder=folder, check=check)

    def audit(
        self, folder: Path, hosts: Mapping[str, Any], *words: str, check: bool = True, **environment: str
    ) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
        """(fleet.json, the process) of the audit playbook over these hosts."""
        return self._reported("audit", "pagealloc-report", folder, hosts, *words, check=check, **environment)

    def workaround(
        self, folder: Path, hosts: Mapping[str, Any], *words: str, check: bool = True, **choices: Any
    ) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
        """(fleet.json, the process) of the workaround playbook over these hosts, with these variables."""
        return self._reported("workaround", "pagealloc-workaround", folder, hosts, "-e", json.dumps(choices), *words, check=check)

    def _reported(
        self, playbook: str, report: str, folder: Path, hosts: Mapping[str, Any], *words: str, check: bool, **environment: str
    ) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
        command = ("ansible-playbook", f"fleetcare.pagealloc.{playbook}", "-i", str(inventory(folder, hosts)), *words)
        done = self.run(*command, folder=folder, check=check, **environment)
        document = folder / report / "fleet.json"
        return (json.loads(document.read_text()) if document.exists() else {}), done


def counting_ssh(folder: Path) -> tuple[Path, Callable[[], int]]:
    """(an ssh for ``ansible_ssh_executable``, how often it was run)."""
    program, runs = folder / "ssh", folder / "connections"
    program.write_text(f'#!/bin/sh\necho >>{runs}\nexec ssh "$@"\n')
    program.chmod(0o755)
    return program, lambda: len(runs.read_text().splitlines())


def inventory(folder: Path, hosts: Mapping[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "inventory.json"
    path.write_text(json.dumps({"all": {"hosts": hosts}}))
    return path


def newest() -> Ansible:
    """The newest core: each takes newer Pythons than the one before, so it is that of the newest Python here."""
    python = interpreter((3, sys.version_info.minor + 1), (3, 99))
    if python is None:
        return Ansible("newest", own().programs)
    return Ansible("newest", _installed("core-newest", python, "ansible-core"))


def own() -> Ansible:
    """The core that the tests themselves are installed with."""
    return Ansible("own", Path(sys.executable).parent)


def oldest() -> Ansible:
    return _core(OLDEST_CORE, (3, 10), (3, 12))


def last_trusting() -> Ansible:
    return _core(LAST_TRUSTING_CORE, (3, 11), (3, 13))


def navigator() -> Ansible:
    """ansible-navigator, with a core beside it that the tests' Python runs."""
    return Ansible("navigator", _installed("navigator", sys.executable, "ansible-navigator ansible-core<2.20"))


def rulebook() -> Ansible:
    """ansible-rulebook, with a core beside it that the tests' Python runs."""
    return Ansible("rulebook", _installed("rulebook", sys.executable, "ansible-rulebook>=1.1 ansible-core<2.20"))


def galaxy() -> Path:
    """The programs galaxy-importer and reuse. Galaxy has no checkout, so theirs knows of none."""
    return _installed("galaxy", sys.executable, "galaxy-importer>=0.4.40 reuse>=5", linked=False)


def _core(version: str, least: tuple[int, int], most: tuple[int, int]) -> Ansible:
    """This ansible-core, which the controller's Python must suit."""
    python = interpreter(least, most)
    if python is None:
        cannot_run(f"ansible-core {version} needs a Python from 3.{least[1]} to 3.{most[1]} for the controller, and none is here")
    return Ansible(version, _installed(f"core-{version}", python, f"ansible-core=={version}.*"))


def _installed(name: str, python: str, core: str, *, linked: bool = True) -> Path:
    """The programs of a core, or of these packages, in an environment of its own, installed once under .venv from PyPI."""
    venv = ROOT / ".venv" / name
    wanted = hashlib.sha256(f"{python} {core}\n{_REQUIREMENTS.read_text()}".encode()).hexdigest()
    done = venv / "done"
    with locked(venv.with_name(f".lock-{name}")):
        if not done.exists() or done.read_text() != wanted:
            _install(venv, python, core)
            if linked:
                _link_checkout(venv)
            done.write_text(wanted)
    return venv / "bin"


def _install(venv: Path, python: str, core: str) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-q", "--no-compile"]
    for command in (
        [python, "-m", "venv", str(venv)],
        [*pip, *core.split(), "-r", str(_REQUIREMENTS)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            cannot_run(f"{core} does not install: {done.stderr[-300:]}")


def _link_checkout(venv: Path) -> None:
    packages = next(venv.glob("lib/python3*/site-packages")) / "ansible_collections" / "fleetcare"
    packages.mkdir(parents=True)
    (packages / "pagealloc").symlink_to(ROOT)


@lru_cache(maxsize=1)
def interpreters() -> dict[tuple[int, int], str]:
    """Every Python on this machine that really runs, by version: on PATH, or one of pyenv's."""
    names = ["python2.7", "python3", *(f"python3.{minor}" for minor in range(6, 20))]
    candidates = [found for name in names if (found := shutil.which(name))]
    roots = {Path(os.environ.get("PYENV_ROOT", "")), Path("/root/.pyenv"), Path.home() / ".pyenv"}
    candidates += [str(path) for root in roots if root.is_absolute() for path in root.glob("versions/*/bin/python")]
    found: dict[tuple[int, int], str] = {}
    for candidate in candidates:
        done = subprocess.run(
            [candidate, "-c", 'import sys; print("%d %d" % sys.version_info[:2])'], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            major, minor = done.stdout.split()
            found.setdefault((int(major), int(minor)), candidate)
    return found


def interpreter(least: tuple[int, int], most: tuple[int, int]) -> str | None:
    """The newest Python here from ``least`` to ``most``."""
    fitting = {version: path for version, path in interpreters().items() if least <= version <= most}
    return fitting[max(fitting)] if fitting else None
