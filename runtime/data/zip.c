/* zip.c - the members of a .zip file, as numpy.savez and savez_compressed write it.
 *
 * In:    untrusted bytes.   Out: names, places, and the members' bytes.
 * Holds: every offset lies in the file; memory is asked for only where the packed bytes can make so
 *        many (deflate: at most 1032 times as many).
 *
 * Read from the end: the end record says where the central directory is; each of its entries says
 * where a member is.  Files beyond 4 GB have the numbers in extra fields (zip64).
 * Source: APPNOTE.TXT of PKWARE, sections 4.3 and 4.5.3.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>
#include <zlib.h>

#include "rt_fail.h"
#include "rt_mem.h"
#include "zip.h"

enum {
	END_BYTES = 22,
	COMMENT_MOST = 65535,
	LOCATOR_BYTES = 20,
	END64_BYTES = 56,
	ENTRY_BYTES = 46,
	LOCAL_BYTES = 30,
	MEMBERS_MOST = 100000,
	DIRECTORY_MOST = 64 << 20,
	DEFLATE_MOST = 1032
};

static uint64_t get(const unsigned char *p, int bytes)
{
	uint64_t v = 0;
	for (int i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

static _Noreturn void damaged(const Reader *f, const char *what)
{
	rt_error(RT_FILE, "R2", "%s: %s", rt_path(f), what);
	rt_help("write the file again with numpy.savez");
	rt_exit(RT_FILE);
}

typedef struct {
	uint64_t members, bytes, at;
} Directory;

/* The end record may be followed by a comment; it is the last one that fits. */
static Directory find_directory(Reader *f)
{
	uint64_t size = rt_file_bytes(f);
	size_t n = size < END_BYTES + COMMENT_MOST ? (size_t)size : END_BYTES + COMMENT_MOST;
	unsigned char *tail = rt_alloc(n, 1, "a directory"), far[END64_BYTES];
	rt_read_at(f, size - n, tail, n);
	size_t i = n < END_BYTES ? 0 : n - END_BYTES + 1;
	while (i > 0 && !(get(tail + i - 1, 4) == 0x06054b50 &&
	                  get(tail + i - 1 + 20, 2) == n - (i - 1) - END_BYTES))
		i--;
	if (i == 0) {
		rt_error(RT_FILE, "R1", "%s: not a .npz file: there is no zip directory at its end",
		         rt_path(f));
		rt_help("write it with numpy.savez");
		rt_exit(RT_FILE);
	}
	uint64_t at = size - n + i - 1;
	const unsigned char *e = tail + i - 1;
	Directory d = { get(e + 10, 2), get(e + 12, 4), get(e + 16, 4) };
	rt_free(tail);
	if (d.members != 0xffff && d.bytes != 0xffffffff && d.at != 0xffffffff)
		return d;
	if (at < LOCATOR_BYTES)
		damaged(f, "the zip64 directory is not there");
	rt_read_at(f, at - LOCATOR_BYTES, far, LOCATOR_BYTES);
	uint64_t end64 = get(far + 8, 8);
	if (get(far, 4) != 0x07064b50 || end64 > size || size - end64 < END64_BYTES)
		damaged(f, "the zip64 directory is not there");
	rt_read_at(f, end64, far, END64_BYTES);
	if (get(far, 4) != 0x06064b50)
		damaged(f, "the zip64 directory is not there");
	return (Directory){ get(far + 32, 8), get(far + 40, 8), get(far + 48, 8) };
}

/* Numbers that did not fit into their 32 bits stand in an extra field, in this order. */
static void wide_numbers(const unsigned char *extra, size_t n, ZipMember *m)
{
	uint64_t *wide[] = { &m->bytes, &m->packed, &m->head };
	while (n >= 4) {
		size_t len = get(extra + 2, 2);
		if (len > n - 4)
			return;
		const unsigned char *p = extra + 4;
		for (int i = 0; get(extra, 2) == 1 && i < 3; i++)
			if (*wide[i] == 0xffffffff && p + 8 <= extra + 4 + len) {
				*wide[i] = get(p, 8);
				p += 8;
			}
		extra += 4 + len;
		n -= 4 + len;
	}
}

