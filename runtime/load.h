/* load.h - reading a .safetensors file into the weights of inference C, at run time.
 *
 * In:    tables: the program's tensors; the arrays of weights; runs, which say where elements go.
 * Out:   the arrays filled, or a code.
 * Holds: nothing is written outside the arrays, whatever the file says.  No memory but the stack: the
 *        header is read a character at a time, each tensor from its first byte to its last.
 *        A checksum is verified where there is one (XXH64: Yann Collet's, of the data bytes, then of
 *        the header without the digits themselves).
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NNC_LEVELS = 6, NNC_RANK = 8, NNC_ERROR_FILE = -3, NNC_ERROR_FORMAT = -4 };
typedef enum { NNC_AS_F32, NNC_AS_F64, NNC_AS_BF16, NNC_AS_F16 } nnc_kind;

typedef struct { const char *name; int rank; uint32_t dim[NNC_RANK]; } nnc_tensor;
typedef struct { size_t at; nnc_kind kind; } nnc_array;          /* byte of the table */

/* Elements from, from + step, ... of a tensor become elements to, ... of an array; loops from the
 * outermost. */
typedef struct { uint32_t count; int32_t from, to; } nnc_loop;
typedef struct {
	int tensor, array;
	uint32_t from, to;
	nnc_loop loop[NNC_LEVELS];
} nnc_stretch;

typedef struct { int seen, bytes; nnc_kind kind; uint64_t at; } nnc_found;

/* ---- the header ---- */

typedef struct {
	FILE *file;
	uint64_t left, read, bytes;    /* of the header; of the data behind it */
	int c;                         /* the next character, or -1 */
	uint64_t sum_at;               /* where the digits of the checksum stand; 0: none */
	char sum[17];
} nnc_head;

static void nnc_next(nnc_head *h)
{
	h->c = -1;
	if (h->left) {
		h->left--;
		h->read++;
		h->c = getc(h->file);
	}
}

static void nnc_blanks(nnc_head *h)
{
	while (h->c == ' ' || h->c == '\t' || h->c == '\n' || h->c == '\r')
		nnc_next(h);
}

static int nnc_take(nnc_head *h, int c)
{
	nnc_blanks(h);
	if (h->c != c)
		return 0;
	nnc_next(h);
	return 1;
}

/* A string; one that has no room, or an escape, becomes "?", which is no name. */
static int nnc_string(nnc_head *h, char *to, size_t room)
{
	size_t n = 0;
	int odd = 0;
	if (!nnc_take(h, '"'))
		return 0;
	for (; h->c != '"'; nnc_next(h)) {
		if (h->c == '\\') {
			odd = 1;
			nnc_next(h);
		}
		if (h->c < 0)
			return 0;
		if (n + 1 < room)
			to[n++] = (char)h->c;
		else
			odd = 1;
	}
	to[n] = 0;
	if (odd) {
		to[0] = '?';
		to[1] = 0;
	}
	nnc_next(h);
	return 1;
}

static int nnc_integer(nnc_head *h, uint64_t *v)
{
	nnc_blanks(h);
	if (h->c < '0' || h->c > '9')
		return 0;
	for (*v = 0; h->c >= '0' && h->c <= '9'; nnc_next(h)) {
		if (*v > (UINT64_MAX - 9) / 10)
			return 0;
		*v = 10 * *v + (uint64_t)(h->c - '0');
	}
	return h->c != '.' && h->c != 'e' && h->c != 'E';
}

static nnc_found *nnc_find(const char *name, const nnc_tensor *tensor, int n, nnc_found *found)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(name, tensor[i].name))
			return &found[i];
	return 0;
}

static int nnc_type(const char *text, nnc_found *x)
{
	static const struct { const char *name; int bytes; nnc_kind kind; } type[] = {
		{ "F64", 8, NNC_AS_F64 }, { "F32", 4, NNC_AS_F32 }, { "BF16", 2, NNC_AS_BF16 },
		{ "F16", 2, NNC_AS_F16 },
	};
	for (size_t i = 0; i < sizeof type / sizeof *type; i++)
		if (!strcmp(text, type[i].name)) {
			x->bytes = type[i].bytes;
			x->kind = type[i].kind;
			return 1;
		}
	return 0;
}

/* The shape must be the program's. */
static int nnc_shape(nnc_head *h, const nnc_tensor *t)
{
	uint64_t d;
	if (!nnc_take(h, '['))
		return 0;
	for (int i = 0; i < t->rank; i++)
		if ((i && !nnc_take(h, ',')) || !nnc_integer(h, &d) || d != t->dim[i])
			return 0;
	return nnc_take(h, ']');
}

