# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sshd, and the versions of Ansible, that the integration tests share."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import cannot_run, tool
from tests.playbook import Ansible, newest, oldest
from tests.sshd import Sshd, running_sshd


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    """The key file is read as the account that logs in, and pytest closes its own folders to others whenever one more run begins."""
    with tempfile.TemporaryDirectory(prefix="pagealloc-sshd-") as folder, running_sshd(Path(folder)) as server:
        yield server


@pytest.fixture(scope="session", params=["oldest", "newest"])
def ansible(request: pytest.FixtureRequest) -> Ansible:
    return oldest() if request.param == "oldest" else newest()


@pytest.fixture(scope="module")
def account() -> Iterator[Callable[[str], str]]:
    """Makes accounts whose login shell is a script: what it does is what the host does."""
    if os.geteuid() != 0:
        cannot_run("accounts can only be made by root")
    useradd, userdel = tool("useradd", "passwd"), tool("userdel", "passwd")
    made: list[tuple[str, Path]] = []

    def make(script: str) -> str:
        name = f"pagealloc{os.getpid()}-{len(made)}"  # no other run on this machine has it
        shell = Path(f"/usr/local/bin/{name}-shell")
        shell.write_text("#!/bin/sh\n" + script)
        shell.chmod(0o755)
        subprocess.run([userdel, "-f", name], capture_output=True, check=False)
        subprocess.run([useradd, "-M", "-d", "/", "-s", str(shell), "-p", "*", name], check=True, capture_output=True)
        made.append((name, shell))
        return name

    yield make
    for name, shell in made:
        subprocess.run([userdel, "-f", name], capture_output=True, check=False)
        shell.unlink(missing_ok=True)
