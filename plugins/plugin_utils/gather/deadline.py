# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends the children and connections with which this process asks hosts, if they take too long or send too much."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import MAX_TRANSCRIPT_BYTES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.interruption import Interrupter, Interruption

#: How much a host may send within one block: several times its answer, error messages and banners.
MAX_ANSWER_BYTES = 4 * MAX_TRANSCRIPT_BYTES
#: The same if Ansible builds a module from many files meanwhile: reading these files counts too.
MAX_MODULE_BYTES = 32 * MAX_TRANSCRIPT_BYTES
#: A fast host sends some 20 MiB in this time.
_LOOK_SECONDS = 0.1
#: How long the block may still take after its children and connections are ended: to read their last words, and to close.
_GRACE_SECONDS = 3
#: Where struct tcp_info (linux/tcp.h) has tcpi_bytes_received, since Linux 4.1.
_RECEIVED_AT = 128


class Deadline:
    """Limits the questions inside the block: ``with Deadline(120) as deadline: ...; deadline.passed or deadline.flooded``.

    An ssh that hangs in the key exchange waits for ever. Ansible's own task timeout ends the wait but leaves that ssh running, one more
    for every stalled host and every run. This class ends it after ``seconds`` (0: no limit), when more than ``most_bytes`` came, or when
    an exception leaves the block. Ansible keeps all that a host sends, and so would run out of memory before it looks at any. A connection
    without a process of its own (paramiko, libssh) has its socket shut down. A block that still goes on after that is interrupted and left
    without an error (``interrupted``): its connection waits for something that is neither a child nor a socket. The block must be a call
    and no loop: Python 3.13 does not catch what is raised at the jump back of a loop that stands directly in a block.
    """

    def __init__(self, seconds: int, most_bytes: int = MAX_ANSWER_BYTES) -> None:
        self.passed = False
        self.flooded = False
        self._seconds = seconds or math.inf
        self._most_bytes = most_bytes
        self._listed = Path(f"/proc/self/task/{threading.get_native_id()}/children")
        self._interrupter = Interrupter(Deadline.__exit__)
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Deadline:
        self._before = _ids_in(self._listed)
        self._late = time.monotonic() + self._seconds
        self._interrupt_at = math.inf
        self._has_child = False
        self._counter = _read_counter()
        self._read_before, self._received_before = _read_bytes(self._counter), _received_bytes()
        self._interrupter.install()
        self._watcher.start()
        self._interrupter.lasts = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        self._interrupter.lasts = False
        try:
            self._over.set()
            self._watcher.join()
        finally:
            self._interrupter.restore()
        if self._counter is not None:
            os.close(self._counter)
        if kind is not None:
            self._end_children()
        return kind is Interruption

    @property
    def interrupted(self) -> bool:
        """Whether the block did not end when its children and connections were ended."""
        return self._interrupter.raised

    def _watch(self) -> None:
        """Goes on whatever fails. An error that ended this thread would be written to stderr, and up to ansible-core 2.18 a thread that
        writes there in the process of a host waits for ever."""
        while not self._over.wait(min(_LOOK_SECONDS, max(0.01, self._late - time.monotonic()))):
            self.passed = self.passed or time.monotonic() >= self._late
            with contextlib.suppress(Exception):
                self.flooded = self.flooded or self._came_bytes() > self._most_bytes
            if self.flooded or self.passed:
                self._end_block()

    def _end_block(self) -> None:
        """This is called repeatedly, because Ansible may try a connection again."""
        for end in (self._end_children, _shut_connections, self._interrupt):
            with contextlib.suppress(Exception):
                end()

    def _interrupt(self) -> None:
        now = time.monotonic()
        self._interrupt_at = min(self._interrupt_at, now + _GRACE_SECONDS)
        if now >= self._interrupt_at:
            self._interrupt_at = now + _GRACE_SECONDS
            self._interrupter.interrupt()

    def _came_bytes(self) -> int:
        """What came through the pipes of a child such as ssh, with the files that were read meanwhile; without a child, through sockets.

        Each host that is waited for has this asked ten times a second, so it must cost little.
        """
        self._has_child = self._has_child or bool(_ids_in(self._listed) - self._before)
        if self._has_child:
            return _read_bytes(self._counter) - self._read_before
        return _received_bytes() - self._received_before

    def _end_children(self) -> None:
        """Also ends the children of a child: they may keep its pipes open."""
        ending = list(_ids_in(self._listed) - self._before)
        for child in ending:
            ending.extend(_ids_in(Path(f"/proc/{child}/task/{child}/children")))
        for child in ending:
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGTERM)


def _ids_in(listed: Path) -> set[int]:
    """The ids of the child processes; none if /proc does not show them, as on macOS."""
    try:
        return {int(word) for word in listed.read_text().split()}
    except OSError:
        return set()


def _read_counter() -> int | None:
    """The open file in which the kernel counts what this process reads; None if there is none, as on macOS."""
    try:
        return os.open("/proc/self/io", os.O_RDONLY)
    except OSError:
        return None


def _read_bytes(counter: int | None) -> int:
    """What this process has read of files and pipes (proc(5), rchar); 0 if /proc does not show it."""
    return 0 if counter is None else int(os.pread(counter, 256, 0).split(None, 2)[1])


def _received_bytes() -> int:
    """What the host's side has sent through all connections that are open."""
    total = 0
    for connection in _connections():
        with contextlib.suppress(OSError, struct.error):
            told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            total += struct.unpack_from("=Q", told, _RECEIVED_AT)[0]
    return total


def _shut_connections() -> None:
    for connection in _connections():
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _connections() -> Iterator[socket.socket]:
    """The TCP connections that this process opened itself. A connection that the parent process also has was inherited and is in use
    there."""
    inherited: set[str] | None = None
    for descriptor, name in _sockets(os.getpid()):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as one:
            if one.family not in (socket.AF_INET, socket.AF_INET6) or one.type != socket.SOCK_STREAM:
                continue
            if inherited is None:  # only now: behind ssh there is no such socket, and each host costs this look
                inherited = {theirs for _descriptor, theirs in _sockets(os.getppid())}
            if name not in inherited:
                yield one


def _sockets(process: int) -> Iterator[tuple[int, str]]:
    """(descriptor, the socket's name) of the open sockets of a process."""
    folder = f"/proc/{process}/fd"
    try:
        descriptors = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            name = os.readlink(f"{folder}/{descriptor}")  # noqa: PTH115
            if name.startswith("socket:"):
                yield int(descriptor), name
