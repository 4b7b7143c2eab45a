/* io.c - reading files: plain or gzip, whole sizes checked, every error one line.
 *
 * Holds: only regular files are opened (a FIFO or a device would block or never end); a file
 *        that is shorter than its own header says is an error here, not in the caller.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"

struct Reader {
	char *path;
	const char *code;
	int fd; /* owned by gz if there is one */
	gzFile gz;
	size_t bytes, done; /* on disk; delivered so far */
	int64_t time;
	bool gzip;
};

static _Noreturn void cannot(const char *path, const char *code, const char *tried)
{
	rt_fail(RT_FILE, code, "%s: cannot %s: %s", path, tried, strerror(errno));
}

/* The first two bytes decide. */
static bool has_gzip_magic(int fd)
{
	unsigned char head[2] = { 0, 0 };
	return pread(fd, head, 2, 0) == 2 && head[0] == 0x1f && head[1] == 0x8b;
}

Reader *rt_open(const char *path, bool gz, const char *code)
{
	/* O_NONBLOCK: opening a FIFO without a writer must not hang. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		cannot(path, code, "open");
	if (!S_ISREG(st.st_mode))
		rt_fail(RT_FILE, code, "%s: cannot read: %s", path,
		        S_ISDIR(st.st_mode) ? "is a folder" : "is not a regular file");
	Reader *f = rt_alloc(1, sizeof *f, "a file");
	f->path = rt_text("%s", path);
	f->code = code;
	f->fd = fd;
	f->bytes = (size_t)st.st_size;
	f->time = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	f->gzip = has_gzip_magic(fd);
	if (gz && f->gzip) {
		f->gz = gzdopen(fd, "rb");
		if (!f->gz)
			rt_fail(RT_FILE, code, "%s: cannot read: not enough memory", path);
		gzbuffer(f->gz, 1u << 17);
	}
	return f;
}

static _Noreturn void gzip_failed(Reader *f)
{
	int which = Z_OK;
	const char *why = gzerror(f->gz, &which);
	if (which == Z_ERRNO)
		cannot(f->path, f->code, "read");
	/* opened by number, zlib calls the file "<fd:3>: " */
	const char *bare = !strncmp(why, "<fd:", 4) ? strstr(why, ">: ") : 0;
	rt_fail(RT_FILE, f->code, "%s: cannot decompress after %zu bytes: %s", f->path, f->done,
	        bare ? bare + 3 : why);
}

size_t rt_read_some(Reader *f, void *to, size_t n)
{
	size_t got = 0;
	while (got < n) {
		size_t want = n - got < (1u << 30) ? n - got : 1u << 30;
		ssize_t k = f->gz ? (ssize_t)gzread(f->gz, (char *)to + got, (unsigned)want)
		                  : read(f->fd, (char *)to + got, want);
		if (k < 0 && !f->gz && errno == EINTR)
			continue;
		if (k < 0 && f->gz)
			gzip_failed(f);
		if (k < 0)
			cannot(f->path, f->code, "read");
		if (k == 0)
			break;
		got += (size_t)k;
		f->done += (size_t)k;
	}
	/* A cut gzip file ends without an error from gzread; gzerror knows. */
	int which = Z_OK;
	if (f->gz && got < n && (gzerror(f->gz, &which), which != Z_OK))
		gzip_failed(f);
	return got;
}

void rt_read(Reader *f, void *to, size_t n, const char *what)
{
	size_t before = f->done, got = rt_read_some(f, to, n);
	if (got < n)
		rt_fail(RT_FILE, f->code,
		        "%s: ends after %zu bytes, inside %s (%zu bytes expected there)",
		        f->path, before + got, what, n);
}

void rt_read_at(Reader *f, uint64_t at, void *to, size_t n)
{
	size_t got = 0;
	while (got < n) {
		ssize_t k = pread(f->fd, (char *)to + got, n - got, (off_t)(at + got));
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			cannot(f->path, f->code, "read");
		if (k == 0)
			rt_fail(RT_FILE, f->code,
			        "%s: ends after %llu bytes now, but had %zu when it was opened",
			        f->path, (unsigned long long)(at + got), f->bytes);
		got += (size_t)k;
	}
}

bool rt_try_read_at(const Reader *f, uint64_t at, void *to, size_t n, bool wait)
{
#if defined(RWF_NOWAIT)
	if (!wait) {
		struct iovec block = { to, n };
		return preadv2(f->fd, &block, 1, (off_t)at, RWF_NOWAIT) == (ssize_t)n;
	}
#endif
	return wait && pread(f->fd, to, n, (off_t)at) == (ssize_t)n;
}

int64_t rt_file_time(const Reader *f)
{
	return f->time;
}

size_t rt_file_bytes(const Reader *f)
{
	return f->bytes;
}

bool rt_is_gzip(const Reader *f)
{
	return f->gzip;
}

const char *rt_path(const Reader *f)
{
	return f->path;
}

void rt_close(Reader *f)
{
	if (f->gz)
		gzclose(f->gz);
	else
		close(f->fd);
	rt_free(f->path);
	rt_free(f);
}
