// Copyright (c) 2026, the fleetcare.pagealloc contributors
// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Looks at a state of memory and asks the oracle about it, with as little of its own in between as can be: its memory is locked
 * and its files are open before the state is made, so that it lives through states in which nothing else would; and in real time, so
 * that nothing else runs from the look to the answer.
 *
 * Reads lines, each a state:  MIN_FREE_KB ORDER atomic|wait [HOW TAKE DEPTH KEEP SEED]...
 * and answers each with
 *   asked N                     1 where an order-2 atomic request is granted
 *   counted N                   how many of ORDER and kind are granted in a row
 *   the text of /proc/buddyinfo, zoneinfo and pagetypeinfo as they were just before each of the two, each ended by a line "--"
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE (256 * 1024)

static const char *const sources[] = { "/proc/buddyinfo", "/proc/zoneinfo", "/proc/pagetypeinfo" };
#define SOURCES 3

static char text[2][SOURCES][SIZE];
static int oracle, min_free, files[SOURCES];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int opened(const char *path, int flags)
{
	int file = open(path, flags);

	if (file < 0)
		fail(path);
	return file;
}

static long command(const char *words)
{
	char answer[32] = "";

	if (pwrite(oracle, words, strlen(words), 0) < 0)
		fail(words);
	if (pread(oracle, answer, sizeof(answer) - 1, 0) < 0)
		fail("answer");
	return atol(answer);
}

static void look(char into[SOURCES][SIZE])
{
	for (int source = 0; source < SOURCES; source++) {
		size_t length = 0;
		ssize_t got;

		while ((got = pread(files[source], into[source] + length, SIZE - 1 - length, length)) > 0)
			length += got;
		into[source][length] = 0;
	}
}

static void set_min_free(const char *kb)
{
	if (pwrite(min_free, kb, strlen(kb), 0) < 0)
		fail("min_free_kbytes");
}

int main(void)
{
	static char line[1024], before[32], words[64];
	char *kb, *order, *kind, *how;
	struct sched_param first = { .sched_priority = 50 };
	long asked, counted;

	oracle = opened("/proc/pagealloc_oracle", O_RDWR);
	for (int source = 0; source < SOURCES; source++)
		files[source] = opened(sources[source], O_RDONLY);
	min_free = opened("/proc/sys/vm/min_free_kbytes", O_RDWR);
	if (pread(min_free, before, sizeof(before) - 1, 0) < 0)
		fail("min_free_kbytes");
	memset(text, 1, sizeof(text));
	setvbuf(stdout, malloc(6 * SIZE), _IOFBF, 6 * SIZE);
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		fail("mlockall");
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		fail("sched_setscheduler");
	command("live");
	while (fgets(line, sizeof(line), stdin)) {
		kb = strtok(line, " \n");
		order = strtok(NULL, " \n");
		kind = strtok(NULL, " \n");
		if (!kind)
			continue;
		while ((how = strtok(NULL, " \n"))) {
			char *take = strtok(NULL, " \n"), *depth = strtok(NULL, " \n"), *keep = strtok(NULL, " \n"), *seed = strtok(NULL, " \n");

			snprintf(words, sizeof(words), "shape %s %s %s %s %s", how, take, depth, keep, seed);
			command(words);
		}
		set_min_free(kb);
		look(text[0]);
		asked = command("ask 2 atomic");
		snprintf(words, sizeof(words), "count %s %s", order, kind);
		look(text[1]);
		counted = command(words);
		set_min_free(before);
		command("release");
		command("drain");
		printf("asked %ld\ncounted %ld\n", asked, counted);
		for (int part = 0; part < 2 * SOURCES; part++)
			printf("%s--\n", text[part / SOURCES][part % SOURCES]);
		fflush(stdout);
	}
	return 0;
}
