# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One advisory, prepared: typed, its range checked and its condition compiled, ready to be asked of many hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils import rpm_version
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.condition import Condition, ConditionError

#: compare_releases(a, b) -> -1, 0 or 1 by RPM's rules.
compare_releases: Callable[[str, str], int] = rpm_version.compare_releases
_split_kernel_release: Callable[[str], Any] = rpm_version.split_kernel_release


class AdvisoryError(Exception):
    """An advisory that cannot be used. Names the advisory, the key's dotted path, the fault and the remedy."""

    def __init__(self, advisory: str, key: str, fault: str, remedy: str) -> None:
        where = f"advisory {advisory}: {key}" if key else f"advisory {advisory}"
        super().__init__(f"{where}: {fault}; {remedy}")
        self.advisory = advisory
        self.key = key
        self.fault = fault
        self.remedy = remedy


@dataclass(frozen=True)
class KernelRange:
    """The kernels an advisory speaks of: ``introduced`` is the first affected, ``fixed`` the first that is not."""

    dists: frozenset[str]
    unaffected_dists: frozenset[str]
    versions: frozenset[str]
    introduced: str
    fixed: str | None

    def __str__(self) -> str:
        return f"[{self.introduced}, {self.fixed})" if self.fixed else f"[{self.introduced}, no fix known)"


@dataclass(frozen=True)
class Thresholds:
    """When the symptom is there. Orders are powers of two of pages."""

    order: int
    headroom_below: int
    failures_up_to_order: int
    failures_at_least: int


@dataclass(frozen=True)
class Workaround:
    """The sysctl settings that make the symptom rarer; None where the advisory does not ask for one."""

    min_free_kbytes: int | None
    zone_reclaim_mode: int | None


@dataclass(frozen=True)
class Advisory:
    """One advisory of the catalogue; ``source`` is the mapping it was made from."""

    id: str
    title: str
    driver: str
    bus_driver: str | None
    in_tree_only: bool
    distributions: frozenset[str]
    kernel: KernelRange | None
    condition: Condition | None
    thresholds: Thresholds
    workaround: Workaround | None
    fix: str
    references: tuple[str, ...]
    source: Mapping[str, Any]


def prepare(source: Mapping[str, Any], defaults: Thresholds) -> Advisory:
    """An ``Advisory`` from a mapping that advisories/schema.json allows.

    Raises AdvisoryError for what a schema cannot see: a release that is none, a range that is empty, a condition
    that does not compile.
    """
    name = source["id"]
    symptom = source.get("symptom", {})
    workaround = source.get("workaround")
    return Advisory(
        id=name,
        title=source["title"],
        driver=source["driver"],
        bus_driver=source.get("bus_driver"),
        in_tree_only=source.get("in_tree_only", True),
        distributions=frozenset(source.get("distributions", ())),
        kernel=_kernel_range(name, source["kernel"]) if "kernel" in source else None,
        condition=_condition(name, source["condition"]) if "condition" in source else None,
        thresholds=Thresholds(
            order=source["order"],
            headroom_below=symptom.get("headroom_below", defaults.headroom_below),
            failures_up_to_order=symptom.get("failures_up_to_order", defaults.failures_up_to_order),
            failures_at_least=symptom.get("failures_at_least", defaults.failures_at_least),
        ),
        workaround=workaround and Workaround(workaround.get("min_free_kbytes"), workaround.get("zone_reclaim_mode")),
        fix=source["fix"].strip(),
        references=tuple(source["references"]),
        source=source,
    )


def _kernel_range(name: str, kernel: Mapping[str, Any]) -> KernelRange:
    introduced: str = kernel["introduced"]
    fixed: str | None = kernel.get("fixed")
    for key, release in (("kernel.introduced", introduced), ("kernel.fixed", fixed)):
        if release is not None:
            try:
                _split_kernel_release(release)
            except EvidenceError as error:
                raise AdvisoryError(
                    name, key, f"not a kernel release ({error.reason})", "write VERSION-RELEASE as uname -r prints it"
                ) from error
    if fixed is not None and compare_releases(introduced, fixed) >= 0:
        raise AdvisoryError(
            name,
            "kernel.fixed",
            f"the range is inverted or empty: {fixed} is not after kernel.introduced {introduced}",
            "name the first kernel that has the fix, or leave it null where none is known",
        )
    return KernelRange(
        dists=frozenset(kernel["dists"]),
        unaffected_dists=frozenset(kernel.get("unaffected_dists", ())),
        versions=frozenset(kernel.get("versions", ())),
        introduced=introduced,
        fixed=fixed,
    )


def _condition(name: str, expression: str) -> Condition:
    try:
        return Condition(expression)
    except ConditionError as error:
        raise AdvisoryError(name, "condition", str(error), error.remedy) from error
