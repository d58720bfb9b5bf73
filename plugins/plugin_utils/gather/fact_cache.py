# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's fact cache (``fact_caching``), written and read directly: for facts that no task of a host returned, and for a whole fleet."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.loader import cache_loader

#: A cache plugin keeps everything that it read until it is deleted.
_MOST_KEPT = 1000
#: More hosts than one controller asks.
_MOST_DESCRIPTORS = 65536


class FactCacheError(Exception):
    """The cache cannot be used; the message names it."""


def facts_outlive_the_run() -> bool:
    """Whether Ansible keeps facts outside its own memory."""
    return str(constants.CACHE_PLUGIN).rpartition(".")[2] != "memory"


def allow_a_descriptor_for_each_host() -> None:
    """Ansible's ``jsonfile`` leaves a descriptor open for each host that it writes (``mkstemp`` in plugins/cache/__init__.py, in 2.16 to
    2.20 at least). The usual limit of a process is 1024, too few for a larger fleet. A process may raise its own limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class FactCache:
    """The facts of hosts in the configured cache of this Ansible. Raises FactCacheError if it cannot be opened, read or written."""

    def __init__(self) -> None:
        allow_a_descriptor_for_each_host()
        self._plugin = self._opened()
        self._used = 0

    def read(self, host: str) -> Mapping[str, Any]:
        """The facts of a host, empty if it has none or they expired."""
        try:
            self._use()
            found = self._plugin.get(host)
        except KeyError:
            return {}
        except Exception as error:  # a plugin may raise anything
            raise _named(error) from error
        return found if isinstance(found, Mapping) else {}

    def add(self, host: str, facts: Mapping[str, Any]) -> None:
        """Replace the facts with the same names by these facts."""
        known = self.read(host)
        try:
            self._plugin.set(host, {**known, **facts})
        except Exception as error:
            raise _named(error) from error

    def _use(self) -> None:
        self._used += 1
        if self._used % _MOST_KEPT == 0:
            self._plugin = self._opened()

    def _opened(self) -> Any:
        try:
            plugin = cache_loader.get(constants.CACHE_PLUGIN)
        except AnsibleError as error:
            raise _named(error) from error
        if plugin is None:
            raise FactCacheError(f"Ansible has no cache plugin {constants.CACHE_PLUGIN}")
        return plugin


def _named(error: Exception) -> FactCacheError:
    return FactCacheError(f"{constants.CACHE_PLUGIN}: {error}")
