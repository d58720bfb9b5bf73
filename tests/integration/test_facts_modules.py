# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three facts modules under every Python this machine has, and the ways in which facts are asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import FACTS_OF, facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import shapes

from tests.conftest import ROOT, SAMPLE_FLEET, cannot_run, tool
from tests.playbook import Ansible, interpreters, inventory, newest, oldest

#: The Pythons that the modules of each core run on (its own porting guides).
OLDEST_TARGETS, NEWEST_TARGETS = [(2, 7), *((3, minor) for minor in range(6, 13))], [(3, minor) for minor in range(9, 15)]

#: What a living kernel changes from one look to the next; on a virtual machine that is given memory as it needs it, as this
#: may be, the sizes of the zones too. All of them are held equal on the recorded samples.
MOVING = {
    "free_blocks", "free_pages", "free_cma_pages", "free_highatomic_pages", "min_pages", "low_pages", "high_pages", "managed_pages",
    "lowmem_reserve_pages", "per_cpu_list_pages", "min_free_kbytes", "uptime_seconds", *shapes()["memory"], *shapes()["vmstat"],
}  # fmt: skip

PARSE = """
import io, json, sys
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript, write_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import FACTS_OF, facts_from, select
parsed = {}
for path in sys.argv[1:]:
    with io.open(path, encoding="utf-8") as file:
        text = file.read()
    facts = facts_from(read_transcript(text))
    assert facts == facts_from(read_transcript(write_transcript(read_transcript(text))))
    parsed[path] = [facts] + [select(facts, name) for name in sorted(FACTS_OF)]
print(json.dumps(parsed))
"""


def steady(value: Any) -> Any:
    """The facts without what moves."""
    if isinstance(value, dict):
        return {key: steady(inner) for key, inner in value.items() if key not in MOVING}
    return [steady(inner) for inner in value] if isinstance(value, list) else value


def here() -> dict[tuple[int, int], str]:
    found = interpreters()
    if (2, 7) not in found or len(found) < 3:
        cannot_run(f"only these Pythons are on this machine: {sorted(found)}")
    return found


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """module_utils as a package that any Python can import, as Ansible packs it for a target."""
    folder = tmp_path_factory.mktemp("package")
    target = folder / "ansible_collections" / "fleetcare" / "pagealloc" / "plugins" / "module_utils"
    shutil.copytree(ROOT / "plugins" / "module_utils", target, ignore=shutil.ignore_patterns("__pycache__"))
    for parent in (target, *target.parents):
        if parent == folder:
            break
        (parent / "__init__.py").touch()
    return folder


