/* picture.c - pictures in files: which they are, the PNM formats, another size.
 *
 * In:    an untrusted file.   Out: 8 bits a channel.
 * Holds: sizes are checked before memory is asked for.
 *
 * Source of PNM: the manuals pgm(5), ppm(5) of Netpbm; of the change of size: Pillow, Resample.c, whose
 * numbers of 22 bits and two passes, first across, each rounded to a byte, are kept.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "picture.h"
#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"

enum { BYTES_MOST = 1 << 28, BITS = 22 };

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);
	return n > k && !strcasecmp(name + n - k, end);
}

static bool is_jpeg(const char *name)
{
	return ends_with(name, ".jpg") || ends_with(name, ".jpeg");
}

bool rt_picture_is(const char *name)
{
	return ends_with(name, ".png") || ends_with(name, ".pgm") || ends_with(name, ".ppm") ||
	       ends_with(name, ".pnm") || is_jpeg(name);
}

Picture rt_picture_new(const char *path, long long w, long long h, int channels)
{
	if (w < 1 || h < 1 || w > RT_PICTURE_SIDE || h > RT_PICTURE_SIDE || w * h > BYTES_MOST / 3)
		rt_fail(RT_FILE, "R2", "%s: a picture of %lld x %lld pixels cannot be read", path, h, w);
	Picture p = { (int)w, (int)h, channels, 0 };
	p.at = rt_alloc((size_t)(w * h), (size_t)channels, "a picture");
	return p;
}

void rt_picture_free(Picture *p)
{
	rt_free(p->at);
	p->at = 0;
}

/* ---- PGM, PPM ------------------------------------------------------------------------------- */

typedef struct {
	const char *path;
	const unsigned char *file;
	size_t n, at;
} Text;

/* The next number; comments go to the end of their line. */
static long number(Text *t)
{
	long v = 0;
	while (t->at < t->n && (isspace(t->file[t->at]) || t->file[t->at] == '#'))
		if (t->file[t->at++] == '#')
			while (t->at < t->n && t->file[t->at] != '\n')
				t->at++;
	size_t first = t->at;
	for (; t->at < t->n && isdigit(t->file[t->at]) && v < 100000; t->at++)
		v = 10 * v + t->file[t->at] - '0';
	if (t->at == first)
		rt_fail(RT_FILE, "R2", "%s: byte %zu: a number is missing", t->path, t->at);
	return v;
}

static Picture pnm(const char *path, const unsigned char *file, size_t n)
{
	Text t = { path, file, n, 2 };
	bool text = file[1] == '2' || file[1] == '3';
	int channels = file[1] == '3' || file[1] == '6' ? 3 : 1;
	long w = number(&t), h = number(&t), most = number(&t);
	if (most < 1 || most > 65535)
		rt_fail(RT_FILE, "R2", "%s: the largest value %ld is none of 1 to 65535", path, most);
	Picture p = rt_picture_new(path, w, h, channels);
	size_t values = (size_t)(w * h) * (size_t)channels, each = most > 255 ? 2 : 1;
	t.at++; /* one blank */
	if (!text && (t.at > n || n - t.at < values * each))
		rt_fail(RT_FILE, "R2", "%s: ends after %zu bytes, inside the pixels", path, n);
	for (size_t i = 0; i < values; i++) {
		long v = 0;
		if (text)
			v = number(&t);
		for (size_t k = 0; !text && k < each; k++)
			v = v << 8 | file[t.at++];
		if (v > most)
			rt_fail(RT_FILE, "R2", "%s: a pixel has %ld, but %ld is the largest value", path,
			        v, most);
		p.at[i] = (unsigned char)(most == 255 ? v : (v * 255 + most / 2) / most);
	}
	return p;
}

