# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sshd, and the versions of Ansible, that the integration tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.playbook import Ansible, newest, oldest
from tests.sshd import Sshd, running_sshd


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    folder = tmp_path_factory.mktemp("sshd")
    for parent in (folder, *folder.parents):
        if parent == Path("/tmp"):
            break
        parent.chmod(0o755)  # the key file is read as the account that logs in
    with running_sshd(folder) as server:
        yield server


@pytest.fixture(scope="session", params=["oldest", "newest"])
def ansible(request: pytest.FixtureRequest) -> Ansible:
    return oldest() if request.param == "oldest" else newest()
