# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RPM's order of versions, held against the real rpm, and the kernels around every boundary of the story."""

from __future__ import annotations

import random
import subprocess
from functools import cmp_to_key

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.rpm_version import (
    compare_releases,
    compare_versions,
    release_tags,
    split_kernel_release,
)
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import tool

PIECES = [
    "0",
    "1",
    "01",
    "10",
    "9",
    "358",
    "431",
    "el6",
    "el7",
    "a",
    "b",
    "A",
    "uek",
    "~",
    "^",
    ".",
    "_",
    "+",
    "..",
    "rc1",
    "00",
    "1a",
    "a1",
    "centos",
    "plus",
    "99999999999999999999",
]


def test_thousands_of_pairs_agree_with_rpm() -> None:
    rpm = tool("rpm")
    chance = random.Random(358)
    words = ["".join(chance.choices(PIECES, k=chance.randint(1, 6))) for _unused in range(8000)]
    pairs = list(zip(words[::2], words[1::2], strict=True))
    pairs += [(word, word + tail) for word in words[:500] for tail in ("~1", "^1", ".1", "a")]
    for start in range(0, len(pairs), 500):
        some = pairs[start : start + 500]
        calls = "".join(f'print(rpm.vercmp("{a}","{b}").."\\n")' for a, b in some)
        done = subprocess.run([rpm, "--eval", f"%{{lua:{calls}}}"], capture_output=True, text=True, check=True, timeout=60)
        told = [int(word) for word in done.stdout.split()]
        assert len(told) == len(some)
        wrong = [(pair, said) for pair, said in zip(some, told, strict=True) if compare_versions(*pair) != said]
        assert wrong == []


ORDERED = [
    "2.6.32-71.el6.x86_64",
    "2.6.32-278.el6.x86_64",
    "2.6.32-279.el6.x86_64",
    "2.6.32-279.22.1.el6.x86_64",
    "2.6.32-357.el6.x86_64",
    "2.6.32-358.el6.x86_64",
    "2.6.32-358.0.1.el6.x86_64",
    "2.6.32-358.2.1.el6.x86_64",
    "2.6.32-358.18.1.el6.x86_64",
    "2.6.32-358.23.2.el6.x86_64",
    "2.6.32-358.23.2.el6.mpc07.x86_64",
    "2.6.32-430.el6.x86_64",
    "2.6.32-431.el6.x86_64",
    "2.6.32-431.el6.mpc07.x86_64",
    "2.6.32-431.1.2.0.1.el6.x86_64",
    "2.6.39-400.17.1.el6uek.x86_64",
    "3.10.0-1160.el7.x86_64",
    "5.14.0-427.13.1.el9_4.x86_64",
    "6.1.0-9-amd64",
    "6.1.0-25-amd64",
    "6.6.0-rc1",
    "6.6.0-rc2+",
    "6.6.0",
]


