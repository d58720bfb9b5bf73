// Copyright (c) 2026, the fleetcare.pagealloc contributors
// SPDX-License-Identifier: GPL-2.0-only
/*
 * The starver: takes memory the way a known trouble does, and gives it back when told, so that a guest starves many times in a boot.
 *
 * /proc/pagealloc_starver takes one command a write and gives the last one's result to a read:
 *   leak ORDER PART FREE_KB    takes blocks of ORDER, keeps their first PART pages and gives back the rest, until FREE_KB are free.
 *                              No counter of the kernel owns what it keeps: a driver that leaks
 *   slab BYTES FREE_KB         the same with kmalloc
 *   scatter ORDER KEEP SEED    takes all free blocks of ORDER past the watermarks, splits them, keeps each page with a chance of KEEP
 *                              permille and gives back the others. What is kept is counted as KReclaimable, as the pools of
 *                              graphics drivers are: unmovable, and nobody lost it
 *   drain NODE FREE_KB         takes single pages of a node until FREE_KB of it are free; counted as KReclaimable
 *   burst ORDER COUNT NODE     so many atomic requests in a row, as a NIC makes them, which are then given back; those that are
 *                              refused are logged by the kernel as any failure. NODE -1: any node. The result: how many were granted
 *   space MBYTES               takes vmalloc's address space until a piece of so many MB finds no room, then asks for one more with
 *                              vmalloc itself, which logs its failure
 *   limit ADDRESS              takes off the limit of one logged failure in ten seconds (nopage_rs of /proc/kallsyms), which would hide
 *                              all but the first run's
 *   release                    gives back all that was taken
 */
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>

#define MOST_AREAS 256

static long result;
static LIST_HEAD(kept);
static LIST_HEAD(counted);
static void *objects;
static struct vm_struct *areas[MOST_AREAS];
static struct vm_struct *(*area_of)(unsigned long size, unsigned long flags);
static DEFINE_MUTEX(one_at_a_time);

#define TAKE (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

static long free_kb(int node)
{
	long pages = 0;
	struct zone *zone;

	if (node < 0)
		return global_zone_page_state(NR_FREE_PAGES) << (PAGE_SHIFT - 10);
	for (zone = NODE_DATA(node)->node_zones; zone < NODE_DATA(node)->node_zones + MAX_NR_ZONES; zone++)
		pages += zone_page_state(zone, NR_FREE_PAGES);
	return pages << (PAGE_SHIFT - 10);
}

static void count_page(struct page *page, long by)
{
	mod_node_page_state(page_pgdat(page), NR_KERNEL_MISC_RECLAIMABLE, by);
}

static long leak(unsigned int order, unsigned int part, long until_kb)
{
	struct page *page;
	long number = 0;
	unsigned int i;

	while (free_kb(-1) > until_kb && (page = alloc_pages(TAKE, order))) {
		if (order)
			split_page(page, order);
		for (i = 0; i < 1U << order; i++) {
			if (i < part)
				list_add(&page[i].lru, &kept);
			else
				__free_page(page + i);
		}
		number += part;
	}
	return number;
}

static long slab(unsigned int bytes, long until_kb)
{
	long number = 0;
	void **object;

	while (free_kb(-1) > until_kb && (object = kmalloc(max_t(size_t, bytes, sizeof(void *)), TAKE))) {
		*object = objects;
		objects = object;
		number++;
	}
	return number;
}

static u32 dice(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static long scatter(unsigned int order, unsigned int keep, u32 seed)
{
	struct page *page, *next;
	LIST_HEAD(blocks);
	u32 state = seed | 1;
	long number = 0;
	unsigned int i;

	while ((page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, order)))
		list_add(&page->lru, &blocks);
	list_for_each_entry_safe(page, next, &blocks, lru) {
		split_page(page, order);
		for (i = 0; i < 1U << order; i++) {
			if (dice(&state) % 1000 < keep) {
				list_add(&page[i].lru, &counted);
				count_page(page + i, 1);
				number++;
			} else {
				__free_page(page + i);
			}
		}
	}
	return number;
}

static long drain(int node, long until_kb)
{
	struct page *page;
	long number = 0;

	while (free_kb(node) > until_kb && (page = alloc_pages_node(node, TAKE | __GFP_THISNODE, 0))) {
		list_add(&page->lru, &counted);
		count_page(page, 1);
		number++;
	}
	return number;
}

