# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change of a host, rendered as one POSIX shell program that runs there from begin to end.

Two settings, each at runtime and for the next boot, have to change together: a connection that breaks between two of the four
would leave a mix. So the host does it alone. The program takes no notice of a connection that goes away, holds a lock, writes down
what it is about to do before it does it, undoes what it began where a step fails or memory runs short, and answers at the end.
What a power cut interrupts is told by the record: the boot-time file decides which values the host comes up with, and the next
run (``mend``) finishes or undoes the rest.

Needs what RHEL 6 or busybox have: sh, cat, chmod, mkdir, mv, rm, rmdir, ln, readlink, sync, sleep, date, dmesg, grep. Single
quotes are few in it: each travels as five bytes, and some sshds take no long command.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import end_line, head_line
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import ABSENT, MARK, RECORD, SETTINGS

# Everything the program says is kept until its end, as lines of a transcript: a pipe that nobody reads any more cannot stop it.
_FRAME = r"""
LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin; export PATH; unset IFS; umask 022; set -f
trap "" HUP INT TERM PIPE
place=/run; [ -d /run ] || place=/var/run
lock=$place/fleetcare-pagealloc.lock; held=
nl="
"
said=; unwritten="cannot be written: is the file system full or read-only?"
say() { said="$said\$$1:$2$nl"; }
finish() { say outcome "$1"; [ -z "${2:-}" ] || say reason "$2"; IFS=$nl; [ -z "$held" ] || rm -f $held
 printf "%s\n%s%s\n" "@HEAD@" "$said" "@END@"; exit 0; }
look() { finish refused "$1: look at it, then remove it"; }
"""

# /run is where locks are now, /var/run where they were on RHEL 6. The lock is a link that says who holds it: "PID BOOT BEGAN". It is
# there or not in one step, and is never taken from its place while somebody may rest on it. Of a holder that is gone, the link that is
# named after it says who took over, and so on: of all that find a dead holder, one makes that link. The last of this chain holds the
# lock. At its end it removes the whole chain, the lock first; so whoever has made a link looks again whether the chain still begins as
# it did, else it hangs on a chain that is gone.
_LOCK = r"""
# began PID: when the process began, nothing where it is gone or only waits for its parent. No other process is started to find out:
# where memory is short that may fail, and a holder must not pass for dead then.
began() { line=; { read -r line <"/proc/$1/stat"; } 2>/dev/null; set -- ${line##*\) }
 case ${1:-Z} in [ZX]) began=;; *) began=${20};; esac; }
# An older version named no beginning.
lives() { began "$1"; [ "$2" = "$boot" ] && [ -n "$began" ] && [ "${3:-$began}" = "$began" ]; }
take() { boot=$(cat /proc/sys/kernel/random/boot_id); began $$; me="$$ $boot $began"; tries=0
 while :; do
  link=$lock; links=; first=$me
  until ln -sn "$me" "$link" 2>/dev/null; do
   tries=$((tries+1)); [ $tries -lt 50 ] || finish refused "$lock cannot be made: are these the rights of root?"
   holder=$(readlink "$link") || { link=$lock; links=; first=$me; continue; }
   if lives $holder; then finish busy "another run is at work on this host, as process ${holder%% *}"; fi
   [ -n "$links" ] || first=$holder
   links=$links$link$nl; link="$lock.$holder"; done
  if [ "$(readlink "$lock")" = "$first" ]; then break; fi
  rm -f "$link" 2>/dev/null; done
 held=$links$link
 set +f; for path in "$lock".*; do case $nl$held$nl in *"$nl$path$nl"*) ;; *) rm -f "$path";; esac; done; set -f; }
"""

