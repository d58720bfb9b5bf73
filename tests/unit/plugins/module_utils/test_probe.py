# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe in real shells on this very kernel, and where commands and files are missing."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.deep import parse_slabinfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import MAX_TRANSCRIPT_BYTES, Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.pagetypeinfo import parse_pagetypeinfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import render_probe
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.deep_look import render_deep_look

from tests.conftest import cannot_run, tool

#: dropbear takes no command of more than 9,000 bytes.
MOST_BYTES = 8900
SHELLS = ("dash", "busybox ash", "bash", "bash --posix", "ksh", "mksh")
BOOT = "[    0.000000] Linux version 2.6.32-358.el6.x86_64 (mockbuild@x) (gcc) #1 SMP"
FAILURE = "[  861.000000] swapper: page allocation failure. order:2, mode:0x4020"
DENIED = "echo 'dmesg: read kernel buffer failed: Operation not permitted' >&2; exit 1"
NO_LOG = {"journalctl": "exit 1", "tail": "echo no such file >&2; exit 1"}
#: What moves between two looks at a living kernel.
MOVING = ("/proc/buddyinfo", "/proc/meminfo", "/proc/zoneinfo", "/proc/uptime")


def shell(words: str) -> list[str]:
    first, *rest = words.split()
    return [tool(first, "ksh93u+m" if first == "ksh" else first), *rest]


def heeding_path(words: str) -> list[str]:
    """A shell that runs what is on PATH."""
    if subprocess.run([*shell(words), "-c", "PATH=/none; uname"], capture_output=True, check=False).returncode == 0:
        cannot_run("this busybox runs its own commands whatever is on PATH (Debian: busybox, not busybox-static)")
    return shell(words)


