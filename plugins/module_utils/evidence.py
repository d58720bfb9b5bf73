# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence: the manifest of what is read on a host, and the framed text it arrives in.

A transcript is what the probe (probe.py) prints. Every line says where it comes from, so that no content
of a host can pose as a frame::

    pagealloc-evidence 1 NONCE
    /proc/buddyinfo:Node 0, zone   Normal  9539 4328 7412 2374       a line of a file
    $uname:Linux db01 2.6.32-358.el6.x86_64 ...                      a line of a command's output
    !/proc/pagetypeinfo:Permission denied                            why a source gave nothing
    pagealloc-evidence end NONCE

Sources bear the path of the file or ``$`` and the command's name, with ``/eth0`` appended where it is asked once
for each of several things.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import namedtuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.container import CONTAINER, FIRST_CGROUP, SYSTEMD_CONTAINER
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import (
    EvidenceError,
    EvidenceMissing,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import RECORD
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS

#: What a transcript may hold at most; the probe stops there, and the controller believes no host that it did.
MAX_TRANSCRIPT_BYTES = 1048576
#: A source with a longer line is of no kernel and no tool that is asked, and counts as missing.
MAX_TEXT_LINE_CHARS = 8192
#: How many sources a host may give, how long the name of one may be, and the reason for which it gave nothing.
MAX_SOURCES = 20000
MAX_SOURCE_CHARS = 512
MAX_REASON_CHARS = 500

#: One source of evidence. ``source``: its name in a transcript, a path or pattern of files or ``$command``.
#: ``kind``: "file" (read whole), "lines" (only those that LINES_WANTED matches), "link" (where it points),
#: or "command". ``sos``: the patterns under which a sosreport keeps it in the same form, relative to its root, the best
#: first; a star stands for a part of one name, and those of ``source`` for the last of them.
Source = namedtuple("Source", "source kind sos")


def _file(path, *more_sos):
    return Source(path, "file", (path.lstrip("/"),) + more_sos)


def _lines(path, *more_sos):
    return Source(path, "lines", (path.lstrip("/"),) + more_sos)


def _syslog(name):
    """A file of syslog; in a report the rotated ones before it too, which a live host's tail brings with it."""
    return Source("$" + name, "command", tuple(
        shape % name for shape in ("var/log/%s", "var/log/%s.*", "var/log/%s-*", "sos_strings/logs/var.log.%s.tailed")
    ))


def _link(path):
    return Source(path, "link", (path.lstrip("/"),))


#: The manifest: every source, most telling first, since the end of a long transcript is what gets cut.
MANIFEST = (
    _file("/proc/buddyinfo"),
) + tuple(_file("/proc/sys/vm/" + name) for name in KEYS) + (
    _file("/proc/sys/kernel/tainted"),
    _file("/proc/uptime"),
    _file(RECORD),
    # in a report these may be links to others, and an archive's members come in any order
    _file("/etc/os-release", "usr/lib/os-release"),
    _file("/etc/oracle-release"),
    _file("/etc/redhat-release", "etc/centos-release", "etc/rocky-release", "etc/almalinux-release"),
    _file("/etc/lsb-release"),
    _file("/etc/SuSE-release"),
    _file("/etc/debian_version"),
    _file("/sys/class/net/*/mtu"),
    _file("/sys/class/net/*/operstate"),
    _file("/sys/class/net/*/bonding/slaves"),
    _file("/proc/net/vlan/config"),
    _file(SYSTEMD_CONTAINER),
    _file(FIRST_CGROUP),
    _file("/boot/grub/grub.conf", "etc/grub.conf"),
    _file("/boot/grub/menu.lst"),
    _file("/boot/efi/EFI/*/grub.conf"),
    _file("/boot/grub2/grubenv", "boot/efi/EFI/*/grubenv"),
    _file("/boot/grub/grubenv"),
    _file("/etc/default/grub"),
    _file("/boot/loader/entries/*.conf"),
    _lines("/etc/sysctl.conf"),
    _lines("/etc/sysctl.d/*"),
    _lines("/run/sysctl.d/*.conf"),
    _lines("/usr/lib/sysctl.d/*.conf"),
    _lines("/proc/meminfo"),
    _lines("/proc/zoneinfo"),
    _lines("/proc/modules"),
    _lines("/proc/net/route"),
    _lines("/proc/net/ipv6_route"),
    _lines("/proc/stat"),
    _lines("/boot/grub2/grub.cfg", "etc/grub2.cfg"),
    _lines("/boot/efi/EFI/*/grub.cfg"),
    _lines("/boot/grub/grub.cfg"),
    _link("/sys/class/net/*/device/driver"),
    _link("/sys/class/net/*/lower_*"),
    _link("/sys/class/net/*/brif/*"),
    Source("$uname", "command", ("sos_commands/kernel/uname_-a", "uname")),
    Source("$getconf", "command", ()),
    Source(CONTAINER, "command", ()),
    Source("$ethtool/*", "command", ("sos_commands/networking/ethtool_-i_*",)),
    Source("$modinfo/*", "command", ()),
    Source("$module_version/*", "command", ()),
    Source("$kernels", "command", ()),
    Source("$grubby", "command", ()),
    Source(
        "$dmesg",
        "command",
        (
            "sos_commands/kernel/dmesg",
            "sos_commands/kernel/dmesg_-T",
            "sos_commands/general/dmesg_now",
            "sos_commands/general/dmesg",
            "dmesg",
        ),
    ),
    Source(
        "$journal",
        "command",
        (
            "sos_commands/logs/journalctl_--no-pager_--boot",
            "sos_commands/logs/journalctl_--no-pager_--catalog_--boot",
            "sos_commands/logs/journalctl_--all_--this-boot_--no-pager",
            "sos_commands/logs/journalctl_--no-pager",
            "sos_strings/logs/journalctl_--no-pager_--boot.tailed",
            "sos_strings/logs/journalctl_--no-pager_--catalog_--boot.tailed",
            "sos_strings/logs/journalctl_--all_--this-boot_--no-pager.tailed",
            "sos_strings/logs/journalctl_--no-pager.tailed",
        ),
    ),
    _syslog("messages"),
    _syslog("kern.log"),
    _syslog("syslog"),
    Source("$vmcore-dmesg", "command", ("var/crash/*/vmcore-dmesg.txt",)),
)

#: Only on request: reading it holds every zone's lock while the kernel walks all free lists.
PAGETYPEINFO = _file("/proc/pagetypeinfo")

#: What a sosreport keeps in a form of its own: form -> patterns, the best first. plugin_utils/sosreport/forms.py turns it
#: into what a live host gives.
SOS_FORMS = {
    "sysctl": ("sos_commands/kernel/sysctl_-a",),
    "ip_link": (
        "sos_commands/networking/ip_-s_-d_link",
        "sos_commands/networking/ip_-d_link",
        "sos_commands/networking/ip_link",
        "sos_commands/networking/ip_-d_address",
        "sos_commands/networking/ip_address",
        "ip_addr",
        "sos_commands/networking/ip_-o_addr",
    ),
    "netns": (
        "sos_commands/networking/namespaces/*/ip_netns_exec_*_ip_-d_address_show",
        "sos_commands/networking/namespaces/*/ip_netns_exec_*_ip_address_show",
        "sos_commands/networking/ip_netns_exec_*_ip_address_show",
        "sos_commands/networking/namespaces/*/ip_netns_exec_*_ethtool_-i_*",
        "sos_commands/networking/ip_netns_exec_*_ethtool_-i_*",
    ),
    "ip_route": ("sos_commands/networking/ip_route_show_table_all", "ip_route"),
    "uptime": ("sos_commands/host/uptime", "sos_commands/general/uptime", "uptime"),
    "free": ("sos_commands/memory/free", "free", "sos_commands/memory/free_-m"),
    "lsb_release": ("sos_commands/release/lsb_release_-a", "sos_commands/lsbrelease/lsb_release_-a"),
    "bonding": ("proc/net/bonding/*",),
    "hostnamectl": (
        "sos_commands/host/hostnamectl_status",
        "sos_commands/host/hostnamectl",
        "sos_commands/general/hostnamectl",
    ),
    "modinfo": ("sos_commands/kernel/modinfo_*",),
    "module_version": ("sys/module/*/version",),
    "taint": ("sys/module/*/taint",),
    "packages": (
        "installed-rpms",
        "sos_commands/rpm/package-data",
        "sos_commands/rpm/sh_-c_rpm_*",
        "sos_commands/rpm/rpm_-qa*",
        "installed-debs",
        "sos_commands/dpkg/dpkg_-l",
    ),
}

#: What tells which host a sosreport is of, and when it was taken: datum -> patterns, the best first.
SOS_IDENTITY = {
    "host": ("hostname", "sos_commands/host/hostname", "sos_commands/general/hostname", "etc/hostname"),
    "taken": ("sos_commands/date/date_--utc", "date", "sos_commands/date/date", "sos_commands/general/date"),
    "machine": ("etc/machine-id", "var/lib/dbus/machine-id"),
    "dmi": ("dmidecode", "sos_commands/hardware/dmidecode"),
    "version": ("proc/version",),
}

#: The source that says which sosreport the evidence is from, as lines of "name: value".
SOSREPORT = "$sosreport"
#: The interfaces without a device of their own, where the links of sysfs are not kept: their names.
VIRTUAL = "$virtual"

#: The lines wanted of long files, as one extended regular expression of grep.
LINES_WANTED = "|".join(
    (
        # zoneinfo: the zone heads and the counters that decide; "high:" of the per-CPU sets is left out
        "^Node",
        "^ +(pages free|min|low|high|present|managed) +[0-9]",
        "^ +protection:",
        "^ +nr_free_(cma|highatomic|pages) ",
        r"^(Mem(Total|Free|Available)|(A|Ina)ctive\(file\)|SReclaimable):",
        # sysctl.conf and its like: the settings of the workaround
        r"^[[:space:]]*(-[[:space:]]*)?vm[./](%s)[[:space:]]*=" % "|".join(KEYS),
        # /proc/modules: tainted ones end in their letters
        r"\([A-Z+-]+\)$",
        # routes: default ones
        "^[^[:space:]]+[[:space:]]00000000[[:space:]]",
        "^0{32} 00 ",
        # /proc/stat: when the kernel booted
        "^btime ",
        # grub.cfg: entries, their kernels, the default, and whether it reads the entries that are files of their own
        "^[[:space:]]*(menuentry|submenu|linux(16|efi)?|set default=|blscfg)",
    )
)

_HEAD = re.compile(r"pagealloc-evidence 1 ([0-9A-Za-z]{1,64})\Z")
_GREP_COMPLAINT = re.compile(r"(?:[a-z]*grep: )?(/[^:]*): (.*)\Z")
_BINARY = re.compile(r"(?:Binary file (/.*) matches|(?:[a-z]*grep: )?(/.*): binary file matches)\Z")


def head_line(nonce):
    """The first line of a transcript."""
    return "pagealloc-evidence 1 " + nonce


def end_line(nonce):
    """The last line of a whole transcript."""
    return "pagealloc-evidence end " + nonce


class Evidence:
    """What a host gave: texts and the reasons for those it did not give.

    ``texts``: {source: text}, ``reasons``: {source: reason}, ``whole``: False where the end is missing, so that
    nothing may be concluded from a source's absence.
    """

    def __init__(self, texts, reasons, whole=True):
        self.texts = texts
        self.reasons = reasons
        self.whole = whole

    def get(self, source):
        """The text of a source, "" where it was there and empty; EvidenceMissing with the reason otherwise."""
        if source in self.texts:
            return self.texts[source]
        raise EvidenceMissing(source, self.why_missing(source))

    def why_missing(self, source):
        """The reason for which a source gave nothing, a sentence's end such as "Permission denied"."""
        if source in self.reasons:
            return self.reasons[source]
        if SOSREPORT in self.texts:
            return "not in the sosreport"
        return "not in the evidence" if self.whole else "the evidence breaks off before it"

    def find(self, prefix, suffix=""):
        """[(what stands between, text)] of the sources of that shape, in order of name."""
        end = len(suffix)
        return [
            (name[len(prefix):len(name) - end], self.texts[name])
            for name in sorted(self.texts)
            if name.startswith(prefix) and name.endswith(suffix) and len(name) > len(prefix) + end
        ]


def read_transcript(text, nonce=None):
    """Evidence from a transcript (str). What precedes its first line, such as a login banner, is left out.

    ``nonce``: that of the probe that was sent; None for a recorded one, where the first line tells. Raises
    EvidenceError where there is no transcript in the text.
    """
    if nonce is not None:
        text = cut_transcript(text, nonce)
    lines = text.split("\n")
    start, nonce = _find_head(lines, nonce)
    end = end_line(nonce)
    collected, reasons = {}, {}
    whole, last = False, None
    for line in lines[start + 1:]:
        if line.endswith("\r"):  # a terminal on the way
            line = line[:-1]
        if line == end:
            whole = True
            break
        last = _take(line, collected, reasons) or last
    texts = dict((source, "\n".join(taken) + "\n") for source, taken in collected.items())
    if whole:
        _note_empty(texts, reasons)
    elif last in texts:  # half a number is a wrong number
        del texts[last]
        reasons[last] = "the evidence breaks off in it"
    keep_bounds(texts, reasons)
    return Evidence(texts, reasons, whole)


def keep_bounds(texts, reasons):
    """Take the sources with a line longer than MAX_TEXT_LINE_CHARS out of ``texts``, and note that in ``reasons``. EvidenceError where
    there are more sources than a host has."""
    if len(texts) + len(reasons) > MAX_SOURCES:
        raise EvidenceError("evidence", None, "it has more than %d sources, which no host has" % MAX_SOURCES)
    for source in [source for source, text in texts.items() if len(text) > MAX_TEXT_LINE_CHARS]:
        if max(map(len, texts[source].split("\n"))) > MAX_TEXT_LINE_CHARS:
            del texts[source]
            reasons[source] = "a line of it is longer than %d characters" % MAX_TEXT_LINE_CHARS


def cut_transcript(text, nonce):
    """The transcript of the probe with this nonce in a host's output, from its first line on, and no more of it than the
    probe would send. EvidenceError where there is none."""
    head, start = head_line(nonce), -1
    while True:
        start = text.find(head, start + 1)
        if start < 0:
            raise EvidenceError("evidence", None, _no_head_reason(text.split("\n")))
        if text[start - 1:start] in ("", "\n") and _line_at(text, start) == head:
            return text[start:start + MAX_TRANSCRIPT_BYTES]


def _line_at(text, start):
    end = text.find("\n", start)
    return text[start:end if end >= 0 else len(text)].rstrip("\r")


def write_transcript(evidence):
    """The transcript that read_transcript reads as this evidence."""
    nonce = "recorded"
    lines = [head_line(nonce)]
    for source, text in evidence.texts.items():
        lines.extend(source + ":" + line for line in text[:-1].split("\n") if text)
    lines.extend("!%s:%s" % (source, reason.replace("\n", " ")) for source, reason in evidence.reasons.items())
    if evidence.whole:
        lines.append(end_line(nonce))
    return "\n".join(lines) + "\n"


def _find_head(lines, nonce):
    for number, line in enumerate(lines):
        found = _HEAD.match(line.rstrip("\r"))
        if found and nonce in (None, found.group(1)):
            return number, found.group(1)
    raise EvidenceError("evidence", None, _no_head_reason(lines))


def _no_head_reason(lines):
    said = " ".join(line.strip() for line in lines if line.strip())
    if not said:
        return "the host's shell gave no output at all"
    return "no transcript in the host's output, which begins: %.120s" % said


def _take(line, collected, reasons):
    """File one line of a transcript under its source; returns the source that had text in it."""
    if line[:1] == "!":
        source, reason = _complaint(line[1:])
        if source and len(source) <= MAX_SOURCE_CHARS:
            reasons.setdefault(source, reason[:MAX_REASON_CHARS])
        return None
    binary = _BINARY.match(line) if line.endswith(" matches") else None
    if binary:
        reasons.setdefault((binary.group(1) or binary.group(2))[:MAX_SOURCE_CHARS], "is binary, not text")
        return None
    source, colon, content = line.partition(":")
    if not colon or source[:1] not in ("/", "$") or len(source) > MAX_SOURCE_CHARS:
        return None
    collected.setdefault(source, []).append(content)
    return source


def _complaint(text):
    """(source, reason) of "/path:reason", "$command:reason" or "grep: /path: reason"."""
    found = _GREP_COMPLAINT.match(text)
    if found:
        return found.groups()
    source, unused, reason = text.partition(":")
    return source, reason.strip()


def _note_empty(texts, reasons):
    """A plain file the probe read without a line and without a complaint was there, and empty."""
    for entry in MANIFEST:
        source = entry.source
        plain = entry.kind in ("file", "lines") and "*" not in source
        if plain and source not in texts and source not in reasons:
            texts[source] = ""
