# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects as data, before any controller: surveys that are the roles' options, fields that other tools read, playbooks that run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.awx.fields import OPTIONS
from tests.awx.test_objects import SITE
from tests.conftest import ROOT, SAMPLE_FLEET
from tests.playbook import Ansible, newest, oldest, own

READ = json.loads(Path(__file__).with_name("aap_configuration.json").read_text())["lists"]
ENDPOINTS = {
    "controller_labels": "labels",
    "controller_execution_environments": "execution_environments",
    "controller_projects": "projects",
    "controller_templates": "job_templates",
    "controller_workflows": "workflow_job_templates",
    "controller_schedules": "schedules",
}
#: Which role's options a survey asks for, and which of them it leaves to the site.
SURVEYS = {
    "audit": ("audit", {"audit_evidence", "audit_history", "pagealloc_output_dir"}),
    "report": ("audit", {"audit_evidence", "audit_history", "pagealloc_output_dir", "audit_timeout_seconds", "audit_pagetypeinfo"}),
    "workaround, check": ("workaround", {"pagealloc_output_dir"}),
    "workaround, apply": ("workaround", {"pagealloc_output_dir"}),
    "kernel upgrade, check": ("kernel_upgrade", {"pagealloc_output_dir"}),
    "kernel upgrade, schedule": ("kernel_upgrade", {"kernel_upgrade_reboot", "pagealloc_output_dir"}),
}
#: Fields that are lists under an object, and so in no OPTIONS answer; and what the modules look others up by.
LISTS = {"labels", "credentials", "survey_spec", "simplified_workflow_nodes", "organization", "state"}


def written(folder: Path, ansible: Ansible, **variables: Any) -> dict[str, Any]:
    """awx_objects as another tool gets it: docs/awx.md has this play."""
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": [
            {"ansible.builtin.include_role": {"name": "fleetcare.pagealloc.awx", "tasks_from": "objects", "public": True}},
            {"ansible.builtin.copy": {"dest": f"{folder}/objects.json", "content": "{{ awx_objects | to_json }}", "mode": "0600"}},
        ],
    }
    (folder / "play.json").write_text(json.dumps([play]))
    (folder / "site.json").write_text(json.dumps(SITE | variables))
    said = ansible.run("ansible-playbook", "-i", "localhost,", "play.json", "-e", "@site.json", folder=folder)
    assert "WARNING" not in said.stderr, said.stderr
    return dict(json.loads((folder / "objects.json").read_text()))


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return written(tmp_path_factory.mktemp("objects"), own())


