/* log_tb.c - TensorBoard's event files.
 *
 * A record is  u64 length, u32 masked crc32c(length), the bytes, u32 masked crc32c(bytes),  all
 * little-endian; mask(c) = ((c >> 15) | (c << 17)) + 0xa282ead8.  The bytes are a protobuf message
 *
 *     Event { 1: double wall_time, 2: int64 step, 3: string file_version,
 *             5: Summary { 1: Value { 1: string tag, 2: float simple_value } } }
 *
 * of which the first of a file is file_version = "brain.Event:2".
 * Source: tensorflow/core/util/event.proto, framework/summary.proto, lib/io/record_writer.cc.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rt_io.h"
#include "rt_log_files.h"
#include "rt_mem.h"

/* ---- records ------------------------------------------------------------------------------ */

/* Castagnoli's polynomial, reflected; RFC 3720, appendix B.4. */
static uint32_t crc32c(const void *from, size_t n)
{
	const unsigned char *p = from;
	uint32_t c = 0xffffffff;
	for (size_t i = 0; i < n; i++) {
		c ^= p[i];
		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0x82f63b78 : 0);
	}
	return ~c;
}

static void fixed(Str *t, uint64_t v, int bytes)
{
	unsigned char b[8];
	for (int i = 0; i < bytes; i++)
		b[i] = (unsigned char)(v >> (8 * i));
	rt_str_bytes(t, b, (size_t)bytes);
}

static void checked(Str *t, const void *from, size_t n)
{
	uint32_t c = crc32c(from, n);
	rt_str_bytes(t, from, n);
	fixed(t, (uint32_t)((c >> 15 | c << 17) + 0xa282ead8), 4);
}

static void record(Str *t, const Str *message)
{
	unsigned char n[8];
	for (int i = 0; i < 8; i++)
		n[i] = (unsigned char)((uint64_t)message->n >> (8 * i));
	checked(t, n, sizeof n);
	checked(t, message->s, message->n);
}

/* ---- protobuf ----------------------------------------------------------------------------- */

enum { VARINT = 0, BITS64 = 1, BYTES = 2, BITS32 = 5 };

static void varint(Str *t, uint64_t v)
{
	for (; v > 127; v >>= 7)
		fixed(t, (v & 127) | 128, 1);
	fixed(t, v, 1);
}

static void key(Str *t, int field, int type)
{
	varint(t, (uint64_t)(field << 3 | type));
}

static void bytes(Str *t, int field, const void *from, size_t n)
{
	key(t, field, BYTES);
	varint(t, n);
	rt_str_bytes(t, from, n);
}

static void event(Str *t, double wall, int64_t step)
{
	uint64_t bits;
	memcpy(&bits, &wall, sizeof bits);
	key(t, 1, BITS64);
	fixed(t, bits, 8);
	if (step) {
		key(t, 2, VARINT);
		varint(t, (uint64_t)step);
	}
}

static void value(Str *summary, const char *tag, double v)
{
	Str t = { 0 };
	float f = (float)v;
	uint32_t bits;
	memcpy(&bits, &f, sizeof bits);
	bytes(&t, 1, tag, strlen(tag));
	key(&t, 2, BITS32);
	fixed(&t, bits, 4);
	bytes(summary, 1, t.s, t.n);
	rt_str_free(&t);
}

/* ---- events ------------------------------------------------------------------------------- */

char *rt_board_path(const char *dir)
{
	char host[256] = "";
	if (gethostname(host, sizeof host - 1) || !*host)
		strcpy(host, "localhost");
	for (char *s = host; *s; s++)
		if (*s == '/')
			*s = '_';
	for (long long now = (long long)time(0);; now++) {
		char *name = rt_text("events.out.tfevents.%lld.%s.nnc", now, host);
		char *path = rt_join(dir, name);
		rt_free(name);
		if (!rt_exists(path))
			return path;
		rt_free(path);
	}
}

void rt_board_start(Str *out, double wall)
{
	static const char version[] = "brain.Event:2";
	Str t = { 0 };
	event(&t, wall, 0);
	bytes(&t, 3, version, sizeof version - 1);
	record(out, &t);
	rt_str_free(&t);
}

void rt_board_row(const nnrt_model *m, const double *row, Str *out, double wall)
{
	Str t = { 0 }, summary = { 0 };
	for (int c = HISTORY_LR; c < rt_history_columns(m); c++) {
		char *name = rt_history_name(m, c);
		if (row[HISTORY_FOLD] > 0) {
			char *bare = name;
			name = rt_text("fold%.0f/%s", row[HISTORY_FOLD], bare);
			rt_free(bare);
		}
		if (c != HISTORY_BATCH && !isnan(row[c]))
			value(&summary, name, row[c]);
		rt_free(name);
	}
	event(&t, wall, (int64_t)row[HISTORY_STEP]);
	bytes(&t, 5, summary.s, summary.n);
	record(out, &t);
	rt_str_free(&summary);
	rt_str_free(&t);
}
