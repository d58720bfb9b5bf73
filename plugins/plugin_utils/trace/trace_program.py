# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A trace of the page allocator, as one POSIX shell program that a host runs alone.

It turns the kernel's own tracepoints on, waits, turns them off and answers. Before it changes anything it leaves a file that undoes
the change, and starts a watchdog that runs this file once the program is gone or late. So tracing ends also where the connection
breaks, the controller dies or the program is killed.

How it speaks and how it holds its lock are those of the workaround. It needs only tools of RHEL 6 or busybox: sh, awk, cat, grep, mkdir,
mv, nice, rm, rmdir, sleep, ln, readlink.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import end_line, head_line
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import TRACE_INSTANCE, TRACE_LOCK_NAME, TRACE_STATE_NAME
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import is_whole_number
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround import program
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.program import shell_part

_FOLDER = Path(__file__).with_name("sh")
_SPOKEN = Path(program.__file__).with_name("sh")

#: The largest length of the answer; it is less than that of a transcript.
ANSWER_BYTES = 900_000


def render_trace(nonce: str, *, seconds: int, order: int, buffer_kb: int, events_most: int, mount: bool, check: bool) -> str:
    """The program as text. ``nonce``: letters and digits that mark the frame of its answer. ``check``: checks the host, and changes
    nothing.

    Raises ValueError for a value that should be a number and is not, because root runs the program.
    """
    numbers = {"seconds": seconds, "order": order, "buffer_kb": buffer_kb, "events_most": events_most}
    wrong = [name for name, value in numbers.items() if not is_whole_number(value)]
    if wrong or not nonce.isalnum():
        raise ValueError(f"{wrong or nonce!r}")
    variables = {
        "head": head_line(nonce),
        "end": end_line(nonce),
        "token": nonce,
        "lock_name": TRACE_LOCK_NAME,
        "instance": TRACE_INSTANCE,
        "mount": int(mount),
        "check": int(check),
        "answer_bytes": ANSWER_BYTES,
        **numbers,
    }
    assignments = "".join(f'{name}="{value}"\n' for name, value in variables.items())
    return f"{assignments}{_body()}"


@cache
def _body() -> str:
    spoken = "".join(shell_part(_SPOKEN / f"{part}.sh") for part in ("frame", "lock"))
    state = f"state=$place/{TRACE_STATE_NAME}\n"
    laid = _laid("lay_off", "off.sh") + _laid("lay_awk", "condense.awk")
    own = "".join(shell_part(_FOLDER / f"{part}.sh") for part in ("place", "trace"))
    return f"{spoken}{state}{laid}{own}trace\n"


def _laid(function: str, file: str) -> str:
    """A shell function that prints the text of this file."""
    return f"{function}() {{\ncat <<\\EOT\n{shell_part(_FOLDER / file)}EOT\n}}\n"
