# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook ``fleetcare.pagealloc.awx`` through the modules of awx.awx, against the controller of the tests.

Each call of a module takes a second of a processor, so there are few runs and each shows several things.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.awx.controller import Controller, playbooks_of
from tests.awx.server import served
from tests.conftest import ROOT, cannot_run
from tests.playbook import Ansible, oldest, own

pytestmark = pytest.mark.slow("the modules of awx.awx take minutes")

URL = "https://github.com/fleetcare/pagealloc"
SITE = {
    "awx_inventory": "servers++Default",
    "awx_credentials": ["ssh"],
    "awx_image": "registry.example/pagealloc:1",
    "awx_notify_error": ["pager"],
    "awx_notify_approval": ["pager"],
    "awx_extra_vars": {"audit_fail_on": ["affected", "stalled"], "audit_timeout_seconds": 60, "workaround_steps_kb": [131072]},
}
OURS = {
    "projects": ["playbooks"],
    "execution_environments": ["environment of Default"],
    "job_templates": [
        "audit", "kernel upgrade, cancel", "kernel upgrade, check", "kernel upgrade, schedule", "report",
        "workaround, apply", "workaround, check",
    ],
    "workflow_job_templates": ["find and cure"],
    "workflow_approval_templates": ["workaround, approval"],
    "schedules": ["audit"],
}  # fmt: skip


def awx_modules() -> Path:
    found = list(own().programs.parent.glob("lib/python3*/site-packages/ansible_collections/awx/awx"))
    if not found:
        cannot_run("the package `ansible` in .venv/test has no awx.awx")
    return found[0]


@dataclass
class Site:
    """A controller with what a site has of its own, and the playbook against it."""

    controller: Controller
    environment: dict[str, str]
    folder: Path

    def run(self, ansible: Ansible | None = None, *, check: bool = True, path: str = "", **variables: Any) -> str:
        """What the playbook said with these variables beside those of SITE. ``controller.written`` has what it asked to be changed."""
        self.controller.written.clear()
        (self.folder / "site.json").write_text(json.dumps(SITE | variables))
        command = ("ansible-playbook", "-i", "localhost,", "fleetcare.pagealloc.awx", "-e", "@site.json")
        places = {"ANSIBLE_COLLECTIONS_PATH": path} if path else {}
        done = (ansible or own()).run(*command, folder=self.folder, check=check, **self.environment, **places)
        assert "DEPRECATION" not in done.stderr and "WARNING" not in done.stderr, done.stderr
        return done.stdout

    def as_ansible_controller(self, ansible: Ansible) -> str:
        """Where the same modules are under the name that Automation Platform has for them."""
        folder = self.folder / "platform" / "ansible_collections" / "ansible"
        folder.mkdir(parents=True)
        (folder / "controller").symlink_to(awx_modules())
        (packages,) = ansible.programs.parent.glob("lib/python3*/site-packages")
        return f"{folder.parents[1]}:{packages}"


def site_of_two_organizations() -> Controller:
    """The other organization has objects with the names that ours will have."""
    controller = Controller({URL: playbooks_of(ROOT)})
    for name in ("Default", "Others"):
        organization = controller.add("organizations", {"name": name})["id"]
        inventory = controller.add("inventories", {"name": "servers", "organization": organization})["id"]
        project = {"scm_type": "git", "scm_url": URL, "organization": organization}
        if name == "Default":
            controller.add("projects", {"name": "own"} | project)
            controller.add("credentials", {"name": "ssh", "credential_type": 1, "organization": organization})
            controller.add("notification_templates", {"name": "pager", "notification_type": "webhook", "organization": organization})
            continue
        at = controller.add("projects", {"name": "pagealloc playbooks"} | project)["id"]
        template = controller.add(
            "job_templates", {"name": "pagealloc audit", "playbook": "playbooks/audit.yml", "inventory": inventory, "project": at}
        )
        rule = "DTSTART:20260101T030000Z RRULE:FREQ=DAILY;INTERVAL=1"
        controller.add("schedules", {"name": "pagealloc audit", "rrule": rule, "unified_job_template": template["id"]})
        controller.associate(template, "labels", controller.add("labels", {"name": "pagealloc", "organization": organization}))
    return controller


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    awx_modules()
    controller = site_of_two_organizations()
    with served(controller) as environment:
        yield Site(controller, environment, tmp_path)


