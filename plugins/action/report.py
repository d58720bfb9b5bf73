# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Once for the fleet: judge every host, write the reports, print the table."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.fact_cache import (
    FactCache,
    FactCacheError,
    facts_outlive_the_run,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.record_variable import RecordVariableError, recorded_path
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import OFF, Keeping, default_url
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.remember import remember
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.handed_on import facts_to_hand_on
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import REPORT_FILES, write_reports
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet, no_search_for_cycles
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.in_turn import in_turn
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.screen import coloured, show
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.slices import HandedOn, reader
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.sound import told_soundly
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.table import render_table
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.controller_action import ControllerAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.kept_on_disk import KeptOnDisk
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.progress import with_progress
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import fault, os_failure
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import plain
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import Change, change_of

_OPTIONS = {
    "gathered": {"type": "str", "required": True},
    "recorded": {"type": "str"},
    "changed_by": {"type": "str", "choices": ["workaround"]},
    "slices": {"type": "str", "choices": ["hand_on", "merge"]},
    "history": {"type": "str", "default": OFF},
    **action_options("audit", "output_dir", "compare", "troubled", "history_label", "history_keep_days", site_advisories="advisories"),
    **action_options("audit", "save_dir", "facts_max_age_seconds"),
}


class ActionModule(ControllerAction):
    """Reads what each host of the play registered; touches no host."""

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        _unused, options = self.validate_argument_spec(_OPTIONS)
        self.require_run_once(task_vars)
        try:
            return {"changed": False, **_report(options, task_vars, check_mode=self._task.check_mode)}
        except AdvisoryError as error:
            raise AnsibleActionFail(f"site_advisories: {error}") from None
        except FactCacheError as error:
            raise AnsibleActionFail(f"The fact cache cannot be used. {error}") from None
        except OSError as error:
            raise AnsibleActionFail(f"output_dir: {os_failure(error)}") from None


def _report(options: dict[str, Any], task_vars: dict[str, Any], *, check_mode: bool) -> dict[str, Any]:
    hosts = [str(host) for host in task_vars.get("ansible_play_hosts_all", [])]
    display = Display()
    display.display(f"Judging {count_of(len(hosts), 'host')} ...")

    def say(number: int, _seconds: float) -> None:
        display.display(f"{number:,} of {count_of(len(hosts), 'host')} read ...")

    with no_search_for_cycles():
        merging = options["slices"] == "merge"
        gathered, changes = _of_slices(hosts, options, task_vars, say) if merging else _registered(hosts, options, task_vars, say)
        comparing = options["compare"] and not options["changed_by"]
        how = {"comparing": comparing, "troubled": options["troubled"], "changes": changes, "results": KeptOnDisk() if merging else None}
        judged = judge_fleet(gathered, options["site_advisories"], **how)
        if options["history"] != OFF:
            _remember(judged, options, task_vars, check_mode=check_mode)
        whole_fleet = _is_whole_fleet(judged, task_vars)
        with in_turn(options["output_dir"], REPORT_FILES, judged["hosts"], whole_fleet=whole_fleet) as kept:
            fleet, (paths, table) = told_soundly(
                judged, lambda one: (write_reports(one, options["output_dir"]), render_table(one, coloured))
            )
    if kept:
        display.warning(kept)
    show("\n" + table)
    display.display(f"\nReport: {paths['html']}")
    stats = {"data": {"pagealloc_counts": fleet["counts"]}, "per_host": False, "aggregate": True}
    changed = {host: result["change"] for host, result in fleet["hosts"].items() if "change" in result} if changes else {}
    told = {host: {"outcome": change["outcome"], "reason": " ".join(change["sentences"][:1])} for host, change in changed.items()}
    new = fleet["history"]["new_verdicts"] if fleet["history"] else fleet["counts"]
    result = {"counts": fleet["counts"], "new_counts": new, "files": paths, "ansible_stats": stats}
    return {**result, **({"changes": told} if told else {})}


