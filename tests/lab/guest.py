# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests: virtual machines on this machine's loopback, ended with what started them, and with a console log that says why."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import tool
from tests.lab.cache import LAB
from tests.lab.images import key, legacy, modern, reporting, suse, upgradable
from tests.lab.initramfs import initramfs
from tests.lab.kernel import Kernel, kernel
from tests.sshd import free_port

#: How long a guest may take from power to SSH before it counts as hung. On two idle cores it takes a tenth of that.
BOOT_SECONDS = 300
#: How long its sshd may think about a banner, and about a session. Given up early and tried anew, each would keep it from answering the
#: next. But a connection begun before there is a network is tried anew by QEMU ever more seldom.
_BANNER_SECONDS, _SESSION_SECONDS = 15, 60
IMAGES = {"legacy": legacy, "modern": modern, "reporting": reporting, "upgradable": upgradable, "suse": suse}
#: Those that boot from their own disk the kernel that they chose themselves.
SELF_BOOTING = ("upgradable", "suse")
_SSH = ("-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes")
#: Software emulation: a /dev/kvm may be there and not work. Where it does, PAGEALLOC_LAB_ACCELERATOR=kvm is ten times as fast.
ACCELERATOR = os.environ.get("PAGEALLOC_LAB_ACCELERATOR") or "tcg"
_PR_SET_PDEATHSIG = 1


class GuestError(RuntimeError):
    """A guest that crashed, hung or never came up; the message ends with the last lines of its console."""


@dataclass(frozen=True)
class Plan:
    """What a guest is. ``memory_mb``: one number for each memory node; ``words``: more of the kernel's command line.

    To those of SELF_BOOTING ``of`` is nothing, and only the lab's own words reach them.
    """

    image: str
    memory_mb: tuple[int, ...] = (4608,)
    words: tuple[str, ...] = ()
    of: Kernel = field(default_factory=kernel)


