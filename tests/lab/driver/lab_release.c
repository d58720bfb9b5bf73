// Copyright (c) 2026, the fleetcare.pagealloc contributors
// SPDX-License-Identifier: GPL-2.0-only
/*
 * The name by which the kernel goes, uname -r: that of the RPM it came in (release=6.1.0-358.el9.x86_64). Debian's kernels bear a
 * name that no RPM can have, since it has a dash too many. Loaded before all else; the banner in the kernel's log keeps Debian's.
 */
#include <linux/module.h>
#include <linux/string.h>
#include <linux/utsname.h>

static char *release = "";
module_param(release, charp, 0444);
MODULE_PARM_DESC(release, "what uname -r says from now on");

static int __init start(void)
{
	return strscpy(init_uts_ns.name.release, release, sizeof(init_uts_ns.name.release)) > 0 ? 0 : -EINVAL;
}

module_init(start);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab: the name of the kernel");
MODULE_INFO(intree, "Y");
