#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# How the machine boots: the files of grub legacy, grub2 and the boot loader specification, and the tools that set the default.
framed grep -H '' /boot/grub/grub.conf /boot/grub2/grubenv /boot/grub/grubenv /etc/default/grub /boot/loader/entries/*.conf
framed grep -H -E '^[[:space:]]*(menuentry|submenu|linux(16|efi)?[[:space:]]|set default=|.*next_entry)' \
 /boot/grub2/grub.cfg /boot/grub/grub.cfg /boot/efi/EFI/*/grub.cfg
for path in /boot/grub2 /boot/grub; do if [ -e $path/grubenv ]; then
 out=$(df -P $path/grubenv 2>/dev/null | sed -n '2s/[[:space:]].*//p'); say boot_device "$out"; break; fi; done
for word in grubby grub2-editenv grub-editenv; do if have $word; then say tool $word; fi; done
if have grubby; then run grubby limited grubby --default-kernel; fi
