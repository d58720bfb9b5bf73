# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table on the screen, in the colours that Ansible is set to; and without them in its log."""

from __future__ import annotations

import re
import shutil

from ansible import constants
from ansible.utils.color import stringc
from ansible.utils.display import Display
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import SCREEN_LINES

#: The callback plugin that shows answers last.
SHOWN_BY = "fleetcare.pagealloc.answer_last"

#: Verdict -> which of Ansible's colours it has. A verdict that is not here has none.
_COLOURS = {
    "affected": "COLOR_ERROR",
    "starved": "COLOR_ERROR",
    "stalled": "COLOR_UNREACHABLE",
    "at_risk": "COLOR_WARN",
    "unreachable": "COLOR_UNREACHABLE",
    "unknown": "COLOR_SKIP",
    "needs_review": "COLOR_SKIP",
    "reboot_pending": "COLOR_CHANGED",
    "mitigated": "COLOR_OK",
    "clear": "COLOR_OK",
}
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


def coloured(verdict: str, text: str) -> str:
    """The text in the colour of the verdict, where Ansible writes in colours at all (ANSIBLE_NOCOLOR, ANSIBLE_FORCE_COLOR, a terminal)."""
    colour = getattr(constants, _COLOURS.get(verdict, ""), None)
    painted: str = stringc(text, colour) if colour else text
    return painted


def show(table: str) -> None:
    """Shown as it is; the file that ``log_path`` names gets it without its colours."""
    Display().display(table, screen_only=True)
    Display().display(_COLOUR.sub("", table), log_only=True)


def screen_lines() -> int:
    """Lines of the terminal; SCREEN_LINES where it is smaller, and where the output goes elsewhere."""
    return max(SCREEN_LINES, shutil.get_terminal_size((80, SCREEN_LINES)).lines - 1)


def show_or_hand_on(answer: str) -> None:
    """Shown now, unless the callback plugin that shows the answer behind Ansible's recap is enabled."""
    if SHOWN_BY not in constants.CALLBACKS_ENABLED:
        show(answer)
