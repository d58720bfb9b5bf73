#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2154 # of the other parts, and of render_program
# The controller found that the step made it worse.
undo_step() {
    if [ "$phase" != in_force ] || [ "$step" != "$new_step" ]; then finish changed "step $new_step is no longer in force"; fi
    write_record pending || finish failed "$record $unwritten"
    give_up rolled_back ""
}
