#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The kernel's settings and what they do to its memory. $names: those under /proc/sys/vm that a step may set, in the order of setting;
# the last, $main, belongs to every step.
# shellcheck disable=SC2034,SC2154 # of the other parts, and of render_program
main=${names##* }
# A shell that reads byte by byte, as dash and busybox do, gets one digit of these files: the kernel gives the whole at once or nothing.
get() {
    value=absent
    [ ! -e "/proc/sys/vm/$1" ] || value=$(cat "/proc/sys/vm/$1")
}
# put NAME VALUE: in force and read back; "absent" is left alone.
put() {
    [ "$2" != absent ] || return 0
    { printf "%s\n" "$2" >"/proc/sys/vm/$1"; } 2>/dev/null
    get "$1"
    [ "$value" = "$2" ]
}
# put_all PREFIX: the values of the variables PREFIXNAME. Where one is not taken, the rest are put all the same.
put_all() {
    bad=0
    for name in $names; do
        eval "value=\$$1$name"
        put "$name" "$value" || bad=1
    done
    return $bad
}
# Without MemAvailable, before Linux 3.14: what is free and half of the page cache.
available() {
    told=
    free=0
    cache=0
    while read -r key value rest; do case $key in
        MemAvailable:) told=$value ;;
        MemFree:) free=$value ;;
        Active\(file\): | Inactive\(file\):) cache=$((cache + value)) ;;
        esac done </proc/meminfo
    value=${told:-$((free + cache / 2))}
}
# The last process that the kernel killed because memory ran out, and how many it killed in all, where it counts them (since 4.13). It
# counts also what it kills at the limit of a container, which any user may bring about; so its line has to be new too. It has to begin as
# this one does: no name of a process is that long.
killed() {
    kills=
    while read -r key value; do [ "$key" != oom_kill ] || kills=$value; done </proc/vmstat
    kill=$(dmesg 2>/dev/null | grep -E "^(<[0-9]+>)?(\[[ 0-9.CT]+\] *)*Out of memory[^:]{0,40}: [Kk]ill(ed)? process [0-9]+ \(")
    kill=${kill##*"$nl"}
}
