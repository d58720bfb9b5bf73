#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2154 # of the other parts, and of render_program
# After a cut: where the new values are in force and will be at the next boot, the step is finished, else it is undone.
mend() {
    case $phase in
    none | in_force) finish kept ;;
    leaving) depart ;;
    esac
    get "$main"
    eval "new=\$$main"
    if [ "$value" = "$new" ] && settings_are "" && put_all ""; then
        in_force
        finish mended "an interrupted step is in force"
    fi
    give_up mended "an interrupted step is undone"
}
