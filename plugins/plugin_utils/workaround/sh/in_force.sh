#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2034,SC2154,SC2086 # of the other parts, and of render_program; words are parted on purpose
# The token of the mark is the host's own: what comes with the program is seen by all who may list processes.
in_force() {
    since_epoch_seconds=$(date +%s)
    mark=$(cat /proc/sys/kernel/random/uuid)
    IFS=-
    set -- $mark
    unset IFS
    mark=$1$2$3
    write_record in_force || give_up failed "$record $unwritten"
    say step "$step"
    say since_epoch_seconds "$since_epoch_seconds"
    { printf "<5>%s (step %s, %s)\n" "$mark_words" "$step" "$mark" >/dev/kmsg; } 2>/dev/null || say marked 0
}
