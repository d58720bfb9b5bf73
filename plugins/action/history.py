# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier audits saw: the audits, one host's past, or everything as CSV. It can also delete old audits. Contacts no host."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import OFF, HistoryError, default_url, open_history
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.past import render_audits, render_past, write_csv
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.screen import coloured, show
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.controller_action import ControllerAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import os_failure

if TYPE_CHECKING:
    from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.store import History

_OPTIONS = {
    "database": {"type": "str", "default": ""},
    **action_options("audit", "output_dir"),
    "options_from": {"type": "str"},
    "label": {"type": "str"},
    "host": {"type": "str"},
    "csv": {"type": "path"},
    "keep_days": {"type": "int"},
}
_DAY_SECONDS = 86400


class ActionModule(ControllerAction):
    """Reads the database alone."""

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        self.take_options_from(task_vars, ("output_dir",))
        _unused, options = self.validate_argument_spec(_OPTIONS)
        if options["database"] == OFF:
            raise AnsibleActionFail("audit_history is none, so no audit is stored. Name a database in audit_history")
        if options["keep_days"] is not None and options["keep_days"] < 1:
            raise AnsibleActionFail(f"keep_days must be 1 or more, not {options['keep_days']}")
        try:
            with open_history(options["database"] or default_url(options["output_dir"]), write=not self._task.check_mode) as history:
                return _told(history, options, check_mode=self._task.check_mode)
        except HistoryError as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(f"csv: {os_failure(error)}") from None


def _told(history: History, options: dict[str, Any], *, check_mode: bool) -> dict[str, Any]:
    label, host = options["label"] or None, options["host"]
    if options["keep_days"] is not None:
        pruned = history.prune(int(time.time()) - options["keep_days"] * _DAY_SECONDS)
        Display().display(f"{count_of(pruned, 'audit')} {'would be' if check_mode else 'were'} deleted")
        return {"changed": pruned > 0, "pruned": pruned}
    if options["csv"]:
        rows = _export(history, options, check_mode=check_mode)
        Display().display(f"{count_of(rows, 'line')} in {options['csv']}")
        return {"changed": not check_mode, "rows": rows}
    if host:
        past = history.observations(lambda rows: [one for *_where, one in rows], label, host)
        show("\n" + render_past(past, load_catalogue().thresholds.order, coloured))
        return {"changed": False, "past": [one._asdict() for one in past]}
    audits = history.verdicts(label)
    show("\n" + render_audits(audits))
    return {"changed": False, "audits": [{**run.__dict__, "verdicts": counts} for run, counts in audits]}


def _export(history: History, options: dict[str, Any], *, check_mode: bool) -> int:
    asked = (options["label"] or None, options["host"])
    if check_mode:
        return history.observations(lambda rows: sum(1 for _row in rows), *asked)
    with Path(options["csv"]).open("w", encoding="utf-8", errors="replace", newline="") as file:
        return history.observations(lambda rows: write_csv(file, rows), *asked)
