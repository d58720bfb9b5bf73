# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No text of a host, a record or a report is ever evaluated, whichever of our plugins hands it on, and however.

Each hostile text makes a file where it is evaluated (hostile.py). Each plugin is given hosts that are hostile in every way we
know, and every text that it returns, warns of or raises is used as a playbook would use it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript

from tests.conftest import ROOT
from tests.playbook import Ansible, inventory
from tests.security import hostile
from tests.sshd import Sshd
from tests.tools.sosreports import report_of, write_archive, write_tree

Task = dict[str, Any]

_UPGRADE = {
    "target": {"release": "2.6.32-431.el6.x86_64", "repository": "x"}, "drivers": ["mlx4_en"], "running": "2.6.32-358.el6.x86_64",
    "manager": "yum", "python": "", "asked": True, "at": 1363700000,
}  # fmt: skip
_HOSTILE_UPGRADE = {
    **_UPGRADE, "target": {"release": "{{ said.stdout }}"}, "drivers": ["{{ said.stdout }}"], "running": "{{ said.stdout }}"
}  # fmt: skip

#: Each action with options that make it ask the host, and with options that are at fault.
ACTIONS: dict[str, list[dict[str, Any]]] = {
    "gather": [{}, {"facts": False}, {"save_dir": "saved"}, {"evidence": "{{ said.stdout }}"}],
    "buddyinfo_facts": [{}],
    "nic_driver_facts": [{}],
    "kernel_release_facts": [{}],
    "workaround": [
        {"verify_seconds": 0, "watch_seconds": 0},
        {"state": "absent"},
        {"state": "{{ said.stdout }}"},
        {"site_advisories": [{"id": "{{ said.stdout }}", "driver": "{{ said.stdout }}"}]},
    ],
    "trace": [{"seconds": 4}, {"seconds": 4, "output_dir": "traces"}, {"seconds": "{{ said.stdout }}"}],
    "diagnostics": [{"output_dir": "diagnostics", "mask": True}, {"log_kb": "{{ said.stdout }}"}],
    "kernel_preflight": [
        {},
        {"refuse": False, "reboot": "now"},
        {"reboot": "at", "reboot_at": "{{ said.stdout }}"},
        {"accept": ["{{ said.stdout }}"]},
    ],
    "kernel_install": [{"upgrade": _UPGRADE}, {"upgrade": _HOSTILE_UPGRADE}],
    "kernel_schedule": [{"upgrade": _UPGRADE}, {"upgrade": _HOSTILE_UPGRADE}, {"state": "absent"}, {"cluster": "{{ said.stdout }}"}],
    "kernel_reboot": [{"upgrade": one, "return_seconds": 1, "settle_seconds": 1} for one in (_UPGRADE, _HOSTILE_UPGRADE)],
    "check_options": [{"role": "{{ said.stdout }}"}],
    "report": [
        {"gathered": "got_gather_0", "output_dir": "out", "history": "", "history_label": "{{ said.stdout }}"},
        {"gathered": "got_workaround_0", "changed_by": "workaround", "output_dir": "out"},
        {"gathered": "got_gather_0", "output_dir": "play.yml/{{ said.stdout }}"},
        {"gathered": "got_gather_0", "output_dir": "out", "fail_on": ["unknown", "unreachable", "needs_review", "at_risk", "affected"]},
        {"gathered": "{{ said.stdout }}", "site_advisories": [{"id": "{{ said.stdout }}"}]},
    ],
    "end_as_reported": [{"reported": "got_report_3"}, {"reported": "{{ said.stdout }}"}],
    # what the first report above kept
    "history": [{"output_dir": "out"}, {"output_dir": "out", "host": "fails"}, {"database": "{{ said.stdout }}"}],
    "upgrade_report": [
        {"preflight": "got_kernel_preflight_0", "install": "got_kernel_install_0", "reboot": "got_kernel_reboot_0", "output_dir": "out"},
        {"output_dir": "play.yml/{{ said.stdout }}"},
    ],
}
#: Filters, each by expressions of ``item``, which is first the facts of a hostile host, then what is malformed; the others with
#: what is malformed alone.
FILTERS = {
    "classify": ["item | fleetcare.pagealloc.classify", "whole | fleetcare.pagealloc.classify(item)"],
    "compare": [
        "{'a': {'facts': item, 'symptom': true}, 'b': {'facts': whole, 'symptom': false}} | fleetcare.pagealloc.compare",
        "item | fleetcare.pagealloc.compare", "{} | fleetcare.pagealloc.compare(item)",
    ],
    "headroom": ["item | fleetcare.pagealloc.headroom"],
    "workaround_plan": ["item | fleetcare.pagealloc.workaround_plan", "whole | fleetcare.pagealloc.workaround_plan(item)"],
}  # fmt: skip
TESTS = ("affected", "at_risk", "clear", "mitigated", "needs_review", "reboot_pending", "stalled", "starved", "unknown", "unreachable")
LOOKUPS = {
    "chosen_hosts": ["query('fleetcare.pagealloc.chosen_hosts', said.stdout)", "query('fleetcare.pagealloc.chosen_hosts')"],
    "hosts_to_end": ["query('fleetcare.pagealloc.hosts_to_end', said.stdout, reported=said.stdout)"],
    "live_hosts": ["query('fleetcare.pagealloc.live_hosts', said.stdout)", "query('fleetcare.pagealloc.live_hosts', 'all')"],
    "survey": [
        "query('fleetcare.pagealloc.survey', said.stdout)",
        "query('fleetcare.pagealloc.survey', 'audit', answers={'audit_history_label': said.stdout}, without=['audit_evidence'])",
    ],
}
INVENTORIES = ("sosreport",)
#: Those whose own tasks word a failure: options with which they fail.
ROLES = {
    "audit": {"audit_fail_on": ["affected", "at_risk", "unknown", "unreachable", "needs_review"]},
    "workaround": {
        "workaround_fail_on": ["failed", "refused", "rolled_back", "unreachable", "kept"],
        "workaround_verify_seconds": 0,
        "workaround_watch_seconds": 0,
    },
}

