# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a host, a record or a report never leaves our actions as a template. Up to ansible-core 2.18 a text is a template unless it is
marked. Ansible marks what an action returns, and does not mark what an action raises: the message of AnsibleActionFail or
AnsibleConnectionFailure, and the traceback of any other error. So no action of ours raises anything. Ansible looks for marks in the values
of a mapping and not in its keys, so a key is never a template at all.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import folder_of, variable_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import fault, parted


class UntrustedAction(ActionBase):  # type: ignore[misc]
    """An action whose every result is untrusted, and whose every failure is a result. A host that cannot be reached is unreachable."""

    #: Errors whose message needs nothing but the host's name before it.
    REASONS: tuple[type[Exception], ...] = ()
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result; never raises."""
        variables = task_vars or {}
        self.host = str(variables.get("inventory_hostname", ""))
        try:
            result = {**super().run(tmp, variables), **self.carry_out(variables)}
        except Exception as error:
            result = self._failure(error)
        return dict(untrusted(result))

    def take_options_from(self, task_vars: Mapping[str, Any], names: Iterable[str]) -> None:
        """With the option ``options_from``, those of these options that are not given, from the host's variables of that prefix. An
        empty one counts as not given."""
        prefix = str(self._task.args.get("options_from") or "")
        for name in names if prefix else ():
            variable = variable_of(prefix, name, task_vars)
            if name in self._task.args or variable is None or task_vars[variable] in (None, ""):
                continue
            value = task_vars[variable]
            # most are plain, and a template is compiled anew for each host
            plain = not isinstance(value, (list, dict)) and (not isinstance(value, str) or "{" not in value)
            given = value if plain else self._templar.template(value)
            self._task.args[name] = folder_of(prefix.removesuffix("_"), variable, given)

    def carry_out(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The work of the action; returns its part of the result. It may raise any error."""
        raise NotImplementedError

    def cleanup(self, force: bool = False) -> None:
        """What a module left on a host that is gone since cannot be removed. Raised from here, that would hide the action's own result."""
        with suppress(AnsibleConnectionFailure):
            super().cleanup(force)

    def _failure(self, error: Exception) -> dict[str, Any]:
        if isinstance(error, AnsibleConnectionFailure):
            return {"unreachable": True, "changed": False, "msg": str(error)}
        if isinstance(error, self.REASONS):
            return {"failed": True, "msg": f"{self.host}: {error}"}
        if isinstance(error, AnsibleError):
            return {"failed": True, "msg": str(error)}
        return {"failed": True, "msg": f"{self.host}: {fault(error)}", "exception": traceback.format_exc()}


def untrusted(value: Any) -> Any:
    """The value with all its texts marked, and without brackets of templates in its keys."""
    return wrap_var(_with_parted_keys(value))


def _with_parted_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {parted(key) if isinstance(key, str) else key: _with_parted_keys(value[key]) for key in value}
    if isinstance(value, (list, tuple)):
        return [_with_parted_keys(one) for one in value]
    return value