def _registered(
    hosts: list[str], options: dict[str, Any], task_vars: dict[str, Any], say: Callable[[int, float], None]
) -> tuple[Mapping[str, Gathered], dict[str, Change]]:
    """What the hosts of the play registered, and what was changed on them. What Ansible's fact cache got from no task is put into it."""
    hostvars, gathered, changes = task_vars["hostvars"], {}, {}
    cacheless = []
    for host in with_progress(hosts, say):
        registered = dict(hostvars.raw_get(host)).get(options["gathered"])
        gathered[host] = _gathered(registered, hostvars, host, options)
        if options["changed_by"]:
            changes[host] = _change(registered)
        if not (isinstance(registered, Mapping) and "ansible_facts" in registered) and gathered[host].asked:
            cacheless.append(host)
    if options["slices"] == "hand_on" and facts_outlive_the_run():
        _hand_on({host: gathered[host] for host in cacheless})
    return gathered, changes


def _hand_on(gathered: Mapping[str, Gathered]) -> None:
    now = int(time.time())
    try:
        cache = FactCache()
        for host, one in gathered.items():
            cache.add(host, facts_to_hand_on(one, now))
    except FactCacheError as error:
        Display().warning(f"Not all hosts are in the fact cache, so a report of several slices will lack them. {error}")


def _of_slices(
    hosts: list[str], options: dict[str, Any], task_vars: dict[str, Any], say: Callable[[int, float], None]
) -> tuple[Mapping[str, Gathered], dict[str, Change]]:
    """What earlier audits handed on. A host with recorded evidence needs none of them."""
    if not options["save_dir"] and not facts_outlive_the_run():
        raise AnsibleActionFail(
            "There is nothing to make a report of. Turn on Ansible's fact cache (fact_caching, in AWX use_fact_cache) for the audits and "
            "for this playbook, or give both of them one folder as audit_save_dir"
        )
    read_one = reader(options["save_dir"], int(time.time()), options["facts_max_age_seconds"])

    def read(host: str) -> Gathered:
        found = read_one(host)
        return found if found.asked else _gathered(None, task_vars["hostvars"], host, options, otherwise=found)

    return HandedOn(hosts, read, say), {}


def _change(result: Any) -> Change:
    try:
        return change_of(_without_marks(result))
    except Exception as error:  # as of its facts: one host may not cost the fleet its report
        return change_of({"msg": fault(error)})


def _remember(fleet: dict[str, Any], options: dict[str, Any], task_vars: dict[str, Any], *, check_mode: bool) -> None:
    sources = "+".join(Path(str(source)).name for source in task_vars.get("ansible_inventory_sources") or ())
    inventory = task_vars.get("awx_inventory_name") or sources or "fleet"
    keeping = Keeping(
        url=options["history"] or default_url(options["output_dir"]),
        label=str(options["history_label"] or inventory)[:200],
        keep_days=options["history_keep_days"],
        whole_fleet=_is_whole_fleet(fleet, task_vars),
        write=not check_mode,
    )
    remember(fleet, keeping, int(time.time()))
    if fleet["history"]["fault"]:
        Display().warning(f"The audit goes on without its history. {fleet['history']['fault']}")


def _is_whole_fleet(fleet: Mapping[str, Any], task_vars: Mapping[str, Any]) -> bool:
    return set((task_vars.get("groups") or {}).get("all", ())) <= set(fleet["hosts"])


def _without_marks(result: Any) -> Any:
    """What tells of a change, in plain types. Newer versions of Ansible put more into a result, and not all of it is data."""
    if not isinstance(result, Mapping):
        return None
    return plain({name: result[name] for name in ("change", "msg", "unreachable") if name in result}, "registered")


def _gathered(result: Any, hostvars: Any, host: str, options: dict[str, Any], otherwise: Gathered | None = None) -> Gathered:
    """What a host registered; of one that did not, since its evidence is recorded, what the record holds, or ``otherwise`` where there is
    no record. Never raises."""

    def read() -> Gathered:
        if result is None and options["recorded"]:
            try:
                path = recorded_path(hostvars, host, options["recorded"])
            except RecordVariableError as error:
                return Gathered(None, str(error))
            if path is not None:
                return Gathered.from_record(path)
        return otherwise or Gathered.from_result(result)

    return Gathered.whatever(read)
