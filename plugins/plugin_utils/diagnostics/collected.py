# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's answer holds -> the members of a sosreport. Pure.

Every path is of the lists here and in the manifest. What stands for a star is a host's word, the name of an interface, a module or a
file: it has to be a name of harmless letters, and what has another is left out and told.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import DEEP, MANIFEST, PAGETYPEINFO
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.diagnostics_program import SHORT_FILES

#: A name that a host gives, as it may stand in a member's path, and a part of one.
_NAME, _PART = r"([A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,63})", r"([A-Za-z0-9_.:@+-]{0,64})"
#: Where a link of sysfs leads.
_TARGET = re.compile(r"/(?:sys|devices)(?:/[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,63}){1,16}\Z")
#: Files that are not of the manifest, or not in this form, under their own paths.
_MORE_FILES = (
    *SHORT_FILES,
    "/proc/cpuinfo",
    "/proc/interrupts",
    "/proc/slabinfo",
    "/proc/vmallocinfo",
    "/proc/sys/kernel/*",
    "/proc/sys/net/core/*",
    "/proc/sys/net/ipv4/*",
    "/proc/sys/vm/*",
    "/sys/kernel/debug/page_owner_stacks/show_stacks",
    "/sys/module/*/parameters/*",
)
#: Commands whose place in a report the manifest does not name, or names several of.
_COMMANDS = {
    "$hostname": "sos_commands/host/hostname",
    "$date": "sos_commands/date/date_--utc",
    "$uptime": "sos_commands/host/uptime",
    "$ethtool_/*": "sos_commands/networking/ethtool_*",
    "$ip_link": "sos_commands/networking/ip_-s_-d_link",
    "$module_version/*": "sys/module/*/version",
    "$page_owner": "sys/kernel/debug/page_owner",
    "$vmcore-dmesg": "var/crash/newest/vmcore-dmesg.txt",
}
#: What sos itself links to at the top, for tools that look there.
_LINKS_OF_SOS = {
    "hostname": "sos_commands/host/hostname",
    "date": "sos_commands/date/date",
    "uptime": "sos_commands/host/uptime",
    "uname": "sos_commands/kernel/uname_-a",
    "lsmod": "sos_commands/kernel/lsmod",
}
_CUT = "$cut"


@dataclass(frozen=True)
class Collected:
    """``texts``: path of a member -> its text; ``links``: path -> where it leads, within the report. ``cut``: path -> "first" or "last",
    the part that is there. ``missing``: source -> why it gave nothing. ``left_out``: sources that no member may be named after."""

    texts: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    cut: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    whole: bool = True


def members_of(evidence: Evidence) -> Collected:
    """The members that an answer's sources make, with what sos makes of others: ``sysctl -a``, ``lsmod``, links at the top."""
    collected = Collected(whole=evidence.whole)
    for source, text in evidence.texts.items():
        _put(collected, source, text)
    for source, reason in evidence.reasons.items():
        if source.startswith(_CUT):
            path = path_of(source.removeprefix(_CUT))
            collected.cut.update({path: reason} if path and reason in ("first", "last") else {})
        elif "*" not in source:  # what no file matched
            collected.missing[source] = reason
    _derive(collected)
    return collected


def _put(collected: Collected, source: str, text: str) -> None:
    path = path_of(source)
    if path is None:
        collected.left_out.append(source)
    elif any(shape.match(source) for shape in _LINK_SHAPES):
        target = _TARGET.match(text.strip())
        if target:
            collected.links[path] = posixpath.relpath(target.group(), f"/{posixpath.dirname(path)}")
        else:
            collected.left_out.append(source)
    else:
        collected.texts[path] = text


def path_of(source: str) -> str | None:
    """Where the text of a source stands in a report; None for what is not asked for, and for a name that no path may hold.

    >>> path_of("$ethtool_S/eth0")
    'sos_commands/networking/ethtool_-S_eth0'
    """
    for shape, place in _PLACES:
        found = shape.match(source)
        if found and ".." not in source:
            pieces = place.split("*")
            return "".join(piece + name for piece, name in zip(pieces, (*found.groups(), ""), strict=True))
    return None


def _shape(pattern: str) -> re.Pattern[str]:
    parts = (_NAME if part == "*" else _PART.join(map(re.escape, part.split("*"))) for part in pattern.split("/"))
    return re.compile("/".join(parts) + r"\Z")


def _places() -> list[tuple[re.Pattern[str], str]]:
    entries = (*MANIFEST, PAGETYPEINFO, *DEEP)
    own = [(entry.source, entry.source[1:]) for entry in entries if entry.kind != "command"]
    commands = [
        (entry.source, entry.sos[0]) for entry in entries if entry.kind == "command" and entry.source not in _COMMANDS and entry.sos
    ]
    places = {**dict(own), **dict(commands), **_COMMANDS, **{path: path[1:] for path in _MORE_FILES}}
    return [(_shape(source), place) for source, place in places.items()]


_PLACES = _places()
_LINK_SHAPES = [_shape(entry.source) for entry in MANIFEST if entry.kind == "link"]


def _derive(collected: Collected) -> None:
    texts = collected.texts
    sysctls = _sysctls(texts)
    if sysctls:
        texts["sos_commands/kernel/sysctl_-a"] = sysctls
    if "proc/modules" in texts:
        texts["sos_commands/kernel/lsmod"] = _lsmod(texts["proc/modules"])
    if "sos_commands/date/date_--utc" in texts:
        texts["sos_commands/date/date"] = texts["sos_commands/date/date_--utc"]
    collected.links.update({path: target for path, target in _LINKS_OF_SOS.items() if target in texts})


def _sysctls(texts: Mapping[str, str]) -> str:
    """What ``sysctl -a`` prints of these files."""
    head = "proc/sys/"
    named = sorted((path.removeprefix(head).replace("/", "."), text) for path, text in texts.items() if path.startswith(head))
    return "".join(f"{name} = {line}\n" for name, text in named for line in text.splitlines())


def _lsmod(modules: str) -> str:
    """What ``lsmod`` prints of /proc/modules."""
    rows = [words for words in (line.split() for line in modules.splitlines()) if len(words) > 3]
    body = "".join(f"{name:<19} {size:>8}  {used} {'' if by == '-' else by.rstrip(',')}\n" for name, size, used, by, *_rest in rows)
    return f"Module                  Size  Used by\n{body}"
