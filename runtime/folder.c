/* folder.c - names in a folder: listing, second names, removing.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"

static int by_text(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

char **rt_list(const char *dir, const char *prefix, int *n)
{
	char **list = rt_alloc(1, sizeof *list, "names");
	int cap = 1;
	DIR *d = opendir(dir);
	*n = 0;
	for (struct dirent *e; d && (e = readdir(d));) {
		if (strncmp(e->d_name, prefix, strlen(prefix)))
			continue;
		if (*n == cap) {
			list = rt_grow(list, (size_t)cap, 2 * (size_t)cap, sizeof *list, "names");
			cap *= 2;
		}
		list[(*n)++] = rt_text("%s", e->d_name);
	}
	if (d)
		closedir(d);
	qsort(list, (size_t)*n, sizeof *list, by_text);
	return list;
}

void rt_list_free(char **list, int n)
{
	for (int i = 0; i < n; i++)
		rt_free(list[i]);
	rt_free(list);
}

bool rt_same_file(const char *a, const char *b)
{
	struct stat s, t;
	return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev &&
	       s.st_ino == t.st_ino;
}

void rt_remove(const char *path)
{
	if (unlink(path) && errno != ENOENT)
		rt_fail(RT_FILE, "R7", "%s: cannot remove: %s", path, strerror(errno));
}

/* Some file systems have no second names: there the file itself moves on. */
void rt_keep_as(const char *path, const char *as)
{
	rt_remove(as);
	if (link(path, as) == 0 || errno == ENOENT)
		return;
	if (rename(path, as))
		rt_fail(RT_FILE, "R7", "%s: cannot rename to %s: %s", path, as, strerror(errno));
}
