# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a host gave no evidence: from the message of ssh or Ansible to a verdict. The typical symptom is a host whose TCP answers while SSH
never finishes: ``stalled``. A host that is down, refuses the connection or refuses the login is ``unreachable``. Incomplete evidence is
``unknown``.
"""

from __future__ import annotations

import re


def too_slow(seconds: int) -> str:
    """The message for a host whose evidence did not arrive in time."""
    return f"no complete evidence within {seconds} seconds"


#: Our message, and Ansible's messages for a task that reached its own timeout: up to ansible-core 2.18, and since.
_TIMEOUT = r"no complete evidence within|expected time frame|Timed out after \d{1,9} second"

#: OpenSSH's name for the host at the other end of a ProxyJump or ProxyCommand. It does not see that host's TCP.
_PROXIED = "UNKNOWN port 65535"
#: Both, in any order: one after the other would take time that grows with the square of the message.
_BANNER_BEHIND = rf"\A(?=[\s\S]*?during banner exchange)[\s\S]*{_PROXIED}"

#: (what the message says, verdict, the sentence that explains it), the first that matches counts. The messages are those
#: of OpenSSH's client (sshconnect.c, kex.c, packet.c), of paramiko and of Ansible's own timeouts.
_SAID: tuple[tuple[str, str, str], ...] = (
    (_TIMEOUT, "stalled", "TCP connects, but SSH or its command does not finish in time."),
    (_BANNER_BEHIND, "stalled", "The jump host gets no SSH banner from the host. It is not known whether TCP connects."),
    (r"during banner exchange", "stalled", "TCP connects, but the SSH banner never arrives."),
    (r"reading SSH protocol banner", "stalled", "TCP connects, but the SSH banner never arrives."),
    (r"ssh: connect to host .{0,400}refused", "unreachable", "Nothing listens on the SSH port."),
    (r"ssh: connect to host|NoValidConnections", "unreachable", "TCP does not connect."),
    (r"Could not resolve hostname|Name or service not known", "unreachable", "The name does not resolve."),
    (r"Host key verification failed|HOST IDENTIFICATION HAS CHANGED", "unreachable", "SSH answers with an unknown key."),
    (r"Permission denied|Too many authentication failures|Invalid/incorrect", "unreachable", "SSH answers, but refuses the login."),
    (rf"stdio forwarding failed|open failed|{_PROXIED}(?! timed out)", "unreachable", "The jump host cannot connect to the host."),
    (r"Timeout, server \S+ not responding", "stalled", "SSH logs in, and then the host stops answering."),
    (r"client_loop: ", "unknown", "The connection broke before the evidence was complete."),
    (r"(?:kex|ssh)_exchange_identification|kex protocol error", "stalled", "TCP connects, but SSH ends before it starts."),
    (r"Connection to \S+ port \d+ timed out", "stalled", "TCP connects, but the SSH key exchange never finishes."),
    (r"Connection (?:closed|reset) by|Connection reset by peer|Broken pipe", "stalled", "TCP connects, but SSH does not finish."),
    (r"[Cc]onnection to \S+ closed", "unknown", "The connection closed before the evidence was complete."),
    (r"timed out", "unreachable", "The host does not answer in time."),
)
_PATTERNS = tuple((re.compile(said), verdict, sentence) for said, verdict, sentence in _SAID)
_timeout = re.compile(_TIMEOUT)


def verdict_of(message: str) -> tuple[str, str]:
    """(verdict, sentence) for the message of a host that gave no evidence because it could not be reached."""
    for pattern, verdict, sentence in _PATTERNS:
        if pattern.search(message):
            return verdict, sentence
    return "unreachable", "The connection failed."


def is_timeout(message: str) -> bool:
    """Whether a failed task failed because it ran into the task's own timeout."""
    return _timeout.search(message) is not None