static long burst(unsigned int order, long most, int node)
{
	gfp_t gfp = GFP_ATOMIC | (order ? __GFP_COMP : 0) | (node < 0 ? 0 : __GFP_THISNODE);
	struct page *page, *next;
	LIST_HEAD(granted);
	long number = 0;

	preempt_disable();
	while (number < most && (page = alloc_pages_node(node < 0 ? NUMA_NO_NODE : node, gfp, order))) {
		list_add(&page->lru, &granted);
		number++;
	}
	list_for_each_entry_safe(page, next, &granted, lru)
		__free_pages(page, order);
	preempt_enable();
	return number;
}

static long space(unsigned long mbytes)
{
	unsigned long size = VMALLOC_END - VMALLOC_START;
	int number = 0;

	while (size >= mbytes << 20 && number < MOST_AREAS) {
		areas[number] = area_of(size, VM_MAP);
		if (areas[number])
			number++;
		else
			size >>= 1;
	}
	/* what was freed and kept for later is found at the second look */
	while (number < MOST_AREAS && (areas[number] = area_of(mbytes << 20, VM_MAP)))
		number++;
	vfree(vmalloc(mbytes << 20));
	return number;
}

static long release(void)
{
	struct page *page, *next;
	long number = 0;
	int i;

	list_for_each_entry_safe(page, next, &kept, lru) {
		__free_page(page);
		number++;
	}
	INIT_LIST_HEAD(&kept);
	list_for_each_entry_safe(page, next, &counted, lru) {
		count_page(page, -1);
		__free_page(page);
		number++;
	}
	INIT_LIST_HEAD(&counted);
	while (objects) {
		void *object = objects;

		objects = *(void **)object;
		kfree(object);
	}
	for (i = 0; i < MOST_AREAS; i++) {
		if (areas[i])
			free_vm_area(areas[i]);
		areas[i] = NULL;
	}
	return number;
}

static long obey(const char *command)
{
	unsigned int order, more, seed;
	unsigned long address;
	long number;
	int node;

	if (sscanf(command, "leak %u %u %ld", &order, &more, &number) == 3)
		return leak(order, more, number);
	if (sscanf(command, "slab %u %ld", &more, &number) == 2)
		return slab(more, number);
	if (sscanf(command, "scatter %u %u %u", &order, &more, &seed) == 3)
		return scatter(order, more, seed);
	if (sscanf(command, "drain %d %ld", &node, &number) == 2)
		return drain(node, number);
	if (sscanf(command, "burst %u %ld %d", &order, &number, &node) == 3)
		return burst(order, number, node);
	if (sscanf(command, "space %ld", &number) == 1)
		return area_of ? space(number) : -ENOSYS;
	if (sscanf(command, "limit %lx", &address) == 1 && address)
		return ((struct ratelimit_state *)address)->interval = 0;
	if (!strncmp(command, "release", 7))
		return release();
	return -EINVAL;
}

static ssize_t write(struct file *file, const char __user *from, size_t length, loff_t *at)
{
	char command[64] = "";

	if (length >= sizeof(command) || copy_from_user(command, from, length))
		return -EINVAL;
	mutex_lock(&one_at_a_time);
	result = obey(command);
	mutex_unlock(&one_at_a_time);
	return result < 0 ? result : (ssize_t)length;
}

static ssize_t read(struct file *file, char __user *to, size_t length, loff_t *at)
{
	char text[24];
	int filled = scnprintf(text, sizeof(text), "%ld\n", result);

	return simple_read_from_buffer(to, length, at, text, filled);
}

static const struct proc_ops ops = { .proc_read = read, .proc_write = write };

static int __init start(void)
{
	struct kprobe where = { .symbol_name = "get_vm_area" };

	if (!register_kprobe(&where)) {
		area_of = (void *)where.addr;
		unregister_kprobe(&where);
	}
	return proc_create("pagealloc_starver", 0600, NULL, &ops) ? 0 : -ENOMEM;
}

static void __exit stop(void)
{
	remove_proc_entry("pagealloc_starver", NULL);
	release();
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab: takes memory the way a known trouble does");
MODULE_INFO(intree, "Y");
