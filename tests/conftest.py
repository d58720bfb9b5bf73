# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share: where things are, and how a missing tool is told from a failed check."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_FLEET = ROOT / "playbooks" / "sample_fleet"

# No test leaves anything in the cache of who runs it; those of the cache name one of their own.
os.environ["PAGEALLOC_CACHE_DIR"] = "none"

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file, and of one version of Ansible where there are several, run in one process and one after the other, since
    they share hosts. The lab is one such group and begins first: it takes longest and leaves its processors idle at times."""
    items.sort(key=lambda item: "tests/lab/" not in item.nodeid)
    for item in items:
        version = getattr(item, "callspec", None) and item.callspec.params.get("ansible") or ""  # type: ignore[attr-defined]
        group = "lab" if "tests/lab/" in item.nodeid else f"{item.nodeid.partition('::')[0]} {version}".strip()
        item.add_marker(pytest.mark.xdist_group(group))


@contextmanager
def locked(lock: Path) -> Iterator[None]:
    """Only one process at a time, with any outcome of the one that has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cannot_run(reason: str) -> NoReturn:
    """A check that cannot run here: skipped on a user's machine, failed in CI, where everything is to be there."""
    if os.environ.get("CI"):
        pytest.fail(f"cannot run here: {reason}")
    pytest.skip(reason)


def tool(name: str, package: str = "") -> str:
    """The path of a program, or the end of the test with the Debian package that brings it."""
    path = shutil.which(name)
    if path is None:
        cannot_run(f"{name} is not installed (Debian: apt-get install {package or name})")
    return path
