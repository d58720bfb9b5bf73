# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Once for the fleet: judge every host, write the reports, print the table."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Container, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.fact_cache import (
    FactCache,
    FactCacheError,
    facts_outlive_the_run,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.record_variable import (
    HostVariables,
    RecordVariableError,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import OFF, Keeping, default_url
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.remember import remember
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.handed_on import facts_to_hand_on
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.acknowledged import (
    AcknowledgedError,
    ended_sentences,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import REPORT_FILES, metrics_are_of_others, write_reports
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet, no_search_for_cycles
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.host_end import HostEnd, audit_ends, workaround_ends
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.in_turn import in_turn
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.job_statistics import fleet_statistics
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.older_evidence import older_observations
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.push import PushError, push_metrics, push_target
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.registered import gathered_of, is_unreached
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.screen import coloured, screen_lines, show_or_hand_on
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.site import site_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.slices import HandedOn, reader
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.sound import told_soundly
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.whereabouts import whereabouts
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.controller_action import ControllerAction
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.kept_on_disk import KeptOnDisk
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.progress import with_progress
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options, role_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import fault, os_failure
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import plain
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import Change, change_of

#: The options of the role audit that are this action's too, under the same names.
_OF_AUDIT = (
    "output_dir",
    "compare",
    "troubled",
    "history_label",
    "history_keep_days",
    "past",
    "save_dir",
    "facts_max_age_seconds",
    "fail_on",
    "fail_on_new",
    "ignore_unreachable",
    "listing",
    "acknowledged",
    "metrics",
    "push_url",
    "push_timeout_seconds",
)
_OPTIONS = {
    "gathered": {"type": "str", "required": True},
    "recorded": {"type": "str"},
    "changed_by": {"type": "str", "choices": ["workaround"]},
    "options_from": {"type": "str"},
    "slices": {"type": "str", "choices": ["hand_on", "merge"]},
    "history": {"type": "str", "default": OFF},
    **action_options("audit", *_OF_AUDIT, site_advisories="advisories"),
    **action_options("workaround", "fail_uncured"),
}
#: The options that each role has; other names of variables are not this action's business.
_TAKEN = {
    "audit": (*_OF_AUDIT, "site_advisories"),
    "workaround": ("output_dir", "site_advisories", "fail_uncured", "ignore_unreachable", "push_url", "push_timeout_seconds"),
}

_METRICS_STAY = (
    "{} stays as the audit before left it: it has hosts that this one did not ask, and their alerts would end. To audit a part of the "
    "inventory every night, use pagealloc_hosts and not --limit."
)
#: So many sentences on acknowledgements that ended go to the output.
_MOST_WARNINGS = 5

#: What was gathered of each host, what was changed on it, which hosts could not be reached now, and the paths of older evidence.
_Seen = tuple[Mapping[str, Gathered], dict[str, Change], set[str], dict[str, list[str]]]


class ActionModule(ControllerAction):
    """Reads what each host of the play registered; touches no host."""

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        role = str(self._task.args.get("changed_by") or "audit")
        self.take_options_from(task_vars, _TAKEN.get(role, ()))
        if role in _TAKEN:
            self._task.args.setdefault("output_dir", role_options(role)["pagealloc_output_dir"]["default"])
        _unused, options = self.validate_argument_spec(_OPTIONS)
        self.require_run_once(task_vars)
        try:
            return {"changed": False, **_report(options, task_vars, check_mode=self._task.check_mode)}
        except AdvisoryError as error:
            raise AnsibleActionFail(f"site_advisories: {error}") from None
        except AcknowledgedError as error:
            raise AnsibleActionFail(f"acknowledged: {error}") from None
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

    site = site_of(options["acknowledged"], task_vars)
    with no_search_for_cycles():
        merging = options["slices"] == "merge"
        gathered, changes, unreached, older = (_of_slices if merging else _registered)(hosts, options, task_vars, say)
        comparing = options["compare"] and not options["changed_by"]
        how = {"comparing": comparing, "troubled": options["troubled"], "changes": changes, "results": KeptOnDisk() if merging else None}
        judged, new = judge_fleet(gathered, options["site_advisories"], site=site, **how), None
        elsewhere = {str(host) for host in (task_vars.get("groups") or {}).get("all", ())} - set(judged["hosts"])
        whole_fleet = not elsewhere
        if options["history"] != OFF:
            new = _remember(judged, older, options, task_vars, whole_fleet=whole_fleet, check_mode=check_mode)
        with in_turn(options["output_dir"], REPORT_FILES, judged["hosts"], whole_fleet=whole_fleet) as kept:
            stays = _is_limited(options, task_vars) and metrics_are_of_others(options["output_dir"], judged["hosts"])
            written = {"elsewhere": elsewhere if options["changed_by"] else (), "without": {"prometheus"} if stays else ()}
            fleet, (paths, answer) = told_soundly(judged, lambda one: _told(one, options, task_vars, **written))
    kept_sentences = (sentence for sentence in (kept, _METRICS_STAY.format(paths["prometheus"]) if stays else "") if sentence)
    for warning in (*kept_sentences, *islice(ended_sentences(site.acknowledged, fleet["hosts"], site.today), _MOST_WARNINGS)):
        display.warning(warning)
    pushed = _pushed(paths["prometheus"], options, task_vars) if options["push_url"] and not check_mode else {}
    show_or_hand_on(f"\n{answer}")
    ends = _ends(fleet, options, unreached, new)
    return {**_result(fleet, paths, changing=bool(changes)), **pushed, "ends": ends, "answer": answer}


def _told(
    fleet: Mapping[str, Any], options: dict[str, Any], task_vars: Mapping[str, Any], **how: Collection[str]
) -> tuple[dict[str, str], str]:
    """(paths of the reports, the answer for the terminal). ``how``: more of write_reports."""
    paths = write_reports(fleet, options["output_dir"], metrics=options["metrics"], **how)
    where = whereabouts(paths["html"], task_vars, kept=Path(paths["html"]).stat().st_dev != Path("/").stat().st_dev)
    return paths, render_answer(fleet, options["listing"], where, coloured, screen_lines())


def _is_limited(options: dict[str, Any], task_vars: Container[str]) -> bool:
    """Whether this is an audit with --limit: its metrics would take the place of those of all hosts, and the others' alerts would end."""
    return "ansible_limit" in task_vars and not options["changed_by"]


def _pushed(metrics: str, options: dict[str, Any], task_vars: Container[str]) -> dict[str, Any]:
    """Whether the metrics in this file were sent. That they were not costs the audit nothing else."""
    try:
        if _is_limited(options, task_vars):
            raise PushError(
                "with --limit, the metrics of some hosts would replace those of all. To audit a part every night, use pagealloc_hosts"
            )
        target = push_target(options["push_url"], options["changed_by"] or "audit")
        push_metrics(target, Path(metrics).read_bytes(), options["push_timeout_seconds"])
    except (PushError, OSError) as error:
        told = os_failure(error) if isinstance(error, OSError) else str(error)
        Display().warning(f"The metrics were not sent. The reports are complete. pagealloc_push_url: {told}")
        return {"push": {"sent": False, "fault": told}}
    return {"push": {"sent": True, "fault": ""}}


def _ends(fleet: Mapping[str, Any], options: dict[str, Any], unreached: set[str], new: set[str] | None) -> dict[str, HostEnd]:
    lost = set() if options["ignore_unreachable"] else unreached
    if options["changed_by"]:
        return workaround_ends(fleet, lost, fail_uncured=options["fail_uncured"])
    return audit_ends(fleet, options["fail_on"], lost, new if options["fail_on_new"] else None)


def _result(fleet: Mapping[str, Any], paths: Mapping[str, str], *, changing: bool) -> dict[str, Any]:
    stats = {"data": fleet_statistics(fleet, paths["csv"]), "per_host": False, "aggregate": False}
    changed = {host: result["change"] for host, result in fleet["hosts"].items() if "change" in result} if changing else {}
    told = {host: {"outcome": change["outcome"], "reason": " ".join(change["sentences"][:1])} for host, change in changed.items()}
    new = fleet["history"]["new_verdicts"] if fleet["history"] else fleet["counts"]
    result = {"counts": fleet["counts"], "new_counts": new, "files": paths, "ansible_stats": stats}
    return {**result, **({"changes": told} if told else {})}


def _registered(hosts: list[str], options: dict[str, Any], task_vars: dict[str, Any], say: Callable[[int, float], None]) -> _Seen:
    """What the hosts of the play registered. What Ansible's fact cache got from no task is put into it."""
    gathered, changes, unreached, cacheless, older = {}, {}, set(), [], {}
    for host in with_progress(hosts, say):
        variables = HostVariables(task_vars["hostvars"], host)
        registered = variables.raw.get(options["gathered"])
        gathered[host] = gathered_of(registered, variables, options)
        older.update(_older_evidence(host, variables, options))
        if is_unreached(registered, variables, options):
            unreached.add(host)
        if options["changed_by"]:
            changes[host] = _change(registered)
        if not (isinstance(registered, Mapping) and "ansible_facts" in registered) and gathered[host].asked:
            cacheless.append(host)
    if options["slices"] == "hand_on" and facts_outlive_the_run():
        _hand_on({host: gathered[host] for host in cacheless})
    return gathered, changes, unreached, older


def _hand_on(gathered: Mapping[str, Gathered]) -> None:
    now = int(time.time())
    try:
        cache = FactCache()
        for host, one in gathered.items():
            cache.add(host, facts_to_hand_on(one, now))
    except FactCacheError as error:
        Display().warning(f"Some hosts are missing in the fact cache, so a report of several slices will lack them. {error}")


def _of_slices(hosts: list[str], options: dict[str, Any], task_vars: dict[str, Any], say: Callable[[int, float], None]) -> _Seen:
    """What earlier audits handed on. A host with recorded evidence needs none of them."""
    if not options["save_dir"] and not facts_outlive_the_run():
        raise AnsibleActionFail(
            "There are no saved audits to report. Turn on Ansible's fact cache (fact_caching, in AWX use_fact_cache) for the audits and "
            "for this playbook, or give both of them one folder as audit_save_dir"
        )
    read_one = reader(options["save_dir"], int(time.time()), options["facts_max_age_seconds"])

    def read(host: str) -> Gathered:
        found = read_one(host)
        return found if found.asked else gathered_of(None, variables_of(host), options, otherwise=found)

    def variables_of(host: str) -> HostVariables:
        return HostVariables(task_vars["hostvars"], host)

    asked = hosts if options["history"] != OFF else ()
    older = {host: paths for each in asked for host, paths in _older_evidence(each, variables_of(each), options).items()}
    return HandedOn(hosts, read, say), {}, set(), older


def _change(result: Any) -> Change:
    try:
        return change_of(_without_marks(result))
    except Exception as error:  # as of its facts: one host may not cost the fleet its report
        return change_of({"msg": fault(error)})


def _remember(
    fleet: dict[str, Any],
    older: Mapping[str, list[str]],
    options: dict[str, Any],
    task_vars: dict[str, Any],
    *,
    whole_fleet: bool,
    check_mode: bool,
) -> set[str]:
    sources = "+".join(Path(str(source)).name for source in task_vars.get("ansible_inventory_sources") or ())
    inventory = task_vars.get("awx_inventory_name") or sources or "fleet"
    keeping = Keeping(
        url=options["history"] or default_url(options["output_dir"]),
        label=str(options["history_label"] or inventory)[:200],
        keep_days=options["history_keep_days"],
        whole_fleet=whole_fleet,
        write=not check_mode,
        past=options["past"] or "",
    )
    new = remember(fleet, keeping, int(time.time()), older_observations(older, options["site_advisories"]))
    if fleet["history"]["fault"]:
        Display().warning(f"The audit continues without its history. {fleet['history']['fault']}")
    return new


def _older_evidence(host: str, variables: HostVariables, options: dict[str, Any]) -> dict[str, list[str]]:
    """{the host: the paths of its older evidence} where it has any. A variable that lists no paths costs the host its past alone."""
    try:
        paths = variables.recorded_paths(f"{options['recorded']}_older") if options["recorded"] and options["history"] != OFF else []
    except RecordVariableError as error:
        Display().warning(f"{host}: its older evidence could not be read. {error}")
        return {}
    return {host: paths} if paths else {}


def _without_marks(result: Any) -> Any:
    """What tells of a change, in plain types. Newer versions of Ansible put more into a result, and not all of it is data."""
    if not isinstance(result, Mapping):
        return None
    return plain({name: result[name] for name in ("change", "msg", "unreachable") if name in result}, "registered")
