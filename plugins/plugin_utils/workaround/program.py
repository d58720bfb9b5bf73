# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change of a host, rendered as one POSIX shell program that runs there from begin to end.

Two settings, each at runtime and for the next boot, have to change together: a connection that breaks between two of the four
would leave a mix. So the host does it alone. The program takes no notice of a connection that goes away, holds a lock, writes down
what it is about to do before it does it, undoes what it began where a step fails or memory runs short, and answers at the end.
What a power cut interrupts is told by the record: the boot-time file decides which values the host comes up with, and the next
run (``mend``) finishes or undoes the rest.

Needs what RHEL 6 or busybox have: sh, mkdir, mv, rm, rmdir, ln, readlink, sync, sleep, date, dmesg, grep.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import end_line, head_line
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import ABSENT, DIRECTORY, MARK, RECORD, SETTINGS

# Everything the program says is kept until its end, as lines of a transcript: a pipe that nobody reads any more cannot stop it.
_FRAME = r"""
LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin; export PATH; unset IFS; umask 022; set -f
trap '' HUP INT TERM PIPE
place=/run; [ -d /run ] || place=/var/run
lock=$place/fleetcare-pagealloc.lock; held=0
nl='
'
said=''
say() { said="$said\$$1:$2$nl"; }
finish() { say outcome "$1"; [ -z "${2:-}" ] || say reason "$2"; [ $held = 0 ] || [ "$(readlink "$lock")" != "$me" ] || rm -f "$lock"
 printf '%s\n%s%s\n' '@HEAD@' "$said" '@END@'; exit 0; }
"""

_MEMORY = r"""
# A shell that reads byte by byte, as dash and busybox do, gets one digit of these files: the kernel gives the whole at once or nothing.
get() { value=absent; [ ! -e "/proc/sys/vm/$1" ] || value=$(cat "/proc/sys/vm/$1"); }
# put NAME VALUE: in force and read back; "absent" is left alone.
put() { [ "$2" != absent ] || return 0
 { printf '%s\n' "$2" >"/proc/sys/vm/$1"; } 2>/dev/null; get "$1"; [ "$value" = "$2" ]; }
put_both() { put zone_reclaim_mode "$2"; kept=$?; put min_free_kbytes "$1" && [ $kept = 0 ]; }
# Without MemAvailable, before Linux 3.14: what is free and half of the page cache.
available() { told=''; free=0; cache=0
 while read -r key value rest; do case $key in
  MemAvailable:) told=$value;; MemFree:) free=$value;; 'Active(file):'|'Inactive(file):') cache=$((cache+value));; esac
 done </proc/meminfo; value=${told:-$((free+cache/2))}; }
killed() { value=$(dmesg 2>/dev/null | grep -c 'Out of memory'); }
"""

