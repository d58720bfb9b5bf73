# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report of the whole fleet in any case: a host that cannot be rendered is unknown, and other hosts stay the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.explanation import NOTHING
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import counts_by_verdict
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import not_judged
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import no_comparison
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import fault
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import change_of

Told = TypeVar("Told")


def told_soundly(fleet: Mapping[str, Any], tell: Callable[[Mapping[str, Any]], Told]) -> tuple[Mapping[str, Any], Told]:
    """(the fleet, what ``tell`` gives of it). Where it raises, the hosts for which it does are looked for, are ``unknown`` in the fleet
    that comes back, and all is told once more. OSError and ImportError are no host's fault, and are raised."""
    try:
        return fleet, tell(fleet)
    except (OSError, ImportError):
        raise
    except Exception as error:
        reason = fault(error)
    broken = raising_for(fleet["hosts"], lambda hosts: tell({**_of(fleet, hosts), "comparison": None}))
    hosts = {name: _unknown(result, broken[name]) if name in broken else result for name, result in fleet["hosts"].items()}
    sound = {**_of(fleet, hosts), "comparison": fleet["comparison"] if broken else no_comparison(reason)}
    return sound, tell(sound)


def raising_for(hosts: Mapping[str, Any], use: Callable[[dict[str, Any]], object]) -> dict[str, str]:
    """{host: why} of the hosts for which ``use`` raises, found by bisection: one among thousands takes about twelve tries."""
    broken: dict[str, str] = {}
    groups = [list(hosts)] if hosts else []
    while groups:
        names = groups.pop()
        try:
            use({name: hosts[name] for name in names})
        except (OSError, ImportError):
            raise
        except Exception as error:
            half = len(names) // 2
            if half:
                groups += [names[half:], names[:half]]
            else:
                broken[names[0]] = fault(error)
    return broken


def _of(fleet: Mapping[str, Any], hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    results: Iterable[Mapping[str, Any]] = hosts.values()
    return {**fleet, "hosts": hosts, "counts": counts_by_verdict(results)}


def _unknown(result: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """A host that should be changed still says that its outcome is not known."""
    told = {"groups": result["groups"], "acknowledged": None}
    return {**not_judged(reason), **NOTHING, **told, **({"change": change_of({"msg": reason})} if "change" in result else {})}
