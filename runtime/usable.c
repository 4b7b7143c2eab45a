/* usable.c - how many processors this process may use.
 *
 * A container has a quota instead of fewer processors: `max` microseconds in each `period` for all
 * its threads together.  More threads than that are stopped until the period is over, which costs
 * a barrier the rest of it.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rt_team.h"

enum { PATH_ROOM = 4096 };

static int in_mask(void)
{
#if defined(__linux__)
	cpu_set_t set;
	CPU_ZERO(&set);
	if (!sched_getaffinity(0, sizeof set, &set) && CPU_COUNT(&set) > 0)
		return CPU_COUNT(&set);
#endif
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > TEAM_MOST ? TEAM_MOST : (int)n;
}

/* Two numbers of a file, `max` or nothing as -1. */
static bool two_numbers(const char *folder, const char *name, double *a, double *b)
{
	char path[2 * PATH_ROOM + 64];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "re");
	*a = *b = -1;
	if (!f)
		return false;
	bool some = fscanf(f, "%lf %lf", a, b) >= 1;
	fclose(f);
	return some;
}

/* Processors of the quota of one group, or `most`. */
static double group_quota(const char *folder, double most)
{
	double quota, period, nothing;
	if (two_numbers(folder, "cpu.max", &quota, &period) && quota > 0 && period > 0)
		return quota / period < most ? quota / period : most;
	if (two_numbers(folder, "cpu.cfs_quota_us", &quota, &nothing) && quota > 0 &&
	    two_numbers(folder, "cpu.cfs_period_us", &period, &nothing) && period > 0)
		return quota / period < most ? quota / period : most;
	return most;
}

/* A group and all groups around it, up to where they are mounted. */
static double quota_below(const char *mount, const char *group, double most)
{
	char folder[2 * PATH_ROOM];
	size_t root = strlen(mount);
	if (root + strlen(group) >= sizeof folder)
		return most;
	memcpy(folder, mount, root);
	strcpy(folder + root, group);
	for (;;) {
		most = group_quota(folder, most);
		char *slash = strrchr(folder, '/');
		if (!slash || (size_t)(slash - folder) < root)
			return most;
		*slash = 0;
	}
}

/* Lines `number:controllers:group`; version 2 has no controllers. */
static double in_quota(double most)
{
	char line[PATH_ROOM];
	FILE *f = fopen("/proc/self/cgroup", "re");
	if (!f)
		return most;
	while (fgets(line, sizeof line, f)) {
		char *kind = strchr(line, ':'), *group = kind ? strchr(kind + 1, ':') : 0;
		if (!group)
			continue;
		line[strcspn(line, "\n")] = 0;
		*group++ = 0;
		if (!kind[1])
			most = quota_below("/sys/fs/cgroup", group, most);
		else if (strstr(kind, "cpu"))
			most = quota_below("/sys/fs/cgroup/cpu", group, most);
	}
	fclose(f);
	return most;
}

int rt_team_usable(void)
{
	double n = in_quota(in_mask());
	return n < 1 ? 1 : n > TEAM_MOST ? TEAM_MOST : (int)n;
}
