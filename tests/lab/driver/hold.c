// Copyright (c) 2026, the fleetcare.pagealloc contributors
// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * lab_hold FREE_KB: locks memory of its own until only FREE_KB are free by /proc/meminfo, or no page cache is left to give up, says
 * "held KB" and waits to be ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE (256 * 1024)

static long meminfo(const char *name)
{
	char line[128];
	long value = -1;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			value = atol(line + strlen(name));
	if (file)
		fclose(file);
	return value;
}

int main(int count, char **words)
{
	long until = count > 1 ? atol(words[1]) : 0, held = 0;

	if (until <= 0)
		return 2;
	while (meminfo("MemFree:") + meminfo("Inactive(file):") + meminfo("Active(file):") > until) {
		char *piece = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (piece == MAP_FAILED || mlock(piece, PIECE))
			break;
		memset(piece, 1, PIECE);
		held += PIECE / 1024;
	}
	printf("held %ld\n", held);
	fflush(stdout);
	pause();
	return 0;
}
