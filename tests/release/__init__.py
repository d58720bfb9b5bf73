# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tarball of a release: made, checked as Galaxy checks it, and tried where nothing else is."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
#: Galaxy's own settings are the importer's defaults. These two are stricter: what Automation Hub asks for.
STRICTER = {"GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true", "GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER": "true"}
#: What a site installs first; the audit of the sample fleet needs no more.
SITE = ("ansible-core>=2.16", "-r", str(ROOT / "requirements.txt"))
#: Writes the entry of this version anew, from all fragments that no earlier version has. It runs ansible-doc.
_CHANGELOG = "PATH=$PWD/.venv/test/bin:$PATH antsibull-changelog release --cummulative-release --update-existing --refresh --reload-plugins"


class ReleaseError(Exception):
    """What stands in the way of a release."""


def run(*words: str | Path, folder: Path, **environment: str) -> str:
    """What a program says, both its streams. ReleaseError with it where the program fails."""
    command = [str(word) for word in words]
    done = subprocess.run(
        command, cwd=folder, env=environment or None, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=1200
    )
    if done.returncode:
        raise ReleaseError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-5000:]}")
    return done.stdout


def require_changelog(root: Path = ROOT) -> None:
    """The changelog has the version of galaxy.yml, and each fragment is in it."""
    version = yaml.safe_load((root / "galaxy.yml").read_text())["version"]
    releases: dict[str, Any] = yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text())["releases"]
    if version not in releases:
        raise ReleaseError(f"CHANGELOG.rst has no version {version}. Run {_CHANGELOG}")
    told = {fragment for release in releases.values() for fragment in release.get("fragments", ())}
    missing = sorted({path.name for path in (root / "changelogs" / "fragments").glob("*.yml")} - told)
    if missing:
        raise ReleaseError(
            f"CHANGELOG.rst lacks {', '.join(missing)}. Raise the version in galaxy.yml if {version} is out. Run {_CHANGELOG}"
        )


def build(folder: Path) -> Path:
    """The tarball, in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    said = run(
        Path(sys.executable).parent / "ansible-galaxy", "collection", "build", "--force", "--output-path", folder, ROOT, folder=folder
    )
    (tarball,) = re.findall(r"Created collection for fleetcare\.pagealloc at (\S+\.tar\.gz)", said)
    return Path(tarball)


def complaints_of_galaxy(tarball: Path, programs: Path, home: Path) -> list[str]:
    """The errors and warnings of galaxy-importer, by which Galaxy decides what it takes.

    flake8 stays off, as the importer has it: it would read the documentation of filters, which is YAML, as Python, and it counts a line
    that breaks at an operator as wrong on either side.
    """
    home.mkdir(parents=True, exist_ok=True)
    environment = {"HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **STRICTER}
    said = run(programs / "python", "-m", "galaxy_importer.main", tarball, folder=home, **environment)
    if "Importer processing completed successfully" not in said:
        return [said[-5000:]]
    return re.findall(r"^(?:WARNING|ERROR|CRITICAL): .*", said, re.MULTILINE)


def audit_in_an_empty_environment(tarball: Path, folder: Path, python: str = sys.executable) -> dict[str, int]:
    """How many hosts of the sample fleet have each verdict, with an empty HOME, a fresh Python environment and no checkout."""
    home = folder / "home"
    home.mkdir(parents=True)
    environment = {"HOME": str(home), "PATH": f"{folder}/venv/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "COLUMNS": "80"}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name.endswith(("_proxy", "_PROXY"))}
    programs = folder / "venv" / "bin"
    run(python, "-m", "venv", folder / "venv", folder=folder, **environment)
    run(programs / "python", "-m", "pip", "install", "-q", "--no-compile", *SITE, folder=folder, **environment)
    run(programs / "ansible-galaxy", "collection", "install", tarball, "--offline", folder=folder, **environment)
    inventory = home / ".ansible/collections/ansible_collections/fleetcare/pagealloc/playbooks/sample_fleet/inventory.yml"
    run(programs / "ansible-playbook", "fleetcare.pagealloc.audit", "-i", inventory, folder=folder, **environment)
    counts: dict[str, int] = json.loads((folder / "pagealloc-report" / "fleet.json").read_text())["counts"]
    hosts = len(next(iter(yaml.safe_load(inventory.read_text()).values()))["hosts"])
    if sum(counts.values()) != hosts or not counts["affected"]:
        raise ReleaseError(f"the audit of the {hosts} hosts of the sample fleet counts {counts}")
    return counts
