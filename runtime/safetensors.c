/* safetensors.c - reading .safetensors files.
 *
 * In:    an untrusted file.   Out: its tensors, sorted by name, and all data in memory.
 * Holds: the header is checked completely before the data are allocated: every tensor's bytes
 *        follow from its type and shape, and the tensors cover the data without overlap, hole
 *        or rest.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_safetensors.h"
#include "rt_size.h"

/* The format's own limit on the header, and a limit of ours on the number of dimensions. */
enum { HEADER_LIMIT = 100000000, RANK_LIMIT = 64 };

static const struct {
	const char *name;
	int bytes;
} type_info[T_COUNT] = {
	[T_F64] = { "F64", 8 },   [T_F32] = { "F32", 4 }, [T_F16] = { "F16", 2 },
	[T_BF16] = { "BF16", 2 }, [T_I64] = { "I64", 8 }, [T_I32] = { "I32", 4 },
	[T_I16] = { "I16", 2 },   [T_I8] = { "I8", 1 },   [T_U8] = { "U8", 1 },
	[T_BOOL] = { "BOOL", 1 },
};

const char *rt_type_name(ElementType t)
{
	return type_info[t].name;
}

int rt_type_bytes(ElementType t)
{
	return type_info[t].bytes;
}

int rt_type_is_float(ElementType t)
{
	return t <= T_BF16;
}

#define refuse(f, ...) refuse_((f), rt_text(__VA_ARGS__))

static _Noreturn void refuse_(const TensorFile *f, const char *why)
{
	rt_fail(RT_FILE, f->code, "%s: %s", f->path, why);
}

/* ---- one tensor's entry
 * ---------------------------------------------------------------------- */

static ElementType type_of(const TensorFile *f, const char *name, const json_t *v)
{
	const char *s = json_string_value(v);
	if (!s)
		refuse(f, "tensor `%s` has no dtype", name);
	for (int t = 0; t < T_COUNT; t++)
		if (!strcmp(s, type_info[t].name))
			return (ElementType)t;
	refuse(f,
	       "tensor `%s` has dtype `%.20s`; known are F64 F32 F16 BF16 I64 I32 I16 I8 U8 "
	       "BOOL",
	       name, s);
}

static void read_shape(const TensorFile *f, Stored *t, const json_t *v)
{
	if (!json_is_array(v))
		refuse(f, "tensor `%s` has no shape", t->name);
	if (json_array_size(v) > RANK_LIMIT)
		refuse(f, "tensor `%s` has %zu dimensions; the limit is %d", t->name,
		       json_array_size(v), RANK_LIMIT);
	t->rank = (int)json_array_size(v);
	t->dim = rt_alloc((size_t)t->rank, sizeof *t->dim, "a shape");
	for (int i = 0; i < t->rank; i++) {
		const json_t *d = json_array_get(v, (size_t)i);
		if (!json_is_integer(d) || json_integer_value(d) < 0)
			refuse(f, "tensor `%s`: dimension %d is not an integer of at least 0",
			       t->name, i);
		t->dim[i] = json_integer_value(d);
	}
	if (!rt_size_product(t->dim, t->rank, &t->len))
		refuse(f, "tensor `%s`: its shape has more elements than can be counted",
		       t->name);
}

static void read_offsets(const TensorFile *f, Stored *t, const json_t *v, size_t data_bytes)
{
	const json_t *b = json_array_get(v, 0), *e = json_array_get(v, 1);
	if (json_array_size(v) != 2 || !json_is_integer(b) || !json_is_integer(e))
		refuse(f, "tensor `%s`: data_offsets are not two integers", t->name);
	json_int_t begin = json_integer_value(b), end = json_integer_value(e);
	if (begin < 0 || end < begin || (size_t)end > data_bytes)
		refuse(f, "tensor `%s`: its data are bytes %lld to %lld of %zu", t->name,
		       (long long)begin, (long long)end, data_bytes);
	size_t need;
	t->at = (size_t)begin;
	t->bytes = (size_t)(end - begin);
	if (!rt_size_mul((size_t)t->len, (size_t)rt_type_bytes(t->type), &need) ||
	    need != t->bytes)
		refuse(f, "tensor `%s`: %s of shape %s does not take %zu bytes", t->name,
		       rt_type_name(t->type), rt_shape(t->dim, t->rank), t->bytes);
}

static void read_entry(const TensorFile *f, Stored *t, const char *name, json_t *v,
                       size_t data_bytes)
{
	if (!json_is_object(v) || json_object_size(v) != 3)
		refuse(f, "tensor `%s` must have dtype, shape and data_offsets, nothing else",
		       name);
	t->name = rt_text("%s", name);
	t->type = type_of(f, name, json_object_get(v, "dtype"));
	read_shape(f, t, json_object_get(v, "shape"));
	read_offsets(f, t, json_object_get(v, "data_offsets"), data_bytes);
}

