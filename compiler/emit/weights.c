/* weights.c - read a .safetensors file into doubles.
 *
 * In:    8 bytes little-endian length, a JSON header, data (interfaces.md section 1.4).
 * Out:   every tensor as doubles.   Holds: the header is checked before anything is read by it.
 */
#include "emit.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static Weights *fail(const char *path, const char *what)
{
	fprintf(stderr, "nnc: error: %s: %s [R6]\n", path, what);
	fprintf(stderr, "     = help: give a .safetensors file written by the trainer: "
	                "`./x train` saves x.safetensors\n");
	return 0;
}

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

/* One entry of the header; 0 after nothing wrong, else what is. */
static const char *tensor(Job *j, Weight *w, const char *name, json_t *e,
                          const unsigned char *data, int64_t bytes)
{
	const char *dtype = json_string_value(json_object_get(e, "dtype"));
	json_t *shape = json_object_get(e, "shape"), *at = json_object_get(e, "data_offsets");
	int size = dtype ? element_size(dtype) : 0;
	if (!json_is_array(shape) || json_array_size(shape) > 8 || json_array_size(at) != 2)
		return "a tensor without shape or data_offsets";
	if (!size)
		return "a tensor that is not F64, F32, F16 or BF16";
	int64_t lo = json_integer_value(json_array_get(at, 0));
	int64_t hi = json_integer_value(json_array_get(at, 1));
	w->name = job_sym(j, name);
	w->rank = (int)json_array_size(shape);
	w->len = 1;
	for (int i = 0; i < w->rank; i++) {
		w->dim[i] = json_integer_value(json_array_get(shape, (size_t)i));
		if (w->dim[i] < 0 || !size_mul(w->len, w->dim[i], INT32_MAX, &w->len))
			return "a tensor whose shape is too large";
	}
	if (lo < 0 || hi < lo || hi > bytes || hi - lo != w->len * size)
		return "a tensor whose data_offsets do not fit its shape or the file";
	w->value = NEWN(j->mem, double, w->len + 1);
	for (int64_t i = 0; i < w->len; i++)
		w->value[i] = element(data + lo + i * size, dtype);
	return 0;
}

/* __metadata__: texts by key. */
static void metadata(Job *j, Weights *w, json_t *e)
{
	const char *key;
	json_t *v;
	w->meta = NEWN(j->mem, Meta, json_object_size(e) + 1);
	json_object_foreach(e, key, v)
	{
		if (json_is_string(v))
			w->meta[w->nmeta++] = (Meta){ job_sym(j, key),
				                      arena_printf(j->mem, "%s", json_string_value(v)) };
	}
}

Weights *weights_read(Job *j, const char *path)
{
	size_t len;
	Arena *mem = arena_new();
	unsigned char *text = (unsigned char *)file_read(mem, path, SIZE_MAX / 4, &len);
	const char *wrong = 0;
	json_t *head = 0;
	Weights *w = NEW(j->mem, Weights);
	json_error_t error;
	if (!text) {
		wrong = strerror(errno);
	} else if (len < 8 || little(text, 8) > len - 8) {
		wrong = "this is no .safetensors file: its header does not fit the file";
	} else {
		uint64_t n = little(text, 8);
		head = json_loadb((char *)text + 8, (size_t)n, JSON_REJECT_DUPLICATES, &error);
		if (!json_is_object(head))
			wrong = "this is no .safetensors file: its header is no JSON object";
		w->v = NEWN(j->mem, Weight, head ? json_object_size(head) + 1 : 1);
		const char *name;
		json_t *e;
		if (!wrong)
			json_object_foreach(head, name, e)
			{
				if (!strcmp(name, "__metadata__"))
					metadata(j, w, e);
				if (wrong || !strcmp(name, "__metadata__"))
					continue;
				wrong = tensor(j, &w->v[w->n++], name, e, text + 8 + n,
				               (int64_t)(len - 8 - (size_t)n));
			}
		XXH128_hash_t h = XXH3_128bits(text, len);
		snprintf(w->sha, sizeof w->sha, "%016llx%016llx", (unsigned long long)h.high64,
		         (unsigned long long)h.low64);
	}
	json_decref(head);
	arena_free(mem);
	return wrong ? fail(path, wrong) : w;
}
