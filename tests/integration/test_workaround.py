# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workaround playbook as its users run it, short of a change: what it does to a kernel is for the lab (tests/lab).

No test here may change this machine. Each runs in check mode, or on accounts that may not write and whose shells keep the program
from running; the last test of all sees that nothing was changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import RECORD, SETTINGS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS, NEWER

from tests.conftest import cannot_run
from tests.playbook import Ansible
from tests.security.fuzz.properties import harmless_page
from tests.sshd import Sshd, free_port, listener

HERE = {"ansible_connection": "local"}
SYSCTLS = Path("/proc/sys/vm")
QUICK = {"workaround_verify_seconds": 0, "workaround_watch_seconds": 0, "workaround_timeout_seconds": 30}


def this_machine() -> tuple[str, list[str]]:
    """What a change would change: the values in force, and our files."""
    values = [(SYSCTLS / name).read_text().strip() for name in KEYS if (SYSCTLS / name).exists()]
    return " ".join(values), [path for path in (SETTINGS, RECORD) if os.path.lexists(path)]


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    before = this_machine()
    yield
    assert this_machine() == before, "a test changed this machine"


def now_kb() -> int:
    return int((SYSCTLS / "min_free_kbytes").read_text())


def at_risk_here() -> dict[str, Any]:
    """Choices that make this machine at_risk: an advisory on the driver that it has, whose value it has not yet."""
    links = sorted(Path("/sys/class/net").glob("*/device/driver"))
    if not links:
        cannot_run("this machine has no network card, so no advisory matches it")
    driver = links[0].resolve().name
    advisory = {
        "id": "site-this-machine",
        "title": "this machine's own driver asks for order-2 pages",
        "driver": driver,
        "in_tree_only": False,
        "order": 2,
        "workaround": {"min_free_kbytes": now_kb() + 4096},
        "fix": "None is needed.",
        "references": ["https://wiki.example.com/this-machine"],
    }
    return {"pagealloc_advisories": [advisory], "workaround_steps_kb": [now_kb() + 8192], "workaround_conflicts": "override", **QUICK}


def outcomes(fleet: dict[str, Any]) -> dict[str, str]:
    return {name: host["change"]["outcome"] for name, host in fleet["hosts"].items()}


def said(fleet: dict[str, Any], host: str) -> str:
    return " ".join(fleet["hosts"][host]["change"]["sentences"])


