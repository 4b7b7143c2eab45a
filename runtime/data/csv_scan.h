/* csv_scan.h - records of a CSV file, one after the other.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_CSV_SCAN_H
#define NNRT_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	const char *text; /* without its quotes; not closed by a 0 */
	size_t len;
	int64_t line;     /* of the file, from 1 */
	size_t at;        /* bytes from the beginning of the record */
	bool quoted;
} Cell;

typedef struct Scan Scan;

/* Opens a CSV file (gzip too).  Ends the program with R7 if it cannot be read, with R2 at the first
 * byte that no CSV file has. */
Scan *rt_scan_open(const char *path, char sep);

/* The cells of the next record, valid until the next call; 0 at the end.  Blank lines are no
 * records.  R2: a quote that is not closed, text behind one, a record above 16 MiB or a million
 * cells. */
int64_t rt_scan_next(Scan *s, const Cell **cell);

/* Where the last record begins. */
int64_t rt_scan_line(const Scan *s);

/* Of the file on disk: bytes, and how many of them are read; 0 of a gzip file. */
size_t rt_scan_bytes(const Scan *s);
size_t rt_scan_done(const Scan *s);

/* The message about a cell, or about the whole record if c is 0: its line stands below. */
void rt_scan_error(const Scan *s, const Cell *c, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

void rt_scan_close(Scan *s);

#endif
