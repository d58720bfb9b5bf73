#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2154 # of the other parts, and of render_program
# Give back what was there before the first step, unless somebody changed it since: then only with $force.
leave() {
    if [ "$phase" = none ]; then finish kept; fi
    for name in $names; do
        eval "ours=\$$name"
        get "$name"
        if [ "$phase" = in_force ] && [ "$ours" != absent ] && [ "$value" != "$ours" ] && [ "$force" != 1 ]; then
            finish refused "vm.$name is $value, the record says $ours: somebody changed it. Set it to $ours, or use force"
        fi
    done
    known original_
    write_record leaving || finish failed "$record $unwritten"
    depart
}