def probe(words: list[str], program: str | None = None, **environment: str) -> Evidence:
    done = subprocess.run(
        [*words, "-c", program or render_probe("n0")],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.stderr == ""
    return read_transcript(done.stdout, "n0")


def steady(evidence: Evidence) -> dict[str, str]:
    return {source: text for source, text in evidence.texts.items() if source not in MOVING}


@pytest.mark.parametrize("words", SHELLS)
def test_every_shell_says_the_same(words: str, tmp_path: Path) -> None:
    program = with_commands(tmp_path, dmesg=f"echo '{BOOT}'", **NO_LOG)
    here, reference = probe(heeding_path(words), program), probe(["/bin/sh"], program)
    assert here.whole
    assert steady(here) == steady(reference)
    assert set(here.texts) == set(reference.texts)
    assert here.reasons == reference.reasons


def test_this_machine_gives_the_facts_that_matter() -> None:
    facts = facts_from(probe(["/bin/sh"]))
    assert facts["kernel"]["release"] == os.uname().release
    assert facts["page_size_bytes"] == os.sysconf("SC_PAGE_SIZE")
    assert {zone["zone"] for zone in facts["zones"]} == set(re.findall(r"zone +(\S+)", Path("/proc/buddyinfo").read_text()))
    assert all(zone["min_pages"] is not None for zone in facts["zones"])
    assert any(zone["per_cpu_list_pages"] is not None for zone in facts["zones"])
    assert facts["vm"]["min_free_kbytes"] == int(Path("/proc/sys/vm/min_free_kbytes").read_text())
    assert {nic["name"] for nic in facts["nics"]} == {path.name for path in Path("/sys/class/net").iterdir() if path.is_dir()}


@pytest.fixture
def busybox(tmp_path: Path) -> tuple[list[str], str]:
    """A shell and a PATH of busybox applets only, as on the smallest of targets."""
    binary = tool("busybox")
    folder = tmp_path / "bin"
    folder.mkdir()
    for applet in subprocess.run([binary, "--list"], capture_output=True, text=True, check=True).stdout.split():
        (folder / applet).symlink_to(binary)
    return [str(folder / "sh")], str(folder)


def with_path(path: str) -> str:
    """The probe as on a machine that has only what ``path`` holds."""
    return render_probe("n0").replace("PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin", f"PATH={path}")


def test_busybox_alone_gives_the_same_files(busybox: tuple[list[str], str]) -> None:
    words, path = busybox
    evidence = probe(words, with_path(path))
    reference = probe(["/bin/sh"])
    assert evidence.whole
    files = {source for source in reference.texts if source.startswith("/")}
    assert {source for source in evidence.texts if source.startswith("/")} == files
    assert evidence.reasons.get("$ethtool") == "no such command"


@pytest.mark.parametrize("missing", ["grep", "uname", "getconf", "ls", "awk", "dmesg", "ethtool", "modinfo", "timeout", "head", "tail"])
def test_a_missing_command_costs_only_what_it_gives(missing: str, tmp_path: Path) -> None:
    for name in ("sh", "grep", "uname", "getconf", "ls", "awk", "ethtool", "modinfo", "timeout", "head", "tail", "dd", "sleep"):
        found = shutil.which(name)
        if name != missing and found:
            (tmp_path / name).symlink_to(found)
    if missing != "dmesg":
        with_commands(tmp_path, dmesg=f"echo '{BOOT}'")
    evidence = probe([str(tmp_path / "sh")], with_path(str(tmp_path)))
    assert evidence.whole
    facts = facts_from(evidence)
    gone = {"grep": "zones", "uname": "kernel", "dmesg": "failures"}
    for command, datum in gone.items():
        if command == missing:
            assert facts[datum] is None and facts["unavailable"][datum]
        else:
            assert facts[datum] is not None, facts["unavailable"]


def with_commands(folder: Path, **scripts: str) -> str:
    """The probe on a machine where these commands do what the scripts do."""
    for name, script in scripts.items():
        (folder / name).write_text("#!/bin/sh\n" + script + "\n")
        (folder / name).chmod(0o755)
    return render_probe("n0").replace("PATH=$PATH:", f"PATH={folder}:$PATH:")


@pytest.mark.parametrize("words", SHELLS)
@pytest.mark.parametrize(
    ("logs", "source", "count", "boot_seen"),
    [
        ({"dmesg": f"echo '{BOOT}'; echo x"}, "dmesg", 0, True),
        ({"dmesg": f"echo '{BOOT}'; echo '{FAILURE}'"}, "dmesg", 1, True),
        ({"dmesg": f"echo '{FAILURE}'; exit 1", **NO_LOG}, "dmesg", 1, False),
        ({"dmesg": "echo late"}, "dmesg", 0, False),
        ({"dmesg": "echo late", "journalctl": f"echo 'Mar 18 09:46:40 h kernel: {BOOT}'"}, "journal", 0, True),
        ({"dmesg": "exit 0", "journalctl": f"echo 'Mar 18 09:46:40 h kernel: {FAILURE}'"}, "journal", 1, False),
        ({"dmesg": DENIED, "journalctl": "exit 1", "tail": f"echo 'Mar 18 09:46:40 h kernel: {BOOT}'"}, "messages", 0, True),
    ],
)
def test_the_first_log_that_tells_is_read(
    words: str, logs: dict[str, str], source: str, count: int, boot_seen: bool, tmp_path: Path
) -> None:
    failures = facts_from(probe(heeding_path(words), with_commands(tmp_path, **{**NO_LOG, **logs})))["failures"]
    assert (failures["source"], failures["count"], failures["boot_seen"]) == (source, count, boot_seen)


ROTATED = "[  901.000000] sshd: page allocation failure. order:3, mode:0x4020"


def test_all_logs_count_where_no_trusted_one_reaches_back_to_boot(tmp_path: Path) -> None:
    """A journal that begins late, and the files of syslog: what dmesg has too counts once."""
    journal = f"2013-03-18T10:01:01+0000 h kernel: {FAILURE}\n2013-03-18T10:01:41+0000 h kernel: {ROTATED}"
    logs = {"dmesg": f"echo '{FAILURE}'", "journalctl": f"cat <<'E'\n{journal}\nE", "tail": f"echo 'Mar 18 10:01:41 h kernel: {ROTATED}'"}
    failures = facts_from(probe(["/bin/sh"], with_commands(tmp_path, **logs)))["failures"]
    assert (failures["by_order"], failures["untrusted"], failures["sources"][:2]) == ({"2": 1, "3": 1}, 0, ["dmesg", "journal"])
    assert "messages" in failures["sources"]


def test_a_log_that_reaches_back_to_boot_is_enough(tmp_path: Path) -> None:
    logs = {"dmesg": f"echo '{BOOT}'; echo '{FAILURE}'", "journalctl": "echo never", "tail": "echo never"}
    evidence = probe(["/bin/sh"], with_commands(tmp_path, **logs))
    assert not {"$journal", "$messages"} & (set(evidence.texts) | set(evidence.reasons))


def test_the_name_of_a_file_does_not_keep_other_logs_from_being_read(tmp_path: Path) -> None:
    lie = "[    5.000000] a[7]: segfault at 0 ip 0 sp 0 error 4 in Linux version 9.9.9 (x) [400000+1000]"
    logs = {"dmesg": f"echo '{lie}'", "journalctl": f"echo '2013-03-18T10:01:01+0000 h kernel: {FAILURE}'"}
    failures = facts_from(probe(["/bin/sh"], with_commands(tmp_path, **{**NO_LOG, **logs})))["failures"]
    assert (failures["count"], failures["boot_seen"]) == (1, False)


@pytest.mark.parametrize(
    "logs",
    [
        {"dmesg": DENIED},
        {"dmesg": f"echo '{BOOT}'; exit 1"},
        {"dmesg": DENIED, "journalctl": "echo '-- No entries --'"},
        {"dmesg": DENIED, "journalctl": "echo 'No journal files were found.'; echo '-- No entries --'"},
    ],
)
def test_a_log_that_cannot_be_read_is_not_an_empty_one(logs: dict[str, str], tmp_path: Path) -> None:
    facts = facts_from(probe(["/bin/sh"], with_commands(tmp_path, **{**NO_LOG, **logs})))
    assert facts["failures"] is None
    assert "dmesg: " in facts["unavailable"]["failures"]


def test_failures_without_awk_are_not_read_as_none(tmp_path: Path) -> None:
    program = with_commands(tmp_path, dmesg=f"echo '{BOOT}'; echo '{FAILURE}'", **NO_LOG).replace("have awk", "have no_such_awk")
    facts = facts_from(probe(["/bin/sh"], program))
    assert facts["failures"] is None and "no awk" in facts["unavailable"]["failures"]


def test_a_command_that_hangs_is_ended_and_the_rest_arrives(tmp_path: Path) -> None:
    hanging = tmp_path / "ethtool"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    if not any(Path("/sys/class/net").glob("*/device")):
        cannot_run("no interface with a device here")
    for without_timeout in (False, True):
        program = render_probe("n0").replace("PATH=$PATH:", f"PATH={tmp_path}:$PATH:")
        program = re.sub(r"\b10 ", "1 ", program)
        if without_timeout:
            program = program.replace("if command -v timeout", "if command -v no_such_timeout")
        evidence = probe(["/bin/sh"], program)
        assert evidence.whole
        reasons = [reason for source, reason in evidence.reasons.items() if source.startswith("$ethtool/")]
        assert reasons and all("no answer" in reason or "did not answer" in reason for reason in reasons)


def test_output_is_bounded(tmp_path: Path) -> None:
    talkative = tmp_path / "uname"
    talkative.write_text("#!/bin/sh\nexec head -c 3000000 /dev/zero | tr '\\0' 'x'\n")
    talkative.chmod(0o755)
    program = render_probe("n0").replace("PATH=$PATH:", f"PATH={tmp_path}:$PATH:")
    done = subprocess.run(["/bin/sh", "-c", program], capture_output=True, timeout=60, check=False)
    assert len(done.stdout) == MAX_TRANSCRIPT_BYTES
    evidence = read_transcript(done.stdout.decode(), "n0")
    assert not evidence.whole
    assert facts_from(evidence)["zones"] is not None


def test_a_denied_file_is_missing_with_its_reason(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        cannot_run("only root can become another user here")
    done = subprocess.run(
        ["/bin/sh", "-c", render_probe("n0", pagetypeinfo=True)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
    )
    facts = facts_from(read_transcript(done.stdout, "n0"))
    assert facts["zones"] is not None
    assert facts["pagetypes"] is None and "Permission denied" in facts["unavailable"]["pagetypes"]


def test_the_probe_writes_nothing(tmp_path: Path) -> None:
    """Traced: no file is opened for writing but /dev/null."""
    strace = tool("strace")
    trace = tmp_path / "trace"
    subprocess.run(
        [
            strace,
            "-f",
            "-e",
            "trace=open,openat,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2",
            "-o",
            str(trace),
            "/bin/sh",
            "-c",
            render_probe("n0"),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    writing = [line for line in trace.read_text().splitlines() if re.search(r"O_WRONLY|O_RDWR|O_CREAT|creat\(|mkdir|unlink|rename", line)]
    strangers = [line for line in writing if '"/dev/null"' not in line and '"/dev/tty"' not in line]
    assert strangers == []


def test_the_probe_is_clean_for_shellcheck() -> None:
    """SC2016: the awk program is meant to stay unexpanded. SC2086: words are meant to be split where they are.
    SC2012: ls -l tells where links point, which no other tool of RHEL 6 and busybox does for many at once."""
    checker = tool("shellcheck")
    done = subprocess.run(
        [checker, "-s", "sh", "-e", "SC2012,SC2016,SC2086,SC2013,SC1001,SC2231", "-"],
        input=render_probe("n0"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


DEEP_FACTS: dict[str, Any] = {"nics": [{"virtual": False, "driver": "mlx4_en", "bus_driver": "$(reboot)"}]}
ETHTOOL = """case $1 in -g) echo 'Current hardware settings:'; echo 'RX: 1024';;
-S) printf '%s\\n' 'NIC statistics:' '  rx_alloc_failed: 3' '  rx_packets: 4';; *) echo no such >&2; exit 1;; esac"""


def deep_look(folder: Path, **scripts: str) -> str:
    """The second look on a machine where these commands do what the scripts do, with one NIC."""
    with_commands(folder, **scripts)
    (folder / "net" / "eth7" / "device").mkdir(parents=True)
    (folder / "net" / "eth7" / "mode").write_text("connected\n")
    program = render_deep_look("n0", DEEP_FACTS).replace("/sys/class/net", str(folder / "net"))
    return program.replace("PATH=$PATH:", f"PATH={folder}:$PATH:")


@pytest.mark.parametrize("words", SHELLS)
def test_every_shell_takes_the_second_look(words: str, tmp_path: Path) -> None:
    evidence = probe(heeding_path(words), deep_look(tmp_path, ethtool=ETHTOOL))
    assert evidence.whole
    assert evidence.texts["$ethtool_g/eth7"] == "Current hardware settings:\nRX: 1024\n"
    assert evidence.texts["$ethtool_S/eth7"] == "NIC statistics:\n  rx_alloc_failed: 3\n"
    assert evidence.reasons["$ethtool_l/eth7"] == "no such"
    assert evidence.texts[f"{tmp_path}/net/eth7/mode"] == "connected\n"
    if os.access("/proc/slabinfo", os.R_OK):
        assert parse_slabinfo(evidence.texts["$slabinfo"], 4096)
        assert parse_pagetypeinfo(evidence.texts["$pagetypeinfo"])


def test_a_driver_that_hangs_costs_the_second_look_its_nics_alone(tmp_path: Path) -> None:
    program = re.sub(r"\b10 ", "1 ", deep_look(tmp_path, ethtool="exec sleep 60"))
    evidence = probe(["/bin/sh"], program)
    assert evidence.whole and "no answer" in evidence.reasons["$ethtool_g/eth7"]
    assert evidence.reasons["$ethtool_l/eth7"] == evidence.reasons["$ethtool_k/eth7"] == "not asked, eth7 did not answer"


def test_busybox_alone_takes_the_second_look(busybox: tuple[list[str], str]) -> None:
    words, path = busybox
    program = render_deep_look("n0", DEEP_FACTS).replace("PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin", f"PATH={path}")
    evidence = probe(words, program)
    assert evidence.whole and evidence.reasons["$ethtool_g"] == "no such command"


def test_no_name_of_a_host_gets_into_the_second_look() -> None:
    program = render_deep_look("n0", DEEP_FACTS)
    assert "/sys/module/mlx4_en/parameters/*" in program and "reboot" not in program
    assert len(program) < MOST_BYTES


def test_the_second_look_is_clean_for_shellcheck() -> None:
    words = [tool("shellcheck"), "-s", "sh", "-e", "SC2016,SC2086,SC2231,SC2317", "-"]
    done = subprocess.run(words, input=render_deep_look("n0", DEEP_FACTS), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


#: Packages of kernels with and without a flavour, and of what is none: name, version, release, machine.
RPMS = (
    ("kernel", "2.6.32", "358.el6", "x86_64"),
    ("kernel-debug-core", "4.18.0", "305.el8", "x86_64"),
    ("kernel-64k-core", "5.14.0", "362.el9", "aarch64"),
    ("kernel-64k-modules", "5.14.0", "362.el9", "aarch64"),
    ("kernel-default", "5.14.21", "150400.24.100.2", "x86_64"),
    ("kernel-headers", "5.14.0", "362.el9", "x86_64"),
)


@pytest.mark.parametrize("words", SHELLS)
def test_kernels_of_a_real_rpm_database(words: str, rpm_home: Path) -> None:
    program = render_probe("n0", sections=("kernels",)).replace("/var/lib/rpm", str(rpm_home / "db"))
    facts = facts_from(probe(shell(words), program, HOME=str(rpm_home)))
    assert facts["kernel"]["installed"] == [
        "2.6.32-358.el6.x86_64", "4.18.0-305.el8.x86_64+debug", "5.14.0-362.el9.aarch64+64k", "5.14.21-150400.24.100-default",
    ]  # fmt: skip


@pytest.mark.parametrize("words", SHELLS)
def test_kernels_of_dpkg_have_a_package_and_an_image(words: str, tmp_path: Path) -> None:
    (tmp_path / "dpkg" / "info").mkdir(parents=True)
    for package in (
        "image-6.1.0-25-amd64",
        "image-unsigned-6.8.0-40-generic",
        "image-6.1.0-24-amd64",
        "image-amd64",
        "headers-6.1.0-23-amd64",
    ):
        (tmp_path / "dpkg" / "info" / f"linux-{package}.list").touch()
    for image in ("vmlinuz-6.1.0-25-amd64", "vmlinux-6.8.0-40-generic", "vmlinuz-6.1.0-23-amd64"):
        (tmp_path / image).touch()
    program = (
        render_probe("n0", sections=("kernels",)).replace("/var/lib/dpkg", f"{tmp_path}/dpkg").replace("/boot/vmlinu", f"{tmp_path}/vmlinu")
    )
    program = program.replace("/var/lib/rpm", f"{tmp_path}/rpm").replace("/usr/lib/sysimage", f"{tmp_path}/rpm")
    assert sorted(facts_from(probe(shell(words), program))["kernel"]["installed"]) == ["6.1.0-25-amd64", "6.8.0-40-generic"]


@pytest.fixture(scope="module")
def rpm_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME whose rpm has a database of its own, with RPMS in it."""
    home = tmp_path_factory.mktemp("rpm")
    (home / ".rpmmacros").write_text(f"%_dbpath {home}/db\n%_topdir {home}/build\n")
    environment = {**os.environ, "HOME": str(home)}
    spec = home / "p.spec"
    for name, version, release, machine in RPMS:
        about = f"Name: {name}\nVersion: {version}\nRelease: {release}\nSummary: x\nLicense: x\n%description\nx\n%files\n"
        spec.write_text(about)
        subprocess.run([tool("rpmbuild", "rpm"), "-bb", "--target", machine, spec], env=environment, capture_output=True, check=True)
    built = sorted((home / "build" / "RPMS").rglob("*.rpm"))
    assert len(built) == len(RPMS)
    words = [tool("rpm"), "-i", "--nodeps", "--ignorearch", "--justdb", *map(str, built)]
    subprocess.run(words, env=environment, capture_output=True, check=True)
    return home


def test_dropbear_takes_it_as_a_command_with_sudo_before_it() -> None:
    """No more than 9,000 bytes, as Ansible's sudo quotes it, with all that may be asked for."""
    sudo = 'sudo -H -S -p "[sudo via ansible, key=abcdefghijklmnopqrstuvwxyzabcdef] password:" -u root /bin/sh -c '
    become = sudo + shlex.quote("echo BECOME-SUCCESS-abcdefghijklmnopqrstuvwxyzabcdef ; " + render_probe("0123456789abcdef", True))
    assert len("/bin/sh -c " + shlex.quote(become + " && sleep 0")) <= 9000
