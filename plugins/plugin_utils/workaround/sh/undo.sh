#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2034,SC2154 # of the other parts, and of render_program
# Back to what was in force before the step that the record tells of.
undo() {
    known previous_
    put_all previous_
    back=$?
    if [ "$previous_step" = 0 ]; then drop_settings || back=1
    else settings_are previous_ || write_settings previous_ || back=1; fi
    [ $back = 0 ] || return 1
    if [ "$previous_step" = 0 ]; then
        drop_record
        return 0
    fi
    for name in $state; do eval "$name=\$previous_$name"; done
    write_record in_force
}
# give_up OUTCOME REASON: undo, and say so where even that does not go.
give_up() {
    if undo; then finish "$1" "$2"; fi
    finish failed "$2; and not everything could be undone: solve this, then run the playbook again"
}
