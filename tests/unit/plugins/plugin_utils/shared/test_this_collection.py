# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection knows where it lies and which version it is; its roles' options are read from there."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.fleetcare.pagealloc.plugins.action.workaround import _OPTIONS as TAKEN
from ansible_collections.fleetcare.pagealloc.plugins.modules import workaround
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import role_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.this_collection import collection_version
from ansible_collections.fleetcare.pagealloc.tests.conftest import ROOT


def test_its_version_is_that_of_galaxy_yml() -> None:
    assert collection_version() == yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]


def test_the_options_of_its_roles() -> None:
    assert role_options("audit")["pagealloc_output_dir"]["type"] == "path"
    with pytest.raises(FileNotFoundError):
        role_options("nothing")


def test_an_action_has_the_options_of_its_role_by_their_names_there() -> None:
    """What the documentation of its module says of them is the same."""
    options = {name: says for name, says in TAKEN.items() if name != "options_from"}
    assert options["conflicts"] == {"type": "str", "choices": ["refuse", "override"], "default": "refuse"}
    assert options["steps_kb"] == {"type": "list", "elements": "int"}
    documented = yaml.safe_load(workaround.DOCUMENTATION)["options"]
    del documented["options_from"]
    assert {name: {key: says[key] for key in says if key != "description"} for name, says in documented.items()} == options
