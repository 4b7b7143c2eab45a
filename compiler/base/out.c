/* out.c - the writer of generated text, and numbers as text.
 *
 * In:    pieces of lines, by printf formats.   Out: indented text; a file, whole or absent.
 * Holds: depth is the number of open `{` at line ends; a line's tabs are written with its first
 * character, so an empty line has none.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"

Out *out_new(Arena *a)
{
	Out *o = NEW(a, Out);
	o->mem = a;
	o->bol = true;
	return o;
}

/* Room for n more bytes.  Texts can pass 2 GiB (embedded weights), so not arena_grow. */
static char *room(Out *o, size_t n)
{
	if (o->cap - o->n < n) {
		size_t cap = o->cap ? o->cap : 1024;
		while (cap - o->n < n)
			cap *= 2;
		o->text = arena_enlarge(o->mem, o->text, o->cap, cap);
		o->cap = cap;
	}
	return o->text + o->n;
}

static void put(Out *o, const char *s, size_t n)
{
	if (n)
		memcpy(room(o, n), s, n);
	o->n += n;
}

/* The last character of the text that is not a blank: `{` opens a level. */
static bool line_opens(const Out *o)
{
	size_t i = o->n;
	while (i > 0 && (o->text[i - 1] == ' ' || o->text[i - 1] == '\t'))
		i--;
	return i > 0 && o->text[i - 1] == '{';
}

/* One line's part, without its newline. */
static void put_part(Out *o, const char *s, size_t n)
{
	if (n == 0)
		return;
	if (o->bol) {
		if (*s == '}' && o->depth > 0)
			o->depth--;
		/* Preprocessor lines start at the margin. */
		size_t tabs = *s == '#' ? 0 : (size_t)o->depth;
		memset(room(o, tabs + n), '\t', tabs);
		o->n += tabs;
		o->bol = false;
	}
	put(o, s, n);
}

static void end_line(Out *o)
{
	if (line_opens(o))
		o->depth++;
	put(o, "\n", 1);
	o->bol = true;
}

void out_line(Out *o, const char *s, size_t n)
{
	put_part(o, s, n);
	end_line(o);
}

void out(Out *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char small[512], *s = small;
	size_t n = text_format(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n >= sizeof small) {
		va_start(ap, fmt);
		s = arena_vprintf(o->mem, fmt, ap);
		va_end(ap);
	}
	for (const char *end; (end = strchr(s, '\n')) != 0; s = (char *)end + 1) {
		put_part(o, s, (size_t)(end - s));
		end_line(o);
	}
	put_part(o, s, strlen(s));
}

void out_raw(Out *o, const char *text, size_t n)
{
	put(o, text, n);
	if (n)
		o->bol = text[n - 1] == '\n';
}

/* All bytes to fd; -1 with errno. */
static int write_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, s, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		s += k;
		n -= (size_t)k;
	}
	return 0;
}

/* /dev/stdout, a pipe, a terminal: written in place, there is nothing to rename over. */
static int save_in_place(const Out *o, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int failed = write_all(fd, o->text, o->n) ? errno : 0;
	if (close(fd) && !failed)
		failed = errno;
	errno = failed;
	return failed ? -1 : 0;
}

/* Makes a rename in this file's folder last over a power cut; best effort. */
static void sync_folder(char *path)
{
	char *slash = strrchr(path, '/');
	if (slash)
		slash[slash == path] = 0;
	int fd = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int save_file(const Out *o, const char *path)
{
	char *tmp = malloc(strlen(path) + 8);
	if (!tmp)
		return -1;
	sprintf(tmp, "%s.XXXXXX", path);
	int fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0) {
		int why = errno;
		free(tmp);
		errno = why;
		return -1;
	}
	struct stat st;
	mode_t mask = umask(0);
	umask(mask);
	mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0777 : 0666 & ~mask;
	int failed = 0;
	if (write_all(fd, o->text, o->n) || fchmod(fd, mode) || fsync(fd))
		failed = errno;
	if (close(fd) && !failed)
		failed = errno;
	if (!failed && rename(tmp, path))
		failed = errno;
	if (failed)
		unlink(tmp);
	else
		sync_folder(tmp);
	free(tmp);
	errno = failed;
	return failed ? -1 : 0;
}

