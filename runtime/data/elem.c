/* elem.c - element types of files, and rows of them as rows of columns.
 *
 * Holds: what comes out is finite and in the range of its column.
 *
 * The pairs that large files have (f32 to f32, u8 to real, u8 to bytes, f64 to f32) have loops of
 * their own; all others go through double, which holds every integer that a column can have.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "elem.h"
#include "rt_fail.h"
#include "rt_real.h"

static const struct {
	const char *name;
	int bytes;
	bool is_float;
} info[] = {
	[ELEM_F2] = { "f16", 2, true },  [ELEM_F4] = { "f32", 4, true },
	[ELEM_F8] = { "f64", 8, true },  [ELEM_BF2] = { "bf16", 2, true },
	[ELEM_I1] = { "i8", 1, false },  [ELEM_I2] = { "i16", 2, false },
	[ELEM_I4] = { "i32", 4, false }, [ELEM_I8] = { "i64", 8, false },
	[ELEM_U1] = { "u8", 1, false },  [ELEM_U2] = { "u16", 2, false },
	[ELEM_U4] = { "u32", 4, false }, [ELEM_U8] = { "u64", 8, false },
	[ELEM_B1] = { "bool", 1, false },
};

int rt_elem_bytes(Elem e)
{
	return info[e].bytes;
}

bool rt_elem_is_float(Elem e)
{
	return info[e].is_float;
}

const char *rt_elem_name(Elem e)
{
	return info[e].name;
}

bool rt_elem_find(const char *name, size_t n, Elem *e)
{
	for (size_t i = 0; i < sizeof info / sizeof *info; i++)
		if (strlen(info[i].name) == n && !memcmp(info[i].name, name, n)) {
			*e = (Elem)i;
			return true;
		}
	return false;
}

static uint64_t bits(const unsigned char *p, int bytes, bool swap)
{
	uint64_t v = 0;
	for (int i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << 8 * (swap ? bytes - 1 - i : i);
	return v;
}

double rt_elem_value(Elem e, bool swap, const unsigned char *from, int64_t i)
{
	uint64_t b = bits(from + i * info[e].bytes, info[e].bytes, swap);
	uint32_t low = (uint32_t)b;
	float f;
	double d;
	switch (e) {
	case ELEM_F2: return rt_from_half((uint16_t)b);
	case ELEM_BF2: return rt_from_bfloat((uint16_t)b);
	case ELEM_F4: memcpy(&f, &low, sizeof f); return (double)f;
	case ELEM_F8: memcpy(&d, &b, sizeof d); return d;
	case ELEM_I1: return (int8_t)b;
	case ELEM_I2: return (int16_t)b;
	case ELEM_I4: return (int32_t)b;
	case ELEM_I8: return (double)(int64_t)b;
	case ELEM_U1: case ELEM_B1: case ELEM_U2: case ELEM_U4: return low;
	case ELEM_U8: return (double)b;
	}
	rt_bug("element type %d", (int)e);
}

/* The range of what is no real. */
static void range(const nnrt_field *f, double *lo, double *hi)
{
	*lo = f->kind == NNRT_I32 ? INT32_MIN : 0;
	*hi = f->kind == NNRT_CLASS  ? f->classes - 1
	      : f->kind == NNRT_BOOL ? 1
	      : f->kind == NNRT_U8   ? 255
	                             : INT32_MAX;
	/* columns of classes may be i32 with a range */
	if (f->kind == NNRT_I32 && f->classes)
		*lo = 0, *hi = f->classes - 1;
}

/* Of so many at a time it is found with vectors whether all are finite. */
enum { GROUP = 16 };

static int not_finite(const float *x)
{
	int bad = 0;
	for (int i = 0; i < GROUP; i++)
		bad |= !(fabsf(x[i]) <= FLT_MAX);
	return bad;
}

/* The first number that is not finite, or -1. */
static int64_t first_bad(const float *x, int64_t n)
{
	int64_t i = 0;
	for (; i + GROUP <= n && !not_finite(x + i); i += GROUP)
		;
	for (; i < n; i++)
		if (!isfinite(x[i]))
			return i;
	return -1;
}

static int64_t copy_floats(const unsigned char *from, float *to, int64_t n)
{
	memcpy(to, from, (size_t)n * sizeof *to);
	return first_bad(to, n);
}

static int64_t from_doubles(const unsigned char *from, float *to, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		double d;
		memcpy(&d, from + i * 8, sizeof d);
		to[i] = (float)d;
	}
	return first_bad(to, n);
}

static int64_t copy_doubles(const unsigned char *from, double *to, int64_t n)
{
	int bad = 0;
	memcpy(to, from, (size_t)n * sizeof *to);
	for (int64_t i = 0; i < n; i++)
		bad |= !(fabs(to[i]) <= DBL_MAX);
	for (int64_t i = 0; bad && i < n; i++)
		if (!isfinite(to[i]))
			return i;
	return -1;
}

/* Bytes as classes: tokens. */
static int64_t from_tokens(const unsigned char *from, int32_t *to, int32_t classes, int64_t n)
{
	int bad = 0;
	for (int64_t i = 0; i < n; i++) {
		to[i] = from[i];
		bad |= from[i] >= classes;
	}
	for (int64_t i = 0; bad && i < n; i++)
		if (to[i] >= classes)
			return i;
	return -1;
}

static int64_t from_bytes(const unsigned char *from, float *to, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		to[i] = from[i];
	return -1;
}

static int64_t slowly(Elem e, bool swap, const nnrt_field *f, int real_bytes,
                      const unsigned char *from, void *to, int64_t n)
{
	double lo, hi;
	range(f, &lo, &hi);
	for (int64_t i = 0; i < n; i++) {
		double v = rt_elem_value(e, swap, from, i);
		bool fine = f->kind == NNRT_REAL
		                    ? isfinite(v) && (real_bytes == 8 || isfinite((float)v))
		                    : v >= lo && v <= hi;
		if (!fine)
			return i;
		rt_set_value(to, i, f->kind, real_bytes, v);
	}
	return -1;
}

int64_t rt_elem_convert(Elem e, bool swap, const nnrt_field *f, int real_bytes,
                        const unsigned char *from, void *to, int64_t n)
{
	bool single = f->kind == NNRT_REAL && real_bytes == 4 && !swap;
	if (single && e == ELEM_F4)
		return copy_floats(from, to, n);
	if (single && e == ELEM_F8)
		return from_doubles(from, to, n);
	if (single && e == ELEM_U1)
		return from_bytes(from, to, n);
	if (f->kind == NNRT_REAL && real_bytes == 8 && e == ELEM_F8 && !swap)
		return copy_doubles(from, to, n);
	if (f->kind == NNRT_CLASS && e == ELEM_U1)
		return from_tokens(from, to, f->classes, n);
	if (f->kind == NNRT_U8 && e == ELEM_U1) {
		memcpy(to, from, (size_t)n);
		return -1;
	}
	return slowly(e, swap, f, real_bytes, from, to, n);
}
