# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The new kernel beside the one that runs: installed, verified, made the default; the old default again on any doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.action import UpgradeAction, catalogue_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.asked_for import of_role
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.loader import Loader, read_loader
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.known_managers import manager_named
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import PackageManager
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.programs import VERIFY
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.verify import doubts_of_kernel, installed_kernels

#: For what is no transaction.
_ASK_SECONDS = 300


class ActionModule(UpgradeAction):
    """See plugins/modules/kernel_install.py."""

    OPTIONS = {
        "upgrade": {"type": "dict", "required": True},
        **of_role("accept", "use_modules", site_advisories="advisories", timeout_seconds="install_timeout_seconds"),
    }

    def step(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        upgrade = options["upgrade"]
        if not upgrade.get("target"):
            raise UpgradeError("there is no kernel to install", "give what kernel_preflight returned")
        manager = manager_named(str(upgrade["manager"]))
        if manager is None:
            raise UpgradeError(f"there is no package manager {clip(upgrade['manager'], 40)!r}", "give what kernel_preflight returned")
        self._manager: PackageManager = manager
        self._release = str(upgrade["target"]["release"])
        self._package = str(upgrade["target"].get("package") or self._release)
        self._drivers = [] if "driver" in options["accept"] else [str(name) for name in upgrade["drivers"]]
        evidence, loader = self._look()
        kernels = installed_kernels(evidence, self._manager)
        doubts = doubts_of_kernel(evidence, self._drivers)
        running, via = str(upgrade["running"]), ""
        # a run that was cut short left its guard behind
        guarded = loader.next_release == running
        changed = bool(doubts) or loader.default != self._release or guarded
        if changed and not self._task.check_mode:
            old = self._old_default(loader, doubts, running)
            if doubts:
                guarded = self._guard(loader, old) or guarded
                # a module heeds installonly_limit, and the third kernel may be one too many
                by_module = options["use_modules"] and len(kernels) < 2
                via = self._install(old, evidence.texts.get("$package", "").split(), options, task_vars if by_module else None)
            why = self._make_default(old, kernels, via)
            if guarded:
                self._command(loader.forget_once_command())
            if why:
                return self.failed(why)
        after = {"installed": sorted({*kernels, self._release}), "default_boot": self._release}
        result = {"changed": changed, "diff": {"before": {"installed": kernels, "default_boot": loader.default}, "after": after}}
        if not self._task.check_mode:
            result["verdict"] = self.gather(catalogue_of(options), _ASK_SECONDS)[1]["verdict"]
        return {**result, "target": self._release, "repaired": doubts if self._release in kernels else [], "via": via}

    def _look(self) -> tuple[Evidence, Loader]:
        wanted = {"target": self._release, "package": self._package, "drivers": " ".join(self._drivers)}
        evidence = self.ask_manager(self._manager, *VERIFY, timeout_seconds=_ASK_SECONDS, **wanted)
        return evidence, read_loader(evidence)

    def _old_default(self, loader: Loader, doubts: Sequence[str], running: str) -> str:
        """What is to boot on any doubt: the default until now, but not the new kernel that an earlier run left half made."""
        if loader.default is None or (doubts and loader.default == self._release):
            return running
        return loader.default

    def _guard(self, loader: Loader, old: str) -> bool:
        """Should the power fail from here on, the next boot is that of the old kernel, where the loader can do so."""
        guard = loader.once_command(old, old) if old in loader.entries else None
        if guard:
            self._command(guard)
        return guard is not None

    def _install(self, old: str, parts: Sequence[str], options: dict[str, Any], task_vars: dict[str, Any] | None) -> str:
        """The transaction; returns through what. ``parts``: the packages of the kernel that are there and are to be made good.

        ``task_vars``: what a module of Ansible's needs, None where none is to be used.
        """
        head = self._manager.heads[0]
        # without its head the rest was never pulled in
        steps = [] if head in parts else [("install", [head])]
        steps += [("reinstall", list(parts))] if parts else []
        self._said = ""
        try:
            if task_vars and not parts and (via := self._by_module(head, options, task_vars)):
                return via
            for how, names in steps:
                self._by_command(how, names, options["timeout_seconds"])
        except AnsibleConnectionFailure as failure:
            raise UpgradeError(
                f"was lost while its package manager worked: {clip(failure, 200)}",
                f"run this again, it makes good what is half made; do not reboot the host before, or see that kernel {old} boots",
            ) from None
        return f"{self._manager.name} {steps[-1][0]}"

    def _by_module(self, head: str, options: dict[str, Any], task_vars: dict[str, Any]) -> str:
        """Through what: the manager's module, or "" where no Python on the host has the manager's library, or too old a one for Ansible."""
        module, python = self._manager.module, str(options["upgrade"]["python"]).split()
        if not module or not python:
            return ""
        words = self._manager.words([head], self._package)
        variables = {**task_vars, "ansible_python_interpreter": python[0]}
        try:
            with self.limited_to(options["timeout_seconds"]):
                result = self._execute_module(
                    module_name=module, module_args={"name": words, "state": "present"}, task_vars=variables
                )
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

    def _make_default(self, old: str, kernels: Sequence[str], via: str) -> str:
        """Why the new kernel is not the default now, and what is; "" where all is well."""
        evidence, loader = self._look()
        doubts = doubts_of_kernel(evidence, self._drivers)
        gone = sorted(set(kernels) - set(installed_kernels(evidence, self._manager)))
        if gone:
            doubts.append(f"kernel {', '.join(map(clip, gone))} was removed")
        if not doubts and loader.default != self._release:
            self._command(loader.default_command(self._release))
            loader = self._look()[1]
            if loader.default != self._release:
                doubts.append(f"it was made the default, but {clip(loader.default)} boots")
        if not doubts:
            return ""
        said = f" ({via} says: {clip(self._said, 300)})" if via and self._said else ""
        told = f"kernel {self._release} is not used: {'; '.join(doubts)}{said}"
        try:
            return f"{told}. {self._restore(loader, old)}"
        except UpgradeError as error:
            raise UpgradeError(f"{told}. The old default could NOT be put back: {error.sentence}", error.remedy) from None

    def _restore(self, loader: Loader, old: str) -> str:
        """The old default again; a sentence on what boots now. UpgradeError where that cannot be brought about."""
        if loader.default == old:
            return f"Kernel {old} boots by default, as before."
        self._command(loader.default_command(old))
        loader = self._look()[1]
        if loader.default != old:
            raise UpgradeError(f"{clip(loader.default)} boots by default", "see to it before any reboot")
        return f"Kernel {old} boots by default again."

    def _command(self, command: str) -> None:
        answer = self.ask("command", timeout_seconds=_ASK_SECONDS, command=command)
        if "$command" in answer.reasons:
            raise UpgradeError(f"{command}: {clip(answer.reasons['$command'], 200)}", "see whether /boot can be written")
