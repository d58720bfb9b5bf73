#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What turns tracing off again. It lies on the host as $state/off before anything is turned on, with the variables of save() before it.
# "sh off" does it; "sh off guard" waits until the run is gone or its time is over, and then does it, as the file says then. The whole is one list, which the
# shell has read before the file is removed.
# shellcheck disable=SC2154 # written by save()
{
    set +e
    put() { { printf "%s\n" "$1" >"$2"; } 2>/dev/null; }
    quiet() {
        put 0 "$here/tracing_on"
        for event in $events; do
            event=$here/events/kmem/$event
            put 0 "$event/enable"
            put 0 "$event/filter"
        done
    }
    ours() { [ "$(cat "$state/token" 2>/dev/null)" = "$token" ]; }
    # A process that only waits for its parent is gone.
    runs() {
        line=
        { read -r line <"/proc/$run/stat"; } 2>/dev/null
        case ${line##*\) } in "" | [ZX]*) return 1 ;; esac
    }
    off() {
        [ -d "$here" ] || return 0
        quiet
        for option in $options; do put "$option" "$here/trace_options"; done
        if [ "$here" != "$top" ]; then
            n=0
            until rmdir "$here" 2>/dev/null || [ $n = 30 ]; do
                n=$((n + 1))
                sleep 1
            done
            [ ! -d "$here" ] || return 1
        else
            { : >"$here/trace"; } 2>/dev/null
            put "$kb" "$here/buffer_size_kb"
            put "$on" "$here/tracing_on"
        fi
    }
    guard() {
        trap "" HUP INT TERM
        echo $$ >"$state/guard"
        n=0
        while ours && runs && [ $n -lt $((seconds + 180)) ]; do
            [ $n != $((seconds + 10)) ] || sh "$state/off" quiet
            n=$((n + 1))
            sleep 1
        done
        ours || exit 0
        exec sh "$state/off"
    }
    case $1 in
    guard) guard ;;
    quiet)
        [ -z "$here" ] || quiet
        exit 0
        ;;
    esac
    off || exit 1
    # By another name first: what is at its place in a moment may be the next run's. And the next run may do the same at the same time.
    {
        [ -z "$mounted" ] || umount "$mounted"
        mv "$state" "$state-$$" && rm -rf "$state-$$"
    } 2>/dev/null
    exit 0
}
