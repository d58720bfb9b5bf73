#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2154 # of the other parts, and of render_program
compact() {
    [ "$compact" = 1 ] || return 0
    [ -e /proc/sys/vm/compact_memory ] || {
        say compacted absent
        return
    }
    while read -r line; do say compacted_from "$line"; done </proc/buddyinfo
    { echo 1 >/proc/sys/vm/compact_memory; } 2>/dev/null || say compacted refused
    while read -r line; do say compacted_to "$line"; done </proc/buddyinfo
}
