// Copyright (c) 2026, the fleetcare.pagealloc contributors
// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a process in single pages, with holes between them: lab_sieve FREE_KB KEEP SEED takes memory until FREE_KB are free for it, which
 * leaves out what the kernel has set aside for atomic requests. It keeps each page with a chance of KEEP permille and gives back the others.
 * All that it keeps can be moved. Then, until it is killed, it takes and gives back pages by chance, twenty times a second, as processes at
 * work do: blocks that were made whole are broken up again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define PIECE (256 * 1024)
#define MOST 4096
#define CHURN 1000

/* Free pages that only atomic requests are given: a line of pagetypeinfo is "Node 0, zone Normal, type HighAtomic 1 0 2 ...". */
static long reserved_kb(void)
{
	char line[512];
	long kb = 0, blocks;
	FILE *file = fopen("/proc/pagetypeinfo", "r");

	while (file && fgets(line, sizeof(line), file)) {
		char *rest = strstr(line, "HighAtomic");
		int order = 0, used;

		if (!strncmp(line, "Number", 6))
			break;
		if (!rest || strncmp(line, "Node", 4))
			continue;
		for (rest += strlen("HighAtomic"); sscanf(rest, "%ld%n", &blocks, &used) == 1; rest += used)
			kb += blocks * (4L << order++);
	}
	if (file)
		fclose(file);
	return kb;
}

static long free_kb(void)
{
	char line[128];
	long value = -1;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "MemFree:", 8))
			value = atol(line + 8);
	if (file)
		fclose(file);
	return value - reserved_kb();
}

int main(int count, char **words)
{
	static char *pieces[MOST];
	long until = count > 3 ? atol(words[1]) : 0, keep = count > 3 ? atol(words[2]) : 0;
	int number = 0, i, at;

	if (until <= 0)
		return 2;
	srandom(atoi(words[3]));
	while (number < MOST && free_kb() > until) {
		char *piece = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (piece == MAP_FAILED)
			break;
		madvise(piece, PIECE, MADV_NOHUGEPAGE);
		memset(piece, 1, PIECE);
		pieces[number++] = piece;
	}
	for (i = 0; i < number; i++)
		for (at = 0; at < PIECE; at += PAGE)
			if (random() % 1000 >= keep)
				madvise(pieces[i] + at, PAGE, MADV_DONTNEED);
	printf("sieved %d\n", number * (PIECE / 1024));
	fflush(stdout);
	for (;;) {
		for (i = 0; i < CHURN; i++) {
			char *page = pieces[random() % number] + random() % (PIECE / PAGE) * PAGE;

			if (random() % 1000 < keep)
				*page = 1;
			else
				madvise(page, PAGE, MADV_DONTNEED);
		}
		usleep(50000);
	}
}
