#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What stays on the host: the record of what was there before and what is in force, and the settings of the next boot.
# shellcheck disable=SC2034,SC2154,SC2086 # of the other parts, and of render_program; words are parted on purpose
dir=${record%/*}
settings_new=${settings%/*}/.${settings##*/}.new
state="step $names since_epoch_seconds mark"
fields="$state made_folder"
for name in $names; do fields="$fields original_$name"; done
for name in $state; do fields="$fields previous_$name"; done
# Only names of this list are evaluated. A line that another version may have written is passed over; one that none writes is refused.
read_record() {
    phase=none
    format=
    ended=
    odd=
    for name in $fields; do case $name in
        *step | *seconds | made_folder) eval "$name=0" ;;
        *) eval "$name=absent" ;;
        esac done
    [ -e "$record" ] || return 0
    while IFS= read -r line; do
        [ ${#line} -lt 65 ] || line=
        name=${line%%=*}
        value=${line#*=}
        case $line in
        phase=pending | phase=in_force | phase=leaving) phase=$value ;;
        format=1) format=1 ;;
        end=1) ended=1 ;;
        =* | *= | *=*=* | *[!a-z_0-9=]*) odd=odd ;;
        *=*) for field in $fields; do [ $field != $name ] || eval "$name=\$value"; done ;;
        *) odd=odd ;;
        esac
    done <"$record"
    if [ $phase = none ] || [ "$format$ended$odd" != 11 ]; then look "$record is incomplete"; fi
}
# known PREFIX: $main has a value that can be given back. A record without one must not become a 0 that root writes.
known() {
    eval "value=\$$1$main"
    case $value in "" | 0* | *[!0-9]*) look "$record has no value to restore" ;; esac
}
# write_file PATH NEW TEXT: on the disk before anything that follows, whole or not at all. In one printf, that a full disk is noticed.
# An old sync takes no name and writes everything out. What lies in the way of NEW is no link that is followed: it is removed.
write_file() {
    { [ ! -d "$1" ] && rm -f "$2" && set -C && printf "%s\n" "$3" >"$2" && set +C && sync "$2" && mv -f "$2" "$1" &&
        sync "${1%/*}"; } 2>/dev/null || {
        set +C
        rm -f "$2" 2>/dev/null
        return 1
    }
}
# Root alone reads the record, for the sake of the mark's token.
write_record() {
    phase=$1
    text="format=1${nl}phase=$phase"
    for name in $fields; do eval "text=\$text\${nl}$name=\$$name"; done
    umask 077
    mkdir -p "$dir" 2>/dev/null && chmod 700 "$dir" && write_file "$record" "$record.new" "$text${nl}end=1"
    set -- $?
    umask 022
    return $1
}
drop_record() {
    rm -f "$record"
    rmdir "$dir" 2>/dev/null
    sync "${dir%/*}" 2>/dev/null
}
# write_settings PREFIX: the next boot has the values of the variables PREFIXNAME.
write_settings() {
    folder=${settings%/*}
    if [ ! -d "$folder" ]; then mkdir "$folder" 2>/dev/null || return 1; fi
    text=
    for name in $names; do
        eval "value=\$$1$name"
        [ "$value" = absent ] || text="${nl}vm.$name = $value$text"
    done
    write_file "$settings" "$settings_new" "# Written by fleetcare.pagealloc.workaround; workaround_state=absent removes it.$text"
}
# Also where /etc cannot be written: what is not there need not be removed.
drop_settings() {
    if [ -e "$settings" ]; then rm -f "$settings" 2>/dev/null; fi
    [ ! -e "$settings" ] || return 1
    if [ "$made_folder" = 1 ]; then rmdir "${settings%/*}" 2>/dev/null; fi
    sync "${settings%/*/*}" "${settings%/*}" 2>/dev/null
    :
}
# settings_are PREFIX: the host will come up with these values.
settings_are() {
    for name in $names; do
        eval "value=\$$1$name"
        if [ "$value" != absent ]; then grep -qx "vm.$name = $value" "$settings"
        else ! grep -q "$name" "$settings"; fi 2>/dev/null || return 1
    done
}
