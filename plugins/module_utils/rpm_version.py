# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of versions as RPM has it, and kernel releases (``uname -r``) taken apart and compared by it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import namedtuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError

#: A kernel release in parts, all str. ``release`` is "" where there is none (6.18.0), ``arch`` "" where the text
#: names none. Site suffixes (el6.mpc07, el6.centos.plus) stay in ``release``; flavours (debug, rt, generic) are cut.
KernelRelease = namedtuple("KernelRelease", "version release arch")

#: uname gives 64 characters at most; a package's name can be longer, but not like this.
MAX_RELEASE_CHARS = 128

_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+|[~^]")
_SANE = re.compile(r"[0-9][0-9A-Za-z._+~^:@-]*\Z")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_TAG_ENDS = re.compile(r"[-.+~]")
_RELEASE_START = re.compile(r"[0-9]|rc[0-9]")

_ARCHES = frozenset(
    (
        "x86_64",
        "i386",
        "i486",
        "i586",
        "i686",
        "amd64",
        "686",
        "ia64",
        "aarch64",
        "arm64",
        "armhf",
        "armmp",
        "armv7l",
        "armv7hl",
        "ppc",
        "ppc64",
        "ppc64le",
        "powerpc64le",
        "s390",
        "s390x",
        "riscv64",
        "loongarch64",
        "mips64el",
        "sparc64",
        "noarch",
    )
)
_FLAVOURS = frozenset(("debug", "kdump", "PAE", "xen", "rt", "64k", "16k", "zfcpdump"))

# How segments of different kinds sort at the same place. The end of a text is a segment too: a tilde comes before it,
# all else after it, and digits after letters.
_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)


def compare_versions(a, b):
    """-1, 0 or 1: the order RPM gives two versions or two releases (rpm-version(7), "~" and "^" included).

    >>> compare_versions("358.el6", "358.23.2.el6")
    -1
    """
    return _compare(_sort_key(a), _sort_key(b))


def compare_releases(a, b):
    """-1, 0 or 1: the order of two kernel releases, by version and then by release; architecture and flavour do not
    count. Raises EvidenceError for text that is not a kernel release.

    >>> compare_releases("2.6.32-358.23.2.el6.x86_64", "2.6.32-431.el6")
    -1
    """
    return _compare(_release_key(a), _release_key(b))


def split_kernel_release(text):
    """A KernelRelease from ``uname -r`` or a package's VERSION-RELEASE.ARCH; EvidenceError where it is none.

    >>> split_kernel_release("2.6.32-358.23.2.el6.mpc07.x86_64.debug").release
    '358.23.2.el6.mpc07'
    """
    if len(text) > MAX_RELEASE_CHARS:
        raise EvidenceError("kernel", None, "%d characters are too long for a kernel release" % len(text))
    if not _SANE.match(text):
        raise EvidenceError("kernel", None, "%s is not a kernel release" % _shown(text))
    version = _VERSION.match(text).group()
    if "." not in version or text[len(version) :][:1] not in ("", "-", "+", "."):
        raise EvidenceError("kernel", None, "%s is not a kernel release" % _shown(text))
    words = text.split("-")[1:]
    release = words.pop(0) if words and _RELEASE_START.match(words[0]) else ""
    release, arch = _without_suffixes(release)
    if not arch and words and words[-1] in _ARCHES:
        arch = words[-1]
    return KernelRelease(version, release, arch)


def release_tags(text):
    """The words of a kernel release, among them the distribution's tag: el9 too where the build is for el9_2.

    >>> sorted(release_tags("2.6.32-358.el6.x86_64"))
    ['2', '32', '358', '6', 'el6', 'x86']
    """
    return frozenset(word.partition("_")[0] for word in _TAG_ENDS.split(text))


def _without_suffixes(release):
    """(release, arch) without "+rt" and without what dots set off at the end: .x86_64, .x86_64.debug"""
    words = release.partition("+")[0].split(".")
    arch = ""
    while len(words) > 1 and (words[-1] in _ARCHES or words[-1] in _FLAVOURS):
        word = words.pop()
        if word in _ARCHES:
            arch = word
    return ".".join(words), arch


def _release_key(text):
    parts = split_kernel_release(text)
    # 6.6.0-rc1 is the one release that comes before having none
    release = "~" + parts.release if parts.release.startswith("rc") else parts.release
    return [_sort_key(parts.version), _sort_key(release)]


def _sort_key(text):
    """A list that sorts as RPM sorts the text. Numbers compare by length and digits, since they may be too long to
    convert; what is neither letter, digit, tilde nor caret only separates."""
    return [_segment_key(segment) for segment in _SEGMENT.findall(text)] + [(_END,)]


def _segment_key(segment):
    if segment == "~":
        return (_TILDE,)
    if segment == "^":
        return (_CARET,)
    if segment.isdigit():
        number = segment.lstrip("0")
        return (_DIGITS, len(number), number)
    return (_LETTERS, segment)


def _compare(a, b):
    return (a > b) - (a < b)


def _shown(text):
    return "%.60r" % str(text.encode("ascii", "replace").decode("ascii"))
