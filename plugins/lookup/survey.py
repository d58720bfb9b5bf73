# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup ``fleetcare.pagealloc.survey``."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: survey
short_description: The options of one of this collection's roles as a survey in AWX
version_added: 1.0.0
author:
  - The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Makes the C(survey_spec) of a job template from the argument specification of a role, with its descriptions, choices and defaults.
  - A survey asks for text, numbers and choices. Options that are free lists or mappings have no question; a job template has these
    in its C(extra_vars).
options:
  _terms:
    description: Name of the role, such as V(audit).
    required: true
    type: list
    elements: str
  answers:
    description:
      - Values of the site, by option. The survey offers them in place of the role's own defaults. Names that are not options of the role
        are ignored.
    type: dict
    default: {}
  without:
    description: Options that the survey leaves out.
    type: list
    elements: str
    default: []
  required:
    description: Options that the user must answer.
    type: list
    elements: str
    default: []
seealso:
  - plugin: fleetcare.pagealloc.live_hosts
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: See what the survey of the audit asks
  hosts: all
  gather_facts: false
  tasks:
    - name: Say it
      ansible.builtin.debug:
        msg: "{{ lookup('fleetcare.pagealloc.survey', 'audit', answers={'audit_fail_on': ['affected']}, without=['audit_evidence']) }}"
      run_once: true
"""

RETURN = r"""
_raw:
  description: One survey for each role of O(_terms), in the form of C(survey_spec).
  type: list
  elements: dict
"""

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import role_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.survey import SurveyError, survey_of


class LookupModule(LookupBase):  # type: ignore[misc]
    """The surveys of roles."""

    def run(self, terms: Sequence[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        words = {word: self.get_option(word) for word in ("answers", "without", "required")}
        return [self._survey(role, words) for role in terms]

    def _survey(self, role: str, words: dict[str, Any]) -> dict[str, Any]:
        try:
            return survey_of(role_options(role), **words)
        except FileNotFoundError as error:
            raise AnsibleLookupError(f"fleetcare.pagealloc.survey: this collection has no role {role!r}") from error
        except SurveyError as error:
            raise AnsibleLookupError(f"fleetcare.pagealloc.survey: {error}") from error
