# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release needs: Galaxy takes the package without a word, it runs where nothing else is, and a stranger finds what they look for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import role_options

from tests import release
from tests.conftest import ROOT
from tests.playbook import galaxy
from tests.quality.tools import files, passes
from tests.release import ReleaseError

ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
LONG = pytest.mark.slow("galaxy-importer lints the whole package, and an environment is made anew")


@LONG
def test_galaxy_takes_the_package_without_a_word(tmp_path: Path) -> None:
    assert release.complaints_of_galaxy(release.build(tmp_path), galaxy(), tmp_path / "importer") == []


@LONG
def test_the_package_runs_where_nothing_else_is(tmp_path: Path) -> None:
    assert release.audit_in_an_empty_environment(release.build(tmp_path), tmp_path / "site")["affected"] > 0


@LONG
def test_each_file_says_who_holds_the_rights() -> None:
    passes(galaxy() / "reuse", "lint")


def test_a_header_is_where_it_can_be() -> None:
    """REUSE.toml is for files that can have none, so no file of these kinds is left to it."""
    kinds = (".py", ".sh", ".yml", ".toml", ".js", ".css", ".c")
    elsewhere = (
        "changelogs/",
        "tests/field/cases/",
        "tests/lab/modern/",
        "tests/lab/legacy/",
        "tests/lab/suse/",
        "tests/lab/upgradable/",
        "docs/",
    )
    bare = [
        name
        for name in files()
        if name.endswith(kinds)
        and not name.startswith(elsewhere)
        and not re.search(r"Copyright \(c\) 20\d\d.*\n(.*\n)?.*SPDX-License-Identifier: GPL-", (ROOT / name).read_text()[:500])
    ]
    assert not bare


def made_up(folder: Path, *fragments: str) -> Path:
    (folder / "changelogs/fragments").mkdir(parents=True)
    (folder / "galaxy.yml").write_text("version: 1.1.0\n")
    for name in fragments:
        (folder / "changelogs/fragments" / name).write_text("---\n")
    releases = {"1.0.0": {"fragments": ["old.yml"]}, "1.1.0": {"fragments": ["new.yml"]}}
    (folder / "changelogs/changelog.yaml").write_text(yaml.safe_dump({"releases": releases}))
    return folder


def test_a_release_needs_its_changelog(tmp_path: Path) -> None:
    root = made_up(tmp_path, "old.yml", "new.yml")
    release.require_changelog(root)
    (root / "changelogs/fragments/newer.yml").write_text("---\n")
    with pytest.raises(ReleaseError, match=r"lacks newer\.yml.*antsibull-changelog release"):
        release.require_changelog(root)
    (root / "galaxy.yml").write_text("version: 1.2.0\n")
    with pytest.raises(ReleaseError, match=r"has no version 1\.2\.0"):
        release.require_changelog(root)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_says_on_galaxy_what_its_documentation_says(role: str) -> None:
    folder = ROOT / "roles" / role
    specified = yaml.safe_load((folder / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]
    assert yaml.safe_load((folder / "meta/main.yml").read_text())["galaxy_info"]["description"] == specified["short_description"]
    text = (folder / "README.md").read_text()
    assert f"fleetcare.pagealloc.{role}" in text
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    given = yaml.safe_load(example)[0]["roles"][0]
    assert given.pop("role") == f"fleetcare.pagealloc.{role}" and set(given) <= set(role_options(role))


@pytest.mark.parametrize("form", [form for form in FORMS if form.name != "config.yml"], ids=lambda form: form.stem)
def test_an_issue_asks_for_the_evidence_and_says_how_to_mask_it(form: Path) -> None:
    asked: dict[str, Any] = yaml.safe_load(form.read_text())
    assert asked["name"] and asked["description"]
    fields = {one.get("id"): one for one in asked["body"]}
    said = fields["evidence"]["attributes"]["description"]
    assert "ansible-playbook fleetcare.pagealloc.diagnostics" in said and "diagnostics_mask=true" in said
    assert "diagnostics_mask" in role_options("diagnostics")
    assert "audit_save_dir" not in said or "**not** masked" in said
    assert len(fields) == len([one for one in asked["body"] if one["type"] != "markdown"]) + any(
        one["type"] == "markdown" for one in asked["body"]
    )


def test_github_runs_what_anybody_can() -> None:
    for name, command in (("ci", ".ci/run"), ("ci", "./dev test"), ("release", "./dev release")):
        jobs = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())["jobs"].values()
        assert any(step.get("run") == command for job in jobs for step in job["steps"])
        assert (ROOT / command.split()[0]).is_file()
