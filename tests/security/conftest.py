# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the attacks share: the sshd and accounts of the integration tests, and each core that treats text in its own way."""

from __future__ import annotations

import pytest

from tests.integration.conftest import account, ansible, sshd
from tests.playbook import Ansible, last_trusting, newest, oldest

__all__ = ["account", "ansible", "each_core", "sshd"]


@pytest.fixture(scope="session", params=["2.16", "2.18", "newest"])
def each_core(request: pytest.FixtureRequest) -> Ansible:
    """Up to 2.18 text is a template unless it is marked; since 2.19 it is none unless it is trusted."""
    return {"2.16": oldest, "2.18": last_trusting, "newest": newest}[request.param]()
