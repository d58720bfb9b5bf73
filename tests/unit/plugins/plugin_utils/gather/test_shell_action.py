# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lost or late connection is to an action, whichever way ansible-core says it."""

from __future__ import annotations

import logging
import subprocess
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.deadline import Deadline
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.shell_action import ShellAction


class Action(ShellAction):
    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        raise NotImplementedError


ACTION = Action.__new__(Action)


@pytest.mark.parametrize(
    ("raised", "lost"),
    [
        (AnsibleConnectionFailure("gone"), True),
        # as ansible-core 2.16 says it
        (AnsibleError("Timeout (12s) waiting for privilege escalation prompt: "), True),
        (AnsibleError("no such module"), False),
    ],
)
def test_what_is_a_lost_connection(raised: AnsibleError, lost: bool) -> None:
    with pytest.raises(AnsibleError) as failure, ACTION.limited_to(5):
        raise raised
    assert isinstance(failure.value, AnsibleConnectionFailure) is lost


@pytest.mark.parametrize("also", [None, AnsibleError("the module's answer is none"), AnsibleConnectionFailure("ssh ended")])
def test_what_hangs_is_ended_and_said_to_be_late(also: AnsibleError | None) -> None:
    with pytest.raises(AnsibleConnectionFailure, match="1 s"), ACTION.limited_to(1):
        assert subprocess.run(["sleep", "60"], check=False).returncode < 0
        if also:
            raise also


class Connection:
    """It does not notice when it is shut down."""

    _shell = SimpleNamespace(tmpdir="/tmp/ansible-tmp-1")

    def __init__(self, *, closes: bool) -> None:
        self.closes, self.closed = closes, 0

    def close(self) -> None:
        self.closed += 1
        if not self.closes:
            threading.Event().wait()


@pytest.fixture
def hanging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Action:
    monkeypatch.setitem(Deadline.__enter__.__globals__, "_GRACE_SECONDS", 0.3)
    action = Action.__new__(Action)
    action._connection = Connection(closes=request.param)
    return action


@pytest.mark.parametrize(("hanging", "closed"), [(True, 2), (False, 1)], indirect=["hanging"])
def test_a_connection_that_hangs_is_late_and_closed(hanging: Action, closed: int) -> None:
    """Ansible closes it once more after the task."""
    with pytest.raises(AnsibleConnectionFailure, match="1 s"), hanging.limited_to(1):
        threading.Event().wait()
    hanging._connection.close()
    assert hanging._connection.closed == closed


@pytest.mark.parametrize("hanging", [True], indirect=True)
def test_what_a_module_left_is_not_removed_for_ever(hanging: Action, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ShellAction.cleanup.__globals__, "_CLEANUP_SECONDS", 1)
    asked = []

    def remove(path: str) -> None:
        asked.append(path)
        threading.Event().wait()

    monkeypatch.setattr(hanging, "_task", SimpleNamespace(async_val=0), raising=False)
    monkeypatch.setattr(hanging, "_remove_tmp_path", remove)
    hanging.cleanup()
    assert asked == ["/tmp/ansible-tmp-1"]


def test_a_log_that_nobody_reads_is_not_written_to_stderr(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for _time in range(2):
        with ACTION.limited_to(5):
            logging.getLogger("paramiko").error("reset")
    assert capsys.readouterr().err == ""
    assert len(logging.getLogger().handlers) == 1
