# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share: where things are, and how a missing tool is told from a failed check."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import settings

from tests.progress import Progress, file_of, known_durations, tell_why_skipped

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_FLEET = ROOT / "playbooks" / "sample_fleet"

# No test leaves anything in the cache of who runs it; those of the cache name one of their own.
os.environ["PAGEALLOC_CACHE_DIR"] = "none"

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("ci" if os.environ.get("CI") else "here")


#: The names of cores that parametrized tests have beside the newest.
OLDER_CORES = {"oldest", "2.16", "2.18"}
#: What each process has to know of how the user called pytest.
QUICK = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the tests too that take long, as CI does")


@pytest.hookimpl(trylast=True)  # behind pytest's own reporter
def pytest_configure(config: pytest.Config) -> None:
    """The quick tests alone where nobody names any, says --all, or is CI."""
    given: Any = getattr(config, "workerinput", None)
    named = config.args_source != pytest.Config.ArgsSource.TESTPATHS
    quick = not (named or config.getoption("--all") or os.environ.get("CI"))
    config.stash[QUICK] = given["quick"] if given else quick
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    alone = config.getoption("capture") == "no" or config.getoption("usepdb") or config.getoption("collectonly")
    if given is None and reporter and reporter.verbosity == -1 and not alone:
        chosen = config.getoption("keyword") or config.getoption("markexpr")
        name = "quick" if config.stash[QUICK] else "all"
        config.pluginmanager.register(Progress(config, reporter._tw._file, name, whole=not named and not chosen))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["quick"] = node.config.stash[QUICK]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if "s" not in terminalreporter.reportchars and config.get_verbosity() >= -1:
        tell_why_skipped(terminalreporter)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The tests of a file, and of one version of Ansible where there are several, run in one process and one after the other, since
    they share hosts. The lab is one such group. What takes longest begins first."""
    known = known_durations()["quick" if config.stash[QUICK] else "all"]
    items.sort(key=lambda item: ("tests/lab/" not in item.nodeid, -known.get(file_of(item.nodeid), (0, 1))[0]))
    for item in items:
        version = getattr(item, "callspec", None) and item.callspec.params.get("ansible") or ""  # type: ignore[attr-defined]
        group = "lab" if "tests/lab/" in item.nodeid else f"{file_of(item.nodeid)} {version}".strip()
        item.add_marker(pytest.mark.xdist_group(group))
        if config.stash[QUICK] and (why := left_out(item)):
            item.add_marker(pytest.mark.skip(f"{why} (run with ./dev test --all, with CI=1, or by name)"))


def left_out(item: pytest.Item) -> str:
    """Why a test is not among the quick ones; empty where it is."""
    if "tests/lab/" in item.nodeid:
        return "real kernels in QEMU take half an hour"
    slow = item.get_closest_marker("slow")
    if slow:
        return str(slow.args[0])
    callspec = getattr(item, "callspec", None)
    return "the newest ansible-core does the same here" if callspec and OLDER_CORES & set(callspec.id.split("-")) else ""


@contextmanager
def locked(lock: Path) -> Iterator[None]:
    """Only one process at a time, with any outcome of the one that has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cannot_run(reason: str) -> NoReturn:
    """A check that cannot run here: skipped on a user's machine, failed in CI, where everything is to be there."""
    if os.environ.get("CI"):
        pytest.fail(f"cannot run here: {reason}")
    pytest.skip(reason)


def tool(name: str, package: str = "") -> str:
    """The path of a program, or the end of the test with the Debian package that brings it."""
    path = shutil.which(name)
    if path is None:
        cannot_run(f"{name} is not installed (Debian: apt-get install {package or name})")
    return path
