# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that waits for an event that never comes. It has no process and no socket, so nothing from outside ends its wait."""

from __future__ import annotations

import threading
from typing import Any, NoReturn

from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: deaf
short_description: Waits for ever
description: Waits for ever. To a host whose address is C(never-closes), closing waits for ever too.
author: the fleetcare.pagealloc contributors
options: {}
"""


class Connection(ConnectionBase):  # type: ignore[misc]
    """Every question waits for ever."""

    transport = "deaf"
    _connected = False

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> NoReturn:
        try:
            threading.Event().wait()
        except Exception:
            threading.Event().wait()  # as connections do that try again after any error
        raise AssertionError

    def put_file(self, in_path: str, out_path: str) -> NoReturn:
        raise AssertionError

    fetch_file = put_file

    def close(self) -> Any:
        if self._play_context.remote_addr == "never-closes":
            threading.Event().wait()
        self._connected = False
