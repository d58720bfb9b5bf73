# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev release: all steps, and where the tarball is."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests import release
from tests.playbook import galaxy
from tests.release import ROOT, ReleaseError


def main() -> None:
    programs = galaxy()
    _say("the changelog has this version and every fragment")
    release.require_changelog()
    _say("reuse lint")
    release.run(programs / "reuse", "lint", folder=ROOT)
    _say("ansible-galaxy collection build")
    tarball = release.build(ROOT / "build" / "release")
    with tempfile.TemporaryDirectory(prefix="pagealloc-release-") as folder:
        _say("galaxy-importer, about two minutes")
        complaints = release.complaints_of_galaxy(tarball, programs, Path(folder) / "importer")
        if complaints:
            raise ReleaseError("galaxy-importer says:\n" + "\n".join(complaints))
        _say("the audit of the sample fleet, with an empty HOME and a fresh environment")
        counts = release.audit_in_an_empty_environment(tarball, Path(folder) / "site")
    print(f"{sum(counts.values())} hosts: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count))
    print(f"Tarball: {tarball} ({tarball.stat().st_size:,} bytes)")


def _say(step: str) -> None:
    print(f"release: {step} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except (ReleaseError, pytest.skip.Exception, pytest.fail.Exception) as error:
        sys.exit(f"release: {error}")