_RECORD = r"""
dir=@DIRECTORY@; record=@RECORD@; settings=@SETTINGS@
fields='step min_free_kbytes zone_reclaim_mode since_epoch_seconds original_min_free_kbytes original_zone_reclaim_mode
 previous_step previous_min_free_kbytes previous_zone_reclaim_mode previous_since_epoch_seconds made_folder'
read_record() { phase=none; ended=0; format=0
 for name in $fields; do case $name in *_kbytes|*_mode) eval "$name=absent";; *) eval "$name=0";; esac; done
 [ -e "$record" ] || return 0
 while IFS='=' read -r name value; do case $name=$value in
  phase=pending|phase=in_force|phase=leaving) phase=$value;;
  end=1) ended=1;; format=1) format=1;;
  *[!a-z_0-9=]*) ;;
  *) case " $fields " in *[[:space:]]"$name"[[:space:]]*) eval "$name=\$value";; esac;; esac; done <"$record"
 if [ "$phase" = none ] || [ "$ended$format" != 11 ]; then finish refused "$record is no whole record: look at it, then remove it"; fi; }
# known VALUE: a value of vm.min_free_kbytes that can be given back. A record without one must not become a 0 that root writes.
known() { case $1 in ''|0*|*[!0-9]*) finish refused "$record does not tell which value to give back: look at it, then remove it";; esac; }
# write_file PATH NEW TEXT: on the disk before anything that follows, whole or not at all. In one printf, that a full disk is noticed.
# An old sync takes no name and writes everything out.
write_file() { { printf '%s\n' "$3" >"$2" && sync "$2" && mv -f "$2" "$1" && sync "${1%/*}"; } 2>/dev/null ||
 { rm -f "$2" 2>/dev/null; return 1; }; }
write_record() { phase=$1; text="format=1${nl}phase=$phase"
 for name in $fields; do eval "text=\$text\${nl}$name=\$$name"; done
 mkdir -p "$dir" 2>/dev/null && write_file "$record" "$record.new" "$text${nl}end=1"; }
drop_record() { rm -f "$record"; rmdir "$dir" 2>/dev/null; sync "${dir%/*}" 2>/dev/null; }
write_settings() { folder=${settings%/*}
 if [ ! -d "$folder" ]; then mkdir "$folder" 2>/dev/null || return 1; fi
 text="# Written by fleetcare.pagealloc.workaround; workaround_state=absent takes it back.${nl}vm.min_free_kbytes = $1"
 [ "$2" = absent ] || text="$text${nl}vm.zone_reclaim_mode = $2"
 write_file "$settings" "$folder/.${settings##*/}.new" "$text"; }
# Also where /etc cannot be written: what is not there need not be removed.
drop_settings() { if [ -e "$settings" ]; then rm -f "$settings" 2>/dev/null; fi
 [ ! -e "$settings" ] || return 1
 if [ "$made_folder" = 1 ]; then rmdir "${settings%/*}" 2>/dev/null; fi; sync "${settings%/*/*}" "${settings%/*}" 2>/dev/null; :; }
# settings_are MIN MODE: what the host will come up with.
settings_are() { grep -qx "vm.min_free_kbytes = $1" "$settings" 2>/dev/null || return 1
 if [ "$2" = absent ]; then ! grep -q zone_reclaim_mode "$settings"; else grep -qx "vm.zone_reclaim_mode = $2" "$settings"; fi; }
"""

# Each verb leaves the host with the old values or with the new ones, at runtime and for the next boot.
_UNDO = r"""
# Back to what was in force before the step that the record tells of.
undo() { known "$previous_min_free_kbytes"; put_both "$previous_min_free_kbytes" "$previous_zone_reclaim_mode"; back=$?
 if [ "$previous_step" = 0 ]; then { drop_settings || back=1; }
 else settings_are "$previous_min_free_kbytes" "$previous_zone_reclaim_mode" ||
  write_settings "$previous_min_free_kbytes" "$previous_zone_reclaim_mode" || back=1; fi
 [ $back = 0 ] || return 1
 if [ "$previous_step" = 0 ]; then drop_record; return 0; fi
 step=$previous_step; min_free_kbytes=$previous_min_free_kbytes; zone_reclaim_mode=$previous_zone_reclaim_mode
 since_epoch_seconds=$previous_since_epoch_seconds; write_record in_force; }
# give_up OUTCOME REASON: undo, and say so where even that does not go.
give_up() { if undo; then finish "$1" "$2"; fi
 finish failed "$2; and what was begun could not all be undone: run the playbook again when that is mended"; }
"""

_IN_FORCE = r"""
in_force() { since_epoch_seconds=$(date +%s); write_record in_force || give_up failed "$record cannot be written"
 say step "$step"; say since_epoch_seconds "$since_epoch_seconds"; }
mark() { { printf '<5>%s (step %s)\n' '@MARK@' "$step" >/dev/kmsg; } 2>/dev/null || say marked 0; }
"""