def test_the_kernels_of_the_story_stand_in_their_order() -> None:
    """RPM sorts a number above a word: 358.0.1 is newer than 358.el6, whose next piece is "el"."""
    for place, one in enumerate(ORDERED):
        for other_place, other in enumerate(ORDERED):
            assert compare_releases(one, other) == (place > other_place) - (place < other_place), (one, other)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("2.6.32-358.23.2.el6.x86_64", ("2.6.32", "358.23.2.el6", "x86_64")),
        ("2.6.32-358.el6.x86_64.debug", ("2.6.32", "358.el6", "x86_64")),
        ("5.14.0-427.13.1.el9_4.x86_64+rt", ("5.14.0", "427.13.1.el9_4", "x86_64")),
        ("2.6.32-358.6.2.el6.centos.plus.x86_64", ("2.6.32", "358.6.2.el6.centos.plus", "x86_64")),
        ("2.6.32-358.el6.i686", ("2.6.32", "358.el6", "i686")),
        ("2.6.32-358.23.2.el6.mpc07.x86_64", ("2.6.32", "358.23.2.el6.mpc07", "x86_64")),
        ("2.6.39-400.17.1.el6uek.x86_64", ("2.6.39", "400.17.1.el6uek", "x86_64")),
        ("3.10.0-1160.rt56.1131.el7.x86_64", ("3.10.0", "1160.rt56.1131.el7", "x86_64")),
        ("5.14.0-427.el9.aarch64+64k-debug", ("5.14.0", "427.el9", "aarch64")),
        ("2.6.32-358.el6", ("2.6.32", "358.el6", "")),
        ("5.4.0-1.x86_64", ("5.4.0", "1", "x86_64")),
        ("6.6.0-64k", ("6.6.0", "64k", "")),
        ("6.1.0-25-amd64", ("6.1.0", "25", "amd64")),
        ("6.1.0-25-rt-amd64", ("6.1.0", "25", "amd64")),
        ("6.1.0-0.deb11.13-cloud-amd64", ("6.1.0", "0.deb11.13", "amd64")),
        ("6.12.38+deb13-amd64", ("6.12.38", "", "amd64")),
        ("5.15.0-91-generic", ("5.15.0", "91", "")),
        ("5.14.21-150500.55.52-default", ("5.14.21", "150500.55.52", "")),
        ("5.10.16.3-microsoft-standard-WSL2", ("5.10.16.3", "", "")),
        ("6.6.0-rc1-00012-gabcdef", ("6.6.0", "rc1", "")),
        ("6.18.0", ("6.18.0", "", "")),
        ("6.18.0+", ("6.18.0", "", "")),
    ],
)
def test_releases_are_taken_apart(text: str, parts: tuple[str, str, str]) -> None:
    assert tuple(split_kernel_release(text)) == parts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2.6.32-358.el6.x86_64", "2.6.32-358.el6.i686"),
        ("2.6.32-358.el6.x86_64.debug", "2.6.32-358.el6"),
        ("5.14.0-427.el9.x86_64+rt", "5.14.0-427.el9.x86_64"),
        ("5.15.0-91-generic", "5.15.0-91-lowlatency"),
        ("6.1.0-25-amd64", "6.1.0-25-cloud-amd64"),
        ("6.18.0+", "6.18.0"),
    ],
)
def test_neither_architecture_nor_flavour_counts(one: str, other: str) -> None:
    assert compare_releases(one, other) == compare_releases(other, one) == 0


@pytest.mark.parametrize(
    "text", ["", "linux", "-", "6", "6.1 ", "6.1\n", "6.1_x", "2.6.32-358\x00", "{{ 7*7 }}", "2.6.32 358", "2" * 200, "٢.6"]
)
def test_what_is_no_release_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        split_kernel_release(text)
    assert (caught.value.datum, caught.value.line) == ("kernel", None)


def test_a_release_is_no_longer_than_uname_tells() -> None:
    longest = "6.1.0-" + "1" * 122
    assert split_kernel_release(longest).release == "1" * 122
    with pytest.raises(EvidenceError, match="129 characters are too long"):
        split_kernel_release(longest + "1")


def test_a_build_for_a_minor_release_has_the_tag_of_its_distribution() -> None:
    assert release_tags("5.14.0-427.13.1.el9_4.x86_64") == {"5", "14", "0", "427", "13", "1", "el9", "x86"}


RELEASES = st.from_regex(r"[0-9]\.[0-9]{1,2}\.[0-9](-[0-9a-z._+~^-]{0,12})?", fullmatch=True)


@given(RELEASES, RELEASES, RELEASES)
def test_releases_have_one_order(first: str, second: str, third: str) -> None:
    one, two, three = sorted((first, second, third), key=cmp_to_key(compare_releases))
    assert compare_releases(one, two) <= 0
    assert compare_releases(two, three) <= 0
    assert compare_releases(one, three) <= 0
    assert compare_releases(first, second) == -compare_releases(second, first)


@example("1" * 5000, "1" * 4999 + "2")
@given(st.text(), st.text())
def test_any_two_texts_have_an_order(first: str, second: str) -> None:
    assert compare_versions(first, second) == -compare_versions(second, first)
    assert compare_versions(first, first) == 0
