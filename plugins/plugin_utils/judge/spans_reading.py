# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``kernel``, ``kernels`` and ``upstream`` of an advisory -> KernelSpans, or their fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import (
    Bounds,
    KernelRange,
    KernelSpans,
    UpstreamRange,
    compare_releases,
    compare_upstream,
)

#: The bounds in the order they must have.
_BOUNDS = ("free_before", "introduced", "last_affected", "fixed")
_Compare = Callable[[str, str], int]


class SpanError(Exception):
    """A range that cannot be used: the key's dotted path, the fault and the remedy."""

    def __init__(self, key: str, fault: str, remedy: str) -> None:
        super().__init__(f"{key}: {fault}; {remedy}")
        self.key = key
        self.fault = fault
        self.remedy = remedy


def read_spans(source: Mapping[str, Any]) -> KernelSpans | None:
    """The kernels of an advisory; None if it covers every kernel. Raises SpanError."""
    if "kernel" in source and "kernels" in source:
        raise SpanError("kernels", "is given together with kernel", "put all ranges into kernels")
    told = [("kernel", source["kernel"])] if "kernel" in source else []
    told += [(f"kernels.{at}", one) for at, one in enumerate(source.get("kernels", ()))]
    ranges = [(key, _range(key, one)) for key, one in told]
    _see_no_overlap(ranges)
    upstream = _upstream(source["upstream"]) if "upstream" in source else None
    if not ranges and upstream is None:
        return None
    unaffected = [tag for _key, one in told for tag in one.get("unaffected_dists", ())] + list(source.get("unaffected_dists", ()))
    return KernelSpans(tuple(one for _key, one in ranges), frozenset(unaffected), upstream)


def _range(key: str, source: Mapping[str, Any]) -> KernelRange:
    values: dict[str, Any] = {name: source.get(name) for name in _BOUNDS}
    _see_order(key, values, compare_releases)
    values |= {name: frozenset(source.get(name, ())) for name in ("dists", "versions", "distributions", "distribution_versions")}
    return KernelRange(**values)


def _upstream(source: Mapping[str, Any]) -> UpstreamRange:
    bounds = {name: source.get(name) for name in _BOUNDS}
    _see_order("upstream", bounds, compare_upstream)
    return UpstreamRange(**bounds)


def _see_order(key: str, bounds: Mapping[str, str | None], compare: _Compare) -> None:
    """Raise SpanError if a bound is not a release, or does not come after the one before it."""
    told = [(name, release) for name, release in bounds.items() if release is not None]
    for name, release in told:
        try:
            compare(release, release)
        except EvidenceError as error:
            remedy = "write VERSION-RELEASE as uname -r prints it"
            raise SpanError(f"{key}.{name}", f"not a kernel release ({error.reason})", remedy) from error
    for (before, early), (name, late) in zip(told, told[1:], strict=False):
        order = compare(early, late)
        if order > 0 or (order == 0 and name == "fixed"):
            raise SpanError(
                f"{key}.{name}",
                f"the range is inverted or empty: {late} is not after {key}.{before} {early}",
                _REMEDIES[name],
            )


_REMEDIES = {
    "fixed": "name the first kernel that has the fix, or leave it null if none is known",
    "introduced": "name the first kernel that is known to be affected, at or after free_before",
    "last_affected": "name the last kernel that is known to be affected, at or after introduced",
}


def _see_no_overlap(ranges: list[tuple[str, KernelRange]]) -> None:
    """Raise SpanError if two ranges cover the same kernels and contradict each other."""
    for (first, one), (second, other) in combinations(ranges, 2):
        if _may_be_one_stream(one, other) and _overlap(one, other):
            raise SpanError(
                second,
                f"contradicts {first}: both cover {'/'.join(sorted(one.dists & other.dists))}, and {one} overlaps {other}",
                "join the two, or separate them by versions, distributions or distribution_versions",
            )


def _may_be_one_stream(one: KernelRange, other: KernelRange) -> bool:
    def meet(name: str) -> bool:
        ours, theirs = getattr(one, name), getattr(other, name)
        return not ours or not theirs or bool(ours & theirs)

    return bool(one.dists & other.dists) and all(meet(name) for name in ("versions", "distributions", "distribution_versions"))


def _overlap(one: Bounds, other: Bounds) -> bool:
    return _begins_before_end(one, other) and _begins_before_end(other, one)


def _begins_before_end(early: Bounds, late: Bounds) -> bool:
    begin = early.free_before or early.introduced
    return begin is None or late.fixed is None or compare_releases(begin, late.fixed) < 0
