# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-test sanity` of the oldest and of the newest ansible-core: every test of theirs, on a real copy of the collection."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.playbook import Ansible, newest, oldest
from tests.quality.tools import passes, python_programs, real_copy

pytestmark = pytest.mark.slow("ansible-test takes five minutes with each core")

#: Where ansible-test keeps the environments of its tests from one run to the next.
HOME = ROOT / ".venv" / "ansible-test-home"

#: The targets' Pythons that are tried beside the controller's: the first that each core knows, and the last.
TARGETS = {"oldest": ("python2.7", "python3.6", "python3.12"), "newest": ("python3.9", "python3.10", "python3.13")}

#: Left out, and why:
EXCLUDED = {
    # They run on the controller alone, in the newest Python; this core takes what tests module_utils for code of Python 2.7.
    "oldest": ["tests/unit/plugins/module_utils/"],
    "newest": [],
}

#: Tests of ansible-test that are left out, and why:
SKIPPED = [
    "pslint",  # PowerShell: there is none here
]


def bootstrap(ansible: Ansible, home: Path) -> None:
    """Put the stand-in where ansible-test keeps the get-pip.py that it would fetch."""
    source = next(ansible.programs.parent.glob("lib/python3*/site-packages/ansible_test/_internal/python_requirements.py")).read_text()
    versions = re.findall(r"\bpip='([0-9.]+)'", source)
    assert versions, "ansible-test no longer says which pip it wants"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in versions:
        shutil.copy(ROOT / "tests" / "quality" / "get_pip.py", cache / f"get_pip_{version.replace('.', '_')}.py")
    authorities = Path("/etc/ssl/certs/ca-certificates.crt")
    if authorities.exists():
        # the machine's own, as newer pips have it; an old pip would trust only those it brings
        (home / ".config" / "pip").mkdir(parents=True, exist_ok=True)
        (home / ".config" / "pip" / "pip.conf").write_text(f"[global]\ncert = {authorities}\n")


def not_in_the_package() -> list[str]:
    """Folders of tests that the package leaves out. ruff and mypy look at them."""
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text())["build_ignore"]
    return [f"{path}/" for path in ignored if path.startswith("tests/") and (ROOT / path).is_dir()]


@pytest.mark.parametrize(("name", "core"), [("oldest", oldest), ("newest", newest)], ids=["oldest", "newest"])
def test_sanity(name: str, core: Callable[[], Ansible], tmp_path: Path) -> None:
    ansible = core()
    home = HOME / name
    bootstrap(ansible, home)
    pythons = python_programs(tmp_path / "pythons")
    for program in pythons.iterdir():
        if program.name not in TARGETS[name]:
            program.unlink()
    old = pythons / "python2.7"
    if old.exists():
        # For its environments; ansible-test would otherwise install it into that very Python. Debian's has no pip to do so.
        has_pip = subprocess.run([old, "-c", "import pip"], capture_output=True, check=False).returncode == 0
        if has_pip:
            passes(old, "-m", "pip", "install", "-q", "--user", "virtualenv==16.7.12", HOME=str(home))
        else:
            old.unlink()
    passes(
        ansible.programs / "ansible-test",
        "sanity",
        "--requirements",
        "--color=no",
        *(word for skipped in SKIPPED for word in ("--skip-test", skipped)),
        *(word for excluded in (*EXCLUDED[name], *not_in_the_package()) for word in ("--exclude", excluded)),
        folder=real_copy(tmp_path),
        timeout=900,
        HOME=str(home),
        PATH=f"{ansible.programs}:{pythons}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    )