static int nnc_offsets(nnc_head *h, uint64_t *from, uint64_t *to)
{
	return nnc_take(h, '[') && nnc_integer(h, from) && nnc_take(h, ',') && nnc_integer(h, to) &&
	       nnc_take(h, ']');
}

/* { "dtype": ..., "shape": ..., "data_offsets": ... } in any order. */
static int nnc_entry(nnc_head *h, const nnc_tensor *t, nnc_found *x)
{
	char key[16], text[8];
	uint64_t from = 0, to = 0, len = 1;
	int parts = 0;
	if (x->seen || !nnc_take(h, '{'))
		return 0;
	for (int i = 0; i < 3; i++) {
		int part = 0;
		if ((i && !nnc_take(h, ',')) || !nnc_string(h, key, sizeof key) || !nnc_take(h, ':'))
			return 0;
		if (!strcmp(key, "dtype"))
			part = nnc_string(h, text, sizeof text) && nnc_type(text, x) ? 1 : 0;
		else if (!strcmp(key, "shape"))
			part = nnc_shape(h, t) ? 2 : 0;
		else if (!strcmp(key, "data_offsets"))
			part = nnc_offsets(h, &from, &to) ? 4 : 0;
		if (!part || (parts & part))
			return 0;
		parts |= part;
	}
	for (int i = 0; i < t->rank; i++)
		len *= t->dim[i];
	x->seen = 1;
	x->at = from;
	return nnc_take(h, '}') && from <= to && to <= h->bytes && to - from == len * (uint64_t)x->bytes;
}

/* Any other tensor's entry: a flat object of strings and lists of numbers. */
static int nnc_skip(nnc_head *h)
{
	char text[2];
	int depth = 0;
	do {
		nnc_blanks(h);
		if (h->c < 0)
			return 0;
		if (h->c == '"') {
			if (!nnc_string(h, text, sizeof text))
				return 0;
			continue;
		}
		depth += h->c == '{' || h->c == '[';
		depth -= h->c == '}' || h->c == ']';
		nnc_next(h);
	} while (depth > 0);
	return 1;
}

static int nnc_metadata(nnc_head *h)
{
	char key[16];
	if (!nnc_take(h, '{'))
		return 0;
	if (nnc_take(h, '}'))
		return 1;
	do {
		char text[sizeof h->sum + 1];
		if (!nnc_string(h, key, sizeof key) || !nnc_take(h, ':'))
			return 0;
		nnc_blanks(h);
		uint64_t at = h->read;
		if (!nnc_string(h, text, sizeof text))
			return 0;
		if (!strcmp(key, "nnc.xxh64")) {
			if (h->sum_at || strlen(text) != 16)
				return 0;
			memcpy(h->sum, text, sizeof h->sum);
			h->sum_at = at;
		}
	} while (nnc_take(h, ','));
	return nnc_take(h, '}');
}

static int nnc_header(nnc_head *h, const nnc_tensor *tensor, int n, nnc_found *found)
{
	char name[512];
	int some = 0;
	nnc_next(h);
	if (h->c != '{')
		return 0;
	nnc_next(h);
	if (!nnc_take(h, '}')) {
		do {
			nnc_found *x;
			int known = 1;
			if (!nnc_string(h, name, sizeof name) || !nnc_take(h, ':'))
				return 0;
			x = nnc_find(name, tensor, n, found);
			if (!strcmp(name, "__metadata__"))
				known = nnc_metadata(h);
			else if (x)
				known = nnc_entry(h, &tensor[x - found], x);
			else    /* PyTorch counts batches; nothing here does */
				known = strstr(name, "num_batches_tracked") != 0 && nnc_skip(h);
			if (!known)
				return 0;
		} while (nnc_take(h, ','));
		if (!nnc_take(h, '}'))
			return 0;
	}
	for (int i = 0; i < n; i++)
		some += found[i].seen;
	nnc_blanks(h);
	return h->c < 0 && !h->left && some == n;
}

/* ---- the checksum ---- */

typedef struct { uint64_t v[4], total; unsigned char kept[32]; size_t n; } nnc_xxh64;

#define NNC_P1 UINT64_C(0x9E3779B185EBCA87)
#define NNC_P2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define NNC_P3 UINT64_C(0x165667B19E3779F9)
#define NNC_P4 UINT64_C(0x85EBCA77C2B2AE63)
#define NNC_P5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t nnc_rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static uint64_t nnc_little(const unsigned char *p, int n)
{
	uint64_t v = 0;
	while (n--)
		v = v << 8 | p[n];
	return v;
}

