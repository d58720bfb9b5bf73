# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Request flags: the same mask means different things to different kernels, and to an unknown one nothing."""

from __future__ import annotations

import re

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.gfp import decode_mode, is_atomic
from hypothesis import given
from hypothesis import strategies as st

EL6 = "2.6.32-358.2.1.el6.x86_64"
EL7 = "3.10.0-1160.el7.x86_64"


@pytest.mark.parametrize(
    ("mode", "release", "flags", "atomic"),
    [
        ("0x4020", EL6, ["__GFP_HIGH", "__GFP_COMP"], True),
        ("0x4020", "2.6.32-5-amd64", ["__GFP_HIGH", "__GFP_COMP"], True),
        ("0x20", EL6, ["__GFP_HIGH"], True),
        ("0xd0", EL6, ["__GFP_WAIT", "__GFP_IO", "__GFP_FS"], False),
        ("0xf0", EL6, ["__GFP_WAIT", "__GFP_HIGH", "__GFP_IO", "__GFP_FS"], False),
        ("0x80d0", EL6, ["__GFP_WAIT", "__GFP_IO", "__GFP_FS", "__GFP_ZERO"], False),
        ("0x0", EL6, [], False),
        ("0", EL6, [], False),
        ("0x2020", EL6, ["__GFP_HIGH", "0x2000"], True),
        ("0x2020", EL7, ["__GFP_HIGH", "__GFP_MEMALLOC"], True),
        ("0x104020", EL7, ["__GFP_HIGH", "__GFP_COMP", "__GFP_KMEMCG"], True),
        ("0x204020", EL7, ["__GFP_HIGH", "__GFP_COMP", "__GFP_NOTRACK"], True),
        ("0x2000d0", EL7, ["__GFP_WAIT", "__GFP_IO", "__GFP_FS", "__GFP_NOTRACK"], False),
        ("0x80000020", EL7, ["__GFP_HIGH", "0x80000000"], True),
        ("0x20", "2.6.18-398.el5", ["__GFP_HIGH"], True),
        ("0xd0", "2.6.18-398.el5", ["__GFP_WAIT", "__GFP_IO", "__GFP_FS"], False),
        ("0x4020", "3.2.27+", ["__GFP_HIGH", "__GFP_COMP"], True),
        ("0x4020", "2.6.39-400.17.1.el6uek.x86_64", ["__GFP_HIGH", "__GFP_COMP"], True),
        ("0x204020", "4.3.5", ["__GFP_HIGH", "__GFP_COMP", "0x200000"], True),
        ("0x2084020", "4.4.180+", ["__GFP_HIGH", "__GFP_COMP", "__GFP_ATOMIC", "__GFP_KSWAPD_RECLAIM"], True),
        ("0x24000c0", "4.4.0", ["__GFP_IO", "__GFP_FS", "__GFP_DIRECT_RECLAIM", "__GFP_KSWAPD_RECLAIM"], False),
        ("0x2000000", "4.9.0-5-amd64", ["__GFP_KSWAPD_RECLAIM"], False),
        ("0x1080020", "4.14.98-v7+", ["__GFP_HIGH", "__GFP_ATOMIC", "__GFP_KSWAPD_RECLAIM"], True),
        ("0x480020", "4.19.0-5-amd64", ["__GFP_HIGH", "__GFP_ATOMIC", "__GFP_KSWAPD_RECLAIM"], True),
        ("0x6000c0", "4.19.0-5-amd64", ["__GFP_IO", "__GFP_FS", "__GFP_DIRECT_RECLAIM", "__GFP_KSWAPD_RECLAIM"], False),
        ("0x40a20", "5.10.0-28-amd64", ["__GFP_HIGH", "__GFP_ATOMIC", "__GFP_KSWAPD_RECLAIM", "__GFP_COMP"], True),
        ("0x820", "6.12.9-amd64", ["__GFP_HIGH", "__GFP_KSWAPD_RECLAIM"], True),
        ("0xcc0", "6.12.9-amd64", ["__GFP_IO", "__GFP_FS", "__GFP_DIRECT_RECLAIM", "__GFP_KSWAPD_RECLAIM"], False),
    ],
)
def test_masks_of_the_kernels_whose_headers_are_known(mode: str, release: str, flags: list[str], atomic: bool) -> None:
    assert decode_mode(mode, release) == flags
    assert is_atomic(flags) is atomic