_MEMORY = r"""
# A shell that reads byte by byte, as dash and busybox do, gets one digit of these files: the kernel gives the whole at once or nothing.
get() { value=absent; [ ! -e "/proc/sys/vm/$1" ] || value=$(cat "/proc/sys/vm/$1"); }
# put NAME VALUE: in force and read back; "absent" is left alone.
put() { [ "$2" != absent ] || return 0
 { printf "%s\n" "$2" >"/proc/sys/vm/$1"; } 2>/dev/null; get "$1"; [ "$value" = "$2" ]; }
put_both() { put zone_reclaim_mode "$2"; kept=$?; put min_free_kbytes "$1" && [ $kept = 0 ]; }
# Without MemAvailable, before Linux 3.14: what is free and half of the page cache.
available() { told=; free=0; cache=0
 while read -r key value rest; do case $key in
  MemAvailable:) told=$value;; MemFree:) free=$value;; Active\(file\):|Inactive\(file\):) cache=$((cache+value));; esac
 done </proc/meminfo; value=${told:-$((free+cache/2))}; }
# The last process that the kernel killed for want of memory, and how many it killed in all, where it counts them (since 4.13). It counts
# also what it kills at the limit of a container, which any user may bring about; so its line has to be new too. It has to begin as
# this one does: no name of a process is that long.
killed() { kills=; while read -r key value; do [ "$key" != oom_kill ] || kills=$value; done </proc/vmstat
 kill=$(dmesg 2>/dev/null | grep -E "^(<[0-9]+>)?(\[[ 0-9.CT]+\] *)*Out of memory[^:]{0,40}: [Kk]ill(ed)? process [0-9]+ \(")
 kill=${kill##*"$nl"}; }
"""

_RECORD = r"""
record=@RECORD@; dir=${record%/*}; settings=@SETTINGS@; settings_new=${settings%/*}/.${settings##*/}.new
state="step min_free_kbytes zone_reclaim_mode since_epoch_seconds mark"
fields="$state original_min_free_kbytes original_zone_reclaim_mode made_folder"
for name in $state; do fields="$fields previous_$name"; done
# Only names of this list are evaluated. A line that another version may have written is passed over; one that none writes is refused.
read_record() { phase=none; format=; ended=; odd=
 for name in $fields; do case $name in *step|*seconds|made_folder) eval "$name=0";; *) eval "$name=absent";; esac; done
 [ -e "$record" ] || return 0
 while IFS= read -r line; do [ ${#line} -lt 65 ] || line=
  name=${line%%=*}; value=${line#*=}
  case $line in
  phase=pending|phase=in_force|phase=leaving) phase=$value;;
  format=1) format=1;; end=1) ended=1;;
  =*|*=|*=*=*|*[!a-z_0-9=]*) odd=odd;;
  *=*) for field in $fields; do [ $field != $name ] || eval "$name=\$value"; done;;
  *) odd=odd;; esac; done <"$record"
 if [ $phase = none ] || [ "$format$ended$odd" != 11 ]; then look "$record is no whole record"; fi; }
# known VALUE: a value of vm.min_free_kbytes that can be given back. A record without one must not become a 0 that root writes.
known() { case $1 in ""|0*|*[!0-9]*) look "$record does not tell which value to give back";; esac; }
# write_file PATH NEW TEXT: on the disk before anything that follows, whole or not at all. In one printf, that a full disk is noticed.
# An old sync takes no name and writes everything out. What lies in the way of NEW is no link that is followed: it is removed.
write_file() { { [ ! -d "$1" ] && rm -f "$2" && set -C && printf "%s\n" "$3" >"$2" && set +C && sync "$2" && mv -f "$2" "$1" &&
  sync "${1%/*}"; } 2>/dev/null || { set +C; rm -f "$2" 2>/dev/null; return 1; }; }
# Root alone reads the record, for the sake of the mark's token.
write_record() { phase=$1; text="format=1${nl}phase=$phase"
 for name in $fields; do eval "text=\$text\${nl}$name=\$$name"; done
 umask 077; mkdir -p "$dir" 2>/dev/null && chmod 700 "$dir" && write_file "$record" "$record.new" "$text${nl}end=1"
 set -- $?; umask 022; return $1; }
drop_record() { rm -f "$record"; rmdir "$dir" 2>/dev/null; sync "${dir%/*}" 2>/dev/null; }
write_settings() { folder=${settings%/*}
 if [ ! -d "$folder" ]; then mkdir "$folder" 2>/dev/null || return 1; fi
 text="# Written by fleetcare.pagealloc.workaround; workaround_state=absent takes it back.${nl}vm.min_free_kbytes = $1"
 [ "$2" = absent ] || text="$text${nl}vm.zone_reclaim_mode = $2"
 write_file "$settings" "$settings_new" "$text"; }
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
 for name in $state; do eval "$name=\$previous_$name"; done; write_record in_force; }
# give_up OUTCOME REASON: undo, and say so where even that does not go.
give_up() { if undo; then finish "$1" "$2"; fi
 finish failed "$2; and what was begun could not all be undone: run the playbook again when that is mended"; }
"""

