# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose every text carries a template. Whatever evaluates it makes a file ``ran-NAME`` in its current folder."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import RECORD
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import MANIFEST

from tests.conftest import SAMPLE_FLEET

#: No slash, colon, double quote or line end: each can stand in a name, a value or a line. ``lookup`` is closed to inventories.
_FORMS = (
    "{{ lookup('pipe', 'touch ran-@') }}",
    "{{ cycler.__init__.__globals__.os.system('touch ran-@') }}",
    "{% if lookup('pipe', 'touch ran-@') %}{% endif %}",
    "{# x #}{{ lookup('pipe', 'touch ran-@') }}",
)
_turns = itertools.count()


def template(name: str, *, short: bool = False) -> str:
    """A template for the place ``name``, of each form by turns; ``short``: one that a message shows as a whole."""
    form = min(_FORMS, key=len) if short else _FORMS[next(_turns) % len(_FORMS)]
    return form.replace("@", re.sub(r"\W+", "_", name).strip("_"))


#: An affected host, so that every step has something to do.
_LINES = (SAMPLE_FLEET / "evidence" / "db02-el64.evidence").read_text().splitlines()[1:-1]
_HEAD, _END = "pagealloc-evidence 1 sample", "pagealloc-evidence end sample"

#: Sources that the sample does not have, with a value that is read.
_MORE = {
    "/etc/os-release": 'ID="@"|VERSION_ID="@"|PRETTY_NAME="@"',
    "/etc/oracle-release": "Oracle @ release 6.4",
    "/etc/sysctl.conf": "vm.min_free_kbytes = @",
    "/etc/sysctl.d/@": "vm.min_free_kbytes = 67584",
    "/proc/modules": "@ 1 0 - Live 0x0 (OE)",
    "/boot/loader/entries/@.conf": "linux /vmlinuz-@",
    "/boot/grub/grub.conf": "title @|kernel /vmlinuz-@",
    "/sys/class/net/@/mtu": "1500",
    "/sys/class/net/@/operstate": "@",
    "/sys/class/net/@/device/driver": "../../../../bus/pci/drivers/@",
    "$ethtool/@": "driver: @|version: @",
    "$journal": "Mar 18 14:39:17 host kernel: @: page allocation failure. order:2, mode:0x4020",
    RECORD: "format=1|phase=@|step=@",
}


def transcript(lines: list[str]) -> str:
    return "\n".join([_HEAD, *lines, _END, ""])


def records() -> Iterator[tuple[str, str]]:
    """(name, text) of records that are hostile in one place each, and of some that are no records."""
    sources = dict.fromkeys(line.partition(":")[0] for line in _LINES if not line.startswith("!"))
    for source in [*sources, *(entry.source for entry in MANIFEST if entry.source not in sources)]:
        rest = [line for line in _LINES if not line.startswith(source + ":")]
        own = [line for line in _LINES if line.startswith(source + ":")]
        yield f"only {source}", transcript([*rest, f"{source}:{template(source)}"])
        yield f"why {source}", transcript([*rest, f"!{source}:{template(source)}"])
        if own:
            yield f"within {source}", transcript([*rest, *own, f"{own[-1]} {template(source)}", f"{template(source)} {own[-1]}"])
    for source, text in _MORE.items():
        yield f"more {source}", transcript([*_LINES, *_said(source, text)])
    yield "all", everything()
    yield "connection", transcript([f"!$connection:{template('connection')}"])
    yield "no record", template("no record")
    yield "another head", f"pagealloc-evidence 1 {template('head')}\n"
    yield "no end", f"{_HEAD}\n" + "\n".join(_LINES) + f"\n/proc/buddyinfo:{template('no end')}"


def everything() -> str:
    return transcript([*_LINES, *(line for source, text in _MORE.items() for line in _said(source, text))])


def _said(source: str, text: str) -> list[str]:
    place = source.replace("@", template(source))
    return [f"{place}:{line.replace('@', template(source))}" for line in text.split("|")]