#: A bit of whose name each table has its own, and the kernels where a table begins and ends.
_BOUNDS = [
    ("2.6.17", 0x10, None), ("2.6.18", 0x10, "__GFP_WAIT"), ("2.6.31", 0x8, "0x8"), ("2.6.32", 0x8, "__GFP_MOVABLE"),
    ("2.6.33", 0x8, "0x8"), ("2.6.39", 0x10, "__GFP_WAIT"), ("2.6.40", 0x10, None), ("2.7.0", 0x10, None), ("2.5.99", 0x10, None),
    ("3.0", 0x10, "__GFP_WAIT"), ("3.0.101", 0x10, "__GFP_WAIT"), ("3.9.9", 0x8, "0x8"), ("3.10", 0x8, "__GFP_MOVABLE"),
    ("3.10.108", 0x2000, "__GFP_MEMALLOC"), ("3.11", 0x8, "0x8"), ("3.19.8", 0x10, "__GFP_WAIT"), ("3.20", 0x10, None),
    ("4.0", 0x10, "__GFP_WAIT"), ("4.3.6", 0x10, "__GFP_WAIT"), ("4.4", 0x10, "__GFP_RECLAIMABLE"),
    ("4.9.337", 0x800000, "__GFP_OTHER_NODE"),
    ("4.10", 0x10, None), ("4.11", 0x800000, "__GFP_WRITE"), ("4.15.18", 0x800000, "__GFP_WRITE"), ("4.16", 0x10, None),
    ("4.18.20", 0x10, None),
    ("4.19", 0x400, "__GFP_RETRY_MAYFAIL"), ("4.19.325", 0x100, "__GFP_WRITE"), ("4.20", 0x10, None), ("5.0.21", 0x10, None),
    ("5.1", 0x200, "__GFP_ATOMIC"), ("5.1.21", 0x100, "__GFP_ZERO"), ("6.2.16", 0x200, "__GFP_ATOMIC"), ("6.3", 0x200, "0x200"),
    ("6.19.3", 0x800, "__GFP_KSWAPD_RECLAIM"), ("7.0", 0x10, None), ("1.2.13", 0x10, None),
]  # fmt: skip


@pytest.mark.parametrize(("release", "bit", "name"), _BOUNDS)
def test_a_table_begins_and_ends_with_its_kernels(release: str, bit: int, name: str | None) -> None:
    assert decode_mode(hex(bit), f"{release}-1-generic") == (None if name is None else [name])


@pytest.mark.parametrize(
    "release",
    [
        None,
        "",
        "hostile {{ }}",
        "2.6.16.60-0.21-smp",
        "4.10.0-42-generic",
        "4.18.0-25-generic",
        "4.20.17",
        "7.0.0",
        "2.6.320",
        "3.100.1",
    ],
)
def test_an_unknown_kernel_is_not_guessed_at(release: str | None) -> None:
    assert decode_mode("0x4020", release) is None
    assert is_atomic(None) is None


@pytest.mark.parametrize(
    ("mode", "flags", "atomic"),
    [
        ("0x40a20(GFP_ATOMIC|__GFP_COMP)", ["GFP_ATOMIC", "__GFP_COMP"], True),
        ("0x2084020(GFP_ATOMIC|__GFP_COMP)", ["GFP_ATOMIC", "__GFP_COMP"], True),
        ("0x820(__GFP_HIGH|__GFP_KSWAPD_RECLAIM)", ["__GFP_HIGH", "__GFP_KSWAPD_RECLAIM"], True),
        ("0x2000d0(GFP_KERNEL|__GFP_HIGH)", ["GFP_KERNEL", "__GFP_HIGH"], False),
        ("0xc20(__GFP_HIGH|__GFP_RECLAIM)", ["__GFP_HIGH", "__GFP_RECLAIM"], False),
        ("0x40cc0(GFP_KERNEL|__GFP_COMP)", ["GFP_KERNEL", "__GFP_COMP"], False),
        ("0x800(GFP_NOWAIT)", ["GFP_NOWAIT"], False),
        ("0x1(__GFP_ATOMIC)", ["__GFP_ATOMIC"], True),
    ],
)
@pytest.mark.parametrize("release", [None, EL6, "6.1.0-25-amd64"])
def test_names_the_kernel_printed_are_taken(mode: str, flags: list[str], atomic: bool, release: str | None) -> None:
    assert decode_mode(mode, release) == flags
    assert is_atomic(flags) is atomic


@pytest.mark.parametrize("mode", ["", "0x", "ox20", "-1", "0x20 ", "0x20(", "0x" + "f" * 17, "٢"])
def test_what_is_no_mask(mode: str) -> None:
    assert decode_mode(mode, EL6) is None


@given(st.integers(0, 2**32 - 1), st.sampled_from([EL6, EL7]))
def test_no_bit_is_lost(mask: int, release: str) -> None:
    flags = decode_mode(hex(mask), release)
    assert flags is not None
    named = [flag for flag in flags if flag.startswith("__GFP")]
    rest = int(flags[-1], 16) if len(named) < len(flags) else 0
    assert len(named) == bin(mask ^ rest).count("1")
    assert mask & rest == rest


@given(st.text(), st.none() | st.text())
def test_any_text_has_names_only_where_the_kernel_printed_them(mode: str, release: str | None) -> None:
    flags = decode_mode(mode, release)
    assert flags is None or not re.sub(r"^(?:0x)?[0-9a-f]+", "", mode) or all(name in mode for name in flags)
    assert is_atomic(flags) is None or flags is not None