int out_save(const Out *o, const char *path)
{
	if (!strcmp(path, "-"))
		return write_all(STDOUT_FILENO, o->text, o->n);
	struct stat st;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		if (S_ISDIR(st.st_mode)) {
			errno = EISDIR;
			return -1;
		}
		return save_in_place(o, path);
	}
	/* Through a symbolic link: replace the file, not the link. */
	char *real = realpath(path, 0);
	int r = save_file(o, real ? real : path);
	int why = errno;
	free(real);
	errno = why;
	return r;
}

int out_probe(const char *path)
{
	struct stat st;
	char *tmp;
	if (!strcmp(path, "-"))
		return 0;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		errno = EISDIR;
		return S_ISDIR(st.st_mode) ? -1 : access(path, W_OK);
	}
	char *real = realpath(path, 0);
	if (!(tmp = malloc(strlen(real ? real : path) + 8))) {
		free(real);
		return -1;
	}
	sprintf(tmp, "%s.XXXXXX", real ? real : path);
	int fd = mkostemp(tmp, O_CLOEXEC), why = errno;
	if (fd >= 0) {
		close(fd);
		unlink(tmp);
	}
	free(tmp);
	free(real);
	errno = why;
	return fd < 0 ? -1 : 0;
}

enum { ROOM = 40 };                    /* what number_text's callers promise                  */

static void digits(char *buf, int n, double v)
{
	/* 17 digits, sign, point and exponent are 24 characters: never cut. */
	if (snprintf(buf, ROOM, "%.*g", n, v) >= ROOM)
		buf[0] = 0;
}

/* The decimal without exponent that number_text wants, where it is short; false: none, and of at
 * least *n digits.
 *
 * With p places behind the point the nearest decimal is m / 10^p, m = round(v * 10^p).  It is read
 * as the number nearest to it, which the quotient is: m and 10^p are exact, and a decimal of so
 * few digits is never that near to the middle of two floats that rounding twice matters. */
static bool short_text(char *buf, double v, bool single, int *n)
{
	static const double power[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10 };
	const double most = single ? 1e6 : 1e15;
	double size = fabs(v), m = size;
	int p = 0;
	if (size < 1e-4 || size >= 1e7)
		return false;
	for (;; p++) {
		if (p > 10)
			return false;
		m = rint(size * power[p]);
		if (p > 0 && m >= most) {
			*n = single ? 7 : 16;
			return false;
		}
		if ((single ? (double)(float)(m / power[p]) : m / power[p]) == size)
			break;
	}
	char digit[24];
	int at = sizeof digit, places = 0;
	for (uint64_t u = (uint64_t)m; u || places <= p; places++, u /= 10) {
		if (places == p && p)
			digit[--at] = '.';
		digit[--at] = (char)('0' + u % 10);
	}
	*buf = '-';
	memcpy(buf + (v < 0), digit + at, sizeof digit - (size_t)at);
	buf[(size_t)(v < 0) + sizeof digit - (size_t)at] = 0;
	return true;
}

char *number_text(char *buf, double v, bool single)
{
	if (single)
		v = (float)v;
	if (isnan(v))
		return strcpy(buf, "NAN");
	if (isinf(v))
		return strcpy(buf, v < 0 ? "-INFINITY" : "INFINITY");
	/* Nine digits are enough for any float and 17 for any double (IEEE 754-2019, 5.12.2);
	 * if p digits read back to v then so do p + 1, so the fewest are found by bisection. */
	int lo = 1, hi = single ? 9 : 17;
	if (short_text(buf, v, single, &lo))
		return strpbrk(buf, ".") ? buf : strcat(buf, ".0");
	while (lo < hi) {
		int mid = (lo + hi) / 2;
		digits(buf, mid, v);
		double back = single ? (double)strtof(buf, 0) : strtod(buf, 0);
		if (back == v)
			hi = mid;
		else
			lo = mid + 1;
	}
	/* 100.0 reads better than 1e+02. */
	int whole = 0;
	for (double m = fabs(v); m >= 1 && whole <= 7; m /= 10)
		whole++;
	if (lo < whole && whole <= 7)
		lo = whole;
	digits(buf, lo, v);
	if (!strpbrk(buf, ".e"))
		strcat(buf, ".0");
	return buf;
}
