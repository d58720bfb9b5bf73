# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe: the manifest rendered as a POSIX shell program whose output is a transcript.

It writes nothing on the host, needs what RHEL 6 or busybox have, and says of every source it could not read why. It
starts as few processes as it can, since an audit pays for each on every host: one grep for all files read whole, one
for the lines wanted of long ones, and none for links, which the shell itself follows.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.container import PATHS as CONTAINER_PATHS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import MAX_TRANSCRIPT_BYTES, end_line, head_line
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import (
    LINES_WANTED,
    LISTS_WANTED,
    MANIFEST,
    MOST_LISTS,
    PAGETYPEINFO,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import CRASH_LOG, SYSLOG_FILES
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import AWK_FILTER, TELLING

#: How long one command may take that asks hardware, a package database or a daemon.
COMMAND_SECONDS = 10

# In double quotes where they will do: the program travels in single quotes, and each of its own takes five bytes.
# each WORD TEXT: TEXT, line by line, with WORD before each line.
# say NAME TEXT: TEXT, line by line, as evidence from the command NAME.
# run NAME COMMAND...: what the command says, and why it failed where it did.
# limited COMMAND...: the same, killed after COMMAND_SECONDS; without timeout(1) a sleeping guard does it.
# framed COMMAND...: a command that prints "path:line" itself; its complaints become reasons.
_FUNCTIONS = r"""
each() { set -f; IFS=$nl; for line in $2; do printf "%s\n" "$1$line"; done; unset IFS; set +f; }
say() { each "\$$1:" "$2"; }
failed() { case $2 in
 127) printf "!\$%s:no such command\n" "$1";; 124|137|143) printf "!\$%s:no answer within @SECONDS@ s\n" "$1";;
 *) set -f; IFS=$nl; set -- "$1" "$2" $3; unset IFS; set +f; printf "!\$%s:%s\n" "$1" "${3:-exit status $2}";; esac; }
limited() {
 if command -v timeout >/dev/null 2>&1; then timeout @SECONDS@ "$@"; return; fi
 "$@" & child=$!; (sleep @SECONDS@; kill -9 $child) >/dev/null 2>&1 & guard=$!
 wait $child; rc=$?; kill $guard 2>/dev/null; return $rc; }
have() { command -v "$1" >/dev/null 2>&1; }
run() { name=$1; shift; word=$1; [ "$word" != limited ] || word=$2
 if ! have "$word"; then failed "$name" 127; return 127; fi
 out=$("$@" 2>&1 </dev/null); rc=$?
 if [ $rc = 0 ]; then say "$name" "$out"; else failed "$name" $rc "$out"; fi; return $rc; }
framed() { { err=$("$@" 2>&1 1>&3 3>&- </dev/null); } 3>&1; each ! "$err"; }
"""

_FILES = r"""
framed grep "" @FILES@ /dev/null
c=; [ -e /sys/devices/system/cpu/cpu@LISTS@ ] || c="|@LIST@"
framed grep -E '@WANTED@'$c @LINES@ /dev/null
run uname uname -a
case $out in *x86_64*|*i?86*|*s390x*) ;; *) run getconf getconf PAGESIZE;; esac
for path in @CONTAINER@; do [ ! -e $path ] || say container $path; done
for path in @LINKS@; do ! cd "$path" || { printf %s: "$path"; pwd -P; }; done; cd /
"""

# A module that is loaded has an initstate; one that is built in may have a folder, but modinfo has no file to name.
# Virtual interfaces without a device behind them (lo, veth, tap) have no driver to ask for. A driver that does not
# answer keeps the tool waiting: after one such, the rest are not asked.
_NICS = r"""
drivers="" asked=0 wait=""
ask() { nic=${1##*/}; asked=$((asked+1))
 if [ -n "$wait" ]; then printf "!\$ethtool/%s:not asked, %s did not answer\n" "$nic" "$wait"; return; fi
 if [ $asked -gt 64 ]; then printf "!\$ethtool/%s:not asked, as the host has more than 64\n" "$nic"; return; fi
 run "ethtool/$nic" limited ethtool -i "$nic"
 case $rc in 0) ;; 124|137|143) wait=$nic; return;; *) return;; esac
 IFS=$nl; set -f; for line in $out; do case $line in driver:*) word=${line#driver:};; esac; done; unset IFS
 for word in $word; do break; done; set +f
 case $word in *[!A-Za-z0-9_-]*) ;; *) case " $drivers " in *" $word "*) ;; *) drivers="$drivers $word";; esac;; esac; }
if have ethtool; then
 for path in /sys/class/net/*; do [ ! -e "$path/device" ] || ask "$path"; done
 for path in /sys/class/net/*; do if [ ! -e "$path/device" ]; then
  if [ -d "$path/bonding" ] || [ -d "$path/bridge" ] || [ -e "/proc/net/vlan/${path##*/}" ]; then ask "$path"; fi; fi; done
else failed ethtool 127; fi
for word in $drivers; do
 if [ -e "/sys/module/$word/initstate" ]; then run "modinfo/$word" modinfo -F filename "$word"
 elif [ -d "/sys/module/$word" ]; then say "modinfo/$word" "(builtin)"
 else failed "modinfo/$word" 1 "no module of this name is loaded"; fi
 if [ -r "/sys/module/$word/version" ]; then read -r line <"/sys/module/$word/version"; say "module_version/$word" "$line"; fi; done
"""

# A package database that is there is asked; a Debian package is installed where its kernel is there too.
_KERNELS = r"""
db=; for path in /var/lib/rpm/Packages* /var/lib/rpm/*.sqlite /usr/lib/sysimage/rpm/Packages* /usr/lib/sysimage/rpm/*.sqlite
do [ ! -e "$path" ] || db=$path; done
if [ -n "$db" ]; then
 if have rpm; then
  set -- kernel kernel-core
  for path in debug rt rt-debug 64k 64k-debug uek ml lt plus PAE xen default azure
  do set -- "$@" kernel-$path kernel-$path-core; done
  out=$(limited rpm -q --qf "%{NAME} %{VERSION}-%{RELEASE}.%{ARCH}\n" "$@" 2>&1 </dev/null); rc=$?
  case $rc in 124|137|143) failed kernels $rc;; *) say kernels "$out";; esac
 else failed kernels 127; fi
elif [ -d /var/lib/dpkg/info ]; then say kernels dpkg
 for path in /boot/vmlinu[xz]-*; do path=${path#/boot/vmlinu?-}
  for name in image image-unsigned; do [ ! -e "/var/lib/dpkg/info/linux-$name-$path.list" ] || say kernels "linux-image $path"; done; done
else echo "!\$kernels:no RPM or dpkg database"; fi
! have grubby || run grubby limited grubby --default-kernel
"""

# A log that only the kernel writes to and that reaches back to the boot is enough; else all that are there are read, the newest of the
# rotated ones too. Of a log that broke off only what is in it counts, not what is absent. Most logs tell of no trouble: of these
# all that matters is the line of the boot, which needs no awk. mksh has no printf of its own, and no other command takes that much text.
_LOG = r"""
if [ -n "$KSH_VERSION" ]; then put() { print -r -- "$out"; }; else put() { printf "%s\n" "$out"; }; fi
kernel_log() { name=$1; shift; word=$1; [ "$word" != limited ] || word=$2
 if ! have "$word"; then failed $name 127; return 1; fi
 out=$("$@" 2>&1 </dev/null); rc=$?
 [ $rc = 0 ] || { failed $name $rc "$out"; case $out in *"page alloc"*) ;; *) return 1;; esac; }
 if [ ${#out} -lt 500 ]; then
  case $out in *"-- No entries --"*|*"No journal files were"*) failed $name 1 "it has no entries"; return 1;; esac; fi
 boot=${out%%"Linux version "[0-9]*}
 put | grep -qE "@TELLING@"
 if [ $? != 1 ]; then
  have awk || { failed $name 1 "no awk to read it with"; return 1; }
  put | awk -v tag="\$$name" '@FILTER@'; return $rc; fi
 line=${out#"$boot"}
 printf "\$$name:%.512s\n" "${boot##*"$nl"}${line%%"$nl"*}" "#log failures 0 dropped 0 0 0 0 0"; return $rc; }
reaches() { [ ${#boot} != ${#out} ] || return 1
 case ${boot##*"$nl"} in *kernel:*kernel:*) return 1;; ""|"<"?">"|"[    0.000000]"*|"<"?">[    0.000000]"*|[0-9]*" kernel: ") ;;
 *) return 1;; esac; }
{ kernel_log dmesg dmesg && reaches; } || { kernel_log journal limited journalctl -k -b --no-pager -o short-iso && reaches; } ||
 for log in @FILES_OF_SYSLOG@; do path=/var/log/$log old=; [ -f $path ] || [ $log = messages ] || continue
  for file in $path.1 $path-*; do case $file in *.?z|*.bz2|*.zst) ;; *) [ ! -f "$file" ] || old=$file;; esac; done
  kernel_log $log tail -c 4194304 $old $path; done
for path in /var/crash/*/vmcore-dmesg.txt; do :; done
[ ! -f "$path" ] || kernel_log @CRASH_LOG@ tail -c 1048576 "$path"
"""

_FRAME = r"""LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin; export PATH; unset IFS
nl="
"
{ echo "@HEAD@"
@BODY@
echo "@END@"; } 2>/dev/null | if command -v head >/dev/null 2>&1; then head -c @BYTES@; else dd bs=1 count=@BYTES@ 2>/dev/null; fi
"""


#: Folders that stand in it many times, and the variables that stand for them: dropbear takes no command of more than 9,000 bytes, and
#: sudo's words come on top.
_FOLDERS = (("n", "/sys/class/net"), ("v", "/proc/sys/vm"))

#: The parts of the probe that start more processes than the few the files take, each left out where not needed.
SECTIONS = {"nics": _NICS, "kernels": _KERNELS, "log": _LOG}


def render_probe(nonce, pagetypeinfo=False, sections=("nics", "kernels", "log")):
    """The probe as the text of a shell program; ``nonce``: letters and digits that mark this transcript's frame."""
    entries = MANIFEST + ((PAGETYPEINFO,) if pagetypeinfo else ())
    return frame_program(nonce, render_sections(entries, sections))


def render_sections(entries, sections):
    """The part of a program that asks for these files, lines and links of the manifest, and for these of SECTIONS."""
    body = "".join([_FILES] + [SECTIONS[name] for name in sections])
    for mark, value in (
        ("@FILES@", _sources(entries, "file")),
        ("@LINES@", _sources(entries, "lines")),
        ("@LINKS@", _sources(entries, "link")),
        ("@CONTAINER@", " ".join(CONTAINER_PATHS)),
        ("@WANTED@", LINES_WANTED),
        ("@LISTS@", str(MOST_LISTS)),
        ("@LIST@", LISTS_WANTED),
        ("@FILTER@", AWK_FILTER.strip()),
        ("@TELLING@", TELLING),
        ("@FILES_OF_SYSLOG@", " ".join(SYSLOG_FILES)),
        ("@CRASH_LOG@", CRASH_LOG),
    ):
        body = body.replace(mark, value)
    for name, folder in _FOLDERS:
        body = body.replace(folder + "/", "$%s/" % name)
    return "".join("%s=%s " % one for one in _FOLDERS) + "\n" + body.strip()


def frame_program(nonce, body, seconds=COMMAND_SECONDS, most_bytes=MAX_TRANSCRIPT_BYTES):
    """A program whose output is a transcript. ``body`` may use the functions above; ``seconds``: how long ``limited`` waits;
    ``most_bytes``: what the output ends at."""
    body = (_FUNCTIONS.replace("@SECONDS@", str(seconds)) + body).strip()
    frame = _FRAME.replace("@HEAD@", head_line(nonce)).replace("@END@", end_line(nonce))
    return frame.replace("@BYTES@", str(most_bytes)).replace("@BODY@", body)


def _sources(entries, kind):
    return " ".join(entry.source for entry in entries if entry.kind == kind)