#: Whose answers hold no text of a host; of all others one must have come, or nothing was tried.
SILENT = {"live_hosts", "survey", "chosen_hosts", "hosts_to_end"}


def plugins(kind: str) -> set[str]:
    return {path.stem for path in (ROOT / "plugins" / kind).glob("*.py") if path.stem != "__init__"}


def test_every_plugin_has_a_case() -> None:
    assert plugins("action") == plugins("modules") == set(ACTIONS)
    assert plugins("filter") == set(FILTERS)
    assert {path.stem for path in (ROOT / "plugins" / "test").glob("*.yml")} == set(TESTS)
    assert plugins("lookup") == set(LOOKUPS)
    assert plugins("inventory") == set(INVENTORIES)
    kinds = {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir() and any(path.glob("*.py"))}
    of_ours = {"action", "modules", "filter", "test", "lookup", "inventory", "callback"}
    assert kinds - {"doc_fragments", "module_utils", "plugin_utils"} == of_ours, "a new kind"
    assert plugins("callback") == {"answer_last"}, "shows a text of the report's result, and hands on nothing"


def used(case: str, name: str) -> list[Task]:
    """What a playbook may do with a variable."""
    kept = {"kept": f"{{{{ {name} }}}}", "also_kept": f"{{{{ hostvars[inventory_hostname].{name} }}}}!"}
    return [
        {"say_each": {"of": name, "case": case}},
        *({"ansible.builtin.set_fact": {one: value}, "ignore_errors": True} for one, value in kept.items()),
        {"ansible.builtin.debug": {"msg": "{{ kept }} {{ also_kept }}"}, "ignore_errors": True},
        {"say_each": {"of": "kept", "case": case}},
    ]


def tried(case: str, task: Task, name: str = "got") -> list[Task]:
    """The task with its result used: registered, and again in a rescue."""
    lenient = {**task, "ignore_unreachable": True}
    return [{**lenient, "register": name, "ignore_errors": True}, *used(case, name), rescued(case, lenient)]


def rescued(case: str, task: Task) -> Task:
    """The task with its failure used."""
    rescue = [
        {"say_each": {"of": "ansible_failed_result", "case": case}},
        {"ansible.builtin.debug": {"msg": "{{ ansible_failed_result }} {{ ansible_failed_result.msg | default('') }}"}},
    ]
    return {"block": [task], "rescue": rescue}