static size_t read_entry(const Reader *f, const unsigned char *p, size_t left, ZipMember *m)
{
	if (left < ENTRY_BYTES || get(p, 4) != 0x02014b50)
		damaged(f, "the zip directory is damaged");
	size_t name = get(p + 28, 2), extra = get(p + 30, 2), comment = get(p + 32, 2);
	size_t all = ENTRY_BYTES + name + extra + comment;
	if (left < all)
		damaged(f, "the zip directory is damaged");
	int method = (int)get(p + 10, 2);
	m->deflated = method == 8;
	m->crc = (uint32_t)get(p + 16, 4);
	m->packed = get(p + 20, 4);
	m->bytes = get(p + 24, 4);
	m->head = get(p + 42, 4);
	wide_numbers(p + ENTRY_BYTES + name, extra, m);
	m->name = rt_text("%.*s", (int)name, p + ENTRY_BYTES);
	uint64_t size = rt_file_bytes(f);
	if (method != 0 && method != 8)
		rt_fail(RT_FILE, "R1", "%s: `%s` is packed by method %d; stored and deflated "
		        "members are read", rt_path(f), m->name, method);
	if (get(p + 8, 2) & 1)
		rt_fail(RT_FILE, "R1", "%s: `%s` is encrypted", rt_path(f), m->name);
	if (m->head > size || m->packed > size - m->head ||
	    (!m->deflated && m->bytes != m->packed) ||
	    (m->deflated && m->bytes / DEFLATE_MOST > m->packed))
		rt_fail(RT_FILE, "R2",
		        "%s: `%s` cannot have %llu bytes (%llu packed): the file has %llu",
		        rt_path(f), m->name, (unsigned long long)m->bytes,
		        (unsigned long long)m->packed, (unsigned long long)size);
	return all;
}

Zip rt_zip_open(Reader *f)
{
	Directory d = find_directory(f);
	uint64_t size = rt_file_bytes(f);
	if (d.at > size || d.bytes > size - d.at || d.bytes > DIRECTORY_MOST ||
	    d.members > MEMBERS_MOST || d.members > d.bytes / ENTRY_BYTES)
		damaged(f, "the zip directory is not where the file says");
	unsigned char *p = rt_alloc(d.bytes, 1, "a directory");
	Zip z = { rt_alloc(d.members, sizeof *z.member, "a directory"), 0 };
	size_t at = 0;
	rt_read_at(f, d.at, p, d.bytes);
	while (z.n < (int)d.members) {
		at += read_entry(f, p + at, d.bytes - at, &z.member[z.n]);
		z.n++;
	}
	rt_free(p);
	return z;
}

void rt_zip_free(Zip *z)
{
	for (int i = 0; i < z->n; i++)
		rt_free(z->member[i].name);
	rt_free(z->member);
}

uint64_t rt_zip_data(Reader *f, const ZipMember *m)
{
	unsigned char h[LOCAL_BYTES];
	uint64_t size = rt_file_bytes(f);
	if (size - m->head < LOCAL_BYTES)
		damaged(f, "a member begins behind the end of the file");
	rt_read_at(f, m->head, h, LOCAL_BYTES);
	uint64_t at = m->head + LOCAL_BYTES + get(h + 26, 2) + get(h + 28, 2);
	if (get(h, 4) != 0x04034b50 || at > size || m->packed > size - at)
		damaged(f, "a member is not where the directory says");
	return at;
}

/* Unpacks m's bytes at `at` into to[0..m->bytes); false: they are not what the directory says. */
static bool unpack(Reader *f, const ZipMember *m, uint64_t at, unsigned char *to)
{
	enum { BLOCK = 1 << 16 };
	unsigned char block[BLOCK];
	z_stream z = { 0 };
	uint64_t left = m->packed, done = 0;
	int state = inflateInit2(&z, -MAX_WBITS);
	if (state != Z_OK)
		rt_fail(RT_FILE, "R7", "%s: cannot decompress: not enough memory", rt_path(f));
	while (state == Z_OK) {
		if (z.avail_in == 0 && left) {
			size_t n = left < BLOCK ? (size_t)left : BLOCK;
			rt_read_at(f, at, block, n);
			at += n;
			left -= n;
			z.next_in = block;
			z.avail_in = (unsigned)n;
		}
		uint64_t want = m->bytes - done;
		unsigned room = want < 1u << 30 ? (unsigned)want : 1u << 30;
		unsigned char none;
		z.next_out = room ? to + done : &none;
		z.avail_out = room ? room : 1;
		unsigned before = z.avail_out;
		state = inflate(&z, Z_NO_FLUSH);
		done += before - z.avail_out;
		if (done > m->bytes || (state == Z_BUF_ERROR && !left))
			state = Z_DATA_ERROR;
	}
	inflateEnd(&z);
	return state == Z_STREAM_END && done == m->bytes;
}

unsigned char *rt_zip_read(Reader *f, const ZipMember *m)
{
	uint64_t at = rt_zip_data(f, m);
	unsigned char *to = rt_alloc(m->bytes, 1, m->name);
	bool fine = true;
	if (m->deflated)
		fine = unpack(f, m, at, to);
	else
		rt_read_at(f, at, to, m->bytes);
	uint32_t crc = 0;
	for (uint64_t i = 0; fine && i < m->bytes; i += 1u << 30) {
		uint64_t n = m->bytes - i;
		crc = (uint32_t)crc32(crc, to + i, n < 1u << 30 ? (unsigned)n : 1u << 30);
	}
	if (!fine || crc != m->crc)
		rt_fail(RT_FILE, "R2", "%s: `%s` is damaged: its bytes are not those that were "
		        "packed", rt_path(f), m->name);
	return to;
}
