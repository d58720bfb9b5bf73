#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2034,SC2154 # of the other parts, and of render_program
# Every $new_NAME in force and for the next boot, where each still is what it was when the plan was made: $expected_NAME.
apply() {
    case $phase in
    none) ;;
    in_force) known original_ ;;
    *) finish changed "an earlier run was interrupted here after the plan" ;;
    esac
    for name in $names; do
        get "$name"
        eval "old=\$expected_$name; new=\$new_$name; first=\$original_$name"
        [ "$value" = "$old" ] || finish changed "vm.$name is $value, and was $old when the plan was made"
        # what is left alone is not ours to give back
        [ "$new" != absent ] || value=absent
        [ "$first" != absent ] || eval "original_$name=\$value"
        eval "$name=\$value"
    done
    [ "$phase" != none ] || [ -d "${settings%/*}" ] || made_folder=1
    was=$phase
    for name in $state; do eval "previous_$name=\$$name"; done
    for name in $names; do eval "$name=\$new_$name"; done
    step=$new_step
    since_epoch_seconds=0
    write_record pending || {
        [ "$was" != none ] || drop_record
        finish failed "$record $unwritten"
    }
    write_settings "" || give_up failed "$settings $unwritten"
    killed
    old_kill=$kill
    old_kills=$kills
    put_all "" || give_up failed "the kernel did not accept the values"
    left=$watch_seconds
    while :; do
        available
        [ "$value" -ge "$short_kb" ] || give_up rolled_back "memory ran short: $value kB available, $short_kb kB needed"
        killed
        [ -z "$kill" ] || [ "$kill" = "$old_kill" ] || [ "${kills:-new}" = "$old_kills" ] ||
            give_up rolled_back "the kernel ran out of memory and killed a process"
        [ "$left" -gt 0 ] || break
        left=$((left - 1))
        sleep 1
    done
    in_force
    compact
    finish applied
}
