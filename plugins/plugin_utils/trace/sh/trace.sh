#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# One trace, from begin to end. It ends in off() of the file that it laid down first.
# shellcheck disable=SC2015,SC2034,SC2154 # the last of A && B || C may run after B; of the other parts, and of render_trace
put() { { printf "%s\n" "$1" >"$2"; } 2>/dev/null; }
on() { put "$1" "$2" || stop failed "not_taken $2 $1"; }
has() { command -v "$1" >/dev/null 2>&1; }
# stop OUTCOME REASON: turn off, answer, end.
stop() {
    sh "$off" || say left "$here"
    finish "$@"
}
off=$state/off
# sweep: what a run left that was killed together with its guard. What that one mounted is not mounted any more.
sweep() {
    [ -d "$state" ] || return 0
    guard=
    { read -r guard <"$state/guard"; } 2>/dev/null
    began "$guard"
    [ -z "$began" ] || finish busy ending
    [ ! -f "$off" ] || sh "$off" || finish refused "stays $state"
    rm -rf "$state"
    find_tracing
}
# lay: the file that turns off, with what is known now. It is there whole or as it was.
lay() {
    for name in top here state token events options kb on mounted seconds; do eval "echo \"$name=\\\"\$$name\\\"\""; done >"$state/new"
    echo "run=$$" >>"$state/new"
    lay_off >>"$state/new"
    mv "$state/new" "$off" && [ -s "$off" ] || stop failed "unwritable $state"
}
# watch_over: the guard waits before anything is changed.
watch_over() {
    here=
    events=
    options=
    kb=
    on=
    mkdir "$state" || finish refused "unwritable $state"
    saved=1
    echo "$token" >"$state/token"
    lay
    apart=setsid
    has setsid || apart=
    $apart sh "$off" guard </dev/null >/dev/null 2>&1 &
    n=0
    until [ -s "$state/guard" ]; do
        n=$((n + 1))
        [ $n -lt 10 ] || stop failed no_watchdog
        sleep 1
    done
    [ -z "$kind" ] || mount -t "$kind" nodev "$mounted" || stop failed "not_taken $mounted $kind"
}
# save: what is there before.
save() {
    [ "$here" = "$top" ] || [ ! -d "$here" ] || rmdir "$here" || stop refused "stays $here"
    read -r kb rest <"$top/buffer_size_kb"
    read -r on <"$top/tracing_on"
    for option in stacktrace sym-offset; do
        ! grep -qx "no$option" "$top/trace_options" || options="$options no$option"
    done
    for value in $kb $on; do case $value in
        *[!0-9]*) stop refused "odd $value" ;;
        esac done
    lay
}
# What lies beside the state is of runs that were killed on their way out.
turn_on() {
    [ "$here" = "$top" ] || mkdir "$here" || stop failed "unwritable $here"
    on 0 "$here/tracing_on"
    [ "$here" = "$top" ] || put global "$here/trace_clock"
    for option in sym-offset stacktrace; do put $option "$here/trace_options"; done
    grep -qx stacktrace "$here/trace_options" || stop failed no_stacks
    set +f
    set -- "$top"/per_cpu/cpu*
    rm -rf "$state"-*
    set -f
    size=$((buffer_kb / $#))
    [ $size -ge 64 ] || size=64
    on $size "$here/buffer_size_kb"
    say buffer_kb $((size * $#))
    for event in $events; do
        event=$here/events/kmem/$event
        [ "$order" = 0 ] || on "order >= $order" "$event/filter"
        on 1 "$event/enable"
    done
    { : >"$here/trace"; } 2>/dev/null
    on 1 "$here/tracing_on"
}
# count: how many events there were so far, and how many of them were lost since.
count() {
    set +f
    counted=$(cat "$here"/per_cpu/cpu*/stats 2>/dev/null | awk "/^entries:/{n+=\$2}/^overrun:/{n+=\$2;l+=\$2}END{print n+0,l+0}")
    set -f
}
watch() {
    passed=0
    until [ $passed = "$seconds" ]; do
        sleep 1
        passed=$((passed + 1))
        count
        [ "${counted% *}" -lt "$events_most" ] || break
    done
}
trace() {
    has awk || finish refused no_awk
    find_tracing
    [ -n "$kind" ] || find_events
    page=$(grep -s -m 1 KernelPageSize: /proc/self/smaps)
    # shellcheck disable=SC2086 # words are parted on purpose
    set -- $page
    say page_kb "${2:-}"
    [ "$check" = 0 ] || finish planned "${kind:+mount $kind on $mounted}"
    take
    sweep
    watch_over
    find_events
    say where "$here"
    save
    turn_on
    watch
    sh "$off" quiet
    count
    say seen "$passed $counted"
    lay_awk >"$state/awk"
    nice="nice"
    has nice || nice=
    $nice awk -v room="$answer_bytes" -f "$state/awk" "$here/trace" >"$state/answer" 2>/dev/null || say unread 1
    said=$said$(cat "$state/answer")$nl
    stop traced
}
