/* st_write.c - writing .safetensors files.
 *
 * Holds: equal tensors and strings give equal bytes; the data begin at a multiple of 64 bytes
 *        (the header is filled up with blanks, as the format allows), so readers can map them.
 *
 * The header is built first, with 16 zeros where the checksum goes; then the hash is taken as
 * rt_safetensors.h defines it, and the digits are put in.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <jansson.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_safetensors.h"
#include "rt_size.h"

typedef struct {
	const void *data;
	int64_t len;
	nnrt_kind kind;
	int real_bytes;
	ElementType type;
} Part;

struct TensorWriter {
	json_t *top, *meta;
	Part *part;
	size_t n, cap, bytes;
};

enum { CHUNK = 4096 };

static json_t *made(json_t *v)
{
	if (!v)
		rt_fail(RT_FILE, "R7", "out of memory for a header of tensors");
	return v;
}

static void put(json_t *object, const char *key, json_t *v)
{
	if (json_object_set_new(object, key, made(v)))
		rt_fail(RT_FILE, "R7", "cannot put `%s` into a header of tensors", key);
}

static void push(json_t *array, size_t v)
{
	if (json_array_append_new(array, made(json_integer((json_int_t)v))))
		rt_fail(RT_FILE, "R7", "out of memory for a header of tensors");
}

TensorWriter *rt_tensors_new(void)
{
	TensorWriter *w = rt_alloc(1, sizeof *w, "tensors to write");
	w->top = made(json_object());
	w->meta = made(json_object());
	return w;
}

void rt_tensors_note(TensorWriter *w, const char *key, const char *value)
{
	put(w->meta, key, json_string(value));
}

static ElementType type_for(nnrt_kind kind, int real_bytes)
{
	switch (kind) {
	case NNRT_REAL:
		return real_bytes == 8 ? T_F64 : T_F32;
	case NNRT_CLASS:
	case NNRT_I32:
	case NNRT_WORD:
		return T_I64;
	case NNRT_BOOL:
		return T_BOOL;
	case NNRT_U8:
		return T_U8;
	}
	rt_bug("element kind %d", (int)kind);
}

void rt_tensors_add(TensorWriter *w, const char *name, const int64_t *dim, int rank,
                    const void *data, nnrt_kind kind, int real_bytes)
{
	Part p = { data, 0, kind, real_bytes, type_for(kind, real_bytes) };
	size_t bytes, end;
	if (!rt_size_product(dim, rank, &p.len) ||
	    !rt_size_mul((size_t)p.len, (size_t)rt_type_bytes(p.type), &bytes) ||
	    !rt_size_add(w->bytes, bytes, &end))
		rt_fail(RT_FILE, "R7", "tensor `%s` is too large to be written", name);
	json_t *entry = made(json_object()), *shape = made(json_array()),
	       *span = made(json_array());
	for (int i = 0; i < rank; i++)
		push(shape, (size_t)dim[i]);
	push(span, w->bytes);
	push(span, end);
	put(entry, "dtype", json_string(rt_type_name(p.type)));
	put(entry, "shape", shape);
	put(entry, "data_offsets", span);
	put(w->top, name, entry);
	if (w->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 16;
		w->part = rt_grow(w->part, w->n, w->cap, sizeof *w->part, "tensors to write");
	}
	w->part[w->n++] = p;
	w->bytes = end;
}

/* Elements i..i+n-1 as the file holds them, little-endian, into out; returns the bytes. */
static size_t encode(const Part *p, int64_t i, int64_t n, unsigned char *out)
{
	int bytes = rt_type_bytes(p->type);
	unsigned char *o = out;
	const char *from = p->data;
	if (p->kind == NNRT_REAL && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
		memcpy(out, from + i * bytes, (size_t)n * (size_t)bytes);
		return (size_t)n * (size_t)bytes;
	}
	for (int64_t k = i; k < i + n; k++) {
		uint64_t v = 0;
		uint32_t w;
		if (p->kind == NNRT_REAL && p->real_bytes == 4) {
			memcpy(&w, (const float *)p->data + k, sizeof w);
			v = w;
		} else if (p->kind == NNRT_REAL) {
			memcpy(&v, (const double *)p->data + k, sizeof v);
		} else {
			v = (uint64_t)(int64_t)rt_value(p->data, k, p->kind, p->real_bytes);
		}
		for (int b = 0; b < bytes; b++)
			*o++ = (unsigned char)(v >> 8 * b);
	}
	return (size_t)(o - out);
}

/* Passes all data bytes to the hash, and to the file if there is one. */
static void stream(const TensorWriter *w, XXH64_state_t *state, Writer *out)
{
	unsigned char block[CHUNK * 8];
	for (size_t t = 0; t < w->n; t++) {
		for (int64_t i = 0; i < w->part[t].len; i += CHUNK) {
			int64_t left = w->part[t].len - i;
			size_t bytes =
				encode(&w->part[t], i, left < CHUNK ? left : CHUNK, block);
			if (state)
				XXH64_update(state, block, bytes);
			if (out)
				rt_write(out, block, bytes);
		}
	}
}

/* The header text with blanks so that the data begin at a multiple of 64; 16 zeros as checksum.
 */
static char *header(TensorWriter *w, size_t *n)
{
	put(w->meta, "nnc.xxh64", json_string("0000000000000000"));
	json_t *whole = made(json_object());
	put(whole, "__metadata__", w->meta);
	if (json_object_update(whole, w->top))
		rt_fail(RT_FILE, "R7", "out of memory for a header of tensors");
	size_t bare = json_dumpb(whole, 0, 0, JSON_COMPACT), padded;
	if (bare == 0 || !rt_size_round(bare + 8, 64, &padded))
		rt_fail(RT_FILE, "R7", "a header of tensors cannot be written");
	*n = padded - 8;
	char *text = rt_alloc(*n, 1, "a header of tensors");
	/* it needs memory of its own, and may lack it now */
	if (json_dumpb(whole, text, bare, JSON_COMPACT) != bare)
		rt_fail(RT_FILE, "R7", "out of memory for a header of tensors");
	memset(text + bare, ' ', *n - bare);
	json_decref(whole);
	json_decref(w->top);
	return text;
}

void rt_tensors_write(TensorWriter *w, const char *path)
{
	static const char key[] = "\"nnc.xxh64\":\"";
	size_t n;
	char *text = header(w, &n), digits[17];
	char *at = memmem(text, n, key, sizeof key - 1);
	if (!at)
		rt_bug("no checksum in a header");
	at += sizeof key - 1;
	XXH64_state_t state;
	XXH64_reset(&state, 0);
	stream(w, &state, 0);
	XXH64_update(&state, text, (size_t)(at - text));
	XXH64_update(&state, at + 16, n - (size_t)(at - text) - 16);
	snprintf(digits, sizeof digits, "%016llx", (unsigned long long)XXH64_digest(&state));
	memcpy(at, digits, 16);

	unsigned char length[8];
	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)((uint64_t)n >> 8 * i);
	Writer *out = rt_create(path);
	rt_write(out, length, 8);
	rt_write(out, text, n);
	stream(w, 0, out);
	rt_commit(out);
	rt_free(text);
	rt_free(w->part);
	rt_free(w);
}
