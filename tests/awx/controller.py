# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller of the tests: AWX's objects in memory, with the rules that AWX has for them. server.py puts it behind HTTP."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.awx.fields import OPTIONS, Refused, check_answer, check_fields, check_rrule, check_survey, complete, writable

Object = dict[str, Any]
#: A field -> the endpoint of what it points to.
POINTS_TO = {
    "organization": "organizations", "project": "projects", "inventory": "inventories", "credential": "credentials",
    "execution_environment": "execution_environments", "default_environment": "execution_environments",
    "workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates",
    "webhook_credential": "credentials", "signature_validation_credential": "credentials",
}  # fmt: skip
#: What can be scheduled, and be a node of a workflow.
UNIFIED = ("job_templates", "workflow_job_templates", "projects")
#: Under an object, a list of others -> their endpoint.
LISTS = {
    "labels": "labels", "credentials": "credentials",
    **dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes"),
    **{f"notification_templates_{event}": "notification_templates" for event in ("started", "success", "error", "approvals")},
}  # fmt: skip
#: Two objects of an endpoint may not have the same of all of these.
_UNIQUE = {
    "execution_environments": ("name",), "schedules": ("name", "unified_job_template"), "workflow_approval_templates": ("id",),
    "workflow_job_template_nodes": ("identifier", "workflow_job_template"),
}  # fmt: skip
_PLAYBOOK = re.compile(r"^\s*-?\s*(hosts|(ansible\.builtin\.)?import_playbook):", re.MULTILINE)
#: What a node or a schedule sets only where its template asks for it. A name in the prompt is that of the field, but for one.
_PROMPTED = ("inventory", "limit", "job_type", "verbosity", "forks", "scm_branch", "timeout", "diff_mode", "job_tags", "skip_tags")
_PROMPT = {"job_tags": "tags"}


def playbooks_of(folder: Path) -> set[str]:
    """The files that AWX offers as playbooks of a project: those with hosts or an import, in no folder of roles or tasks."""
    found = {path.relative_to(folder) for part in ("extensions", "playbooks") for path in (folder / part).rglob("*.yml")}
    return {str(path) for path in found if not {"roles", "tasks"} & set(path.parts) and _PLAYBOOK.search((folder / path).read_text())}


