#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2154 # of the other parts, and of render_program
# The way out, once it is written down.
depart() {
    known original_
    drop_settings || finish failed "$settings cannot be removed: is the file system read-only?"
    put_all original_ || finish failed "the kernel refused the old values"
    drop_record
    finish restored
}
