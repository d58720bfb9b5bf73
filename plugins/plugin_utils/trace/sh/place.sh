#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Where the kernel's tracing is, and why it may not be used. $top: its folder.
# shellcheck disable=SC2015,SC2034,SC2154 # the last of A && B || C may run after B; of the other parts, and of render_trace
saved=
refuse() {
    [ -n "$saved" ] || finish refused "$1"
    stop refused "$1"
}
# find_tracing: if nothing is mounted, $kind says what would have to be, on $mounted.
find_tracing() {
    kind=
    mounted=
    ! grep -qs "\[confidentiality\]" /sys/kernel/security/lockdown || refuse locked_down
    for top in /sys/kernel/tracing /sys/kernel/debug/tracing; do
        [ ! -e "$top/set_event" ] || return 0
    done
    for kind in tracefs debugfs; do
        top=/sys/kernel/tracing
        mounted=$top
        if [ $kind = debugfs ]; then
            mounted=/sys/kernel/debug
            top=$mounted/tracing
        fi
        if grep -qw $kind /proc/filesystems && [ -d "$mounted" ]; then
            [ "$mount" = 1 ] || refuse "not_mounted $kind on $mounted"
            return 0
        fi
    done
    refuse no_tracing
}
# find_events: those of this kernel, and whether somebody else uses what cannot be shared. $here: the folder that the trace works in.
find_events() {
    events=mm_page_alloc
    # those that the vector frees are single pages
    more=
    [ "$order" != 0 ] || more=mm_pagevec_free
    for event in mm_page_free mm_page_free_direct $more; do
        [ ! -e "$top/events/kmem/$event/enable" ] || events="$events $event"
    done
    [ -e "$top/events/kmem/mm_page_alloc/enable" ] && [ "$events" != mm_page_alloc ] ||
        refuse no_events
    { true >>"$top/tracing_on"; } 2>/dev/null || refuse "unwritable $top"
    here=$top
    if [ -d "$top/instances" ]; then
        here=$top/instances/$instance
        return
    fi
    read -r tracer <"$top/current_tracer"
    [ "$tracer" = nop ] || refuse "in_use current_tracer is $tracer"
    [ -z "$(cat "$top/set_event")" ] || refuse "in_use set_event names events"
}