class Controller:
    """Objects by endpoint and number, and what was asked for that changes them."""

    def __init__(self, playbooks: Mapping[str, set[str]]) -> None:
        self.playbooks = playbooks
        self.objects: dict[str, dict[int, Object]] = defaultdict(dict)
        self.lists: dict[tuple[int, str], list[int]] = defaultdict(list)
        self.surveys: dict[int, Object] = {}
        self.written: list[str] = []
        self._numbers = itertools.count(1)

    def snapshot(self) -> str:
        """All that is there, to compare."""
        return repr([sorted((key, value) for key, value in part.items() if value) for part in (self.objects, self.lists, self.surveys)])

    def names(self, endpoint: str) -> list[str]:
        return sorted(one.get("name") or one["identifier"] for one in self.objects[endpoint].values())

    def named(self, endpoint: str, name: str) -> Object:
        (found,) = [one for one in self.objects[endpoint].values() if name in (one.get("name"), one.get("identifier"))]
        return found

    def found(self, endpoint: str, wanted: Mapping[str, str]) -> list[Object]:
        """The objects of a list that have each of these values."""
        for name in wanted:
            if name not in OPTIONS["job_templates" if endpoint == "unified_job_templates" else endpoint]:
                raise Refused(name, "no such field to filter by")
        return [one for one in self._of(endpoint) if all(str(one.get(name)) == value for name, value in wanted.items())]

    def _of(self, endpoint: str) -> Iterator[Object]:
        for part in UNIFIED if endpoint == "unified_job_templates" else (endpoint,):
            yield from self.objects[part].values()

    def by_number(self, endpoint: str, number: int) -> Object | None:
        return next((one for one in self._of(endpoint) if one["id"] == number), None)

    def add(self, endpoint: str, sent: Mapping[str, Any]) -> Object:
        """A new object, or Refused."""
        fields = complete(endpoint, writable(endpoint, sent))
        number = next(self._numbers)
        url = f"/api/v2/{endpoint}/{number}/"
        kind = "inventory" if endpoint == "inventories" else endpoint[:-1]
        one: Object = {"id": number, "type": kind, "url": url, "related": {}, "summary_fields": {}} | fields
        if endpoint == "job_templates":
            one["organization"] = (self.by_number("projects", one["project"] or 0) or {}).get("organization")
        self._check(endpoint, one, writable(endpoint, sent))
        if endpoint in ("job_templates", "workflow_job_templates"):
            one["related"]["survey_spec"] = f"{url}survey_spec/"
        if endpoint == "projects" and one["scm_type"]:
            one |= {"scm_revision": "", "summary_fields": {"current_update": {"id": number}}}
        self.objects[endpoint][number] = one
        return one

    def change(self, endpoint: str, one: Object, sent: Mapping[str, Any]) -> None:
        fields = writable(endpoint, sent)
        self._check(endpoint, one | fields, fields)
        one |= fields

    def _check(self, endpoint: str, one: Object, sent: Mapping[str, Any]) -> None:
        check_fields(endpoint, sent)
        for name, target in POINTS_TO.items():
            if sent.get(name) is not None and self.by_number(target, sent[name]) is None:
                raise Refused(name, f'Invalid pk "{sent[name]}" - object does not exist.')
        self._check_unique(endpoint, one)
        if endpoint == "job_templates":
            self._check_playbook(one)
        if endpoint == "schedules":
            check_rrule(one["rrule"])
        if endpoint in ("schedules", "workflow_job_template_nodes") and one["unified_job_template"]:
            self._check_prompts(endpoint, one)

    def _check_unique(self, endpoint: str, one: Object) -> None:
        keys = _UNIQUE.get(endpoint, ("name", "organization"))
        for other in self.objects[endpoint].values():
            if other["id"] != one["id"] and all(other.get(key) == one.get(key) for key in keys):
                raise Refused("__all__", f"{' and '.join(keys)} already taken")

    def _check_playbook(self, template: Object) -> None:
        project = self.by_number("projects", template["project"] or 0)
        if project is None:
            raise Refused("project", "This field is required.")
        if not template["playbook"]:
            raise Refused("playbook", "Must select playbook for project.")
        if not project["allow_override"] and template["playbook"] not in self.playbooks.get(project["scm_url"], set()):
            raise Refused("playbook", "Playbook not found for project.")
        if not (template["inventory"] or template["ask_inventory_on_launch"]):
            raise Refused("inventory", "Job Template must provide 'inventory' or allow prompting for it.")

    def _check_prompts(self, endpoint: str, one: Object) -> None:
        """What a node or a schedule answers in the place of a person."""
        template = self.by_number("unified_job_templates", one["unified_job_template"]) or {}
        survey = self.surveys.get(template["id"], {}).get("spec", []) if template.get("survey_enabled") else []
        questions = {question["variable"]: question for question in survey}
        for name, answer in one["extra_data"].items():
            if name in questions:
                check_answer(questions[name], answer)
            elif not template.get("ask_variables_on_launch"):
                raise Refused("extra_data", f"Variables {name} are not allowed on launch.")
        missing = [name for name, asked in questions.items() if asked["required"] and name not in one["extra_data"]]
        if endpoint == "schedules" and missing:
            raise Refused("variables_needed_to_start", f"{missing} value missing")
        for name in _PROMPTED:
            if one[name] not in (None, "") and not template.get(f"ask_{_PROMPT.get(name, name)}_on_launch"):
                raise Refused(name, "Field is not configured to prompt on launch.")

    def approval_of(self, node: Object, sent: Mapping[str, Any]) -> Object:
        """A new approval that is what the node runs."""
        approval = self.add("workflow_approval_templates", sent)
        node["unified_job_template"] = approval["id"]
        node["related"]["unified_job_template"] = approval["url"]
        return approval

    def set_survey(self, template: Object, survey: Mapping[str, Any]) -> None:
        check_survey(survey)
        self.surveys[template["id"]] = dict(survey)

    def associate(self, one: Object, name: str, sent: Mapping[str, Any]) -> None:
        """Add an object to a list under another, or take it out."""
        listed = self.lists[one["id"], name]
        if self.by_number(LISTS[name], sent["id"]) is None:
            raise Refused("id", "object does not exist")
        if sent.get("disassociate"):
            listed.remove(sent["id"])
        elif sent["id"] not in listed:
            listed.append(sent["id"])
        self._drop_labels()

    def remove(self, endpoint: str, number: int) -> None:
        """The object goes, with all that belongs to it."""
        gone = self.objects[endpoint].pop(number)
        self.surveys.pop(number, None)
        for key in [key for key in self.lists if key[0] == number]:
            del self.lists[key]
        for key, listed in self.lists.items():
            if LISTS[key[1]] == endpoint and number in listed:
                listed.remove(number)
        if endpoint == "workflow_job_template_nodes":
            self.objects["workflow_approval_templates"].pop(gone["unified_job_template"], None)
        self._cut(number)
        self._drop_labels()

    def _cut(self, number: int) -> None:
        """Schedules and nodes go with what they belong to; all else that pointed to it points to nothing."""
        for other in ("schedules", "workflow_job_template_nodes", "job_templates", "projects"):
            for one in list(self.objects[other].values()):
                pointing = {name for name in POINTS_TO if one.get(name) == number}
                if "workflow_job_template" in pointing or (other == "schedules" and "unified_job_template" in pointing):
                    self.remove(other, one["id"])
                else:
                    one |= dict.fromkeys(pointing)

    def _drop_labels(self) -> None:
        """AWX takes a label away with the last object that had it."""
        used = {number for key, listed in self.lists.items() if key[1] == "labels" for number in listed}
        had = {number for number, label in self.objects["labels"].items() if label.get("used")}
        for number in had - used:
            del self.objects["labels"][number]
        for number in used:
            self.objects["labels"][number]["used"] = True