_IN_FORCE = r"""
# The token of the mark is the host's own: what comes with the program is seen by all who may list processes.
in_force() { since_epoch_seconds=$(date +%s); mark=$(cat /proc/sys/kernel/random/uuid)
 IFS=-; set -- $mark; unset IFS; mark=$1$2$3
 write_record in_force || give_up failed "$record $unwritten"
 say step "$step"; say since_epoch_seconds "$since_epoch_seconds"
 { printf "<5>%s (step %s, %s)\n" "@MARK@" "$step" "$mark" >/dev/kmsg; } 2>/dev/null || say marked 0; }
"""

_APPLY = r"""
apply() {
 case $phase in pending|leaving) finish changed "an earlier run was cut here, and the plan does not know";; esac
 get min_free_kbytes; now_min=$value; get zone_reclaim_mode; now_mode=$value
 [ "$now_min" = @EXPECTED_MIN@ ] || finish changed "vm.min_free_kbytes is $now_min, and was @EXPECTED_MIN@ when the plan was made"
 [ "$now_mode" = @EXPECTED_MODE@ ] || finish changed "vm.zone_reclaim_mode is $now_mode, and was @EXPECTED_MODE@ when the plan was made"
 new_mode=@MODE@; [ "$new_mode" != absent ] || now_mode=absent
 if [ $phase = none ]; then original_min_free_kbytes=$now_min; original_zone_reclaim_mode=$now_mode
  [ -d "${settings%/*}" ] || made_folder=1
 elif [ "$original_zone_reclaim_mode" = absent ]; then original_zone_reclaim_mode=$now_mode; fi
 min_free_kbytes=$now_min; zone_reclaim_mode=$now_mode; was=$phase
 for name in $state; do eval "previous_$name=\$$name"; done
 step=@STEP@; min_free_kbytes=@MIN@; zone_reclaim_mode=$new_mode; since_epoch_seconds=0
 write_record pending || { [ $was != none ] || drop_record
  finish failed "$record $unwritten"; }
 write_settings "$min_free_kbytes" "$zone_reclaim_mode" ||
  give_up failed "$settings $unwritten"
 killed; old_kill=$kill; old_kills=$kills
 put_both "$min_free_kbytes" "$zone_reclaim_mode" || give_up failed "the kernel did not take the values: they read back as others"
 left=@WATCH@
 while :; do
  available; [ "$value" -ge @SHORT@ ] || give_up rolled_back "memory ran short: $value kB are available, @SHORT@ kB have to be"
  killed; [ -z "$kill" ] || [ "$kill" = "$old_kill" ] || [ "${kills:-new}" = "$old_kills" ] ||
   give_up rolled_back "the kernel ran out of memory and killed a process"
  [ "$left" -gt 0 ] || break; left=$((left-1)); sleep 1; done
 in_force; compact; finish applied; }

compact() { [ @COMPACT@ = 1 ] || return 0
 [ -e /proc/sys/vm/compact_memory ] || { say compacted absent; return; }
 while read -r line; do say compacted_from "$line"; done </proc/buddyinfo
 { echo 1 >/proc/sys/vm/compact_memory; } 2>/dev/null || say compacted refused
 while read -r line; do say compacted_to "$line"; done </proc/buddyinfo; }
"""