def play(ansible: Ansible, folder: Path, source: Path, tasks: list[Task], *words: str, **given: str) -> Counter[str]:
    """Runs the tasks on the hosts of an inventory; how many hostile texts each case brought. Fails where one was evaluated.

    ``given``: texts that a task of Ansible's reads from a file first, so that they are a host's words as any other.
    """
    for name, text in given.items():
        (folder / name).write_text(text)
    read = [
        {"ansible.builtin.command": f"cat {folder / name}", "register": name, "delegate_to": "localhost", "changed_when": False}
        for name in given
    ]
    playbook = folder / "play.yml"
    # not "all", since over that the trace would refuse
    playbook.write_text(json.dumps([{"hosts": "all:&all", "gather_facts": False, "tasks": [*read, *tasks]}]))
    try:
        ansible.run(
            "ansible-playbook", "-i", str(source), "--forks", "12", "--diff", str(playbook), *words, folder=folder,
            ANSIBLE_ACTION_PLUGINS=str(Path(__file__).parent / "action_plugins"),
        )  # fmt: skip
    finally:
        assert_nothing_ran(folder)
    counted: Counter[str] = Counter()
    for line in (folder / "counted").read_text().splitlines():
        case, number = line.rsplit(" ", 1)
        counted[case] += int(number)
    return counted


def here(folder: Path) -> Path:
    return inventory(folder, {"here": {"ansible_connection": "local"}})


def assert_nothing_ran(folder: Path) -> None:
    ran = sorted(path.name for path in folder.rglob("ran-*"))
    assert not ran, f"evaluated: {ran}"


@pytest.mark.slow("every action and role runs against a hostile host")
def test_no_action_hands_out_a_template(each_core: Ansible, sshd: Sshd, account: Callable[[str], str], tmp_path: Path) -> None:
    shells = {
        "prints": hostile.printing_shell(3),
        "breaks": hostile.printing_shell(255),
        "refuses": hostile.answering_shell("refused"),
        "fails": hostile.answering_shell("failed"),
    }
    local = {"ansible_remote_tmp": "/tmp/{{ inventory_hostname }}-" + tmp_path.name}
    hosts = {name: {**sshd.variables(account(shell)), "ansible_host": "127.0.0.1", **local} for name, shell in shells.items()}
    cases = {
        f"{action} {number}": {f"fleetcare.pagealloc.{action}": options}
        for action, several in ACTIONS.items()
        for number, options in enumerate(several)
    }
    tasks = [one for case, task in cases.items() for one in tried(case, task, f"got_{case.replace(' ', '_')}")]
    # a fact is a variable, and a module's answer is the host's
    tasks.append({"ansible.builtin.assert": {"that": ["pagealloc_output_dir is not defined"]}})
    for role, options in ROLES.items():
        tasks += [
            rescued(f"role {role}", {"ansible.builtin.include_role": {"name": f"fleetcare.pagealloc.{role}"}, "vars": options}),
            *used(f"role {role}", {"audit": "__audit_gathered", "workaround": "__workaround_done"}[role]),
        ]
    counted = play(each_core, tmp_path, inventory(tmp_path, hosts), tasks, said=hostile.template("said"))
    assert all(counted[f"role {role}"] for role in ROLES)
    assert not {action for action in ACTIONS if not sum(counted[case] for case in cases if case.split()[0] == action)} - SILENT


