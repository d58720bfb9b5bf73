# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared code of actions that send a shell program to a host, over any connection and without Python there."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import render_probe
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.deadline import MAX_ANSWER_BYTES, Deadline
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.unreached import too_slow
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.processor_time import HOST_SECONDS, limited_processor_time
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.untrusted import UntrustedAction

#: The length that is kept of a message of ssh, or of a host through ssh, on a failed connection.
_MOST_WORDS_CHARS = 4000
#: For closing a connection that has hung once, and for removing what a module left on a host.
_CLOSE_SECONDS, _CLEANUP_SECONDS = 1, 30


class ShellAction(UntrustedAction):
    """An action whose host is asked by programs of the POSIX shell."""

    def answer_to(self, program: str, timeout_seconds: int, *, terminal: bool = True, most_bytes: int = MAX_ANSWER_BYTES) -> dict[str, Any]:
        """{stdout, stderr, rc} of the program. Raises AnsibleConnectionFailure if the host cannot be reached or takes too long; an ssh
        that we ended because it was late is not a failure of ssh itself. Raises EvidenceError if the host sends more than any answer has.

        A program that only reads needs no ``terminal``. With a terminal, sshd records a login (wtmp, lastlog) and may lose the end of the
        answer. Against that, Ansible runs a ``sleep 0`` after the program (ansible issue 13876). Without a terminal, a program that hangs
        gets no hangup signal. With ``become``, sudo may require a terminal."""
        bare = not terminal and not self._connection.become
        how = {"sudoable": False, "executable": self._play_context.executable} if bare else {}
        with self.limited_to(timeout_seconds, most_bytes):
            answer: dict[str, Any] = self._low_level_execute_command(program, **how)
        return answer

    @contextmanager
    def limited_to(self, seconds: int, most_bytes: int = MAX_ANSWER_BYTES) -> Iterator[None]:
        """Limits the time of the questions in the block, also for a host that disappears without a message. Raises as ``answer_to``."""
        _keep_logs_from_stderr()
        deadline = Deadline(seconds, most_bytes)
        try:
            with deadline:
                yield
        except Exception as error:  # an ended connection may raise anything
            if not (deadline.flooded or deadline.passed):
                _raise_again(error)
        if deadline.interrupted:
            self._close_in_time()
        if deadline.flooded:
            raise EvidenceError("evidence", None, f"the host sent more than {most_bytes} bytes")
        if deadline.passed:
            raise AnsibleConnectionFailure(too_slow(seconds))

    def cleanup(self, force: bool = False) -> None:
        """As Ansible does, and not for ever: the host may have stopped answering since."""
        if getattr(self._connection, "_shell", None) and self._connection._shell.tmpdir:
            with suppress(AnsibleConnectionFailure, EvidenceError), self.limited_to(_CLEANUP_SECONDS):
                super().cleanup(force)

    def _close_in_time(self) -> None:
        """Ansible closes the connection after the task, without a limit. A connection that has hung once may hang there too: if so, it
        stays open until its process ends."""
        closing = Deadline(_CLOSE_SECONDS)
        with suppress(Exception), closing:
            self._connection.close()
        if closing.interrupted:
            self._connection.close = lambda: None

    def evidence_of(self, program: str, nonce: str, timeout_seconds: int) -> Evidence:
        """The transcript of the program with this nonce. Raises EvidenceError if its answer is not a transcript, and as ``answer_to``."""
        answer = self.answer_to(program, timeout_seconds)
        with limited_processor_time(HOST_SECONDS):
            evidence: Evidence = read_transcript(str(answer["stdout"]), nonce)
        return evidence

    def gathered_facts(self, timeout_seconds: int) -> dict[str, Any]:
        """``ansible_facts.pagealloc`` of the host, now. Raises as ``evidence_of``."""
        nonce = secrets.token_hex(8)
        evidence = self.evidence_of(render_probe(nonce), nonce, timeout_seconds)
        with limited_processor_time(HOST_SECONDS):
            facts: dict[str, Any] = facts_from(evidence)
        return facts


def _keep_logs_from_stderr() -> None:
    """Python writes a warning that has no handler to stderr. Up to ansible-core 2.18, a thread that does so in the process of a host waits
    for ever for Ansible's lock. paramiko's thread does so if the host resets the connection, and then nobody reads what the host says."""
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())


def _raise_again(error: Exception) -> NoReturn:
    """The fault of the connection, in a short text."""
    # ansible-core 2.16 does not separate the two; sudo waits on a host that shuts down or has just booted
    waited = isinstance(error, AnsibleError) and "privilege escalation prompt" in str(error)
    if waited or (isinstance(error, AnsibleConnectionFailure) and len(str(error)) > _MOST_WORDS_CHARS):
        raise AnsibleConnectionFailure(str(error)[:_MOST_WORDS_CHARS]) from None
    raise error