def test_check_mode_plans_and_changes_nothing(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    hosts = {"near": HERE, "far": {"ansible_host": "127.0.6.1", **sshd.variables()}}
    fleet, done = ansible.workaround(tmp_path, hosts, "--check", "--diff", **at_risk_here())
    assert outcomes(fleet) == {"near": "planned", "far": "planned"}
    for host in fleet["hosts"].values():
        assert host["verdict"] == host["change"]["before"]["verdict"] == "at_risk", host["reasons"]
        assert host["change"]["after"] is None and host["change"]["step"] == 1
        assert host["change"]["before"]["min_free_kbytes"] == now_kb()
    step = f"Step 1 of 2: vm.min_free_kbytes from {now_kb()} to {now_kb() + 4096} kB, for advisory site-this-machine."
    assert fleet["hosts"]["far"]["change"]["sentences"][0] == step
    assert f"-vm.min_free_kbytes = {now_kb()}\n+vm.min_free_kbytes = {now_kb() + 4096}\n" in done.stdout
    table = done.stdout[done.stdout.rindex("HOST ") : done.stdout.rindex("Report: ")]
    assert "Workaround: 2 planned" in table and max(map(len, table.splitlines())) <= 80
    assert {path.name for path in (tmp_path / "pagealloc-workaround").iterdir()} == {
        ".audit.lock",
        "fleet.json",
        "fleet.html",
        "fleet.csv",
        "pagealloc.prom",
    }


def test_the_settings_of_newer_kernels_are_planned_or_refused_by_name(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    choices = at_risk_here()
    choices["pagealloc_advisories"][0]["workaround"] = {"watermark_scale_factor": 60, "compaction_proactiveness": 40}
    far = {"far": {"ansible_host": "127.0.6.1", **sshd.variables()}}
    there = {name: int((SYSCTLS / name).read_text()) for name in NEWER if (SYSCTLS / name).exists()}
    fleet, done = ansible.workaround(tmp_path, far, "--check", "--diff", **choices)
    change = fleet["hosts"]["far"]["change"]
    assert {name: change["before"][name] for name in NEWER} == {name: there.get(name) for name in NEWER}
    for name, wanted in (("watermark_scale_factor", 60), ("compaction_proactiveness", 40)):
        if name in there:
            assert f"vm.{name} from {there[name]} to {wanted}, for advisory site-this-machine." in change["sentences"]
            assert f"-vm.{name} = {there[name]}\n" in done.stdout and f"+vm.{name} = {wanted}\n" in done.stdout
        else:
            assert f"vm.{name} stays unchanged: this kernel does not have it" in " ".join(change["sentences"])
        chosen, _done = ansible.workaround(tmp_path, far, "--check", **choices, workaround_remedies=[name])
        assert outcomes(chosen) == {"far": "planned" if name in there else "refused"}
    assert outcomes(fleet) == {"far": "planned" if there else "refused"}


def test_nothing_is_done_where_nothing_asks_for_it(ansible: Ansible, tmp_path: Path) -> None:
    fleet, done = ansible.workaround(tmp_path, {"here": HERE}, "--check")
    assert outcomes(fleet) == {"here": "none"} and "changed=0" in done.stdout
    fleet, done = ansible.workaround(tmp_path, {"here": HERE}, "--check", workaround_state="absent")
    assert outcomes(fleet) == {"here": "kept"} and "changed=0" in done.stdout
    assert said(fleet, "here") == "This host has no record of a workaround."


def test_a_host_on_which_no_step_is_safe_is_refused_with_the_arithmetic(ansible: Ansible, tmp_path: Path) -> None:
    choices = {**at_risk_here(), "workaround_cap_percent": 0.001}
    fleet, done = ansible.workaround(tmp_path, {"here": HERE}, "--check", **choices)
    assert outcomes(fleet) == {"here": "refused"} and "0.001 % of the host's" in said(fleet, "here")
    assert "changed=0" in done.stdout, "and by itself that fails nothing"
    _fleet, done = ansible.workaround(tmp_path, {"here": HERE}, "--check", check=False, **choices, workaround_fail_on=["refused"])
    assert done.returncode == 2 and "refused: The next step" in done.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"workaround_state": "gone"}, "workaround_state"),
        ({"workaround_watch_seconds": "soon"}, "workaround_watch_seconds"),
        ({"workaround_conflicts": "ignore"}, "workaround_conflicts"),
        ({"workaround_remedies": ["swappiness"]}, "workaround_remedies"),
        ({"workaround_fail_on": ["planned"]}, "workaround_fail_on"),
        ({"pagealloc_advisories": [{"id": "mlx4_en-rhel-6.4-order-2", "condition": "nics["}]}, "pagealloc_advisories: "),
        ({"pagealloc_output_dir": "/proc/no/such"}, "/proc/no"),
    ],
)
def test_a_wrong_option_ends_it_before_a_host_is_asked(ansible: Ansible, tmp_path: Path, options: dict[str, Any], says: str) -> None:
    fleet, done = ansible.workaround(tmp_path, {"here": HERE}, "--check", check=False, **options)
    assert done.returncode == 2 and fleet == {}
    assert says in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"workaround_steps_kb": [268435456]}, "here: steps_kb: 268435456 looks like bytes; the unit is kB: 262144"),
        ({"workaround_steps_kb": [2, 1]}, "here: steps_kb: the steps do not increase"),
        ({"workaround_cap_percent": 5}, "here: cap_percent: '5.0' is outside the allowed range; give more than 0 and less than 5"),
        ({"workaround_watch_seconds": -1}, "here: watch_seconds: -1 is not a number of seconds; give 0 or more"),
    ],
)
def test_a_choice_that_cannot_be_fails_the_host_untouched(ansible: Ansible, tmp_path: Path, options: dict[str, Any], says: str) -> None:
    fleet, done = ansible.workaround(tmp_path, {"here": HERE}, "--check", check=False, **options)
    assert done.returncode == 2
    assert outcomes(fleet) == {"here": "failed"} and said(fleet, "here").startswith(says)


