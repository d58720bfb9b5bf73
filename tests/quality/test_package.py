# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user installs: built, looked into, installed, and run from there without the checkout."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.playbook import Ansible, newest, oldest
from tests.quality.tools import own, passes, real_copy

MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
META = yaml.safe_load((ROOT / "galaxy.yml").read_text())


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of the checkout as it stands, caches and environments included: build_ignore has to keep them out."""
    folder = tmp_path_factory.mktemp("package")
    said = passes(own("ansible-galaxy"), "collection", "build", "--output-path", folder, ROOT)
    built = folder / f"fleetcare-pagealloc-{META['version']}.tar.gz"
    assert str(built) in said
    return built


@pytest.fixture(scope="module")
def installed(tarball: Path) -> Path:
    """The folder for ANSIBLE_COLLECTIONS_PATH. The collection needs no other, so nothing is fetched."""
    target = tarball.parent / "installed"
    home = tarball.parent / "home"
    home.mkdir()
    # --force: Ansible sees the link that ./dev makes and would have nothing to do
    words = ("collection", "install", str(tarball), "--offline", "--force", "-p", str(target))
    passes(own("ansible-galaxy"), *words, folder=tarball.parent, HOME=str(home))
    return target


def test_contents_of_the_package(tarball: Path) -> None:
    assert tarball.stat().st_size < 1_000_000
    with tarfile.open(tarball) as archive:
        names = [member.name for member in archive.getmembers() if not member.isdir()]
        assert not [member.name for member in archive.getmembers() if member.issym() or member.islnk()]
    parts = {part for name in names for part in Path(name).parts}
    hidden = {part for part in parts if part.startswith(".")}
    assert not hidden, hidden
    assert not parts & {"__pycache__", "build", "collections", "pagealloc-report", "importer_result.json"}
    assert not [name for name in names if name.endswith((".pyc", ".tar.gz"))]
    assert {"README.md", "COPYING", "CHANGELOG.rst", "meta/runtime.yml", "playbooks/audit.yml", "requirements.txt"} <= set(names)
    of_git = {str(path.relative_to(copy)) for copy in [real_copy(tarball.parent / "copy")] for path in copy.rglob("*") if path.is_file()}
    strangers = {name for name in names if Path(name).suffix} - of_git - {"MANIFEST.json", "FILES.json"}
    assert not strangers, f"neither in git nor kept out by build_ignore: {sorted(strangers)}"


def test_what_the_package_says_of_itself(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        manifest = archive.extractfile("MANIFEST.json")
        assert manifest is not None
        info = json.load(manifest)["collection_info"]
    assert (info["namespace"], info["name"]) == ("fleetcare", "pagealloc")
    assert info["authors"] and info["description"] and info["license"]
    assert (ROOT / info["readme"]).is_file()
    assert len(info["tags"]) <= 20
    # Galaxy wants one of these
    assert {"linux", "monitoring", "networking", "infrastructure", "tools"} & set(info["tags"])
    assert all(info[name].startswith("https://") for name in ("repository", "documentation", "issues"))


def test_every_module_is_in_the_action_group() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    assert sorted(runtime["action_groups"]["pagealloc"]) == MODULES
    assert runtime["requires_ansible"] == ">=2.16.0"


def test_the_changelog_is_well_formed() -> None:
    passes(own("antsibull-changelog"), "lint")


@pytest.mark.parametrize("core", [oldest, newest], ids=["oldest", "newest"])
class TestInstalled:
    """From the installed package alone: the path of Python, and with it the link to the checkout, is not searched."""

    def run(self, ansible: Ansible, installed: Path, folder: Path, *words: str) -> str:
        environment = {"ANSIBLE_COLLECTIONS_PATH": str(installed), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
        return ansible.run(*words, folder=folder, **environment).stdout

    def test_the_sample_fleet_is_audited(self, core: Callable[[], Ansible], installed: Path, tmp_path: Path) -> None:
        collection = installed / "ansible_collections" / "fleetcare" / "pagealloc"
        assert collection.is_dir() and not collection.is_symlink()
        inventory = collection / "playbooks" / "sample_fleet" / "inventory.yml"
        said = self.run(core(), installed, tmp_path, "ansible-playbook", "fleetcare.pagealloc.audit", "-i", str(inventory))
        report = tmp_path / "pagealloc-report"
        assert f"Report: {report}/fleet.html" in said
        assert {path.name for path in report.iterdir()} == {
            ".audit.lock",
            "fleet.json",
            "fleet.html",
            "fleet.csv",
            "pagealloc.prom",
            "history.db",
        }
        hosts = json.loads((report / "fleet.json").read_text())["hosts"]
        assert set(hosts) == set(next(iter(yaml.safe_load(inventory.read_text()).values()))["hosts"])
        assert hosts["db03-el64-seed"]["verdict"] == "affected"

    def test_defaults_of_the_group_reach_its_modules(self, core: Callable[[], Ansible], installed: Path, tmp_path: Path) -> None:
        evidence = installed / "ansible_collections/fleetcare/pagealloc/playbooks/sample_fleet/evidence/db03-el64-seed.evidence"
        tasks: list[dict[str, Any]] = [
            {"fleetcare.pagealloc.gather": {}},
            {"ansible.builtin.assert": {"that": "ansible_facts.pagealloc is fleetcare.pagealloc.affected"}},
        ]
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": {"group/fleetcare.pagealloc.pagealloc": {"evidence": str(evidence)}},
            "tasks": tasks,
        }
        (tmp_path / "play.yml").write_text(json.dumps([play]))
        said = self.run(core(), installed, tmp_path, "ansible-playbook", "play.yml")
        assert "ok=2" in said, said

    def test_the_link_to_the_checkout_is_out_of_reach(self, core: Callable[[], Ansible], installed: Path, tmp_path: Path) -> None:
        """Or the two tests above would prove nothing."""
        said = self.run(core(), installed, tmp_path, "ansible-galaxy", "collection", "list", "--format", "json")
        where = json.loads(said[said.index("{") :])
        assert [path for path, found in where.items() if "fleetcare.pagealloc" in found] == [str(installed / "ansible_collections")]
        assert os.path.commonpath([installed, ROOT]) != str(ROOT)