def test_made_once_then_left_alone_and_taken_away(site: Site) -> None:
    before = site.controller.snapshot()
    theirs = {endpoint: site.controller.names(endpoint) for endpoint in OURS}
    site.run()
    for endpoint, names in OURS.items():
        assert site.controller.names(endpoint) == sorted([*theirs[endpoint], *(f"pagealloc {name}" for name in names)])
    the_objects_are_as_they_should_be(site.controller)

    platform = oldest()
    said = site.run(platform, path=site.as_ansible_controller(platform), awx_collection="ansible.controller")
    assert site.controller.written == []
    assert "changed=0" in said and "failed=0" in said

    site.run(awx_state="absent")
    assert site.controller.snapshot() == before


def test_in_slices_made_once_then_left_alone_and_taken_away(site: Site) -> None:
    """Taken away by who says nothing of slices: the workflow that they had goes too."""
    before = site.controller.snapshot()
    site.run(awx_slices=3)
    default = str(site.controller.named("organizations", "Default")["id"])
    (audit,) = site.controller.found("job_templates", {"name": "pagealloc audit", "organization": default})
    (report,) = site.controller.found("job_templates", {"name": "pagealloc report", "organization": default})
    assert (audit["job_slice_count"], audit["use_fact_cache"], report["job_slice_count"], report["use_fact_cache"]) == (3, True, 1, True)
    assert json.loads(audit["extra_vars"])["audit_history"] == "none"
    assert "pagealloc audit in slices" in site.controller.names("workflow_job_templates")
    (schedule,) = [one for one in site.controller.objects["schedules"].values() if one["unified_job_template"] != audit["id"]][-1:]
    workflow = site.controller.found("workflow_job_templates", {"name": "pagealloc audit in slices"})[0]
    assert schedule["unified_job_template"] == workflow["id"]
    assert links_in(site.controller, workflow["id"]) == {("audit", "always"): ["report"]}

    said = site.run(awx_slices=3)
    assert site.controller.written == [] and "changed=0" in said and "failed=0" in said
    site.run(awx_state="absent")
    assert site.controller.snapshot() == before


def links_in(controller: Controller, workflow: int) -> dict[tuple[str, str], list[str]]:
    nodes = [one for one in controller.objects["workflow_job_template_nodes"].values() if one["workflow_job_template"] == workflow]
    return {
        (one["identifier"], way): found
        for one in nodes
        for way in ("success", "failure", "always")
        if (found := listed(controller, one, f"{way}_nodes"))
    }


def the_objects_are_as_they_should_be(controller: Controller) -> None:
    default = controller.named("organizations", "Default")["id"]
    (audit,) = controller.found("job_templates", {"name": "pagealloc audit", "organization": str(default)})
    assert audit["inventory"] == controller.found("inventories", {"name": "servers", "organization": str(default)})[0]["id"]
    assert json.loads(audit["extra_vars"]) == SITE["awx_extra_vars"]
    assert listed(controller, audit, "credentials") == ["ssh"]
    assert listed(controller, audit, "notification_templates_error") == ["pager"]
    assert listed(controller, audit, "labels") == ["pagealloc"]
    answers = {question["variable"]: question.get("default") for question in controller.surveys[audit["id"]]["spec"]}
    assert (answers["audit_fail_on"], answers["audit_timeout_seconds"]) == ("affected\nstalled", 60)
    nodes = {one["identifier"]: one for one in controller.objects["workflow_job_template_nodes"].values()}
    links = links_in(controller, nodes["audit"]["workflow_job_template"])
    assert links == {
        ("audit", "failure"): ["check"],
        ("check", "success"): ["approval"],
        ("approval", "success"): ["apply"],
        ("apply", "always"): ["audit again"],
    }
    runs = {name: controller.by_number("unified_job_templates", one["unified_job_template"]) for name, one in nodes.items()}
    assert {name: (one or {}).get("job_type") for name, one in runs.items()} == {
        "audit": "run", "check": "check", "approval": None, "apply": "run", "audit again": "run"
    }  # fmt: skip
    assert nodes["audit again"]["extra_data"] == {"audit_fail_on": ["affected"]}


def listed(controller: Controller, one: dict[str, Any], name: str) -> list[str]:
    endpoint = {"labels": "labels", "credentials": "credentials"}.get(name, "notification_templates")
    endpoint = "workflow_job_template_nodes" if name.endswith("_nodes") else endpoint
    found = [controller.by_number(endpoint, number) or {} for number in controller.lists[one["id"], name]]
    return [one.get("name") or one["identifier"] for one in found]


def test_a_playbook_that_the_project_does_not_have_is_refused(site: Site) -> None:
    """The site's own project is named, so nothing but job templates is asked for, and all of them are refused."""
    before = site.controller.snapshot()
    said = site.run(check=False, awx_project="own", awx_playbook_folder="", awx_image="", awx_labels=[])
    assert said.count("Playbook not found for project.") >= 6, said
    assert "failed=1" in said
    assert site.controller.snapshot() == before
