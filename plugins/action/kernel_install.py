# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The new kernel beside the one that runs: installed, verified, made the default; the old default again on any doubt.

What to do next is decided in plugin_utils/upgrade/install_machine.py. Here it is carried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.deadline import MAX_MODULE_BYTES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.action import UpgradeAction, catalogue_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.install_machine import (
    Execute,
    Install,
    InstallEnd,
    InstallSeen,
    InstallWanted,
    KernelsSeen,
    SeeKernels,
    Transaction,
    next_install_move,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.loader import read_loader
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.known_managers import manager_named
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import PackageManager
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import VERIFY
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.verify import doubts_of_kernel, installed_kernels

#: For what is no transaction.
_ASK_SECONDS = 300


class ActionModule(UpgradeAction):
    """See plugins/modules/kernel_install.py."""

    OPTIONS = {
        "options_from": {"type": "str"},
        "upgrade": {"type": "dict", "required": True},
        **action_options("kernel_upgrade", "accept", "use_modules"),
        **action_options("kernel_upgrade", site_advisories="advisories", timeout_seconds="install_timeout_seconds"),
    }

    def step(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        upgrade = options["upgrade"]
        if not upgrade.get("target"):
            raise UpgradeError("there is no kernel to install", "give the result of kernel_preflight")
        manager = manager_named(str(upgrade["manager"]))
        if manager is None:
            raise UpgradeError(f"there is no package manager {clip(upgrade['manager'], 40)!r}", "give the result of kernel_preflight")
        self._manager: PackageManager = manager
        self._release = str(upgrade["target"]["release"])
        self._package = str(upgrade["target"].get("package") or self._release)
        self._drivers = [] if "driver" in options["accept"] else [str(name) for name in upgrade["drivers"]]
        wanted = InstallWanted(self._release, str(upgrade["running"]), self._task.check_mode)
        seen = InstallSeen()
        while not isinstance(move := next_install_move(wanted, seen), InstallEnd):
            seen = replace(seen, **{move.into: self._carried_out(move, options, task_vars)})
        if move.why:
            return self.failed(move.why)
        via = seen.installed.via if seen.installed else ""
        return {**self._result(move.before, options), "changed": move.changed, "via": via}

    def _carried_out(self, move: SeeKernels | Execute | Install, options: dict[str, Any], task_vars: dict[str, Any]) -> Any:
        """What came of a move."""
        if isinstance(move, SeeKernels):
            return self._look()
        if isinstance(move, Execute):
            return self._command(move.command)
        by_module = options["use_modules"] and move.may_use_module
        return self._install(move.old, move.parts, options, task_vars if by_module else None)

    def _result(self, before: KernelsSeen, options: dict[str, Any]) -> dict[str, Any]:
        after = {"installed": sorted({*before.kernels, self._release}), "default_boot": self._release}
        diff = {"before": {"installed": list(before.kernels), "default_boot": before.loader.default}, "after": after}
        repaired = list(before.doubts) if self._release in before.kernels else []
        result: dict[str, Any] = {"diff": diff, "target": self._release, "repaired": repaired}
        if not self._task.check_mode:
            result["verdict"] = self.gather(catalogue_of(options), _ASK_SECONDS)[1]["verdict"]
        return result

    def _look(self) -> KernelsSeen:
        wanted = {"target": self._release, "package": self._package, "drivers": " ".join(self._drivers)}
        evidence = self.ask_manager(self._manager, *VERIFY, timeout_seconds=_ASK_SECONDS, **wanted)
        return KernelsSeen(
            doubts=tuple(doubts_of_kernel(evidence, self._drivers)),
            kernels=tuple(installed_kernels(evidence, self._manager)),
            parts=tuple(evidence.texts.get("$package", "").split()),
            loader=read_loader(evidence),
        )

    def _install(self, old: str, parts: Sequence[str], options: dict[str, Any], task_vars: dict[str, Any] | None) -> Transaction:
        """The transaction. ``parts``: the packages of the kernel that are there and are to be made good.

        ``task_vars``: what a module of Ansible's needs, None if no module is to be used.
        """
        head = self._manager.heads[0]
        # without its head the rest was never pulled in
        steps = [] if head in parts else [("install", [head])]
        steps += [("reinstall", list(parts))] if parts else []
        self._said = ""
        try:
            if task_vars and not parts and (via := self._by_module(head, options, task_vars)):
                return Transaction(via, self._said)
            for how, names in steps:
                self._by_command(how, names, options["timeout_seconds"])
        except AnsibleConnectionFailure as failure:
            raise UpgradeError(
                f"was lost while its package manager worked: {clip(failure, 200)}",
                f"run this again: it repairs the installation. Do not reboot the host before that, or check that kernel {old} boots",
            ) from None
        return Transaction(f"{self._manager.name} {steps[-1][0]}", self._said)

    def _by_module(self, head: str, options: dict[str, Any], task_vars: dict[str, Any]) -> str:
        """Through what: the manager's module, or "" where no Python on the host has the manager's library, or too old a one for Ansible."""
        module, python = self._manager.module, str(options["upgrade"]["python"]).split()
        if not module or not python:
            return ""
        words = self._manager.words([head], self._package)
        variables = {**task_vars, "ansible_python_interpreter": python[0]}
        try:
            with self.limited_to(options["timeout_seconds"], MAX_MODULE_BYTES):
                result = self._execute_module(module_name=module, module_args={"name": words, "state": "present"}, task_vars=variables)
        except AnsibleConnectionFailure:
            raise
        except AnsibleError:
            return ""
        if result.get("failed"):
            if "results" not in result and "failures" not in result:
                return ""  # it did not get as far as the package manager
            self._said = str(result.get("msg", ""))
        return f"{self._manager.name} module"

    def _by_command(self, how: str, names: Sequence[str], timeout_seconds: int) -> None:
        what = " ".join(self._manager.words(names, self._package))
        answer = self.ask_manager(self._manager, "install", timeout_seconds=timeout_seconds, how=how, what=what)
        if answer.texts.get("$status", "").strip() != "0":
            lines = [line for line in answer.texts.get("$said", "").split("\n") if line.strip()]
            errors = [line for line in lines if "rror" in line or "nough" in line]
            self._said = "; ".join((errors or lines)[-3:])

    def _command(self, command: str) -> str | UpgradeError:
        """ "" where it was carried out, else the error."""
        answer = self.ask("command", timeout_seconds=_ASK_SECONDS, command=command)
        if "$command" in answer.reasons:
            return UpgradeError(f"{command}: {clip(answer.reasons['$command'], 200)}", "check that /boot can be written")
        return ""
