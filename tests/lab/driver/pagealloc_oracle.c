// Copyright (c) 2026, the fleetcare.pagealloc contributors
// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle: how many requests of an order the kernel grants right now, counted by making them and giving them back.
 * And the shaper: puts memory into a state of a chosen fragmentation.
 *
 * /proc/pagealloc_oracle takes one command a write and gives the last one's result to a read:
 *   count ORDER atomic|wait    requests granted in a row before the first refusal
 *   ask ORDER atomic|wait      1 where the next single request is granted, else 0
 *   shape HOW TAKE DEPTH KEEP SEED
 *                              takes blocks of order DEPTH until about TAKE permille of free memory are taken, splits them
 *                              into pages, keeps each page with a chance of KEEP permille and gives the others back. HOW is
 *                              "all", past all watermarks, or "atomic", which ends at them but takes the kernel's reserve
 *                              for atomic requests too
 *   release                    gives back all that shape took
 *   drain                      empties the per-CPU lists
 *   live                       lets the asking process itself have any page there is, so that it outlives starved states
 *
 * A request that may wait is made without the leave to reclaim: counted is what is granted at once, at the min watermark. Kernels
 * take a request without that leave for one that cannot wait, and open reserves to it, unless it says that it wants none.
 */
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/vmstat.h>

/* What shape leaves at least, for who asks. */
#define LEAST_FREE_PAGES 1024

static long result;
static LIST_HEAD(shaped);
static void (*drain_all)(struct zone *zone);
static DEFINE_MUTEX(one_at_a_time);

static gfp_t request(const char *kind)
{
	if (!strcmp(kind, "atomic"))
		return GFP_ATOMIC | __GFP_NOWARN;
	return (GFP_KERNEL & ~__GFP_RECLAIM) | __GFP_NOMEMALLOC | __GFP_NOWARN;
}

static long count(unsigned int order, gfp_t gfp, long most)
{
	struct page *page, *next;
	LIST_HEAD(granted);
	unsigned int lives = current->flags & PF_MEMALLOC;
	long number = 0;

	/*
	 * In one go: whom it wakes, kswapd above all, comes after it on a guest of one CPU. Who looks runs in real time, so that
	 * nothing moves between the look and this; but some kernels give a real-time task what an atomic request gets.
	 */
	preempt_disable();
	sched_set_normal(current, 0);
	current->flags &= ~PF_MEMALLOC;
	while (number < most && (page = alloc_pages(gfp, order))) {
		list_add(&page->lru, &granted);
		number++;
	}
	list_for_each_entry_safe(page, next, &granted, lru)
		__free_pages(page, order);
	current->flags |= lives;
	sched_set_fifo(current);
	preempt_enable();
	return number;
}

static u32 dice(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static long shape(const char *how, unsigned int take, unsigned int depth, unsigned int keep, u32 seed)
{
	gfp_t gfp = (GFP_ATOMIC | __GFP_NOWARN | (strcmp(how, "all") ? 0 : __GFP_MEMALLOC)) & ~__GFP_RECLAIM;
	long wanted = global_zone_page_state(NR_FREE_PAGES) / 1000 * take, taken = 0;
	struct page *page, *next;
	LIST_HEAD(blocks);
	u32 state = seed | 1;

	while (taken < wanted && (page = alloc_pages(gfp, depth))) {
		list_add(&page->lru, &blocks);
		taken += 1L << depth;
	}
	list_for_each_entry_safe(page, next, &blocks, lru) {
		unsigned int i;

		split_page(page, depth);
		for (i = 0; i < 1U << depth; i++) {
			if (dice(&state) % 1000 < keep)
				list_add(&page[i].lru, &shaped);
			else
				__free_page(page + i);
		}
	}
	list_for_each_entry_safe(page, next, &shaped, lru) {
		if (global_zone_page_state(NR_FREE_PAGES) >= LEAST_FREE_PAGES)
			break;
		list_del(&page->lru);
		__free_page(page);
	}
	return taken;
}

static long release(void)
{
	struct page *page, *next;
	long number = 0;

	list_for_each_entry_safe(page, next, &shaped, lru) {
		__free_page(page);
		number++;
	}
	INIT_LIST_HEAD(&shaped);
	return number;
}

static long obey(const char *command)
{
	unsigned int order, take, depth, keep, seed;
	char kind[16];

	if (sscanf(command, "count %u %15s", &order, kind) == 2)
		return count(order, request(kind), LONG_MAX);
	if (sscanf(command, "ask %u %15s", &order, kind) == 2)
		return count(order, request(kind), 1);
	if (sscanf(command, "shape %15s %u %u %u %u", kind, &take, &depth, &keep, &seed) == 5)
		return shape(kind, take, depth, keep, seed);
	if (!strncmp(command, "release", 7))
		return release();
	if (!strncmp(command, "live", 4)) {
		current->flags |= PF_MEMALLOC;
		return 0;
	}
	if (!strncmp(command, "drain", 5)) {
		drain_all(NULL);
		return 0;
	}
	return -EINVAL;
}

static ssize_t take_command(struct file *file, const char __user *buffer, size_t length, loff_t *offset)
{
	char command[64] = "";
	long answer;

	if (length >= sizeof(command) || copy_from_user(command, buffer, length))
		return -EINVAL;
	mutex_lock(&one_at_a_time);
	answer = obey(command);
	result = answer;
	mutex_unlock(&one_at_a_time);
	return answer < 0 ? answer : length;
}

static ssize_t give_result(struct file *file, char __user *buffer, size_t length, loff_t *offset)
{
	char text[24];
	int written = scnprintf(text, sizeof(text), "%ld\n", result);

	return simple_read_from_buffer(buffer, length, offset, text, written);
}

static const struct proc_ops oracle_ops = {
	.proc_write = take_command,
	.proc_read = give_result,
	.proc_lseek = default_llseek,
};

/* Not exported: its address is asked of kprobes. */
static int find_drain(void)
{
	struct kprobe probe = { .symbol_name = "drain_all_pages" };
	int err = register_kprobe(&probe);

	if (err)
		return err;
	drain_all = (void *)probe.addr;
	unregister_kprobe(&probe);
	return 0;
}

static int __init start(void)
{
	int err = find_drain();

	if (err)
		return err;
	return proc_create("pagealloc_oracle", 0600, NULL, &oracle_ops) ? 0 : -ENOMEM;
}

static void __exit stop(void)
{
	remove_proc_entry("pagealloc_oracle", NULL);
	release();
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab: what the page allocator grants, counted");
MODULE_INFO(intree, "Y");
