/* write.c - writing files: all or nothing.
 *
 * Holds: a name never shows a half-written file; a failed fsync is final (the temporary file is
 *        removed and the program ends, nothing is tried again on the same descriptor); a
 *        failure leaves no temporary file behind.
 *
 * open a new temporary name in the same folder -> write -> fsync -> close -> rename -> fsync
 * of the folder, without which the new name could be lost with the power.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"

struct Writer {
	FILE *out;
	char *path, *temp; /* temp 0: written in place (standard output, a device) */
	bool unnamed;      /* temp does not exist yet */
};

static _Noreturn void failed(Writer *f, const char *tried)
{
	int why = errno;
	if (f->temp && !f->unnamed)
		unlink(f->temp);
	rt_fail(RT_FILE, "R7", "%s: cannot %s: %s",
	        strcmp(f->path, "-") ? f->path : "standard output", tried, strerror(why));
}

/* The temporary name carries the process number, so two trainers never share one. */
static int open_temp(Writer *f)
{
	for (int i = 0;; i++) {
		f->temp = rt_text("%s.%ld-%d.tmp", f->path, (long)getpid(), i);
		int fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		              0666);
		if (fd >= 0 || errno != EEXIST || i == 100)
			return fd;
		rt_free(f->temp);
	}
}

Writer *rt_create(const char *path)
{
	Writer *f = rt_alloc(1, sizeof *f, "a file");
	f->path = rt_text("%s", path);
	if (!strcmp(path, "-")) {
		f->out = stdout;
		return f;
	}
	struct stat st;
	bool there = stat(path, &st) == 0;
	if (there && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		failed(f, "write");
	}
	int fd =
		there && !S_ISREG(st.st_mode) ? open(path, O_WRONLY | O_CLOEXEC) : open_temp(f);
	if (fd < 0) {
		rt_free(f->temp);
		f->temp = 0;
		failed(f, "create");
	}
	f->out = fdopen(fd, "wb");
	if (!f->out)
		failed(f, "create");
	return f;
}

static char *folder_of(const char *path)
{
	char *dir = rt_text("%s", path);
	char *slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = 0;
	if (slash)
		return dir;
	rt_free(dir);
	return rt_text(".");
}

Writer *rt_create_unnamed(const char *path)
{
	Writer *f = rt_alloc(1, sizeof *f, "a file");
	char *dir = folder_of(path);
	int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	rt_free(dir);
	/* not every file system can */
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
		rt_free(f);
		return rt_create(path);
	}
	f->path = rt_text("%s", path);
	if (fd < 0)
		failed(f, "create");
	f->temp = rt_text("%s.%ld.tmp", path, (long)getpid());
	f->unnamed = true;
	f->out = fdopen(fd, "wb");
	if (!f->out)
		failed(f, "create");
	return f;
}

/* Gives the file its temporary name. */
static void name_it(Writer *f)
{
	char *number = rt_text("/proc/self/fd/%d", fileno(f->out));
	unlink(f->temp); /* of a process of the same number that is gone */
	if (linkat(AT_FDCWD, number, AT_FDCWD, f->temp, AT_SYMLINK_FOLLOW))
		failed(f, "name");
	f->unnamed = false;
	rt_free(number);
}

void rt_write(Writer *f, const void *from, size_t n)
{
	if (n && fwrite(from, 1, n, f->out) != n)
		failed(f, "write");
}

void rt_print(Writer *f, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vfprintf(f->out, format, args);
	va_end(args);
	if (n < 0)
		failed(f, "write");
}

/* Some file systems cannot sync a folder and say EINVAL or ENOTSUP: nothing more can be done
 * there. */
static void sync_folder_of(Writer *f)
{
	char *dir = folder_of(f->path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && fsync(fd) < 0 && errno != EINVAL && errno != ENOTSUP)
		failed(f, "sync the folder of");
	if (fd >= 0)
		close(fd);
	rt_free(dir);
}

static void commit(Writer *f, bool sync)
{
	if (fflush(f->out))
		failed(f, "write");
	if (f->temp) {
		if (sync && fsync(fileno(f->out)))
			failed(f, "sync");
		if (f->unnamed)
			name_it(f);
		if (fclose(f->out))
			failed(f, "close");
		if (rename(f->temp, f->path))
			failed(f, "rename the finished file to");
		rt_free(f->temp);
		f->temp = 0;
		if (sync)
			sync_folder_of(f);
	} else if (f->out != stdout && fclose(f->out)) {
		failed(f, "close");
	}
	rt_free(f->path);
	rt_free(f);
}

void rt_commit(Writer *f)
{
	commit(f, true);
}

void rt_commit_unsynced(Writer *f)
{
	commit(f, false);
}

/* Takes back what stands behind the first `bytes`; the error is the caller's. */
static void take_back(int fd, off_t bytes)
{
	if (bytes >= 0 && ftruncate(fd, bytes))
		return;
}

int64_t rt_append(const char *path, const void *from, size_t n)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		rt_fail(RT_FILE, "R7", "%s: cannot open: %s", path, strerror(errno));
	off_t begin = lseek(fd, 0, SEEK_END);
	for (size_t done = 0; done < n;) {
		ssize_t k = write(fd, (const char *)from + done, n - done);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			int why = k < 0 ? errno : ENOSPC;
			take_back(fd, begin);
			rt_fail(RT_FILE, "R7", "%s: cannot write: %s", path, strerror(why));
		}
		done += (size_t)k;
	}
	if (close(fd))
		rt_fail(RT_FILE, "R7", "%s: cannot close: %s", path, strerror(errno));
	return (int64_t)begin + (int64_t)n;
}

bool rt_cut(const char *path, int64_t bytes)
{
	struct stat st;
	if (lstat(path, &st) || !S_ISREG(st.st_mode) || st.st_size < bytes)
		return false;
	if (truncate(path, bytes))
		rt_fail(RT_FILE, "R7", "%s: cannot cut to %lld bytes: %s", path,
		        (long long)bytes, strerror(errno));
	return true;
}

bool rt_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

bool rt_is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void rt_rename(const char *from, const char *to)
{
	if (rt_exists(to))
		rt_fail(RT_FILE, "R7", "%s: cannot rename to %s: %s", from, to,
		        strerror(EEXIST));
	if (rename(from, to))
		rt_fail(RT_FILE, "R7", "%s: cannot rename to %s: %s", from, to,
		        strerror(errno));
}

void rt_check_folder(const char *path)
{
	if (!rt_is_folder(path)) {
		errno = rt_exists(path) ? ENOTDIR : ENOENT;
		rt_fail(RT_FILE, "R7", "%s: cannot write results there: %s", path,
		        strerror(errno));
	}
	if (access(path, W_OK | X_OK))
		rt_fail(RT_FILE, "R7", "%s: cannot write results there: %s", path,
		        strerror(errno));
}

void rt_make_folder(const char *path)
{
	if (mkdir(path, 0777) && errno != EEXIST)
		rt_fail(RT_FILE, "R7", "%s: cannot make this folder: %s", path,
		        strerror(errno));
	rt_check_folder(path);
}

char *rt_join(const char *dir, const char *name)
{
	if (name[0] == '/' || !*dir || !strcmp(dir, "."))
		return rt_text("%s", name);
	return rt_text("%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
}