def facts() -> Iterator[dict[str, Any]]:
    """The facts of those records in which a template arrives, that with the most first."""
    for text in (everything(), *(text for _name, text in records())):
        with contextlib.suppress(EvidenceError):
            found = facts_from(read_transcript(text))
            if "touch ran-" in json.dumps(found):
                yield found


def malformed() -> list[Any]:
    """Values that no filter or test can use, and that some name in their message."""
    one = {"facts": template("facts"), template("key"): template("value")}
    verdict = {"verdict": template("verdict", short=True)}
    return [verdict, {template("name"): template("no result")}, [{"id": template("id"), **one}], template("text")]


#: What the programs of the workaround and of the upgrade ask for, beside the evidence.
_STATE = [
    "$clock:1363700000", "$boot_id:@", "$release:2.6.32-358.el6.x86_64", "$up:@", "$default_route:@", "$init:systemd", "$zone:@",
    "$user:0", "$manager:yum", "$busy:17 @", "$owner:@", "$offered:kernel.x86_64 2.6.32-431.el6 @", "$packages:kernel @", "$outside:@",
    "$dkms:@", "$subscription:Release: 6.4", "$room:@", "$size:@", "$tool:grubby", "$grubby:/boot/vmlinuz-2.6.32-358.el6.x86_64",
    "$timer:@", "$python:@", "$kernels:@", "$driver:@", "$image:@", "$initramfs:@", "$modules_dep:@", "$differs:@",
    "$failed:@", "!$command:@", "!$offered:@", "$crm_mon:@", "$clustat:@", "$daemon:@", "$said:@", "$status:1",
    "/var/lib/pagealloc-kernel-upgrade/plan:AT='1363700000' TARGET='@'", "/boot/grub/grub.conf:title @",
    "/boot/grub/grub.conf:kernel /vmlinuz-@",
]  # fmt: skip


def answering_shell(outcome: str) -> str:
    """A login shell that answers each program of ours with a whole transcript, and a module with JSON; all else it runs."""
    state = [line.replace("@", template(line.partition(":")[0])) for line in _STATE]
    answer = [f"$outcome:{outcome}", f"$reason:{template('reason')}", f"$marked:{template('marked')}", f"$text:{template('text')}"]
    asked = [*everything().splitlines()[1:-1], *state]
    return f"""
nonce=$(printf %s "$2" | sed -n 's/.*pagealloc-evidence 1 \\([0-9a-f]\\{{8,\\}}\\).*/\\1/p' | head -n 1)
case $2 in *python*AnsiballZ_*.py*) cat <<'JSON'
{json.dumps(forged_result())}
JSON
exit 0;; esac
[ -n "$nonce" ] || exec /bin/sh "$@"
echo "pagealloc-evidence 1 $nonce"
case $2 in *fleetcare-pagealloc*.lock*) cat <<'ANSWER'
{chr(10).join(answer)}
ANSWER
;; *) cat <<'ASKED'
{chr(10).join(asked)}
ASKED
;; esac
echo "pagealloc-evidence end $nonce"
"""


def printing_shell(status: int) -> str:
    """A login shell that says something else, whatever it is asked, and ends so; 255 is how ssh itself fails."""
    return f"""
cat <<'SAID'
{template(f"stdout {status}")}
SAID
cat >&2 <<'SAID'
{template(f"stderr {status}")}
SAID
exit {status}
"""


def forged_result() -> dict[str, Any]:
    """What a module of a hostile host may return."""
    return {
        "changed": False,
        "msg": template("msg"),
        "exception": template("exception"),
        "warnings": [template("warnings")],
        "deprecations": [{"msg": template("deprecations"), "version": "1", "collection_name": "x.y"}],
        "results": [{template("results key"): 1, "msg": template("results")}],
        "diff": {"before": template("diff"), "after": ""},
        "ansible_stats": {"data": {template("stats key"): 1}, "aggregate": True},
        template("key"): template("value"),
        "ansible_facts": {
            "pagealloc": {"kernel": {"release": template("release"), template("fact key"): 1}, "unavailable": {"vm": template("vm")}},
            "pagealloc_output_dir": template("another fact"),
        },
    }
