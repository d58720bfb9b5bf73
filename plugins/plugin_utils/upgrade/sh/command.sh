#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs one rendered COMMAND, a choice of the boot loader's: what it chooses is on the disk before it, and the choice after it. An old
# sync takes no names and writes everything out.
flush() { limited sync -f /boot /lib/modules 2>/dev/null || limited sync; }
flush
run command sh -c "$COMMAND"
flush
