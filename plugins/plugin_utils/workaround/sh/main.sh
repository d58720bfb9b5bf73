#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What every verb begins with.
# shellcheck disable=SC2154 # of the other parts, and of render_program
for tool in cat chmod date dmesg grep ln mkdir mv readlink rm rmdir sleep sync; do
    command -v $tool >/dev/null 2>&1 || finish refused "this host has no $tool; the change needs it"
done
take
for path in "$dir" "$record" "$settings"; do [ ! -h "$path" ] || look "$path is a link"; done
# Of a run that was killed.
rm -f "$record.new" "$settings_new"
rmdir "$dir" 2>/dev/null
read_record
# Nothing is written by this: a kernel's setting that may be opened for writing may be written.
{ true >>"/proc/sys/vm/$main"; } 2>/dev/null ||
    finish refused "/proc/sys cannot be written, as in a container. Run this on the machine itself"
