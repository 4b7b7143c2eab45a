/* file.c - whole files, and sizes that cannot overflow. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

/* Everything up to the end of f, in memory from malloc; 0 on error.  Not by the file's size:
 * pipes and /dev/stdin have none, and /dev/zero has no end. */
static char *read_all(FILE *f, size_t most, size_t *len)
{
	size_t n = 0, cap = 1 << 16;
	char *buf = malloc(cap);
	while (buf) {
		size_t got = fread(buf + n, 1, cap - n, f);
		n += got;
		if (got == 0)
			break;
		if (n > most) {
			free(buf);
			errno = EFBIG;
			return 0;
		}
		if (n < cap)
			continue;
		char *more = cap <= SIZE_MAX / 2 ? realloc(buf, cap * 2) : 0;
		if (!more) {
			free(buf);
			errno = ENOMEM;
			return 0;
		}
		buf = more;
		cap *= 2;
	}
	*len = n;
	return buf;
}

char *file_read(Arena *a, const char *path, size_t most, size_t *len)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return 0;
	errno = 0;
	size_t n = 0;
	char *buf = read_all(f, most, &n), *text = 0;
	int failed = !buf || ferror(f) ? (errno ? errno : EIO) : 0;
	fclose(f);
	if (!failed) {
		text = arena_strndup(a, buf, n);
		*len = n;
	}
	free(buf);
	errno = failed;
	return text;
}

bool size_mul(int64_t a, int64_t b, int64_t max, int64_t *r)
{
	return !__builtin_mul_overflow(a, b, r) && *r <= max;
}

bool size_add(int64_t a, int64_t b, int64_t max, int64_t *r)
{
	return !__builtin_add_overflow(a, b, r) && *r <= max;
}
