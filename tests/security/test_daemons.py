# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that bear the name of a daemon: one counts where root began it and its program has that name."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.cluster import read_clusters
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import STATE, program_of

from tests.conftest import cannot_run, tool
from tests.security.workaround_host import NONCE, SHELLS, shell_words

NAMES = ("pacemakerd", "rgmanager", "keepalived", "atd")
NOBODY = 65534
#: Names itself as it is told, and waits.
RENAMED = "import sys; open('/proc/self/comm', 'w').write(sys.argv[1]); print(flush=True); sys.stdin.read()"


def asked(shell: str) -> Evidence:
    """What the programs of the upgrade see on this machine."""
    done = subprocess.run([*shell_words(shell), "-c", program_of(NONCE, *STATE)], capture_output=True, text=True, check=False, timeout=120)
    evidence: Evidence = read_transcript(done.stdout, NONCE)
    assert evidence.whole
    return evidence


def daemons(shell: str) -> set[str]:
    return set(asked(shell).texts.get("$daemon", "").split())


@contextmanager
def running(words: list[str], user: int) -> Iterator[None]:
    """A process of that user which has begun to wait; as root is only root's own test."""
    if os.geteuid() != 0:
        cannot_run("only root can start processes of other users")
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=user, cwd="/")
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.communicate()


def program(folder: Path, name: str) -> list[str]:
    """A program of that name in a folder that everybody may look into: it says a line, and waits."""
    shutil.copy(tool("cat"), folder / name)
    for place in (folder, *folder.parents[:3]):
        place.chmod(place.stat().st_mode | 0o055)
    return ["/bin/sh", "-c", f"echo; exec {folder / name}"]


@pytest.fixture
def before() -> Mapping[str, set[str]]:
    """What runs here already is not what a test is about."""
    return {shell: daemons(shell) for shell in SHELLS}


@pytest.mark.parametrize("name", NAMES)
def test_no_process_of_a_user_is_a_daemon(tmp_path: Path, before: Mapping[str, set[str]], name: str) -> None:
    """Neither one whose program has the name, nor one that only calls itself so."""
    python = os.path.realpath("/usr/bin/python3")
    with running(program(tmp_path, name), NOBODY), running([python, "-c", RENAMED, name], NOBODY):
        assert {shell: daemons(shell) for shell in SHELLS} == before


def test_nor_is_one_of_roots_that_only_calls_itself_so(before: Mapping[str, set[str]]) -> None:
    python = os.path.realpath("/usr/bin/python3")
    with running([python, "-c", RENAMED, "pacemakerd"], 0):
        assert {shell: daemons(shell) for shell in SHELLS} == before


@pytest.mark.parametrize("name", NAMES)
def test_a_daemon_of_roots_is_seen(tmp_path: Path, before: Mapping[str, set[str]], name: str) -> None:
    with running(program(tmp_path, name), 0):
        assert {shell: daemons(shell) for shell in SHELLS} == {shell: seen | {name} for shell, seen in before.items()}
        (tmp_path / name).unlink()  # as an update does
        assert all(name in daemons(shell) for shell in SHELLS)
        managers = {cluster.manager for cluster in read_clusters(asked("dash"))}
        assert managers >= {"pacemakerd": {"Pacemaker"}, "atd": set()}.get(name, {name})
