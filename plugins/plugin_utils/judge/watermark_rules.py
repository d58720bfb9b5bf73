# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule by which a kernel decides whether a zone may give a block away, from watermark_rules.yml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.rpm_version import release_tags, split_kernel_release

_TABLE = Path(__file__).with_name("watermark_rules.yml")
_BUILD = re.compile("[0-9]+")


class WatermarkRule(NamedTuple):
    """``margin_pages``: how many pages must be left beyond the request. ``halves_mark``: in blocks of order k and above, the mark must be
    left, halved k times; else nothing."""

    name: str
    margin_pages: int
    halves_mark: bool


@lru_cache(maxsize=4096)
def rules_of(release: str) -> tuple[WatermarkRule, ...]:
    """The rule of a kernel, or the two possible ones. Raises EvidenceError for text that is not a kernel release.

    The result is cached, because a fleet of thousands runs a few kernels.
    """
    parts, tags = split_kernel_release(release), release_tags(release)
    build = _BUILD.match(parts.release)
    number = int(build.group()) if build else None
    for kernels, of_tag in kernels_of_rules():
        if "tags" in kernels and not any(map(of_tag.match, tags)):
            continue
        if _fits(kernels, _numbers(parts.version), number):
            return tuple(_rule(name) for name in kernels["rules"])
    raise AssertionError("the last entry of the table fits every kernel")


@lru_cache(maxsize=1)
def read_table() -> dict[str, Any]:
    """The content of watermark_rules.yml. The tests check it against its schema, because that needs jsonschema."""
    table: dict[str, Any] = yaml_load(_TABLE.read_text(encoding="utf-8"))
    return table


@lru_cache(maxsize=1)
def kernels_of_rules() -> tuple[tuple[Mapping[str, Any], re.Pattern[str]], ...]:
    """(an entry of the table, its tags as one expression) for each."""
    every = read_table()["kernels"]
    return tuple((kernels, re.compile("|".join(map(translate, kernels.get("tags", ()))))) for kernels in every)


def _rule(name: str) -> WatermarkRule:
    rule = read_table()["rules"][name]
    return WatermarkRule(name, rule["margin_pages"], rule["high_order_mark"] == "halved")


def _fits(kernels: Mapping[str, Any], version: tuple[int, ...], build: int | None) -> bool:
    """Whether the kernel has the version and the build that the entry names."""
    versions, builds = kernels.get("versions", {}), kernels.get("builds", {})
    if "from" in versions and version < _numbers(versions["from"]) or "before" in versions and version >= _numbers(versions["before"]):
        return False
    if builds and build is None:
        return False
    return build is None or builds.get("from", build) <= build < builds.get("before", build + 1)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
