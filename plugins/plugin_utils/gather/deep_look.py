# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second look at a host in trouble: its program, and its result joined with that of the first look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.deep import MAX_DEEP_NICS, is_deep
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import COUNTERS, DEEP_FAILED
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import frame_program

#: The allowed name of a module in the program, because the name comes from the host.
_MODULE = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def render_deep_look(nonce: str, facts: Mapping[str, Any]) -> str:
    """The program. ``facts``: of the first look; they name the drivers whose parameters are needed."""
    parameters = " ".join(f"/sys/module/{name}/parameters/*" for name in _drivers(facts.get("nics") or ()))
    settings = f'PARAMETERS="{parameters}" COUNTERS="{COUNTERS}" MOST_NICS={MAX_DEEP_NICS}\n'
    program: str = frame_program(nonce, settings + _body())
    return program


def _drivers(nics: Iterable[Mapping[str, Any]]) -> list[str]:
    told = [nic[kind] for nic in nics if not nic["virtual"] for kind in ("driver", "bus_driver") if nic[kind]]
    # the kernel calls a module's folder by its name with underscores
    return sorted({name.replace("-", "_") for name in told if _MODULE.match(name)})[:MAX_DEEP_NICS]


@cache
def _body() -> str:
    lines = (Path(__file__).parent / "sh" / "deep.sh").read_text(encoding="utf-8").split("\n")
    return "\n".join(line for line in lines if not line.startswith("#"))


def with_deep(first: Evidence, deep: Evidence) -> Evidence:
    """The evidence of both looks. Only sources of the second look are taken from it."""
    texts = {source: text for source, text in deep.texts.items() if is_deep(source)}
    reasons = {source: reason for source, reason in deep.reasons.items() if is_deep(source)}
    if not deep.whole:
        reasons.setdefault(DEEP_FAILED, "the second look is incomplete")
    return Evidence({**first.texts, **texts}, {**first.reasons, **reasons}, first.whole)


def without_deep(first: Evidence, reason: str) -> Evidence:
    """The evidence of the first look, with the reason why the second gave nothing."""
    return Evidence(first.texts, {**first.reasons, DEEP_FAILED: " ".join(reason.split())[:300]}, first.whole)
