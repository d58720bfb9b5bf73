#!/bin/sh
# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Whether the kernel TARGET is whole: its packages' files, its initramfs, its drivers. Read-only.
# shellcheck disable=SC2153,SC2154 # settings
out=$(rpm -q --qf '%{VERSION}-%{RELEASE}.%{ARCH}\n' kernel kernel-core 2>/dev/null </dev/null | grep -v ' '); say kernels "$out"
path=/boot/vmlinuz-$TARGET
if [ -s "$path" ]; then out=$(du -sk "$path"); say image "${out%%[!0-9]*} $path"; fi
for path in "/boot/initramfs-$TARGET.img" "/boot/initrd-$TARGET.img" "/boot/initrd.img-$TARGET"; do
 if [ -e "$path" ]; then out=$(du -sk "$path"); say initramfs "${out%%[!0-9]*} $path"; fi; done
for name in kernel kernel-core kernel-modules kernel-modules-core kernel-modules-extra; do
 if rpm -q "$name-$TARGET" >/dev/null 2>&1 </dev/null; then
  say package "$name"
  out=$(limited rpm -V --nodeps "$name-$TARGET" 2>&1 </dev/null); say differs "$out"; fi; done
if [ -s "/lib/modules/$TARGET/modules.dep" ]; then say modules_dep yes; fi
for name in $DRIVERS; do
 pattern=$(printf %s "$name" | sed 's/[-_]/[-_]/g')
 out=$(find "/lib/modules/$TARGET/" -name "$pattern.ko*" 2>/dev/null | head -n 1)
 [ -n "$out" ] || out=$(grep "/$pattern\.ko" "/lib/modules/$TARGET/modules.builtin" 2>/dev/null | head -n 1)
 say driver "$name $out"; done
