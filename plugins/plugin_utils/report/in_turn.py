# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several audits with one folder for their reports: one writes at a time, and none deletes the report of other hosts."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import listed

#: The place for reports that a report of other hosts replaces, each in a folder named after its set of hosts.
OTHERS = "other-audits"
_LOCK = ".audit.lock"
#: No audit writes this long; if it does, it hangs.
_MOST_WAIT_SECONDS = 600.0
_KEPT_SECONDS = 30 * 86400
_NAME = json.JSONDecoder()


@contextlib.contextmanager
def in_turn(directory: str, names: Sequence[str], hosts: Collection[str], *, whole_fleet: bool) -> Iterator[str]:
    """Within the block no other audit writes its reports, the files of these ``names``, into the directory. Gives a sentence on the report
    that was kept since it has hosts that are not among ``hosts``; empty where none was. OSError where the folder cannot be used.

    ``whole_fleet``: the audit asks every host of the inventory. Hosts that are missing in it then are gone, unless they are the most.
    Once the new report is written, older ones are removed if it has all their hosts, and those that nobody asked for in 30 days.
    """
    folder = Path(directory).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / _LOCK):
        asked = frozenset(hosts)
        yield _keep(folder, names, asked, whole_fleet=whole_fleet)
        _remove_covered(folder / OTHERS, asked)


@contextlib.contextmanager
def _locked(lock: Path) -> Iterator[None]:
    number = os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        _wait_for(number, lock)
        yield
    finally:
        os.close(number)


def _wait_for(number: int, lock: Path) -> None:
    late = time.monotonic() + _MOST_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > late:
                raise OSError(errno.ETIMEDOUT, "another audit is still writing its reports after ten minutes", str(lock)) from None
            time.sleep(0.1)
        except OSError:  # a file system without locks
            return
        else:
            return


def hosts_of_report(report: Path) -> frozenset[str]:
    """The names of the hosts in a ``fleet.json``, which has one line for each; none where it is not there or not of ours."""
    names: set[str] = set()
    with contextlib.suppress(OSError, ValueError), report.open(encoding="utf-8") as lines:
        for line in lines:
            if line == '"hosts":{\n':
                break
        for line in lines:
            if line.startswith('"'):
                names.add(_NAME.raw_decode(line)[0])
    return frozenset(names)


def _keep(folder: Path, names: Sequence[str], asked: frozenset[str], *, whole_fleet: bool) -> str:
    earlier = hosts_of_report(folder / "fleet.json")
    left_out = earlier - asked
    if not left_out or (whole_fleet and 2 * len(left_out) < len(earlier)):
        return ""
    digest = hashlib.sha256("\n".join(sorted(earlier)).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    place = folder / OTHERS / digest
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (folder / name).is_file() and not (folder / name).is_symlink():
            _copy(folder / name, place / name)
    told = f"{count_of(len(left_out), 'host')} that this audit did not cover ({listed(sorted(left_out))})"
    return (
        f"The earlier report here has {told}. It is kept in {place}. The playbook fleetcare.pagealloc.report makes one report of several."
    )


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copy2(source, target)


def _remove_covered(others: Path, asked: frozenset[str]) -> None:
    for place in others.iterdir() if others.is_dir() else ():
        report = place / "fleet.json"
        with contextlib.suppress(OSError):
            if not place.is_symlink() and (hosts_of_report(report) <= asked or time.time() - report.stat().st_mtime > _KEPT_SECONDS):
                shutil.rmtree(place)
    with contextlib.suppress(OSError):
        others.rmdir()
