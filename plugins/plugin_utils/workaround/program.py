# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change of a host, as one POSIX shell program that runs there from start to end.

Several settings, each at runtime and for the next boot, have to change together: a connection that breaks between two of them would leave
a mix. So the host does it alone. The program ignores a lost connection, holds a lock, and records each change before it makes it. If a
step fails or memory runs short, it undoes the change. It answers at the end. After a power cut the record shows what was interrupted: the
boot-time file decides the values after the boot, and the next run (``mend``) finishes or undoes the rest.

Its parts are the files of ``sh/``; which settings it may change is the list of remedies. It needs only tools of RHEL 6 or busybox: sh,
cat, chmod, mkdir, mv, rm, rmdir, ln, readlink, sync, sleep, date, dmesg, grep. It has few single quotes, because each becomes five bytes,
and some sshds refuse long commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import end_line, head_line
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import LOCK_NAME, RECORD, SETTINGS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import ABSENT, KEYS, MARK

_FOLDER = Path(__file__).with_name("sh")

#: The parts that every verb needs, before its own parts and after them.
_FIRST, _LAST = ("frame", "lock", "memory", "record"), "main"
#: Verb -> its parts. The last part has the main function, with the name of the part.
_PARTS = {
    "apply": ("undo", "in_force", "compact", "apply"),
    "undo": ("undo", "undo_step"),
    "leave": ("depart", "leave"),
    "mend": ("undo", "in_force", "depart", "mend"),
}
#: Verb -> its numbers, as variables of the shell. Those of a step have new_ before their names.
_NUMBERS = {"apply": ("short_kb", "watch_seconds"), "undo": (), "leave": (), "mend": ()}
_FLAGS = {"apply": ("compact",), "undo": (), "leave": ("force",), "mend": ()}


def render_program(verb: str, nonce: str, values: Mapping[str, Any]) -> str:
    """The program as text. ``nonce``: letters and digits that mark the frame of its answer.

    ``values``: for ``apply`` each setting of KEYS (None: no change), each again as expected_NAME (the value in the plan), step, short_kb,
    watch_seconds, compact; for ``undo`` step; for ``leave`` force. Raises ValueError for a value that should be a number and is not,
    because root runs the program.
    """
    if verb not in _PARTS or not nonce.isalnum():
        raise ValueError(f"{verb!r} or {nonce!r}")
    variables = {
        "head": head_line(nonce),
        "end": end_line(nonce),
        "lock_name": LOCK_NAME,
        "record": RECORD,
        "settings": SETTINGS,
        "mark_words": MARK,
        # the first of the list is set last, so when it is in force, all are
        "names": " ".join(reversed(KEYS)),
        **_given(verb, values),
    }
    assignments = "".join(f'{name}="{value}"\n' for name, value in variables.items())
    parts = (*_FIRST, *_PARTS[verb], _LAST)
    return f"{assignments}{''.join(shell_part(_FOLDER / f'{part}.sh') for part in parts)}{_PARTS[verb][-1]}\n"


def _given(verb: str, values: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a verb."""
    numbers = {name: name for name in _NUMBERS[verb]}
    if verb in ("apply", "undo"):
        numbers["new_step"] = "step"
    if verb == "apply":
        numbers.update({f"new_{key}": key for key in KEYS} | {f"expected_{key}": f"expected_{key}" for key in KEYS})
    flags = {name: "1" if values.get(name) else "0" for name in _FLAGS[verb]}
    return {variable: _number(values, name) for variable, name in numbers.items()} | flags


def _number(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None:
        return ABSENT
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name}: {value!r} is not a count")
    return str(value)


@cache
def shell_part(path: Path) -> str:
    """A part without comments, blank lines and indentation, because dropbear refuses commands of more than 9000 bytes."""
    lines = (line.lstrip(" ") for line in path.read_text(encoding="utf-8").splitlines())
    return "".join(line + "\n" for line in lines if line and not line.startswith("#"))
