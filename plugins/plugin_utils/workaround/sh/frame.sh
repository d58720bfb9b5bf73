#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# How the program speaks. All it says is kept until its end, as lines of a transcript: a pipe that nobody reads any more cannot stop it.
# shellcheck disable=SC2034,SC2154 # of the other parts, and of render_program
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
export PATH
unset IFS
umask 022
set -f
trap "" HUP INT TERM PIPE
held=
nl="
"
said=
unwritten="cannot be written: is the file system full or read-only?"
say() { said="$said\$$1:$2$nl"; }
# finish OUTCOME [REASON]: give the lock back, answer, end.
finish() {
    say outcome "$1"
    [ -z "${2:-}" ] || say reason "$2"
    IFS=$nl
    # shellcheck disable=SC2086 # one word for each link of the chain
    [ -z "$held" ] || rm -f $held
    printf "%s\n%s%s\n" "$head" "$said" "$end"
    exit 0
}
look() { finish refused "$1: look at it, then remove it"; }