Picture rt_picture_read(const char *path)
{
	static const unsigned char png[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	Reader *in = rt_open(path, false, "R7");
	size_t n = rt_file_bytes(in);
	if (n > 2u * BYTES_MOST)
		rt_fail(RT_FILE, "R2", "%s: %zu bytes are too many for a picture", path, n);
	unsigned char *file = rt_alloc(n + 8, 1, "a picture");
	rt_read(in, file, n, "a picture");
	rt_close(in);
	if (file[0] == 0xff && file[1] == 0xd8) {
		rt_error(RT_FILE, "E0405", "%s: JPEG pictures are not read yet", path);
		rt_help("turn the pictures into PNG, PGM or PPM");
		rt_exit(RT_FILE);
	}
	Picture p;
	if (n >= sizeof png && !memcmp(file, png, sizeof png))
		p = rt_png_decode(path, file, n);
	else if (n > 2 && file[0] == 'P' && strchr("2356", file[1]))
		p = pnm(path, file, n);
	else
		rt_fail(RT_FILE, "R2", "%s: neither a PNG nor a PGM or PPM picture", path);
	rt_free(file);
	return p;
}

/* ---- another size --------------------------------------------------------------------------- */

/* What a pixel is made of: n pixels from `first` on, and how much of each. */
typedef struct {
	int first, n;
	int32_t *part;
} Mix;

static Mix *mixes(int from, int to)
{
	double scale = (double)from / to, wide = scale < 1 ? 1 : scale;
	int most = (int)ceil(wide) * 2 + 1;
	Mix *m = rt_alloc((size_t)to, sizeof *m, "a picture");
	int32_t *part = rt_alloc((size_t)to * (size_t)most, sizeof *part, "a picture");
	double *v = rt_alloc((size_t)most, sizeof *v, "a picture");
	for (int i = 0; i < to; i++) {
		double center = (i + 0.5) * scale, sum = 0;
		int lo = (int)(center - wide + 0.5), hi = (int)(center + wide + 0.5);
		lo = lo < 0 ? 0 : lo;
		hi = hi > from ? from : hi;
		for (int k = lo; k < hi; k++) {
			double x = fabs((k - center + 0.5) * (1 / wide));
			v[k - lo] = x < 1 ? 1 - x : 0;
			sum += v[k - lo];
		}
		m[i] = (Mix){ lo, hi - lo, part + (size_t)i * (size_t)most };
		for (int k = 0; k < hi - lo; k++)
			m[i].part[k] = (int32_t)(0.5 + (sum != 0 ? v[k] / sum : v[k]) * (1 << BITS));
	}
	rt_free(v);
	return m;
}

static void free_mixes(Mix *m)
{
	rt_free(m[0].part);
	rt_free(m);
}

/* One direction: `step` bytes from one pixel to the next that is mixed. */
static unsigned char mixed(const Mix *m, const unsigned char *line, size_t step)
{
	int64_t sum = 1 << (BITS - 1);
	for (int k = 0; k < m->n; k++)
		sum += (int64_t)line[(size_t)(m->first + k) * step] * m->part[k];
	sum >>= BITS;
	return (unsigned char)(sum > 255 ? 255 : sum);
}

Picture rt_picture_resize(const Picture *p, int w, int h)
{
	size_t c = (size_t)p->channels, row = (size_t)w * c;
	Picture half = rt_picture_new("resized", w, p->h, p->channels);
	Picture out = rt_picture_new("resized", w, h, p->channels);
	Mix *across = mixes(p->w, w), *down = mixes(p->h, h);
	for (int y = 0; y < p->h; y++)
		for (size_t i = 0; i < row; i++) {
			const unsigned char *line = p->at + (size_t)y * (size_t)p->w * c;
			half.at[(size_t)y * row + i] = p->w == w ? line[i] : mixed(&across[i / c], line + i % c, c);
		}
	for (int y = 0; y < h; y++)
		for (size_t i = 0; i < row; i++)
			out.at[(size_t)y * row + i] = p->h == h ? half.at[(size_t)y * row + i]
			                                        : mixed(&down[y], half.at + i, row);
	free_mixes(across);
	free_mixes(down);
	rt_picture_free(&half);
	return out;
}
