# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ssh says of a host, word for word as its versions say it, and what that means."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.unreached import is_timeout, verdict_of

SAID = "Failed to connect to the host via ssh: "


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        ("Connection timed out during banner exchange\r\nConnection to 10.0.0.1 port 22 timed out", "stalled"),
        ("Connection to 10.0.0.1 port 22 timed out", "stalled"),
        ("kex_exchange_identification: read: Connection reset by peer", "stalled"),
        ("ssh_exchange_identification: Connection closed by remote host", "stalled"),
        ("Connection closed by 10.0.0.1 port 22", "stalled"),
        ("Connection reset by 10.0.0.1 port 22", "stalled"),
        ("ssh: connect to host db1 port 22: Connection refused", "unreachable"),
        ("ssh: connect to host db1 port 22: Connection timed out", "unreachable"),
        ("ssh: connect to host db1 port 22: No route to host", "unreachable"),
        ("ssh: Could not resolve hostname db1: Name or service not known", "unreachable"),
        ("root@db1: Permission denied (publickey,gssapi-keyex,gssapi-with-mic).", "unreachable"),
        ("Host key verification failed.", "unreachable"),
        ("Shared connection to db1 closed.", "unknown"),
        # a session that stalls after the login, and one that breaks
        ("Timeout, server 10.0.0.1 not responding.", "stalled"),
        ("client_loop: send disconnect: Broken pipe", "unknown"),
        # behind a jump host
        ("Connection timed out during banner exchange\r\nConnection to UNKNOWN port 65535 timed out", "stalled"),
        ("kex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535", "unreachable"),
        ("channel 0: open failed: connect failed: No route to host\r\nstdio forwarding failed\r\nConnection closed", "unreachable"),
        ("banner exchange: Connection to UNKNOWN port 65535: Broken pipe", "unreachable"),
        ("something never heard of", "unreachable"),
        ("", "unreachable"),
    ],
)
def test_verdicts_by_message(message: str, verdict: str) -> None:
    assert verdict_of(SAID + message)[0] == verdict


def test_paramiko_and_the_tasks_own_timeout() -> None:
    assert verdict_of("Error reading SSH protocol banner")[0] == "stalled"
    for message in (
        "Timed out after 120 second(s).",
        "The gather action failed to execute in the expected time frame (120) and was terminated",
    ):
        assert is_timeout(message) and verdict_of(message)[0] == "stalled"
    assert not is_timeout("Connection timed out")
