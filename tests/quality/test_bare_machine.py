# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev test on a machine that has none of the optional tools: nothing fails, and what is skipped names the package that it wants.

/usr/bin, /usr/sbin and /usr/local/bin are covered, in a mount namespace of this run alone, by folders of links to what a bare Debian has.
So the probe, which looks there whatever PATH says, finds no more than that either.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, cannot_run, tool
from tests.quality.tools import PROGRAMS

#: Beside the essential packages: the awk that every Debian has, and what ./dev itself wants.
ALSO_THERE = ("mawk", "git", "python3-minimal", f"python3.{sys.version_info.minor}-minimal")
BINARIES = ("bin", "sbin")
#: A word of these in a test file: it calls tools, or is skipped because one is missing.
CALLS_TOOLS = re.compile(r"\btool\(|shutil\.which|subprocess|cannot_run|chromium")
#: Of the other rooms those whose tests end early, where tools are missing, or once failed.
ELSEWHERE = (
    "tests/lab/test_guests.py",
    "tests/security/test_files.py",
    "tests/integration/test_audit.py::test_unreached_hosts_are_recorded_too",
    "tests/integration/test_job.py::test_an_unreachable_host_may_be_left_to_the_report",
    "tests/integration/test_workaround.py::test_a_host_on_which_no_step_is_safe_is_refused_with_the_arithmetic",
)
#: How a reason to skip names what to install.
NAMES_A_PACKAGE = re.compile(r"Debian: |apt-get install |\./dev ")

_COVER = """
set -eu
for folder in bin sbin; do mount --bind /usr/$folder "$1/real/$folder"; done
for folder in local/bin sbin bin; do "$1/real/bin/mount" --bind "$1/bare/$folder" /usr/$folder; done
shift
exec "$@"
"""


@pytest.fixture
def machine() -> Iterator[Path]:
    """A folder with bare/, whose links lead into real/, where the machine's own folders are to be mounted. Others may enter it."""
    tool("mount")
    if os.geteuid() != 0 or subprocess.run([tool("unshare", "util-linux"), "--mount", "true"], check=False, capture_output=True).returncode:
        cannot_run("only root can cover /usr/bin, in a namespace of its own (Debian: run it with sudo)")
    with tempfile.TemporaryDirectory(prefix="pagealloc-bare-") as name:
        Path(name).chmod(0o755)
        lay_links(Path(name))
        yield Path(name)


def lay_links(machine: Path) -> None:
    for folder in ("local/bin", *BINARIES):
        (machine / "real" / folder).mkdir(parents=True)
        (machine / "bare" / folder).mkdir(parents=True)
    for folder, name in bare_programs():
        (machine / "bare" / folder / name).symlink_to(machine / "real" / folder / name)
    (machine / "bare/bin/awk").symlink_to(machine / "real/bin/mawk")


def bare_programs() -> set[tuple[str, str]]:
    """(bin or sbin, name) of each program of the packages that are always there."""
    listed = subprocess.run(
        [tool("dpkg-query", "dpkg"), "-W", "-f", "${Package} ${Essential}\n"], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    packages = [line.split()[0] for line in listed if line.endswith(" yes")]
    files = subprocess.run(["dpkg-query", "-L", *packages, *ALSO_THERE], capture_output=True, text=True, check=False).stdout
    found = set(re.findall(r"^(?:/usr)?/(s?bin)/([^/\n]+)$", files, re.MULTILINE)) | {("bin", "sh")}
    return {(folder, name) for folder, name in found if Path("/usr", folder, name).exists()} - {("bin", "awk")}


def on(machine: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """pytest there, as ./dev test runs it and without CI, where a skip is a failure."""
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment["PATH"] = f"{PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin"
    cover = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _COVER, "sh", str(machine)]
    command = [*cover, sys.executable, "-m", "pytest", "-p", "no:randomly", "-n", "0", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.slow("it runs half of the unit tests once more")
def test_nothing_fails_without_the_optional_tools(machine: Path) -> None:
    calling = [path for path in sorted((ROOT / "tests/unit").rglob("test_*.py")) if CALLS_TOOLS.search(path.read_text())]
    done = on(machine, "-rfEs", "--tb=short", *(str(path.relative_to(ROOT)) for path in calling), *ELSEWHERE)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-2000:]
    reasons = re.findall(r"^SKIPPED \[\d+\] \S+ (.*)$", done.stdout, re.MULTILINE)
    assert any("ethtool" in reason or "qemu" in reason for reason in reasons), "the machine is not bare"
    assert [reason for reason in reasons if not NAMES_A_PACKAGE.search(reason)] == []


def test_every_test_is_found_without_the_optional_tools(machine: Path) -> None:
    done = on(machine, "--collect-only", "-qq")
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
