# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of ours, here and on the host: links that somebody laid, disks that are full, runs that were killed, names that are taken."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import RECORD, SETTINGS, UPGRADE_HOME
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import no_record, parse_record
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import save_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import REPORTS, require_writable, write_reports
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.whole_file import remove_leftovers, write_together, write_whole
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import os_failure
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import program_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer, read_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.program import render_program

from tests.conftest import cannot_run, tool
from tests.playbook import own
from tests.security.workaround_host import APPLY, NONCE, ORIGINAL_KB, SHELLS, Left, WorkaroundHost, is_applied, shell_words

NAMES = tuple(name for name, _render in REPORTS.values())
UNTOUCHED = Left((str(ORIGINAL_KB), "0"), None, None)


@contextmanager
def small_disk(place: Path, *options: str) -> Iterator[Path]:
    """A file system of four kilobytes, full but for the names of files."""
    place.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        [tool("mount"), "-t", "tmpfs", "-o", ",".join(["size=4k", *options]), "none", place], capture_output=True, check=False
    )
    if made.returncode != 0:
        cannot_run(f"a file system cannot be mounted: {made.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> None:
    with pytest.raises(OSError) as full, (place / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert full.value.errno == errno.ENOSPC


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# On the controller


def fleet() -> dict[str, Any]:
    return dict(judge_fleet({"h1": Gathered(None, "ssh: connect to host h1 port 22: No route to host", unreachable=True)}, []))


def report(folder: Path) -> None:
    write_reports(fleet(), str(folder))


def transcript(folder: Path) -> None:
    save_transcript(str(folder), "h1", "text\n")


WRITERS: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "report": (report, NAMES),
    "transcript": (transcript, ("h1.evidence",)),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_link_in_a_files_place_is_replaced_and_never_written_through(tmp_path: Path, kind: str) -> None:
    write, names = WRITERS[kind]
    victims = {name: tmp_path / f"victim of {name}" for name in names}
    folder = tmp_path / "out"
    folder.mkdir()
    for name, victim in victims.items():
        victim.write_text("mine\n")
        (folder / name).symlink_to(victim)
    write(folder)
    assert {victim.read_text() for victim in victims.values()} == {"mine\n"}
    assert entries(folder) == set(names) and not [path for path in folder.iterdir() if path.is_symlink()]


def test_a_file_that_another_user_made_before_becomes_none_of_ours(tmp_path: Path) -> None:
    """The number of the process is no secret. A file of that name stays its maker's, who could go on to write into it."""
    beside = tmp_path / f".fleet.json.{os.getpid()}"
    beside.touch()
    write_whole(tmp_path / "fleet.json", "ours")
    assert beside.read_text() == "" and (tmp_path / "fleet.json").stat().st_ino != beside.stat().st_ino
    beside.unlink()
    beside.symlink_to(tmp_path / "nowhere")
    write_whole(tmp_path / "fleet.json", "ours too")
    assert entries(tmp_path) == {beside.name, "fleet.json"} and beside.is_symlink()


class _Look:
    """Before each call of the system writes down the modes of all that is in a folder."""

    def __init__(self, folder: str, file: int) -> None:
        self.folder, self.file, self.looking = folder, file, False

    def __call__(self, _event: str, _given: tuple[Any, ...]) -> None:
        if not self.looking:
            self.looking = True
            for entry in os.scandir(self.folder):
                os.write(self.file, b"%o\n" % stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode))
            self.looking = False


@pytest.mark.parametrize(("asked", "mode"), [(0o600, 0o600), (0o666, 0o644)])
def test_a_file_has_its_mode_from_the_start(tmp_path: Path, asked: int, mode: int) -> None:
    """Looked at before each call of the system, in a process of its own: no other user may open what is only about to become private."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        look = _Look(str(tmp_path), writing)
        os.umask(0o022)
        sys.addaudithook(look)
        write_whole(tmp_path / "file", "x", asked)
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as seen:
        assert set(seen.read().split()) == {f"{mode:o}"}
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_is_named_and_leaves_the_old_files_and_nothing_else(tmp_path: Path, kind: str) -> None:
    write, names = WRITERS[kind]
    with small_disk(tmp_path / "out") as folder:
        for name in names:
            (folder / name).write_text("")
        fill(folder)
        with pytest.raises(OSError) as full:
            write(folder)
        assert os_failure(full.value) == f"{folder / names[0]}: No space left on device"
        assert entries(folder) == {*names, "filler"} and {(folder / name).read_text() for name in names} == {""}


def test_the_playbook_names_the_full_disk_too(tmp_path: Path) -> None:
    with small_disk(tmp_path / "out") as folder:
        fill(folder)
        here = {"h1": {"ansible_connection": "local"}}
        _fleet, done = own().audit(tmp_path, here, "-e", f"pagealloc_output_dir={folder}", check=False)
    assert done.returncode == 2
    assert f"output_dir: {folder / 'fleet.json'}: No space left on device" in " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize(("failure", "said"), [(OSError(errno.ENOSPC, "Full"), "Full"), (OSError("odd"), "odd"), (OSError(), "OSError")])
def test_no_failure_is_worded_none(failure: OSError, said: str) -> None:
    assert os_failure(failure) == said


@pytest.mark.parametrize("obstacle", range(len(NAMES)))
@pytest.mark.parametrize("there", [True, False])
def test_all_reports_of_a_run_or_none(tmp_path: Path, obstacle: int, there: bool) -> None:
    """One of the three cannot be put in its place: the others are as they were."""
    for name in NAMES:
        if there:
            (tmp_path / name).write_text(f"old {name}")
    place = tmp_path / NAMES[obstacle]
    place.unlink(missing_ok=True)
    place.mkdir()
    with pytest.raises(IsADirectoryError, match=NAMES[obstacle]):
        write_together({tmp_path / name: f"new {name}" for name in NAMES})
    with pytest.raises(IsADirectoryError, match=NAMES[obstacle]):
        report(tmp_path)
    others = [name for name in NAMES if name != place.name]
    assert entries(tmp_path) == {place.name, *(others if there else ())}
    assert not there or all((tmp_path / name).read_text() == f"old {name}" for name in others)
    place.rmdir()
    report(tmp_path)
    assert entries(tmp_path) == set(NAMES) and "fleet/1" in (tmp_path / "fleet.json").read_text()


def test_runs_at_once_leave_the_files_of_one_of_them(tmp_path: Path) -> None:
    """Each run's files; whichever run was last, nothing is beside them."""
    children = []
    for number in range(8):
        child = os.fork()
        if child == 0:
            try:
                for _time in range(100):
                    write_together({tmp_path / name: f"{number} {name}" for name in NAMES})
            finally:
                os._exit(sys.exc_info()[0] is not None)
        children.append(child)
    assert {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children} == {0}
    assert entries(tmp_path) == set(NAMES)
    assert all((tmp_path / name).read_text().endswith(f" {name}") for name in NAMES)


def test_what_killed_runs_left_is_removed_by_the_next_and_what_is_others_is_not(tmp_path: Path) -> None:
    ours = [".fleet.json.0123456789abcdef", ".pagealloc.prom.4711", ".trial.99"]
    token = "0123456789abcdef"
    others = [".fleet.json.swp", ".fleet.json.backup", f".other.{token}", f"fleet.json.{token}", f".fleet.json.{token}0"]
    for name in ours + others:
        (tmp_path / name).touch()
    (tmp_path / ours[1]).unlink()
    (tmp_path / ours[1]).symlink_to(tmp_path / others[0])
    targets = [tmp_path / name for name in (*NAMES, "trial")]
    remove_leftovers(targets)
    assert entries(tmp_path) == set(ours + others), "another run may be at work now"
    time.sleep(0.02)
    remove_leftovers(targets, left_seconds=0.01)
    assert entries(tmp_path) == set(others)
    report(tmp_path)
    assert entries(tmp_path) == {*others, *NAMES}


def test_a_folder_is_tried_without_a_trace(tmp_path: Path) -> None:
    require_writable(str(tmp_path / "new"))
    assert entries(tmp_path / "new") == set()
    (tmp_path / "file").touch()
    with pytest.raises(OSError) as failure:
        require_writable(str(tmp_path / "file" / "below"))
    assert os_failure(failure.value) == f"{tmp_path / 'file' / 'below'}: Not a directory"


# On the host


@pytest.fixture
def host(tmp_path: Path) -> WorkaroundHost:
    return WorkaroundHost(tmp_path / "host")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("place", ["record", "settings", "folder"])
def test_a_link_at_a_place_of_ours_is_refused_and_never_followed(host: WorkaroundHost, tmp_path: Path, place: str, shell: str) -> None:
    victim = tmp_path / "victim"
    path = {"record": host.record, "settings": host.settings, "folder": host.record.parent}[place]
    path.parent.mkdir(parents=True, exist_ok=True)
    if place == "folder":
        victim.mkdir()
    else:
        victim.write_text("mine\n")
    for target in (victim, tmp_path / "nowhere"):
        path.symlink_to(target)
        for verb in ("apply", "mend", "leave"):
            answer = host.ask(shell, verb)
            assert (answer.outcome, answer.reason) == ("refused", f"{path} is a link: look at it, then remove it")
        path.unlink()
    assert (entries(victim) == set()) if place == "folder" else victim.read_text() == "mine\n"
    assert host.left().running == UNTOUCHED.running and not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_links_and_files_at_the_names_beside_are_removed(host: WorkaroundHost, tmp_path: Path, shell: str) -> None:
    """Also what a run left that was killed while it wrote."""
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    host.record.parent.mkdir()
    beside = [host.record.with_name(f"{host.record.name}.new"), host.settings.with_name(f".{host.settings.name}.new")]
    for path in beside:
        path.symlink_to(victim)
    assert host.ask(shell, "apply").outcome == "applied"
    assert is_applied(host.left()) and host.leftovers() == [] and victim.read_text() == "mine\n"
    for path in beside:
        path.write_text("half")
    assert host.ask(shell, "leave").outcome == "restored"
    assert host.left() == UNTOUCHED and host.leftovers() == []


@pytest.mark.parametrize("shell", SHELLS)
def test_root_alone_reads_the_record_and_its_token_is_that_of_the_mark(host: WorkaroundHost, shell: str) -> None:
    host.record.parent.mkdir(mode=0o755)  # as an older version made it
    assert host.ask(shell, "apply").outcome == "applied"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (host.record.parent, host.record, host.settings)]
    assert modes == [0o700, 0o600, 0o644]
    first = parse_record(host.record.read_text())["mark"]
    assert host.kernel_log.read_text() == f"<5>fleetcare.pagealloc: workaround in force (step 1, {first})\n"
    values = {"min_free_kbytes": 524288, "expected_min_free_kbytes": 262144, "expected_zone_reclaim_mode": 1, "step": 2}
    assert host.ask(shell, "apply", **values).outcome == "applied"
    second = parse_record(host.record.read_text())["mark"]
    assert second != first and len(second) == 16
    assert host.ask(shell, "undo", step=2).outcome == "rolled_back"
    assert parse_record(host.record.read_text())["mark"] == first, "the step before is in force, since its own mark"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("place", ["settings", "record"])
