# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lost or late connection is to an action, whichever way ansible-core says it."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
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