static void read_meta(TensorFile *f, json_t *v)
{
	const char *key;
	json_t *s;
	if (!json_is_object(v))
		refuse(f, "__metadata__ is not an object of strings");
	f->meta = rt_alloc(json_object_size(v), sizeof *f->meta, "metadata");
	json_object_foreach(v, key, s)
	{
		if (!json_is_string(s))
			refuse(f, "__metadata__: the value of `%s` is not a string", key);
		f->meta[f->nmeta].key = rt_text("%s", key);
		f->meta[f->nmeta++].value = rt_text("%s", json_string_value(s));
	}
}

/* ---- the whole
 * ------------------------------------------------------------------------------- */

static int by_place(const void *x, const void *y)
{
	const Stored *a = x, *b = y;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

static int by_name(const void *x, const void *y)
{
	return strcmp(((const Stored *)x)->name, ((const Stored *)y)->name);
}

static void check_cover(const TensorFile *f, size_t data_bytes)
{
	size_t end = 0;
	qsort(f->tensor, (size_t)f->n, sizeof *f->tensor, by_place);
	for (int i = 0; i < f->n; i++) {
		const Stored *t = &f->tensor[i];
		if (t->at < end)
			refuse(f, "tensor `%s` overlaps `%s`", t->name, f->tensor[i - 1].name);
		if (t->at > end)
			refuse(f, "%zu bytes before tensor `%s` belong to no tensor",
			       t->at - end, t->name);
		end = t->at + t->bytes;
	}
	if (end != data_bytes)
		refuse(f, "the last %zu bytes belong to no tensor", data_bytes - end);
}

static void read_header(TensorFile *f, const char *text, size_t n, size_t data_bytes)
{
	json_error_t why;
	if (n == 0 || text[0] != '{')
		refuse(f, "byte 8: the header does not begin with `{`");
	json_t *top = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
	if (!top)
		refuse(f, "byte %d: the header is not valid JSON: %s",
		       why.position < 0 ? 8 : why.position + 8, why.text);
	const char *name;
	json_t *v;
	f->tensor = rt_alloc(json_object_size(top), sizeof *f->tensor, "tensor names");
	json_object_foreach(top, name, v)
	{
		if (!strcmp(name, "__metadata__"))
			read_meta(f, v);
		else
			read_entry(f, &f->tensor[f->n++], name, v, data_bytes);
	}
	json_decref(top);
	check_cover(f, data_bytes);
	qsort(f->tensor, (size_t)f->n, sizeof *f->tensor, by_name);
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Finds the 16 digits of the checksum in the header text.  A quote inside a JSON string is
 * escaped, so the quoted key followed by a colon and a string can only be the key itself. */
static const char *find_digits(const char *text, size_t n)
{
	static const char key[] = "\"nnc.xxh64\"";
	const char *end = text + n, *p = memmem(text, n, key, sizeof key - 1);
	if (!p)
		return 0;
	p = skip_blanks(p + sizeof key - 1, end);
	if (p == end || *p != ':')
		return 0;
	p = skip_blanks(p + 1, end);
	return end - p >= 18 && p[0] == '"' && p[17] == '"' ? p + 1 : 0;
}

static void check_sum(const TensorFile *f, const char *text, size_t n, size_t data_bytes)
{
	const char *given = rt_tensors_meta(f, "nnc.xxh64"), *digits = find_digits(text, n);
	if (!given)
		return;
	if (!digits || strlen(given) != 16)
		refuse(f, "the checksum nnc.xxh64 is not 16 digits");
	XXH64_state_t state;
	char sum[17];
	XXH64_reset(&state, 0);
	XXH64_update(&state, f->data, data_bytes);
	XXH64_update(&state, text, (size_t)(digits - text));
	XXH64_update(&state, digits + 16, n - (size_t)(digits - text) - 16);
	snprintf(sum, sizeof sum, "%016llx", (unsigned long long)XXH64_digest(&state));
	if (strcmp(sum, given))
		refuse(f,
		       "the checksum is %s, but the file says %s: the file is damaged, or was "
		       "changed "
		       "by a program that kept `nnc.xxh64` in __metadata__",
		       sum, given);
}

static void refuse_foreign(const TensorFile *f, const unsigned char *head)
{
	if (!memcmp(head, "PK\3\4", 4))
		refuse(f, "this is a ZIP file (PyTorch's .pt?); save it with "
		          "safetensors.torch.save_file");
	if (!memcmp(head, "\x89HDF", 4))
		refuse(f, "this is an HDF5 file; .safetensors is read");
	if (!memcmp(head, "GGUF", 4))
		refuse(f, "this is a GGUF file; .safetensors is read");
	if (head[0] == 0x80 && head[1] < 6 && head[2] == '}')
		refuse(f, "this is a Python pickle; save it with safetensors.torch.save_file");
}

TensorFile *rt_tensors_read(const char *path, const char *code)
{
	TensorFile *f = rt_alloc(1, sizeof *f, "a file");
	unsigned char head[8];
	f->path = rt_text("%s", path);
	f->code = code;
	Reader *in = rt_open(path, false, code);
	rt_read(in, head, 8, "the header length");
	refuse_foreign(f, head);
	uint64_t n = 0;
	for (int i = 7; i >= 0; i--)
		n = n << 8 | head[i];
	if (n > HEADER_LIMIT || n > rt_file_bytes(in) - 8)
		refuse(f, "byte 0: header length %llu is beyond %s (%zu bytes)",
		       (unsigned long long)n,
		       n > HEADER_LIMIT
		               ? "the limit of 100000000 and perhaps the end of the file"
		               : "the end of the file",
		       rt_file_bytes(in));
	size_t data_bytes = rt_file_bytes(in) - 8 - (size_t)n;
	char *text = rt_alloc((size_t)n, 1, "the header");
	rt_read(in, text, (size_t)n, "the header");
	read_header(f, text, (size_t)n, data_bytes);
	f->data = rt_alloc(data_bytes, 1, path);
	rt_read(in, f->data, data_bytes, "the data");
	check_sum(f, text, (size_t)n, data_bytes);
	rt_free(text);
	rt_close(in);
	return f;
}

void rt_tensors_free(TensorFile *f)
{
	for (int i = 0; i < f->n; i++) {
		rt_free(f->tensor[i].name);
		rt_free(f->tensor[i].dim);
	}
	for (int i = 0; i < f->nmeta; i++) {
		rt_free(f->meta[i].key);
		rt_free(f->meta[i].value);
	}
	rt_free(f->meta);
	rt_free(f->tensor);
	rt_free(f->data);
	rt_free(f->path);
	rt_free(f);
}

const Stored *rt_tensors_find(const TensorFile *f, const char *name)
{
	int lo = 0, hi = f->n;
	while (lo < hi) {
		int mid = lo + (hi - lo) / 2, c = strcmp(f->tensor[mid].name, name);
		if (c == 0)
			return &f->tensor[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

const char *rt_tensors_meta(const TensorFile *f, const char *key)
{
	for (int i = 0; i < f->nmeta; i++)
		if (!strcmp(f->meta[i].key, key))
			return f->meta[i].value;
	return 0;
}

/* Little-endian bytes to a number, on any machine. */
static uint64_t load(const TensorFile *f, const Stored *t, int64_t i)
{
	int bytes = rt_type_bytes(t->type);
	const unsigned char *p = f->data + t->at + (size_t)i * (size_t)bytes;
	uint64_t v = 0;
	for (int k = bytes - 1; k >= 0; k--)
		v = v << 8 | p[k];
	return v;
}

double rt_stored_value(const TensorFile *f, const Stored *t, int64_t i)
{
	uint64_t bits = load(f, t, i);
	uint32_t low = (uint32_t)bits;
	double d;
	float s;
	switch (t->type) {
	case T_F64:
		memcpy(&d, &bits, sizeof d);
		return d;
	case T_F32:
		memcpy(&s, &low, sizeof s);
		return (double)s;
	case T_F16:
		return rt_from_half((uint16_t)bits);
	case T_BF16:
		return rt_from_bfloat((uint16_t)bits);
	default:
		return (double)rt_stored_integer(f, t, i);
	}
}

int64_t rt_stored_integer(const TensorFile *f, const Stored *t, int64_t i)
{
	uint64_t bits = load(f, t, i);
	switch (t->type) {
	case T_I64:
		return (int64_t)bits;
	case T_I32:
		return (int32_t)bits;
	case T_I16:
		return (int16_t)bits;
	case T_I8:
		return (int8_t)bits;
	default:
		return (int64_t)bits;
	}
}

char *rt_shape(const int64_t *dim, int rank)
{
	char *s = rt_text("[");
	for (int i = 0; i < rank; i++) {
		char *longer = rt_text("%s%s%lld", s, i ? ", " : "", (long long)dim[i]);
		rt_free(s);
		s = longer;
	}
	char *whole = rt_text("%s]", s);
	rt_free(s);
	return whole;
}
