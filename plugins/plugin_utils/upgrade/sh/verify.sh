#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Whether the kernel TARGET is whole: its packages' files, its initramfs, its drivers. PACKAGE: VERSION-RELEASE.ARCH of its packages,
# HEADS and PIECES: their names. After the parts of the manager. Read-only.
# shellcheck disable=SC2086,SC2153,SC2154 # one word for each package; settings
database_list kernels $HEADS
path=/boot/vmlinuz-$TARGET
if [ -s "$path" ]; then out=$(du -sk "$path"); say image "${out%%[!0-9]*} $path"; fi
for path in "/boot/initramfs-$TARGET.img" "/boot/initrd-$TARGET.img" "/boot/initrd-$TARGET" "/boot/initrd.img-$TARGET"; do
 if [ -e "$path" ]; then out=$(du -sk "$path"); say initramfs "${out%%[!0-9]*} $path"; fi; done
for piece in $PIECES; do if database_has "$piece" "$PACKAGE"; then
 say package "$piece"; out=$(database_differs "$piece" "$PACKAGE"); say differs "$out"; fi; done
if [ -s "/lib/modules/$TARGET/modules.dep" ]; then say modules_dep yes; fi
for name in $DRIVERS; do
 pattern=$(printf %s "$name" | sed 's/[-_]/[-_]/g')
 out=$(find "/lib/modules/$TARGET/" -name "$pattern.ko*" 2>/dev/null | head -n 1)
 [ -n "$out" ] || out=$(grep "/$pattern\.ko" "/lib/modules/$TARGET/modules.builtin" 2>/dev/null | head -n 1)
 say driver "$name $out"; done
