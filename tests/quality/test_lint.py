# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ruff, mypy, shellcheck and ansible-lint find nothing; ./dev runs in any POSIX shell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, tool
from tests.quality.tools import files, own, passes

PLUGINS = "ansible_collections.fleetcare.pagealloc.plugins"


def test_ruff() -> None:
    passes(own("ruff"), "check", "--no-cache", ".")


def test_ruff_would_lay_out_nothing_anew() -> None:
    """ansible-test's pep8 says much of this too, but minutes later."""
    passes(own("ruff"), "format", "--check", "--no-cache", ".")


def test_mypy_strict_on_the_controllers_code(tmp_path: Path) -> None:
    """Through a link under the collection's name, so that every import resolves to this checkout and to nothing installed."""
    (tmp_path / "ansible_collections" / "fleetcare").mkdir(parents=True)
    (tmp_path / "ansible_collections" / "fleetcare" / "pagealloc").symlink_to(ROOT)
    kinds = [kind for kind in ("action", "filter", "inventory", "plugin_utils", "test") if (ROOT / "plugins" / kind).is_dir()]
    packages = [word for kind in kinds for word in ("-p", f"{PLUGINS}.{kind}")]
    passes(own("mypy"), "--strict", "--config-file", ROOT / "pyproject.toml", "--cache-dir", tmp_path / "cache", *packages, folder=tmp_path)


def test_shellcheck() -> None:
    scripts = [
        name
        for name in files()
        if (ROOT / name).read_bytes()[:64].split(b"\n")[0] in (b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash")
    ]
    assert "dev" in scripts
    passes(tool("shellcheck"), *scripts)


@pytest.mark.slow("ansible-lint reads every file and each example")
def test_ansible_lint(tmp_path: Path) -> None:
    """Strictest profile. --offline: nothing is fetched, names of this collection resolve through the link that ./dev makes."""
    passes(own("ansible-lint"), "--offline", "--profile", "production", "--strict", "--nocolor", HOME=str(tmp_path))


@pytest.mark.parametrize("shell", ["dash", "busybox ash", "bash --posix", "mksh"])
def test_dev_is_posix_shell(shell: str) -> None:
    first, *rest = shell.split()
    passes(tool(first), *rest, "-n", ROOT / "dev")
    said = passes(tool(first), *rest, ROOT / "dev", "help")
    assert all(f"./dev {command}" in said for command in ("audit", "test", "bench")), said


def test_dev_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    done = subprocess.run([str(ROOT / "dev"), "adit"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "./dev audit" in done.stdout + done.stderr


def test_dev_says_so_where_no_python_is_new_enough(tmp_path: Path) -> None:
    """A checkout of its own, so that nothing is set up yet; PATH holds what ./dev needs, and no Python."""
    for name in ("requirements.txt", "tests/requirements-core.txt", "dev"):
        (tmp_path / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "checkout" / name).write_bytes((ROOT / name).read_bytes())
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "dirname", "cat", "cksum", "sed", "rm", "mkdir", "ln", "env"):
        (programs / name).symlink_to(tool(name))
    done = subprocess.run(
        [tool("sh"), str(tmp_path / "checkout" / "dev"), "audit"],
        env={"PATH": str(programs), "HOME": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no Python 3.10 or later" in done.stderr
