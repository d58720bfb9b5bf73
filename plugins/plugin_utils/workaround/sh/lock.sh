#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# /run is where locks are now, /var/run where they were on RHEL 6. The lock is a link that says who holds it: "PID BOOT BEGAN". It is
# there or not in one step, and is never taken from its place while somebody may rest on it. Of a holder that is gone, the link that is
# named after it says who took over, and so on: of all that find a dead holder, one makes that link. The last of this chain holds the
# lock. At its end it removes the whole chain, the lock first; so whoever has made a link looks again whether the chain still begins as
# it did, else it hangs on a chain that is gone.
# shellcheck disable=SC2034,SC2154,SC2086 # of the other parts, and of render_program; words are parted on purpose
place=/run
[ -d /run ] || place=/var/run
lock=$place/$lock_name
# began PID: when the process began, nothing where it is gone or only waits for its parent. No other process is started to find out:
# where memory is short that may fail, and a holder must not pass for dead then.
began() {
    line=
    { read -r line <"/proc/$1/stat"; } 2>/dev/null
    set -- ${line##*\) }
    case ${1:-Z} in
    [ZX]) began= ;;
    *) began=${20} ;;
    esac
}
# An older version named no beginning.
lives() {
    began "$1"
    [ "$2" = "$boot" ] && [ -n "$began" ] && [ "${3:-$began}" = "$began" ]
}
take() {
    boot=$(cat /proc/sys/kernel/random/boot_id)
    began $$
    me="$$ $boot $began"
    tries=0
    while :; do
        link=$lock
        links=
        first=$me
        until ln -sn "$me" "$link" 2>/dev/null; do
            tries=$((tries + 1))
            [ $tries -lt 50 ] || finish refused "$lock cannot be made: run this as root"
            holder=$(readlink "$link") || {
                link=$lock
                links=
                first=$me
                continue
            }
            if lives $holder; then finish busy "another run is active on this host, as process ${holder%% *}"; fi
            [ -n "$links" ] || first=$holder
            links=$links$link$nl
            link="$lock.$holder"
        done
        if [ "$(readlink "$lock")" = "$first" ]; then break; fi
        rm -f "$link" 2>/dev/null
    done
    held=$links$link
    set +f
    for path in "$lock".*; do case $nl$held$nl in
        *"$nl$path$nl"*) ;;
        *) rm -f "$path" ;;
        esac done
    set -f
}
