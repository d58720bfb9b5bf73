# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RPM's own rules for which version is newer (rpmio/rpmvercmp.c), and kernel releases taken apart by them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import namedtuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError

#: A kernel release in RPM's parts; ``release`` is "" where the kernel's name has no dash.
KernelRelease = namedtuple("KernelRelease", "version release arch")

_PIECES = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_ARCH = re.compile(
    r"[.](x86_64|i386|i586|i686|aarch64|ppc64le|ppc64|s390x|s390|ia64|armv7hl|riscv64|noarch)(?:[.+](?:debug|rt|64k|64k-debug|kdump))*\Z"
)
_RELEASE = re.compile(r"[0-9][0-9A-Za-z._+~^-]{0,127}\Z")

#: What a piece is worth against one of another kind, lowest first: "~" sorts before the end, "^" after it.
_TILDE, _END, _CARET, _WORD, _NUMBER = range(5)


def _kind(piece):
    if piece is None:
        return _END
    if piece == "~":
        return _TILDE
    if piece == "^":
        return _CARET
    return _NUMBER if piece[0].isdigit() else _WORD


def compare_versions(a, b):
    """-1, 0 or 1 as ``a`` is older than, the same as, or newer than ``b``.

    >>> compare_versions("358.el6", "358.23.2.el6")
    -1
    """
    pieces_a = _PIECES.findall(a) + [None]
    pieces_b = _PIECES.findall(b) + [None]
    for one, other in zip(pieces_a, pieces_b):
        order = _compare_pieces(one, other)
        if order:
            return order
    return 0


def _compare_pieces(one, other):
    kind, other_kind = _kind(one), _kind(other)
    if kind != other_kind:
        return -1 if kind < other_kind else 1
    if kind == _NUMBER:
        one, other = one.lstrip("0"), other.lstrip("0")
        if len(one) != len(other):  # the longer number is the larger; of any length, unlike int()
            return -1 if len(one) < len(other) else 1
    if one == other:
        return 0
    return -1 if one < other else 1


def split_kernel_release(text):
    """KernelRelease(version, release, arch) of what ``uname -r`` prints; arch is "" where it is not part of it.

    EvidenceError where the text is no kernel's release.

    >>> split_kernel_release("2.6.32-358.23.2.el6.x86_64")
    KernelRelease(version='2.6.32', release='358.23.2.el6', arch='x86_64')
    """
    if not _RELEASE.match(text):
        raise EvidenceError("kernel", None, "%.80r is no kernel release" % str(text))
    found = _ARCH.search(text)
    arch = found.group(1) if found else ""
    version, unused, release = (text[:found.start()] if found else text).partition("-")
    return KernelRelease(version, release, arch)


def compare_releases(a, b):
    """-1, 0 or 1 for two kernel releases: by version, then by release; the architecture does not count.

    >>> compare_releases("2.6.32-358.el6.x86_64", "2.6.32-431.el6")
    -1
    """
    one, other = split_kernel_release(a), split_kernel_release(b)
    return compare_versions(one.version, other.version) or compare_versions(one.release, other.release)