static uint64_t nnc_mix(uint64_t v, uint64_t x)
{
	return nnc_rotate(v + x * NNC_P2, 31) * NNC_P1;
}

static void nnc_xxh64_add(nnc_xxh64 *x, unsigned char c)
{
	x->kept[x->n++] = c;
	x->total++;
	for (int i = 0; x->n == sizeof x->kept && i < 4; i++)
		x->v[i] = nnc_mix(x->v[i], nnc_little(x->kept + 8 * i, 8));
	x->n %= sizeof x->kept;
}

static uint64_t nnc_xxh64_end(const nnc_xxh64 *x)
{
	static const int turn[4] = { 1, 7, 12, 18 };
	uint64_t h = NNC_P5;
	size_t i = 0;
	if (x->total >= sizeof x->kept) {
		h = 0;
		for (int k = 0; k < 4; k++)
			h += nnc_rotate(x->v[k], turn[k]);
		for (int k = 0; k < 4; k++)
			h = (h ^ nnc_mix(0, x->v[k])) * NNC_P1 + NNC_P4;
	}
	h += x->total;
	for (; i + 8 <= x->n; i += 8)
		h = nnc_rotate(h ^ nnc_mix(0, nnc_little(x->kept + i, 8)), 27) * NNC_P1 + NNC_P4;
	for (; i + 4 <= x->n; i += 4)
		h = nnc_rotate(h ^ nnc_little(x->kept + i, 4) * NNC_P1, 23) * NNC_P2 + NNC_P3;
	for (; i < x->n; i++)
		h = nnc_rotate(h ^ x->kept[i] * NNC_P5, 11) * NNC_P1;
	h = (h ^ h >> 33) * NNC_P2;
	h = (h ^ h >> 29) * NNC_P3;
	return h ^ h >> 32;
}

/* The data, then the header but for the digits. */
static int nnc_sum_agrees(const nnc_head *h, uint64_t header)
{
	nnc_xxh64 x = { { NNC_P1 + NNC_P2, NNC_P2, 0, 0 - NNC_P1 }, 0, { 0 }, 0 };
	uint64_t sum, i;
	int c = 0;
	if (!h->sum_at)
		return 1;
	if (fseek(h->file, (long)(8 + header), SEEK_SET))
		return 0;
	for (i = 0; i < h->bytes && (c = getc(h->file)) >= 0; i++)
		nnc_xxh64_add(&x, (unsigned char)c);
	if (c < 0 || fseek(h->file, 8, SEEK_SET))
		return 0;
	for (i = 0; i < header && (c = getc(h->file)) >= 0; i++)
		if (i < h->sum_at || i >= h->sum_at + 16)
			nnc_xxh64_add(&x, (unsigned char)c);
	sum = nnc_xxh64_end(&x);
	for (i = 0; i < 16; i++)
		if (h->sum[i] != "0123456789abcdef"[sum >> (60 - 4 * i) & 15])
			return 0;
	return c >= 0;
}

/* ---- the numbers ---- */

/* The value of 16 bits with `digits` bits behind the point and exponents from `least` on. */
static double nnc_from_half(uint32_t bits, int digits, int least)
{
	int e = (int)(bits & 0x7fff) >> digits, i = (e ? e - 1 : 0) + least - digits;
	double v = (double)((bits & ((UINT32_C(1) << digits) - 1)) + (e ? UINT32_C(1) << digits : 0));
	for (; i < 0; i++)
		v /= 2;
	for (; i > 0; i--)
		v *= 2;
	return bits >> 15 ? -v : v;
}

/* A number of the file; 0 if it is not finite. */
static int nnc_value(const unsigned char *p, const nnc_found *x, double *v)
{
	const uint64_t bits = nnc_little(p, x->bytes);
	const uint32_t low = (uint32_t)bits;
	float f;
	switch (x->kind) {
	case NNC_AS_F64:
		memcpy(v, &bits, sizeof *v);
		return (bits >> 52 & 2047) != 2047;
	case NNC_AS_F32:
		memcpy(&f, &low, sizeof f);
		*v = (double)f;
		return (low >> 23 & 255) != 255;
	case NNC_AS_BF16:
		*v = nnc_from_half(low, 7, -126);
		return (low >> 7 & 255) != 255;
	case NNC_AS_F16:
		*v = nnc_from_half(low, 10, -14);
		return (low >> 10 & 31) != 31;
	}
	return 0;
}

