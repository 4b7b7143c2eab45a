/* weights.c - read a .safetensors file into doubles.
 *
 * In:    8 bytes little-endian length, a JSON header, data (interfaces.md section 1.4).
 * Out:   every tensor as doubles.
 * Holds: the header is checked before anything is read by it; the tensors cover the data without
 *        overlap, hole or rest; a checksum is verified (rt_safetensors.h says of what it is made).
 */
#include "emit.h"
#include "sha.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* What is wrong, or 0: texts of the functions below. */
#define wrong(j, ...) arena_printf((j)->mem, __VA_ARGS__)

/* ---- numbers ---------------------------------------------------------------------------- */

static int element_size(const char *dtype)
{
	static const struct {
		const char *name;
		int size;
	} table[] = {
		{ "F64", 8 },
		{ "F32", 4 },
		{ "F16", 2 },
		{ "BF16", 2 },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strcmp(dtype, table[i].name))
			return table[i].size;
	return 0;
}

static uint64_t little(const unsigned char *p, int n)
{
	uint64_t v = 0;
	for (int i = n - 1; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

/* IEEE half precision: 1 sign, 5 exponent, 10 mantissa bits. */
static double half(uint64_t h)
{
	int e = (int)(h >> 10 & 31);
	double m = (double)(h & 1023), s = h >> 15 ? -1.0 : 1.0;
	if (e == 31)
		return m != 0 ? (double)NAN : s * (double)INFINITY;
	return s * (e ? ldexp(1024 + m, e - 25) : ldexp(m, -24));
}

static double element(const unsigned char *p, const char *dtype)
{
	if (!strcmp(dtype, "F64")) {
		uint64_t bits = little(p, 8);
		double v;
		memcpy(&v, &bits, sizeof v);
		return v;
	}
	if (!strcmp(dtype, "F16"))
		return half(little(p, 2));
	uint32_t bits = (uint32_t)(dtype[0] == 'B' ? little(p, 2) << 16 : little(p, 4));
	float v;
	memcpy(&v, &bits, sizeof v);
	return (double)v;
}

/* ---- the header ------------------------------------------------------------------------- */

/* Where a tensor lies in the data. */
typedef struct { const char *name; int64_t from, to; } Extent;

static bool offsets(json_t *at, Extent *e)
{
	const json_t *from = json_array_get(at, 0), *to = json_array_get(at, 1);
	if (json_array_size(at) != 2 || !json_is_integer(from) || !json_is_integer(to))
		return false;
	e->from = json_integer_value(from);
	e->to = json_integer_value(to);
	return e->from >= 0 && e->from <= e->to;
}

static const char *read_shape(Job *j, Weight *w, const json_t *shape)
{
	if (!json_is_array(shape) || json_array_size(shape) > 8)
		return wrong(j, "tensor `%s` has no shape, or one of more than 8 dimensions", w->name);
	w->rank = (int)json_array_size(shape);
	w->len = 1;
	for (int i = 0; i < w->rank; i++) {
		const json_t *d = json_array_get(shape, (size_t)i);
		w->dim[i] = json_integer_value(d);
		if (!json_is_integer(d) || w->dim[i] < 0)
			return wrong(j, "tensor `%s`: dimension %d is not an integer of at least 0", w->name, i);
		if (!size_mul(w->len, w->dim[i], INT32_MAX, &w->len))
			return wrong(j, "tensor `%s`: its shape is too large", w->name);
	}
	return 0;
}

/* One entry of the header; 0, or what is wrong. */
static const char *tensor(Job *j, Weight *w, Extent *x, const char *name, json_t *e,
                          const unsigned char *data, int64_t bytes)
{
	const char *dtype = json_string_value(json_object_get(e, "dtype"));
	int size = dtype ? element_size(dtype) : 0;
	x->name = w->name = job_sym(j, name);
	if (!json_is_object(e) || json_object_size(e) != 3)
		return wrong(j, "tensor `%s` must have dtype, shape and data_offsets, nothing else", name);
	if (!size)
		return wrong(j, "tensor `%s` is not F64, F32, F16 or BF16", name);
	const char *bad = read_shape(j, w, json_object_get(e, "shape"));
	if (bad)
		return bad;
	if (!offsets(json_object_get(e, "data_offsets"), x) || x->to > bytes ||
	    x->to - x->from != w->len * size)
		return wrong(j, "tensor `%s`: its data_offsets do not fit its shape or the file", name);
	w->value = NEWN(j->mem, double, w->len + 1);
	for (int64_t i = 0; i < w->len; i++)
		w->value[i] = element(data + x->from + i * size, dtype);
	return 0;
}

static int by_place(const void *x, const void *y)
{
	const Extent *a = x, *b = y;
	int64_t d = a->from != b->from ? a->from - b->from : a->to - b->to;
	return (d > 0) - (d < 0);
}

static const char *check_cover(Job *j, Extent *x, int n, int64_t bytes)
{
	int64_t end = 0;
	qsort(x, (size_t)n, sizeof *x, by_place);
	for (int i = 0; i < n; end = x[i++].to) {
		if (x[i].from < end)
			return wrong(j, "tensor `%s` overlaps `%s`", x[i].name, x[i - 1].name);
		if (x[i].from > end)
			return wrong(j, "%lld bytes before tensor `%s` belong to no tensor",
			             (long long)(x[i].from - end), x[i].name);
	}
	if (end != bytes)
		return wrong(j, "the last %lld bytes belong to no tensor", (long long)(bytes - end));
	return 0;
}

/* The digits of the checksum in the header's text: a quote inside a JSON string is escaped, so that the
 * quoted key with a colon and a string behind it can only be the key itself. */
static const char *find_digits(const char *text, size_t n)
{
	static const char key[] = "\"nnc.xxh64\"", blank[] = " \t\r\n";
	const char *end = text + n, *p = memmem(text, n, key, sizeof key - 1);
	if (!p)
		return 0;
	for (p += sizeof key - 1; p < end && strchr(blank, *p);)
		p++;
	if (p == end || *p++ != ':')
		return 0;
	while (p < end && strchr(blank, *p))
		p++;
	return end - p >= 18 && p[0] == '"' && p[17] == '"' ? p + 1 : 0;
}

/* Files from elsewhere have no checksum. */
static const char *check_sum(Job *j, const Weights *w, const char *text, size_t n, size_t bytes)
{
	const char *given = 0, *digits = find_digits(text, n);
	for (int i = 0; i < w->nmeta; i++)
		if (!strcmp(w->meta[i].key, "nnc.xxh64"))
			given = w->meta[i].text;
	if (!given)
		return 0;
	if (!digits || strlen(given) != 16)
		return "the checksum nnc.xxh64 is not 16 digits";
	XXH64_state_t state;
	char sum[17];
	XXH64_reset(&state, 0);
	XXH64_update(&state, text + n, bytes);
	XXH64_update(&state, text, (size_t)(digits - text));
	XXH64_update(&state, digits + 16, n - (size_t)(digits - text) - 16);
	snprintf(sum, sizeof sum, "%016llx", (unsigned long long)XXH64_digest(&state));
	if (strcmp(sum, given))
		return wrong(j, "the checksum is %s, but the file says %s: the file is damaged, or was "
		             "changed by a program that kept `nnc.xxh64` in __metadata__", sum, given);
	return 0;
}

/* __metadata__: texts by key. */
static const char *metadata(Job *j, Weights *w, json_t *e)
{
	const char *key;
	json_t *v;
	if (!json_is_object(e))
		return "__metadata__ is not an object of strings";
	w->meta = NEWN(j->mem, Meta, json_object_size(e) + 1);
	json_object_foreach(e, key, v)
	{
		if (!json_is_string(v))
			return wrong(j, "__metadata__: the value of `%s` is not a string", key);
		w->meta[w->nmeta++] = (Meta){ job_sym(j, key),
			                      arena_printf(j->mem, "%s", json_string_value(v)) };
	}
	return 0;
}

/* The header, n bytes, and so many bytes of data behind it; 0, or what is wrong. */
static const char *read_all(Job *j, Weights *w, const char *text, size_t n, size_t bytes)
{
	json_error_t error;
	if (!n || *text != '{')
		return "byte 8: the header does not begin with `{`";
	json_t *head = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error), *e;
	if (!head)
		return wrong(j, "byte %d: the header is not valid JSON: %s",
		             error.position < 0 ? 8 : error.position + 8, error.text);
	const char *name, *bad = 0;
	Extent *extent = NEWN(j->mem, Extent, json_object_size(head) + 1);
	w->v = NEWN(j->mem, Weight, json_object_size(head) + 1);
	json_object_foreach(head, name, e)
	{
		if (bad)
			break;
		if (!strcmp(name, "__metadata__")) {
			bad = metadata(j, w, e);
			continue;
		}
		bad = tensor(j, &w->v[w->n], &extent[w->n], name, e, (const unsigned char *)text + n,
		             (int64_t)bytes);
		w->n++;
	}
	json_decref(head);
	if (!bad)
		bad = check_cover(j, extent, w->n, (int64_t)bytes);
	return bad ? bad : check_sum(j, w, text, n, bytes);
}

/* Devices and pipes may have no end. */
static const char *no_file(const char *path)
{
	struct stat s;
	if (stat(path, &s) || S_ISREG(s.st_mode))
		return 0;
	return S_ISDIR(s.st_mode) ? "this is a folder" : "this is not a regular file";
}

/* Formats that people take for this one. */
static const char *foreign(const char *text, size_t len)
{
	static const struct { const char *begins; size_t n; const char *text; } table[] = {
		{ "PK\3\4", 4, "this is a ZIP file (PyTorch's .pt?); save it with safetensors.torch.save_file" },
		{ "\x89HDF", 4, "this is an HDF5 file; .safetensors is read" },
		{ "GGUF", 4, "this is a GGUF file; .safetensors is read" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (len >= table[i].n && !memcmp(text, table[i].begins, table[i].n))
			return table[i].text;
	if (len > 2 && (unsigned char)*text == 0x80 && text[1] < 6 && text[2] == '}')
		return "this is a Python pickle; save it with safetensors.torch.save_file";
	return 0;
}

Weights *weights_read(Job *j, const char *path)
{
	size_t len = 0;
	Arena *mem = arena_new();
	const char *bad = no_file(path);
	char *text = bad ? 0 : file_read(mem, path, SIZE_MAX / 4, &len);
	Weights *w = NEW(j->mem, Weights);
	if (text)
		bad = foreign(text, len);
	if (!text && !bad) {
		bad = strerror(errno);
	} else if (!bad && (len < 8 || little((unsigned char *)text, 8) > len - 8)) {
		bad = "this is no .safetensors file: its header does not fit the file";
	} else if (!bad) {
		size_t n = (size_t)little((unsigned char *)text, 8);
		bad = read_all(j, w, text + 8, n, len - 8 - n);
		Sha256 h;
		sha256_begin(&h);
		sha256_add(&h, text, len);
		sha256_end(&h, w->sha);
	}
	arena_free(mem);
	if (!bad)
		return w;
	diag_help(error(j, NOWHERE, "R6", "%s: %s", path, bad),
	          "give a .safetensors file written by the trainer: `./x train` saves x.safetensors");
	return 0;
}
