# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PostgreSQL on loopback, of this test run alone, in a folder that goes with it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import cannot_run

PASSWORD = "s3cret/w0rd@night"
_PASSWORD_IN_URL = "s3cret%2Fw0rd%40night"


@dataclass(frozen=True)
class Postgres:
    """A server. ``stop`` and ``start`` are those of pg_ctl."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return self.url_with(_PASSWORD_IN_URL)

    def url_with(self, password: str) -> str:
        return f"postgresql://postgres:{password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self.control("start", "-o", options)

    def stop(self) -> None:
        self.control("stop", "-m", "immediate")

    def control(self, verb: str, *words: str) -> None:
        self.run("pg_ctl", "-w", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), verb, *words)

    def run(self, program: str, *words: str) -> None:
        """As the account postgres: the server refuses to run as root."""
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*as_postgres, str(self.programs / program), *words], capture_output=True, text=True, cwd="/", check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not programs:
        cannot_run("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="pagealloc-postgres-") as name:
        server = Postgres(programs[-1], Path(name), port)
        secret = server.folder / "secret"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            for path in (server.folder, secret):
                shutil.chown(path, account.pw_uid, account.pw_gid)
        server.run("initdb", "-A", "scram-sha-256", "-U", "postgres", f"--pwfile={secret}", "-D", str(server.folder / "data"))
        server.start()
        try:
            yield server
        finally:
            server.stop()