/* The nearest number of 16 bits, ties to even; 0 if there is no finite one. */
static int nnc_to_half(double v, int digits, int least, int most, uint16_t *to)
{
	uint64_t bits, m, rest, whole;
	memcpy(&bits, &v, sizeof bits);
	int e = (int)(bits >> 52 & 2047) - 1023, unit = e < least ? least : e;
	int shift = 52 - digits + unit - e;
	m = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
	whole = 0;
	if (e > -1023 && shift <= 53) {
		whole = m >> shift;
		rest = m & ((UINT64_C(1) << shift) - 1);
		whole += rest > UINT64_C(1) << (shift - 1) ||
		         (rest == UINT64_C(1) << (shift - 1) && (whole & 1));
	}
	whole += (uint64_t)(unit - least) << digits;
	*to = (uint16_t)((bits >> 63) << 15 | whole);
	return whole < (uint64_t)(most - least + 2) << digits;
}

/* Puts v into an array; 0 if it has no finite value there. */
static int nnc_store(unsigned char *at, nnc_kind kind, uint32_t i, double v)
{
	uint16_t half = 0;
	const float f = (float)v;
	uint32_t bits;
	int fits = 1;
	if (kind == NNC_AS_F64) {
		memcpy(at + sizeof v * i, &v, sizeof v);
	} else if (kind == NNC_AS_F32) {
		memcpy(&bits, &f, sizeof bits);
		memcpy(at + sizeof f * i, &f, sizeof f);
		fits = (bits >> 23 & 255) != 255;
	} else {
		fits = kind == NNC_AS_BF16 ? nnc_to_half(v, 7, -126, 127, &half)
		                           : nnc_to_half(v, 10, -14, 15, &half);
		memcpy(at + sizeof half * i, &half, sizeof half);
	}
	return fits;
}

/* The elements of one run, loop over loop like the digits of a counter. */
static int nnc_fill(FILE *file, uint64_t data, const nnc_found *x, const nnc_stretch *r,
                    const nnc_array *array, unsigned char *table)
{
	uint32_t digit[NNC_LEVELS] = { 0 };
	int64_t from = r->from, to = r->to, here = -1;
	int k;
	do {
		unsigned char b[8];
		double v;
		if (from != here && fseek(file, (long)(data + (uint64_t)from * (uint64_t)x->bytes), SEEK_SET))
			return NNC_ERROR_FILE;
		if (fread(b, (size_t)x->bytes, 1, file) != 1)
			return NNC_ERROR_FILE;
		if (!nnc_value(b, x, &v) || !nnc_store(table + array->at, array->kind, (uint32_t)to, v))
			return NNC_ERROR_FORMAT;
		here = from + 1;
		for (k = NNC_LEVELS - 1; k >= 0; k--) {
			from += r->loop[k].from;
			to += r->loop[k].to;
			if (++digit[k] < r->loop[k].count)
				break;
			from -= (int64_t)r->loop[k].count * r->loop[k].from;
			to -= (int64_t)r->loop[k].count * r->loop[k].to;
			digit[k] = 0;
		}
	} while (k >= 0);
	return 0;
}

static int nnc_load_open_file(FILE *file, const nnc_tensor *tensor, int n, nnc_found *found,
                         const nnc_stretch *run, int nrun, const nnc_array *array, unsigned char *table)
{
	nnc_head h = { file, 0, 0, 0, -1, 0, { 0 } };
	unsigned char length[8];
	uint64_t header;
	long end;
	if (fseek(file, 0, SEEK_END) || (end = ftell(file)) < 0 || fseek(file, 0, SEEK_SET))
		return NNC_ERROR_FILE;
	if (end < 8 || fread(length, 8, 1, file) != 1)
		return NNC_ERROR_FORMAT;
	header = nnc_little(length, 8);
	if (header > (uint64_t)end - 8)
		return NNC_ERROR_FORMAT;
	h.left = header;
	h.bytes = (uint64_t)end - 8 - header;
	if (!nnc_header(&h, tensor, n, found) || !nnc_sum_agrees(&h, header))
		return NNC_ERROR_FORMAT;
	for (int i = 0; i < nrun; i++) {
		const nnc_found *x = &found[run[i].tensor];
		int code = nnc_fill(file, 8 + header + x->at, x, &run[i], &array[run[i].array], table);
		if (code)
			return code;
	}
	return 0;
}

static int nnc_load_file(const char *path, const nnc_tensor *tensor, int n, nnc_found *found,
                    const nnc_stretch *run, int nrun, const nnc_array *array, unsigned char *table)
{
	FILE *file = fopen(path, "rb");
	int code;
	if (!file)
		return NNC_ERROR_FILE;
	code = nnc_load_open_file(file, tensor, n, found, run, nrun, array, table);
	fclose(file);
	return code;
}