_APPLY = r"""
apply() {
 case $phase in pending|leaving) finish changed "an earlier run was cut here, and the plan does not know";; esac
 get min_free_kbytes; now_min=$value; get zone_reclaim_mode; now_mode=$value
 [ "$now_min" = '@EXPECTED_MIN@' ] || finish changed "vm.min_free_kbytes is $now_min, and was @EXPECTED_MIN@ when the plan was made"
 [ "$now_mode" = '@EXPECTED_MODE@' ] || finish changed "vm.zone_reclaim_mode is $now_mode, and was @EXPECTED_MODE@ when the plan was made"
 new_mode='@MODE@'; [ "$new_mode" != absent ] || now_mode=absent
 if [ $phase = none ]; then original_min_free_kbytes=$now_min; original_zone_reclaim_mode=$now_mode
  [ -d "${settings%/*}" ] || made_folder=1
 elif [ "$original_zone_reclaim_mode" = absent ]; then original_zone_reclaim_mode=$now_mode; fi
 previous_step=$step; previous_min_free_kbytes=$now_min; previous_zone_reclaim_mode=$now_mode
 previous_since_epoch_seconds=$since_epoch_seconds; was=$phase
 step='@STEP@'; min_free_kbytes='@MIN@'; zone_reclaim_mode=$new_mode; since_epoch_seconds=0
 write_record pending || { [ $was != none ] || drop_record
  finish failed "$record cannot be written: is the file system full or read-only?"; }
 write_settings "$min_free_kbytes" "$zone_reclaim_mode" ||
  give_up failed "$settings cannot be written: is the file system full or read-only?"
 killed; killed_before=$value
 put_both "$min_free_kbytes" "$zone_reclaim_mode" || give_up failed "the kernel did not take the values: they read back as others"
 left='@WATCH@'
 while :; do
  available; [ "$value" -ge '@SHORT@' ] || give_up rolled_back "memory ran short: $value kB are available, @SHORT@ kB have to be"
  killed; [ "$value" -le "$killed_before" ] || give_up rolled_back "the kernel ran out of memory and killed a process"
  [ "$left" -gt 0 ] || break; left=$((left-1)); sleep 1; done
 in_force; mark; compact; finish applied; }

compact() { [ '@COMPACT@' = 1 ] || return 0
 [ -e /proc/sys/vm/compact_memory ] || { say compacted absent; return; }
 while read -r line; do say compacted_from "$line"; done </proc/buddyinfo
 { echo 1 >/proc/sys/vm/compact_memory; } 2>/dev/null || say compacted refused
 while read -r line; do say compacted_to "$line"; done </proc/buddyinfo; }
"""

_UNDO_STEP = r"""
undo_step() { [ $phase = in_force ] && [ "$step" = '@STEP@' ] || finish changed "step @STEP@ is not in force any more"
 write_record pending || finish failed "$record cannot be written"; give_up rolled_back ''; }
"""

_LEAVE = r"""
leave() {
 if [ $phase = none ]; then finish kept; fi
 get min_free_kbytes
 if [ $phase = in_force ] && [ "$value" != "$min_free_kbytes" ] && [ '@FORCE@' != 1 ]; then
  finish refused "vm.min_free_kbytes is $value, not the $min_free_kbytes of the record: somebody changed it. Set it so, or use force"
 fi
 get zone_reclaim_mode
 if [ $phase = in_force ] && [ "$zone_reclaim_mode" != absent ] && [ "$value" != "$zone_reclaim_mode" ] && [ '@FORCE@' != 1 ]; then
  finish refused "vm.zone_reclaim_mode is $value, not the $zone_reclaim_mode of the record: somebody changed it. Set it so, or use force"
 fi
 known "$original_min_free_kbytes"
 write_record leaving || finish failed "$record cannot be written: is the file system full or read-only?"
 depart; }
"""

_DEPART = r"""
depart() { known "$original_min_free_kbytes"; drop_settings || finish failed "$settings cannot be removed: is the file system read-only?"
 put_both "$original_min_free_kbytes" "$original_zone_reclaim_mode" || finish failed 'the kernel did not take the original values'
 drop_record; finish restored; }
"""

