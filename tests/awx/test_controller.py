# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller of the tests refuses what AWX refuses. Where it did not, the tests with it would show nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.awx.controller import Controller
from tests.awx.fields import Refused
from tests.awx.test_objects import URL, site_of_two_organizations

QUESTION = {"variable": "it", "question_name": "it", "type": "integer", "required": True, "min": 0}
RULE = "DTSTART;TZID=Etc/UTC:20260101T030000 RRULE:FREQ=DAILY;INTERVAL=1"


@pytest.fixture
def controller() -> Controller:
    return site_of_two_organizations()


def refused(controller: Controller, endpoint: str, **sent: Any) -> str:
    with pytest.raises(Refused) as said:
        controller.add(endpoint, sent)
    return str(said.value)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"colour": "blue"}, "colour: unknown field"),
        ({"job_type": "scan"}, 'job_type: "scan" is not a valid choice.'),
        ({"forks": "many"}, "forks: Not a valid integer"),
        ({"forks": True}, "forks: Not a valid integer"),
        ({"forks": -1}, "forks: -1 is out of its limits"),
        ({"diff_mode": "no"}, "diff_mode: Not a valid boolean"),
        ({"name": "n" * 513}, "name: no more than 512 characters"),
        ({"name": ""}, "name: This field may not be blank."),
        ({"name": None}, "name: Not a valid string"),
        ({"inventory": 999}, 'inventory: Invalid pk "999"'),
        ({"inventory": None}, "inventory: Job Template must provide"),
        ({"playbook": ""}, "playbook: Must select playbook"),
        ({"playbook": "audit.yml"}, "playbook: Playbook not found for project."),
        ({"playbook": "fleetcare.pagealloc.audit"}, "playbook: Playbook not found for project."),
        ({"playbook": "roles/audit/tasks/main.yml"}, "playbook: Playbook not found for project."),
        ({"project": None}, "project: This field is required."),
    ],
)
def test_a_wrong_job_template_is_refused(controller: Controller, sent: dict[str, Any], said: str) -> None:
    sound = template_of(controller)
    assert said in refused(controller, "job_templates", **sound | sent)
    assert controller.add("job_templates", sound)


def test_a_name_is_taken_once_in_an_organization(controller: Controller) -> None:
    controller.add("job_templates", template_of(controller))
    assert "already taken" in refused(controller, "job_templates", **template_of(controller))
    assert controller.add("job_templates", template_of(controller) | {"project": controller.named("projects", "pagealloc playbooks")["id"]})


def template_of(controller: Controller) -> dict[str, Any]:
    numbers = {name: one["id"] for name, one in (("project", controller.named("projects", "own")), ("inventory", inventory(controller)))}
    return {"name": "one", "playbook": "extensions/awx/project/audit.yml"} | numbers


def inventory(controller: Controller) -> dict[str, Any]:
    return next(iter(controller.objects["inventories"].values()))


def test_a_project_that_allows_override_takes_any_playbook(controller: Controller) -> None:
    controller.change("projects", controller.named("projects", "own"), {"allow_override": True})
    assert controller.add("job_templates", template_of(controller) | {"playbook": "fleetcare.pagealloc.audit"})


@pytest.mark.parametrize(
    ("endpoint", "sent"),
    [("labels", {"name": "one"}), ("organizations", {}), ("execution_environments", {"name": "one"}), ("schedules", {})],
)
def test_a_field_that_is_needed_may_not_be_missing(controller: Controller, endpoint: str, sent: dict[str, Any]) -> None:
    assert "This field is required." in refused(controller, endpoint, **sent)


@pytest.mark.parametrize(
    "survey",
    [
        {"name": "", "spec": [QUESTION]},
        {"name": "", "description": "", "spec": []},
        *(
            {"name": "", "description": "", "spec": spec}
            for spec in (
                [QUESTION, QUESTION],
                [QUESTION | {"type": "number"}],
                [QUESTION | {"required": "yes"}],
                [QUESTION | {"default": "5"}],
                [QUESTION | {"default": -1}],
                [QUESTION | {"min": 0.5}],
                [QUESTION | {"limits": 1}],
                [QUESTION | {"type": "multiplechoice"}],
                [QUESTION | {"type": "multiplechoice", "choices": "a\nb", "default": "c"}],
                [QUESTION | {"type": "multiselect", "choices": "a\nb", "default": "a\nc"}],
            )
        ),
    ],
)
def test_a_wrong_survey_is_refused(controller: Controller, survey: dict[str, Any]) -> None:
    template = controller.add("job_templates", template_of(controller))
    with pytest.raises(Refused):
        controller.set_survey(template, survey)
    controller.set_survey(template, {"name": "", "description": "", "spec": [QUESTION]})


@pytest.mark.parametrize(
    "rule",
    ["", "RRULE:FREQ=DAILY;INTERVAL=1", RULE.replace(";INTERVAL=1", ""), RULE.replace(";TZID=Etc/UTC", ""), f"{RULE} {RULE}"],
)
def test_a_wrong_rule_of_a_schedule_is_refused(controller: Controller, rule: str) -> None:
    template = controller.add("job_templates", template_of(controller))["id"]
    assert "rrule" in refused(controller, "schedules", name="one", unified_job_template=template, rrule=rule)
    assert controller.add("schedules", {"name": "one", "unified_job_template": template, "rrule": RULE})


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "['it'] value missing"),
        ({"extra_data": {"it": "5"}}, "Value '5' for 'it'"),
        ({"extra_data": {"it": -5}}, "Value -5 for 'it'"),
        ({"extra_data": {"it": 5, "other": 1}}, "Variables other are not allowed on launch."),
        ({"extra_data": {"it": 5}, "limit": "db01"}, "limit: Field is not configured to prompt on launch."),
    ],
)
def test_a_schedule_answers_what_is_asked_and_nothing_else(controller: Controller, sent: dict[str, Any], said: str) -> None:
    template = controller.add("job_templates", template_of(controller) | {"survey_enabled": True})
    controller.set_survey(template, {"name": "", "description": "", "spec": [QUESTION]})
    sound = {"name": "one", "unified_job_template": template["id"], "rrule": RULE}
    assert said in refused(controller, "schedules", **sound | sent)
    assert controller.add("schedules", sound | {"extra_data": {"it": 5}})


def test_what_belongs_to_an_object_goes_with_it(controller: Controller) -> None:
    others = controller.named("job_templates", "pagealloc audit")
    assert controller.names("schedules") == ["pagealloc audit"] and controller.names("labels") == ["pagealloc"]
    controller.remove("job_templates", others["id"])
    assert controller.names("schedules") == controller.names("labels") == []


def test_a_filter_by_a_field_that_there_is_not_is_refused(controller: Controller) -> None:
    assert [one["scm_url"] for one in controller.found("projects", {"name": "own"})] == [URL]
    with pytest.raises(Refused):
        controller.found("projects", {"colour": "blue"})