def options(role: str) -> dict[str, dict[str, Any]]:
    text = (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text()
    return dict(yaml.safe_load(text)["argument_specs"]["main"]["options"])


@pytest.mark.slow("the newest ansible-core does the same here")
def test_the_same_on_the_oldest_and_the_newest_core(objects: dict[str, Any], tmp_path: Path) -> None:
    for core in (oldest(), newest()):
        folder = tmp_path / core.version
        folder.mkdir()
        assert written(folder, core) == objects


def test_each_survey_asks_for_the_options_of_its_role(objects: dict[str, Any]) -> None:
    surveys = {one["name"].removeprefix("pagealloc "): one["survey_spec"] for one in objects["controller_templates"]}
    assert {name for name, survey in surveys.items() if survey} == set(SURVEYS)
    for name, (role, left_out) in SURVEYS.items():
        asked = {question["variable"]: question for question in surveys[name]["spec"]}
        wanted = {
            option: says
            for option, says in options(role).items()
            if option not in left_out and not says.get("no_log") and (says["type"] != "list" or "choices" in says)
        }
        assert list(asked) == list(wanted)
        for option, says in wanted.items():
            _question_of(asked[option], says, SITE["awx_extra_vars"].get(option, says.get("default")))  # type: ignore[attr-defined]


def _question_of(question: dict[str, Any], says: dict[str, Any], default: Any) -> None:
    """The question has the type, choices and default of the option."""
    kinds = {"str": "text", "path": "text", "int": "integer", "float": "float", "bool": "multiplechoice", "list": "multiselect"}
    assert question["type"] == ("multiplechoice" if says["type"] == "str" and "choices" in says else kinds[says["type"]])
    choices = ["true", "false"] if says["type"] == "bool" else says.get("choices")
    assert question.get("choices") == (None if choices is None else "\n".join(choices))
    in_survey = {"bool": str(default).lower(), "list": "\n".join(default if isinstance(default, list) else [])}
    assert question.get("default") == (None if default is None else in_survey.get(says["type"], default))


def test_each_field_is_one_that_the_controller_has_and_the_other_tools_read(objects: dict[str, Any]) -> None:
    assert set(objects) == set(ENDPOINTS) <= set(READ)
    for name, endpoint in ENDPOINTS.items():
        for one in objects[name]:
            assert set(one) <= set(READ[name]), name
            assert {field for field in one if not field.startswith("notification_")} - LISTS <= set(OPTIONS[endpoint]), name
    for node in objects["controller_workflows"][0]["simplified_workflow_nodes"]:
        assert set(node) <= set(READ["simplified_workflow_nodes"])


def test_each_name_begins_with_the_prefix_and_each_playbook_is_shipped(objects: dict[str, Any]) -> None:
    named = [one["name"] for name, listed in objects.items() if name != "controller_labels" for one in listed]
    assert named and all(name.startswith("pagealloc ") for name in named)
    for one in objects["controller_templates"]:
        imported = yaml.safe_load((ROOT / one["playbook"]).read_text())[0]["ansible.builtin.import_playbook"]
        assert (ROOT / "playbooks" / f"{imported.removeprefix('fleetcare.pagealloc.')}.yml").is_file()


def test_the_site_changes_variables_alone(tmp_path: Path) -> None:
    """Its own project, environment, prefix and times."""
    theirs = {"awx_project": "site", "awx_playbook_folder": "", "awx_execution_environment": "ee", "awx_image": "", "awx_prefix": "x-"}
    objects = written(tmp_path, own(), awx_audit_schedule="", awx_labels=[], **theirs)
    assert objects["controller_projects"] == objects["controller_execution_environments"] == objects["controller_labels"] == []
    (audit,) = [one for one in objects["controller_templates"] if one["name"] == "x-audit"]
    assert (audit["project"], audit["playbook"], audit["execution_environment"]) == ("site", "audit.yml", "ee")
    assert {one["state"] for one in objects["controller_schedules"]} == {"absent"}


def links_of(workflow: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    nodes = workflow["simplified_workflow_nodes"]
    return {
        (one["identifier"], way): one[f"{way}_nodes"] for one in nodes for way in ("success", "failure", "always") if f"{way}_nodes" in one
    }


def test_slices_conclude_nothing_and_one_job_makes_the_report_of_them(tmp_path: Path) -> None:
    objects = written(tmp_path, own(), awx_slices=4)
    templates = {one["name"]: one for one in objects["controller_templates"]}
    audit, report = templates["pagealloc audit"], templates["pagealloc report"]
    assert (int(audit["job_slice_count"]), audit["use_fact_cache"], report["use_fact_cache"]) == (4, True, True)
    assert int(report["job_slice_count"]) == 1
    asked = {name: {question["variable"] for question in one["survey_spec"]["spec"]} for name, one in (("a", audit), ("r", report))}
    concludes = {"audit_fail_on", "audit_fail_on_new", "audit_compare"}
    assert not asked["a"] & concludes and concludes <= asked["r"] and "audit_timeout_seconds" not in asked["r"]
    of_a_slice = {"audit_history": "none", "audit_compare": False, "audit_fail_on": [], "pagealloc_push_url": ""}
    assert audit["extra_vars"] == SITE["awx_extra_vars"] | of_a_slice  # type: ignore[operator]
    assert report["extra_vars"] == SITE["awx_extra_vars"]
    find, slices = objects["controller_workflows"]
    assert links_of(slices) == {("audit", "always"): ["report"]}
    assert links_of(find) == {
        ("audit", "always"): ["report"],
        ("report", "failure"): ["check"],
        ("check", "success"): ["approval"],
        ("approval", "success"): ["apply"],
        ("apply", "always"): ["audit again"],
        ("audit again", "always"): ["report again"],
    }
    fails = {
        one["identifier"]: one["extra_data"]["audit_fail_on"]
        for one in find["simplified_workflow_nodes"]
        if "again" in one["identifier"] and "extra_data" in one
    }
    assert fails == {"report again": ["affected"]}
    assert objects["controller_schedules"][0]["unified_job_template"] == "pagealloc audit in slices"


def test_a_wrong_value_of_the_site_is_named_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="audit_fail_on: 'afected' is not one of affected, starved"):
        written(tmp_path, own(), awx_extra_vars={"audit_fail_on": ["afected"]})


@pytest.mark.parametrize("core", [oldest, newest], ids=["oldest", "newest"])
@pytest.mark.parametrize("name", ["audit", "workaround, check", "kernel upgrade, check"])
def test_the_answers_of_each_survey_run_its_playbook(core: Any, name: str, objects: dict[str, Any], tmp_path: Path) -> None:
    """As AWX gives them: a truth is a text, and a choice of several that is left alone is not given."""
    (template,) = [one for one in objects["controller_templates"] if one["name"] == f"pagealloc {name}"]
    asked = [question for question in template["survey_spec"]["spec"] if question["type"] != "multiselect"]
    answers = {question["variable"]: question["default"] for question in asked if "default" in question}
    assert "false" in answers.values()
    here = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    host = here | {"audit_evidence": str(SAMPLE_FLEET / "evidence" / "db05-el65.evidence")}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {"here": host if name == "audit" else here}}}))
    words = ["--check"] if template["job_type"] == "check" else []
    command = ("ansible-playbook", "-i", "hosts.json", str(ROOT / template["playbook"]), "-e", json.dumps(answers), *words)
    said = core().run(*command, folder=tmp_path)
    assert "failed=0" in said.stdout and "unreachable=0" in said.stdout
