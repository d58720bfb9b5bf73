# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence: the data of a host, and the framed text in which it arrives.

A transcript is what the probe (probe.py) prints. Every line says where it comes from, so that no content
of a host can pose as a frame::

    pagealloc-evidence 1 NONCE
    /proc/buddyinfo:Node 0, zone   Normal  9539 4328 7412 2374       a line of a file
    $uname:Linux db01 2.6.32-358.el6.x86_64 ...                      a line of a command's output
    !/proc/pagetypeinfo:Permission denied                            why a source gave nothing
    =/proc/net/ipv6_route                                            a file that was asked for, there, and empty
    pagealloc-evidence end NONCE

The probe writes no line of the last kind: what it asks for, the manifest says. A record does, since the manifest of a later version
names more. A record with none is older still, and then what no host has empty was not asked for.

Sources bear the path of the file or ``$`` and the command's name, with ``/eth0`` appended where it is asked once
for each of several things.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import MANIFEST, NEVER_EMPTY

#: What a transcript may hold at most; the probe stops there, and the controller believes no host that it did.
MAX_TRANSCRIPT_BYTES = 1048576
#: A source with a longer line is of no kernel and no tool that is asked, and counts as missing.
MAX_TEXT_LINE_CHARS = 8192
#: How many sources a host may give, how long the name of one may be, and the reason for which it gave nothing.
MAX_SOURCES = 20000
MAX_SOURCE_CHARS = 512
MAX_REASON_CHARS = 500

#: The source that says which sosreport the evidence is from, as lines of "name: value".
SOSREPORT = "$sosreport"
#: The interfaces without a device of their own, where the links of sysfs are not kept: their names.
VIRTUAL = "$virtual"

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
        return "not in the evidence" if self.whole else "the evidence ends before it"

    def find(self, prefix, suffix=""):
        """[(what stands between, text)] of the sources of that shape, in order of name."""
        end = len(suffix)
        return [
            (name[len(prefix) : len(name) - end], self.texts[name])
            for name in sorted(self.texts)
            if name.startswith(prefix) and name.endswith(suffix) and len(name) > len(prefix) + end
        ]


def read_transcript(text, nonce=None, most_bytes=MAX_TRANSCRIPT_BYTES):
    """Evidence from a transcript (str). What precedes its first line, such as a login banner, is left out.

    ``nonce``: that of the probe that was sent; None for a recorded one, where the first line tells. ``most_bytes``: what the program
    of that nonce may send. Raises EvidenceError where there is no transcript in the text.
    """
    if nonce is not None:
        text = cut_transcript(text, nonce, most_bytes)
    lines = text.split("\n")
    start, nonce = _find_head(lines, nonce)
    end = end_line(nonce)
    collected, reasons, empty = {}, {}, set()
    whole, last = False, None
    for line in lines[start + 1 :]:
        if line.endswith("\r"):  # a terminal on the way
            line = line[:-1]
        if line == end:
            whole = True
            break
        if line[:1] == "=":
            empty.add(line[1:])
            continue
        last = _take(line, collected, reasons) or last
    texts = dict((source, "\n".join(taken) + "\n") for source, taken in collected.items())
    if whole:
        _note_empty(texts, reasons, empty)
    elif last in texts:  # half a number is a wrong number
        del texts[last]
        reasons[last] = "the evidence ends in the middle of it"
    keep_bounds(texts, reasons)
    return Evidence(texts, reasons, whole)


def keep_bounds(texts, reasons):
    """Take the sources with a line longer than MAX_TEXT_LINE_CHARS out of ``texts``, and note that in ``reasons``. EvidenceError where
    there are more sources than a host has."""
    if len(texts) + len(reasons) > MAX_SOURCES:
        raise EvidenceError("evidence", None, "it has more than %d sources, more than any host" % MAX_SOURCES)
    for source in [source for source, text in texts.items() if len(text) > MAX_TEXT_LINE_CHARS]:
        if max(map(len, texts[source].split("\n"))) > MAX_TEXT_LINE_CHARS:
            del texts[source]
            reasons[source] = "it has a line of more than %d characters" % MAX_TEXT_LINE_CHARS


def cut_transcript(text, nonce, most_bytes=MAX_TRANSCRIPT_BYTES):
    """The transcript of the probe with this nonce in a host's output, from its first line on, and no more of it than the
    probe would send. EvidenceError where there is none."""
    head, start = head_line(nonce), -1
    while True:
        start = text.find(head, start + 1)
        if start < 0:
            raise EvidenceError("evidence", None, _no_head_reason(text.split("\n")))
        if text[start - 1 : start] in ("", "\n") and _line_at(text, start) == head:
            return text[start : start + most_bytes]


def _line_at(text, start):
    end = text.find("\n", start)
    return text[start : end if end >= 0 else len(text)].rstrip("\r")


def write_transcript(evidence):
    """The transcript that read_transcript reads as this evidence."""
    nonce = "recorded"
    lines = [head_line(nonce), "="]
    lines.extend("=" + source for source, text in evidence.texts.items() if not text)
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
        return "the host's shell gave no output"
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


def _note_empty(texts, reasons, empty):
    """A plain file without a line and without a complaint was there, and empty; or it was not asked for, by a probe that knew less.

    ``empty``: what a record says was empty, and ""; nothing at all of the probe itself and of older records.
    """
    for entry in MANIFEST:
        source = entry.source
        plain = entry.kind in ("file", "lines") and "*" not in source
        if not plain or source in texts or source in reasons:
            continue
        if source in empty or not empty and source not in NEVER_EMPTY:
            texts[source] = ""
        else:
            reasons[source] = "the evidence does not contain it, perhaps because nobody asked for it"
