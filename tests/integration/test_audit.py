# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit as its users run it: live hosts behind a real sshd, hosts that do not answer, and the recorded fleet."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, SAMPLE_FLEET
from tests.playbook import Ansible
from tests.security.fuzz.properties import harmless_page
from tests.sshd import Sshd, closed_port, free_port, listener


def sample(name: str) -> dict[str, str]:
    return {"audit_evidence": str(SAMPLE_FLEET / "evidence" / f"{name}.evidence")}


def verdicts(fleet: dict[str, Any]) -> dict[str, str]:
    return {host: result["verdict"] for host, result in fleet["hosts"].items()}


#: Every host in the table.
ALL = ("-e", "audit_listing=all")
#: Of hosts that cannot be reached the report tells alone.
LENIENT = ("-e", "pagealloc_ignore_unreachable=true")
#: What an audit leaves in its folder.
WRITTEN = {".audit.lock", "fleet.json", "fleet.html", "fleet.csv", "pagealloc.prom", "history.db"}


def test_the_recorded_fleet_gets_the_verdicts_of_its_story(ansible: Ansible, tmp_path: Path) -> None:
    names = sorted(path.stem for path in (SAMPLE_FLEET / "evidence").glob("*.evidence"))
    fleet, done = ansible.audit(tmp_path, {name: sample(name) for name in names}, *ALL)
    assert verdicts(fleet) == {
        "app10-el7": "clear",
        "app11-el9": "clear",
        "ci12-debian12": "starved",
        "db01-el63": "clear",
        "db02-el64": "at_risk",
        "db03-el64-seed": "affected",
        "db04-el64-numa-mitigated": "mitigated",
        "db05-el65": "clear",
        "db06-el64-reboot": "reboot_pending",
        "db13-el64-numa": "affected",
        "db17-stalled": "stalled",
        "db18-down": "unreachable",
        **dict.fromkeys((f"db{number}-el64" for number in range(20, 26)), "affected"),
        **dict.fromkeys((f"db{number}-el63" for number in range(30, 33)), "clear"),
        **dict.fromkeys((f"db{number}-el65" for number in range(33, 37)), "clear"),
        "edge14-no-ethtool": "unknown",
        "fs16-el64-vendor-module": "affected",
        "hpc08-el64-ofed": "needs_review",
        "ora09-uek": "unknown",
        "sec15-denied-dmesg": "unknown",
        "web07-el64-bond": "affected",
        **dict.fromkeys((name for name in names if name.startswith("web2")), "clear"),
    }
    assert sum(fleet["counts"].values()) == len(names)
    assert set(fleet["counts"].values()) > {1}, "every verdict is there"
    assert all(fleet["counts"].values())
    table = done.stdout[done.stdout.index("HOST ") : done.stdout.index("Report: ")]
    assert max(map(len, table.splitlines())) <= 80
    assert "Both are needed: kernel line 2.6.32-358.el6 (always with distribution rhel" in table
    best = fleet["comparison"]["pairs"][0]
    assert best["both_needed"] and {"fact": "driver", "value": "mlx4_en"} in best["second"]
    assert best["both"] == {"troubled": 10, "hosts": 14} and best["first_only"]["troubled"] == best["second_only"]["troubled"] == 0
    assert table.index("db03-el64-seed") < table.index("db17-stalled") < table.index("db01-el63"), "worst first"
    assert {path.name for path in (tmp_path / "pagealloc-report").iterdir()} == WRITTEN


