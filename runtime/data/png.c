/* png.c - PNG files as pixels.
 *
 * In:    an untrusted file.   Out: 8 bits a channel, grey or red green blue.
 * Holds: sizes are checked before memory is asked for; every chunk that is used has the right check
 *        sum; the pixels are exactly as many as the head says.
 *
 * All kinds of pixels are read: grey, colours, a palette, 1 to 16 bits; the lower byte of 16 bits
 * and transparency are left out.  Pictures in seven passes (interlaced) are not.
 * Source: Portable Network Graphics (PNG) Specification, second edition, W3C.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "picture.h"
#include "rt_fail.h"
#include "rt_mem.h"

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGB_ALPHA = 6 };

typedef struct {
	const char *path;
	const unsigned char *file;
	size_t n, at;
	uint32_t w, h;
	int depth, kind;
	unsigned char palette[256][3];
	int colours;
	unsigned char *packed; /* all IDAT chunks, one behind the other */
	size_t npacked;
} Png;

static _Noreturn void bad(const Png *p, const char *what)
{
	rt_fail(RT_FILE, "R2", "%s: byte %zu: %s", p->path, p->at, what);
}

static uint32_t big(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* ---- chunks --------------------------------------------------------------------------------- */

static void head(Png *p, const unsigned char *d, uint32_t n)
{
	static const int depths[] = { [GREY] = 0x10116, [RGB] = 0x10100, [PALETTE] = 0x116,
		                      [GREY_ALPHA] = 0x10100, [RGB_ALPHA] = 0x10100 };
	if (n != 13)
		bad(p, "the head of a PNG picture has 13 bytes");
	p->w = big(d);
	p->h = big(d + 4);
	p->depth = d[8];
	p->kind = d[9];
	bool known = p->kind <= RGB_ALPHA && p->kind != 1 && p->kind != 5 && p->depth <= 16 &&
	             depths[p->kind] >> p->depth & 1;
	if (!known)
		bad(p, "no kind of pixels of PNG");
	if (p->w > RT_PICTURE_SIDE || p->h > RT_PICTURE_SIDE)
		bad(p, "a picture of more than 32768 pixels on a side");
	if (d[10] || d[11])
		bad(p, "no method of PNG");
	if (d[12]) {
		rt_error(RT_FILE, "R2", "%s: interlaced pictures are not read", p->path);
		rt_help("save it without interlacing");
		rt_exit(RT_FILE);
	}
}

static void colours(Png *p, const unsigned char *d, uint32_t n)
{
	if (n % 3 || n / 3 > 256 || n == 0)
		bad(p, "a palette has 1 to 256 colours");
	memcpy(p->palette, d, n);
	p->colours = (int)(n / 3);
}

static void chunks(Png *p)
{
	bool over = false;
	for (p->at = 8; !over;) {
		if (p->n - p->at < 12)
			bad(p, "the file ends inside a PNG picture");
		const unsigned char *c = p->file + p->at, *d = c + 8;
		uint32_t n = big(c);
		if (n > p->n - p->at - 12)
			bad(p, "the file ends inside a chunk");
		if (crc32(0, c + 4, n + 4) != big(d + n))
			bad(p, "a chunk has a wrong check sum");
		if (!p->w && memcmp(c + 4, "IHDR", 4))
			bad(p, "a PNG picture begins with its head");
		if (!memcmp(c + 4, "IHDR", 4))
			head(p, d, n);
		else if (!memcmp(c + 4, "PLTE", 4))
			colours(p, d, n);
		else if (!memcmp(c + 4, "IDAT", 4))
			memcpy(p->packed + p->npacked, d, n), p->npacked += n;
		else if (!memcmp(c + 4, "IEND", 4))
			over = true;
		else if (!(c[4] & 0x20))
			bad(p, "a chunk that must be understood is unknown");
		if (!p->w || !p->h)
			bad(p, "a picture without pixels");
		p->at += 12 + (size_t)n;
	}
	if (p->kind == PALETTE && !p->colours)
		bad(p, "the palette is missing");
}

/* ---- pixels --------------------------------------------------------------------------------- */

static int values_of(int kind)
{
	return kind == RGB ? 3 : kind == RGB_ALPHA ? 4 : kind == GREY_ALPHA ? 2 : 1;
}

/* Bytes of a row, without the one that names its filter. */
static size_t row_bytes(const Png *p)
{
	return ((size_t)p->w * (size_t)(values_of(p->kind) * p->depth) + 7) / 8;
}

static unsigned char paeth(int a, int b, int c)
{
	int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
	return (unsigned char)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/* Takes the filter back; before: the row above, or zeros. */
static void unfilter(const Png *p, int how, unsigned char *row, const unsigned char *before)
{
	size_t n = row_bytes(p), back = (size_t)(values_of(p->kind) * p->depth + 7) / 8;
	if (how > 4)
		bad(p, "no filter of PNG");
	for (size_t i = 0; how && i < n; i++) {
		int a = i >= back ? row[i - back] : 0, b = before[i], c = i >= back ? before[i - back] : 0;
		row[i] = (unsigned char)(row[i] + (how == 1   ? a
		                                   : how == 2 ? b
		                                   : how == 3 ? (a + b) / 2
		                                              : paeth(a, b, c)));
	}
}

/* Value i of a row; what has less than 8 bits is not made larger. */
static int value(const Png *p, const unsigned char *row, size_t i)
{
	if (p->depth >= 8)
		return row[i * (size_t)p->depth / 8];
	size_t bit = i * (size_t)p->depth;
	return row[bit / 8] >> (8 - p->depth - (int)(bit % 8)) & ((1 << p->depth) - 1);
}

static void put_row(const Png *p, const unsigned char *row, unsigned char *to)
{
	int values = values_of(p->kind), channels = values >= 3 ? 3 : 1;
	int most = p->depth < 8 ? (1 << p->depth) - 1 : 255;
	for (size_t x = 0; x < p->w; x++) {
		if (p->kind != PALETTE) {
			for (int c = 0; c < channels; c++)
				*to++ = (unsigned char)(value(p, row, x * (size_t)values + (size_t)c) *
				                        255 / most);
			continue;
		}
		int k = value(p, row, x);
		if (k >= p->colours)
			bad(p, "a pixel has a colour that the palette has not");
		memcpy(to, p->palette[k], 3);
		to += 3;
	}
}

static void unpack(Png *p, unsigned char *raw, size_t bytes)
{
	z_stream z = { .next_in = p->packed, .avail_in = (uInt)p->npacked, .next_out = raw,
		       .avail_out = (uInt)bytes };
	if (inflateInit(&z) != Z_OK)
		rt_fail(RT_FILE, "R7", "%s: cannot read: not enough memory", p->path);
	int end = inflate(&z, Z_FINISH);
	size_t got = z.total_out;
	inflateEnd(&z);
	if (end != Z_STREAM_END || got != bytes)
		bad(p, "the pixels cannot be unpacked");
}

Picture rt_png_decode(const char *path, const unsigned char *file, size_t n)
{
	Png p = { .path = path, .file = file, .n = n };
	p.packed = rt_alloc(n, 1, "a picture");
	chunks(&p);
	int channels = p.kind == PALETTE || values_of(p.kind) >= 3 ? 3 : 1;
	size_t row = row_bytes(&p), bytes = (row + 1) * p.h;
	/* no more than deflate can have packed: 1032 to 1 */
	if (bytes / 1100 > p.npacked + 64)
		bad(&p, "there are fewer pixels than the head says");
	Picture out = rt_picture_new(path, p.w, p.h, channels);
	unsigned char *raw = rt_alloc(bytes, 1, "a picture");
	unsigned char *zeros = rt_alloc(row, 1, "a picture"), *before = zeros;
	unpack(&p, raw, bytes);
	for (size_t y = 0; y < p.h; y++) {
		unsigned char *at = raw + y * (row + 1);
		unfilter(&p, at[0], at + 1, before);
		put_row(&p, at + 1, out.at + y * p.w * (size_t)channels);
		before = at + 1;
	}
	rt_free(zeros);
	rt_free(raw);
	rt_free(p.packed);
	return out;
}