_UNDO_STEP = r"""
undo_step() { [ $phase = in_force ] && [ "$step" = @STEP@ ] || finish changed "step @STEP@ is not in force any more"
 write_record pending || finish failed "$record $unwritten"; give_up rolled_back ""; }
"""

_LEAVE = r"""
leave() {
 if [ $phase = none ]; then finish kept; fi
 get min_free_kbytes
 if [ $phase = in_force ] && [ "$value" != "$min_free_kbytes" ] && [ @FORCE@ != 1 ]; then
  finish refused "vm.min_free_kbytes is $value, not the $min_free_kbytes of the record: somebody changed it. Set it so, or use force"
 fi
 get zone_reclaim_mode
 if [ $phase = in_force ] && [ "$zone_reclaim_mode" != absent ] && [ "$value" != "$zone_reclaim_mode" ] && [ @FORCE@ != 1 ]; then
  finish refused "vm.zone_reclaim_mode is $value, not the $zone_reclaim_mode of the record: somebody changed it. Set it so, or use force"
 fi
 known "$original_min_free_kbytes"
 write_record leaving || finish failed "$record $unwritten"
 depart; }
"""

_DEPART = r"""
depart() { known "$original_min_free_kbytes"; drop_settings || finish failed "$settings cannot be removed: is the file system read-only?"
 put_both "$original_min_free_kbytes" "$original_zone_reclaim_mode" || finish failed "the kernel did not take the original values"
 drop_record; finish restored; }
"""

_MEND = r"""
# After a cut: where the new values are in force and will be at the next boot, the step is finished, else it is undone.
mend() { case $phase in none|in_force) finish kept;; leaving) depart;; esac
 get min_free_kbytes
 if [ "$value" = "$min_free_kbytes" ] && settings_are "$min_free_kbytes" "$zone_reclaim_mode" &&
  put zone_reclaim_mode "$zone_reclaim_mode"; then in_force; finish mended "a step that had been cut is in force"; fi
 give_up mended "a step that had been cut is undone"; }
"""

#: Verb -> its parts, the one with its name last.
_PARTS = {
    "apply": (_UNDO, _IN_FORCE, _APPLY),
    "undo": (_UNDO, _UNDO_STEP),
    "leave": (_DEPART, _LEAVE),
    "mend": (_UNDO, _IN_FORCE, _DEPART, _MEND),
}

_MAIN = r"""
for tool in cat chmod date dmesg grep ln mkdir mv readlink rm rmdir sleep sync; do
 command -v $tool >/dev/null 2>&1 || finish refused "this host has no $tool, which the change needs"; done
take
for path in "$dir" "$record" "$settings"; do [ ! -h "$path" ] || look "$path is a link"; done
# Of a run that was killed.
rm -f "$record.new" "$settings_new"; rmdir "$dir" 2>/dev/null
read_record
# Nothing is written by this: a kernel's setting that may be opened for writing may be written.
{ true >>/proc/sys/vm/min_free_kbytes; } 2>/dev/null ||
 finish refused "/proc/sys cannot be written here, as in a container. Run this against the machine itself"
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
        "@RECORD@": RECORD,
        "@SETTINGS@": SETTINGS,
        "@MARK@": MARK,
        "@VERB@": "undo_step" if verb == "undo" else verb,
    }
    program = "".join((_FRAME, _LOCK, _MEMORY, _RECORD, *_PARTS[verb], _MAIN))
    for mark, value in marks.items():
        program = program.replace(mark, value)
    # dropbear takes no command of more than 9000 bytes
    lines = (line.lstrip(" ") for line in program.splitlines())
    return "".join(line + "\n" for line in lines if line and not line.startswith("#"))


def _number(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None:
        return ABSENT
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name}: {value!r} is no count")
    return str(value)