def test_hosts_behind_a_real_sshd_and_this_machine(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    hosts = {f"h{number}": {"ansible_host": f"127.0.2.{number}", **sshd.variables()} for number in range(1, 6)}
    hosts["here"] = {"ansible_connection": "local"}
    fleet, _done = ansible.audit(tmp_path, hosts)
    assert set(fleet["hosts"]) == set(hosts)
    for result in fleet["hosts"].values():
        assert result["facts"]["kernel"]["release"] == os.uname().release
        assert result["verdict"] not in ("stalled", "unreachable"), result["reasons"]


def test_hosts_that_ssh_cannot_reach_are_told_apart(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    here = sshd.variables()
    no_key = {
        **here,
        "ansible_ssh_private_key_file": str(tmp_path / "no_such_key"),
        "ansible_ssh_extra_args": "-o IdentitiesOnly=yes -o BatchMode=yes",
    }
    with (
        listener(lambda connection: None) as silent,
        listener(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_5.3\r\n")) as banner_only,
        listener(lambda connection: connection.close()) as closing,
    ):
        hosts = {
            "fine": {"ansible_host": "127.0.3.1", **here},
            "silent": {"ansible_host": "127.0.0.1", **here, "ansible_port": silent},
            "banner_only": {"ansible_host": "127.0.0.1", **here, "ansible_port": banner_only},
            "closing": {"ansible_host": "127.0.0.1", **here, "ansible_port": closing},
            "refused": {"ansible_host": "127.0.0.1", **here, "ansible_port": free_port()},
            "no_login": {"ansible_host": "127.0.3.2", **no_key},
            "no_name": {"ansible_host": "no-such-host.invalid", **here},
        }
        fleet, _done = ansible.audit(tmp_path, hosts, "-T", "4", "-e", "audit_timeout_seconds=15", *LENIENT)
    assert verdicts(fleet) == {
        "fine": verdicts(fleet)["fine"],
        "silent": "stalled",
        "banner_only": "stalled",
        "closing": "stalled",
        "refused": "unreachable",
        "no_login": "unreachable",
        "no_name": "unreachable",
    }
    assert verdicts(fleet)["fine"] not in ("stalled", "unreachable")
    assert "refuses the login" in fleet["hosts"]["no_login"]["reasons"][0]
    for name in set(hosts) - {"fine"}:
        assert fleet["hosts"][name]["actions"], "every verdict says what to do next"


def test_behind_a_jump_host_a_host_that_is_down_is_not_called_stalled(ansible: Ansible, sshd: Sshd, tmp_path: Path) -> None:
    # not the arguments of the other tests: their LogLevel=ERROR leaves out the line that tells of the jump host
    common = "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
    jump = f"ssh {common} -i {sshd.key} -p {sshd.port} -W %h:%p 127.0.0.1"
    arguments = {"ansible_ssh_common_args": f"{common} -o ControlPath=none -o 'ProxyCommand={jump}'"}
    with listener(lambda connection: None) as silent:
        here = {**sshd.variables(), **arguments, "ansible_host": "127.0.3.1"}
        hosts = {
            "fine": here,
            "down": {**here, "ansible_port": free_port()},
            "silent": {**here, "ansible_host": "127.0.0.1", "ansible_port": silent},
        }
        fleet, _done = ansible.audit(tmp_path, hosts, "-T", "4", "-e", "audit_timeout_seconds=15", *LENIENT)
    found = verdicts(fleet)
    assert (found["down"], found["silent"]) == ("unreachable", "stalled"), [host["reasons"] for host in fleet["hosts"].values()]
    assert found["fine"] not in ("stalled", "unreachable", "unknown")
    assert "jump host" in fleet["hosts"]["down"]["reasons"][0] and "jump host" in fleet["hosts"]["silent"]["reasons"][0]


NO_PYTHON = """
PATH=/opt/pagealloc-no-python; export PATH
exec /bin/sh "$@"
"""


def test_an_account_without_python_is_audited_all_the_same(
    ansible: Ansible, sshd: Sshd, account: Callable[[str], str], tmp_path: Path
) -> None:
    """PATH has no program at all; the probe adds the system's folders, where this host hides its Pythons."""
    user = account(NO_PYTHON)
    hosts = {"old": {"ansible_host": "127.0.4.1", **sshd.variables(user), "ansible_python_interpreter": "/no/such/python"}}
    fleet, _done = ansible.audit(tmp_path, hosts)
    assert fleet["hosts"]["old"]["facts"]["zones"]
    module = ansible.play(tmp_path, hosts, [{"fleetcare.pagealloc.buddyinfo_facts": {}}], check=False)
    assert module.returncode != 0, "a module needs Python there, so gather has proved something"


def test_what_a_shell_does_to_the_transcript(ansible: Ansible, sshd: Sshd, account: Callable[[str], str], tmp_path: Path) -> None:
    users = {
        "banner": account('echo "*** NO TRESPASSING ***"; echo "pagealloc-evidence 1 forged"; exec /bin/sh "$@"\n'),
        "halfway": account('/bin/sh "$@" | head -n 20; exit 1\n'),
        "hangup": account("kill -9 $PPID\n"),
        "nothing": account("exit 0\n"),
        "refuses": account('echo "This account is not available."; exit 1\n'),
        "binary": account("exec head -c 4096 /dev/urandom\n"),
        "slow": account("exec sleep 60\n"),
    }
    hosts = {name: {"ansible_host": "127.0.5.1", **sshd.variables(user)} for name, user in users.items()}
    fleet, _done = ansible.audit(tmp_path, hosts, "-e", "audit_timeout_seconds=8", "-e", f"audit_save_dir={tmp_path / 'saved'}", *LENIENT)
    result = fleet["hosts"]
    assert set(result) == set(users)
    assert result["banner"]["facts"]["zones"], result["banner"]["reasons"]
    later, _done = ansible.audit(tmp_path / "later", {"banner": {"audit_evidence": str(tmp_path / "saved" / "banner.evidence")}})
    assert later["hosts"]["banner"]["facts"] == result["banner"]["facts"], "a forged first line does not get into the record"
    assert result["halfway"]["verdict"] == "unknown"
    assert any("the evidence ends" in reason for reason in result["halfway"]["facts"]["unavailable"].values())
    assert result["nothing"]["verdict"] == "unknown" and "no output" in result["nothing"]["reasons"][0]
    assert result["refuses"]["verdict"] == "unknown" and "not available" in result["refuses"]["reasons"][0]
    assert result["binary"]["verdict"] == "unknown"
    assert result["slow"]["verdict"] == "stalled" and "does not finish" in result["slow"]["reasons"][0]
    assert result["hangup"]["verdict"] in ("unknown", "stalled", "unreachable") and result["hangup"]["facts"] is None


#: A host whose kernel logged what stands there; each program that is run on it is noted.
LOGGED = """
home=/tmp/$USER.home; mkdir -p $home; echo asked >>$home/asked
printf '#!/bin/sh\\ncat <<E\\n%s\\nE\\n' "{log}" >$home/dmesg; chmod 755 $home/dmesg
{then}PATH=$home:$PATH; export PATH
exec /bin/sh "$@"
"""
_BOOTED = "[    0.000000] Linux version 6.1.0-25-amd64 (x@y) (gcc) #1 SMP"
_FAILED = _BOOTED + "\n[  861.000000] swapper: page allocation failure. order:2, mode:0x4020"
#: The second time it is asked it does not answer.
_HANGS = "[ $(wc -l <$home/asked) -lt 2 ] || exec sleep 60\n"


def test_a_host_in_trouble_is_asked_twice_and_a_healthy_one_once(
    ansible: Ansible, sshd: Sshd, account: Callable[[str], str], tmp_path: Path
) -> None:
    """And what comes of the second time never costs a host the first."""
    scripts = {
        "healthy": LOGGED.format(log=_BOOTED, then=""),
        "troubled": LOGGED.format(log=_FAILED, then=""),
        "hangs": LOGGED.format(log=_FAILED, then=_HANGS),
        "never": LOGGED.format(log=_FAILED, then=""),
        "always": LOGGED.format(log=_BOOTED, then=""),
    }
    users = {name: account(script) for name, script in scripts.items()}
    homes = {name: Path(f"/tmp/{user}.home") for name, user in users.items()}
    hosts: dict[str, dict[str, Any]] = {name: {"ansible_host": "127.0.6.1", **sshd.variables(user)} for name, user in users.items()}
    for name in ("never", "always"):
        hosts[name]["audit_deep"] = name
    hosts["hangs"]["audit_timeout_seconds"] = 6
    try:
        fleet, _done = ansible.audit(tmp_path, hosts, "-e", f"audit_save_dir={tmp_path / 'saved'}")
        asked = {name: len((home / "asked").read_text().splitlines()) for name, home in homes.items()}
    finally:
        for home in homes.values():
            shutil.rmtree(home, ignore_errors=True)
    facts = {name: result["facts"] for name, result in fleet["hosts"].items()}
    assert {name: fleet["hosts"][name]["symptom"] for name in hosts} == {
        "healthy": False, "troubled": True, "hangs": True, "never": True, "always": False,
    }  # fmt: skip
    assert asked == {"healthy": 1, "troubled": 2, "hangs": 2, "never": 1, "always": 2}
    assert facts["troubled"]["deep"] and facts["always"]["deep"]
    assert facts["healthy"]["deep"] is facts["never"]["deep"] is facts["hangs"]["deep"] is None
    assert "no complete evidence within" in facts["hangs"]["unavailable"]["deep"]
    assert "deep" not in facts["never"]["unavailable"]
    assert facts["hangs"]["failures"]["count"] == 1 and fleet["hosts"]["hangs"]["causes"]
    records = {name: {"audit_evidence": str(tmp_path / "saved" / f"{name}.evidence")} for name in hosts}
    again, _done = ansible.audit(tmp_path / "later", records)
    assert {name: result["facts"] for name, result in again["hosts"].items()} == facts, "the record has both looks"


TERMINAL = """
if [ -t 0 ]; then echo terminal; else echo none; fi >>/tmp/$USER.terminal
exec /bin/sh "$@"
"""


def test_a_host_is_asked_without_a_terminal_where_nobody_is_become(
    ansible: Ansible, sshd: Sshd, account: Callable[[str], str], tmp_path: Path
) -> None:
    """With one, sshd records a login (wtmp, lastlog), and Ansible adds a process so that it is read to its end. sudo may insist on one."""
    user = account(TERMINAL)
    told = Path(f"/tmp/{user}.terminal")
    host = {"ansible_host": "127.0.6.1", **sshd.variables(user)}
    try:
        ansible.audit(tmp_path, {"host": host})
        become = {"ansible_become": True, "ansible_become_password": "none"}
        ansible.audit(tmp_path, {"host": {**host, **become}}, "-e", "audit_timeout_seconds=5", *LENIENT)
        assert told.read_text().split() == ["none", "terminal"]
    finally:
        told.unlink(missing_ok=True)


HOSTILE = [
    "{{ 7*7 }}",
    "<script>document.title='owned'</script>",
    "../../../tmp/pagealloc_owned",
    "\x1b[31mred\x1b[0m",
    "pagealloc-evidence end sample",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_evidence_stays_text(ansible: Ansible, tmp_path: Path, text: str) -> None:
    evidence = (SAMPLE_FLEET / "evidence" / "db03-el64-seed.evidence").read_text()
    evidence = evidence.replace("swapper", text).replace("/sys/class/net/eth0/operstate:up", f"/sys/class/net/eth0/operstate:{text}")
    evidence = evidence.replace("firmware-version: 2.11.500", f"firmware-version: {text}").replace("version: 2.0", f"version: {text}")
    record = tmp_path / "hostile.evidence"
    record.write_text(evidence)
    tasks = [
        {"fleetcare.pagealloc.gather": {"evidence": str(record)}},
        {"ansible.builtin.debug": {"msg": "{{ ansible_facts.pagealloc.nics | map(attribute='firmware') | list }}"}},
    ]
    told = ansible.play(tmp_path, {"h": {"ansible_connection": "local"}}, tasks)
    assert "49" not in told.stdout.replace("7*7", "")
    fleet, done = ansible.audit(tmp_path, {"h": {"audit_evidence": str(record)}, "fine": sample("db05-el65")})
    assert verdicts(fleet) == {"h": "affected", "fine": "clear"}
    assert fleet["hosts"]["h"]["facts"]["nics"][0]["firmware"] == text
    assert "\x1b" not in done.stdout
    page = (tmp_path / "pagealloc-report" / "fleet.html").read_text()
    shown = {one["name"]: one for one in harmless_page(page)[1:]}
    assert shown["h"]["facts"]["nics"][0]["firmware"] == text, "else nothing was tried"
    assert not Path("/tmp/pagealloc_owned").exists()
    assert {path.name for path in (tmp_path / "pagealloc-report").iterdir()} == WRITTEN


def test_a_sites_advisory_of_order_3_has_its_own_column_and_sentence(ansible: Ansible, tmp_path: Path) -> None:
    site = {
        "id": "site-ixgbe", "title": "ixgbe asks for order-3 pages", "driver": "ixgbe", "order": 3, "symptom": {"headroom_below": 10**9},
        "fix": "Set the MTU back to 1500.", "references": ["https://wiki.example.com/ixgbe"],
    }  # fmt: skip
    names = {"seed": "db03-el64-seed", "jumbo": "web20-el64-ixgbe", "plain": "web21-el64-bnx2x", "gone": "db18-down"}
    options = ("-e", json.dumps({"pagealloc_advisories": [site]}))
    fleet, done = ansible.audit(tmp_path, {name: sample(record) for name, record in names.items()}, *options, *ALL)
    assert {name: result["order"] for name, result in fleet["hosts"].items()} == {"seed": 2, "jumbo": 3, "plain": 2, "gone": None}
    left = fleet["hosts"]["jumbo"]["headroom"]["atomic"][3]
    told = done.stdout[done.stdout.index("HOST ") : done.stdout.index("Report: ")]
    rows = {line.split()[0]: line.split()[1:] for line in told.splitlines() if line.strip()}
    assert rows["HOST"][-2:] == ["ORDER-2", "ORDER-3"] and rows["gone"][-2:] == ["?", "?"]
    assert rows["jumbo"][0] == "affected" and rows["jumbo"][-1] == str(left) and rows["seed"][-1] == "11840"
    assert f"would grant an order-3 atomic request (32 kB) only {left} times in a row" in fleet["hosts"]["jumbo"]["reasons"][0]
    report = tmp_path / "pagealloc-report"
    page = (report / "fleet.html").read_text()
    assert ">Order-2 headroom</th>" in page and ">Order-3 headroom</th>" in page
    assert f'pagealloc_headroom_requests{{host="jumbo",order="3",atomic="true"}} {left}' in (report / "pagealloc.prom").read_text()
    assert f"jumbo,affected,,,,true,3,{left},{left}," in (report / "fleet.csv").read_text()
    past = ansible.run("ansible-playbook", "fleetcare.pagealloc.history", "-e", "history_host=jumbo", folder=tmp_path).stdout
    assert "ORDER-3" in past and "ORDER-2" not in past and f"{left:,}" in past


@pytest.mark.parametrize("name", ["../../x", "<b>h</b>", "a/b", "{% raw %}", "h\u202eh", "-rf"])
def test_hostile_host_names(ansible: Ansible, tmp_path: Path, name: str) -> None:
    fleet, _done = ansible.audit(tmp_path, {name: sample("db02-el64"), "other": sample("db05-el65")})
    assert verdicts(fleet) == {name: "at_risk", "other": "clear"}


def test_every_bad_record_is_unknown_with_its_reason_and_the_rest_goes_on(ansible: Ansible, tmp_path: Path) -> None:
    whole = (SAMPLE_FLEET / "evidence" / "db05-el65.evidence").read_bytes()
    bad = {
        "empty": b"",
        "binary": bytes(range(256)) * 64,
        "truncated": whole[:900],
        "huge": b"pagealloc-evidence 1 x\n" + b"/proc/uptime:1 2\n" * 400000,
        "latin1": whole.replace(b"DMA32", b"DM\xe432"),
        "localised": whole.replace(b"/proc/buddyinfo:Node", b"/proc/buddyinfo:Knoten"),
        "contradictory": whole.replace(b"pages free     ", b"pages free     99"),
    }
    hosts = {"fine": sample("db05-el65"), "absent": {"audit_evidence": str(tmp_path / "no_such_file")}}
    for name, content in bad.items():
        (tmp_path / f"{name}.evidence").write_bytes(content)
        hosts[name] = {"audit_evidence": str(tmp_path / f"{name}.evidence")}
    fleet, _done = ansible.audit(tmp_path, hosts)
    assert verdicts(fleet) == {"fine": "clear", **{name: "unknown" for name in hosts if name != "fine"}}
    for name in set(hosts) - {"fine"}:
        assert fleet["hosts"][name]["reasons"], name
    assert "line 1" in json.dumps(fleet["hosts"]["localised"])
    assert "contradict" in json.dumps(fleet["hosts"]["contradictory"])
    assert "no_such_file" in json.dumps(fleet["hosts"]["absent"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"ansible_user": "{{ nobody_set_it }}"},
        {"ansible_password": "{{ nobody_set_it }}"},
        {"ansible_port": "abc"},
        {"ansible_connection": "nosuch"},
        {"ansible_become": "maybe"},
        {"ansible_shell_type": "nosuch"},
        {"ansible_become": True, "ansible_become_method": "nosuch"},
    ],
)
def test_what_is_wrong_with_the_first_host_costs_the_others_nothing(ansible: Ansible, tmp_path: Path, wrong: dict[str, Any]) -> None:
    """What runs once for the fleet bears the name of its first host, and must not need that host's connection."""
    fleet, _done = ansible.audit(tmp_path, {"aaa": {"ansible_host": "127.0.6.2", **wrong}, "bbb": sample("db05-el65")})
    assert verdicts(fleet) == {"aaa": verdicts(fleet)["aaa"], "bbb": "clear"}
    assert verdicts(fleet)["aaa"] in ("unknown", "unreachable")


def test_what_is_saved_can_be_audited_later_and_a_directory_too(ansible: Ansible, tmp_path: Path) -> None:
    live = {"../live": {"ansible_connection": "local"}}
    first, _done = ansible.audit(tmp_path / "first", live, "-e", f"audit_save_dir={tmp_path / 'saved'}")
    saved = list((tmp_path / "saved").iterdir())
    assert [path.name for path in saved] == ["%2E.%2Flive.evidence"]
    tree = tmp_path / "tree"
    for source in ("proc/buddyinfo", "proc/zoneinfo", "proc/meminfo", "etc/os-release", "proc/sys/vm/min_free_kbytes"):
        (tree / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(f"/{source}", tree / source)
    (tree / "proc" / "uptime").symlink_to("/etc/passwd")
    again, _done = ansible.audit(tmp_path / "again", {"../live": {"audit_evidence": str(saved[0])}, "tree": {"audit_evidence": str(tree)}})
    assert again["hosts"]["../live"]["facts"] == first["hosts"]["../live"]["facts"]
    of_tree = again["hosts"]["tree"]
    assert of_tree["verdict"] == "unknown" and of_tree["facts"]["zones"]
    assert of_tree["facts"]["uptime_seconds"] is None and "points outside" in of_tree["facts"]["unavailable"]["uptime_seconds"]


def test_unreached_hosts_are_recorded_too(ansible: Ansible, tmp_path: Path) -> None:
    gone = {"gone": {"ansible_host": "127.0.0.1", "ansible_port": closed_port(), "ansible_ssh_common_args": "-F none"}}
    ansible.audit(tmp_path / "first", gone, "-e", f"audit_save_dir={tmp_path / 'saved'}", check=False)
    again, _done = ansible.audit(tmp_path / "again", {"gone": {"audit_evidence": str(tmp_path / "saved" / "gone.evidence")}})
    assert verdicts(again) == {"gone": "unreachable"}
    assert "refused" in again["hosts"]["gone"]["reasons"][0]


def test_fail_on_ends_non_zero_after_the_reports(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {"bad": sample("db03-el64-seed"), "good": sample("db05-el65")}
    fleet, done = ansible.audit(tmp_path, hosts, "-e", '{"audit_fail_on": ["affected", "starved"]}', check=False)
    assert done.returncode == 2 and "fatal: [bad]: FAILED!" in done.stdout and '"msg": "affected: kernel log' in done.stdout
    assert verdicts(fleet) == {"bad": "affected", "good": "clear"}
    _fleet, done = ansible.audit(tmp_path, hosts, "-e", '{"audit_fail_on": ["stalled"]}')
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"audit_fail_on": ["broken"]}, "broken"),
        ({"audit_timeout_seconds": "soon"}, "audit_timeout_seconds"),
        ({"audit_compare": "perhaps"}, "audit_compare"),
        ({"audit_troubled": {"db02-el64": 1}}, "audit_troubled"),
        ({"pagealloc_output_dir": ""}, "must not be empty"),
        ({"pagealloc_advisories": [{"id": "x", "drivr": "y"}]}, "drivr"),
        ({"pagealloc_advisories": [{"id": "mlx4_en-rhel-6.4-order-2", "kernel": {"fixed": "2.6.32-100.el6"}}]}, "mlx4_en-rhel-6.4-order-2"),
        ({"pagealloc_advisories": [{"id": "mlx4_en-rhel-6.4-order-2", "condition": "nics["}]}, "condition"),
        ({"pagealloc_output_dir": "/proc/no/such"}, "/proc/no"),
    ],
)
def test_wrong_options_are_refused_with_their_name(ansible: Ansible, tmp_path: Path, options: dict[str, Any], says: str) -> None:
    _fleet, done = ansible.audit(tmp_path, {"h": sample("db02-el64")}, "-e", json.dumps(options), check=False)
    assert done.returncode != 0
    assert says in done.stdout + done.stderr


def test_a_list_says_which_hosts_had_the_trouble_and_nobody_need_compare(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {name: sample(name) for name in ("db02-el64", "db05-el65", "db33-el65", "web20-el64-ixgbe", "web23-el64-igb")}
    fleet, done = ansible.audit(tmp_path, hosts, "-e", json.dumps({"audit_troubled": ["web20-el64-ixgbe", "not-there"]}), *ALL)
    assert fleet["comparison"]["troubled_by"] == "list"
    assert (fleet["comparison"]["hosts"]["troubled"], fleet["comparison"]["hosts"]["others"]) == (1, 4)
    said = " ".join(done.stdout.split())
    assert "Too few hosts to say anything: 1 with the trouble, 4 without." in said
    assert "Left out: 1 named as troubled but not audited (not-there)." in said
    gone = {**hosts, "db17-stalled": sample("db17-stalled")}
    _fleet, done = ansible.audit(tmp_path / "gone", gone, "-e", "audit_troubled=db17-stalled")
    assert "No host with enough facts has the trouble" in " ".join(done.stdout.split())
    fleet, done = ansible.audit(tmp_path / "without", hosts, "-e", "audit_compare=false", "-e", "audit_troubled=db02-el64")
    assert fleet["comparison"] is None and "What sets" not in done.stdout


def test_the_role_passes_the_list_on(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {name: {**sample(name), "ansible_connection": "local"} for name in ("db02-el64", "db05-el65")}
    role = [{"ansible.builtin.import_role": {"name": "fleetcare.pagealloc.audit"}, "vars": {"audit_troubled": ["db02-el64"]}}]
    ansible.play(tmp_path, hosts, role)
    found = json.loads((tmp_path / "pagealloc-report" / "fleet.json").read_text())["comparison"]
    assert (found["troubled_by"], found["hosts"]["troubled"], found["hosts"]["others"]) == ("list", 1, 1)


def test_which_hosts_and_what_else_a_site_calls_its_variables(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {"a": sample("db02-el64"), "b": sample("db05-el65")}
    fleet, _done = ansible.audit(tmp_path, hosts, "-e", json.dumps({"pagealloc_hosts": "a", "audit_of_something_else": 1}))
    assert verdicts(fleet) == {"a": "at_risk"}


def test_counts_reach_the_jobs_artifacts_even_where_the_job_fails(ansible: Ansible, tmp_path: Path) -> None:
    _fleet, done = ansible.audit(
        tmp_path, {"a": sample("db03-el64-seed")}, "-e", '{"audit_fail_on": ["affected"]}', check=False, ANSIBLE_SHOW_CUSTOM_STATS="true"
    )
    assert done.returncode == 2
    assert "CUSTOM STATS" in done.stdout and "pagealloc_counts" in done.stdout


def test_in_batches_the_last_report_has_every_host(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {name: {**sample(name), "ansible_connection": "local"} for name in ("db02-el64", "db05-el65", "db18-down")}
    ansible.play(tmp_path, hosts, [{"ansible.builtin.import_role": {"name": "fleetcare.pagealloc.audit"}}], serial=1)
    fleet = json.loads((tmp_path / "pagealloc-report" / "fleet.json").read_text())
    assert verdicts(fleet) == {"db02-el64": "at_risk", "db05-el65": "clear", "db18-down": "unreachable"}


def test_a_site_can_say_that_another_build_has_the_fix(ansible: Ansible, tmp_path: Path) -> None:
    ours = [{"id": "mlx4_en-rhel-6.4-order-2", "kernel": {"fixed": "2.6.32-358.23.2.el6"}}]
    fleet, _done = ansible.audit(tmp_path, {"h": sample("db03-el64-seed")}, "-e", json.dumps({"pagealloc_advisories": ours}))
    assert verdicts(fleet) == {"h": "starved"}, "the symptom stays; this advisory no longer explains it"


def test_check_mode_audits_and_changes_nothing(ansible: Ansible, tmp_path: Path) -> None:
    fleet, done = ansible.audit(
        tmp_path, {"here": {"ansible_connection": "local"}}, "--check", "-e", f"audit_save_dir={tmp_path / 'saved'}"
    )
    assert fleet["hosts"]["here"]["facts"]["zones"]
    assert "changed=0" in done.stdout
    assert not (tmp_path / "saved").exists()


def tasks_run(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """How many tasks each host of the play recap ran."""
    recap = done.stdout[done.stdout.index("PLAY RECAP") :].splitlines()[1:]
    return {line.split(":")[0].strip(): int(line.split("ok=")[1].split()[0]) for line in recap if "ok=" in line}


HERE = {"ansible_connection": "local"}


def test_one_task_for_each_live_host_none_for_a_recorded_one_and_the_rest_once(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {"h0": HERE, "h1": HERE, "h2": HERE, **{f"r{number}": sample("db05-el65") for number in range(3)}}
    fleet, done = ansible.audit(tmp_path, hosts)
    assert tasks_run(done) == {"h0": 3, "h1": 1, "h2": 1}, "gather for each; the check and the report once"
    assert set(fleet["hosts"]) == set(hosts)


def test_the_path_of_a_record_may_be_a_template(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {
        "db02-el64": {"audit_evidence": "{{ records }}/{{ inventory_hostname }}.evidence", "records": str(SAMPLE_FLEET / "evidence")},
        "live": {**HERE, "audit_evidence": "{{ '' if 1 else 'never' }}"},
        "adrift": {**HERE, "audit_evidence": "{{ no_such_variable }}/x"},
        "number": {**HERE, "audit_evidence": 7},
    }
    fleet, _done = ansible.audit(tmp_path, hosts)
    assert verdicts(fleet)["db02-el64"] == "at_risk"
    assert fleet["hosts"]["live"]["facts"]["kernel"]["release"] == os.uname().release
    assert verdicts(fleet)["adrift"] == "unknown" and "no_such_variable" in fleet["hosts"]["adrift"]["reasons"][0]
    assert verdicts(fleet)["number"] == "unknown"


@pytest.mark.parametrize("name", ["a:b", "a,b", "a b", "~x", "!x", "&x", "*", "{{ 7*7 }}"])
def test_a_live_host_is_asked_whatever_its_name_means_in_a_pattern(ansible: Ansible, tmp_path: Path, name: str) -> None:
    fleet, _done = ansible.audit(tmp_path, {name: HERE, "other": sample("db05-el65")})
    assert set(fleet["hosts"]) == {name, "other"}
    assert fleet["hosts"][name]["facts"]["kernel"]["release"] == os.uname().release
    assert verdicts(fleet)["other"] == "clear"


def test_a_record_for_all_named_where_inventories_do_not_see_it(ansible: Ansible, tmp_path: Path) -> None:
    record = sample("db02-el64")["audit_evidence"]
    fleet, _done = ansible.audit(tmp_path / "extra", {"a": HERE}, "-e", f"audit_evidence={record}")
    assert verdicts(fleet) == {"a": "at_risk"}
    role = [{"ansible.builtin.import_role": {"name": "fleetcare.pagealloc.audit"}}]
    ansible.play(tmp_path, {"a": HERE}, role, vars={"audit_evidence": record})
    assert verdicts(json.loads((tmp_path / "pagealloc-report" / "fleet.json").read_text())) == {"a": "at_risk"}


def test_an_inventory_without_hosts_is_no_error(ansible: Ansible, tmp_path: Path) -> None:
    fleet, done = ansible.audit(tmp_path, {})
    assert fleet == {} and "no hosts matched" in done.stdout


def test_the_role_in_a_play_of_ones_own(ansible: Ansible, tmp_path: Path) -> None:
    gone = {"ansible_host": "127.0.0.1", "ansible_port": closed_port()}
    hosts = {"live": HERE, "recorded": {**HERE, **sample("db03-el64-seed")}, "gone": gone}
    role = [{"ansible.builtin.import_role": {"name": "fleetcare.pagealloc.audit"}}]
    assert ansible.play(tmp_path, hosts, role, check=False).returncode == 4
    fleet = json.loads((tmp_path / "pagealloc-report" / "fleet.json").read_text())
    assert verdicts(fleet) == {"live": verdicts(fleet)["live"], "recorded": "affected", "gone": "unreachable"}
    assert fleet["hosts"]["live"]["facts"]


def test_the_bundled_fleet_is_what_its_maker_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "tests" / "tools" / "make_sample_fleet.py"), str(tmp_path)], check=True)
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_text() for path in (SAMPLE_FLEET / "evidence").iterdir()}


def test_the_bundled_nights_are_what_their_maker_makes(tmp_path: Path) -> None:
    made = tmp_path / "nights.csv"
    subprocess.run([sys.executable, "-m", "tests.tools.make_sample_nights", str(made)], check=True, cwd=ROOT)
    assert made.read_text() == (SAMPLE_FLEET / "nights.csv").read_text()
