# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real sshd on loopback addresses, started for the tests and ended by its process id."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import cannot_run, tool


@dataclass(frozen=True)
class Sshd:
    """A running sshd: any address of 127.0.0.0/8 reaches it on ``port``."""

    port: int
    key: Path
    folder: Path

    def variables(self, user: str | None = None) -> dict[str, str | int]:
        """Inventory variables of a host behind it; each connection is made anew."""
        return {
            "ansible_port": self.port,
            "ansible_user": user or pwd.getpwuid(os.geteuid()).pw_name,
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "
            "-o ControlMaster=no -o ControlPath=none",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def closed_port() -> int:
    """Where no sshd listens. Whether a host is down is told by the ssh client."""
    tool("ssh", "openssh-client")
    return free_port()


@contextlib.contextmanager
def running_sshd(folder: Path, **environment: str) -> Iterator[Sshd]:
    """sshd with keys of its own under ``folder``; authorised is the key it makes, for every account. Sessions get ``environment``, and an
    empty HOME if it gives none: what a user of this machine has in .bashrc would run at each login, and may wait for another one."""
    if os.geteuid() != 0:
        cannot_run("the sshd of the tests logs in as other accounts, which takes root")
    binary = tool("sshd", "openssh-server")
    keygen = tool("ssh-keygen", "openssh-client")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    for name in ("host", "user"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_text((folder / "user.pub").read_text())
    (folder / "home").mkdir(exist_ok=True)
    given = {"HOME": str(folder / "home"), **environment}
    port = free_port()
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    options = [
        f"Port={port}",
        "ListenAddress=0.0.0.0",
        f"HostKey={folder / 'host'}",
        f"AuthorizedKeysFile={folder / 'authorized'}",
        "StrictModes=no",
        "UsePAM=no",
        "PidFile=none",
        "PermitRootLogin=yes",
        "MaxStartups=500:30:1000",
        "PerSourceMaxStartups=none",
        "Subsystem=sftp internal-sftp",
        "SetEnv=" + " ".join(f"{name}={value}" for name, value in given.items()),
    ]
    log = folder / "sshd.log"
    with log.open("wb") as output:
        daemon = subprocess.Popen(
            [binary, "-D", "-e", "-f", "/dev/null", *(word for option in options for word in ("-o", option))],
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_it_answers(daemon, port, log)
        yield Sshd(port, folder / "user", folder)
    finally:
        daemon.terminate()
        daemon.wait(10)


def _wait_until_it_answers(daemon: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _attempt in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            if connection.recv(4) == b"SSH-":
                return
        if daemon.poll() is not None:
            raise RuntimeError(f"sshd ended: {log.read_text()}")
        time.sleep(0.1)
    raise RuntimeError("sshd does not answer")


@contextlib.contextmanager
def listener(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server that does with each connection what ``answer`` does, and keeps it open until the end."""
    server = socket.create_server(("127.0.0.1", 0))
    open_connections = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = server.accept()
                open_connections.append(connection)
                with contextlib.suppress(OSError):
                    answer(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(server.getsockname()[1])
    finally:
        server.close()
        for connection in open_connections:
            connection.close()