def test_no_record_is_a_template(each_core: Ansible, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    paths = []
    for number, (_name, text) in enumerate(hostile.records()):
        paths.append(folder / f"{number}.evidence")
        paths[-1].write_text(text)
    task = {"fleetcare.pagealloc.gather": {"evidence": "{{ item }}"}, "loop": "{{ paths.stdout | from_json }}"}
    given = json.dumps([*map(str, paths), str(folder / hostile.template("path"))])
    counted = play(each_core, tmp_path, here(tmp_path), tried("gather", task), paths=given)
    assert counted["gather"] > 50, "so many of them reach the facts or a message"


@pytest.mark.slow("every filter, test and lookup runs on hostile text")
def test_no_filter_test_or_lookup_hands_out_a_template(each_core: Ansible, tmp_path: Path) -> None:
    expressions = {**FILTERS, **{name: [f"item is fleetcare.pagealloc.{name}"] for name in TESTS}, **LOOKUPS}
    tasks = [{"ansible.builtin.set_fact": {"audit_evidence": "{{ said.stdout }}"}}]
    for name, expression in ((name, one) for name, several in expressions.items() for one in several):
        say = {"ansible.builtin.debug": {"msg": f"{{{{ {expression} }}}}"}, "vars": {"whole": "{{ (facts.stdout | from_json) | first }}"}}
        if expression == FILTERS.get(name, [""])[0]:
            tasks += [{**say, "loop": "{{ facts.stdout | from_json }}", "register": "got"}, *used(name, "got")]
        for number in range(len(hostile.malformed())):  # one by one: an error within a loop ends it
            variables = {**say["vars"], "item": f"{{{{ (malformed.stdout | from_json)[{number}] }}}}"}
            tasks.append(rescued(name, {**say, "vars": variables}))
    given = {"said": hostile.template("said"), "facts": json.dumps(list(hostile.facts())), "malformed": json.dumps(hostile.malformed())}
    counted = play(each_core, tmp_path, here(tmp_path), tasks, **given)
    assert not {name for name in expressions if not counted[name]} - SILENT


_CONSTRUCTED = {
    "strict": False,
    "compose": {
        "plainly": "sosreport_distribution",
        "changed": "sosreport_distribution | upper | lower",
        "joined": "sosreport_distribution ~ sosreport_kernel ~ sosreport_drivers | join('')",
        "listed": "[sosreport_distribution, {'a': sosreport_drivers}]",
        "made": "'{' ~ '{ sosreport_distribution }' ~ '}'",
    },
    "groups": {"same": "sosreport_distribution == 'x'", "named": "sosreport_drivers is defined and sosreport_drivers | length > 0"},
    "keyed_groups": [
        {"key": "sosreport_distribution"},
        {"key": "sosreport_distribution", "prefix": "d", "separator": "", "parent_group": "{{ sosreport_distribution }}"},
        {"key": "sosreport_drivers", "prefix": "x", "trailing_separator": False},
        {"key": "{sosreport_distribution: sosreport_release}", "leading_separator": False},
        {"key": "sosreport_odd", "default_value": "even"},
    ],
}


def reports(folder: Path) -> Path:
    """A folder of reports in which each text carries a template: of the host, of its files, and of the archive."""
    folder.mkdir()
    plain = report_of("db02", read_transcript(hostile.everything()), "3")
    for place in ("etc/oracle-release", "etc/redhat-release"):
        del plain[place]
    name = hostile.template("hostname")
    members = {**plain, "proc/version": f"Linux version {hostile.template('version')} x\n".encode()}
    members |= {path: f"{name}.example.com\n".encode() for path in ("sos_commands/host/hostname", "etc/hostname")}
    members["etc/os-release"] = f'ID="{hostile.template("ID")}"\nVERSION_ID="{hostile.template("VERSION_ID")}"\n'.encode()
    # an inventory's own templates may not look up
    plain["etc/os-release"] = b"ID=\"{{ cycler.__init__.__globals__.os.system('touch ran-system') }}\"\nVERSION_ID=6.4\n"
    write_archive(folder / f"sosreport-{name}-2013-03-25-abcdefg.tar.gz", "sosreport-x", members)
    write_tree(folder / f"sosreport-{hostile.template('folder')}-2013-03-25-abcdefg", plain)
    (folder / f"sosreport-{hostile.template('cut')}-2013-03-25-abcdefg.tar.xz").write_bytes(b"")
    (folder / f"{hostile.template('other')}.tar.gz").write_bytes(b"x")
    return folder


@pytest.mark.parametrize("strict", [False, True])
def test_no_report_is_a_template(each_core: Ansible, tmp_path: Path, strict: bool) -> None:
    reports(tmp_path / "reports")
    source = tmp_path / "reports.yml"
    constructed = {**_CONSTRUCTED, "strict": strict}
    source.write_text(json.dumps({"plugin": "fleetcare.pagealloc.sosreport", "paths": ["reports"], **constructed}))
    listed = each_core.run("ansible-inventory", "-i", str(source), "--list", folder=tmp_path, check=not strict)
    assert_nothing_ran(tmp_path)
    if strict:
        return
    found = json.loads(listed.stdout)["_meta"]["hostvars"]
    assert len(found) == 3 and "touch ran-system" in json.dumps(found["db02"])
    # ansible-core 2.21 marks each text of an inventory plugin in this list that is not trusted, a template or not
    assert found["db02"]["sosreport_release"] in ("6.4", {"__ansible_unsafe": "6.4"}), "what is no template is plain text"
    names = ["inventory_hostname", "group_names", "groups", "ansible_play_hosts_all", *found["db02"]]
    tasks = [task for name in names for task in used(name, name)]
    tasks += tried("live_hosts", {"ansible.builtin.debug": {"msg": "{{ query('fleetcare.pagealloc.live_hosts', 'all') }}"}})
    counted = play(each_core, tmp_path, source, tasks, "-c", "local")
    assert counted["sosreport_distribution"] and counted["audit_evidence"] and counted["plainly"] and counted["listed"]
