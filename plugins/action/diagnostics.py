# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host: the data that a kernel engineer asks for, in one round trip, as an archive in the layout of a sosreport on the controller."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.collected import Collected, members_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.diagnostics_program import render_diagnostics
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.masking import Masking, without_secrets
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.packing import packed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.ticket import Packed, alike, judged_of, ticket
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.named_hosts import require_named_hosts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.role_action import RoleAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.processor_time import ARCHIVE_SECONDS, limited_processor_time
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.whole_file import write_whole
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import os_failure
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.identity import safe_name

#: Option -> the least and the most that it may be.
_BOUNDS = {"timeout_seconds": (10, 3600), "log_kb": (64, 4096), "text_kb": (16, 4096), "total_kb": (256, 65536)}
_OPTIONS = {
    **action_options("diagnostics", *_BOUNDS, "of", "sysrq", "mask"),
    **action_options("diagnostics", site_advisories="advisories"),
    "output_dir": {"type": "path"},
    "options_from": {"type": "str"},
}
#: What an answer has beside what was asked for: banners, complaints.
_BESIDE_BYTES = 2**20


class ActionModule(RoleAction):
    """Asks a host by the program of diagnostics/diagnostics_program.py, which writes nothing there, and packs what it answers."""

    REASONS = (EvidenceError,)

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        self.options = self.chosen("diagnostics", _OPTIONS, _BOUNDS, task_vars)
        try:
            self.catalogue = merge_site_advisories(load_catalogue(), self.options["site_advisories"])
        except AdvisoryError as error:
            raise AnsibleActionFail(f"site_advisories: {error}") from None
        if self.options["of"] == "named":
            require_named_hosts(self._task.get_play().hosts, task_vars, "Diagnostics are taken of named hosts alone")
        if self._task.check_mode:
            return self._nothing("No diagnostics were taken, since this is check mode. Nothing was asked of the host.")
        if self.options["of"] == "trouble" and not self._is_in_trouble():
            return self._nothing("No diagnostics were taken: the host does not show the trouble.")
        return self._taken(task_vars)

    def _nothing(self, sentence: str) -> dict[str, Any]:
        Display().display(f"\n{self.host}: {sentence}")
        return {"changed": False, "diagnostics": {"host": self.host, "taken": False, "sentences": [sentence]}}

    def _is_in_trouble(self) -> bool:
        facts = self.gathered_facts(self.options["timeout_seconds"])
        return judge_host(Gathered(facts), self.catalogue)["symptom"] is True

    def _taken(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        nonce, most_bytes = secrets.token_hex(8), self.options["total_kb"] * 1024
        program = render_diagnostics(
            nonce, seconds=self.options["timeout_seconds"], log_kb=self.options["log_kb"], text_kb=self.options["text_kb"],
            most_bytes=most_bytes, sysrq=self.options["sysrq"],
        )  # fmt: skip
        answer = self.answer_to(program, self.options["timeout_seconds"], terminal=False, most_bytes=2 * most_bytes + _BESIDE_BYTES)
        with limited_processor_time(ARCHIVE_SECONDS):
            collected = members_of(read_transcript(str(answer["stdout"]), nonce, most_bytes))
            return self._packed(collected, task_vars)

    def _packed(self, collected: Collected, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        now, mark = time.time(), secrets.token_hex(4)[:7]
        texts = {path: without_secrets(path, text) for path, text in collected.texts.items()}
        collected = replace(collected, texts=texts)
        result = judged_of(collected, self.catalogue)
        label, counts = safe_name(self.host) or "host", None
        odd: list[str] = []
        if self.options["mask"]:
            label = f"masked-{mark}"
            collected, result, counts, odd = self._masked(collected, result, label, str(task_vars.get("ansible_host") or ""))
        stem = f"sosreport-{label}-{time.strftime('%Y-%m-%d', time.gmtime(now))}-{mark}"
        data = packed(stem, collected.texts, collected.links, int(now))
        told = Packed(f"{stem}.tar.gz", len(data), hashlib.sha256(data).hexdigest(), label if counts else self.host, counts, now)
        text = ticket(collected, result, told) + "".join(f"{sentence}\n" for sentence in odd)
        paths = self._written(stem, data, text)
        Display().display(f"\n{text}")
        found = {
            "host": self.host, "taken": True, "sentences": text.splitlines(), "verdict": result["verdict"], "members": len(collected.texts),
            "archive_bytes": len(data), "sha256": told.sha256, "whole": collected.whole, "cut": sorted(collected.cut),
        }  # fmt: skip
        return {"changed": False, "diagnostics": found, **paths}

    def _masked(
        self, collected: Collected, result: dict[str, Any], label: str, address: str
    ) -> tuple[Collected, dict[str, Any], dict[str, int], list[str]]:
        """(the members, the result and what was masked, sentences on what that changed): the result is the one of the masked report, so
        that the text tells no name either."""
        kept = {path: text for path, text in collected.texts.items() if path != "etc/machine-id"}
        mask = Masking(label, kept, [self.host, address])
        masked = replace(collected, texts={path: mask.masked(path, text) for path, text in kept.items()})
        again = judged_of(masked, self.catalogue)
        odd = [] if alike(result, again) else [f"The mask changed what an audit reads: unmasked, the host is {result['verdict']}."]
        return masked, again, mask.counts(), odd

    def _written(self, stem: str, data: bytes, text: str) -> dict[str, str]:
        if not self.options["output_dir"]:
            return {}
        folder = Path(self.options["output_dir"]).absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # a kernel log is not for all users
            write_whole(folder / f"{stem}.tar.gz", data, 0o600)
            write_whole(folder / f"{stem}.txt", text, 0o600)
        except OSError as error:
            raise AnsibleActionFail(f"output_dir: {os_failure(error)}") from None
        return {"archive": str(folder / f"{stem}.tar.gz"), "text": str(folder / f"{stem}.txt")}
