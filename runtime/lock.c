/* lock.c - one run at a time writes results of a name in a folder.
 *
 * Holds: a lock ends with its process, however that ends; a file that is left behind locks nothing.
 *
 * NAME.lock carries flock's lock and, for the message to others, the number of the process.  It is
 * removed at the end while the lock is held, so whoever has got a lock looks whether the name
 * still means its file.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"

/* Of the process, as the lock is: exit() has no other way to find it. */
static char *held;

void rt_unlock(void)
{
	if (held)
		unlink(held);
	rt_free(held);
	held = 0;
}

static bool is_named(int fd, const char *path)
{
	struct stat file, name;
	return !fstat(fd, &file) && !stat(path, &name) && file.st_dev == name.st_dev &&
	       file.st_ino == name.st_ino;
}

/* The number that the other process has written, or 0: it has not come to that. */
static long owner(int fd)
{
	char text[24] = { 0 };
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	return n > 0 ? strtol(text, 0, 10) : 0;
}

static _Noreturn void taken(int fd, const char *path)
{
	long pid = owner(fd);
	if (pid > 0)
		rt_error(RT_FILE, "R7", "%s: process %ld is writing results of this name there",
		         path, pid);
	else
		rt_error(RT_FILE, "R7", "%s: another run is writing results of this name there",
		         path);
	rt_help("wait for it, or give another folder: --out DIR");
	rt_exit(RT_FILE);
}

/* A file system that has no locks is no reason not to train. */
static void keep(int fd, const char *path)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
		rt_warn(0, "%s: cannot write: %s", path, strerror(errno));
	held = rt_text("%s", path);
	atexit(rt_unlock);
}

void rt_lock(const char *path)
{
	for (; !held;) {
		int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd < 0)
			rt_fail(RT_FILE, "R7", "%s: cannot create: %s", path, strerror(errno));
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			if (errno == EWOULDBLOCK)
				taken(fd, path);
			unlink(path);
			close(fd);
			return;
		}
		if (is_named(fd, path))
			keep(fd, path);
		else
			close(fd);
	}
}
