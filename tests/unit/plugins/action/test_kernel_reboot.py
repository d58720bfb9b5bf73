# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that reboots is asked again and again, and none of these questions lasts for ever."""

from __future__ import annotations

import threading
from typing import Any, NoReturn

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.fleetcare.pagealloc.plugins.action.kernel_reboot import ActionModule
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.deadline import Deadline


class Connection:
    def reset(self) -> None:
        """As to a host that went away in the middle of it."""
        threading.Event().wait()

    def close(self) -> None:
        """There is nothing to close."""


class Reboot(ActionModule):
    _connection = Connection()

    def ask(self, *parts: str, timeout_seconds: int, **settings: Any) -> NoReturn:
        raise AnsibleConnectionFailure("asked")


def test_a_connection_that_is_made_anew_does_not_take_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ActionModule._knock.__globals__, "_KNOCK_SECONDS", 1)
    monkeypatch.setitem(Deadline.__enter__.__globals__, "_GRACE_SECONDS", 0.3)
    with pytest.raises(AnsibleConnectionFailure, match="asked"):
        Reboot.__new__(Reboot)._knock()
