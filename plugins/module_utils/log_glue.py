# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that hold more than one message: what a console or syslog(2) of kernel 4.9 glued is taken apart."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

#: What stands behind text that a user chose: the addresses behind a file's name, the pid behind a name in the journal.
BY_USERS = re.compile(r"\[[0-9]{1,10}\](?:: | trap | general )|\[[0-9a-f,]{1,40}\+[0-9a-f]{1,20}\]")
# What one CPU left unfinished, where another goes on: up to 3.4 with what has no level, up to 2.6.31 with what has one too, in 4.9 with
# what says that it continues.
_LEVEL = re.compile(r"<[0-7]>(?:\[ *[0-9]{1,10}\.[0-9]{1,9}\] )?")
_UNFINISHED = re.compile(
    r"(?:(?:\A| )[0-9a-f]{16}|[0-9]kB(?: \([A-Z]{1,10}\))? |(?:DMA|DMA32|Normal|HighMem|Movable|Device): |Node [0-9]{1,4} "
    r"|<(?:IRQ|EOI|NMI|EOE)>{1,2} )"
    r"(?=page allocation failure: order:|, mode:|Pid: [0-9]{1,10}, comm: |(?:Call [Tt]race|Backtrace): *\Z)"
    r"|order:[0-9]{1,2}(?=page allocation failure: order:)|vmalloc: allocation failure: [0-9]{1,20} bytes(?=[^,])"
)


def messages_in(message, is_glued):
    """What stands in a line. ``is_glued``: the kernel is one whose lines may be glued, or is not known."""
    failed = "page allocation failure" in message
    if not (failed or ", mode:" in message or "<" in message or "omm: " in message or "race:" in message):
        return (message,)
    by_users = BY_USERS.search(message)
    end = by_users.start() if by_users else len(message)
    cuts = []
    if failed or is_glued:
        cuts += [found.span() for found in _LEVEL.finditer(message, 0, end)]
    if is_glued:
        cuts += [(found.end(), found.end()) for found in _UNFINISHED.finditer(message, 0, end)]
    messages, position = [], 0
    for before, behind in sorted(cuts):
        messages.append(message[position:before])
        position = behind
    return messages + [message[position:]]
