# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback ``fleetcare.pagealloc.answer_last``."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: answer_last
type: notification
short_description: Show the answer of an audit after the play recap
version_added: 1.0.0
author:
  - The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Ansible's play recap has a line for each host and comes after all tasks, so the answer of an audit scrolls away. With this callback the
    answer comes last, on one screen, after the recap.
  - It shows what M(fleetcare.pagealloc.report) found, once for the audit and once for each role that changed hosts.
requirements:
  - C(fleetcare.pagealloc.answer_last) in Ansible's setting C(callbacks_enabled), or in C(ANSIBLE_CALLBACKS_ENABLED) of the environment.
"""

EXAMPLES = r"""
# ANSIBLE_CALLBACKS_ENABLED=fleetcare.pagealloc.answer_last ansible-playbook audit.yml -i INVENTORY
- name: Audit
  hosts: all
  gather_facts: false
  roles:
    - fleetcare.pagealloc.audit
"""

from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.screen import SHOWN_BY, show


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Keeps the last answer of each kind, and shows them at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = SHOWN_BY
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._answers: dict[str, str] = {}

    def v2_runner_on_ok(self, result: Any) -> None:
        """Of the tasks that give an answer."""
        told = result._result.get("answer") if result._task.action == "fleetcare.pagealloc.report" else None
        if isinstance(told, str):
            self._answers[str(result._task.args.get("changed_by"))] = told

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Behind the recap, since the callback that writes to the screen comes before all others."""
        for told in self._answers.values():
            show(f"\n{told.rstrip()}")
