#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Stays on the host as "run" in a folder of ours while a reboot into a new kernel is due: "run reboot" looks once more
# and reboots, "run confirm" looks after the boot whether the new kernel came up. The file "plan" beside it says what is due:
# TARGET OLD AT UNTIL NOTICE_SECONDS BOOTS ARM CONFIRM STANDBY IDLE UNSTANDBY IDLE_SECONDS.
# shellcheck disable=SC2153,SC2154 # of the plan
set -u
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
LC_ALL=C
export PATH LC_ALL
home=${0%/*}
units=/etc/systemd/system
name=${home##*/}

tell() { printf '%s %s\n' "$(date +%s)" "$1" >>"$home/outcome"; logger -t "$name" "$1" 2>/dev/null; }
announce() { printf '%s\n' "$1" | wall 2>/dev/null; }

# What decides on the default kernel, to see whether somebody changed it since.
boots() {
    if command -v grubby >/dev/null 2>&1; then grubby --default-kernel 2>/dev/null; fi
    grep -hs '^default' /boot/grub/grub.conf
    grep -hs '^saved_entry=' /boot/grub2/grubenv /boot/grub/grubenv
}

routes() { awk '$2 == "00000000" { print $1 }' /proc/net/route; }

up() { for nic in /sys/class/net/*; do if [ "$(cat "$nic/operstate" 2>/dev/null)" = up ]; then echo "${nic##*/}"; fi; done; }

forget() {
    rm -f "$home/plan" "$home/job"
    if [ -e "$units/$name.timer" ]; then
        systemctl disable "$name.timer" 2>/dev/null
        systemctl stop "$name.timer" 2>/dev/null
        rm -f "$units/$name.timer" "$units/$name.service"
        systemctl daemon-reload
    fi
}

refuse() {
    tell "refused: $1"
    announce "The reboot into kernel $TARGET is called off: $1"
    forget
    exit 1
}

look() {
    [ "$(uname -r)" != "$TARGET" ] || refuse "kernel $TARGET runs already"
    [ -s "/boot/vmlinuz-$TARGET" ] || refuse "/boot/vmlinuz-$TARGET is gone"
    [ "$(boots)" = "$BOOTS" ] || refuse "the default boot entry was changed since"
}

await_time() {
    now=$(date +%s)
    [ "$now" -le "$UNTIL" ] || refuse "its window was missed by $((now - UNTIL)) s"
    [ "$now" -ge $((AT - NOTICE_SECONDS - 120)) ] || refuse "it is $((AT - now)) s too early, so the clock was set back"
    look
    if [ "$now" -lt "$AT" ]; then announce "This host reboots into kernel $TARGET in $((AT - now)) s"; fi
    while [ "$(date +%s)" -lt "$AT" ]; do
        sleep 2
        [ -e "$home/plan" ] || exit 0 # cancelled
        [ "$(date +%s)" -ge $((AT - NOTICE_SECONDS - 120)) ] || refuse "the clock was set back"
    done
    now=$(date +%s)
    [ "$now" -le "$UNTIL" ] || refuse "its window was missed by $((now - UNTIL)) s"
}

# A cluster manager that starts itself does not listen at once.
take_back() {
    waited=0
    until [ -z "$UNSTANDBY" ] || sh -c "$UNSTANDBY" >/dev/null 2>&1; do
        if [ $waited -ge "$IDLE_SECONDS" ]; then
            tell "stands by: the cluster did not take this node back within $IDLE_SECONDS s"
            return
        fi
        sleep 2
        waited=$((waited + 2))
    done
}

# The node hands over what it runs, and comes back where it cannot.
stand_by() {
    [ -n "$STANDBY" ] || return 0
    if sh -c "$STANDBY" >/dev/null 2>&1; then
        waited=0
        while ! sh -c "$IDLE" >/dev/null 2>&1; do
            if [ $waited -ge "$IDLE_SECONDS" ]; then
                take_back
                refuse "the cluster did not take over within $IDLE_SECONDS s"
            fi
            sleep 2
            waited=$((waited + 2))
        done
    else
        take_back
        refuse "the cluster does not let this node stand by"
    fi
}

arm_confirm() {
    if [ -d /run/systemd/system ]; then
        printf '%s\n' '[Unit]' "Description=See whether kernel $TARGET came up" 'After=network-online.target' 'Wants=network-online.target' \
            '[Service]' 'Type=oneshot' "ExecStart=/bin/sh $home/run confirm" '[Install]' 'WantedBy=multi-user.target' \
            >"$units/$name-confirm.service"
        systemctl daemon-reload
        systemctl enable "$name-confirm.service" >/dev/null 2>&1
    elif command -v at >/dev/null 2>&1; then
        echo "/bin/sh $home/run confirm" | at now + 2 minutes >/dev/null 2>&1
    fi
}

reboot_now() {
    [ -e "$home/plan" ] || exit 0
    # shellcheck disable=SC1091
    . "$home/plan"
    if [ -n "$AT" ]; then await_time; fi
    look
    stand_by
    {
        echo "boot_id=$(cat /proc/sys/kernel/random/boot_id)"
        echo "release=$(uname -r)"
        up | sed 's/^/up=/'
        routes | sed 's/^/default_route=/'
    } >"$home/before"
    cp "$home/plan" "$home/armed" || refuse "$home cannot be written"
    arm_confirm
    if [ -n "$ARM" ] && ! sh -c "$ARM" >/dev/null 2>&1; then
        rm -f "$home/armed"
        take_back
        refuse "the boot loader's environment could not be written"
    fi
    forget
    tell "rebooting: from $(uname -r) into $TARGET"
    announce "This host reboots into kernel $TARGET now"
    sync
    if [ -d /run/systemd/system ]; then systemctl reboot; else shutdown -r now; fi
}

confirm() {
    [ -e "$home/armed" ] || exit 0
    # shellcheck disable=SC1091
    . "$home/armed"
    ! grep -q "^boot_id=$(cat /proc/sys/kernel/random/boot_id)\$" "$home/before" || exit 0
    if [ "$(uname -r)" != "$TARGET" ]; then
        tell "returned: kernel $TARGET did not come up, $(uname -r) runs"
    else
        waited=0
        while grep -q '^default_route=' "$home/before" && [ -z "$(routes)" ] && [ $waited -lt 60 ]; do
            sleep 2
            waited=$((waited + 2))
        done
        if grep -q '^default_route=' "$home/before" && [ -z "$(routes)" ]; then
            tell "returned: kernel $TARGET runs without a default route, $OLD boots by default"
        elif [ -z "$CONFIRM" ] || { sh -c "$CONFIRM" >/dev/null 2>&1 && sync; }; then
            tell "confirmed: kernel $TARGET runs and boots by default"
        else
            tell "returned: kernel $TARGET runs, but could not be made the default"
        fi
    fi
    take_back
    rm -f "$home/armed"
    if [ -e "$units/$name-confirm.service" ]; then
        systemctl disable "$name-confirm.service" >/dev/null 2>&1
        rm -f "$units/$name-confirm.service"
        systemctl daemon-reload
    fi
}

case ${1:-} in
reboot) reboot_now ;;
confirm) confirm ;;
boots) boots ;;
*) exit 2 ;;
esac