def test_a_full_disk_leaves_the_host_as_it_was(host: WorkaroundHost, shell: str, place: str) -> None:
    folder = host.settings.parent if place == "settings" else host.record.parents[1]
    with small_disk(folder):
        if place == "record":  # of tmpfs only the content takes room, and the folder of ours none
            host.record.parent.mkdir(parents=True)
        fill(folder)
        answer = host.ask(shell, "apply")
        path = host.settings if place == "settings" else host.record
        assert (answer.outcome, answer.reason) == ("failed", f"{path} cannot be written: is the file system full or read-only?")
        assert host.left() == UNTOUCHED and [path for path in host.leftovers() if not path.endswith("filler")] == []


def in_a_container(shell: str, verb: str, tmp_path: Path, **values: Any) -> Answer:
    """The answer of the program as hosts get it, where /proc/sys is read-only and what else it writes is a file system of its own."""
    script = (
        "set -e; mount --make-rprivate /; mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys; "
        "for path in /run /var/lib /etc/sysctl.d; do mkdir -p $path; mount -t tmpfs none $path; done; "
        '! ( echo 1 >/proc/sys/vm/stat_interval ) 2>/dev/null; exec "$@"'
    )
    program = render_program(verb, NONCE, values)
    tool("mount")
    words = ["unshare", "-m", "sh", "-c", script, "sh", *shell_words(shell), "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    if done.returncode != 0 and ("unshare" in done.stderr or "mount" in done.stderr):
        cannot_run(f"a namespace of its own cannot be made: {done.stderr.strip()}")
    assert done.stderr == ""
    return read_answer(done.stdout, NONCE)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("verb", ["apply", "mend", "leave"])
def test_a_container_is_refused_and_not_failed(tmp_path: Path, shell: str, verb: str) -> None:
    now = {f"expected_{name}": int(Path(f"/proc/sys/vm/{name}").read_text()) for name in ("min_free_kbytes",)}
    answer = in_a_container(shell, verb, tmp_path, **{**APPLY, **now})
    assert answer.outcome == "refused"
    assert answer.reason == "/proc/sys cannot be written, as in a container. Run this on the machine itself"
    assert not os.path.lexists(RECORD) and not os.path.lexists(SETTINGS)


TOUCH = {
    "an empty name": "=touch",
    "an empty name with a way": "=/usr/bin/touch",
    "a command": "step=$(touch TOUCHED)",
    "back quotes": "step=`touch TOUCHED`",
    "a second command": "step=1;touch TOUCHED",
    "a command as the name": "touch TOUCHED=1",
    "a quote": "step=1'",
    "a double quote": 'step="1',
    "a name of the shell's": "PATH=/tmp",
    "a name with blanks": "step min_free_kbytes=1",
    "a name with a bracket": "step[$(touch TOUCHED)]=1",
    "a pattern as the name": "*=1",
    "no equals sign": "step",
    "no value": "step=",
    "an equals sign too many": "step=1=1",
    "a long value": "step=" + "1" * 100_000,
    "a long name": "s" * 100_000 + "=1",
    "a control character": "step=1\x07",
    "an escape": "step=1\\",
    "a carriage return": "step=1\r",
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", TOUCH)
def test_no_line_of_the_record_is_run_whatever_it_is(host: WorkaroundHost, tmp_path: Path, kind: str, shell: str) -> None:
    assert host.ask(shell, "apply").outcome == "applied"
    record, before = host.record.read_text(), host.left()
    touched = tmp_path / "touched"
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("=touch", "=1", "=/usr/bin/touch".replace("/", "")):
        (programs / name).write_text(f"#!/bin/sh\n: >{touched}\n")
        (programs / name).chmod(0o755)
    line = TOUCH[kind].replace("TOUCHED", str(touched))
    for place in ("format=1\n", "step=1\n"):
        host.record.write_text(record.replace(place, f"{place}{line}\n", 1))
        run = host.start(shell, host.program("leave"), {"PATH": f"{programs}:{os.environ['PATH']}"})
        output, errors = run.communicate(timeout=60)
        answer = read_answer(output, NONCE)
        assert (answer.outcome, answer.reason) == ("refused", f"{host.record} is incomplete: look at it, then remove it"), errors
        assert errors == "" and not touched.exists()
    host.record.write_text(record)
    assert host.left() == before, "nothing was changed"
    assert host.ask(shell, "leave").outcome == "restored"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_line_of_another_version_is_passed_over(host: WorkaroundHost, shell: str) -> None:
    assert host.ask(shell, "apply").outcome == "applied"
    host.record.write_text(host.record.read_text().replace("step=1\n", "step=1\nof_a_later_version=1\n", 1))
    assert host.ask(shell, "leave").outcome == "restored" and host.left() == UNTOUCHED


#: As the version before the list of remedies wrote it, after a second step.
OLD_RECORD = """\
format=1
phase=in_force
step=2
min_free_kbytes=524288
zone_reclaim_mode=1
since_epoch_seconds=1363700000
mark=5f0c2d9a417be836
original_min_free_kbytes=67584
original_zone_reclaim_mode=0
made_folder=0
previous_step=1
previous_min_free_kbytes=262144
previous_zone_reclaim_mode=absent
previous_since_epoch_seconds=1363600000
previous_mark=0123456789abcdef
end=1
"""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("verb", "outcome", "kb"), [("leave", "restored", "67584"), ("undo", "rolled_back", "262144")])
def test_a_record_of_the_version_before_is_given_back(host: WorkaroundHost, shell: str, verb: str, outcome: str, kb: str) -> None:
    host.record.parent.mkdir()
    host.record.write_text(OLD_RECORD)
    host.settings.write_text("vm.min_free_kbytes = 524288\nvm.zone_reclaim_mode = 1\n")
    (host.vm / "min_free_kbytes").write_text("524288\n")
    (host.vm / "zone_reclaim_mode").write_text("1\n")
    assert host.ask(shell, verb, step=2).outcome == outcome
    left = host.left()
    assert left.running[0] == kb
    if verb == "leave":
        assert left == UNTOUCHED
    else:
        assert left.settings is not None and left.settings.endswith("\nvm.min_free_kbytes = 262144\n"), "the mode was left alone then"
        assert parse_record(left.record or "") | {"since": None} == {
            **no_record(), "phase": "in_force", "step": 1, "min_free_kbytes": 262144, "original_min_free_kbytes": 67584,
            "original_zone_reclaim_mode": 0, "since_epoch_seconds": 1363600000, "mark": "0123456789abcdef",
        }  # fmt: skip


def test_a_record_that_a_run_wrote_when_it_was_killed_is_whole_or_the_one_before(host: WorkaroundHost) -> None:
    """Killed at each of many moments; nothing but a whole record is ever in its place."""
    text = host.program("apply")
    for moment in range(40):
        run = host.start("dash", text)
        time.sleep(moment / 1000)
        run.send_signal(signal.SIGKILL)
        run.communicate(timeout=60)
        if host.record.exists():
            assert parse_record(host.record.read_text())["phase"] in ("pending", "in_force")
        assert host.ask("dash", "mend").outcome in ("kept", "mended")
        if host.record.exists():
            assert is_applied(host.left()) and host.ask("dash", "leave").outcome == "restored"
        assert host.left() == UNTOUCHED and host.leftovers() == []


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What stands for the folder of the upgrade on a host."""
    (tmp_path / "lib").mkdir()
    return tmp_path / "lib" / Path(UPGRADE_HOME).name


def launched(home: Path, shell: str) -> dict[str, str]:
    """What a host says that is to reboot now; its own script only makes the file "ran"."""
    script = f'[ "$1" = boots ] || : >{home.parents[1]}/ran'
    program = program_of(NONCE, "place", "launch", script=script, plan="TARGET=x").replace(UPGRADE_HOME, str(home))
    done = subprocess.run([*shell_words(shell), "-c", program], capture_output=True, text=True, check=False, timeout=60)
    return {name: text for name, text in read_transcript(done.stdout, NONCE).texts.items() if text}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_plan_of_a_reboot_is_for_root_alone_and_leaves_nothing_beside_it(home: Path, tmp_path: Path, shell: str) -> None:
    home.mkdir(mode=0o755)
    (home / ".new").symlink_to(tmp_path / "victim")
    assert launched(home, shell) == {"$placed": "yes\n", "$launched": "yes\n"}
    assert (tmp_path / "ran").exists() and not (tmp_path / "victim").exists()
    assert entries(home) == {"run", "plan"} and stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("fault", ["link", "full", "read-only"])
def test_what_cannot_be_placed_is_not_launched(home: Path, tmp_path: Path, fault: str, shell: str) -> None:
    home.mkdir()
    (home / "run").write_text(f": >{tmp_path}/ran\n")
    if fault == "link":
        home.rename(tmp_path / "other")
        home.symlink_to(tmp_path / "other")
        said = launched(home, shell)
        assert said == {"$failed": f"{home} is a link: look at it, then remove it\n"}
    else:
        with small_disk(home):
            fill(home)
            if fault == "read-only":
                subprocess.run(["mount", "-o", "remount,ro", home], check=True)
            said = launched(home, shell)
            assert said["$failed"].startswith(f"{home}") and "cannot be written" in said["$failed"] and "$launched" not in said
            assert entries(home) == {"filler"}
    assert not (tmp_path / "ran").exists()