def test_hosts_that_cannot_be_reached_are_in_the_report_once(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    with listener(lambda connection: None) as silent:
        hosts = {
            "fine": {"ansible_host": "127.0.6.2", **sshd.variables()},
            "silent": {"ansible_host": "127.0.0.1", **sshd.variables(), "ansible_port": silent},
            "refused": {"ansible_host": "127.0.0.1", **sshd.variables(), "ansible_port": free_port()},
        }
        choices = {**at_risk_here(), "workaround_timeout_seconds": 8, "workaround_serial": "100%", "pagealloc_ignore_unreachable": True}
        fleet, _done = ansible.workaround(tmp_path, hosts, "--check", "-T", "4", **choices)
        assert outcomes(fleet) == {"fine": "planned", "silent": "unreachable", "refused": "unreachable"}
        assert {name: host["verdict"] for name, host in fleet["hosts"].items()} == {
            "fine": "at_risk", "silent": "stalled", "refused": "unreachable"
        }  # fmt: skip
        _fleet, done = ansible.workaround(tmp_path, hosts, "--check", "-T", "4", check=False, **choices, workaround_fail_on=["unreachable"])
    assert done.returncode == 2 and "unreachable: " in done.stdout


def test_a_failure_ends_it_before_the_next_batch(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {f"h{number}": dict(HERE) for number in range(4)}
    hosts["h1"] |= {"workaround_cap_percent": 9}
    choices = {**at_risk_here(), "workaround_serial": [1, 1, "100%"]}
    fleet, done = ansible.workaround(tmp_path, hosts, "--check", check=False, **choices)
    assert done.returncode == 2
    assert outcomes(fleet) == {"h0": "planned", "h1": "failed", "h2": "not_reached", "h3": "not_reached"}
    assert sum(fleet["counts"].values()) == 4
    assert "Workaround: 1 failed, 2 not_reached, 1 planned" in done.stdout


def test_the_last_report_has_every_batch(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {f"h{number}": HERE for number in range(3)}
    fleet, _done = ansible.workaround(tmp_path, hosts, "--check", **at_risk_here(), workaround_serial=1)
    assert outcomes(fleet) == dict.fromkeys(hosts, "planned")


# From here on without check mode, on accounts that may not write. Their shells answer the probe as this machine does.

PROGRAM = 'case "$2" in *fleetcare-pagealloc.lock*)\n'
#: The answer to a program that never ran.
ANSWER = """
 nonce=$(printf '%s' "$2" | sed -n 's/.*pagealloc-evidence end \\([0-9a-f]*\\).*/\\1/p' | head -n 1)
 printf '%s\\n' "pagealloc-evidence 1 $nonce" "\\$outcome:$outcome" "\\$reason:{{ 7*7 }} <b>" "pagealloc-evidence end $nonce"; exit 0;;
"""
REST = 'esac\nexec /bin/sh "$@"\n'


def forced(step_kb: int) -> dict[str, Any]:
    return {"workaround_force": True, "workaround_steps_kb": [step_kb], "workaround_conflicts": "override", **QUICK}


@pytest.fixture
def host(sshd: Sshd, account: Callable[[str], str]) -> Callable[[str], dict[str, Any]]:
    """Makes a host of a login shell's script."""
    return lambda script: {"ansible_host": "127.0.6.3", **sshd.variables(account(script))}


def test_without_the_rights_of_root_nothing_is_begun(ansible: Ansible, host: Callable[[str], dict[str, Any]], tmp_path: Path) -> None:
    fleet, done = ansible.workaround(tmp_path, {"low": host('exec /bin/sh "$@"\n')}, **forced(now_kb() + 4096))
    assert outcomes(fleet) == {"low": "refused"} and "changed=0" in done.stdout
    assert said(fleet, "low").endswith("cannot be made: run this as root.")


def test_a_host_that_breaks_off_is_failed_and_not_unreachable(
    ansible: Ansible, host: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    hosts = {
        "odd": host(PROGRAM + " echo 'sudo: {{ 7*7 }}'; exit 1;;\n" + REST),
        "hangup": host(PROGRAM + " kill -9 $PPID; exit 1;;\n" + REST),
        "slow": host(PROGRAM + " exec sleep 60;;\n" + REST),
    }
    choices = {**forced(now_kb() + 4096), "workaround_timeout_seconds": 8, "workaround_serial": "100%"}
    fleet, done = ansible.workaround(tmp_path, hosts, check=False, **choices)
    assert done.returncode == 2 and outcomes(fleet) == dict.fromkeys(hosts, "failed")
    for name in hosts:
        assert "The host finishes on its own, with the old values or the new ones" in said(fleet, name)
    assert "the host's answer is incomplete; it said: sudo: { { 7*7 }}" in said(fleet, "odd")


def test_a_host_that_says_it_is_done_is_not_taken_at_its_word(
    ansible: Ansible, host: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    """The value is not in force when it is looked at again, so the step is put back."""
    script = PROGRAM + ' outcome=applied; case "$2" in *undo_step*) outcome=rolled_back;; esac' + ANSWER + REST
    fleet, done = ansible.workaround(tmp_path, {"liar": host(script)}, check=False, **forced(now_kb() + 4096))
    assert done.returncode == 2 and outcomes(fleet) == {"liar": "rolled_back"}
    assert f"vm.min_free_kbytes is {now_kb()} and not {now_kb() + 4096}: something on the host set it again. " in said(fleet, "liar")
    page = (tmp_path / "pagealloc-workaround" / "fleet.html").read_text()
    assert "{ { 7*7 }} <b>." in said(fleet, "liar") and "} <b>" not in page
    assert any("{ { 7*7 }} <b>." in json.dumps(host["change"]) for host in harmless_page(page)[1:])


@pytest.mark.parametrize("outcome", ["busy", "changed", "failed"])
def test_a_host_that_says_no_is_failed_with_its_words(
    ansible: Ansible, host: Callable[[str], dict[str, Any]], tmp_path: Path, outcome: str
) -> None:
    fleet, done = ansible.workaround(
        tmp_path, {"no": host(PROGRAM + f" outcome={outcome}" + ANSWER + REST)}, check=False, **forced(now_kb() + 4096)
    )
    assert done.returncode == 2 and outcomes(fleet) == {"no": "failed"} and said(fleet, "no") == "{ { 7*7 }} <b>."


def test_a_host_that_is_lost_after_its_change_is_failed_and_not_unreachable(
    ansible: Ansible, host: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    gone = Path(f"/tmp/pagealloc-gone-{os.getpid()}")
    lose = f"[ ! -e {gone} ] || kill -9 $PPID\n"
    script = lose + PROGRAM + f" : >{gone}; outcome=applied" + ANSWER + REST
    try:
        fleet, done = ansible.workaround(tmp_path, {"lost": host(script)}, check=False, **forced(now_kb() + 4096))
    finally:
        gone.unlink(missing_ok=True)
    assert done.returncode == 2 and outcomes(fleet) == {"lost": "failed"}
    assert "the step was applied, but then the host was lost: " in said(fleet, "lost")


def test_the_module_in_a_play_of_ones_own(ansible: Ansible, tmp_path: Path) -> None:
    choices = {name.removeprefix("workaround_"): value for name, value in at_risk_here().items() if name != "pagealloc_advisories"}
    task = {"fleetcare.pagealloc.workaround": {**choices, "site_advisories": at_risk_here()["pagealloc_advisories"]}, "register": "done"}
    show = {"ansible.builtin.debug": {"msg": "{{ [done.change.outcome, done.plan.decision, done is changed] | to_json }}"}}
    done = ansible.play(tmp_path, {"here": HERE}, [task, show], "--check")
    assert json.dumps(["planned", "apply", True]).replace('"', '\\"') in done.stdout
