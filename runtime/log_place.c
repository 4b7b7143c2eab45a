/* log_place.c - where the logs of a run stood when a checkpoint was written, found in the logs.
 *
 * Holds: only whole lines and records count: one that was cut by the end of a killed run is none.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdlib.h>
#include <string.h>

#include "rt_io.h"
#include "rt_log_files.h"
#include "rt_mem.h"

/* The file with a 0 behind it, or 0. */
static char *whole_file(const char *path, size_t *n)
{
	if (!rt_exists(path) || rt_is_folder(path))
		return 0;
	Reader *f = rt_open(path, false, "R7");
	*n = rt_file_bytes(f);
	char *text = rt_alloc(*n + 1, 1, path);
	*n = rt_read_some(f, text, *n);
	rt_close(f);
	return text;
}

/* Behind the line, or 0. */
static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');
	return end ? end + 1 : 0;
}

/* The seconds of a line: its third field. */
static double seconds_of(const char *line)
{
	for (int i = 0; i < 2 && line; i++) {
		line = strchr(line, ',');
		line += line != 0;
	}
	return line ? strtod(line, 0) : 0;
}

int64_t rt_log_place_csv(const char *path, History *h, int64_t reports)
{
	size_t n;
	char *text = whole_file(path, &n);
	const char *at = text ? next_line(text) : 0; /* behind the head */
	int64_t row = 0;
	for (int64_t i = 0; at && i < reports; i++) {
		double *to = row < h->n ? h->row + row * h->columns : 0;
		if (to && (int64_t)to[HISTORY_REPORT] == i) {
			to[HISTORY_SECONDS] = seconds_of(at);
			row++;
		}
		at = next_line(at);
	}
	int64_t bytes = at ? at - text : -1;
	rt_free(text);
	return bytes;
}

int64_t rt_log_place_json(const char *path, int64_t reports, int64_t ends)
{
	static const char epoch[] = "{\"event\":\"epoch\"", end[] = "{\"event\":\"end\"";
	size_t n;
	char *text = whole_file(path, &n);
	const char *at = text ? next_line(text) : 0; /* behind the start */
	while (at && (reports > 0 || ends > 0)) {
		bool report = !strncmp(at, epoch, sizeof epoch - 1),
		     over = !strncmp(at, end, sizeof end - 1);
		reports -= report;
		ends -= over;
		at = reports < 0 || ends < 0 ? 0 : next_line(at);
	}
	int64_t bytes = at ? at - text : -1;
	rt_free(text);
	return bytes;
}

int64_t rt_log_place_board(const char *path, int64_t reports)
{
	enum { AROUND = 16 }; /* length, its checksum, that of the bytes */
	size_t n, at = 0;
	char *text = whole_file(path, &n);
	bool there = text != 0;
	for (int64_t i = 0; there && i < 1 + reports; i++) {
		uint64_t length = 0;
		for (int b = 7; b >= 0 && n - at >= AROUND; b--)
			length = length << 8 | (unsigned char)text[at + (size_t)b];
		there = n - at >= AROUND && length <= n - at - AROUND;
		at += there ? AROUND + (size_t)length : 0;
	}
	rt_free(text);
	return there ? (int64_t)at : -1;
}