_MEND = r"""
# After a cut: where the new values are in force and will be at the next boot, the step is finished, else it is undone.
mend() { case $phase in none|in_force) finish kept;; leaving) depart;; esac
 get min_free_kbytes
 if [ "$value" = "$min_free_kbytes" ] && settings_are "$min_free_kbytes" "$zone_reclaim_mode" &&
  put zone_reclaim_mode "$zone_reclaim_mode"; then in_force; mark; finish mended 'a step that had been cut is in force'; fi
 give_up mended 'a step that had been cut is undone'; }
"""

#: Verb -> its parts, the one with its name last.
_PARTS = {
    "apply": (_UNDO, _IN_FORCE, _APPLY),
    "undo": (_UNDO, _UNDO_STEP),
    "leave": (_DEPART, _LEAVE),
    "mend": (_UNDO, _IN_FORCE, _DEPART, _MEND),
}

# /run is where locks are now, /var/run where they were on RHEL 6. The link says who holds the lock, and is there or not in one step.
# It is nobody's any more where that process is gone, or was one of an earlier boot.
_MAIN = r"""
for tool in cat date grep ln mkdir mv readlink rm sleep sync; do
 command -v $tool >/dev/null 2>&1 || finish refused "this host has no $tool, which the change needs"; done
boot=$(cat /proc/sys/kernel/random/boot_id); me="$$ $boot"; tries=0
until ln -s "$me" "$lock" 2>/dev/null; do
 holder=$(readlink "$lock") || finish refused "$lock cannot be made: are these the rights of root?"
 pid=${holder%% *}; tries=$((tries+1))
 if [ "${holder#* }" = "$boot" ] && grep -q fleetcare-pagealloc "/proc/$pid/cmdline" 2>/dev/null; then
  finish busy "another run is at work on this host, as process $pid"; fi
 [ $tries -lt 5 ] || finish refused "$lock is nobody's, yet cannot be taken: remove it"
 mv "$lock" "$lock.$$" 2>/dev/null || continue
 [ "$(readlink "$lock.$$")" = "$holder" ] || ln -s "$(readlink "$lock.$$")" "$lock" 2>/dev/null; rm -f "$lock.$$"; done
held=1
read_record
@VERB@
"""


def render_program(verb: str, nonce: str, values: Mapping[str, Any]) -> str:
    """The program as text. ``nonce``: letters and digits that mark the frame of its answer.

    ``values``: for ``apply`` min_free_kbytes, zone_reclaim_mode (None leaves it alone), expected_min_free_kbytes,
    expected_zone_reclaim_mode (as the plan saw them), step, short_kb, watch_seconds, compact; for ``undo`` step; for ``leave`` force.
    ValueError for anything that is not a number where one is due: nothing else gets into a program that root runs.
    """
    if verb not in _PARTS or not nonce.isalnum():
        raise ValueError(f"{verb!r} or {nonce!r}")
    marks = {
        "@MIN@": _number(values, "min_free_kbytes"),
        "@MODE@": _number(values, "zone_reclaim_mode"),
        "@EXPECTED_MIN@": _number(values, "expected_min_free_kbytes"),
        "@EXPECTED_MODE@": _number(values, "expected_zone_reclaim_mode"),
        "@STEP@": _number(values, "step"),
        "@SHORT@": _number(values, "short_kb"),
        "@WATCH@": _number(values, "watch_seconds"),
        "@COMPACT@": "1" if values.get("compact") else "0",
        "@FORCE@": "1" if values.get("force") else "0",
        "@HEAD@": head_line(nonce),
        "@END@": end_line(nonce),
        "@DIRECTORY@": DIRECTORY,
        "@RECORD@": RECORD,
        "@SETTINGS@": SETTINGS,
        "@MARK@": MARK,
        "@VERB@": "undo_step" if verb == "undo" else verb,
    }
    program = "".join((_FRAME, _MEMORY, _RECORD, *_PARTS[verb], _MAIN))
    for mark, value in marks.items():
        program = program.replace(mark, value)
    # dropbear takes no command of more than 9000 bytes
    return "".join(line + "\n" for line in program.splitlines() if line and not line.startswith("#"))


def _number(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None:
        return ABSENT
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name}: {value!r} is no count")
    return str(value)
