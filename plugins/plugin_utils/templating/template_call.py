# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared code of our filters and tests: their answers are untrusted, and their errors are Ansible's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleError, AnsibleFilterError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.untrusted import untrusted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import fault
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import TemplatedError, has_verdict
from jinja2.exceptions import UndefinedError


def template_call(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` as the filter or test ``name`` of a template.

    Of an error that is not its own Ansible up to 2.18 hands out the traceback, in which the values stand, as a template.
    """

    def call(*values: object, **options: object) -> Any:
        try:
            return untrusted(function(*values, **options))
        except (AnsibleError, UndefinedError):  # Ansible reports an undefined value itself
            raise
        except TemplatedError as error:
            raise AnsibleFilterError(f"fleetcare.pagealloc.{name}: {error}") from error
        except Exception as error:
            raise AnsibleFilterError(f"fleetcare.pagealloc.{name}: {fault(error)}") from error

    return call


def verdict_test(verdict: str) -> Callable[[object], bool]:
    """The test ``is VERDICT``."""
    return template_call(verdict, lambda value: has_verdict(value, verdict))