@dataclass
class Guest:
    """A running guest. ``port`` reaches its SSH; ``leaking_port`` too, through the interface that leaks, and as UDP port its packets."""

    plan: Plan
    folder: Path
    port: int
    leaking_port: int
    process: subprocess.Popen[bytes]
    #: Where in its console's log the last reset was.
    _reset_at: int = 0

    @property
    def console(self) -> str:
        """What it said since power on, or since the last reset from outside."""
        return (self.folder / "console.log").read_bytes()[self._reset_at :].decode(errors="replace")

    def variables(self, *, leaking: bool = False) -> dict[str, str | int]:
        """Inventory variables that reach it, each connection made anew. A kernel that looks for memory on an emulated processor may
        keep sshd waiting for longer than Ansible's ten seconds; through the interface that leaks there is nothing to wait for."""
        return {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.leaking_port if leaking else self.port,
            "ansible_ssh_timeout": 10 if leaking else 60,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(key()),
            "ansible_ssh_common_args": " ".join((*_SSH, "-o", "ControlMaster=no", "-o", "ControlPath=none")),
            "ansible_python_interpreter": "/usr/bin/python3",
        }

    def run(self, command: str, *, check: bool = True, timeout: float = 120) -> str:
        """What a shell command on it prints. GuestError where it fails, or the guest does not answer."""
        try:
            done = self._ssh(command, timeout)
        except subprocess.TimeoutExpired:
            raise self.error(f"no answer to {command!r} within {timeout:.0f} s") from None
        if check and done.returncode:
            raise self.error(f"{command!r} ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
        return done.stdout

    def leave(self, program: str, output: str = "/dev/null") -> None:
        """Starts a shell program that goes on alone after this connection. It holds no single quote; one at a time."""
        self.run(f"echo '{program}' >/tmp/alone; (trap \"\" HUP; exec sh /tmp/alone) >{output} 2>&1 </dev/null &")

    def wait_until(self, condition: str, seconds: float) -> None:
        """Until that shell command succeeds on it. GuestError with what it says last."""
        end = time.monotonic() + seconds
        said = ""
        while time.monotonic() < end:
            with contextlib.suppress(subprocess.TimeoutExpired):
                done = self._ssh(condition, 30)
                if done.returncode == 0:
                    return
                said = done.stdout[-500:] + done.stderr[-500:]
            time.sleep(1)
        raise self.error(f"{condition!r} does not come true within {seconds:.0f} s: {said}")

    def _ssh(self, command: str, timeout: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tool("ssh", "openssh-client"), *_SSH, "-i", str(key()), "-p", str(self.port), "root@127.0.0.1", command],
            capture_output=True, text=True, errors="replace", timeout=timeout, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def wait(self, seconds: float = BOOT_SECONDS) -> None:
        """Until a command can be run on it over SSH."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise self.error(f"QEMU ended with {self.process.returncode}: {(self.folder / 'qemu.log').read_text()[-500:]}")
            if "Kernel panic" in self.console:
                raise self.error("the kernel panicked")
            with contextlib.suppress(subprocess.TimeoutExpired):
                if self._greets() and self._ssh("true", _SESSION_SECONDS).returncode == 0:
                    return
            time.sleep(0.3)
        raise self.error(f"no SSH within {seconds:.0f} s")

    def _greets(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), _BANNER_SECONDS) as connection:
            return connection.recv(4) == b"SSH-"
        return False

    def boot_id(self) -> str:
        """Another one after every boot."""
        return self.run("cat /proc/sys/kernel/random/boot_id").strip()

    def cut_power(self) -> None:
        """A reset, as if the power had been away: what was not on the disk is lost. Returns when it is up again."""
        before = self.boot_id()
        self.reset()
        self.wait_for_other_boot(before)

    def reset(self) -> None:
        """The same to a guest in any state, also one that panicked. Does not wait; ``wait`` does."""
        self._reset_at = (self.folder / "console.log").stat().st_size
        self.qmp("system_reset")

    def wait_for_panic(self, seconds: float = BOOT_SECONDS) -> None:
        """Until its kernel panics."""
        end = time.monotonic() + seconds
        while "Kernel panic" not in self.console:
            if time.monotonic() > end:
                raise self.error(f"no panic within {seconds:.0f} s")
            time.sleep(0.3)

    def reboot(self) -> None:
        """As an operator would do it. Returns when it is up again."""
        before = self.boot_id()
        self.ask_to_reboot()
        self.wait_for_other_boot(before)

    def ask_to_reboot(self) -> None:
        """The same without waiting, for a boot that may fail. In a second, so that this connection ends in order."""
        self.run("systemd-run --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot")

    def wait_for_other_boot(self, before: str, seconds: float = BOOT_SECONDS) -> None:
        """Until it has booted since the boot with this id."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.wait(max(1, end - time.monotonic()))
            with contextlib.suppress(GuestError):
                if self.boot_id() != before:
                    return
            time.sleep(0.5)
        raise self.error("it did not boot anew")

    def qmp(self, command: str, **arguments: Any) -> Any:
        """The answer of QEMU's machine protocol."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(20)
            line.connect(_short(self.folder / "qmp"))
            file = line.makefile("rw")
            file.readline()
            answer: dict[str, Any] = {}
            for request in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                file.write(json.dumps(request) + "\n")
                file.flush()
                answer = json.loads(file.readline())
                while "event" in answer:
                    answer = json.loads(file.readline())
        if "error" in answer:
            raise GuestError(f"QEMU refuses {command}: {answer['error']}")
        return answer.get("return")

    def send_packets(self, number: int, size: int = 1000) -> None:
        """Traffic to the interface that leaks, from this machine."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            payload = bytes(size)
            for sent in range(number):
                sender.sendto(payload, ("127.0.0.1", self.leaking_port))
                if sent % 50 == 49:
                    time.sleep(0.005)  # QEMU's network drops what comes faster

    def error(self, what: str) -> GuestError:
        tail = "\n".join(self.console.splitlines()[-40:])
        return GuestError(f"{self.plan.image}: {what}\nThe console ended ({self.folder / 'console.log'}):\n{tail}")


@contextlib.contextmanager
def running(plan: Plan, name: str = "") -> Iterator[Guest]:
    """A guest from power to SSH, ended at the end of the block. Its folder stays where the block fails."""
    sweep()
    folder = LAB / "run" / f"{os.getpid()}-{name or plan.image}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    guest = _start(plan, folder, name or plan.image)
    try:
        guest.wait()
        yield guest
    except BaseException:
        _end(guest.process)
        raise
    _end(guest.process)
    shutil.rmtree(folder)


def _start(plan: Plan, folder: Path, name: str) -> Guest:
    """QEMU, with other ports where somebody took the chosen ones in between."""
    for _attempt in range(5):
        port, leaking_port = free_port(), free_port()
        command = _command(plan, folder, name, port, leaking_port)
        (folder / "owner").write_text(f"{os.getpid()} {_started(os.getpid())}")
        with (folder / "qemu.log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, preexec_fn=_die_with_parent)
        (folder / "pid").write_text(str(process.pid))
        time.sleep(0.3)
        if process.poll() is None:
            return Guest(plan, folder, port, leaking_port, process)
        said = (folder / "qemu.log").read_text()
        if "host forwarding" not in said:
            raise GuestError(f"QEMU does not start: {said[-1000:]}")
    raise GuestError(f"no free port for QEMU: {said[-500:]}")


def _command(plan: Plan, folder: Path, name: str, port: int, leaking_port: int) -> list[str]:
    (folder / "console.log").touch()
    memory = [f"{sum(plan.memory_mb)}M"]
    if len(plan.memory_mb) > 1:
        for node, size in enumerate(plan.memory_mb):
            memory += ["-object", f"memory-backend-ram,id=node{node},size={size}M"]
            memory += ["-numa", f"node,nodeid={node},memdev=node{node}" + (",cpus=0" if node == 0 else "")]
    return [
        tool("qemu-system-x86_64", "qemu-system-x86"), "-machine", "pc", "-accel", ACCELERATOR, "-cpu", "max", "-smp", "1",
        "-m", *memory, "-display", "none", "-no-user-config", "-nodefaults",
        "-serial", "file:console.log", "-qmp", "unix:qmp,server=on,wait=off",
        *_boot(plan, (f"lab.hostname={name}", *plan.words)),
        # writes go to a file that vanishes with QEMU, and outlast a reset
        "-drive", f"file={IMAGES[plan.image](plan.of)},format=raw,if=virtio,snapshot=on",
        "-netdev", f"user,id=reach,restrict=on,hostfwd=tcp:127.0.0.1:{port}-10.0.2.15:22",
        "-device", "virtio-net-pci,netdev=reach,romfile=",
        "-netdev", "user,id=leaks,restrict=on,net=10.0.3.0/24,"
        f"hostfwd=tcp:127.0.0.1:{leaking_port}-10.0.3.15:22,hostfwd=udp:127.0.0.1:{leaking_port}-10.0.3.15:9",
        "-device", "virtio-net-pci,netdev=leaks,romfile=",
    ]  # fmt: skip


def _boot(plan: Plan, words: tuple[str, ...]) -> list[str]:
    """What it boots, and how the words reach it: where its own disk has the command line, as the machine's serial number."""
    if plan.image in SELF_BOOTING:
        return ["-smbios", f"type=1,serial={' '.join(words)}"]
    # no_timer_check: without KVM, on a machine with much else to do, the kernel would take a late tick for a broken timer and give up
    words = ("console=ttyS0", "net.ifnames=0", "init_on_alloc=0", "mitigations=off", "no_timer_check", "loglevel=4", *words)
    return ["-kernel", str(plan.of.image), "-initrd", str(initramfs(plan.of)), "-append", " ".join(words)]


def _short(path: Path) -> str:
    """A name of a socket may have 107 characters, a checkout's path any number: relative to the working folder where shorter."""
    return min(str(path), os.path.relpath(path), key=len)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(20)


def sweep() -> None:
    """End what an interrupted run left behind, and only that: QEMUs in the lab's own folders whose starter is gone."""
    for folder in (LAB / "run").glob("*"):
        owner, pid = folder / "owner", folder / "pid"
        if not owner.exists():
            continue
        starter, started = owner.read_text().split()
        if _started(int(starter)) == started:
            continue
        if pid.exists() and _runs_in(int(pid.read_text()), folder):
            os.kill(int(pid.read_text()), signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks: tells it from another that got its number later. "" where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _runs_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == folder.resolve() and "qemu" in Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return False
