# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host: who takes pages and does not give them back, by the kernel's own tracepoints, for some seconds."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.named_hosts import require_named_hosts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import file_name_for
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.role_action import RoleAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.processor_time import HOST_SECONDS, limited_processor_time
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.whole_file import write_whole
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import os_failure
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_answer import TraceRefusedError, read_trace
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_program import render_trace
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_screen import render_takers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import NoAnswerError

#: Option -> the least and the most that it may be.
_BOUNDS = {"seconds": (4, 300), "order": (0, 10), "buffer_kb": (64, 65536), "events": (100, 1000000), "timeout_seconds": (0, 3600)}
_OPTIONS = {
    **action_options("trace", *_BOUNDS, "mount"),
    "output_dir": {"type": "path"},
    "options_from": {"type": "str"},
}


class ActionModule(RoleAction):
    """Turns tracing on and off again on one host, by the program of trace/trace_program.py and nothing else."""

    REASONS = (EvidenceError, NoAnswerError, TraceRefusedError)

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        options = self.chosen("trace", _OPTIONS, _BOUNDS, task_vars)
        require_named_hosts(self._task.get_play().hosts, task_vars, "The trace runs on named hosts alone")
        result = self._traced(options)
        path = None if self._task.check_mode or not options["output_dir"] else self._write(options["output_dir"], result)
        Display().display(f"\n{render_takers(self.host, result, path)}")
        return {"changed": False, "trace": result, **({"file": path} if path else {})}

    def _traced(self, options: Mapping[str, Any]) -> dict[str, Any]:
        nonce = secrets.token_hex(8)
        text = render_trace(
            nonce, seconds=options["seconds"], order=options["order"], buffer_kb=options["buffer_kb"],
            events_most=options["events"], mount=options["mount"], check=self._task.check_mode,
        )  # fmt: skip
        limit = options["timeout_seconds"]
        answer = self.answer_to(text, limit and limit + options["seconds"])
        with limited_processor_time(HOST_SECONDS):
            result = read_trace(str(answer["stdout"]), nonce, options["seconds"])
        return {"host": self.host, "order": options["order"], **result}

    def _write(self, folder: str, result: Mapping[str, Any]) -> str:
        path = (Path(folder) / file_name_for(self.host)).with_suffix(".json").absolute()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(result, indent=2) + "\n", 0o600)
        except OSError as error:
            raise AnsibleActionFail(f"output_dir: {os_failure(error)}") from None
        return str(path)