def test_every_python_parses_every_sample_alike(package: Path) -> None:
    samples = [str(path) for path in sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))]
    expected = {path: facts_from(read_transcript(Path(path).read_text(encoding="utf-8"))) for path in samples}
    for version, python in here().items():
        done = subprocess.run([python, "-c", PARSE, *samples], cwd=package, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, (version, done.stderr)
        for path, (facts, *parts) in json.loads(done.stdout).items():
            assert facts == expected[path], version
            for part in parts:
                reasons = part.pop("unavailable")
                assert part.items() <= facts.items()
                assert reasons.items() <= facts["unavailable"].items()
            assert set().union(*parts) == set(facts) - {"unavailable"}


def ad_hoc(ansible: Ansible, folder: Path, hosts: dict[str, Any], module: str, *words: str) -> dict[str, Any]:
    """Host -> its result of one ad hoc command."""
    results = folder / module
    ansible.run(
        "ansible",
        "all",
        "-i",
        str(inventory(folder, hosts)),
        "-m",
        f"fleetcare.pagealloc.{module}",
        "--tree",
        str(results),
        *words,
        folder=folder,
        ANSIBLE_DEPRECATION_WARNINGS="false",
    )
    return {path.name: json.loads(path.read_text()) for path in results.iterdir()}


@pytest.mark.parametrize(("core", "targets"), [("oldest", OLDEST_TARGETS), ("newest", NEWEST_TARGETS)])
def test_the_modules_on_every_python_give_what_gather_gives(core: str, targets: list[tuple[int, int]], tmp_path: Path) -> None:
    ansible = oldest() if core == "oldest" else newest()
    hosts: dict[str, Any] = {
        f"python{major}.{minor}": {"ansible_connection": "local", "ansible_python_interpreter": python}
        for (major, minor), python in here().items()
        if (major, minor) in targets
    }
    assert hosts
    gathered = ad_hoc(ansible, tmp_path, hosts, "gather")
    for module, names in FACTS_OF.items():
        results = ad_hoc(ansible, tmp_path, hosts, module)
        assert set(results) == set(hosts)
        for host, result in results.items():
            assert result["changed"] is False
            facts, whole = result["ansible_facts"]["pagealloc"], gathered[host]["ansible_facts"]["pagealloc"]
            assert set(facts) == {*names, "unavailable"}
            for name in set(names) - MOVING:
                assert steady(facts[name]) == steady(whole[name]), (host, name)
            about = {datum: why for datum, why in whole["unavailable"].items() if datum.split(".")[0] in names}
            assert facts["unavailable"] == about, host
            if "zones" in names:
                assert [len(zone["free_blocks"]) for zone in facts["zones"]] == [len(zone["free_blocks"]) for zone in whole["zones"]]


LOCAL: dict[str, Any] = {"h": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}
SHOW = {
    "ansible.builtin.copy": {"content": "{{ ansible_facts.pagealloc | to_json }}", "dest": "{{ playbook_dir }}/facts.json", "mode": "0644"},
    "check_mode": False,
}


def shown(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / "facts.json").read_text())
    return facts


def test_three_modules_in_a_row_add_up_to_gathers_facts(ansible: Ansible, tmp_path: Path) -> None:
    tasks = [{f"fleetcare.pagealloc.{module}": {}} for module in FACTS_OF]
    for words in ((), ("--check",)):
        ansible.play(tmp_path, LOCAL, [*tasks, SHOW], *words)
        one_by_one = shown(tmp_path)
        ansible.play(tmp_path, LOCAL, [{"fleetcare.pagealloc.gather": {}}, SHOW], *words)
        assert steady(one_by_one) == steady(shown(tmp_path))


def test_the_three_as_facts_modules_of_a_play(ansible: Ansible, tmp_path: Path) -> None:
    modules = ["ansible.builtin.setup", *(f"fleetcare.pagealloc.{module}" for module in FACTS_OF)]
    ansible.play(tmp_path, LOCAL, [SHOW], gather_facts=True, vars={"ansible_facts_modules": modules, "ansible_facts_parallel": False})
    by_play = shown(tmp_path)
    ansible.play(tmp_path, LOCAL, [{"fleetcare.pagealloc.gather": {}}, SHOW])
    assert steady(by_play) == steady(shown(tmp_path))


def test_become_decides_what_is_denied(ansible: Ansible, tmp_path: Path) -> None:
    tool("sudo")
    read = {"pagetypeinfo": True}
    for task in ("gather", "buddyinfo_facts"):
        ansible.play(tmp_path, LOCAL, [{f"fleetcare.pagealloc.{task}": read}, SHOW], "-b")
        assert shown(tmp_path)["pagetypes"]
    ansible.play(tmp_path, LOCAL, [{"fleetcare.pagealloc.gather": read, "become": True, "become_user": "nobody"}, SHOW])
    assert shown(tmp_path)["pagetypes"] is None
    assert "Permission denied" in shown(tmp_path)["unavailable"]["pagetypes"]
    assert shown(tmp_path)["zones"]


def test_the_action_group_sets_defaults_for_every_module(ansible: Ansible, tmp_path: Path) -> None:
    defaults = {"group/fleetcare.pagealloc.pagealloc": {"evidence": str(SAMPLE_FLEET / "evidence" / "db02-el64.evidence")}}
    ansible.play(tmp_path, LOCAL, [{"fleetcare.pagealloc.gather": {}}, SHOW], module_defaults=defaults)
    assert shown(tmp_path)["kernel"]["release"] == "2.6.32-358.el6.x86_64"
